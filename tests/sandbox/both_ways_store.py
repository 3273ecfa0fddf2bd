# SPDX-License-Identifier: Apache-2.0
"""Both ways round: what identities, registries and stores are made of besides roles and buckets."""
import json

from both_ways import ACCOUNT, REGION, BothWays, boto_tags, client, pairs

TAGS = {"Name": "both", "Team": "ml"}
GITHUB = "token.actions.githubusercontent.com"
OPEN = {"Version": "2012-10-17", "Statement": [
    {"Sid": "own", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "ecr:*", "Resource": "*"}]}


class Identities(BothWays):
    def test_oidc_provider(self):
        iam = client("iam")
        prints = ["990f4193972f2becf12ddeda5237f9c952f20d9e"]

        def make():
            return iam.create_open_id_connect_provider(
                Url=f"https://{GITHUB}", ClientIDList=["other", "sts.amazonaws.com"], ThumbprintList=prints,
                Tags=boto_tags(TAGS))["OpenIDConnectProviderArn"]

        def read(i):
            one = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=i)
            self.assertEqual(i, f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}")
            return {"url": "https://" + i.split("/", 1)[1], "client_ids": sorted(one["ClientIDList"]), "thumbprints": one["ThumbprintList"],
                    "tags": pairs(one["Tags"])}
        self.both_ways("aws.iam.oidc_provider", {
            "url": f"https://{GITHUB}", "client_ids": ["other", "sts.amazonaws.com"], "thumbprints": prints, "tags": TAGS}, make, read)


class Registry(BothWays):
    def setUp(self):
        super().setUp()
        self.ecr = client("ecr")

    def test_pull_through_cache_rule(self):
        ecr = self.ecr
        secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf"
        wire = {"prefix": "ecrRepositoryPrefix", "upstream_registry_url": "upstreamRegistryUrl", "upstream_registry": "upstreamRegistry",
                "upstream_repository_prefix": "upstreamRepositoryPrefix", "credential_arn": "credentialArn", "custom_role_arn": "customRoleArn"}
        wanted = {"prefix": "hub", "upstream_registry_url": "registry-1.docker.io", "upstream_registry": "docker-hub",
                  "upstream_repository_prefix": "library", "credential_arn": secret, "custom_role_arn": f"arn:aws:iam::{ACCOUNT}:role/pull"}

        def make():
            ecr.create_pull_through_cache_rule(**{wire[name]: value for name, value in wanted.items()})
            return "hub"

        def read(i):
            one = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=[i])["pullThroughCacheRules"][0]
            return {name: one[member] for name, member in wire.items()}
        self.both_ways("aws.ecr.pull_through_cache_rule", wanted, make, read)

    def test_registry_policy(self):
        ecr = self.ecr

        def make():
            return ecr.put_registry_policy(policyText=json.dumps(OPEN))["registryId"]

        def read(i):
            return {"policy": json.loads(ecr.get_registry_policy()["policyText"])}
        self.both_ways("aws.ecr.registry_policy", {"policy": OPEN}, make, read)


class BucketParts(BothWays):
    """What a bucket does with its objects and tells of them."""
    NAME = "both-ways-of-parts"
    ROLE = f"arn:aws:iam::{ACCOUNT}:role/copy"
    RULES = [{"ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"And": {"Prefix": "runs/", "Tags": [{"Key": "keep", "Value": "yes"}]}},
              "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}, "ReplicaModifications": {"Status": "Disabled"}},
              "ExistingObjectReplication": {"Status": "Enabled"}, "DeleteMarkerReplication": {"Status": "Disabled"},
              "Destination": {"Bucket": "arn:aws:s3:::copies", "Account": "210987654321", "StorageClass": "STANDARD_IA",
                              "AccessControlTranslation": {"Owner": "Destination"},
                              "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"},
                              "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                              "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}},
             {"ID": "small", "Priority": 2, "Status": "Disabled", "Filter": {"Prefix": "small/"},
              "DeleteMarkerReplication": {"Status": "Enabled"}, "Destination": {"Bucket": "arn:aws:s3:::copies"}}]
    IN_SPEC = [{"id": "all", "priority": 1, "filter": {"and": {"prefix": "runs/", "tags": {"keep": "yes"}}},
                "sse_kms_encrypted_objects": "Enabled", "replica_modifications": "Disabled", "existing_object_replication": "Enabled",
                "destination": {"bucket": "arn:aws:s3:::copies", "account": "210987654321", "storage_class": "STANDARD_IA",
                                "owner": "Destination", "replica_kms_key_id": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
                                "replication_time": {"time": "15m"}, "metrics": {"event_threshold": "15m"}}},
               {"id": "small", "priority": 2, "status": "Disabled", "filter": {"prefix": "small/"}, "delete_marker_replication": "Enabled",
                "destination": {"bucket": "arn:aws:s3:::copies"}}]

    def told(self, target, key):
        one = {"Id": "made", key: target, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
               "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "runs/"}, {"Name": "suffix", "Value": ".json"}]}}}
        spec = {"id": "made", "target": target, "events": one["Events"],
                "filter_rules": [{"name": "prefix", "value": "runs/"}, {"name": "suffix", "value": ".json"}]}
        return one, spec

    def test_parts(self):
        s3, name = client("s3"), self.NAME
        here = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
        s3.create_bucket(Bucket="records", **here)
        log = {"TargetBucket": "records", "TargetPrefix": "of/", "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}
        arn = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"
        wires = {"topic_notifications": ("TopicConfigurations", *self.told(arn.format("sns", "t"), "TopicArn")),
                 "queue_notifications": ("QueueConfigurations", *self.told(arn.format("sqs", "q"), "QueueArn")),
                 "function_notifications": ("LambdaFunctionConfigurations", *self.told(arn.format("lambda", "function:f"), "LambdaFunctionArn"))}

        def make():
            s3.create_bucket(Bucket=name, **here)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": log})
            s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={m: [one] for m, one, _ in wires.values()})
            s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": self.ROLE, "Rules": self.RULES})
            return name

        def read(i):
            seen = s3.get_bucket_notification_configuration(Bucket=i)
            for member, one, _ in wires.values():
                self.assertEqual(seen[member], [one])
            copies = s3.get_bucket_replication(Bucket=i)["ReplicationConfiguration"]
            self.assertEqual(copies["Rules"], self.RULES)
            self.assertEqual(s3.get_bucket_logging(Bucket=i)["LoggingEnabled"], log)
            return {**wanted, "replication_role": copies["Role"], "name": i}
        wanted = {"name": name, "versioning": "Enabled", "replication_role": self.ROLE, "replication_rules": self.IN_SPEC,
                  "logging": {"target_bucket": "records", "target_prefix": "of/", "partition_date_source": "EventTime"},
                  **{prop: [spec] for prop, (_, _, spec) in wires.items()}}
        self.both_ways("aws.s3.bucket", wanted, make, read)
