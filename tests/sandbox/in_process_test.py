# SPDX-License-Identifier: Apache-2.0
"""Rehearsals: `--sandbox` keeps a cloud, a state and a lock file of its own in a folder, goes by the
spec's own lock file and never writes it; a real run sees none of it.

    in_process_test.py LLMFORGE [unittest arguments]
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
PINNED = "ami-00000000deadbeef0"
SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
data:
  image: {type: aws.ec2.image, name: "Deep Learning Base*", owner: amazon}
  zones: {type: aws.ec2.zones}
network: {cidr: 10.1.0.0/16, subnets: [10.1.1.0/24]}
resources:
  machine:
    type: aws.ec2.instance
    image: ${data.image.id}
    instance_type: g5.xlarge
    subnet: ${network.subnets[0]}
outputs:
  image: ${data.image.id}
"""


class Rehearsal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "llmforge.yaml").write_text(SPEC)
        self.kept = self.path / ".llmforge/sandbox/lab"

    def run_it(self, *arguments, code=0):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path), "NO_COLOR": "1",
                       "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run([BINARY, *arguments], cwd=self.path, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def pins(self, path):
        return json.loads(path.read_text())["lookups"]

    def image(self):
        return self.run_it("output", "--sandbox", "--raw", "image").stdout

    def test_outputs_of_whole_things(self):
        """A resource stands for its id, a module for the map of what it gives out, also inside of lists and maps."""
        (self.path / "q.yaml").write_text("resources:\n  data: {type: aws.sqs.queue}\n"
                                          "outputs: {arn: \"${resources.data.arn}\", url: \"${resources.data.id}\"}\n")
        (self.path / "llmforge.yaml").write_text(
            "stack: lab\nprovider: aws\nregion: us-west-2\nmodules:\n  q: {use: ./q.yaml}\n"
            "resources:\n  z: {type: aws.sqs.queue}\nbuckets:\n  data: {versioning: true}\n"
            "outputs:\n  all: ${modules.q}\n  one: ${resources.z}\n  several: \"${[resources.z, buckets]}\"\n")
        plan = self.run_it("plan", "--sandbox").stdout
        self.assertIn('+ all: {arn: "arn:aws:sqs:us-west-2:000000000000:lab-q-data", url: (known after apply', plan)
        self.run_it("apply", "--auto-approve", "--sandbox")
        found = {name: one["value"] for name, one in json.loads(self.run_it("output", "--sandbox", "--json").stdout).items()}
        url = "https://sqs.us-west-2.amazonaws.com/000000000000/lab-"
        self.assertEqual(found["all"], {"arn": "arn:aws:sqs:us-west-2:000000000000:lab-q-data", "url": url + "q-data"})
        self.assertEqual(found["one"], url + "z")
        self.assertEqual(found["several"][0], url + "z")
        self.assertTrue(found["several"][1]["data"].startswith("lab-data-"))
        self.assertIn("no changes", self.run_it("plan", "--sandbox").stdout)

    def test_each_choice_of_credentials_is_an_account_of_the_model_cloud(self):
        """One region, one name, three accounts; nobody's files are read and no role has to exist."""
        (self.path / "llmforge.yaml").write_text(
            "stack: lab\nprovider: one\nregion: us-west-2\nproviders:\n  one: {kind: aws}\n"
            "  two: {kind: aws, credentials: {profile: two}}\n"
            "  three: {kind: aws, credentials: {assume_role: 'arn:aws:iam::333333333333:role/deploy'}}\n"
            "modules:\n" + "".join(f"  {name}: {{use: ./module.yaml, provider: {name}}}\n" for name in ("one", "two", "three")) +
            "outputs: {seen: \"${['one', 'two', 'three'].map(m, modules[m].account)}\"}\n")
        (self.path / "module.yaml").write_text("resources:\n  q: {type: aws.sqs.queue, name: same}\noutputs: {account: \"${account}\"}\n")
        self.run_it("apply", "--sandbox", "--auto-approve")
        accounts = json.loads(self.run_it("output", "--sandbox", "--json").stdout)["seen"]["value"]
        self.assertEqual((len(set(accounts)), accounts[0], {len(one) for one in accounts}), (3, "000000000000", {12}))
        self.run_it("plan", "--sandbox", "--detailed-exitcode")
        self.run_it("destroy", "--sandbox", "--auto-approve")

    def test_a_name_that_is_unique_in_the_world_carries_account_and_region(self):
        spec = "stack: lab\nprovider: aws\nregion: us-west-2\nresources:\n  kept: {type: aws.s3.bucket, name: lab-kept}\n  new: {type: aws.s3.bucket}\n"
        spec += "  many: {type: aws.s3.bucket, for_each: [a]}\noutputs: {all: [\"${resources.kept.id}\", \"${resources.new.id}\", \"${resources.many['a'].id}\"]}\n"
        (self.path / "llmforge.yaml").write_text(spec)
        offline = self.run_it("plan", "--sandbox", "--offline").stdout
        self.assertNotIn("lab-new", offline)
        self.run_it("apply", "--sandbox", "--auto-approve")
        unique = hashlib.sha256(b"000000000000/us-west-2").hexdigest()[:6]
        names = json.loads(self.run_it("output", "--sandbox", "--json").stdout)["all"]["value"]
        self.assertEqual(names, ["lab-kept", f"lab-new-{unique}", f"lab-many-a-{unique}"])
        # The name that state has from a time without them stays, here as one that the spec gave.
        (self.path / "llmforge.yaml").write_text(spec.replace(", name: lab-kept", ""))
        self.run_it("plan", "--sandbox", "--detailed-exitcode")
        self.run_it("plan", "--sandbox", "--offline", "--detailed-exitcode")
        # Another name is another bucket.
        (self.path / "llmforge.yaml").write_text(spec.replace("name: lab-kept", "name: lab-other"))
        self.run_it("plan", "--sandbox", "--detailed-exitcode", code=2)

    def test_what_is_not_pinned_is_looked_up_in_the_model_cloud(self):
        self.run_it("apply", "--sandbox", "--auto-approve")
        self.assertFalse((self.path / "llmforge.lock").exists())
        self.assertEqual(len(self.pins(self.kept / "llmforge.lock")), 2)
        self.assertTrue((self.kept / "cloud.json").exists())
        self.assertTrue(list(self.kept.rglob("*.llmforge.json")))
        self.assertEqual({p.name for p in self.path.iterdir()}, {"llmforge.yaml", ".llmforge"})
        self.run_it("plan", "--sandbox", "--detailed-exitcode")
        # A real run has neither the pins nor the state.
        self.assertIn("LF0703", self.run_it("plan", "--offline", code=3).stderr)
        self.assertIn("no state", self.run_it("show").stdout)
        self.run_it("destroy", "--sandbox", "--auto-approve")

    def test_it_goes_by_the_real_lock_file(self):
        self.run_it("plan", "--sandbox")
        pins = self.pins(self.kept / "llmforge.lock")
        real = {query: {**value, "id": PINNED} for query, value in pins.items() if "image" in query}
        self.assertEqual(len(real), 1)
        lock = self.path / "llmforge.lock"
        lock.write_text(json.dumps({"llmforge_lock": 1, "lookups": real}))
        text = lock.read_text()
        self.run_it("apply", "--sandbox", "--auto-approve")
        self.assertEqual(self.image(), PINNED)
        self.assertIn(PINNED, (self.kept / "cloud.json").read_text())
        self.assertEqual(set(self.pins(self.kept / "llmforge.lock")), set(pins) - set(real))
        # Renewing is for its own pins, and nothing is replaced by it.
        self.run_it("plan", "--sandbox", "--update-lock", "--detailed-exitcode")
        self.assertEqual(lock.read_text(), text)

    def test_another_folder(self):
        self.run_it("apply", "--sandbox=elsewhere", "--auto-approve")
        self.assertFalse((self.path / ".llmforge").exists())
        self.assertTrue((self.path / "elsewhere/llmforge.lock").exists())
        self.run_it("plan", "--sandbox=elsewhere", "--detailed-exitcode")
        self.run_it("plan", "--sandbox", "--detailed-exitcode", code=2)

    def test_a_broken_lock_file_is_told(self):
        (self.path / "llmforge.lock").write_text("{")
        told = self.run_it("plan", "--sandbox", code=1)
        self.assertIn("llmforge.lock", told.stderr)


if __name__ == "__main__":
    unittest.main()
