# SPDX-License-Identifier: Apache-2.0
"""boto3, unchanged, against the sandbox's server: each type is made, read back, listed, changed and
deleted, with the services' own error codes.

    boto3_test.py SERVER PROVIDERS [unittest arguments]
"""
import json
import subprocess
import sys
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SERVER, PROVIDERS = sys.argv[1:3]
REGION = "us-west-2"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
READ = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})


def setUpModule():
    global server, url
    server = subprocess.Popen([SERVER, PROVIDERS, "aws", "127.0.0.1:0"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()
    assert url.startswith("http://"), url


def tearDownModule():
    server.stdin.close()
    assert server.wait(20) == 0


def admin(path, **body):
    request = urllib.request.Request(f"{url}/_sandbox/{path}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).read()


class Base(unittest.TestCase):
    secret = "testing"

    def setUp(self):
        admin("reset")
        admin("faults")

    def client(self, service, region=REGION, secret=None):
        return boto3.client(service, region_name=region, endpoint_url=url, aws_access_key_id="testing",
                            aws_secret_access_key=secret or self.secret,
                            config=Config(retries={"max_attempts": 1, "mode": "standard"}))

    def fails(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertTrue(caught.exception.response["ResponseMetadata"]["RequestId"])
        return caught.exception.response


class Network(Base):
    def setUp(self):
        super().setUp()
        self.ec2 = self.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[
            {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "net"}]}])["Vpc"]["VpcId"]

    def subnet(self, cidr="10.1.1.0/24"):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]

    def test_vpc(self):
        found = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]
        self.assertEqual(found["CidrBlock"], "10.1.0.0/16")
        self.assertEqual(found["State"], "pending")
        admin("advance", seconds=5)
        found = self.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["n?t"]}])["Vpcs"]
        self.assertEqual([v["VpcId"] for v in found], [self.vpc])
        self.assertEqual(found[0]["State"], "available")
        self.assertFalse(found[0]["IsDefault"])
        self.assertEqual(self.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["x"]}])["Vpcs"], [])
        shown = self.ec2.describe_vpc_attribute(VpcId=self.vpc, Attribute="enableDnsHostnames")
        self.assertFalse(shown["EnableDnsHostnames"]["Value"])
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        shown = self.ec2.describe_vpc_attribute(VpcId=self.vpc, Attribute="enableDnsHostnames")
        self.assertTrue(shown["EnableDnsHostnames"]["Value"])
        shown = self.ec2.describe_vpc_attribute(VpcId=self.vpc, Attribute="enableDnsSupport")
        self.assertTrue(shown["EnableDnsSupport"]["Value"])
        self.assertNotIn("EnableDnsHostnames", shown)
        self.ec2.create_tags(Resources=[self.vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "Name", "Value": "new"}])
        self.ec2.delete_tags(Resources=[self.vpc], Tags=[{"Key": "a"}])
        tags = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["Tags"]
        self.assertEqual(tags, [{"Key": "Name", "Value": "new"}])
        self.subnet()
        self.fails("DependencyViolation", self.ec2.delete_vpc, VpcId=self.vpc)
        self.fails("InvalidVpcID.NotFound", self.ec2.describe_vpcs, VpcIds=["vpc-0123"])
        self.fails("InvalidVpc.Range", self.ec2.create_vpc, CidrBlock="10.0.0.0/8")
        self.fails("MissingParameter", self.ec2.create_vpc)

    def test_subnet(self):
        subnet = self.subnet()
        found = self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
        self.assertEqual((found["VpcId"], found["CidrBlock"], found["AvailabilityZone"], found["MapPublicIpOnLaunch"]),
                         (self.vpc, "10.1.1.0/24", "us-west-2a", False))
        self.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        found = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["Subnets"][0]
        self.assertTrue(found["MapPublicIpOnLaunch"])
        self.fails("InvalidSubnet.Conflict", self.ec2.create_subnet, VpcId=self.vpc, CidrBlock="10.1.1.128/25")
        self.fails("InvalidSubnet.Range", self.ec2.create_subnet, VpcId=self.vpc, CidrBlock="10.2.1.0/24")
        self.fails("InvalidVpcID.NotFound", self.ec2.create_subnet, VpcId="vpc-0aa", CidrBlock="10.2.1.0/24")
        self.ec2.delete_subnet(SubnetId=subnet)
        self.fails("InvalidSubnetID.NotFound", self.ec2.delete_subnet, SubnetId=subnet)
        self.ec2.delete_vpc(VpcId=self.vpc)
        self.assertEqual(self.ec2.describe_vpcs()["Vpcs"], [])

    def test_pages(self):
        for i in range(7):
            self.subnet(f"10.1.{i + 10}.0/24")
        pages = list(self.ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(p["Subnets"]) for p in pages], [5, 2])
        self.assertEqual(len({s["SubnetId"] for p in pages for s in p["Subnets"]}), 7)

    def test_gateway_and_routes(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        shown = self.ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]
        self.assertEqual(shown["Attachments"], [])
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        shown = self.ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [self.vpc]}])["InternetGateways"][0]
        self.assertEqual(shown["Attachments"], [{"State": "available", "VpcId": self.vpc}])
        other = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.fails("Resource.AlreadyAssociated", self.ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=self.vpc)
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.fails("RouteAlreadyExists", self.ec2.create_route, RouteTableId=table,
                   DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        subnet = self.subnet()
        link = self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        shown = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        self.assertEqual([(r["DestinationCidrBlock"], r["GatewayId"], r["Origin"]) for r in shown["Routes"]],
                         [("0.0.0.0/0", gateway, "CreateRoute")])
        self.assertEqual([(a["RouteTableAssociationId"], a["SubnetId"], a["Main"]) for a in shown["Associations"]],
                         [(link, subnet, False)])
        self.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0a")
        shown = self.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["RouteTables"][0]
        self.assertEqual(shown["Routes"][0]["NatGatewayId"], "nat-0a")
        self.ec2.disassociate_route_table(AssociationId=link)
        self.fails("InvalidAssociationID.NotFound", self.ec2.disassociate_route_table, AssociationId=link)
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        self.fails("InvalidRoute.NotFound", self.ec2.delete_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        self.ec2.delete_route_table(RouteTableId=table)
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.fails("Gateway.NotAttached", self.ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=self.vpc)
        self.ec2.delete_internet_gateway(InternetGatewayId=gateway)

    def test_security_group(self):
        group = self.ec2.create_security_group(GroupName="web", Description="d", VpcId=self.vpc)["GroupId"]
        other = self.ec2.create_security_group(GroupName="db", Description="d", VpcId=self.vpc)["GroupId"]
        self.fails("InvalidGroup.Duplicate", self.ec2.create_security_group, GroupName="web", Description="d", VpcId=self.vpc)
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        self.assertEqual([(r["IsEgress"], r["IpProtocol"], r["CidrIpv4"]) for r in rules], [(True, "-1", "0.0.0.0/0")])
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
             "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}, {"CidrIp": "10.9.0.0/16"}]},
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": other}]}])
        self.fails("InvalidPermission.Duplicate", self.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
        rules = [r for r in self.ec2.describe_security_group_rules(
            Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"] if not r["IsEgress"]]
        self.assertEqual(sorted((r["FromPort"], r.get("CidrIpv4") or r["ReferencedGroupInfo"]["GroupId"]) for r in rules),
                         sorted([(22, "10.0.0.0/8"), (22, "10.9.0.0/16"), (80, other)]))
        self.assertEqual({r.get("Description", "") for r in rules}, {"in", ""})
        self.fails("DependencyViolation", self.ec2.delete_security_group, GroupId=other)
        by_group = next(r for r in rules if "ReferencedGroupInfo" in r)
        self.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[by_group["SecurityGroupRuleId"]])
        self.ec2.delete_security_group(GroupId=other)
        self.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}])
        left = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        self.assertEqual(len(left), 2)
        self.fails("InvalidGroup.NotFound", self.ec2.delete_security_group, GroupId=other)


class Machines(Network):
    def test_instance(self):
        iam = self.client("iam", "us-east-1")
        subnet = self.subnet()
        group = self.ec2.create_security_group(GroupName="g", Description="d", VpcId=self.vpc)["GroupId"]
        image = max(self.ec2.describe_images(Owners=["amazon"], Filters=[
            {"Name": "name", "Values": ["Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04)*"]}])["Images"],
            key=lambda i: i["CreationDate"])["ImageId"]
        wanted = dict(ImageId=image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1, ClientToken="t1",
                      UserData="#!/bin/sh\necho hello\n", IamInstanceProfile={"Name": "p"},
                      NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}],
                      BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {
                          "VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True}}],
                      MetadataOptions={"HttpTokens": "required"},
                      InstanceMarketOptions={"MarketType": "spot"},
                      TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "m"}]},
                                         {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "v"}]}])
        self.fails("InvalidParameterValue", self.ec2.run_instances, **wanted)
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        iam.create_instance_profile(InstanceProfileName="p")
        admin("faults", no_capacity=[{"instance_type": "g5.xlarge", "zone": "us-west-2a"}])
        self.fails("InsufficientInstanceCapacity", self.ec2.run_instances, **wanted)
        admin("faults")
        made = self.ec2.run_instances(**wanted)["Instances"][0]
        again = self.ec2.run_instances(**wanted)["Instances"][0]
        self.assertEqual(made["InstanceId"], again["InstanceId"])
        self.fails("IdempotentParameterMismatch", self.ec2.run_instances, **{**wanted, "InstanceType": "g5.2xlarge"})
        self.assertEqual(made["State"], {"Code": 0, "Name": "pending"})
        admin("advance", seconds=20)
        found = self.ec2.describe_instances(Filters=[
            {"Name": "client-token", "Values": ["t1"]},
            {"Name": "instance-state-name", "Values": ["running"]}])["Reservations"][0]["Instances"][0]
        self.assertEqual(found["State"]["Name"], "running")
        self.assertEqual(found["SubnetId"], subnet)
        self.assertEqual(found["VpcId"], self.vpc)
        self.assertEqual(found["Placement"]["AvailabilityZone"], "us-west-2a")
        self.assertEqual(found["MetadataOptions"]["HttpTokens"], "required")
        self.assertEqual(found["InstanceLifecycle"], "spot")
        self.assertEqual(found["NetworkInterfaces"][0]["Groups"][0]["GroupId"], group)
        self.assertTrue(found["IamInstanceProfile"]["Arn"].endswith(":instance-profile/p"))
        self.assertEqual(found["Tags"], [{"Key": "Name", "Value": "m"}])
        volume = self.ec2.describe_volumes(Filters=[
            {"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}])["Volumes"][0]
        self.assertEqual((volume["Size"], volume["VolumeType"], volume["Encrypted"]), (200, "gp3", True))
        self.ec2.modify_instance_attribute(InstanceId=made["InstanceId"], DisableApiTermination={"Value": True})
        self.fails("OperationNotPermitted", self.ec2.terminate_instances, InstanceIds=[made["InstanceId"]])
        self.ec2.modify_instance_attribute(InstanceId=made["InstanceId"], DisableApiTermination={"Value": False})
        self.fails("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)
        change = self.ec2.terminate_instances(InstanceIds=[made["InstanceId"]])["TerminatingInstances"][0]
        self.assertEqual(change["CurrentState"]["Name"], "shutting-down")
        admin("advance", seconds=60)
        found = self.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
        self.assertEqual(found["State"]["Name"], "terminated")
        self.ec2.delete_subnet(SubnetId=subnet)
        admin("advance", seconds=7200)
        self.fails("InvalidInstanceID.NotFound", self.ec2.describe_instances, InstanceIds=[made["InstanceId"]])

    def test_look_ups(self):
        zones = self.ec2.describe_availability_zones()["AvailabilityZones"]
        self.assertEqual([z["ZoneName"] for z in zones], ["us-west-2" + c for c in "abcd"])
        offered = self.ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=[
            {"Name": "instance-type", "Values": ["g5.xlarge"]}])["InstanceTypeOfferings"]
        self.assertEqual([o["Location"] for o in offered], ["us-west-2" + c for c in "abc"])
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], "123456789012")
        ssm = self.client("ssm")
        self.fails("ParameterNotFound", ssm.get_parameter, Name="/none")


class Buckets(Base):
    def test_bucket(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.fails("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket="data",
                   CreateBucketConfiguration={"LocationConstraint": REGION})
        self.fails("IllegalLocationConstraintException", s3.create_bucket, Bucket="other")
        self.assertEqual([b["Name"] for b in s3.list_buckets()["Buckets"]], ["data"])
        s3.head_bucket(Bucket="data")
        self.fails("404", s3.head_bucket, Bucket="none")
        self.assertNotIn("Status", s3.get_bucket_versioning(Bucket="data"))
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        self.assertEqual(s3.get_bucket_versioning(Bucket="data")["Status"], "Enabled")
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Suspended"})
        self.assertEqual(s3.get_bucket_versioning(Bucket="data")["Status"], "Suspended")
        self.fails("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket="data")
        rules = [{"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": ""},
                  "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}]}]
        s3.put_bucket_lifecycle_configuration(Bucket="data", LifecycleConfiguration={"Rules": rules})
        self.assertEqual(s3.get_bucket_lifecycle_configuration(Bucket="data")["Rules"], rules)
        s3.delete_bucket_lifecycle(Bucket="data")
        self.fails("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket="data")
        rule = s3.get_bucket_encryption(Bucket="data")["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
        block = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
        self.assertEqual(s3.get_public_access_block(Bucket="data")["PublicAccessBlockConfiguration"], block)
        s3.put_public_access_block(Bucket="data", PublicAccessBlockConfiguration={**block, "BlockPublicAcls": False})
        self.assertFalse(s3.get_public_access_block(Bucket="data")["PublicAccessBlockConfiguration"]["BlockPublicAcls"])
        self.fails("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket="data")
        s3.put_bucket_policy(Bucket="data", Policy=READ)
        self.assertEqual(json.loads(s3.get_bucket_policy(Bucket="data")["Policy"]), json.loads(READ))
        s3.delete_bucket_policy(Bucket="data")
        self.fails("NoSuchTagSet", s3.get_bucket_tagging, Bucket="data")
        s3.put_bucket_tagging(Bucket="data", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
        self.assertEqual(s3.get_bucket_tagging(Bucket="data")["TagSet"], [{"Key": "a", "Value": "1"}])
        own = s3.get_bucket_ownership_controls(Bucket="data")["OwnershipControls"]["Rules"]
        self.assertEqual(own, [{"ObjectOwnership": "BucketOwnerEnforced"}])
        self.assertNotIn("Versions", s3.list_object_versions(Bucket="data"))
        s3.delete_bucket(Bucket="data")
        self.fails("NoSuchBucket", s3.delete_bucket, Bucket="data")
        self.fails("NoSuchBucket", s3.get_bucket_versioning, Bucket="data")


class Identity(Base):
    def setUp(self):
        super().setUp()
        self.iam = self.client("iam", "us-east-1")

    def test_role_and_profile(self):
        iam = self.iam
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])["Role"]
        self.assertTrue(role["RoleId"].startswith("AROA"))
        self.fails("EntityAlreadyExists", iam.create_role, RoleName="r", AssumeRolePolicyDocument=TRUST)
        self.assertEqual(iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"], json.loads(TRUST))
        self.assertEqual(iam.get_role(RoleName="r")["Role"]["MaxSessionDuration"], 3600)
        iam.update_role(RoleName="r", Description="new", MaxSessionDuration=7200)
        self.assertEqual(iam.get_role(RoleName="r")["Role"]["Description"], "new")
        iam.update_assume_role_policy(RoleName="r", PolicyDocument=TRUST.replace("ec2", "ecs"))
        self.assertIn("ecs", json.dumps(iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]))
        iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=READ)
        iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=READ)
        self.assertEqual(iam.list_role_policies(RoleName="r")["PolicyNames"], ["inline"])
        shown = iam.get_role_policy(RoleName="r", PolicyName="inline")
        self.assertEqual((shown["PolicyName"], shown["PolicyDocument"]), ("inline", json.loads(READ)))
        policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        iam.attach_role_policy(RoleName="r", PolicyArn=policy)
        self.assertEqual(iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"],
                         [{"PolicyName": "AmazonSSMManagedInstanceCore", "PolicyArn": policy}])
        iam.tag_role(RoleName="r", Tags=[{"Key": "b", "Value": "2"}])
        iam.untag_role(RoleName="r", TagKeys=["a"])
        self.assertEqual(iam.get_role(RoleName="r")["Role"]["Tags"], [{"Key": "b", "Value": "2"}])
        iam.create_instance_profile(InstanceProfileName="p")
        iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
        self.fails("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName="p", RoleName="r")
        profile = iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]
        self.assertEqual([r["RoleName"] for r in profile["Roles"]], ["r"])
        self.assertEqual([p["InstanceProfileName"] for p in iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"]], ["p"])
        self.fails("DeleteConflict", iam.delete_role, RoleName="r")
        self.fails("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="p")
        iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
        self.fails("NoSuchEntity", iam.remove_role_from_instance_profile, InstanceProfileName="p", RoleName="r")
        iam.delete_instance_profile(InstanceProfileName="p")
        self.fails("DeleteConflict", iam.delete_role, RoleName="r")
        iam.detach_role_policy(RoleName="r", PolicyArn=policy)
        self.fails("NoSuchEntity", iam.detach_role_policy, RoleName="r", PolicyArn=policy)
        iam.delete_role_policy(RoleName="r", PolicyName="inline")
        iam.delete_role(RoleName="r")
        self.fails("NoSuchEntity", iam.get_role, RoleName="r")

    def test_policy(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="p", PolicyDocument=READ)["Policy"]["Arn"]
        self.fails("EntityAlreadyExists", iam.create_policy, PolicyName="p", PolicyDocument=READ)
        for i in range(4):
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ.replace("GetObject", f"Get{i}"), SetAsDefault=True)
        self.fails("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=READ, SetAsDefault=True)
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual(len(versions), 5)
        self.assertEqual(iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v5")
        document = iam.get_policy_version(PolicyArn=arn, VersionId="v5")["PolicyVersion"]["Document"]
        self.assertIn("Get3", json.dumps(document))
        self.fails("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v5")
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        self.assertEqual([r["RoleName"] for r in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]], ["r"])
        self.fails("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        self.fails("NoSuchEntity", iam.attach_role_policy, RoleName="r", PolicyArn=arn + "x")
        iam.detach_role_policy(RoleName="r", PolicyArn=arn)
        # API_DeletePolicy: all versions but the default one go first.
        self.fails("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v3")
        self.assertEqual([v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]
                          if v["IsDefaultVersion"]], ["v3"])
        for version in ("v2", "v4", "v5"):
            iam.delete_policy_version(PolicyArn=arn, VersionId=version)
        self.fails("NoSuchEntity", iam.delete_policy_version, PolicyArn=arn, VersionId="v9")
        iam.delete_policy(PolicyArn=arn)
        self.fails("NoSuchEntity", iam.get_policy, PolicyArn=arn)


class Rest(Base):
    def test_repository(self):
        ecr = self.client("ecr")
        made = ecr.create_repository(repositoryName="a/b", imageScanningConfiguration={"scanOnPush": True})["repository"]
        self.assertEqual(made["repositoryUri"], "123456789012.dkr.ecr.us-west-2.amazonaws.com/a/b")
        self.fails("RepositoryAlreadyExistsException", ecr.create_repository, repositoryName="a/b")
        found = ecr.describe_repositories(repositoryNames=["a/b"])["repositories"][0]
        self.assertTrue(found["imageScanningConfiguration"]["scanOnPush"])
        self.fails("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["cc"])
        ecr.put_image_tag_mutability(repositoryName="a/b", imageTagMutability="IMMUTABLE")
        self.assertEqual(ecr.describe_repositories()["repositories"][0]["imageTagMutability"], "IMMUTABLE")
        self.fails("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="a/b")
        policy = {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan",
                                                                "countNumber": 3}, "action": {"type": "expire"}}]}
        ecr.put_lifecycle_policy(repositoryName="a/b", lifecyclePolicyText=json.dumps(policy))
        self.assertEqual(json.loads(ecr.get_lifecycle_policy(repositoryName="a/b")["lifecyclePolicyText"]), policy)
        ecr.tag_resource(resourceArn=made["repositoryArn"], tags=[{"Key": "a", "Value": "1"}])
        self.assertEqual(ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"], [{"Key": "a", "Value": "1"}])
        self.assertEqual(ecr.list_images(repositoryName="a/b")["imageIds"], [])
        ecr.delete_repository(repositoryName="a/b")
        self.fails("RepositoryNotFoundException", ecr.delete_repository, repositoryName="a/b")

    def test_alarm(self):
        watch = self.client("cloudwatch")
        alarm = dict(AlarmName="a", MetricName="CPUUtilization", Namespace="AWS/EC2", Statistic="Average", Period=300,
                     EvaluationPeriods=2, Threshold=5.5, ComparisonOperator="LessThanThreshold",
                     Dimensions=[{"Name": "InstanceId", "Value": "i-1"}])
        watch.put_metric_alarm(**alarm, Tags=[{"Key": "a", "Value": "1"}])
        found = watch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
        self.assertEqual({k: found[k] for k in alarm}, alarm)
        self.assertEqual(watch.describe_alarms(AlarmNames=["none"])["MetricAlarms"], [])
        watch.put_metric_alarm(**{**alarm, "Threshold": 7.0})
        found = watch.describe_alarms()["MetricAlarms"]
        self.assertEqual([a["Threshold"] for a in found], [7.0])
        self.assertEqual(watch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"], [{"Key": "a", "Value": "1"}])
        watch.delete_alarms(AlarmNames=["a"])
        self.assertEqual(watch.describe_alarms()["MetricAlarms"], [])

    def test_log_group(self):
        logs = self.client("logs")
        logs.create_log_group(logGroupName="/a", tags={"k": "v"})
        self.fails("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="/a")
        logs.put_retention_policy(logGroupName="/a", retentionInDays=14)
        found = logs.describe_log_groups(logGroupNamePrefix="/")["logGroups"]
        self.assertEqual([(g["logGroupName"], g["retentionInDays"]) for g in found], [("/a", 14)])
        arn = found[0]["logGroupArn"]
        logs.tag_resource(resourceArn=arn, tags={"x": "y"})
        logs.untag_resource(resourceArn=arn, tagKeys=["k"])
        self.assertEqual(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"x": "y"})
        logs.delete_retention_policy(logGroupName="/a")
        self.assertNotIn("retentionInDays", logs.describe_log_groups()["logGroups"][0])
        logs.delete_log_group(logGroupName="/a")
        self.fails("ResourceNotFoundException", logs.delete_log_group, logGroupName="/a")

    def test_key(self):
        kms = self.client("kms")
        key = kms.create_key(Description="d", Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
        self.assertEqual(key["KeyState"], "Creating")
        admin("advance", seconds=5)
        kms.create_alias(AliasName="alias/k", TargetKeyId=key["KeyId"])
        self.fails("AlreadyExistsException", kms.create_alias, AliasName="alias/k", TargetKeyId=key["KeyId"])
        self.assertEqual([a["AliasName"] for a in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]], ["alias/k"])
        shown = kms.describe_key(KeyId="alias/k")["KeyMetadata"]
        self.assertEqual((shown["KeyId"], shown["KeyState"], shown["Enabled"]), (key["KeyId"], "Enabled", True))
        self.assertFalse(kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"])
        kms.enable_key_rotation(KeyId=key["KeyId"])
        self.assertTrue(kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"])
        kms.disable_key(KeyId=key["KeyId"])
        self.assertEqual(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "Disabled")
        kms.enable_key(KeyId=key["KeyId"])
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=READ)
        self.assertEqual(json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]), json.loads(READ))
        self.assertEqual(kms.list_resource_tags(KeyId=key["KeyId"])["Tags"], [{"TagKey": "a", "TagValue": "1"}])
        self.assertEqual([k["KeyId"] for k in kms.list_keys()["Keys"]], [key["KeyId"]])
        kms.delete_alias(AliasName="alias/k")
        self.fails("NotFoundException", kms.delete_alias, AliasName="alias/k")
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        self.assertEqual(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "PendingDeletion")
        kms.cancel_key_deletion(KeyId=key["KeyId"])
        self.assertEqual(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "Disabled")
        self.fails("NotFoundException", kms.describe_key, KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")

    def test_queue(self):
        sqs = self.client("sqs")
        queue = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"}, tags={"a": "1"})["QueueUrl"]
        self.assertEqual(sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})["QueueUrl"], queue)
        with self.assertRaises(sqs.exceptions.QueueNameExists):
            sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "61"})
        shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        self.assertEqual((shown["VisibilityTimeout"], shown["QueueArn"]), ("60", "arn:aws:sqs:us-west-2:123456789012:q"))
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "5", "Policy": READ})
        shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        self.assertEqual((shown["DelaySeconds"], shown["VisibilityTimeout"], json.loads(shown["Policy"])),
                         ("5", "60", json.loads(READ)))
        sqs.tag_queue(QueueUrl=queue, Tags={"b": "2"})
        sqs.untag_queue(QueueUrl=queue, TagKeys=["a"])
        self.assertEqual(sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"b": "2"})
        self.assertEqual(sqs.get_queue_url(QueueName="q")["QueueUrl"], queue)
        self.fails("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="none")
        self.assertEqual(sqs.list_queues(QueueNamePrefix="q")["QueueUrls"], [queue])
        sqs.delete_queue(QueueUrl=queue)
        self.fails("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_attributes, QueueUrl=queue)
        with self.assertRaises(sqs.exceptions.QueueDeletedRecently):
            sqs.create_queue(QueueName="q")
        admin("advance", seconds=61)
        sqs.create_queue(QueueName="q")


class Rules(Base):
    def test_authentication(self):
        self.fails("SignatureDoesNotMatch", self.client("sts", secret="wrong").get_caller_identity)
        stranger = boto3.client("sts", region_name=REGION, endpoint_url=url, aws_access_key_id="nobody",
                                aws_secret_access_key="x")
        self.fails("InvalidClientTokenId", stranger.get_caller_identity)

    def test_faults(self):
        admin("faults", throttle=1.0)
        self.fails("RequestLimitExceeded", self.client("ec2").describe_vpcs)
        admin("faults", unavailable=1.0)
        self.fails("InternalFailure", self.client("ec2").describe_vpcs)

    def test_regions_and_unknown_actions(self):
        self.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
        self.assertEqual(self.client("ec2", "eu-central-1").describe_vpcs()["Vpcs"], [])
        self.fails("InvalidAction", self.client("ec2").describe_fleets)
        self.fails("UnknownOperationException", self.client("ecr").describe_registry)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
