# SPDX-License-Identifier: Apache-2.0
"""`test --junit` against the schema that CI systems publish for such files: junit-10.xsd of the xUnit plugin, as
pytest's source distribution carries it (fetched once, pinned, kept beside the other peers)."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

import xmlschema

BINARY = os.path.abspath(sys.argv.pop(1))
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "pytest==8.4.2"
DIGEST = "86c0d0b93306b961d58d62a4db4879f27fe25513d4b969df351abdddb3c30e01"
MEMBER = "pytest-8.4.2/testing/example_scripts/junit-10.xsd"


def schema():
    cache = pathlib.Path(os.environ.get("PEERS_CACHE") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "llmforge-peers")
    archive = cache / "pytest-8.4.2.tar.gz"
    if not archive.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                            "--no-binary", "pytest", "-d", folder, PACKAGE], check=True)
            os.replace(next(pathlib.Path(folder).glob("*.tar.gz")), archive)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == DIGEST
    with tarfile.open(archive) as tar:
        return xmlschema.XMLSchema(tar.extractfile(MEMBER).read().decode())


SPEC = "stack: lab\nprovider: aws\nregion: us-west-2\nresources:\n  jobs: {type: aws.sqs.queue}\n"
TEST = """spec: spec.yaml
runs:
  - name: "passes <&> \\"quotes\\" and \\x07 bells"
  - name: fails
    expect: {counts: {create: 2}}
  - name: ends otherwise
    expect: {exit: 7}
  - name: is skipped
"""


class Junit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "spec.yaml").write_text(SPEC)

    def run_it(self, code, **files):
        for name, text in files.items():
            (self.path / name.replace("__", ".")).write_text(text)
        done = subprocess.run([BINARY, "test", "--junit", "out.xml"], cwd=self.path, text=True, capture_output=True,
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        found = schema()
        errors = [str(e) for e in found.iter_errors(str(self.path / "out.xml"))]
        self.assertEqual(errors, [])
        return found.to_dict(str(self.path / "out.xml"))

    def test_results(self):
        report = self.run_it(1, a__test__yaml=TEST)
        suite = report["testsuite"][0]
        self.assertEqual((suite["@tests"], suite["@failures"], suite["@skipped"]), ("4", "2", "1"))
        self.assertEqual([sorted(k for k in c if k in ("failure", "skipped")) for c in suite["testcase"]],
                         [[], ["failure"], ["failure"], ["skipped"]])

    def test_an_invalid_file(self):
        report = self.run_it(3, a__test__yaml="runs: [{nam: x}]\n")
        self.assertIn("error", report["testsuite"][0]["testcase"][0])

    def test_all_passed(self):
        self.run_it(0, a__test__yaml="runs: [{name: x}]\n")


if __name__ == "__main__":
    unittest.main()
