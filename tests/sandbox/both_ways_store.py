# SPDX-License-Identifier: Apache-2.0
"""Both ways round: what identities, registries and stores are made of besides roles and buckets."""
import base64
import hashlib
import json

from both_ways import ACCOUNT, REGION, BothWays, boto_tags, client, pairs

TAGS = {"Name": "both", "Team": "ml"}
GITHUB = "token.actions.githubusercontent.com"
OPEN = {"Version": "2012-10-17", "Statement": [
    {"Sid": "own", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "ecr:*", "Resource": "*"}]}
# What no answer shows: tests/e2e/test_store_types.py has them made, changed and deleted.
EXCUSED = {
    "aws.ssm.parameter": dict.fromkeys(("secret_value", "kms_key_id"), "an adopted SecureString's value is not known"),
    "aws.secretsmanager.secret": {"secret_string": "an adopted secret's value is not known",
                                  "block_public_policy": "no answer shows it"},
}


def kms_key():
    return client("kms").create_key()["KeyMetadata"]["KeyId"]


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
            return {"url": "https://" + one["Url"], "client_ids": sorted(one["ClientIDList"]), "thumbprints": one["ThumbprintList"],
                    "tags": pairs(one["Tags"])}
        self.both_ways("aws.iam.oidc_provider", {
            "url": f"https://{GITHUB}", "client_ids": ["other", "sts.amazonaws.com"], "thumbprints": prints, "tags": TAGS}, make, read)


    def test_service_linked_role(self):
        iam, name = client("iam"), "AWSServiceRoleForspot_own"

        def make():
            iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com", CustomSuffix="own", Description="machines")
            iam.tag_role(RoleName=name, Tags=boto_tags(TAGS))
            return name

        def read(i):
            role = iam.get_role(RoleName=i)["Role"]
            self.assertEqual(role["RoleName"], name)
            return {"service": role["Path"].split("/")[2], "description": role["Description"], "tags": pairs(role["Tags"])}
        self.both_ways("aws.iam.service_linked_role", {
            "service": "spot.amazonaws.com", "custom_suffix": "own", "description": "machines", "tags": TAGS}, make, read,
            unseen=("custom_suffix",))

    def test_grant(self):
        kms = client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        who = f"arn:aws:iam::{ACCOUNT}:role/worker"

        def grant(spec, **more):
            wire = {"name": "Name", "operations": "Operations", "grantee_principal": "GranteePrincipal", "retiring_principal": "RetiringPrincipal",
                    "grantee_service_principal": "GranteeServicePrincipal", "retiring_service_principal": "RetiringServicePrincipal"}
            inner = {"encryption_context_equals": "EncryptionContextEquals", "encryption_context_subset": "EncryptionContextSubset",
                     "source_arn": "SourceArn"}

            def make():
                limits = {inner[n]: v for n, v in spec.get("constraints", {}).items()}
                made = kms.create_grant(KeyId=key, **{wire[n]: v for n, v in spec.items() if n in wire},
                                        **({"Constraints": limits} if limits else {}))["GrantId"]
                return f"{key}:{made}"

            def read(i):
                one = kms.list_grants(KeyId=key, GrantId=i.split(":")[1])["Grants"][0]
                self.assertTrue(one["KeyId"].endswith(key))
                return {"key": key, **{n: one[w] for n, w in wire.items() if w in one},
                        **({"constraints": {n: one["Constraints"][w] for n, w in inner.items() if w in one["Constraints"]}}
                           if "Constraints" in one else {})}
            self.both_ways("aws.kms.grant", {"key": key, **spec}, make, read)
        grant({"name": "work", "grantee_principal": who, "retiring_principal": who, "operations": ["Decrypt", "GenerateDataKey"],
               "constraints": {"encryption_context_equals": {"a": "b"}, "encryption_context_subset": {"c": "d"},
                               "source_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}})
        grant({"name": "serve", "grantee_service_principal": "dynamodb.us-west-2.amazonaws.com", "operations": ["Decrypt"],
               "retiring_service_principal": "dynamodb.us-west-2.amazonaws.com"})


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

    TIERS = [{"Id": "cold", "Filter": {"Prefix": "old/"}, "Status": "Enabled",
              "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}, {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]}]
    TIERS_IN_SPEC = [{"id": "cold", "filter": {"prefix": "old/"}, "tierings": [
        {"access_tier": "ARCHIVE_ACCESS", "days": "90d"}, {"access_tier": "DEEP_ARCHIVE_ACCESS", "days": "180d"}]}]

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
            s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={
                "EventBridgeConfiguration": {}, **{m: [one] for m, one, _ in wires.values()}})
            for rule in self.TIERS:
                s3.put_bucket_intelligent_tiering_configuration(Bucket=name, Id=rule["Id"], IntelligentTieringConfiguration=rule)
            s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": self.ROLE, "Rules": self.RULES})
            return name

        def read(i):
            seen = s3.get_bucket_notification_configuration(Bucket=i)
            for member, one, _ in wires.values():
                self.assertEqual(seen[member], [one])
            self.assertEqual(seen["EventBridgeConfiguration"], {})
            tiers = s3.list_bucket_intelligent_tiering_configurations(Bucket=i)["IntelligentTieringConfigurationList"]
            self.assertEqual(tiers, self.TIERS)
            copies = s3.get_bucket_replication(Bucket=i)["ReplicationConfiguration"]
            self.assertEqual(copies["Rules"], self.RULES)
            self.assertEqual(s3.get_bucket_logging(Bucket=i)["LoggingEnabled"], log)
            return {**wanted, "replication_role": copies["Role"], "name": i}
        wanted = {"name": name, "versioning": "Enabled", "event_bridge": True, "intelligent_tiering": self.TIERS_IN_SPEC,
                  "replication_role": self.ROLE, "replication_rules": self.IN_SPEC,
                  "logging": {"target_bucket": "records", "target_prefix": "of/", "partition_date_source": "EventTime"},
                  **{prop: [spec] for prop, (_, _, spec) in wires.items()}}
        self.both_ways("aws.s3.bucket", wanted, make, read)

    def test_simple_prefix(self):
        s3 = client("s3")
        here = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
        s3.create_bucket(Bucket="records", **here)
        log = {"TargetBucket": "records", "TargetPrefix": "", "TargetObjectKeyFormat": {"SimplePrefix": {}}}

        def make():
            s3.create_bucket(Bucket=self.NAME, **here)
            s3.put_bucket_logging(Bucket=self.NAME, BucketLoggingStatus={"LoggingEnabled": log})
            return self.NAME

        def read(i):
            self.assertEqual(s3.get_bucket_logging(Bucket=i)["LoggingEnabled"], log)
            return {"name": i, "logging": {"target_bucket": "records", "simple_prefix": True}}
        self.both_ways("aws.s3.bucket", {"name": self.NAME, "logging": {"target_bucket": "records", "simple_prefix": True}}, make, read)


class Objects(BothWays):
    def test_object(self):
        s3 = client("s3")
        s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": REGION})
        key = client("kms").create_key()["KeyMetadata"]["KeyId"]
        body = "#!/bin/sh\necho hello\n"
        wire = {"content_type": "ContentType", "cache_control": "CacheControl", "content_disposition": "ContentDisposition",
                "content_encoding": "ContentEncoding", "content_language": "ContentLanguage", "storage_class": "StorageClass",
                "website_redirect_location": "WebsiteRedirectLocation", "server_side_encryption": "ServerSideEncryption",
                "kms_key_id": "SSEKMSKeyId", "bucket_key_enabled": "BucketKeyEnabled", "metadata": "Metadata"}
        wanted = {"content_type": "text/x-shellscript", "cache_control": "no-cache", "content_disposition": "inline", "content_encoding": "identity",
                  "content_language": "en", "storage_class": "STANDARD_IA", "website_redirect_location": "/other", "server_side_encryption": "aws:kms",
                  "kms_key_id": key, "bucket_key_enabled": True, "metadata": {"owner": "ml", "run": "1"}}

        def make():
            s3.put_object(Bucket="things", Key="scripts/run it.sh", Body=body.encode(), ChecksumAlgorithm="SHA256",
                          **{wire[name]: value for name, value in wanted.items()})
            s3.put_object_tagging(Bucket="things", Key="scripts/run it.sh", Tagging={"TagSet": boto_tags(TAGS)})
            return "things/scripts/run it.sh"

        def read(i):
            bucket, name = i.split("/", 1)
            one = s3.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
            self.assertEqual(one["ChecksumSHA256"], base64.b64encode(hashlib.sha256(body.encode()).digest()).decode())
            return {"bucket": bucket, "key": name, "content": body, **{n: one[w] for n, w in wire.items()},
                    "tags": pairs(s3.get_object_tagging(Bucket=bucket, Key=name)["TagSet"])}
        self.both_ways("aws.s3.object", {"bucket": "things", "key": "scripts/run it.sh", "content": body, "tags": TAGS, **wanted}, make, read)


class Parameters(BothWays):
    WIRE = {"name": "Name", "kind": "Type", "data_type": "DataType", "description": "Description", "allowed_pattern": "AllowedPattern",
            "tier": "Tier"}

    def setUp(self):
        super().setUp()
        self.ssm = client("ssm")

    def seen(self, i, *names):
        one = self.ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [i]}])["Parameters"][0]
        return {**{n: one[self.WIRE[n]] for n in names},
                "tags": pairs(self.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=i)["TagList"])}

    def test_plain(self):
        spec = {"name": "/both/plain", "kind": "StringList", "data_type": "text", "description": "plain", "allowed_pattern": "^[a-z,]+$",
                "tier": "Standard", "value": "a,b"}

        def make():
            self.ssm.put_parameter(Value="a,b", Tags=boto_tags(TAGS), **{w: spec[n] for n, w in self.WIRE.items()})
            return spec["name"]
        self.both_ways("aws.ssm.parameter", {**spec, "tags": TAGS}, make, lambda i: {
            **self.seen(i, *self.WIRE), "value": self.ssm.get_parameter(Name=i)["Parameter"]["Value"]})

    def test_document(self):
        ssm = self.ssm
        text = json.dumps({"schemaVersion": "2.2", "description": "d", "mainSteps": [
            {"action": "aws:runShellScript", "name": "it", "inputs": {"runCommand": ["date"]}}]})
        wire = {"name": "Name", "document_type": "DocumentType", "document_format": "DocumentFormat", "target_type": "TargetType",
                "display_name": "DisplayName", "version_name": "VersionName"}
        spec = {"name": "both-ways", "document_type": "Command", "document_format": "JSON", "target_type": "/AWS::EC2::Instance",
                "display_name": "both", "version_name": "first"}

        def make():
            ssm.create_document(Content=text, Tags=boto_tags(TAGS), **{wire[n]: v for n, v in spec.items()})
            ssm.modify_document_permission(Name="both-ways", PermissionType="Share", AccountIdsToAdd=["210987654321"])
            return "both-ways"

        def read(i):
            one = ssm.describe_document(Name=i)["Document"]
            whole = ssm.get_document(Name=i, DocumentVersion="$DEFAULT")
            return {"name": one["Name"], "document_type": one["DocumentType"], "target_type": one["TargetType"],
                    "document_format": whole["DocumentFormat"], "display_name": whole["DisplayName"], "version_name": whole["VersionName"],
                    "content": whole["Content"], "tags": pairs(one["Tags"]),
                    "shared_with": ssm.describe_document_permission(Name=i, PermissionType="Share")["AccountIds"]}
        self.both_ways("aws.ssm.document", {**spec, "content": text, "shared_with": ["210987654321"], "tags": TAGS}, make, read)


class Secrets(BothWays):
    def test_secret(self):
        secrets, key = client("secretsmanager"), client("kms").create_key()["KeyMetadata"]["KeyId"]
        policy = {"Version": "2012-10-17", "Statement": [{"Sid": "own", "Effect": "Allow", "Resource": "*", "Action": "secretsmanager:GetSecretValue",
                                                          "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}

        def make():
            arn = secrets.create_secret(Name="both/login", Description="a login", KmsKeyId=key, Tags=boto_tags(TAGS))["ARN"]
            secrets.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps(policy), BlockPublicPolicy=True)
            return arn

        def read(i):
            one = secrets.describe_secret(SecretId=i)
            self.assertEqual(secrets.describe_secret(SecretId="both/login")["ARN"], i)
            return {"name": one["Name"], "description": one["Description"], "kms_key_id": one["KmsKeyId"], "tags": pairs(one["Tags"]),
                    "policy": json.loads(secrets.get_resource_policy(SecretId=i)["ResourcePolicy"])}
        self.both_ways("aws.secretsmanager.secret", {
            "name": "both/login", "description": "a login", "kms_key_id": key, "policy": policy, "deletion_window": "7d", "tags": TAGS},
            make, read, unseen=("deletion_window",))


class Tables(BothWays):
    def table(self, spec, wire, **more):
        db, name = client("dynamodb"), "both.ways"
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"

        def make():
            db.create_table(TableName=name, Tags=boto_tags(TAGS), **wire)
            if "ttl_attribute" in spec:
                db.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": spec["ttl_attribute"]})
            if "point_in_time_recovery" in spec:
                db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7})
            if "policy" in spec:
                db.put_resource_policy(ResourceArn=arn, Policy=json.dumps(spec["policy"]))
            return name

        def read(i):
            one = db.describe_table(TableName=i)["Table"]
            for member, value in wire.items():
                if member in ("AttributeDefinitions", "KeySchema", "ProvisionedThroughput", "OnDemandThroughput", "StreamSpecification"):
                    self.assertEqual(one[member], value)
            self.assertEqual([{k: v for k, v in index.items() if k in wire["GlobalSecondaryIndexes"][0]} for index in one["GlobalSecondaryIndexes"]],
                             wire["GlobalSecondaryIndexes"])
            for index in wire.get("LocalSecondaryIndexes", []):
                self.assertEqual({k: v for k, v in one["LocalSecondaryIndexes"][0].items() if k in index}, index)
            out = {**spec, "name": i, "tags": pairs(db.list_tags_of_resource(ResourceArn=arn)["Tags"]),
                   "billing_mode": one.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
                   "table_class": one["TableClassSummary"]["TableClass"], "deletion_protection": one["DeletionProtectionEnabled"]}
            if "ttl_attribute" in spec:
                out["ttl_attribute"] = db.describe_time_to_live(TableName=i)["TimeToLiveDescription"]["AttributeName"]
            if "point_in_time_recovery" in spec:
                state = db.describe_continuous_backups(TableName=i)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
                self.assertEqual((state["PointInTimeRecoveryStatus"], state["RecoveryPeriodInDays"]), ("ENABLED", 7))
            if "policy" in spec:
                out["policy"] = json.loads(db.get_resource_policy(ResourceArn=arn)["Policy"])
            return out
        self.both_ways("aws.dynamodb.table", {"name": name, "tags": TAGS, "deletion_protection": False, **spec}, make, read)

    def test_provisioned(self):
        attributes = {"run": "S", "at": "N", "owner": "S"}
        key = kms_key()
        policy = {"Version": "2012-10-17", "Statement": [{"Sid": "own", "Effect": "Allow", "Action": "dynamodb:GetItem",
                                                          "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/both.ways",
                                                          "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}
        self.table({
            "attributes": [{"name": n, "type": t} for n, t in attributes.items()],
            "key_schema": [{"name": "run", "key_type": "HASH"}, {"name": "at", "key_type": "RANGE"}], "billing_mode": "PROVISIONED",
            "read_capacity": 2, "write_capacity": 1, "table_class": "STANDARD_INFREQUENT_ACCESS", "stream_view_type": "NEW_IMAGE",
            "sse_type": "KMS", "kms_master_key_id": key, "ttl_attribute": "until", "point_in_time_recovery": True, "recovery_period": "7d",
            "policy": policy,
            "local_secondary_indexes": [{"name": "by-owner", "key_schema": [{"name": "run", "key_type": "HASH"}, {"name": "owner", "key_type": "RANGE"}],
                                         "projection": "INCLUDE", "non_key_attributes": ["state"]}],
            "global_secondary_indexes": [{"name": "owners", "key_schema": [{"name": "owner", "key_type": "HASH"}], "projection": "KEYS_ONLY",
                                          "read_capacity": 1, "write_capacity": 1}]
        }, {"AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in attributes.items()],
            "KeySchema": [{"AttributeName": "run", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1},
            "TableClass": "STANDARD_INFREQUENT_ACCESS", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            "LocalSecondaryIndexes": [{"IndexName": "by-owner", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]}, "KeySchema": [
                {"AttributeName": "run", "KeyType": "HASH"}, {"AttributeName": "owner", "KeyType": "RANGE"}]}],
            "GlobalSecondaryIndexes": [{"IndexName": "owners", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                                        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}]})

    def test_on_demand(self):
        self.table({
            "attributes": [{"name": "run", "type": "S"}], "key_schema": [{"name": "run"}], "billing_mode": "PAY_PER_REQUEST",
            "max_read_request_units": 100, "max_write_request_units": 50, "table_class": "STANDARD",
            "global_secondary_indexes": [{"name": "again", "key_schema": [{"name": "run"}], "projection": "INCLUDE", "non_key_attributes": ["a", "b"]}]
        }, {"AttributeDefinitions": [{"AttributeName": "run", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "run", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
            "GlobalSecondaryIndexes": [{"IndexName": "again", "KeySchema": [{"AttributeName": "run", "KeyType": "HASH"}],
                                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]}}]})
