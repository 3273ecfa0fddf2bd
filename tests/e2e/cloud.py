# SPDX-License-Identifier: Apache-2.0
"""The tests' AWS: one moto server, its control door, and what boto3 finds in it."""
import json
import pathlib
import subprocess
import sys
import urllib.request

import boto3
import botocore.config

PEERS = pathlib.Path(__file__).parents[1] / "peers"
# Access keys of AWS's documentation, as tests/peers/moto_app.py knows them, with their accounts.
KEYS = {
    "own": ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    "other": ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"),
}
ACCOUNTS = {"own": "123456789012", "other": "210987654321"}


# Of these the reference platform has more than one, without GitHub and mail: the trainer's role and the
# watchdog's; log groups of setup, training, container and watchdog; alarms of runtime and of the watchdog.
SEVERAL = {"buckets": 2, "roles": 2, "log_groups": 4, "alarms": 2}


def nothing_doubled(counts):
    """Whether there is of each kind what the reference platform has."""
    return all(n == SEVERAL.get(kind, 1) for kind, n in counts.items())


class Cloud:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, PEERS / "moto_app.py"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self._clients = {}

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, what, method="GET", value=None):
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/_llmforge/{what}", data=body, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def reset(self):
        self.control("reset", "POST")

    def faults(self, *faults):
        self.control("faults", "POST", faults)

    def requests(self):
        """What llmforge sent: everything but boto3's own calls."""
        return [e for e in self.control("requests")["requests"] if not e["agent"].startswith("Boto3")]

    def forget_requests(self):
        self.control("requests", "DELETE")

    def mutations(self):
        """Names of the changing calls that llmforge sent."""
        reads = ("Describe", "Get", "List", "Head", "BatchGet")
        return [e["action"] for e in self.requests() if not e["operation"].startswith(reads)]

    def verbs(self):
        """The same without the services' names."""
        return [action.split(":")[-1] for action in self.mutations()]

    def client(self, service, region="us-west-2", who="own"):
        key = (service, region, who)
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service, region_name=region, endpoint_url=self.url, aws_access_key_id=KEYS[who][0],
                aws_secret_access_key=KEYS[who][1],
                config=botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))
        return self._clients[key]

    def inventory(self, region="us-west-2", who="own"):
        """Everything there is, by kind, but for what an account has by itself. IAM is global; of the
        buckets those of the region."""
        ec2 = self.client("ec2", region, who)
        s3, iam = self.client("s3", region, who), self.client("iam", region, who)
        vpcs = {v["VpcId"]: v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]}
        tables = [t for t in ec2.describe_route_tables()["RouteTables"] if t["VpcId"] in vpcs]
        kms = self.client("kms", region, who)
        # The account's own key for disks comes with the first encrypted one; moto calls it a customer's.
        managed = {a.get("TargetKeyId") for a in kms.list_aliases()["Aliases"] if a["AliasName"].startswith("alias/aws/")}
        keys = [kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in kms.list_keys()["Keys"]
                if k["KeyId"] not in managed]
        return {
            "vpcs": list(vpcs.values()),
            "subnets": [s for s in ec2.describe_subnets()["Subnets"] if s["VpcId"] in vpcs],
            "gateways": ec2.describe_internet_gateways()["InternetGateways"],
            "route_tables": [t for t in tables if not any(a.get("Main") for a in t["Associations"])],
            "security_groups": [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"],
            "instances": [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]
                          if i["State"]["Name"] != "terminated"],
            "volumes": [v for v in ec2.describe_volumes()["Volumes"] if v["State"] != "deleted"],
            "buckets": [b["Name"] for b in s3.list_buckets()["Buckets"] if self.region_of(b["Name"], who) == region],
            "repositories": self.client("ecr", region, who).describe_repositories()["repositories"],
            "roles": iam.list_roles()["Roles"],
            "policies": iam.list_policies(Scope="Local")["Policies"],
            "profiles": iam.list_instance_profiles()["InstanceProfiles"],
            "alarms": self.client("cloudwatch", region, who).describe_alarms()["MetricAlarms"],
            "log_groups": self.client("logs", region, who).describe_log_groups()["logGroups"],
            "keys": [k for k in keys if k["KeyState"] != "PendingDeletion"],
            "queues": self.client("sqs", region, who).list_queues().get("QueueUrls", []),
            "topics": self.client("sns", region, who).list_topics()["Topics"],
            "subscriptions": self.client("sns", region, who).list_subscriptions()["Subscriptions"],
            "functions": self.client("lambda", region, who).list_functions()["Functions"],
            "rules": self.client("events", region, who).list_rules()["Rules"],
            "dashboards": self.client("cloudwatch", region, who).list_dashboards()["DashboardEntries"],
            "budgets": self.client("budgets", "us-east-1", who).describe_budgets(AccountId=ACCOUNTS[who]).get("Budgets", []),
            "issuers": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
            "key_pairs": ec2.describe_key_pairs()["KeyPairs"],
        }

    def counts(self, region="us-west-2", who="own"):
        """How many of each kind there are; kinds without any are left out."""
        return {kind: len(items) for kind, items in self.inventory(region, who).items() if items}

    def region_of(self, bucket, who="own"):
        return self.client("s3", who=who).get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"

    def bucket_named(self, part, region="us-west-2"):
        """The only bucket of the region with `part` in its name."""
        found = [b for b in self.inventory(region)["buckets"] if part in b]
        assert len(found) == 1, found
        return found[0]

    def only(self, kind, region="us-west-2"):
        items = self.inventory(region)[kind]
        assert len(items) == 1, f"{kind}: {items}"
        return items[0]


def tags(thing):
    """The tags of what boto3 answered, as a dict."""
    return {t.get("Key", t.get("TagKey")): t.get("Value", t.get("TagValue"))
            for t in thing.get("Tags", thing.get("TagSet", []))}
