# SPDX-License-Identifier: Apache-2.0
"""A service that takes five requests a second and an apply of 500 things: no error, in about the time that the limit
allows (on virtual time), and `-v` says how long requests were held back.

    rates_test.py LLMFORGE"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
SPEC = """stack: many
provider: aws
region: us-west-2
resources:
  jobs: {type: aws.sqs.queue, for_each: "${lists.range(COUNT).map(i, string(i))}"}
"""
RUN = """runs:
  - name: an apply of 500 at five requests a second
    command: apply
    faults: {rate: 5}
    expect: {counts: {create: 500}}
  - name: nothing is left to do
    command: plan
    expect: {counts: {create: 0, update: 0}}
"""


class Rates(unittest.TestCase):
    def setUp(self):
        self.environment = {}
        self.folder = pathlib.Path(tempfile.mkdtemp())

    def forge(self, *arguments, count, expect=0):
        (self.folder / "llmforge.yaml").write_text(SPEC.replace("COUNT", str(count)))
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "NO_COLOR": "1", **self.environment})
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_five_hundred(self):
        (self.folder / "rates.test.yaml").write_text(RUN)
        done = json.loads(self.forge("test", "--json", count=500).stdout)
        self.assertEqual((done["passed"], done["failed"]), (2, 0))

    def serve(self):
        """A model cloud in a process of its own: its address, and what a client of it finds in its environment."""
        server = subprocess.Popen([BINARY, "sandbox", "--listen", "127.0.0.1:0"], env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for clean in (server.stdout.close, server.stderr.close, server.wait, server.kill):
            self.addCleanup(clean)
        url, environment = server.stdout.readline().strip(), {}
        while len(environment) < 3:
            line = server.stderr.readline()
            self.assertTrue(line, "the server ended")
            if line.startswith("  export "):
                name, value = line.removeprefix("  export ").strip().split("=", 1)
                environment[name] = value
        return url, environment

    def test_verbose_tells_the_wait(self):
        url, self.environment = self.serve()
        self.assertNotIn("held back, all", self.forge("apply", "--auto-approve", "-v", count=4).stderr)
        body = json.dumps({"rate": 20}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/faults", body, method="POST")).read()
        done = self.forge("apply", "--auto-approve", "-v", count=60)
        told = re.search(r"^held back, all requests together: sqs ([0-9.]+) s$", done.stderr, re.M)
        self.assertTrue(told and float(told[1]) > 1, done.stderr[-600:])
        self.assertNotIn("held back, all", self.forge("destroy", "--auto-approve", count=60).stderr)


if __name__ == "__main__":
    unittest.main()
