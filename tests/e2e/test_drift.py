# SPDX-License-Identifier: Apache-2.0
"""Changes made behind llmforge's back, with boto3: shown as drift, mended in place, nothing doubled."""
import pytest
from cloud import tags

ON = ("--var", "create_instance=true")


@pytest.fixture
def applied(cloud, forge):
    forge.apply(*ON)
    return cloud.counts()


def assert_mended(cloud, forge, counts, *mentions):
    run = forge.plan(*ON, expect=2)
    for mention in mentions:
        assert mention in run.text, run
    drift = forge.run("plan", "--refresh=false", "--detailed-exitcode", *ON, expect=0)
    assert drift.code == 0  # the spec itself has not changed
    forge.apply(*ON)
    assert cloud.counts() == counts
    forge.plan(*ON, expect=0)


def test_versioning_suspended(cloud, forge, applied):
    s3, name = cloud.client("s3"), cloud.bucket_named("outputs")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert_mended(cloud, forge, applied, "outputs", "versioning")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_a_tag_changed(cloud, forge, applied):
    ec2, vpc = cloud.client("ec2"), cloud.only("vpcs")["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Project", "Value": "somebody else's"}])
    assert_mended(cloud, forge, applied, "network.vpc", "Project")
    assert tags(cloud.only("vpcs"))["Project"] == "llm-tuning-lab"
    assert cloud.only("vpcs")["VpcId"] == vpc


def test_a_foreign_tag_is_left_alone(cloud, forge, applied):
    vpc = cloud.only("vpcs")["VpcId"]
    cloud.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "aws-cost:owner", "Value": "finance"}])
    forge.apply(*ON)
    assert cloud.counts() == applied


def test_a_rule_added(cloud, forge, applied):
    group = cloud.only("security_groups")["GroupId"]
    cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    assert_mended(cloud, forge, applied, "22")
    assert cloud.only("security_groups")["IpPermissions"] == []
    assert cloud.only("security_groups")["GroupId"] == group


def test_a_route_removed(cloud, forge, applied):
    table = cloud.only("route_tables")["RouteTableId"]
    cloud.client("ec2").delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    assert_mended(cloud, forge, applied, "0.0.0.0/0")
    assert "0.0.0.0/0" in [r["DestinationCidrBlock"] for r in cloud.only("route_tables")["Routes"]]


def delete_role(iam, name):
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def trainer(cloud):
    return next(r for r in cloud.inventory()["roles"] if r["RoleName"] == "llm-tuning-lab-trainer")


def test_the_role_deleted(cloud, forge, applied):
    iam, role = cloud.client("iam"), trainer(cloud)
    policies = len(iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]) + \
        len(iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"])
    delete_role(iam, role["RoleName"])
    assert_mended(cloud, forge, applied, role["RoleName"])
    again = trainer(cloud)
    assert again["RoleName"] == role["RoleName"] and again["RoleId"] != role["RoleId"]
    assert [r["RoleName"] for r in cloud.only("profiles")["Roles"]] == [role["RoleName"]]
    assert policies == len(iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]) + \
        len(iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"])


def test_our_marks_removed(cloud, forge, applied):
    ec2, s3 = cloud.client("ec2"), cloud.client("s3")
    vpc, bucket = cloud.only("vpcs")["VpcId"], cloud.bucket_named("outputs")
    marks = [{"Key": f"llmforge:{m}"} for m in ("stack", "address", "intent")]
    ec2.delete_tags(Resources=[vpc], Tags=marks)
    left = [t for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"] if not t["Key"].startswith("llmforge:")]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": left})
    forge.apply(*ON)  # state ids win over marks
    assert cloud.counts() == applied
    assert cloud.only("vpcs")["VpcId"] == vpc and tags(cloud.only("vpcs"))["llmforge:stack"]
    assert tags(s3.get_bucket_tagging(Bucket=bucket))["llmforge:stack"]
    forge.plan(*ON, expect=0)


def test_drift_command(cloud, forge, applied):
    assert forge.run("drift", *ON).code == 0
    name = cloud.bucket_named("outputs")
    cloud.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert forge.run("drift", *ON).code == 2
