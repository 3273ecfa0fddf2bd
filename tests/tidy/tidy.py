#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules that compilers, clang-format and clang-tidy cannot see.

    tidy.py [ROOT]        checks the tree at ROOT (default: this project); exit 1 on a finding

Each finding is `file:line: rule: why`. Rules are functions over one file; `RULES` lists them.
"""
import fnmatch
import pathlib
import re
import sys

from cpp_text import CppText, closing, functions

LAYERS = "base yaml lang provider spec graph state plan render engine sandbox editor cli".split()
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_COLUMNS = 800, 120, 100
SPDX = "SPDX-License-Identifier: Apache-2.0"

# The real FileSystem: its calls, and the thread that commits appended records in groups.
REAL_FILES = ["src/engine/real_files.cc", "src/engine/file_calls.cc", "src/engine/writer_thread.cc"]
# (what, home: where it may stand, why and what to use)
BANNED = [
    (r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\(",
     ["src/engine/real_*.cc", "src/engine/loop.cc", "src/sandbox/server.cc", "src/*_test.cc"],
     "time comes from Clock, which tests and the simulator replace"),
    (r"(?<![\w.>:])time\s*\(\s*(?:nullptr|NULL|0)?\s*\)", ["src/engine/real_*.cc"],
     "time comes from Clock"),
    (r"\b(?:s?rand|getrandom|RAND_bytes)\s*\(|\brandom_device\b", ["src/engine/real_*.cc"],
     "chance comes from Random, so that a seed replays a run"),
    (r"\b(?:secure_)?getenv\s*\(|\benviron\b", ["src/cli/*", "src/*_test.cc"],
     "only cli/ reads the environment; it is passed in"),
    (r"\b(?:fsync|fdatasync|sync_file_range)\s*\(", [*REAL_FILES, "src/*_test.cc"],
     "files are reached through FileSystem, where a simulated crash can stop"),
    # ssh becomes the program, at the very end: the terminal is then its own.
    (r"\b(?:fork|vfork|execve|execvp|popen|posix_spawnp?)\s*\(|(?<![\w.>])system\s*\(",
     ["src/cli/ssh_command.cc", "src/engine/real_*.cc"], "programs are run through Process"),
    (r"\bstd::(?:cout|cerr|clog)\b|\b(?:printf|fprintf|puts|fputs|putchar)\s*\(|\bfmt::print(?:ln)?\s*\(",
     # embed_main is a program of the build.
     ["src/cli/*", "src/base/assert.cc", "src/provider/embed_main.cc"], "only cli/ prints; return a value, an error or an event"),
    (r"(?<!std::)(?<![\w.>:])(?:_exit|exit|quick_exit|abort)\s*\(|\bstd::(?:exit|abort|_Exit|quick_exit)\b",
     ["src/cli/*", "src/base/assert.cc", "src/engine/real_process.cc", "src/engine/loop.cc",
      "src/*_test.cc"], "only cli/ ends the program (LF_ASSERT is for bugs)"),
    # A handler can stop yaml-cpp's parser only so; caught where the parser is called.
    (r"\bthrow\b(?!\s*\()", ["src/yaml/reader.cc"], "errors are values: Result<T>"),
    (r"\bstd::format\b", [], "GCC 12 has no std::format: fmt::format"),
]
BANNED_HEADERS = {
    "format": "GCC 12 has none: fmt", "iostream": "only cli/ prints", "regex": "RE2",
}
# Slow to compile: only in the .cc that needs them.
HEAVY_HOMES = ["src/engine/curl_library.h"]  # a table of libcurl's functions, private to the transport
HEAVY = re.compile(r"^(?:nlohmann/(?!json_fwd)|CLI/|yaml-cpp/|spdlog/|httplib|curl/|openssl/|pugixml|re2/)")

CLOUD_WORDS = set(
    "aws amazon amazonaws ec2 s3 iam ecr sqs sns kms sts eks ssm cloudwatch dynamodb otc telekom "
    "opentelekomcloud t-systems obs cce chameleon chi openstack nova neutron keystone cinder glance "
    "blazar kubernetes azure gcp".split())
# Package registries: their ordinary clients know them, a pinned name and version is enough.
REGISTRIES = re.compile(
    r"\b(?:pypi[.]org|pythonhosted[.]org|(?:proxy|sum)[.]golang[.]org|registry[.]npmjs[.]org|"
    r"crates[.]io|rubygems[.]org|deb[.]debian[.]org)\b")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|\b(?:not implemented|unimplemented)\b", re.I)


class File:
    """One file under test: its path from the root, its text, and for C++ the stripped text."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.is_cpp = path.suffix in (".cc", ".h")
        self.is_test = bool(re.search(r"_(?:test|fuzz)\.cc$", self.path))
        self.cpp = CppText(self.text) if self.is_cpp else None

    def layer(self):
        parts = self.path.split("/")
        if parts[0] == "include":
            return "cli"
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def includes(file):
    for number, line in enumerate(file.lines, 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if m:
            yield number, m.group(1) == '"', m.group(2)


def rule_layers(file):
    own = file.layer()
    if own is None:
        return
    if own not in LAYERS:
        yield 1, f"src/{own}/ is not in the order {' < '.join(LAYERS)}"
        return
    for number, quoted, name in includes(file):
        if not quoted:
            continue
        first = name.split("/")[0]
        if first in ("tests", "support"):
            if not (file.is_test and re.match(r"(?:tests/)?support/", name)):
                yield number, f'"{name}": only a *_test.cc may include, and only tests/support/'
        elif first == "llmforge":
            if own != "cli":
                yield number, f'"{name}": the public headers stand above every folder but cli/'
        elif first not in LAYERS:
            yield number, f'"{name}": include from src/, as "folder/file.h"'
        elif LAYERS.index(first) > LAYERS.index(own):
            yield number, f'"{name}": {own}/ stands before {first}/ in the pipeline'


def rule_headers(file):
    for number, quoted, name in includes(file):
        if name in BANNED_HEADERS and not (name == "iostream" and file.layer() == "cli"):
            yield number, f"<{name}>: {BANNED_HEADERS[name]}"
        if file.path.endswith(".h") and HEAVY.match(name) and file.path not in HEAVY_HOMES:
            yield number, f"<{name}> in a header: include it in the one .cc that needs it"
    if file.path.endswith(".h") and "#pragma once" not in file.text:
        yield 1, "#pragma once is missing"


def rule_banned(file):
    for pattern, homes, why in BANNED:
        if any(fnmatch.fnmatch(file.path, home) for home in homes):
            continue
        for m in re.finditer(pattern, file.cpp.code):
            yield file.cpp.line(m.start()), f"`{m.group().strip()}`: {why}"


# What may stand after co_await: a name, a moved name, or one call (or one braced awaitable) whose
# arguments are names, moved names, numbers or enumerators. GCC 12 destroys other temporaries twice.
_NAME = r"[*&]?[A-Za-z_]\w*(?:(?:::|\.|->)[A-Za-z_]\w*|\[\w+\])*(?<!co_await)"
_ARG = rf"(?:std::move\s*\(\s*{_NAME}\s*\)|{_NAME}|-?\d[\w'.]*)"
_TEMPLATE = r"(?:<[\w:<>,\s*&]*>)?"
_OPERAND = (rf"(?:std::move\s*\(\s*{_NAME}\s*\)|"
            rf"{_NAME}{_TEMPLATE}(?:\s*(?:\(\s*(?:{_ARG}(?:\s*,\s*{_ARG})*)?\s*\)|"
            rf"\{{\s*(?:{_ARG}(?:\s*,\s*{_ARG})*)?\s*\}}))?)")
_STATEMENT = re.compile(
    rf"^(?:\(void\)\s*|co_return\s+|(?:[\w:<>,*&\s]+\s[&*]?)?(?:{_NAME}|\[[\w\s,]+\])\s*=\s*)?"
    rf"co_await\s+{_OPERAND}$")


def rule_co_await(file):
    code, text = file.cpp.code, file.cpp
    for m in re.finditer(r"\bco_await\b", code):
        # Back to the start of the statement. A `{` of a braced expression ends it too: then the
        # statement does not match, which is what we want.
        start = max(code.rfind(c, 0, m.start()) for c in ";{}") + 1
        end = code.find(";", m.end())
        statement = code[start:end if end >= 0 else len(code)]
        if "#define" in statement:
            continue
        statement = re.sub(r"^\s*(?:else\b|case\s+[\w:]+\s*:|default\s*:)?\s*", "", statement)
        statement = _without_condition(statement)
        if not _STATEMENT.match(re.sub(r"\s+", " ", statement).strip()):
            yield (text.line(m.start()),
                   "co_await stands alone (`auto x = co_await f(name, std::move(other));`): name its "
                   "arguments first")
    for m in re.finditer(r"\bcatch\s*\(", code):
        brace = code.find("{", closing(code, m.end() - 1))
        if re.search(r"\bco_await\b", code[brace:closing(code, brace)]):
            yield text.line(m.start()), "no co_await in a catch: keep the error, leave the block"


def _without_condition(statement):
    """`if (x) co_await y` without its `if (x)`; a co_await inside the condition stays visible."""
    m = re.match(r"(?:if(?:\s+constexpr)?|while|for)\s*\(", statement)
    if not m:
        return statement
    end = closing(statement, m.end() - 1)
    return statement if "co_await" in statement[:end] else statement[end + 1:].lstrip()


def rule_coroutines(file):
    code, text = file.cpp.code, file.cpp
    for m in re.finditer(r"(?<![\w\])])\[[^\[\]]+\]\s*(?=[({m])", code):
        i = m.end()
        if code[i] == "(":
            i = closing(code, i) + 1
        head = re.match(r"\s*(?:mutable\b)?\s*(?:noexcept\b)?\s*(?:->\s*[\w:<>,\s*&]+?)?\s*\{", code[i:])
        if head:
            body = code[i + head.end() - 1:closing(code, i + head.end() - 1)]
            if re.search(r"\bco_(?:await|return|yield)\b", body):
                yield text.line(m.start()), ("a coroutine lambda captures nothing (its captures die "
                                             "with the lambda): pass by value")
    for m in re.finditer(r"\bTask<[^;{}()]*?>\s+[\w:]+\s*\(", code):
        parameters = code[m.end():closing(code, m.end() - 1)]
        bad = re.search(r"\bconst\s+[\w:<>,\s*]+&|&&|\bstring_view\b|\bstd::span\b", parameters)
        if bad:
            yield text.line(m.start()), (f"`{bad.group().strip()}`: a coroutine takes its parameters "
                                         "by value (this one may dangle after a suspension)")


def rule_sizes(file):
    if len(file.lines) - 1 > MAX_FILE_LINES:
        yield 1, f"{len(file.lines) - 1} lines: split by idea (at most {MAX_FILE_LINES})"
    for number, line in enumerate(file.lines, 1):
        if len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns (at most {MAX_COLUMNS})"
    for name, first, last in functions(file.cpp):
        length = file.cpp.line(last) - file.cpp.line(first) + 1
        if length > MAX_FUNCTION_LINES:
            yield file.cpp.line(first), f"`{name}` has {length} lines (at most {MAX_FUNCTION_LINES})"


def rule_licence(file):
    if not any(SPDX in line for line in file.lines[:2]):
        yield 1, f"the line `{SPDX}` is missing"


def rule_unfinished(file):
    for number, line in enumerate(file.lines, 1):
        m = UNFINISHED.search(line)
        if m:
            yield number, f"`{m.group()}`: finish it, or write it down as an issue"


def rule_registries(file):
    for number, line in enumerate(file.lines, 1):
        m = REGISTRIES.search(line)
        if m:
            yield number, "a package registry's host: its client knows it, name package and version"


def words(text):
    """Lower-case words of an identifier or a literal: at _, camelCase and all that is no letter."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return re.findall(r"[a-z][a-z0-9]*", text.lower())


def is_cloud(word):
    return word in CLOUD_WORDS or word.rstrip("0123456789") in CLOUD_WORDS  # aws4


def cloud_words(file):
    """(line, word, the identifier or literal) of each cloud's or service's name in a file."""
    for word in words(file.path.split("/", 1)[1]):
        if is_cloud(word):
            yield 1, word, word
    code = re.sub(r"^[ \t]*#\s*include[^\n]*", lambda m: " " * len(m.group()), file.cpp.code, flags=re.M)
    for m in re.finditer(r"[A-Za-z_]\w*", code):
        for word in words(m.group()):
            if is_cloud(word):
                yield file.cpp.line(m.start()), word, m.group()
    for offset, literal in file.cpp.strings:
        if "#" in file.lines[file.cpp.line(offset) - 1][:1]:
            continue  # an #include
        for word in words(literal):
            if is_cloud(word):
                yield file.cpp.line(offset), word, literal


class CloudWords:
    """Clouds are data (providers/): C++ names none, but for what cloud_words.txt gives a reason for."""

    def __init__(self, allow_list):
        self.allowed, self.used = [], set()
        if allow_list.exists():
            for number, line in enumerate(allow_list.read_text().splitlines(), 1):
                if line.strip() and not line.startswith("#"):
                    fields = [f.strip() for f in line.split("|")]
                    if len(fields) != 3 or not all(fields):
                        raise SystemExit(f"{allow_list}:{number}: GLOB | words | why")
                    self.allowed.append((number, fields[0], set(fields[1].split())))

    def __call__(self, file):
        if file.is_test:
            return  # tests speak of real types
        for line, word, whole in cloud_words(file):
            rows = [n for n, glob, allowed in self.allowed
                    if fnmatch.fnmatch(file.path, "src/" + glob)
                    and allowed & {word, word.rstrip("0123456789"), whole, "*"}]
            self.used.update(rows)
            if not rows:
                yield line, (f"`{word}`: clouds are data; C++ that is a protocol or a signature itself "
                             "is named in tests/tidy/cloud_words.txt with its reason")

    def unused(self):
        return [n for n, _, _ in self.allowed if n not in self.used]


CPP_RULES = [rule_layers, rule_headers, rule_banned, rule_co_await, rule_coroutines, rule_sizes]
TEXT_RULES = [rule_licence, rule_unfinished, rule_registries]


def check(root):
    """All findings of the tree at `root`, as (path, line, rule, why), sorted."""
    clouds = CloudWords(root / "tests/tidy/cloud_words.txt")
    found = []

    def run(rule, name, file):
        found.extend((file.path, line, name, why) for line, why in rule(file))

    for path in sorted(p for folder in ("src", "include") for p in (root / folder).rglob("*.*")):
        if path.suffix in (".cc", ".h", ".def"):
            file = File(root, path)
            for rule in (CPP_RULES if file.is_cpp else []) + TEXT_RULES:
                run(rule, rule.__name__[5:], file)
            if file.is_cpp and file.path.startswith("src/"):
                run(clouds, "clouds", file)
    found += [("tests/tidy/cloud_words.txt", n, "clouds", "this line allows nothing that is there")
              for n in clouds.unused()]
    for path in sorted(p for folder in ("tests", "providers", "specs", "cmake", "docs")
                       for p in (root / folder).rglob("*.*")):
        # A link is a case of the tests, not a text.
        if path.suffix in (".cc", ".h", ".py", ".sh", ".cmake", ".md", ".yaml") and \
                "tests/tidy/" not in path.as_posix() and not path.is_symlink():
            file = File(root, path)
            if path.suffix in (".cc", ".h", ".py", ".sh"):
                run(rule_licence, "licence", file)
            if path.suffix != ".md":
                run(rule_unfinished, "unfinished", file)
            run(rule_registries, "registries", file)
    return sorted(found)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = check(root.resolve())
    for path, line, rule, why in found:
        print(f"{path}:{line}: {rule}: {why}")
    print(f"tidy: {len(found)} findings" if found else "tidy: clean", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
