# SPDX-License-Identifier: Apache-2.0
"""The layer around moto against boto3: each mend, the judge of requests, the faults."""
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

HERE = pathlib.Path(__file__).parent
IMAGE = "ami-0d15a5e2b3c4f5061"
KEYS = {"": ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        "other": ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"),
        "wrong": ("AKIAIOSFODNN7EXAMPLE", "x" * 40), "unknown": ("AKIAXXXXXXXXXXXXXXXX", "y" * 40)}


class LayerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([sys.executable, HERE / "moto_app.py"], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        cls.url = cls.server.stdout.readline().strip()

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()
        cls.server.stdout.close()

    def setUp(self):
        self.control("reset", "POST")

    def control(self, what, method="GET", value=None):
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/_llmforge/{what}", data=body, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def client(self, service, region="us-west-2", who=""):
        return boto3.client(service, region_name=region, endpoint_url=self.url, aws_access_key_id=KEYS[who][0],
                            aws_secret_access_key=KEYS[who][1],
                            config=botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))

    def assert_refused(self, code, call, *args, **kwargs):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def violations(self):
        return [(e["action"], v) for e in self.control("requests")["requests"] for v in e["violations"]]

    def network(self, ec2):
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone="us-west-2a")["Subnet"]["SubnetId"]
        return vpc, subnet

    def run_machine(self, ec2, subnet, **more):
        return ec2.run_instances(ImageId=IMAGE, InstanceType="g5.xlarge", MinCount=1, MaxCount=1, SubnetId=subnet,
                                 **more)["Instances"][0]["InstanceId"]

    # ---- EC2 ----

    def test_client_token(self):
        ec2 = self.client("ec2")
        _, subnet = self.network(ec2)
        first = self.run_machine(ec2, subnet, ClientToken="t1")
        self.assertEqual(self.run_machine(ec2, subnet, ClientToken="t1"), first)
        self.assert_refused("IdempotentParameterMismatch", self.run_machine, ec2, subnet, ClientToken="t1", EbsOptimized=True)
        self.assertNotEqual(self.run_machine(ec2, subnet, ClientToken="t2"), first)
        found = ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["t1"]}])["Reservations"]
        self.assertEqual([i["InstanceId"] for r in found for i in r["Instances"]], [first])
        self.assertEqual(ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["t9"]}])["Reservations"], [])
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        tables = {ec2.create_route_table(VpcId=vpc, ClientToken="r")["RouteTable"]["RouteTableId"] for _ in range(2)}
        self.assertEqual(len(tables), 1)

    def test_a_machine_is_terminated_twice(self):
        ec2 = self.client("ec2")
        _, subnet = self.network(ec2)
        machine = self.run_machine(ec2, subnet)
        for _ in range(2):
            changes = ec2.terminate_instances(InstanceIds=[machine])["TerminatingInstances"]
            self.assertEqual([c["InstanceId"] for c in changes], [machine])
        state = ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]["State"]["Name"]
        self.assertEqual(state, "terminated")

    def test_unknown_machines_are_refused(self):
        ec2 = self.client("ec2")
        _, subnet = self.network(ec2)
        run = dict(MinCount=1, MaxCount=1, SubnetId=subnet)
        self.assert_refused("InvalidAMIID.NotFound", ec2.run_instances, ImageId="ami-00000000", InstanceType="g5.xlarge", **run)
        self.assert_refused("InvalidParameterValue", ec2.run_instances, ImageId=IMAGE, InstanceType="g5.xlrge", **run)
        self.assert_refused("InvalidParameterValue", ec2.run_instances, ImageId=IMAGE, InstanceType="g5.xlarge",
                            IamInstanceProfile={"Name": "nobody"}, **run)
        offered = {o["Location"] for o in ec2.describe_instance_type_offerings(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["p3.2xlarge"]}])["InstanceTypeOfferings"]}
        elsewhere = sorted({z["ZoneName"] for z in ec2.describe_availability_zones()["AvailabilityZones"]} - offered)
        if elsewhere:
            vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
            run["SubnetId"] = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", AvailabilityZone=elsewhere[0])["Subnet"]["SubnetId"]
            self.assert_refused("Unsupported", ec2.run_instances, ImageId=IMAGE, InstanceType="p3.2xlarge", **run)

    def test_one_deep_learning_image_a_region(self):
        for region in ("us-west-2", "eu-central-1"):
            images = self.client("ec2", region).describe_images(Owners=["amazon"], Filters=[
                {"Name": "name", "Values": ["Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04) *"]}])["Images"]
            self.assertEqual(len(images), 1, region)
        self.assertNotEqual(images[0]["ImageId"], IMAGE)
        self.assertGreater(len(self.client("ec2").describe_images(Owners=["amazon"])["Images"]), 1)

    def test_what_is_in_use_stays(self):
        ec2 = self.client("ec2")
        vpc, subnet = self.network(ec2)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
        other = ec2.create_security_group(GroupName="b", Description="b", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group}]}])
        machine = self.run_machine(ec2, subnet, SecurityGroupIds=[other])
        self.assert_refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=other)
        self.assert_refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
        self.assert_refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
        self.assert_refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
        ec2.terminate_instances(InstanceIds=[machine])
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
        for group_id in (other, group):
            ec2.delete_security_group(GroupId=group_id)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_route_table(RouteTableId=table)
        self.assert_refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        default = [g for g in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]]
        self.assert_refused("CannotDelete", ec2.delete_security_group, GroupId=default[0]["GroupId"])
        ec2.delete_vpc(VpcId=vpc)
        self.assertEqual(self.violations(), [])

    def test_disks(self):
        ec2 = self.client("ec2")
        _, subnet = self.network(ec2)
        machine = self.run_machine(ec2, subnet, BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True, "Throughput": 250}}])
        volume = ec2.describe_volumes()["Volumes"][0]
        self.assertEqual((volume["Iops"], volume["Throughput"]), (3000, 250))
        ec2.modify_volume(VolumeId=volume["VolumeId"], Throughput=300, Size=300)
        self.assertEqual(ec2.describe_volumes()["Volumes"][0]["Throughput"], 300)
        ec2.terminate_instances(InstanceIds=[machine])
        self.assertEqual(ec2.describe_volumes()["Volumes"], [])

    # ---- S3 ----

    def bucket(self, s3, name="lab-data"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        return name

    def test_a_fresh_bucket(self):
        s3 = self.client("s3")
        name = self.bucket(s3)
        rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
        self.assertEqual(set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()), {True})
        self.assertEqual(s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
                         "BucketOwnerEnforced")
        s3.delete_bucket_encryption(Bucket=name)
        self.assertIn("ServerSideEncryptionConfiguration", s3.get_bucket_encryption(Bucket=name))
        self.assert_refused("BucketAlreadyOwnedByYou", self.bucket, s3)
        self.assert_refused("BucketAlreadyExists", self.bucket, self.client("s3", who="other"))
        self.assert_refused("403", self.client("s3", who="other").head_bucket, Bucket=name)

    def test_lifecycle_comes_back_as_put(self):
        s3 = self.client("s3")
        name = self.bucket(s3)
        rules = [{"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": ""},
                  "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
                  "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 3}],
                  "NoncurrentVersionExpiration": {"NoncurrentDays": 60, "NewerNoncurrentVersions": 5},
                  "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        self.assertEqual(s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"], rules)
        s3.delete_bucket_lifecycle(Bucket=name)
        self.assert_refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=name)

    def test_intelligent_tiering(self):
        s3 = self.client("s3")
        name = self.bucket(s3)
        tiers = {"Id": "all", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
        s3.put_bucket_intelligent_tiering_configuration(Bucket=name, Id="all", IntelligentTieringConfiguration=tiers)
        self.assertEqual(s3.get_bucket_intelligent_tiering_configuration(Bucket=name, Id="all")["IntelligentTieringConfiguration"], tiers)
        self.assertEqual(s3.list_bucket_intelligent_tiering_configurations(Bucket=name)["IntelligentTieringConfigurationList"], [tiers])
        s3.delete_bucket_intelligent_tiering_configuration(Bucket=name, Id="all")
        self.assert_refused("NoSuchConfiguration", s3.get_bucket_intelligent_tiering_configuration, Bucket=name, Id="all")

    def test_deny_without_tls_locks_nobody_out(self):
        s3 = self.client("s3")
        name = self.bucket(s3)
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{name}/*"]}
        for condition, allowed in [({"Bool": {"aws:SecureTransport": "false"}}, True), ({}, False)]:
            policy = {"Version": "2012-10-17", "Statement": [dict(deny, **({"Condition": condition} if condition else {}))]}
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
            if allowed:
                s3.put_object(Bucket=name, Key="a", Body=b"x")
                self.assert_refused("BucketNotEmpty", s3.delete_bucket, Bucket=name)
            else:
                with self.assertRaises(botocore.exceptions.ClientError):
                    s3.put_object(Bucket=name, Key="b", Body=b"x")
        self.assertEqual(json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]), policy)

    # ---- others ----

    def test_small_mends(self):
        alarms = self.client("cloudwatch")
        alarms.put_metric_alarm(AlarmName="a", MetricName="CPUUtilization", Namespace="AWS/EC2", Statistic="Average", Period=60,
                                EvaluationPeriods=1, Threshold=5, ComparisonOperator="LessThanThreshold")
        self.assertEqual(alarms.describe_alarms()["MetricAlarms"][0]["TreatMissingData"], "missing")
        kms = self.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        gone = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.assertEqual((gone["KeyState"], gone["PendingWindowInDays"]), ("PendingDeletion", 7))
        logs = self.client("logs")
        logs.create_log_group(logGroupName="/a")
        logs.associate_kms_key(logGroupName="/a", kmsKeyId=f"arn:aws:kms:us-west-2:123456789012:key/{key}")
        logs.put_log_group_deletion_protection(logGroupIdentifier="/a", deletionProtectionEnabled=True)
        group = logs.describe_log_groups()["logGroups"][0]
        self.assertEqual((group["logGroupClass"], group["deletionProtectionEnabled"], group["kmsKeyId"][-36:]),
                         ("STANDARD", True, key))
        self.assert_refused("ValidationException", logs.delete_log_group, logGroupName="/a")
        iam = self.client("iam")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
        iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
        self.assert_refused("DeleteConflict", iam.delete_role, RoleName="r")
        self.assert_refused("NoSuchEntity", iam.attach_role_policy, RoleName="r", PolicyArn="arn:aws:iam::aws:policy/None")
        self.assertEqual(self.violations(), [])

    def test_accounts_and_keys(self):
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], "123456789012")
        self.assertEqual(self.client("sts", who="other").get_caller_identity()["Account"], "210987654321")
        self.assert_refused("SignatureDoesNotMatch", self.client("sts", who="wrong").get_caller_identity)
        self.assert_refused("AuthFailure", self.client("ec2", who="wrong").describe_vpcs)
        self.assert_refused("InvalidClientTokenId", self.client("sts", who="unknown").get_caller_identity)
        self.assert_refused("UnrecognizedClientException", self.client("ecr", who="unknown").describe_repositories)
        self.assert_refused("InvalidAccessKeyId", self.client("s3", who="unknown").list_buckets)

    # ---- the judge ----

    def test_boto3_is_in_order(self):
        s3, sqs, ecr, logs = (self.client(s) for s in ("s3", "sqs", "ecr", "logs"))
        name = self.bucket(s3)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b & c"}]})
        s3.put_object(Bucket=name, Key="a/b c", Body=b"x")
        s3.list_object_versions(Bucket=name)
        sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "30"}, tags={"a": "b"})
        ecr.create_repository(repositoryName="lab", imageScanningConfiguration={"scanOnPush": True})
        ecr.put_lifecycle_policy(repositoryName="lab", lifecyclePolicyText=json.dumps({"rules": [
            {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10},
             "action": {"type": "expire"}}]}))
        logs.create_log_group(logGroupName="/a", tags={"a": "b"})
        self.client("iam").list_roles(MaxItems=3)
        self.client("cloudwatch").describe_alarms(AlarmNamePrefix="x")
        log = self.control("requests")["requests"]
        self.assertEqual([(e["action"], v) for e in log for v in e["violations"]], [])
        self.assertEqual({e["signature"] for e in log}, {"ok"})
        self.assertEqual(log[0]["params"]["Bucket"], name)

    def raw(self, service, body, content_type, method="POST", path="/", headers=None):
        """A request signed by botocore, with a body that its models never made."""
        from botocore.auth import S3SigV4Auth, SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        request = AWSRequest(method, self.url + path, data=body, headers={"Content-Type": content_type, **(headers or {})})
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        kind(Credentials(*KEYS[""]), service, "us-west-2").add_auth(request)
        try:
            with urllib.request.urlopen(urllib.request.Request(
                    self.url + path, data=body, headers=dict(request.headers.items()), method=method)):
                pass
        except urllib.error.HTTPError as error:
            error.close()
        return self.control("requests")["requests"][-1]

    def test_what_the_models_do_not_know(self):
        form = "application/x-www-form-urlencoded; charset=utf-8"
        for service, body, kind, sentence in [
                ("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlok=10.0.0.0/16", form, "CidrBlok: the model has no such parameter"),
                ("ec2", "Action=CreateSubnet&Version=2016-11-15&CidrBlock=10.0.0.0/16", form, "Missing required parameter"),
                ("ec2", "Action=CreateVpc&Version=2014-01-01&CidrBlock=10.0.0.0/16", form, "Version 2014-01-01"),
                ("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16&InstanceTenancy=none", form, "none of the model's values"),
                ("ec2", "Action=RunInstances&Version=2016-11-15&MinCount=one&MaxCount=1", form, "cannot be parsed"),
                ("ec2", "Action=CreateVPC&Version=2016-11-15", form, "cannot be parsed"),
                ("iam", "Action=GetRole&Version=2010-05-08&RoleName=" + "a" * 65, form, "over the model's maximum"),
                ("iam", "Action=GetRole&Version=2010-05-08&RoleName=a%20b", form, "does not match the model's pattern")]:
            with self.subTest(body=body):
                entry = self.raw(service, body.encode(), kind)
                self.assertTrue(any(sentence in v for v in entry["violations"]), entry["violations"])
        entry = self.raw("ecr", b'{"repositoryName": "lab", "scan": true}', "application/x-amz-json-1.1",
                         headers={"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.CreateRepository"})
        self.assertTrue(any(".scan: the model has no such member" in v for v in entry["violations"]), entry)
        name = self.bucket(self.client("s3"))
        text = '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><State>Enabled</State></VersioningConfiguration>'
        entry = self.raw("s3", text.encode(), "application/xml", "PUT", f"/{name}?versioning")
        self.assertTrue(any("State[1]: the model has no such member" in v for v in entry["violations"]), entry)
        self.assertTrue(any("checksum" in v for v in entry["violations"]), entry)
        entry = self.raw("s3", text.replace("State", "Status").encode(), "application/xml", "PUT", f"/{name}?versioning",
                         {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
        self.assertTrue(any("content-md5 is not that of the body" in v for v in entry["violations"]), entry)

    # ---- faults ----

    def test_faults(self):
        ec2 = self.client("ec2")
        _, subnet = self.network(ec2)
        self.control("faults", "POST", [
            {"action": "ec2:RunInstances", "where": {"InstanceType": "g5.*"}, "kind": "error", "status": 500,
             "code": "InsufficientInstanceCapacity", "message": "no g5 here", "times": 1},
            {"action": "ec2:CreateVpc", "kind": "reset", "after": True},
            {"action": "ec2:DescribeVpcs", "kind": "truncated", "after": True},
            {"action": "ec2:DescribeSubnets", "kind": "html", "status": 503},
            {"action": "ec2:DescribeSubnets", "kind": "latency", "delay_s": 0.3}])
        self.assert_refused("InsufficientInstanceCapacity", self.run_machine, ec2, subnet)
        self.run_machine(ec2, subnet)
        with self.assertRaises(botocore.exceptions.HTTPClientError):
            ec2.create_vpc(CidrBlock="10.7.0.0/16")
        with self.assertRaises((botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError,
                                botocore.parsers.ResponseParserError)):
            ec2.describe_vpcs()
        self.assertIn("10.7.0.0/16", [v["CidrBlock"] for v in ec2.describe_vpcs()["Vpcs"]])
        with self.assertRaises((botocore.exceptions.ClientError, botocore.parsers.ResponseParserError)):
            ec2.describe_subnets()
        ec2.describe_subnets()
        last = self.control("requests")["requests"][-1]
        self.assertEqual((last["fault"], last["status"], last["ms"] >= 300), ("latency", 200, True))
        self.assertEqual({f["times"] for f in self.control("faults")}, {0})


if __name__ == "__main__":
    unittest.main()
