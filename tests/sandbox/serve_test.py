# SPDX-License-Identifier: Apache-2.0
"""`llmforge sandbox` as a user starts it: boto3 works with the lines that it shows, the cloud outlives a
kill, wrong keys are refused.

    serve_test.py LLMFORGE [unittest arguments]
"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BINARY = os.path.abspath(sys.argv.pop(1))


class Serve(unittest.TestCase):
    def start(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        server = subprocess.Popen([BINARY, "sandbox", "--listen", "127.0.0.1:0", *arguments], env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        url = server.stdout.readline().strip()
        shown = {}
        while len(shown) < 3:
            line = server.stderr.readline()
            self.assertTrue(line, "the server ended")
            if line.startswith("  export "):
                name, value = line.removeprefix("  export ").strip().split("=", 1)
                shown[name] = value
        self.assertEqual(shown.pop("AWS_ENDPOINT_URL"), url)
        return server, url, shown

    def client(self, service, url, keys):
        return boto3.client(service, region_name="us-west-2", endpoint_url=url,
                            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
                            config=Config(retries={"max_attempts": 1, "mode": "standard"}))

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_it_keeps_its_cloud(self):
        kept = os.path.join(self.folder.name, "cloud")
        server, url, keys = self.start("--data", kept)
        vpc = self.client("ec2", url, keys).create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        server.send_signal(signal.SIGKILL)
        server.wait()
        server, url, keys = self.start("--data", kept)
        ec2 = self.client("ec2", url, keys)
        self.assertEqual(ec2.describe_vpcs()["Vpcs"][0]["VpcId"], vpc)
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        with self.assertRaisesRegex(ClientError, "DependencyViolation"):
            ec2.delete_vpc(VpcId=vpc)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
        server.send_signal(signal.SIGINT)
        self.assertIn(server.wait(10), (130, -signal.SIGINT))

    def test_wrong_keys(self):
        _, url, keys = self.start()
        with self.assertRaisesRegex(ClientError, "SignatureDoesNotMatch"):
            self.client("sqs", url, {**keys, "AWS_SECRET_ACCESS_KEY": "x"}).list_queues()
        with self.assertRaisesRegex(ClientError, "InvalidClientTokenId"):
            self.client("sqs", url, {**keys, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}).list_queues()


if __name__ == "__main__":
    unittest.main()
