# SPDX-License-Identifier: Apache-2.0
"""Both ways round: roles, profiles and policies."""
import json

from both_ways import READ, TRUST, BothWays, boto_tags, client, pairs

TAGS = {"Name": "both", "Team": "ml"}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}]}


class Iam(BothWays):
    def setUp(self):
        super().setUp()
        self.iam = client("iam")

    def test_role(self):
        iam = self.iam
        bound = iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]
        policies = sorted([bound, "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"])

        def make():
            iam.create_role(RoleName="trainer", Path="/ml/", AssumeRolePolicyDocument=json.dumps(TRUST), Description="trains",
                            MaxSessionDuration=7200, PermissionsBoundary=bound, Tags=boto_tags(TAGS))
            for name, document in (("read", READ), ("write", WRITE)):
                iam.put_role_policy(RoleName="trainer", PolicyName=name, PolicyDocument=json.dumps(document))
            for policy in policies:
                iam.attach_role_policy(RoleName="trainer", PolicyArn=policy)
            return "trainer"

        def read(i):
            role = iam.get_role(RoleName=i)["Role"]
            return {
                "name": role["RoleName"], "path": role["Path"], "trust": role["AssumeRolePolicyDocument"],
                "description": role["Description"], "max_session_duration": f"{role['MaxSessionDuration']}s",
                "permissions_boundary": role["PermissionsBoundary"]["PermissionsBoundaryArn"], "tags": pairs(role["Tags"]),
                "inline_policies": [
                    {"name": n, "document": iam.get_role_policy(RoleName=i, PolicyName=n)["PolicyDocument"]}
                    for n in sorted(iam.list_role_policies(RoleName=i)["PolicyNames"])],
                "policies": sorted(p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=i)["AttachedPolicies"])}
        self.both_ways("aws.iam.role", {
            "name": "trainer", "path": "/ml/", "trust": TRUST, "description": "trains", "max_session_duration": "7200s",
            "permissions_boundary": bound, "policies": policies, "tags": TAGS,
            "inline_policies": [{"name": "read", "document": READ}, {"name": "write", "document": WRITE}]}, make, read)

    def test_instance_profile(self):
        iam = self.iam
        iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=json.dumps(TRUST))

        def make():
            iam.create_instance_profile(InstanceProfileName="trainer", Path="/ml/", Tags=boto_tags(TAGS))
            iam.add_role_to_instance_profile(InstanceProfileName="trainer", RoleName="trainer")
            return "trainer"

        def read(i):
            one = iam.get_instance_profile(InstanceProfileName=i)["InstanceProfile"]
            return {"name": one["InstanceProfileName"], "path": one["Path"], "role": one["Roles"][0]["RoleName"],
                    "tags": pairs(one["Tags"])}
        self.both_ways("aws.iam.instance_profile", {"name": "trainer", "path": "/ml/", "role": "trainer", "tags": TAGS},
                       make, read)

    def test_policy(self):
        iam = self.iam

        def make():
            arn = iam.create_policy(PolicyName="data", Path="/ml/", Description="the data", PolicyDocument=json.dumps(WRITE),
                                    Tags=boto_tags(TAGS))["Policy"]["Arn"]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ), SetAsDefault=True)
            return arn

        def read(i):
            one = iam.get_policy(PolicyArn=i)["Policy"]
            version = iam.get_policy_version(PolicyArn=i, VersionId=one["DefaultVersionId"])["PolicyVersion"]
            return {"name": one["PolicyName"], "path": one["Path"], "description": one["Description"],
                    "policy": version["Document"], "tags": pairs(one["Tags"])}
        self.both_ways("aws.iam.policy", {"name": "data", "path": "/ml/", "description": "the data", "policy": READ,
                                          "tags": TAGS}, make, read)
