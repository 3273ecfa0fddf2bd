# SPDX-License-Identifier: Apache-2.0
"""users' wish 12: what a cloud would answer 4xx to, long into an apply, and what can be known without it.
Each case is one such cause; `validate` must refuse it with the code, the place and the words given here,
and send nothing (there is no network to send it to: the address is nobody's)."""
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
HEAD = "llmforge: 1\nstack: lab\nprovider: aws\nregion: us-west-2\n"
TRUST = '{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}'
MACHINE = "ec2.instance, image: ami-0123456789abcdef0, instance_type: g5.xlarge, subnet: subnet-0123456789abcdef0"
ALARM = "cloudwatch.alarm, name: a, namespace: AWS/EC2, metric_name: CPUUtilization, statistic: Average, threshold: 1.0"

def hex_noise(length):
    """Text that compresses to no less than half."""
    return "".join(hashlib.sha256(str(i).encode()).hexdigest() for i in range(length // 64))



def it(text):
    return HEAD + "resources:\n  it: {type: aws." + text + "}\n"


def machines(text):
    return HEAD + "network: {cidr: 10.1.0.0/16}\nmachines: {m: {type: [g5.xlarge], image: {name: x, owner: amazon}, " + text + "}}\n"


# cause: (spec, code, words of the message)
CAUSES = {
    "a bucket's name with capitals": (it("s3.bucket, name: My-Bucket"), "LF0213", "My-Bucket"),
    "a bucket's name too short": (it("s3.bucket, name: ab"), "LF0213", "3 to 63"),
    "a bucket's name too long": (it("s3.bucket, name: " + "a" * 64), "LF0213", "3 to 63"),
    "a bucket's name like an address": (it('s3.bucket, name: "192.168.5.4"'), "LF0213", "no IP address"),
    "a bucket's name with two dots": (it("s3.bucket, name: a..b"), "LF0213", "two dots"),
    "a network too large": (it("ec2.vpc, cidr: 10.0.0.0/8"), "LF0213", "/16 to /28"),
    "a network too small": (it("ec2.vpc, cidr: 10.0.0.0/29"), "LF0213", "/16 to /28"),
    "bits behind the prefix": (it("ec2.vpc, cidr: 10.0.0.1/16"), "LF0204", "behind its prefix"),
    "no range of addresses": (it("ec2.vpc, cidr: 10.0.0.300/16"), "LF0204", "no range of addresses"),
    "host names without DNS": (it("ec2.vpc, cidr: 10.0.0.0/16, dns_support: false, dns_hostnames: true"), "LF0213", "dns_support"),
    "a subnet too small": (it("ec2.subnet, vpc: vpc-0123456789abcdef0, cidr: 10.0.0.0/30"), "LF0213", "/16 to /28"),
    "a subnet in a subnet": (it("ec2.subnet, vpc: subnet-0123456789abcdef0, cidr: 10.0.0.0/24"), "LF0213", "begin with `vpc-`"),
    "a zone of another region": (it("ec2.subnet, vpc: vpc-0123456789abcdef0, cidr: 10.0.0.0/24, zone: eu-central-1a"), "LF0213", "begin with the region"),
    "subnets that overlap": (HEAD + "network: {cidr: 10.1.0.0/16, subnets: [10.1.0.0/24, 10.1.0.128/25]}\n", "LF0214", "overlaps"),
    "a subnet outside of its network": (HEAD + "network: {cidr: 10.1.0.0/16, subnets: [10.2.0.0/24]}\n", "LF0214", "outside"),
    "no such machine type": (machines("market: spot").replace("g5.xlarge", "g5.xlrge"), "LF0231", "did you mean `g5.xlarge`"),
    "no such market": (machines("market: sport"), "LF0204", "spot, on-demand"),
    "a disk without a unit": (machines("disk: 200"), "LF0204", "no unit"),
    "a disk too large": (machines("disk: 100TiB"), "LF0213", "1GiB to 64TiB"),
    "no image's id": (it(MACHINE.replace("ami-0123456789abcdef0", "img-1")), "LF0213", "img-1"),
    "too many hops": (it(MACHINE + ", http_put_response_hop_limit: 65"), "LF0213", "65, more than 64"),
    "a spot price of a machine that is not spot": (it(MACHINE + ', spot_max_price: "0.5"'), "LF0213", "market: spot"),
    "user data too long": (it(MACHINE + ", user_data: " + hex_noise(40000)), "LF0213", "16384"),
    "two routes to one range": (it("ec2.route_table, vpc: vpc-0123456789abcdef0, routes: [{destination: 0.0.0.0/0, gateway: igw-0123456789abcdef0}, "
                                   "{destination: 0.0.0.0/0, gateway: igw-0123456789abcdef1}]"), "LF0215", "twice"),
    "a group's name": (it("ec2.security_group, vpc: vpc-0123456789abcdef0, name: sg-mine, description: x"), "LF0213", "sg-"),
    "a group's description": (it('ec2.security_group, vpc: vpc-0123456789abcdef0, name: mine, description: "na\u00efve"'), "LF0213", "pattern"),
    "a port beyond the last": (it("ec2.security_group, vpc: vpc-0123456789abcdef0, name: mine, description: x, ingress: "
                                  "[{protocol: tcp, from_port: 70000, to_port: 65535, cidr: 0.0.0.0/0}]"), "LF0213", "65535"),
    "ports the wrong way round": (it("ec2.security_group, vpc: vpc-0123456789abcdef0, name: mine, description: x, ingress: "
                                     "[{protocol: tcp, from_port: 80, to_port: 22, cidr: 0.0.0.0/0}]"), "LF0213", "below `from_port`"),
    "a repository's name with capitals": (it("ecr.repository, name: Training"), "LF0213", "Training"),
    "a role's name too long": (it(f"iam.role, name: {'r' * 65}, trust: {TRUST}"), "LF0213", "1 to 64"),
    "a role's name with a blank": (it(f'iam.role, name: "my role", trust: {TRUST}'), "LF0213", "my role"),
    "a session too long": (it(f"iam.role, name: r, trust: {TRUST}, max_session_duration: 13h"), "LF0213", "more than 12h"),
    "a queue that hides too long": (it("sqs.queue, name: q, visibility_timeout: 13h"), "LF0213", "more than 12h"),
    "a queue that forgets at once": (it("sqs.queue, name: q, message_retention_period: 10s"), "LF0213", "less than 1m"),
    "a queue's name": (it('sqs.queue, name: "q q"'), "LF0213", "q q"),
    "a FIFO queue's name": (it("sqs.queue, name: jobs, fifo_queue: true"), "LF0213", ".fifo"),
    "an alarm's period": (it(ALARM + ", period: 45s, evaluation_periods: 1, comparison_operator: GreaterThanThreshold"), "LF0213", "whole minutes"),
    "an alarm's comparison": (it(ALARM + ", period: 60s, evaluation_periods: 1, comparison_operator: More"), "LF0204", "GreaterThanThreshold"),
    "an alarm that never looks": (it(ALARM + ", period: 60s, evaluation_periods: 0, comparison_operator: GreaterThanThreshold"), "LF0213", "less than 1"),
    "days that logs are not kept": (it("logs.group, name: l, retention: 8d"), "LF0213", "one of 1, 3, 5, 7"),
    "a log group's name": (it('logs.group, name: "a b"'), "LF0213", "a b"),
    "a key gone too soon": (it("kms.key, description: d, deletion_window: 3d"), "LF0213", "less than 7d"),
    "an alias of AWS's own": (it("kms.key, description: d, aliases: [alias/aws/mine]"), "LF0213", "alias/aws/"),
    "a tag's key too long": (it("sqs.queue, name: q, tags: {%s: y}" % ("k" * 129)), "LF0213", "longer than 128"),
    "a tag's value too long": (it("sqs.queue, name: q, tags: {k: %s}" % ("v" * 257)), "LF0213", "longer than 256"),
}


class Causes(unittest.TestCase):
    def test_each(self):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        with tempfile.TemporaryDirectory() as folder:
            for cause, (spec, code, words) in CAUSES.items():
                with self.subTest(cause):
                    with open(os.path.join(folder, "spec.yaml"), "w", encoding="utf-8") as out:
                        out.write(spec)
                    done = subprocess.run([BINARY, "validate", "spec.yaml"], cwd=folder, env=environment, capture_output=True,
                                          text=True, timeout=60, check=False)
                    self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                    self.assertIn(f"error[{code}]", done.stderr)
                    self.assertIn(words, done.stderr)
                    self.assertRegex(done.stderr, r"--> spec\.yaml:\d+:\d+")
                    self.assertLessEqual(len(re.findall(r"^error\[", done.stderr, re.M)), 2, done.stderr)
                    self.assertEqual(os.listdir(folder), ["spec.yaml"])
        self.assertGreaterEqual(len(CAUSES), 40)


if __name__ == "__main__":
    unittest.main(verbosity=1)
