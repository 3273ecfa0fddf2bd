# SPDX-License-Identifier: Apache-2.0
"""Both ways round: topics and subscriptions, functions, rules, schedules, budgets, dashboards, metric filters, trails."""
import base64
import datetime
import hashlib
import json

from both_ways import ACCOUNT, REGION, BothWays, boto_tags, client, own, pairs
from both_ways_data import TAGS, everybody, key

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:told"
# An archive of nothing: the 22 bytes of an empty zip.
ARCHIVE = b"PK\x05\x06" + bytes(18)

EXCUSED = {
    "aws.lambda.function": {
        "s3_bucket": "no answer shows where the archive came from", "s3_key": "the same", "s3_object_version": "the same",
        "code_signing_config": "it is not read: the call fails for images",
    },
}


class Topics(BothWays):
    def setUp(self):
        super().setUp()
        self.sns = client("sns")

    def read(self, i):
        a = self.sns.get_topic_attributes(TopicArn=i)["Attributes"]
        out = {"name": a["TopicArn"].split(":")[-1], "display_name": a["DisplayName"], "policy": json.loads(a["Policy"]),
               "kms_key": a["KmsMasterKeyId"], "tags": pairs(self.sns.list_tags_for_resource(ResourceArn=i)["Tags"]),
               "signature_version": int(a["SignatureVersion"]), "tracing_config": a["TracingConfig"],
               "delivery_policy": json.loads(a["DeliveryPolicy"])}
        for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS"):
            low = protocol.lower()
            out[f"{low}_success_feedback_role"] = a[protocol + "SuccessFeedbackRoleArn"]
            out[f"{low}_failure_feedback_role"] = a[protocol + "FailureFeedbackRoleArn"]
            out[f"{low}_success_feedback_sample_rate"] = int(a[protocol + "SuccessFeedbackSampleRate"])
        return out

    def test_topic(self):
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:both-topic"
        policy, kms = everybody("sns:Publish", arn), key()
        deliver = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 3}}}
        feedback, properties = {}, {}
        for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS"):
            low = protocol.lower()
            feedback |= {protocol + "SuccessFeedbackRoleArn": ROLE, protocol + "FailureFeedbackRoleArn": ROLE,
                         protocol + "SuccessFeedbackSampleRate": "50"}
            properties |= {f"{low}_success_feedback_role": ROLE, f"{low}_failure_feedback_role": ROLE,
                           f"{low}_success_feedback_sample_rate": 50}

        def make():
            return self.sns.create_topic(Name="both-topic", Tags=boto_tags(TAGS), Attributes={
                "DisplayName": "Both", "Policy": json.dumps(policy), "KmsMasterKeyId": kms, "SignatureVersion": "2",
                "TracingConfig": "Active", "DeliveryPolicy": json.dumps(deliver), **feedback})["TopicArn"]

        self.both_ways("aws.sns.topic", {
            "name": "both-topic", "display_name": "Both", "policy": policy, "kms_key": kms, "signature_version": 2,
            "tracing_config": "Active", "delivery_policy": deliver, "tags": TAGS, **properties},
            make, self.read)

    def test_fifo_topic(self):
        def make():
            return self.sns.create_topic(Name="both.fifo", Attributes={
                "FifoTopic": "true", "ContentBasedDeduplication": "true", "FifoThroughputScope": "MessageGroup",
                "ArchivePolicy": json.dumps({"MessageRetentionPeriod": "30"})})["TopicArn"]

        def read(i):
            a = self.sns.get_topic_attributes(TopicArn=i)["Attributes"]
            return {"name": a["TopicArn"].split(":")[-1], "fifo_topic": a["FifoTopic"] == "true",
                    "content_based_deduplication": a["ContentBasedDeduplication"] == "true",
                    "fifo_throughput_scope": a["FifoThroughputScope"], "archive_policy": json.loads(a["ArchivePolicy"])}

        self.both_ways("aws.sns.topic", {
            "name": "both.fifo", "fifo_topic": True, "content_based_deduplication": True, "fifo_throughput_scope": "MessageGroup",
            "archive_policy": {"MessageRetentionPeriod": "30"}}, make, read)


class Subscriptions(BothWays):
    def setUp(self):
        super().setUp()
        self.sns = client("sns")
        self.topic = self.sns.create_topic(Name="told")["TopicArn"]

    def test_queue(self):
        def make():
            return self.sns.subscribe(TopicArn=self.topic, Protocol="firehose", Endpoint=f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s",
                                      ReturnSubscriptionArn=True, Attributes={
                "FilterPolicy": json.dumps({"kind": ["error"]}), "FilterPolicyScope": "MessageBody", "RawMessageDelivery": "true",
                "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 3}}), "SubscriptionRoleArn": ROLE,
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE}),
                "ReplayPolicy": json.dumps({"PointType": "Timestamp"})})["SubscriptionArn"]

        def read(i):
            a = self.sns.get_subscription_attributes(SubscriptionArn=i)["Attributes"]
            return {"topic": a["TopicArn"], "protocol": a["Protocol"], "endpoint": a["Endpoint"],
                    "filter_policy": json.loads(a["FilterPolicy"]), "filter_policy_scope": a["FilterPolicyScope"],
                    "raw_message_delivery": a["RawMessageDelivery"] == "true", "delivery_policy": json.loads(a["DeliveryPolicy"]),
                    "redrive_policy": json.loads(a["RedrivePolicy"]), "replay_policy": json.loads(a["ReplayPolicy"]),
                    "role": a["SubscriptionRoleArn"]}

        self.both_ways("aws.sns.subscription", {
            "topic": self.topic, "protocol": "firehose", "endpoint": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s",
            "filter_policy": {"kind": ["error"]}, "filter_policy_scope": "MessageBody", "raw_message_delivery": True,
            "delivery_policy": {"healthyRetryPolicy": {"numRetries": 3}}, "redrive_policy": {"deadLetterTargetArn": QUEUE},
            "replay_policy": {"PointType": "Timestamp"}, "role": ROLE}, make, read)

    def test_pending(self):
        """An address that nobody has confirmed: no drift, told as pending, and no obstacle to the end."""
        import pathlib
        import tempfile
        with tempfile.TemporaryDirectory() as self.folder:
            pathlib.Path(self.folder, "llmforge.yaml").write_text(json.dumps({
                "llmforge": 1, "stack": "pending", "provider": "aws", "region": REGION, "resources": {"mail": {
                    "type": "aws.sns.subscription", "topic": self.topic, "protocol": "email", "endpoint": "ops@example.com"}}}))
            self.llmforge("apply", "--auto-approve")
            told = self.llmforge("plan", "--detailed-exitcode")
            self.assertIn("pending", told)
            self.assertIn("its owner has to confirm the subscription", told)
            self.assertIn("no changes", told)
            shown = json.loads(self.llmforge("plan", "--format", "json"))
            self.assertEqual([r["pending"] for r in shown["resources"]], ["its owner has to confirm the subscription"])
            self.llmforge("destroy", "--auto-approve")
            self.assertEqual(self.llmforge("state", "list").strip(), "")


class Functions(BothWays):
    def setUp(self):
        super().setUp()
        self.lam = client("lambda")

    def read(self, i):
        whole = self.lam.get_function(FunctionName=i)
        c = whole["Configuration"]
        vpc, log = c["VpcConfig"], c["LoggingConfig"]
        statements = json.loads(self.lam.get_policy(FunctionName=i)["Policy"])["Statement"]

        def permission(s):
            who, when = s["Principal"], s.get("Condition", {})
            equal = when.get("StringEquals", {})
            out = {"statement_id": s["Sid"], "action": s["Action"],
                   "principal": who if isinstance(who, str) else who.get("Service", who.get("AWS")),
                   "source_arn": when.get("ArnLike", {}).get("AWS:SourceArn"), "source_account": equal.get("AWS:SourceAccount"),
                   "event_source_token": equal.get("lambda:EventSourceToken"), "principal_org_id": equal.get("aws:PrincipalOrgID"),
                   "function_url_auth_type": equal.get("lambda:FunctionUrlAuthType"),
                   "invoked_via_function_url": when.get("Bool", {}).get("lambda:InvokedViaFunctionUrl")}
            return {k: v for k, v in out.items() if v is not None}

        return {
            "name": c["FunctionName"], "package_type": c["PackageType"],
            "code": "${base64.decode('" + base64.b64encode(ARCHIVE).decode() + "')}"
                    if c["CodeSha256"] == base64.b64encode(hashlib.sha256(ARCHIVE).digest()).decode() else c["CodeSha256"],
            "source_kms_key": whole["Code"]["SourceKMSKeyArn"], "architectures": c["Architectures"], "role": c["Role"],
            "runtime": c["Runtime"], "handler": c["Handler"], "description": c["Description"], "timeout": f"{c['Timeout']}s",
            "memory_size": f"{c['MemorySize']}MiB", "ephemeral_storage": f"{c['EphemeralStorage']['Size']}MiB",
            "environment": c["Environment"]["Variables"], "kms_key": c["KMSKeyArn"], "tracing": c["TracingConfig"]["Mode"],
            "dead_letter_target": c["DeadLetterConfig"]["TargetArn"],
            "vpc": {"subnets": vpc["SubnetIds"], "security_groups": vpc["SecurityGroupIds"], "ipv6": vpc["Ipv6AllowedForDualStack"]},
            "layers": [layer["Arn"] for layer in c["Layers"]],
            "file_systems": [{"arn": f["Arn"], "local_mount_path": f["LocalMountPath"], "direct_s3_read": f["S3FilesConfig"]["DirectS3Read"]}
                             for f in c["FileSystemConfigs"]],
            "snap_start": c["SnapStart"]["ApplyOn"], "log_format": log["LogFormat"], "log_group": log["LogGroup"],
            "application_log_level": log["ApplicationLogLevel"], "system_log_level": log["SystemLogLevel"],
            "reserved_concurrency": whole["Concurrency"]["ReservedConcurrentExecutions"],
            "permissions": [permission(s) for s in statements], "tags": own(whole["Tags"])}

    def test_function(self):
        layer = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:tools:3"
        kms = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
        disk = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0"
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/hourly"

        def make():
            lam = self.lam
            lam.create_function(
                FunctionName="both", PackageType="Zip", Code={"ZipFile": ARCHIVE, "SourceKMSKeyArn": kms}, Architectures=["arm64"], Role=ROLE,
                Runtime="python3.12", Handler="main.handler", Description="both", Timeout=30, MemorySize=256, EphemeralStorage={"Size": 1024},
                Environment={"Variables": {"A": "b"}}, KMSKeyArn=kms, TracingConfig={"Mode": "Active"}, DeadLetterConfig={"TargetArn": QUEUE},
                VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": True}, Layers=[layer],
                FileSystemConfigs=[{"Arn": disk, "LocalMountPath": "/mnt/a", "S3FilesConfig": {"DirectS3Read": "AUTO"}}],
                SnapStart={"ApplyOn": "PublishedVersions"}, Tags=TAGS,
                LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO", "LogGroup": "/mine"})
            lam.put_function_concurrency(FunctionName="both", ReservedConcurrentExecutions=2)
            lam.add_permission(FunctionName="both", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
                               SourceArn=rule, SourceAccount=ACCOUNT)
            lam.add_permission(FunctionName="both", StatementId="org", Action="lambda:InvokeFunction", Principal="*",
                               PrincipalOrgID="o-0123456789", EventSourceToken="t")
            lam.add_permission(FunctionName="both", StatementId="url", Action="lambda:InvokeFunctionUrl", InvokedViaFunctionUrl=True,
                               Principal=f"arn:aws:iam::{ACCOUNT}:root", FunctionUrlAuthType="AWS_IAM")
            return "both"

        self.both_ways("aws.lambda.function", {
            "name": "both", "package_type": "Zip", "code": "${base64.decode('" + base64.b64encode(ARCHIVE).decode() + "')}",
            "source_kms_key": kms, "architectures": ["arm64"], "role": ROLE, "runtime": "python3.12", "handler": "main.handler",
            "description": "both", "timeout": "30s", "memory_size": "256MiB", "ephemeral_storage": "1024MiB", "environment": {"A": "b"},
            "kms_key": kms, "tracing": "Active", "dead_letter_target": QUEUE,
            "vpc": {"subnets": ["subnet-1"], "security_groups": ["sg-1"], "ipv6": True}, "layers": [layer],
            "file_systems": [{"arn": disk, "local_mount_path": "/mnt/a", "direct_s3_read": "AUTO"}], "snap_start": "PublishedVersions",
            "log_format": "JSON", "log_group": "/mine", "application_log_level": "WARN", "system_log_level": "INFO",
            "reserved_concurrency": 2, "tags": TAGS,
            "permissions": [
                {"statement_id": "rule", "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com", "source_arn": rule,
                 "source_account": ACCOUNT},
                {"statement_id": "org", "action": "lambda:InvokeFunction", "principal": "*", "event_source_token": "t",
                 "principal_org_id": "o-0123456789"},
                {"statement_id": "url", "action": "lambda:InvokeFunctionUrl", "principal": f"arn:aws:iam::{ACCOUNT}:root",
                 "function_url_auth_type": "AWS_IAM", "invoked_via_function_url": True}]},
            make, self.read)

    def test_image(self):
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/both:1"

        def make():
            self.lam.create_function(FunctionName="image", PackageType="Image", Code={"ImageUri": image}, Role=ROLE, ImageConfig={
                "EntryPoint": ["/run"], "Command": ["-v"], "WorkingDirectory": "/work"})
            return "image"

        def read(i):
            whole = self.lam.get_function(FunctionName=i)
            c, config = whole["Configuration"], whole["Configuration"]["ImageConfigResponse"]["ImageConfig"]
            return {"name": c["FunctionName"], "package_type": c["PackageType"], "role": c["Role"], "image_uri": whole["Code"]["ImageUri"],
                    "image_config": {"entry_point": config["EntryPoint"], "command": config["Command"],
                                     "working_directory": config["WorkingDirectory"]}}

        self.both_ways("aws.lambda.function", {
            "name": "image", "package_type": "Image", "role": ROLE, "image_uri": image,
            "image_config": {"entry_point": ["/run"], "command": ["-v"], "working_directory": "/work"}}, make, read)


class Rules(BothWays):
    def setUp(self):
        super().setUp()
        self.events = client("events")

    def test_rule(self):
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:both"
        targets = [
            {"Id": "function", "Arn": function, "Input": '{"a": 1}', "RoleArn": ROLE, "DeadLetterConfig": {"Arn": QUEUE},
             "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}},
            {"Id": "part", "Arn": function, "InputPath": "$.detail"},
            {"Id": "made", "Arn": function, "InputTransformer": {"InputPathsMap": {"x": "$.id"}, "InputTemplate": '"<x>"'}},
            {"Id": "queue", "Arn": QUEUE + ".fifo", "SqsParameters": {"MessageGroupId": "g"}},
            {"Id": "stream", "Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "KinesisParameters": {"PartitionKeyPath": "$.id"}}]
        in_spec = [
            {"id": "function", "arn": function, "input": {"a": 1}, "role": ROLE, "dead_letter_queue": QUEUE,
             "maximum_retry_attempts": 3, "maximum_event_age": "1h"},
            {"id": "part", "arn": function, "input_path": "$.detail"},
            {"id": "made", "arn": function, "input_transformer": {"input_paths": {"x": "$.id"}, "input_template": '"<x>"'}},
            {"id": "queue", "arn": QUEUE + ".fifo", "sqs_message_group_id": "g"},
            {"id": "stream", "arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "kinesis": {"partition_key_path": "$.id"}}]

        def make():
            self.events.put_rule(Name="both", ScheduleExpression="rate(1 hour)", EventPattern='{"source": ["aws.ec2"]}', State="DISABLED",
                                 Description="both", RoleArn=ROLE, Tags=boto_tags(TAGS))
            answer = self.events.put_targets(Rule="both", Targets=targets)
            self.assertEqual(answer["FailedEntryCount"], 0)
            return "default/both"

        def read(i):
            r = self.events.describe_rule(Name=i.split("/")[-1])
            shown = self.events.list_targets_by_rule(Rule=r["Name"])["Targets"]
            loose = lambda all: [{**t, "Input": json.loads(t["Input"])} if "Input" in t else t for t in all]
            return {"name": r["Name"], "event_bus": r["EventBusName"], "schedule": r["ScheduleExpression"], "state": r["State"],
                    "event_pattern": json.loads(r["EventPattern"]), "description": r["Description"], "role": r["RoleArn"],
                    "targets": in_spec if loose(shown) == loose(targets) else shown,
                    "tags": pairs(self.events.list_tags_for_resource(ResourceARN=r["Arn"])["Tags"])}

        self.both_ways("aws.events.rule", {
            "name": "both", "event_bus": "default", "schedule": "rate(1 hour)", "event_pattern": {"source": ["aws.ec2"]},
            "state": "DISABLED", "description": "both", "role": ROLE, "targets": in_spec, "tags": TAGS}, make, read)


class Schedules(BothWays):
    def test_schedule(self):
        scheduler = client("scheduler")
        start, end = (datetime.datetime(2030, m, 1, tzinfo=datetime.timezone.utc) for m in (1, 2))
        function, kms = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:both", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"

        def make():
            scheduler.create_schedule(
                Name="both", GroupName="default", Description="both", ScheduleExpression="rate(1 hour)", State="DISABLED",
                ScheduleExpressionTimezone="Europe/Berlin", StartDate=start, EndDate=end, KmsKeyArn=kms, ActionAfterCompletion="DELETE",
                FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
                Target={"Arn": function, "RoleArn": ROLE, "Input": '{"a": 1}', "DeadLetterConfig": {"Arn": QUEUE},
                        "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}})
            return "default/both"

        def read(i):
            s = scheduler.get_schedule(GroupName=i.split("/")[0], Name=i.split("/")[1])
            t = s["Target"]
            stamp = lambda d: d.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            return {"name": s["Name"], "group": s["GroupName"], "description": s["Description"], "expression": s["ScheduleExpression"],
                    "timezone": s["ScheduleExpressionTimezone"], "start": stamp(s["StartDate"]), "end": stamp(s["EndDate"]),
                    "state": s["State"], "kms_key": s["KmsKeyArn"], "action_after_completion": s["ActionAfterCompletion"],
                    "flexible_window": f"{s['FlexibleTimeWindow']['MaximumWindowInMinutes']}m", "window_mode": s["FlexibleTimeWindow"]["Mode"],
                    "target": {"arn": t["Arn"], "role": t["RoleArn"], "input": json.loads(t["Input"]),
                               "dead_letter_queue": t["DeadLetterConfig"]["Arn"], "maximum_event_age": f"{t['RetryPolicy']['MaximumEventAgeInSeconds'] // 3600}h",
                               "maximum_retry_attempts": t["RetryPolicy"]["MaximumRetryAttempts"]}}

        self.both_ways("aws.scheduler.schedule", {
            "name": "both", "group": "default", "description": "both", "expression": "rate(1 hour)", "timezone": "Europe/Berlin",
            "start": "2030-01-01T00:00:00Z", "end": "2030-02-01T00:00:00Z", "state": "DISABLED", "kms_key": kms,
            "action_after_completion": "DELETE", "flexible_window": "15m", "window_mode": "FLEXIBLE",
            "target": {"arn": function, "role": ROLE, "input": {"a": 1}, "dead_letter_queue": QUEUE, "maximum_event_age": "1h",
                       "maximum_retry_attempts": 3}}, make, read)


class Budgets(BothWays):
    def setUp(self):
        super().setUp()
        self.budgets = client("budgets")

    def notifications(self, name):
        out = []
        for n in self.budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=name)["Notifications"]:
            to = self.budgets.describe_subscribers_for_notification(AccountId=ACCOUNT, BudgetName=name, Notification=n)["Subscribers"]
            out.append({"type": n["NotificationType"], "comparison": n["ComparisonOperator"], "threshold": n["Threshold"],
                        "threshold_type": n["ThresholdType"], "subscribers": [{"type": s["SubscriptionType"], "address": s["Address"]} for s in to]})
        return out

    def test_costs(self):
        types = {"IncludeTax": True, "IncludeSubscription": True, "UseBlended": False, "IncludeRefund": False, "IncludeCredit": False,
                 "IncludeUpfront": True, "IncludeRecurring": True, "IncludeOtherSubscription": True, "IncludeSupport": True,
                 "IncludeDiscount": True, "UseAmortized": False}
        in_spec = {"".join("_" + c.lower() if c.isupper() else c for c in k)[1:]: v for k, v in types.items()}
        start, end = (datetime.datetime(2026, m, 1, tzinfo=datetime.timezone.utc) for m in (1, 12))
        view = f"arn:aws:billing::{ACCOUNT}:billingview/primary"
        mails = [{"type": "EMAIL", "address": "ops@example.com"}, {"type": "SNS", "address": TOPIC}]

        def make():
            b, told = self.budgets, [{"SubscriptionType": m["type"], "Address": m["address"]} for m in mails]
            b.create_budget(AccountId=ACCOUNT, ResourceTags=boto_tags(TAGS), Budget={
                "BudgetName": "both", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "200.505", "Unit": "USD"},
                "CostFilters": {"TagKeyValue": ["user:Project$lab"]}, "CostTypes": types, "TimePeriod": {"Start": start, "End": end},
                "BillingViewArn": view})
            for threshold in (80, 100):
                b.create_notification(AccountId=ACCOUNT, BudgetName="both", Subscribers=told if threshold == 80 else told[:1], Notification={
                    "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": threshold, "ThresholdType": "PERCENTAGE"})
            return "both"

        def read(i):
            b = self.budgets.describe_budget(AccountId=ACCOUNT, BudgetName=i)["Budget"]
            stamp = lambda d: d.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            arn = f"arn:aws:budgets::{ACCOUNT}:budget/{i}"
            return {"name": b["BudgetName"], "budget_type": b["BudgetType"], "time_unit": b["TimeUnit"],
                    "limit": f"{b['BudgetLimit']['Amount']} {b['BudgetLimit']['Unit']}", "cost_filters": b["CostFilters"],
                    "cost_types": in_spec if b["CostTypes"] == types else b["CostTypes"], "billing_view": b["BillingViewArn"],
                    "start": stamp(b["TimePeriod"]["Start"]), "end": stamp(b["TimePeriod"]["End"]), "notifications": self.notifications(i),
                    "tags": pairs(self.budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"])}

        self.both_ways("aws.budgets.budget", {
            "name": "both", "budget_type": "COST", "time_unit": "MONTHLY", "limit": "200.505 USD", "cost_filters": {"TagKeyValue": ["user:Project$lab"]},
            "cost_types": in_spec, "billing_view": view, "start": "2026-01-01T00:00:00Z", "end": "2026-12-01T00:00:00Z", "tags": TAGS,
            "notifications": [{"type": "ACTUAL", "comparison": "GREATER_THAN", "threshold": 80.0, "threshold_type": "PERCENTAGE", "subscribers": mails},
                              {"type": "ACTUAL", "comparison": "GREATER_THAN", "threshold": 100.0, "threshold_type": "PERCENTAGE",
                               "subscribers": mails[:1]}]}, make, read)

    def test_use(self):
        budget = {"BudgetName": "use", "BudgetType": "USAGE", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "20", "Unit": "GB"},
                  "FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon S3"]}}, "Metrics": ["UsageQuantity"]}

        def make():
            self.budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
            return "use"

        def read(i):
            b = self.budgets.describe_budget(AccountId=ACCOUNT, BudgetName=i, ShowFilterExpression=True)["Budget"]
            return {"name": i, "budget_type": b["BudgetType"], "usage_limit": {"amount": b["BudgetLimit"]["Amount"], "unit": b["BudgetLimit"]["Unit"]},
                    "filter_expression": b["FilterExpression"], "metrics": b["Metrics"]}

        self.both_ways("aws.budgets.budget", {
            "name": "use", "budget_type": "USAGE", "usage_limit": {"amount": "20", "unit": "GB"}, "metrics": ["UsageQuantity"],
            "filter_expression": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon S3"]}}}, make, read)

    def test_planned(self):
        limits = {"1767225600": {"Amount": "100", "Unit": "USD"}, "1769904000": {"Amount": "150.5", "Unit": "USD"}}

        def make():
            self.budgets.create_budget(AccountId=ACCOUNT, Budget={"BudgetName": "planned", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                                                                  "PlannedBudgetLimits": limits})
            return "planned"

        def read(i):
            b = self.budgets.describe_budget(AccountId=ACCOUNT, BudgetName=i)["Budget"]
            return {"name": i, "planned_limits": {k: f"{v['Amount']} {v['Unit']}" for k, v in b["PlannedBudgetLimits"].items()}}

        self.both_ways("aws.budgets.budget", {"name": "planned", "planned_limits": {"1767225600": "100 USD", "1769904000": "150.5 USD"}},
                       make, read)

    def test_adjusted(self):
        adjust = {"AutoAdjustType": "HISTORICAL", "HistoricalOptions": {"BudgetAdjustmentPeriod": 3}}

        def make():
            self.budgets.create_budget(AccountId=ACCOUNT, Budget={"BudgetName": "adjusted", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                                                                  "AutoAdjustData": adjust})
            return "adjusted"

        def read(i):
            b = self.budgets.describe_budget(AccountId=ACCOUNT, BudgetName=i)["Budget"]["AutoAdjustData"]
            return {"name": i, "auto_adjust": {"type": b["AutoAdjustType"], "adjustment_period": b["HistoricalOptions"]["BudgetAdjustmentPeriod"]}}

        self.both_ways("aws.budgets.budget", {"name": "adjusted", "auto_adjust": {"type": "HISTORICAL", "adjustment_period": 3}}, make, read)


class Graphs(BothWays):
    def test_dashboard(self):
        watch = client("cloudwatch")
        body = {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# both"}}]}

        def make():
            watch.put_dashboard(DashboardName="both", DashboardBody=json.dumps(body, indent=2))
            return "both"

        def read(i):
            d = watch.get_dashboard(DashboardName=i)
            return {"name": d["DashboardName"], "body": json.loads(d["DashboardBody"])}

        self.both_ways("aws.cloudwatch.dashboard", {"name": "both", "body": body}, make, read)

    def test_metric_filter(self):
        logs = client("logs")
        logs.create_log_group(logGroupName="/both/logs")

        def make():
            logs.put_metric_filter(logGroupName="/both/logs", filterName="errors-too", filterPattern="x", metricTransformations=[
                {"metricName": "Other", "metricNamespace": "Both", "metricValue": "1"}])
            logs.put_metric_filter(
                logGroupName="/both/logs", filterName="errors", filterPattern="{ $.level = \"ERROR\" }", applyOnTransformedLogs=True,
                fieldSelectionCriteria="@aws.region = \"us-west-2\"", emitSystemFieldDimensions=["@aws.account"],
                metricTransformations=[{"metricName": "Errors", "metricNamespace": "Both", "metricValue": "1", "defaultValue": 0.5,
                                        "dimensions": {"Level": "$.level"}, "unit": "Count"}])
            return "/both/logs:errors"

        def read(i):
            group, name = i.split(":")
            f = [f for f in logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)["metricFilters"] if f["filterName"] == name][0]
            t = f["metricTransformations"][0]
            return {"log_group": f["logGroupName"], "name": f["filterName"], "pattern": f["filterPattern"],
                    "apply_on_transformed_logs": f["applyOnTransformedLogs"], "field_selection_criteria": f["fieldSelectionCriteria"],
                    "emit_system_field_dimensions": f["emitSystemFieldDimensions"],
                    "transformation": {"metric_name": t["metricName"], "namespace": t["metricNamespace"], "value": t["metricValue"],
                                       "default_value": t["defaultValue"], "dimensions": t["dimensions"], "unit": t["unit"]}}

        self.both_ways("aws.logs.metric_filter", {
            "log_group": "/both/logs", "name": "errors", "pattern": "{ $.level = \"ERROR\" }", "apply_on_transformed_logs": True,
            "field_selection_criteria": "@aws.region = \"us-west-2\"", "emit_system_field_dimensions": ["@aws.account"],
            "transformation": {"metric_name": "Errors", "namespace": "Both", "value": "1", "default_value": 0.5,
                               "dimensions": {"Level": "$.level"}, "unit": "Count"}}, make, read)


class Trails(BothWays):
    def setUp(self):
        super().setUp()
        self.trail = client("cloudtrail")

    def read(self, i):
        t = self.trail.get_trail(Name=i)["Trail"]
        selected = self.trail.get_event_selectors(TrailName=i)
        insights = self.trail.get_insight_selectors(TrailName=i)["InsightSelectors"]
        out = {"name": t["Name"], "s3_bucket": t["S3BucketName"], "s3_key_prefix": t["S3KeyPrefix"], "sns_topic": t["SnsTopicARN"],
               "include_global_service_events": t["IncludeGlobalServiceEvents"], "multi_region": t["IsMultiRegionTrail"],
               "log_file_validation": t["LogFileValidationEnabled"], "log_group": t["CloudWatchLogsLogGroupArn"],
               "log_group_role": t["CloudWatchLogsRoleArn"], "kms_key": t["KmsKeyId"], "organization": t["IsOrganizationTrail"],
               "recursive_logging": t["RecursiveLogging"], "logging": self.trail.get_trail_status(Name=i)["IsLogging"],
               "insight_selectors": [{"type": s["InsightType"], "event_categories": s["EventCategories"]} for s in insights],
               "tags": pairs(self.trail.list_tags(ResourceIdList=[i])["ResourceTagList"][0]["TagsList"])}
        if selected.get("AdvancedEventSelectors"):
            out["advanced_event_selectors"] = [
                {"name": s["Name"], "field_selectors": [{"field": f["Field"], "equals": f["Equals"]} for f in s["FieldSelectors"]]}
                for s in selected["AdvancedEventSelectors"]]
        else:
            out["event_selectors"] = [
                {"read_write_type": s["ReadWriteType"], "include_management_events": s["IncludeManagementEvents"],
                 "data_resources": [{"type": d["Type"], "values": d["Values"]} for d in s["DataResources"]],
                 "exclude_management_event_sources": s["ExcludeManagementEventSources"]} for s in selected["EventSelectors"]]
        return out

    def both(self, boto_selectors, selectors):
        kms = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
        group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*"

        def make():
            t = self.trail
            arn = t.create_trail(
                Name="both", S3BucketName="logs-of-both", S3KeyPrefix="trail", SnsTopicName=TOPIC, IncludeGlobalServiceEvents=True,
                IsMultiRegionTrail=True, EnableLogFileValidation=True, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=ROLE,
                KmsKeyId=kms, IsOrganizationTrail=False, RecursiveLogging=False, TagsList=boto_tags(TAGS))["TrailARN"]
            t.put_event_selectors(TrailName=arn, **boto_selectors)
            t.put_insight_selectors(TrailName=arn, InsightSelectors=[{"InsightType": "ApiCallRateInsight", "EventCategories": ["Management"]}])
            t.start_logging(Name=arn)
            return arn

        self.both_ways("aws.cloudtrail.trail", {
            "name": "both", "s3_bucket": "logs-of-both", "s3_key_prefix": "trail", "sns_topic": TOPIC, "include_global_service_events": True,
            "multi_region": True, "log_file_validation": True, "log_group": group, "log_group_role": ROLE, "kms_key": kms,
            "organization": False, "recursive_logging": False, "logging": True, "tags": TAGS,
            "insight_selectors": [{"type": "ApiCallRateInsight", "event_categories": ["Management"]}], **selectors}, make, self.read)

    def test_trail(self):
        self.both({"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": [
            {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}], "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]},
            {"event_selectors": [{"read_write_type": "WriteOnly", "include_management_events": True, "data_resources": [
                {"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}], "exclude_management_event_sources": ["kms.amazonaws.com"]}]})

    def test_advanced(self):
        self.both({"AdvancedEventSelectors": [{"Name": "managing", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]},
                  {"advanced_event_selectors": [{"name": "managing", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}]})
