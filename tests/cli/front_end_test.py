# SPDX-License-Identifier: Apache-2.0
"""What people meet while they write a spec: many errors at once, --fix, and text that would like to
take over the terminal."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
HEAD = "llmforge: 1\nstack: lab\nprovider: aws\nregion: us-west-2\n"

# C0 but tab and line ends (YAML refuses most of them raw, so they come as escapes), DEL, C1, what
# turns the direction of text around, and what shows nothing.
CONTROLS = ([chr(c) for c in range(0x20) if chr(c) not in "\t\n\r"] + [chr(c) for c in range(0x7f, 0xa0)]
            + [chr(c) for c in (0x061c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, *range(0x202a, 0x202f),
                                *range(0x2066, 0x206a), 0xfeff)])


class FrontEnd(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def spec(self, text):
        (self.folder / "spec.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self):
        return (self.folder / "spec.yaml").read_text()

    def run_it(self, *arguments):
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    # --- many at once ---
    def test_fifty_errors_in_ten_thousand_lines_are_all_reported_in_file_order(self):
        lines, wrong = (HEAD + "resources:\n").rstrip("\n").split("\n"), []
        kinds = [
            lambda i: f"    visibility_timeoot: {i}s",        # LF0201, an unknown property
            lambda i: "    visibility_timeout: 90 parsecs",     # LF0204, no duration
            lambda i: "    name: ${locals.nothing}",            # LF0303, no such local
            lambda i: "    name: ${resources.q00000.urrl}",     # LF0303, no such field
            lambda i: "    fifo_queue: ${1 + 'a'}",             # LF0304, no such sum
        ]
        for i in range(2000):
            lines += [f"  q{i:05}:", "    type: aws.sqs.queue", "    message_retention_period: 2d",
                      f"    tags: {{Owner: team-{i % 7}}}"]
            if i % 40 == 39:
                lines.append(kinds[len(wrong) % len(kinds)](i))
                wrong.append(len(lines))
            else:
                lines.append("    delay_seconds: 1s")
        self.spec("\n".join(lines) + "\n")
        self.assertGreater(len(lines), 10_000)
        # Keys and forms are a stage of their own, and types of expressions the next: each stage
        # reports all of its errors.
        keys = [n for k, n in enumerate(wrong) if k % 5 == 0]
        rest = [n for k, n in enumerate(wrong) if k % 5 != 0]
        code, _, err = self.run_it("validate", "spec.yaml")
        seen = [int(n) for n in re.findall(r"--> spec\.yaml:(\d+):", err)]
        self.assertEqual(code, 3)
        if seen != wrong:
            self.assertEqual(seen, keys)
            for n in keys:
                lines[n - 1] = "    delay_seconds: 1s"
            self.spec("\n".join(lines) + "\n")
            code, _, err = self.run_it("validate", "spec.yaml")
            self.assertEqual([int(n) for n in re.findall(r"--> spec\.yaml:(\d+):", err)], rest)
        self.assertEqual(err.count("error["), len(rest) if seen != wrong else len(wrong))

    def test_fifty_errors_of_one_stage(self):
        lines, wrong = (HEAD + "resources:\n").rstrip("\n").split("\n"), []
        for i in range(2500):
            lines += [f"  q{i:05}:", "    type: aws.sqs.queue", "    message_retention_period: 2d"]
            lines.append("    visibility_timeout: 90 parsecs" if i % 50 == 49 else "    delay_seconds: 1s")
            if i % 50 == 49:
                wrong.append(len(lines))
        self.spec("\n".join(lines) + "\n")
        self.assertEqual(len(wrong), 50)
        code, _, err = self.run_it("validate", "spec.yaml")
        self.assertEqual(code, 3)
        self.assertEqual([int(n) for n in re.findall(r"--> spec\.yaml:(\d+):", err)], wrong)
        self.assertEqual(err.count("error["), 50)

    # --- --fix ---
    WRONG = (HEAD + "# what we keep\nvariables: {keep: {type: duration, default: 30d}}   # long\n\n\n"
             "buckets:\n    data: {expire_after: ${vars.keep}, versioning: yes}   # quoted soon\n"
             "resources:\n  # conditional\n  jobs: {type: aws.sqs.queue, when: \"${stack == 'lab'}\"}\n"
             "outputs:\n  url:   ${resources.jobs.id}  # may be absent\n")
    RIGHT = WRONG.replace("${vars.keep}", '"${vars.keep}"').replace("yes", "true").replace(
        "${resources.jobs.id}", "${resources.?jobs.?id}")

    def test_fix_changes_what_is_safe_and_nothing_else(self):
        self.spec(self.WRONG)
        code, out, err = self.run_it("validate", "spec.yaml", "--fix")
        self.assertEqual((code, self.read()), (0, self.RIGHT), err)
        self.assertIn("fixed spec.yaml:10: quote it\n", err)
        self.assertIn("  -     data: {expire_after: ${vars.keep}, versioning: yes}   # quoted soon\n", err)
        self.assertIn("valid: stack lab", out)
        code, _, err = self.run_it("validate", "spec.yaml", "--fix")
        self.assertEqual((code, err, self.read()), (0, "", self.RIGHT))

    def test_fix_dry_run_writes_nothing(self):
        self.spec(self.WRONG)
        code, _, err = self.run_it("validate", "spec.yaml", "--fix", "--dry-run")
        self.assertEqual((code, self.read()), (3, self.WRONG))
        self.assertIn("would fix spec.yaml:10: quote it\n", err)

    def test_fix_as_data(self):
        self.spec(self.WRONG)
        code, out, _ = self.run_it("validate", "spec.yaml", "--fix", "--json")
        self.assertEqual(code, 0)
        fixed = json.loads(out.split("\n")[0])["fixed"]
        self.assertEqual([each["line"] for each in fixed], [10, 10, 15])
        self.assertTrue(json.loads(out.split("\n")[1])["valid"])

    def test_guesses_are_left_to_people(self):
        text = HEAD + ("bukcets: {}\nresources:\n  a: {type: aws.sqs.queue, visibility_timeout: 30}\n"
                       "tags: {Code: 0042}\n")
        self.spec(text)
        code, _, err = self.run_it("validate", "spec.yaml", "--fix")
        self.assertEqual((code, self.read()), (3, text))
        self.assertNotIn("fixed", err)

    def test_a_file_that_cannot_be_written_is_an_error(self):
        self.spec(self.WRONG)
        os.chmod(self.folder, 0o500)
        self.addCleanup(os.chmod, self.folder, 0o700)
        if os.access(self.folder, os.W_OK):
            self.skipTest("this user may write anywhere")
        code, _, err = self.run_it("validate", "spec.yaml", "--fix")
        self.assertNotEqual(code, 0)
        self.assertIn("error", err)

    # --- values with units ---
    UNITS = """variables:
  size: {type: size, default: 256MiB}
  patience: {type: duration, default: 90s}
  limit: {type: money, default: 200 USD}
  share: {type: float, default: 80}
  range: {type: cidr, default: 10.0.0.0/16}
  address: {type: ip, default: 10.0.0.7}
  disk: {type: size, default: 60GiB}
  sizes: {type: map<size>, default: {small: 128MiB, large: 1GiB}}
  waits: {type: list<duration>, default: [30s, 1m]}
  machine: {type: "object{disk: size, wait: duration}", default: {disk: 80GiB, wait: 5m}}
  token: {type: secret<string>, default: null}
"""
    PLACES = """locals: {size: 512MiB, sizes: {small: 128MiB}}
modules:
  typed: {use: ./module.yaml, with: {memory: "${vars.size}", wait: "${vars.patience}", sizes: "${vars.sizes}"}}
  texts: {use: ./module.yaml, with: {memory: "${locals.size}", sizes: "${locals.sizes}"}}
  shown: {use: ./module.yaml, with: {memory: 300MiB, wait: "${vars.waits[1]}", sizes: {a: "${vars.size}"}}}
resources:
  vpc: {type: aws.ec2.vpc, cidr: "${vars.range}"}
  subnet: {type: aws.ec2.subnet, vpc: "${resources.vpc}", cidr: "${vars.range.subnet(8, 1)}"}
  run: {type: aws.lambda.function, role: "arn:aws:iam::1:role/r", image_uri: i, package_type: Image,
        memory_size: "${vars.size}", ephemeral_storage: "${vars.sizes['large']}", timeout: "${vars.patience}"}
  sum: {type: aws.lambda.function, role: "arn:aws:iam::1:role/r", image_uri: i, package_type: Image,
        memory_size: "${vars.size * 2}", ephemeral_storage: "${quantity('1GiB')}", timeout: "${vars.patience + duration('30s')}"}
  each: {type: aws.lambda.function, for_each: "${vars.sizes}", role: "arn:aws:iam::1:role/r", image_uri: i, package_type: Image,
         memory_size: "${each.value}"}
  template: {type: aws.ec2.launch_template, data: {block_device_mappings: [{device_name: /dev/sda1, size: "${vars.machine.disk}"}]}}
  queue: {type: aws.sqs.queue, visibility_timeout: "${vars.machine.wait}", message_retention_period: "${vars.waits[0] + days(1)}"}
  budget: {type: aws.budgets.budget, limit: "${vars.limit}"}
  plan: {type: aws.budgets.budget, planned_limits: {"1767225600": "${vars.limit}", "1769904000": "${money('10 USD')}"}}
  host: {type: aws.ec2.instance, image: ami-0123456789abcdef0, instance_type: t3.micro, subnet: "${resources.subnet}", private_ip: "${vars.address}"}
machines:
  trainer: {type: [t3.micro], disk: "${vars.disk}", image: {name: a, owner: self}, vpc: vpc-1, subnets: [subnet-1], when: false}
outputs: {size: "${vars.size}", limit: "${vars.limit}"}
"""
    MODULE = """inputs:
  memory: {type: size, check: this >= quantity('128MiB'), message: at least 128MiB}
  wait: {type: duration, default: 3s}
  sizes: {type: map<size>, default: {}}
resources:
  run: {type: aws.lambda.function, name: "${name}", role: "arn:aws:iam::1:role/r", image_uri: i, package_type: Image,
        memory_size: "${memory}", timeout: "${wait}"}
"""

    def test_values_with_units_stand_wherever_their_unit_is_wanted(self):
        (self.folder / "module.yaml").write_text(self.MODULE)
        self.spec(HEAD + self.UNITS + self.PLACES)
        for arguments in (["validate", "spec.yaml"], ["expand", "spec.yaml"],
                          ["plan", "spec.yaml", "--offline", "--var", "size=2GiB", "--var", "patience=2m", "--var", "limit=1 EUR"]):
            code, out, err = self.run_it(*arguments)
            self.assertEqual(code, 0, out + err)

    def test_a_unit_that_is_missing_or_another_one_is_refused(self):
        for line, said in (("memory_size: 256", "LF0204"), ("memory_size: '256'", "LF0204"), ("memory_size: \"${vars.patience}\"", "LF0305"),
                           ("timeout: \"${vars.size}\"", "LF0305"), ("timeout: \"${vars.limit}\"", "LF0305"), ("timeout: 3", "LF0204"),
                           ("memory_size: \"${'lots'}\"", "LF0204"), ("memory_size: \"${vars.limit}\"", "LF0305")):
            self.spec(HEAD + self.UNITS + "resources:\n  run:\n    type: aws.lambda.function\n    role: arn:aws:iam::1:role/r\n"
                      f"    image_uri: i\n    package_type: Image\n    {line}\n")
            code, _, err = self.run_it("plan", "spec.yaml", "--offline")
            self.assertEqual((code, re.findall(r"error\[(LF\d+)\]", err)), (3, [said]), line + err)

    # --- modules ---
    def test_an_error_inside_a_block_shows_both_places(self):
        self.spec(HEAD + 'buckets:\n  data: {bucket_name: "${string(1 / 0)}"}\n')
        _, _, err = self.run_it("validate", "spec.yaml")
        self.assertIn("--> spec.yaml:6:", err)
        self.assertIn("::: providers/aws/blocks/buckets.yaml:", err)

    # --- the terminal ---
    def assert_tame(self, text):
        for control in CONTROLS:
            if control in text:
                self.fail(f"U+{ord(control):04X} came through raw in {text[:2000]!r}")

    def test_control_characters_do_not_reach_the_terminal(self):
        for control in CONTROLS:
            escaped = f"\\u{ord(control):04x}"
            for text in (
                    f'"ke{escaped}y": 1\n',
                    f'resources:\n  a: {{type: aws.sqs.queue, name: "x{escaped}y", "p{escaped}q": 1}}\n',
                    f'tags: {{Owner: "a{escaped}b"}}\nnothing: 1\n',
                    f'outputs:\n  o: "${{nothing}} {escaped}"\n',
                    f"# a comment {control} here\nnothing: 1  # and {control} there\n",
                    f"tags: {{Owner: a{control}b, {control}c: d}}\nnothing: 1\n"):
                self.spec(HEAD + text)
                for arguments in (["validate", "spec.yaml"], ["fmt", "--diff", "--check", "spec.yaml"]):
                    _, out, err = self.run_it(*arguments)
                    self.assert_tame(out + err)

    def test_a_valid_spec_with_control_characters_is_shown_tame(self):
        for control in CONTROLS[::7] + ["\u202e", "\x1b", "\x9b"]:
            self.spec(HEAD + "resources:\n  q: {type: aws.sqs.queue, name: lab-q, "
                      f'tags: {{Owner: "a\\u{ord(control):04x}b"}}}}\noutputs: {{o: "x\\u{ord(control):04x}y"}}\n')
            for arguments in (["plan", "spec.yaml", "--offline"], ["expand", "spec.yaml"], ["graph", "spec.yaml"],
                              ["plan", "spec.yaml", "--offline", "--format", "markdown"]):
                _, out, err = self.run_it(*arguments)
                self.assert_tame(out + err)


if __name__ == "__main__":
    unittest.main()
