# SPDX-License-Identifier: Apache-2.0
"""adopt --from-tfstate: boto3 makes what a Terraform state names; llmforge takes it in and writes the
spec, whose next plan is empty; nothing but the stack's marks is new in the cloud."""
import base64
import json
import subprocess
import time

import pytest
import yaml

from cloud import PEERS, tags
from tfstate import State

TRUST = {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


@pytest.fixture
def place(forge):
    """An empty folder, in which nothing but the state is."""
    folder = forge.folder / "infra"
    folder.mkdir()
    forge.spec = folder / "infra.yaml"
    return forge


def adopt(forge, state, *more, expect=0):
    path = state if not isinstance(state, State) else state.write(forge.spec.parent / "terraform.tfstate")
    return forge.run("adopt", "--from-tfstate", path, *more, expect=expect)


def network(cloud, state, module="module.net"):
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "lab"}]}])["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    state.add("aws_vpc", "main", {"id": vpc, "arn": state.arn("ec2", f"vpc/{vpc}"), "cidr_block": "10.7.0.0/16"}, module=module)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    state.add("aws_internet_gateway", "main", {"id": gateway, "vpc_id": vpc,
                                               "arn": state.arn("ec2", f"internet-gateway/{gateway}")}, module=module)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    state.add("aws_route_table", "public", {"id": table, "vpc_id": vpc, "arn": state.arn("ec2", f"route-table/{table}")},
              module=module)
    state.add("aws_route", "internet", {"id": f"r-{table}1080289494", "route_table_id": table, "gateway_id": gateway,
                                        "destination_cidr_block": "0.0.0.0/0"}, module=module)
    subnets = {}
    for number, zone in enumerate("ab"):
        cidr = f"10.7.{number}.0/24"
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"us-west-2{zone}")["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        key = f"us-west-2{zone}"
        state.add("aws_subnet", "public", {"id": subnet, "vpc_id": vpc, "cidr_block": cidr,
                                           "arn": state.arn("ec2", f"subnet/{subnet}")}, index=key, module=module)
        link = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        state.add("aws_route_table_association", "public", {"id": link, "route_table_id": table, "subnet_id": subnet},
                  index=number, module=module)
        subnets[key] = subnet
    return vpc, subnets


def groups(cloud, state, vpc):
    """Two groups that name each other, one of them itself too, rules of both kinds of resources."""
    ec2 = cloud.client("ec2")
    ids = {}
    for name in ("web", "db"):
        ids[name] = ec2.create_security_group(GroupName=f"lab-{name}", Description="Managed by Terraform", VpcId=vpc)["GroupId"]
        state.add("aws_security_group", name, {"id": ids[name], "vpc_id": vpc, "name": f"lab-{name}",
                                               "arn": state.arn("ec2", f"security-group/{ids[name]}")})

    def rule(group, port, **source):
        ec2.authorize_security_group_ingress(GroupId=ids[group], IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}])

    rule("web", 443, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "everybody"}])
    rule("web", 9100, UserIdGroupPairs=[{"GroupId": ids["db"]}])
    rule("db", 5432, UserIdGroupPairs=[{"GroupId": ids["web"]}])
    rule("db", 7000, UserIdGroupPairs=[{"GroupId": ids["db"]}])
    for name in ("web", "db"):
        state.add("aws_vpc_security_group_ingress_rule", f"to_{name}", {"id": f"sgr-{name}", "security_group_id": ids[name]})
        state.add("aws_security_group_rule", f"out_{name}", {"id": f"sgrule-{name}", "security_group_id": ids[name], "type": "egress"})
    return ids


def storage(cloud, state):
    s3 = cloud.client("s3")
    bucket = "lab-data-7"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]})
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [
        {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": "raw/"},
         "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}], "Expiration": {"Days": 400}}]})
    state.add("aws_s3_bucket", "data", {"id": bucket, "bucket": bucket, "arn": f"arn:aws:s3:::{bucket}", "region": "us-west-2"})
    for part in ("versioning", "public_access_block", "ownership_controls", "server_side_encryption_configuration",
                 "lifecycle_configuration"):
        state.add(f"aws_s3_bucket_{part}", "data", {"id": bucket, "bucket": bucket})
    s3.create_bucket(Bucket="lab-plain-7", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    state.add("aws_s3_bucket", "plain", {"id": "lab-plain-7", "bucket": "lab-plain-7", "arn": "arn:aws:s3:::lab-plain-7",
                                         "region": "us-west-2"})
    return bucket


def identity(cloud, state, bucket):
    iam = cloud.client("iam")
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"],
         "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}}}]}
    policy = iam.create_policy(PolicyName="lab-read", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    state.add("aws_iam_policy", "read", {"id": policy, "arn": policy, "name": "lab-read"})
    iam.create_role(RoleName="lab-trainer", AssumeRolePolicyDocument=json.dumps(TRUST), MaxSessionDuration=7200)
    iam.attach_role_policy(RoleName="lab-trainer", PolicyArn=policy)
    iam.put_role_policy(RoleName="lab-trainer", PolicyName="logs", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}))
    state.add("aws_iam_role", "trainer", {"id": "lab-trainer", "name": "lab-trainer", "arn": state.arn("iam", "role/lab-trainer", "")})
    state.add("aws_iam_role_policy_attachment", "read", {"id": "lab-trainer-2026", "role": "lab-trainer", "policy_arn": policy})
    state.add("aws_iam_role_policy", "logs", {"id": "lab-trainer:logs", "role": "lab-trainer", "name": "logs"})
    iam.create_instance_profile(InstanceProfileName="lab-trainer")
    iam.add_role_to_instance_profile(InstanceProfileName="lab-trainer", RoleName="lab-trainer")
    state.add("aws_iam_instance_profile", "trainer", {"id": "lab-trainer", "name": "lab-trainer", "role": "lab-trainer",
                                                      "arn": state.arn("iam", "instance-profile/lab-trainer", "")})


def services(cloud, state):
    ecr, kms, logs = (cloud.client(s) for s in ("ecr", "kms", "logs"))
    ecr.create_repository(repositoryName="lab/training", imageScanningConfiguration={"scanOnPush": True})
    ecr.put_lifecycle_policy(repositoryName="lab/training", lifecyclePolicyText=json.dumps({"rules": [
        {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
         "action": {"type": "expire"}}]}))
    state.add("aws_ecr_repository", "training", {"id": "lab/training", "name": "lab/training",
                                                 "arn": state.arn("ecr", "repository/lab/training")})
    state.add("aws_ecr_lifecycle_policy", "training", {"id": "lab/training", "repository": "lab/training"})
    key = kms.create_key(Description="disks")["KeyMetadata"]
    kms.create_alias(AliasName="alias/lab-disks", TargetKeyId=key["KeyId"])
    kms.enable_key_rotation(KeyId=key["KeyId"])
    state.add("aws_kms_key", "disks", {"id": key["KeyId"], "key_id": key["KeyId"], "arn": key["Arn"]})
    state.add("aws_kms_alias", "disks", {"id": "alias/lab-disks", "name": "alias/lab-disks", "target_key_id": key["Arn"]})
    logs.create_log_group(logGroupName="/lab/runs")
    logs.put_retention_policy(logGroupName="/lab/runs", retentionInDays=14)
    state.add("aws_cloudwatch_log_group", "runs", {"id": "/lab/runs", "name": "/lab/runs", "arn": state.arn("logs", "log-group:/lab/runs")})
    sqs = cloud.client("sqs")
    urls = {}
    for name in ("dead", "jobs"):
        urls[name] = sqs.create_queue(QueueName=f"lab-{name}", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
        state.add("aws_sqs_queue", name, {"id": urls[name], "url": urls[name], "name": f"lab-{name}",
                                          "arn": state.arn("sqs", f"lab-{name}")})
    sqs.set_queue_attributes(QueueUrl=urls["jobs"], Attributes={"RedrivePolicy": json.dumps(
        {"deadLetterTargetArn": state.arn("sqs", "lab-dead"), "maxReceiveCount": 3})})
    state.add("aws_sqs_queue_redrive_policy", "jobs", {"id": urls["jobs"], "queue_url": urls["jobs"]})
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="lab-dead", Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible", Statistic="Maximum",
        Dimensions=[{"Name": "QueueName", "Value": "lab-dead"}], Period=300, EvaluationPeriods=1, Threshold=0,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")
    state.add("aws_cloudwatch_metric_alarm", "dead", {"id": "lab-dead", "alarm_name": "lab-dead",
                                                      "arn": state.arn("cloudwatch", "alarm:lab-dead")})


def machine(cloud, state, subnet, group):
    ec2 = cloud.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
        IamInstanceProfile={"Name": "lab-trainer"}, UserData=base64.b64encode(b"#!/bin/sh\n").decode(),
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "head"}]}])["Instances"][0]
    state.add("aws_instance", "head", {"id": made["InstanceId"], "ami": image, "arn": state.arn("ec2", f"instance/{made['InstanceId']}"),
                                       "subnet_id": subnet}, index=0)
    return made["InstanceId"]


@pytest.fixture
def lab(cloud, place):
    """Everything, its state and the cloud as it was."""
    state = State()
    vpc, subnets = network(cloud, state)
    ids = groups(cloud, state, vpc)
    bucket = storage(cloud, state)
    identity(cloud, state, bucket)
    services(cloud, state)
    machine(cloud, state, subnets["us-west-2a"], ids["web"])
    state.add("aws_ami", "ubuntu", {"id": "ami-1"}, mode="data")
    cloud.forget_requests()
    place.state, place.vpc, place.subnets = state, vpc, subnets
    return place


def without_marks(value):
    """What boto3 shows, without the stack's marks and what changes by itself."""
    if isinstance(value, dict):
        drop = ("ResponseMetadata", "LastStatusChange", "Tags", "TagSet", "tags")
        out = {k: without_marks(v) for k, v in value.items() if k not in drop}
        own = {k: v for k, v in tags(value).items() if k and not k.startswith("llmforge:")} if "Tags" in value else {}
        return {**out, **({"Tags": own} if own else {})}
    if isinstance(value, list):
        return [without_marks(v) for v in value]
    return value


def test_everything_at_once(cloud, lab):
    before = without_marks(cloud.inventory())
    run = adopt(lab, lab.state, "--json")
    said = json.loads(run.out)
    assert len(said["adopted"]) == 19, run
    assert [e["from"] for e in said["left"]] == ["data.aws_ami.ubuntu"], run
    spec = yaml.safe_load(lab.spec.read_text())
    assert {k: spec[k] for k in ("stack", "provider", "region")} == {
        "stack": "infra", "provider": "aws", "region": "us-west-2"}
    # The next plan is empty, and so is the one of a second machine that knows the state.
    lab.plan(expect=0)
    assert "no changes: 19 resources" in lab.run("plan").out
    lab.run("drift", expect=0)
    # Nothing but marks was sent.
    assert {m.split(":")[1] for m in cloud.mutations()} <= {
        "CreateTags", "PutBucketTagging", "TagResource", "TagRole", "TagPolicy", "TagInstanceProfile", "TagQueue"}
    assert without_marks(cloud.inventory()) == before
    assert tags(cloud.only("vpcs"))["llmforge:stack"].startswith("infra/default/")


def test_what_is_written(cloud, lab):
    adopt(lab, lab.state)
    text = lab.spec.read_text()
    resources = yaml.safe_load(text)["resources"]
    assert resources["net_public_us_west_2a"] == {
        "type": "aws.ec2.subnet", "vpc": "${resources.net_main_vpc.id}", "cidr": "10.7.0.0/24", "zone": "us-west-2a",
        "public_addresses": True}
    assert resources["net_main_vpc"] == {"type": "aws.ec2.vpc", "cidr": "10.7.0.0/16", "dns_hostnames": True, "tags": {"Name": "lab"}}
    table = resources["net_public"]
    assert table["routes"] == [{"destination": "0.0.0.0/0", "gateway": "${resources.net_main_internet_gateway.id}"}]
    assert {a["subnet"] for a in table["associations"]} == {
        "${resources.net_public_us_west_2a.id}", "${resources.net_public_us_west_2b.id}"}
    db = resources["db"]["ingress"]
    assert {(r["from_port"], r["group"]) for r in db} == {(5432, "${resources.web.id}"), (7000, "${resources.db.id}")}
    role, policy = resources["trainer_role"], resources["read"]
    assert role["max_session_duration"] == "2h" and role["policies"] == ["${resources.read.id}"]
    statement = policy["policy"]["Statement"][0]
    assert statement["Resource"] == ["${resources.data.arn}/*"]
    assert statement["Condition"]["StringLike"]["s3:prefix"] == "$${aws:username}/*"
    assert resources["jobs"]["redrive_policy"]["dead_letter_target_arn"] == "${resources.dead_queue.arn}"
    assert resources["disks"] == {"type": "aws.kms.key", "description": "disks", "rotation": True, "aliases": ["alias/lab-disks"]}
    assert resources["plain"] == {"type": "aws.s3.bucket", "name": "lab-plain-7"}
    assert resources["data"]["lifecycle_rules"][0]["expiration"] == {"days": "400d"}
    assert "# module.net.aws_vpc.main in terraform.tfstate: " + lab.vpc in text
    assert "adopt:" not in text
    # No id of anything here stands where a reference could.
    for subnet in lab.subnets.values():
        assert text.count(subnet) == 1, text


def test_twice_does_nothing(cloud, lab):
    adopt(lab, lab.state)
    text, files = lab.spec.read_text(), [p.read_bytes() for p in lab.state_files()]
    cloud.forget_requests()
    again = adopt(lab, lab.state)
    assert "nothing to do" in again.out, again
    assert lab.spec.read_text() == text and cloud.mutations() == []
    assert [p.read_bytes() for p in lab.state_files()] == files


def test_a_spec_that_was_lost_is_written_again(cloud, lab):
    adopt(lab, lab.state)
    text = lab.spec.read_text()
    lab.spec.unlink()
    adopt(lab, lab.state)
    assert lab.spec.read_text() == text
    lab.plan(expect=0)


def test_dry_run(cloud, lab):
    run = adopt(lab, lab.state, "--dry-run", "-v")
    assert "would adopt 19 things" in run.out and lab.vpc in run.out and "type: aws.ec2.vpc" in run.out, run
    assert not lab.spec.exists() and lab.state_files() == [] and cloud.mutations() == []


# --- what is refused, and what is left ---

def bucket_state(cloud, name="lab-one-7", **more):
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    state = State()
    state.add("aws_s3_bucket", "one", {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "region": "us-west-2"}, **more)
    return state


@pytest.mark.parametrize("text, said", [
    ("{", "is no Terraform state"),
    ('{"version": 3, "modules": []}', "version 3"),
    ('{"version": 3, "backend": {"type": "s3"}}', "only says where the state is kept"),
    ('{"version": 5, "resources": []}', "version 5"),
    ('{"format_version": "1.0", "values": {}}', "show -json"),
    ('{"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}', "is encrypted"),
    ('{"version": 4, "resources": []}', "holds nothing"),
], ids=["no JSON", "version 3", "stub", "version 5", "show", "encrypted", "empty"])
def test_other_files(cloud, place, text, said):
    path = place.spec.parent / "terraform.tfstate"
    path.write_text(text)
    run = adopt(place, path, expect=3)
    assert said in run.err and "help:" in run.err, run
    assert not place.spec.exists() and cloud.requests() == []


def test_another_account(cloud, place):
    state = State(account="999999999999")
    vpc = network(cloud, state)[0]
    run = adopt(place, state, expect=8)
    assert "999999999999" in run.err and "123456789012" in run.err, run
    assert not place.spec.exists() and cloud.mutations() == [] and vpc


def test_another_region(cloud, place):
    place.spec.write_text("llmforge: 1\nstack: lab\nprovider: aws\nregion: eu-central-1\n")
    run = adopt(place, bucket_state(cloud), expect=8)
    assert "us-west-2" in run.err and "eu-central-1" in run.err, run
    assert cloud.mutations() == []


def test_left_as_they_are(cloud, place):
    state = bucket_state(cloud)
    state.add("aws_acm_certificate", "tls", {"id": "arn:aws:acm:us-west-2:123456789012:certificate/1"})
    state.add("aws_default_vpc", "default", {"id": "vpc-1"})
    state.add("aws_route", "loose", {"id": "r-1", "route_table_id": "rtb-0123"})
    state.add("aws_vpc", "gone", {"id": "vpc-0123456789abcdef0"})
    state.add("aws_caller_identity", "me", {"id": "1"}, mode="data")
    state.add("aws_sqs_queue", "old", {"id": "x"}, deposed="abcd1234")
    state.provider = 'provider["registry.opentofu.org/hashicorp/random"]'
    state.add("random_id", "suffix", {"id": "abc"})
    said = json.loads(adopt(place, state, "--json").out)
    assert [e["from"] for e in said["adopted"]] == ["aws_s3_bucket.one"]
    reasons = {e["from"]: e["reason"] for e in said["left"]}
    assert set(reasons) == {"aws_acm_certificate.tls", "aws_default_vpc.default", "aws_route.loose", "aws_vpc.gone",
                            "data.aws_caller_identity.me", "aws_sqs_queue.old", "random_id.suffix"}
    assert "no type here serves aws_acm_certificate" in reasons["aws_acm_certificate.tls"]
    assert "does not exist any more" in reasons["aws_vpc.gone"]
    assert "hashicorp/random" in reasons["random_id.suffix"]
    place.plan(expect=0)


def test_sensitive_values_are_not_written(cloud, place):
    state = bucket_state(cloud, sensitive=[[{"type": "get_attr", "value": "tags"},
                                            {"type": "index", "value": {"value": "token", "type": "string"}}]])
    state.resources[0]["instances"][0]["attributes"]["tags"] = {"token": "SENTINEL-4711"}
    cloud.client("s3").put_bucket_tagging(Bucket="lab-one-7", Tagging={"TagSet": [{"Key": "token", "Value": "SENTINEL-4711"}]})
    run = adopt(place, state)
    assert "`tags` is marked sensitive" in run.err, run
    assert "SENTINEL-4711" not in place.spec.read_text() + run.text
    place.plan(expect=0)
    assert tags(cloud.client("s3").get_bucket_tagging(Bucket="lab-one-7"))["token"] == "SENTINEL-4711"


def test_what_a_spec_cannot_say(cloud, place):
    """It is left out and ignored, and told, with why; the rest of the thing is taken in."""
    state = bucket_state(cloud)
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/lab/odd")
    logs.put_retention_policy(logGroupName="/lab/odd", retentionInDays=8)  # no number of days that the service takes
    state.add("aws_cloudwatch_log_group", "odd", {"id": "/lab/odd", "name": "/lab/odd"})
    run = adopt(place, state)
    assert "`retention` is not in the spec" in run.err and "one of 1, 3, 5" in run.err, run
    odd = yaml.safe_load(place.spec.read_text())["resources"]["odd"]
    assert odd == {"type": "aws.logs.group", "ignore_changes": ["retention"], "name": "/lab/odd"}
    place.plan(expect=0)


def test_into_a_spec_that_is_there(cloud, place):
    """Names that are taken stay with what has them; what the file says otherwise is kept to the byte."""
    place.spec.write_text("""llmforge: 1
stack: lab
provider: aws
region: us-west-2

resources:
  one:            # the bucket of old
    type: aws.sqs.queue
    name: lab-one

outputs:
  queue: ${resources.one.id}
""")
    place.apply()
    before = place.spec.read_text()
    state = bucket_state(cloud)
    run = adopt(place, state)
    assert 'resources["one_bucket"]' in run.out, run
    after = place.spec.read_text()
    assert [l for l in after.splitlines() if l in before.splitlines()] == before.splitlines()
    assert after.index("one_bucket:") < after.index("outputs:")
    place.plan(expect=0)


def test_a_thing_of_another_stack_stays_there(cloud, place):
    state = bucket_state(cloud)
    adopt(place, state)
    owner = tags(cloud.client("s3").get_bucket_tagging(Bucket="lab-one-7"))["llmforge:stack"]
    cloud.forget_requests()
    place.spec = place.spec.parent / "second.yaml"
    run = adopt(place, state)
    assert "carries the marks of a stack" in run.err and cloud.mutations() == [], run
    assert tags(cloud.client("s3").get_bucket_tagging(Bucket="lab-one-7"))["llmforge:stack"] == owner
    assert not place.spec.exists()


def test_a_folder_of_specs(cloud, place):
    folder = place.spec.parent / "stack"
    folder.mkdir()
    (folder / "main.yaml").write_text("llmforge: 1\nstack: lab\nprovider: aws\nregion: us-west-2\n")
    path = bucket_state(cloud).write(place.spec.parent / "terraform.tfstate")
    place.spec = folder
    place.run("adopt", "--from-tfstate", path, expect=0)
    assert "lab-one-7" in (folder / "adopted.yaml").read_text()
    place.run("plan", "--detailed-exitcode", expect=0)


def test_killed_in_the_middle(cloud, lab):
    """The spec is there with `adopt:`; what is recorded is recorded. An apply or the same command goes on."""
    cloud.faults({"action": "ec2:CreateTags", "delay_s": 20, "times": 50})
    lab.state.write(lab.spec.parent / "terraform.tfstate")
    process = lab.start("adopt", "--from-tfstate", lab.spec.parent / "terraform.tfstate")
    for _ in range(200):
        if any(e["action"] == "ec2:CreateTags" for e in cloud.requests()):
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    cloud.faults()
    assert "adopt: " in lab.spec.read_text()
    counts = cloud.counts()
    adopt(lab, lab.state)
    assert "adopt: " not in lab.spec.read_text()
    lab.plan(expect=0)
    assert cloud.counts() == counts


def test_tofu_reads_these_states_alike(lab):
    """The states that these tests write have the form that OpenTofu itself reads."""
    tofu = subprocess.run(["bash", PEERS / "tofu.sh", "--installed"], capture_output=True, text=True).stdout.strip()
    if not tofu:
        pytest.skip("OpenTofu is not installed (tests/peers/tofu.sh builds it)")
    path = lab.state.write(lab.spec.parent / "terraform.tfstate")
    listed = subprocess.run([tofu, "state", "list", f"-state={path}"], cwd=lab.spec.parent, capture_output=True, text=True,
                            env={"PATH": "/usr/bin:/bin", "HOME": str(lab.folder)})
    assert listed.returncode == 0, listed
    said = json.loads(adopt(lab, lab.state, "--dry-run", "--json").out)
    ours = [e["from"] for e in said["would_adopt"]] + [p for e in said["would_adopt"] for p in e["parts"]] + \
        [e["from"] for e in said["left"]]
    assert sorted(ours) == sorted(listed.stdout.split())
