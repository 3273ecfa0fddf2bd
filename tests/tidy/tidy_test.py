#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tidy rules against planted files: each rule finds its fault, and leaves good code alone."""
import pathlib
import tempfile
import unittest

import tidy

HEAD = "// SPDX-License-Identifier: Apache-2.0\n"


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, path, text, head=HEAD):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".h"):
            head += "#pragma once\n"
        file.write_text(head + text)

    def findings(self):
        return [(p, n, rule) for p, n, rule, _ in tidy.check(self.root)]

    def assert_bad(self, rule, text, path="src/plan/a.cc", line=2):
        self.plant(path, text)
        self.assertEqual(self.findings(), [(path, line, rule)], text)

    def assert_good(self, text, path="src/plan/a.cc"):
        self.plant(path, text)
        self.assertEqual(tidy.check(self.root), [], text)

    def test_an_arrow_against_the_pipeline(self):
        for path, include in [
                ("src/base/a.cc", "lang/type.h"), ("src/plan/a.h", "engine/loop.h"),
                ("src/provider/a.cc", "spec/reader.h"), ("src/graph/a_test.cc", "state/record.h"),
                ("src/sandbox/a.cc", "cli/main.h"), ("src/plan/a.cc", "a.h"),
                ("src/plan/a.cc", "../base/value.h"), ("src/plan/a.cc", "tests/support/fake.h"),
                ("src/plan/a_test.cc", "tests/sim/world.h"), ("src/plan/a.cc", "llmforge/plan.h")]:
            with self.subTest(path=path, include=include):
                self.setUp()
                self.assert_bad("layers", f'#include "{include}"\n', path, 3 if path.endswith("h") else 2)

    def test_a_folder_outside_the_order(self):
        self.assert_bad("layers", "", "src/helpers/a.cc", 1)

    def test_arrows_along_the_pipeline(self):
        self.plant("src/cli/a.cc", '#include "sandbox/server.h"\n#include "base/value.h"\n'
                   '#include "llmforge/plan.h"\n')
        self.plant("src/plan/a_test.cc", '#include "plan/diff.h"\n#include "tests/support/fake.h"\n'
                   "#include <catch2/catch.hpp>\n")
        self.assertEqual(self.findings(), [])

    def test_banned_calls(self):
        for text in ["auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);",
                     "int i = rand();", "std::random_device d;", 'auto h = getenv("HOME");',
                     'auto h = std::getenv("HOME");', "::fsync(fd);", "fdatasync(fd);",
                     'std::cout << "x";', 'printf("x");', 'std::fprintf(stderr, "x");',
                     'fmt::print("x");', "std::exit(1);", "_exit(1);", "throw 1;", "throw;",
                     'throw std::runtime_error("x");', 'auto s = std::format("x");', "fork();"]:
            with self.subTest(text=text):
                self.setUp()
                self.assert_bad("banned", text + "\n")

    def test_banned_calls_at_home(self):
        self.plant("src/cli/main.cc", 'auto h = std::getenv("HOME"); std::cout << h; std::exit(1);\n')
        self.plant("src/engine/real_files.cc", "::fsync(fd);\n")
        self.plant("src/engine/real_clock.cc", "auto t = std::chrono::system_clock::now();\n")
        self.plant("src/base/assert.cc", 'std::fprintf(stderr, "x"); std::abort();\n')
        self.assertEqual(self.findings(), [])

    def test_what_only_looks_like_a_banned_call(self):
        self.assert_good("// rand() and throw x; fsync(1)\n/* printf(\n */\n"
                         'auto s = "getenv(\\"x\\") throw "; auto r = R"(rand())";\n'
                         "auto t = clock.time(); std::snprintf(b, n, f); operand(1); my_rand(2);\n"
                         "auto n = 1'000'000; char c = '\"'; plan.exit(1); item.abort();\n")

    def test_headers(self):
        self.assert_bad("headers", "#include <nlohmann/json.hpp>\n", "src/plan/a.h", 3)
        self.setUp()
        self.assert_bad("headers", "#include <format>\n")
        self.setUp()
        self.plant("src/plan/b.h", "", head=HEAD)
        (self.root / "src/plan/b.h").write_text(HEAD)
        self.assertEqual(self.findings(), [("src/plan/b.h", 1, "headers")])
        self.setUp()
        self.assert_good("#include <nlohmann/json.hpp>\n")

    def test_co_await_that_stands_alone(self):
        for text in ["co_await task;", "co_await std::move(task);", "auto x = co_await f(a, std::move(b));",
                     "Result<std::vector<int>> x = co_await self.client->send(request);",
                     "const auto& x = co_await wait;", "x = co_await tasks[i];", "x.y = co_await f();",
                     "auto [a, b] = co_await f(1, kTwo, Kind::three);", "co_return co_await f(x);",
                     "if (a) co_await f(b);", "} else { co_await f(); }", "(void)co_await f(x);",
                     "auto x = co_await Callback<int>{start};", "for (auto& t : ts) {\n co_await t;\n}",
                     "auto x = co_await read<Record>(path);", "auto x = co_await f(*a, &b);"]:
            with self.subTest(text=text):
                self.setUp()
                self.assert_good("void f() {\n" + text + "\n}\n")

    def test_co_await_among_temporaries(self):
        for text in ["g(co_await f());", "if (co_await f()) {}", "auto x = co_await f(g(a));",
                     'auto x = co_await f("text");', "auto x = (co_await f()).y;",
                     "auto x = 1 + co_await f();", "auto x = co_await f(A{1, 2});",
                     "auto x = co_await f([] { return 1; });", "auto x = co_await f(a + b);",
                     "while (!co_await f()) {}", "auto x = *co_await f();",
                     "std::vector<int> v{co_await f()};", "auto x = co_await f(std::string(a));"]:
            with self.subTest(text=text):
                self.setUp()
                self.plant("src/plan/a.cc", "void f() {\n" + text + "\n}\n")
                self.assertIn(("src/plan/a.cc", 3, "co_await"), self.findings())

    def test_co_await_in_a_catch(self):
        self.assert_bad("co_await", "try {\n} catch (const X& e) {\n  co_await f(e);\n}\n", line=3)

    def test_coroutines(self):
        self.assert_bad("coroutines", "auto f = [x](int y) -> Task<int> { co_return x; };\n")
        for text in ["Task<int> f(const std::string& a);\n", "Task<> f(std::string&& a);\n",
                     "Task<Result<void>> A::f(int b, std::string_view a) {}\n"]:
            self.setUp()
            self.assert_bad("coroutines", text)
        self.setUp()
        self.assert_good("auto f = [](int y) -> Task<int> { co_return y; };\n"
                         "auto g = [x](int y) { return x + y; };\n"
                         "Task<int> f(std::string a, Engine& engine, std::function<void(int)> g);\n")

    def test_sizes(self):
        self.assert_bad("sizes", "int x;" + " " * 95 + "\n")
        self.setUp()
        self.assert_good("int x;" + " " * 93 + "é\n")
        self.setUp()
        self.assert_bad("sizes", "int x;\n" * 800, line=1)
        self.setUp()
        body = "  x();\n" * 119
        self.assert_bad("sizes", "namespace lf {\nclass A {\n void f() {\n" + body + " }\n};\n}\n", line=4)
        self.setUp()
        self.assert_good("namespace lf {\nvoid f() {\n" + body[:-7] + "}\nint t[] = {\n" + "1,\n" * 150 +
                         "};\n#define M(x) { \\\n x\n}\n")

    def test_licence(self):
        self.plant("src/plan/a.cc", "int x;\n", head="")
        self.plant("tests/e2e/a.py", "x = 1\n", head="#!/usr/bin/env python3\n")
        self.assertEqual(self.findings(), [("src/plan/a.cc", 1, "licence"), ("tests/e2e/a.py", 1, "licence")])

    def test_unfinished(self):
        self.assert_bad("unfinished", "int x;  // TODO: more\n", line=2)
        self.setUp()
        self.assert_good("// todos_left and mktemp XXXXXX\n")

    def test_registries(self):
        self.assert_bad("registries", 'auto x = "https://pypi' '.org/simple";\n')

    def test_clouds(self):
        for text in ['auto x = "aws.ec2.vpc";', "int s3_style = 1;", "void sign_for_aws();", "class Ec2Query;",
                     "enum class Site { chameleon };", "bool isOtc;"]:
            with self.subTest(text=text):
                self.setUp()
                self.plant("src/plan/a.cc", text + "\n")
                self.assertIn(("src/plan/a.cc", 2, "clouds"), self.findings())
        self.setUp()
        self.assert_good('// aws and s3\n#include "provider/aws_sigv4.h"\nauto laws = "paws jaws ss3";\n')
        self.setUp()
        self.assert_good('auto x = "aws.ec2.vpc";\n', "src/plan/a_test.cc")
        self.setUp()
        self.assert_bad("clouds", "", "src/provider/ec2_query.cc", 1)

    def test_clouds_with_a_reason(self):
        self.plant("tests/tidy/cloud_words.txt",
                   "provider/sigv4.cc | aws | the algorithm's own name\nplan/* | otc | nothing\n", head="")
        self.plant("src/provider/sigv4.cc", 'auto x = "AWS4-HMAC-SHA256", y = "aws4_request", z = "s3";\n')
        self.assertEqual(self.findings(), [("src/provider/sigv4.cc", 2, "clouds"),
                                           ("tests/tidy/cloud_words.txt", 2, "clouds")])


if __name__ == "__main__":
    unittest.main()
