# SPDX-License-Identifier: Apache-2.0
"""Both ways round: buckets, repositories, keys, queues, log groups and alarms."""
import json

from botocore.exceptions import ClientError

from both_ways import ACCOUNT, READ, REGION, BothWays, boto_tags, client, own, pairs

TAGS = {"Name": "both", "Team": "ml"}


def everybody(action, resource):
    """A policy that lets the own account in."""
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "own", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": action,
         "Resource": resource}]}


def key():
    return client("kms").create_key()["KeyMetadata"]["KeyId"]


class Buckets(BothWays):
    def setUp(self):
        super().setUp()
        self.s3 = client("s3")

    def read(self, i):
        s3 = self.s3
        ownership = s3.get_bucket_ownership_controls(Bucket=i)["OwnershipControls"]["Rules"][0]
        block = s3.get_public_access_block(Bucket=i)["PublicAccessBlockConfiguration"]
        rule = s3.get_bucket_encryption(Bucket=i)["ServerSideEncryptionConfiguration"]["Rules"][0]
        aged = s3.get_bucket_lifecycle_configuration(Bucket=i)
        return {
            "name": s3.head_bucket(Bucket=i) and i, "versioning": s3.get_bucket_versioning(Bucket=i)["Status"],
            "object_ownership": ownership["ObjectOwnership"], "block_public_acls": block["BlockPublicAcls"],
            "ignore_public_acls": block["IgnorePublicAcls"], "block_public_policy": block["BlockPublicPolicy"],
            "restrict_public_buckets": block["RestrictPublicBuckets"],
            "sse_algorithm": rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
            "kms_master_key_id": rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
            "bucket_key_enabled": rule["BucketKeyEnabled"],
            "blocked_encryption_types": rule["BlockedEncryptionTypes"]["EncryptionType"],
            "transition_default_minimum_object_size": aged["TransitionDefaultMinimumObjectSize"],
            "lifecycle_rules": aged["Rules"], "policy": json.loads(s3.get_bucket_policy(Bucket=i)["Policy"]),
            "tags": pairs(s3.get_bucket_tagging(Bucket=i)["TagSet"])}

    def test_bucket(self):
        kms_key, name = key(), "both-ways-of-buckets"
        policy = everybody("s3:GetObject", f"arn:aws:s3:::{name}/*")
        rules = [
            {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""},
             "Transitions": [{"Days": 30, "StorageClass": "INTELLIGENT_TIERING"}],
             "NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 2}],
             "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
             "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
            {"ID": "logs", "Status": "Disabled", "Expiration": {"Days": 365},
             "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "kind", "Value": "log"}], "ObjectSizeGreaterThan": 1024}}},
            {"ID": "markers", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}},
             "Expiration": {"ExpiredObjectDeleteMarker": True}}]
        in_spec = [
            {"id": "all", "status": "Enabled", "filter": {"prefix": ""},
             "transitions": [{"days": "30d", "storage_class": "INTELLIGENT_TIERING"}],
             "noncurrent_version_transitions": [{"noncurrent_days": "7d", "storage_class": "GLACIER",
                                                 "newer_noncurrent_versions": 2}],
             "noncurrent_version_expiration": {"noncurrent_days": "90d", "newer_noncurrent_versions": 3},
             "abort_incomplete_multipart_upload": {"days_after_initiation": "2d"}},
            {"id": "logs", "status": "Disabled", "expiration": {"days": "365d"},
             "filter": {"and": {"prefix": "logs/", "tags": {"kind": "log"}, "object_size_greater_than": "1KiB"}}},
            {"id": "markers", "status": "Enabled", "filter": {"tag": {"key": "a", "value": "b"}},
             "expiration": {"expired_object_delete_marker": True}}]

        def make():
            s3 = self.s3
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION},
                             ObjectOwnership="BucketOwnerPreferred")
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
                "BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False})
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [{
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key},
                "BucketKeyEnabled": True, "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]})
            s3.put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": rules},
                TransitionDefaultMinimumObjectSize="varies_by_storage_class")
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": boto_tags(TAGS)})
            return name

        def read(i):
            seen = self.read(i)
            self.assertEqual(sorted(seen["lifecycle_rules"], key=lambda r: r["ID"]), rules)
            return {**seen, "lifecycle_rules": in_spec}
        self.both_ways("aws.s3.bucket", {
            "name": name, "object_lock_enabled": False, "force_destroy": True, "versioning": "Enabled",
            "object_ownership": "BucketOwnerPreferred", "block_public_acls": True, "ignore_public_acls": False,
            "block_public_policy": True, "restrict_public_buckets": False, "sse_algorithm": "aws:kms",
            "kms_master_key_id": kms_key, "bucket_key_enabled": True, "blocked_encryption_types": ["SSE-C"],
            "lifecycle_rules": in_spec, "transition_default_minimum_object_size": "varies_by_storage_class",
            "policy": policy, "tags": TAGS}, make, read, unseen=("object_lock_enabled", "force_destroy"))

    def test_plain_bucket(self):
        """Nothing but the name: what the cloud has by itself is no change."""
        def make():
            self.s3.create_bucket(Bucket="both-ways", CreateBucketConfiguration={"LocationConstraint": REGION})
            return "both-ways"
        self.both_ways("aws.s3.bucket", {"name": "both-ways"}, make,
                       lambda i: {"name": self.s3.head_bucket(Bucket=i) and i})


class Registries(BothWays):
    def test_repository(self):
        ecr, kms_key, name = client("ecr"), key(), "team/training"
        rules = {"rules": [{"rulePriority": 1, "description": "untagged", "action": {"type": "expire"}, "selection": {
            "tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3}}]}
        policy = everybody("ecr:BatchGetImage", None)
        del policy["Statement"][0]["Resource"]

        def make():
            ecr.create_repository(
                repositoryName=name, imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
                imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev*"}],
                imageScanningConfiguration={"scanOnPush": True},
                encryptionConfiguration={"encryptionType": "KMS", "kmsKey": kms_key}, tags=boto_tags(TAGS))
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(rules))
            ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
            return name

        def read(i):
            one = ecr.describe_repositories(repositoryNames=[i])["repositories"][0]
            return {
                "name": one["repositoryName"], "image_tag_mutability": one["imageTagMutability"],
                "image_tag_mutability_exclusion_filters": [
                    {"filter_type": f["filterType"], "filter": f["filter"]}
                    for f in one["imageTagMutabilityExclusionFilters"]],
                "scan_on_push": one["imageScanningConfiguration"]["scanOnPush"],
                "encryption_type": one["encryptionConfiguration"]["encryptionType"],
                "kms_key": one["encryptionConfiguration"]["kmsKey"],
                "lifecycle_policy": json.loads(ecr.get_lifecycle_policy(repositoryName=i)["lifecyclePolicyText"]),
                "policy": json.loads(ecr.get_repository_policy(repositoryName=i)["policyText"]),
                "tags": pairs(ecr.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"])}
        self.both_ways("aws.ecr.repository", {
            "name": name, "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
            "image_tag_mutability_exclusion_filters": [{"filter_type": "WILDCARD", "filter": "dev*"}], "scan_on_push": True,
            "encryption_type": "KMS", "kms_key": kms_key, "lifecycle_policy": rules, "policy": policy,
            "force_destroy": True, "tags": TAGS}, make, read, unseen=("force_destroy",))


class Keys(BothWays):
    def read(self, i, keys):
        kms = client("kms")
        one = kms.describe_key(KeyId=i)["KeyMetadata"]
        rotation = kms.get_key_rotation_status(KeyId=i) if one["KeySpec"] == "SYMMETRIC_DEFAULT" else {}
        seen = {
            "description": one["Description"], "key_usage": one["KeyUsage"], "key_spec": one["KeySpec"],
            "origin": one["Origin"], "multi_region": one["MultiRegion"], "enabled": one["Enabled"],
            "custom_key_store_id": one.get("CustomKeyStoreId"), "xks_key_id": one.get("XksKeyConfiguration", {}).get("Id"),
            "policy": json.loads(kms.get_key_policy(KeyId=i, PolicyName="default")["Policy"]),
            "rotation": rotation.get("KeyRotationEnabled"),
            "rotation_period": f"{rotation.get('RotationPeriodInDays')}d",
            "aliases": sorted(a["AliasName"] for a in kms.list_aliases(KeyId=i)["Aliases"]),
            "tags": pairs(kms.list_resource_tags(KeyId=i)["Tags"], "TagKey", "TagValue")}
        return {name: seen[name] for name in keys}

    def case(self, properties, make, unseen=("deletion_window",)):
        keys = [name for name in properties if name not in unseen]
        self.both_ways("aws.kms.key", properties, make, lambda i: self.read(i, keys), unseen)

    def test_key(self):
        kms, policy = client("kms"), everybody("kms:*", "*")

        def make():
            i = kms.create_key(Description="artifacts", MultiRegion=True, Policy=json.dumps(policy),
                               Tags=boto_tags(TAGS, "TagKey", "TagValue"))["KeyMetadata"]["KeyId"]
            kms.enable_key_rotation(KeyId=i, RotationPeriodInDays=180)
            for alias in ("alias/one", "alias/two"):
                kms.create_alias(AliasName=alias, TargetKeyId=i)
            return i
        self.case({"description": "artifacts", "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT",
                   "origin": "AWS_KMS", "multi_region": True, "policy": policy, "rotation": True, "rotation_period": "180d",
                   "enabled": True, "deletion_window": "7d", "aliases": ["alias/one", "alias/two"], "tags": TAGS}, make)

    def test_signing_key_that_is_off(self):
        kms = client("kms")

        def make():
            i = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
            kms.disable_key(KeyId=i)
            return i
        self.case({"key_usage": "SIGN_VERIFY", "key_spec": "ECC_NIST_P256", "enabled": False}, make)

    def test_key_outside(self):
        self.case({"origin": "EXTERNAL_KEY_STORE", "custom_key_store_id": "cks-0123456789abcdef0", "xks_key_id": "outer"},
                  lambda: client("kms").create_key(Origin="EXTERNAL_KEY_STORE", CustomKeyStoreId="cks-0123456789abcdef0",
                                                   XksKeyId="outer")["KeyMetadata"]["KeyId"])


class Queues(BothWays):
    def setUp(self):
        super().setUp()
        self.sqs = client("sqs")

    def read(self, i, keys):
        a = self.sqs.get_queue_attributes(QueueUrl=i, AttributeNames=["All"])["Attributes"]

        def document(name):
            return json.loads(a[name]) if a.get(name) else None
        redrive, allow = document("RedrivePolicy") or {}, document("RedriveAllowPolicy") or {}
        seen = {
            "name": a["QueueArn"].split(":")[-1], "fifo_queue": a.get("FifoQueue") == "true",
            "visibility_timeout": a["VisibilityTimeout"] + "s", "maximum_message_size": f"{int(a['MaximumMessageSize']) // 1024}KiB",
            "message_retention_period": a["MessageRetentionPeriod"] + "s", "delay_seconds": a["DelaySeconds"] + "s",
            "receive_message_wait_time_seconds": a["ReceiveMessageWaitTimeSeconds"] + "s",
            "content_based_deduplication": a.get("ContentBasedDeduplication") == "true",
            "deduplication_scope": a.get("DeduplicationScope"), "fifo_throughput_limit": a.get("FifoThroughputLimit"),
            "sqs_managed_sse_enabled": a["SqsManagedSseEnabled"] == "true", "kms_master_key_id": a.get("KmsMasterKeyId"),
            "kms_data_key_reuse_period_seconds": a.get("KmsDataKeyReusePeriodSeconds", "") + "s", "policy": document("Policy"),
            "redrive_policy": {"dead_letter_target_arn": redrive.get("deadLetterTargetArn"),
                               "max_receive_count": redrive.get("maxReceiveCount")},
            "redrive_allow_policy": {"redrive_permission": allow.get("redrivePermission"),
                                     "source_queue_arns": allow.get("sourceQueueArns")},
            "tags": own(self.sqs.list_queue_tags(QueueUrl=i).get("Tags", {}))}
        return {name: seen[name] for name in keys}

    def case(self, properties, attributes, tags):
        self.both_ways("aws.sqs.queue", properties, lambda: self.sqs.create_queue(
            QueueName=properties["name"], Attributes=attributes, tags=tags)["QueueUrl"],
            lambda i: self.read(i, properties))

    def test_queue(self):
        dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        dead = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        kms_key, policy = key(), everybody("sqs:SendMessage", "*")
        self.case(
            {"name": "work", "visibility_timeout": "60s", "maximum_message_size": "64KiB", "message_retention_period": "3600s",
             "delay_seconds": "5s", "receive_message_wait_time_seconds": "20s", "kms_master_key_id": kms_key,
             "kms_data_key_reuse_period_seconds": "600s", "policy": policy,
             "redrive_policy": {"dead_letter_target_arn": dead, "max_receive_count": 4},
             "redrive_allow_policy": {"redrive_permission": "byQueue", "source_queue_arns": [dead]}, "tags": TAGS},
            {"VisibilityTimeout": "60", "MaximumMessageSize": "65536", "MessageRetentionPeriod": "3600", "DelaySeconds": "5",
             "ReceiveMessageWaitTimeSeconds": "20", "KmsMasterKeyId": kms_key, "KmsDataKeyReusePeriodSeconds": "600",
             "Policy": json.dumps(policy),
             "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 4}),
             "RedriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [dead]})}, TAGS)

    def test_fifo_queue(self):
        self.case(
            {"name": "work.fifo", "fifo_queue": True, "content_based_deduplication": True, "deduplication_scope": "messageGroup",
             "fifo_throughput_limit": "perMessageGroupId", "sqs_managed_sse_enabled": True},
            {"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup",
             "FifoThroughputLimit": "perMessageGroupId", "SqsManagedSseEnabled": "true"}, {})


class Watching(BothWays):
    def test_log_group(self):
        logs, name = client("logs"), "/both/ways"
        arn = client("kms").create_key()["KeyMetadata"]["Arn"]

        def make():
            logs.create_log_group(logGroupName=name, logGroupClass="INFREQUENT_ACCESS", kmsKeyId=arn,
                                  deletionProtectionEnabled=False, tags=TAGS)
            logs.put_retention_policy(logGroupName=name, retentionInDays=14)
            return name

        def read(i):
            one = logs.describe_log_groups(logGroupNamePrefix=i)["logGroups"][0]
            return {"name": one["logGroupName"], "class": one["logGroupClass"], "retention": f"{one['retentionInDays']}d",
                    "kms_key": one["kmsKeyId"], "deletion_protection": one["deletionProtectionEnabled"],
                    "tags": own(logs.list_tags_for_resource(resourceArn=one["logGroupArn"])["tags"])}
        self.both_ways("aws.logs.group", {"name": name, "class": "INFREQUENT_ACCESS", "retention": "14d", "kms_key": arn,
                                          "deletion_protection": False, "tags": TAGS}, make, read)

    def read_alarm(self, i, keys):
        watch = client("cloudwatch")
        one = watch.describe_alarms(AlarmNames=[i])["MetricAlarms"][0]
        names = {"Id": "id", "Expression": "expression", "Label": "label", "ReturnData": "return_data", "AccountId": "account_id"}
        metrics = []
        for metric in one.get("Metrics", []):
            query = {names[k]: v for k, v in metric.items() if k in names}
            if "Period" in metric:
                query["period"] = f"{metric['Period']}s"
            if "MetricStat" in metric:
                stat = metric["MetricStat"]
                query["metric_stat"] = {
                    "metric_name": stat["Metric"]["MetricName"], "namespace": stat["Metric"]["Namespace"],
                    "dimensions": pairs(stat["Metric"]["Dimensions"], "Name"), "period": f"{stat['Period']}s",
                    "stat": stat["Stat"], "unit": stat["Unit"]}
            metrics.append(query)
        seen = {
            "name": one["AlarmName"], "description": one.get("AlarmDescription"), "actions_enabled": one["ActionsEnabled"],
            "alarm_actions": one.get("AlarmActions"), "ok_actions": one.get("OKActions"),
            "insufficient_data_actions": one.get("InsufficientDataActions"), "metric_name": one.get("MetricName"),
            "namespace": one.get("Namespace"), "dimensions": pairs(one.get("Dimensions", []), "Name"),
            "statistic": one.get("Statistic"), "extended_statistic": one.get("ExtendedStatistic"),
            "period": f"{one.get('Period')}s", "unit": one.get("Unit"), "evaluation_periods": one.get("EvaluationPeriods"),
            "datapoints_to_alarm": one.get("DatapointsToAlarm"), "threshold": one.get("Threshold"),
            "threshold_metric_id": one.get("ThresholdMetricId"), "comparison_operator": one.get("ComparisonOperator"),
            "treat_missing_data": one["TreatMissingData"], "metrics": metrics,
            "evaluate_low_sample_count_percentile": one.get("EvaluateLowSampleCountPercentile"),
            "tags": pairs(watch.list_tags_for_resource(ResourceARN=one["AlarmArn"])["Tags"])}
        return {name: seen[name] for name in keys}

    def alarm(self, properties, **arguments):
        def make():
            client("cloudwatch").put_metric_alarm(AlarmName=properties["name"], **arguments)
            return properties["name"]
        self.both_ways("aws.cloudwatch.alarm", properties, make, lambda i: self.read_alarm(i, properties))

    def test_alarm(self):
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
        self.alarm(
            {"name": "idle", "description": "nothing to do", "actions_enabled": False, "alarm_actions": [topic + "a"],
             "ok_actions": [topic + "b"], "insufficient_data_actions": [topic + "c"], "metric_name": "CPUUtilization",
             "namespace": "AWS/EC2", "dimensions": {"InstanceId": "i-0123456789abcdef0"}, "statistic": "Average",
             "period": "300s", "unit": "Percent", "evaluation_periods": 3, "datapoints_to_alarm": 2, "threshold": 5.5,
             "comparison_operator": "LessThanThreshold", "treat_missing_data": "breaching", "tags": TAGS},
            AlarmDescription="nothing to do", ActionsEnabled=False, AlarmActions=[topic + "a"], OKActions=[topic + "b"],
            InsufficientDataActions=[topic + "c"], MetricName="CPUUtilization", Namespace="AWS/EC2",
            Dimensions=[{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}], Statistic="Average", Period=300,
            Unit="Percent", EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=5.5, ComparisonOperator="LessThanThreshold",
            TreatMissingData="breaching", Tags=boto_tags(TAGS))

    def test_alarm_of_a_percentile(self):
        self.alarm(
            {"name": "slow", "metric_name": "Latency", "namespace": "Own/Serving", "extended_statistic": "p99", "period": "60s",
             "evaluation_periods": 1, "threshold": 2.0, "comparison_operator": "GreaterThanThreshold",
             "evaluate_low_sample_count_percentile": "ignore"},
            MetricName="Latency", Namespace="Own/Serving", ExtendedStatistic="p99", Period=60, EvaluationPeriods=1,
            Threshold=2.0, ComparisonOperator="GreaterThanThreshold", EvaluateLowSampleCountPercentile="ignore")

    def test_alarm_of_metrics(self):
        self.alarm(
            {"name": "band", "evaluation_periods": 2, "comparison_operator": "LessThanLowerOrGreaterThanUpperThreshold",
             "threshold_metric_id": "band", "metrics": [
                 {"id": "band", "expression": "ANOMALY_DETECTION_BAND(m, 2)", "label": "expected", "return_data": True},
                 {"id": "m", "return_data": True, "metric_stat": {
                     "metric_name": "GPUUtilization", "namespace": "Own/Training", "dimensions": {"Job": "first"},
                     "period": "60s", "stat": "Average", "unit": "Percent"}}]},
            EvaluationPeriods=2, ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold", ThresholdMetricId="band",
            Metrics=[
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)", "Label": "expected", "ReturnData": True},
                {"Id": "m", "ReturnData": True, "MetricStat": {
                    "Metric": {"MetricName": "GPUUtilization", "Namespace": "Own/Training",
                               "Dimensions": [{"Name": "Job", "Value": "first"}]},
                    "Period": 60, "Stat": "Average", "Unit": "Percent"}}])
