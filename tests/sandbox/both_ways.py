# SPDX-License-Identifier: Apache-2.0
"""Both ways round on the sandbox's server, for one thing at a time: what boto3 makes llmforge adopts,
and plans no change; what llmforge makes from the same spec boto3 reads, each property as specified.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import boto3
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "conformance/botocore"))
from descriptors import Package  # noqa: E402

REGION = "us-west-2"
ACCOUNT = "123456789012"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}

server = url = llmforge = None
covered = {}  # type: properties that a case has specified


def start(binary, providers, program):
    global server, url, llmforge
    llmforge = os.path.abspath(program)
    # The cloud's time goes sixty times faster, so that its usual waits are over at the first look.
    server = subprocess.Popen([binary, providers, "aws", "127.0.0.1:0", "", "60"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()


def admin(path, **body):
    request = urllib.request.Request(f"{url}/_sandbox/{path}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).read()


def stop():
    server.stdin.close()
    assert server.wait(20) == 0


def client(service):
    return boto3.client(service, region_name="us-east-1" if service in ("iam", "budgets") else REGION, endpoint_url=url,
                        aws_access_key_id="testing", aws_secret_access_key="testing",
                        config=Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}))


def pairs(items, key="Key", value="Value"):
    """Tags that boto3 answers, as a dict, without llmforge's marks."""
    return {one[key]: one[value] for one in items if not one[key].startswith("llmforge:")}


def own(tags):
    """The same where the service answers a dict."""
    return {key: value for key, value in tags.items() if not key.startswith("llmforge:")}


def boto_tags(tags, key="Key", value="Value"):
    return [{key: one, value: text} for one, text in tags.items()]


class BothWays(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        admin("reset")

    def llmforge(self, *arguments, code=0):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "AWS_ENDPOINT_URL": url,
                       "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "NO_COLOR": "1"}
        done = subprocess.run([llmforge, *arguments], cwd=self.folder, env=environment, text=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def both_ways(self, type_name, properties, make, read, unseen=()):
        """`make()` gives the id of a thing with these properties; `read(id)` what boto3 sees of them, by
        their names and in the spec's words. `unseen`: those that no answer of the service shows."""
        covered.setdefault(type_name, set()).update(properties)
        wanted = {name: value for name, value in properties.items() if name not in unseen}
        with self.subTest(type_name), tempfile.TemporaryDirectory() as self.folder:
            spec = {"llmforge": 1, "stack": "both-ways", "provider": "aws", "region": REGION,
                    "resources": {"it": {"type": type_name, **properties}}}
            pathlib.Path(self.folder, "llmforge.yaml").write_text(json.dumps(spec))
            thing = make()
            admin("advance", seconds=120)  # it is up
            self.assertEqual(read(thing), wanted, "what boto3 made")
            self.llmforge("adopt", 'resources["it"]', thing)
            self.llmforge("plan", "--detailed-exitcode")
            self.assertEqual(read(thing), wanted, "what llmforge adopted")
            self.llmforge("destroy", "--auto-approve")
            self.llmforge("apply", "--auto-approve")
            self.llmforge("plan", "--detailed-exitcode")
            made = json.loads(self.llmforge("state", "show", 'resources["it"]', "--json"))["id"]
            self.assertEqual(read(made), wanted, "what llmforge made")
            self.llmforge("destroy", "--auto-approve")


def not_covered(providers, excused):
    """Properties that no case has specified: "TYPE.PROPERTY" each. `excused`: type to names to the reason."""
    out = []
    for file in Package(pathlib.Path(providers, "aws")).resources:
        for name, body in file["properties"].items():
            tried = name in covered.get(file["type"], ())
            if not body.get("computed") and tried == (name in excused.get(file["type"], {})):
                out.append(f"{file['type']}.{name}" + (" is excused and covered" if tried else ""))
    return out
