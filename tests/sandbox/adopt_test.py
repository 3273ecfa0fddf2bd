# SPDX-License-Identifier: Apache-2.0
"""Both ways round on the sandbox's server: what boto3 makes, llmforge adopts, and plans no change;
what llmforge makes, boto3 reads.

    adopt_test.py SERVER PROVIDERS LLMFORGE [unittest arguments]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import boto3

SERVER, PROVIDERS, LLMFORGE = sys.argv[1:4]
REGION = "us-west-2"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def setUpModule():
    global server, url
    server = subprocess.Popen([SERVER, PROVIDERS, "aws", "127.0.0.1:0"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()


def tearDownModule():
    server.stdin.close()
    assert server.wait(20) == 0


def client(service):
    return boto3.client(service, region_name="us-east-1" if service == "iam" else REGION, endpoint_url=url,
                        aws_access_key_id="testing", aws_secret_access_key="testing")


class Adopt(unittest.TestCase):
    def llmforge(self, *arguments, code=0):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "AWS_ENDPOINT_URL": url,
                       "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "NO_COLOR": "1"}
        done = subprocess.run([LLMFORGE, *arguments], cwd=self.folder, env=environment, text=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def id_in_state(self):
        shown = json.loads(self.llmforge("state", "show", 'resources["it"]', "--json"))
        return shown["id"]

    def both_ways(self, type_name, properties, make, read):
        """`make()` gives the id of a thing with these properties; `read(id)` what boto3 sees of it,
        which must be the same for one that llmforge makes."""
        with tempfile.TemporaryDirectory() as self.folder:
            spec = {"llmforge": 1, "stack": "both-ways", "provider": "aws", "region": REGION,
                    "resources": {"it": {"type": type_name, **properties}}}
            pathlib.Path(self.folder, "llmforge.yaml").write_text(json.dumps(spec))
            thing = make()
            seen = read(thing)
            self.llmforge("adopt", 'resources["it"]', thing)
            self.llmforge("plan", "--detailed-exitcode")
            self.llmforge("destroy", "--auto-approve")
            self.llmforge("apply", "--auto-approve")
            self.llmforge("plan", "--detailed-exitcode")
            again = self.id_in_state()
            self.assertEqual(read(again), seen)
            self.llmforge("destroy", "--auto-approve")

    def test_vpc(self):
        ec2 = client("ec2")
        self.both_ways("aws.ec2.vpc", {"cidr": "10.1.0.0/16"},
                       lambda: ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"],
                       lambda i: ec2.describe_vpcs(VpcIds=[i])["Vpcs"][0]["CidrBlock"])

    def with_vpc(self):
        ec2 = client("ec2")
        return ec2, ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]

    def test_subnet(self):
        ec2, vpc = self.with_vpc()
        self.both_ways("aws.ec2.subnet", {"vpc": vpc, "cidr": "10.1.1.0/24"},
                       lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"],
                       lambda i: ec2.describe_subnets(SubnetIds=[i])["Subnets"][0]["CidrBlock"])

    def test_internet_gateway(self):
        ec2, vpc = self.with_vpc()

        def make():
            gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
            return gateway
        self.both_ways("aws.ec2.internet_gateway", {"vpc": vpc}, make,
                       lambda i: ec2.describe_internet_gateways(InternetGatewayIds=[i])["InternetGateways"][0]["Attachments"])

    def test_route_table(self):
        ec2, vpc = self.with_vpc()
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]

        def make():
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            return table
        self.both_ways("aws.ec2.route_table",
                       {"vpc": vpc, "routes": [{"destination": "0.0.0.0/0", "gateway": gateway}],
                        "associations": [{"subnet": subnet}]}, make,
                       lambda i: ec2.describe_route_tables(RouteTableIds=[i])["RouteTables"][0]["Routes"])

    def test_security_group(self):
        ec2, vpc = self.with_vpc()

        def make():
            group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
            return group
        self.both_ways("aws.ec2.security_group",
                       {"name": "web", "description": "d", "vpc": vpc,
                        "ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}]}, make,
                       lambda i: ec2.describe_security_groups(GroupIds=[i])["SecurityGroups"][0]["GroupName"])

    def test_instance(self):
        ec2, vpc = self.with_vpc()
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        self.both_ways("aws.ec2.instance", {"image": image, "instance_type": "g5.xlarge", "subnet": subnet,
                                            "http_put_response_hop_limit": 2},
                       lambda: ec2.run_instances(ImageId=image, InstanceType="g5.xlarge", SubnetId=subnet, MinCount=1,
                                                 MaxCount=1)["Instances"][0]["InstanceId"],
                       lambda i: ec2.describe_instances(InstanceIds=[i])["Reservations"][0]["Instances"][0]["ImageId"])

    def test_bucket(self):
        s3 = client("s3")

        def make():
            s3.create_bucket(Bucket="both-ways", CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket="both-ways", VersioningConfiguration={"Status": "Enabled"})
            return "both-ways"
        self.both_ways("aws.s3.bucket", {"name": "both-ways", "versioning": "Enabled"}, make,
                       lambda i: s3.get_bucket_versioning(Bucket=i)["Status"])

    def test_role_profile_and_policy(self):
        iam = client("iam")
        self.both_ways("aws.iam.role", {"name": "r", "trust": TRUST},
                       lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["RoleName"],
                       lambda i: iam.get_role(RoleName=i)["Role"]["AssumeRolePolicyDocument"])
        self.both_ways("aws.iam.instance_profile", {"name": "p"},
                       lambda: iam.create_instance_profile(InstanceProfileName="p")["InstanceProfile"]["InstanceProfileName"],
                       lambda i: iam.get_instance_profile(InstanceProfileName=i)["InstanceProfile"]["Path"])
        self.both_ways("aws.iam.policy", {"name": "p", "policy": READ},
                       lambda: iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(READ))["Policy"]["Arn"],
                       lambda i: iam.get_policy(PolicyArn=i)["Policy"]["PolicyName"])

    def test_repository(self):
        ecr = client("ecr")
        self.both_ways("aws.ecr.repository", {"name": "a/b", "scan_on_push": True},
                       lambda: ecr.create_repository(repositoryName="a/b", imageScanningConfiguration={
                           "scanOnPush": True})["repository"]["repositoryName"],
                       lambda i: ecr.describe_repositories(repositoryNames=[i])["repositories"][0]["repositoryUri"])

    def test_alarm(self):
        watch = client("cloudwatch")

        def make():
            watch.put_metric_alarm(AlarmName="a", MetricName="CPUUtilization", Namespace="AWS/EC2", Statistic="Average",
                                   Period=300, EvaluationPeriods=2, Threshold=5.5, ComparisonOperator="LessThanThreshold")
            return "a"
        self.both_ways("aws.cloudwatch.alarm",
                       {"name": "a", "metric_name": "CPUUtilization", "namespace": "AWS/EC2", "statistic": "Average",
                        "period": "5m", "evaluation_periods": 2, "threshold": 5.5,
                        "comparison_operator": "LessThanThreshold"}, make,
                       lambda i: watch.describe_alarms(AlarmNames=[i])["MetricAlarms"][0]["Threshold"])

    def test_log_group(self):
        logs = client("logs")

        def make():
            logs.create_log_group(logGroupName="/a")
            logs.put_retention_policy(logGroupName="/a", retentionInDays=14)
            return "/a"
        self.both_ways("aws.logs.group", {"name": "/a", "retention": "14d"}, make,
                       lambda i: logs.describe_log_groups(logGroupNamePrefix=i)["logGroups"][0]["retentionInDays"])

    def test_key(self):
        kms = client("kms")
        self.both_ways("aws.kms.key", {"description": "d"},
                       lambda: kms.create_key(Description="d")["KeyMetadata"]["KeyId"],
                       lambda i: kms.describe_key(KeyId=i)["KeyMetadata"]["Description"])

    def test_queue(self):
        sqs = client("sqs")
        self.both_ways("aws.sqs.queue", {"name": "q", "visibility_timeout": "60s"},
                       lambda: sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})["QueueUrl"],
                       lambda i: sqs.get_queue_attributes(QueueUrl=i, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:])
