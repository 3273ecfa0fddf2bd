# SPDX-License-Identifier: Apache-2.0
"""The training machine: started, left alone, replaced, ended by itself, and looked for in other places."""
import base64
import gzip
import json
import re

from cloud import tags

ON = ("--var", "create_instance=true")


def machine_id(cloud):
    return cloud.only("instances")["InstanceId"]


def test_toggle(cloud, forge):
    forge.apply()
    assert "instances" not in cloud.counts()
    run = forge.apply(*ON)
    assert machine_id(cloud) in run.text
    forge.plan(*ON, expect=0)
    assert forge.run("output", "instance_id", "--raw", expect=0).out.strip() == machine_id(cloud)
    forge.apply()  # the run has not ended: switching it off deletes it
    assert "instances" not in cloud.counts()
    forge.plan(expect=0)


def test_the_machine_is_as_the_spec_says(cloud, forge):
    forge.apply(*ON)
    ec2, iam, machine = cloud.client("ec2"), cloud.client("iam"), cloud.only("instances")
    assert machine["InstanceType"] == "g5.xlarge" and machine["InstanceLifecycle"] == "spot"
    assert machine["ImageId"] == "ami-0d15a5e2b3c4f5061"
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    volume = cloud.only("volumes")
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (200, "gp3", True)
    assert tags(machine)["Project"] == "llm-tuning-lab"
    group = cloud.only("security_groups")
    assert [g["GroupId"] for g in machine["SecurityGroups"]] == [group["GroupId"]]
    assert group["IpPermissions"] == [] and len(group["IpPermissionsEgress"]) >= 1
    profile = cloud.only("profiles")
    assert machine["IamInstanceProfile"]["Arn"] == profile["Arn"]
    role = next(r for r in cloud.inventory()["roles"] if r["RoleName"] == "llm-tuning-lab-trainer")
    assert [r["RoleName"] for r in profile["Roles"]] == [role["RoleName"]]
    assert "ec2.amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    text = "".join(str(iam.get_role_policy(RoleName=role["RoleName"], PolicyName=p)["PolicyDocument"])
                   for p in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"])
    text += "".join(str(iam.get_policy_version(PolicyArn=p["Arn"], VersionId=p["DefaultVersionId"])["PolicyVersion"]["Document"])
                    for p in cloud.inventory()["policies"])
    for part in ("training-data", "outputs"):
        assert cloud.bucket_named(part) in text
    assert "TerminateInstances" in text and "'Action': '*'" not in text
    data = ec2.describe_instance_attribute(InstanceId=machine["InstanceId"], Attribute="userData")["UserData"]["Value"]
    script = base64.b64decode(data)
    script = gzip.decompress(script) if script.startswith(b"\x1f\x8b") else script
    assert len(base64.b64decode(data)) <= 16384 and b"training-setup.log" in script


def test_on_demand(cloud, forge):
    forge.apply(*ON, "--var", "use_spot=false")
    assert "InstanceLifecycle" not in cloud.only("instances")


def test_another_type_replaces_it(cloud, forge):
    forge.apply(*ON)
    before = machine_id(cloud)
    changed = (*ON, "--var", "instance_type=g6.xlarge")
    run = forge.plan(*changed, expect=2)
    assert re.search(r"replace", run.text), run
    assert re.search(r"type.*g5\.xlarge.*g6\.xlarge|g5\.xlarge\s*(->|→)\s*g6\.xlarge", run.text), run
    assert "restarts run 1" in run.text
    assert machine_id(cloud) == before
    forge.apply(*changed)
    after = cloud.only("instances")
    assert after["InstanceId"] != before and after["InstanceType"] == "g6.xlarge"
    forge.plan(*changed, expect=0)


def test_a_run_that_ended_is_not_started_again(cloud, forge):
    forge.apply(*ON)
    cloud.client("ec2").terminate_instances(InstanceIds=[machine_id(cloud)])
    cloud.forget_requests()
    run = forge.plan(*ON, expect=0)
    assert "finished" in run.text
    forge.apply(*ON)
    assert cloud.mutations() == []
    assert "instances" not in cloud.counts()
    # The run's record outlives create_instance=false; the machine's group, which is no run, goes.
    run = forge.apply()
    assert "security_groups" not in cloud.counts() and "instances" not in cloud.counts()
    forge.plan(expect=0)
    run = forge.apply(*ON)                                    # the group comes back, the run does not
    assert "finished" in run.text and "instances" not in cloud.counts()
    forge.plan(*ON, expect=0)
    forge.apply(*ON, "--var", "run=second")                   # a new name is a new run
    assert cloud.counts()["instances"] == 1
    # The first one's name is no news from then on: an apply with the old name leaves all as it is.
    cloud.client("ec2").terminate_instances(InstanceIds=[machine_id(cloud)])
    forge.apply(*ON, "--var", "run=second")
    cloud.forget_requests()
    run = forge.run("apply", *ON, "--var", "run=1", expect=0)
    assert "run 1: ended before run second" in run.out and cloud.mutations() == []
    forge.apply(*ON, "--var", "run=1", "--replace", 'machines["trainer"].instance')
    assert cloud.counts()["instances"] == 1


JOB = """stack: job
provider: aws
region: us-west-2
variables: {result: {type: string, default: null}, size: {type: string, default: g5.xlarge}}
network: {subnets: [10.0.1.0/24]}
resources:
  box: {type: aws.ec2.instance, image: ami-0d15a5e2b3c4f5061, instance_type: "${vars.size}", subnet: "${network.subnets[0]}", run: first, run_result: "${vars.result}"}
outputs:
  box: ${resources.box.id}
"""


def test_what_the_job_left_as_its_result_counts(cloud, forge):
    forge.spec = forge.folder / "job.yaml"
    forge.spec.write_text(JOB)
    # Before there is any machine: nothing is started, and nothing is left to be done.
    run = forge.run("apply", "--var", "result=SUCCESS", expect=0)
    assert "run first: ended with SUCCESS" in run.out and "instances" not in cloud.counts()
    forge.plan("--var", "result=SUCCESS", expect=0)
    forge.apply()
    assert cloud.counts()["instances"] == 1
    # While the machine is still there, no change starts the run again.
    cloud.forget_requests()
    run = forge.run("apply", "--var", "result=FAILURE", "--var", "size=g5.2xlarge", expect=0)
    assert "run first: ended with FAILURE" in run.out and cloud.mutations() == []


def test_no_capacity_walks_the_alternatives(cloud, forge):
    cloud.faults({"action": "ec2:RunInstances", "where": {"InstanceType": "g5.xlarge"}, "kind": "error", "status": 500,
                  "code": "InsufficientInstanceCapacity", "times": None,
                  "message": "We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested."})
    run = forge.apply(*ON)
    chosen = cloud.only("instances")
    assert chosen["InstanceType"] != "g5.xlarge"
    lines = [line for line in run.text.splitlines() if "g5.xlarge" in line and "InsufficientInstanceCapacity" in line]
    assert lines, run
    cloud.faults()
    forge.plan(*ON, expect=0)  # the choice is recorded: no wish to go back


def test_no_capacity_anywhere(cloud, forge):
    cloud.faults({"action": "ec2:RunInstances", "kind": "error", "status": 500, "code": "InsufficientInstanceCapacity",
                  "times": None, "message": "We currently do not have sufficient capacity."})
    run = forge.run("apply", *ON, expect=6)
    assert "InsufficientInstanceCapacity" in run.text
    assert "instances" not in cloud.counts()
    cloud.faults()
    forge.apply(*ON)
    assert cloud.counts()["instances"] == 1


def test_the_image_is_pinned(cloud, forge):
    forge.apply(*ON)
    lock = (forge.spec.parent / "llmforge.lock").read_text()
    assert "ami-0d15a5e2b3c4f5061" in lock
    cloud.forget_requests()
    forge.plan(*ON, expect=0)
    assert "ec2:DescribeImages" not in [e["action"] for e in cloud.requests()]


def test_one_that_fails_after_its_creation(cloud, forge):
    """users' wish 2: it is recorded as failed, the service's reason is told, the next apply replaces it,
    and nothing of it is left."""
    reason = "Client.VolumeLimitExceeded: Volume limit exceeded"
    cloud.faults({"action": "ec2:DescribeInstances", "kind": "rewrite", "times": None, "changes": [
        ("<code>16</code><name>running</name>", "<code>48</code><name>terminated</name>"),
        ("<stateReason><code></code><message></message></stateReason>",
         f"<stateReason><code>Client.VolumeLimitExceeded</code><message>{reason}</message></stateReason>"),
        ("<stateReason><code/><message/></stateReason>",
         f"<stateReason><code>Client.VolumeLimitExceeded</code><message>{reason}</message></stateReason>")]})
    run = forge.run("apply", *ON, expect=5)
    assert f"it came up in state `terminated`: {reason}" in run.text, run
    assert "the next apply replaces it" in run.text
    cloud.faults()
    first = machine_id(cloud)
    record = next(r for r in json.loads(forge.run("state", "list", "--json", expect=0).out) if r["id"] == first)
    assert record["status"] == "failed"
    cloud.client("ec2").terminate_instances(InstanceIds=[first])  # what is failed has ended
    plan = forge.plan(*ON, expect=2)
    assert "1 to create" in plan.text and "run 1: finished" not in plan.text, plan
    forge.apply(*ON)
    assert machine_id(cloud) != first
    forge.plan(*ON, expect=0)
    forge.destroy(*ON)
    assert cloud.counts() == {}
