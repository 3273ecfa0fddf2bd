# SPDX-License-Identifier: Apache-2.0
"""users' wishes 3, 25 and 26: which errors are repeated, for how long and what is said of it; a read's
not-found that is too young to be believed; a wait that ran out of time and goes on with the next run."""
import json
import time

import pytest

from cloud import nothing_doubled

ON = ("--var", "create_instance=true")
IN_A_QUEUE = "Request limit exceeded."

# What AWS answers for a while to what would be right a moment later: service:Operation, code, status,
# message. Each is given twice, then the call goes through.
PASSING = [
    # throttles of every kind, on any service
    ("ec2:CreateVpc", "RequestLimitExceeded", 503, IN_A_QUEUE),
    ("ec2:CreateInternetGateway", "Throttling", 400, "Rate exceeded"),
    ("ecr:CreateRepository", "ThrottlingException", 400, "Rate exceeded"),
    ("ecr:PutLifecyclePolicy", "TooManyRequestsException", 429, "Too many requests"),
    ("iam:CreateRole", "Throttling", 400, "Rate exceeded"),
    ("s3:CreateBucket", "SlowDown", 503, "Please reduce your request rate."),
    ("s3:PutBucketEncryption", "ServiceUnavailable", 503, "Reduce your request rate."),
    # out of order for a moment: repeated where the call is idempotent or has a token
    ("s3:PutBucketVersioning", "InternalError", 500, "We encountered an internal error. Please try again."),
    ("ec2:ModifySubnetAttribute", "InternalError", 500, "An internal error has occurred"),
    ("ec2:RunInstances", "Unavailable", 503, "The server is overloaded"),
    ("iam:PutRolePolicy", "ServiceFailure", 500, "internal failure"),
    # somebody else is at it
    ("s3:PutPublicAccessBlock", "OperationAborted", 409, "A conflicting conditional operation is currently in progress"),
    ("iam:CreateInstanceProfile", "ConcurrentModification", 409, "being modified"),
    # made a moment ago and not seen everywhere yet
    ("ec2:CreateSubnet", "InvalidVpcID.NotFound", 400, "The vpc ID 'vpc-1' does not exist"),
    ("ec2:CreateSecurityGroup", "InvalidVpcID.NotFound", 400, "The vpc ID 'vpc-1' does not exist"),
    ("ec2:AttachInternetGateway", "InvalidInternetGatewayID.NotFound", 400, "does not exist"),
    ("ec2:CreateRoute", "InvalidRouteTableID.NotFound", 400, "The routeTable ID 'rtb-1' does not exist"),
    ("iam:AttachRolePolicy", "NoSuchEntity", 404, "The role with name x cannot be found."),
    ("iam:AddRoleToInstanceProfile", "NoSuchEntity", 404, "Role x cannot be found."),
    ("s3:PutBucketLifecycleConfiguration", "NoSuchBucket", 404, "The specified bucket does not exist"),
]
# A new profile is not known to EC2 at once, and its code says no more than "invalid".
LATE_PROFILE = ("ec2:RunInstances", "InvalidParameterValue", 400,
                "Value (llm-tuning-lab-trainer) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")


def fault(action, code, status, message, times):
    return {"action": action, "kind": "error", "code": code, "status": status, "message": message, "times": times}


def calls(cloud, action):
    return [e for e in cloud.requests() if e["action"] == action]


def test_what_passes_is_repeated(cloud, forge):
    cloud.faults(fault(*LATE_PROFILE, 2), *(fault(*row, 2) for row in PASSING))
    run = forge.apply(*ON)
    assert [f for f in cloud.control("faults") if f["times"]] == []  # each was met
    for action, code, _, message in [*PASSING, LATE_PROFILE]:
        told = [line for line in run.err.splitlines() if action.split(":")[1] in line and "again in" in line]
        slow = [line for line in run.err.splitlines() if "slow down" in line]
        assert told or (slow and code in ("Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown",
                                          "RequestLimitExceeded")), (action, code, run)
    counts = cloud.counts()
    assert nothing_doubled(counts), counts
    forge.plan(*ON, expect=0)


# Wrong, forbidden or too much: no time mends it, and none is spent on it.
@pytest.mark.parametrize("action, code, status, message", [
    ("ec2:CreateVpc", "VpcLimitExceeded", 400, "The maximum number of VPCs has been reached."),
    ("ec2:CreateVpc", "UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
    ("ec2:CreateVpc", "InvalidParameterValue", 400, "Value (x) for parameter cidrBlock is invalid."),
    ("ec2:CreateVpc", "SomethingThatNobodyListed", 400, "No."),
    ("iam:CreateRole", "LimitExceeded", 409, "Cannot exceed quota for RolesPerAccount: 1000"),
    ("s3:CreateBucket", "TooManyBuckets", 400, "You have attempted to create more buckets than allowed"),
])
def test_what_does_not_pass_fails_at_once(cloud, forge, action, code, status, message):
    cloud.faults(fault(action, code, status, message, None))
    started = time.monotonic()
    run = forge.run("apply", "--target", {"ec2": "network.**", "iam": "access**", "s3": 'buckets["outputs"]**'}[action[:action.index(":")]],
                    expect=(1, 5))
    assert time.monotonic() - started < 20
    assert len(calls(cloud, action)) == 1
    assert message in run.err and "again in" not in run.err
    assert "request id" in run.err


def test_an_overloaded_service_is_given_up_within_its_budget(cloud, forge):
    """A plan says so within seconds; nothing is hammered."""
    forge.apply()
    cloud.faults(fault("ec2:DescribeVpcs", "Unavailable", 503, "The server is overloaded", None))
    cloud.forget_requests()
    started = time.monotonic()
    run = forge.run("plan", expect=1)
    assert time.monotonic() - started < 60
    assert 3 <= len(calls(cloud, "ec2:DescribeVpcs")) <= 8
    assert "The server is overloaded" in run.err


def test_retry_after_is_obeyed(cloud, forge):
    forge.apply()
    cloud.faults({**fault("ecr:DescribeRepositories", "ThrottlingException", 429, "Rate exceeded", 1),
                  "headers": {"Retry-After": "3"}})
    cloud.forget_requests()
    forge.plan(expect=0)
    first, second = calls(cloud, "ecr:DescribeRepositories")[:2]
    assert second["at"] - first["at"] >= 2.9


# ---- 3: a record is dropped for no less than a proof

def test_a_young_thing_that_is_not_seen_is_not_gone(cloud, forge):
    forge.apply()
    cloud.faults(fault("ec2:DescribeVpcs", "InvalidVpcID.NotFound", 400, "does not exist", 3),
                 fault("iam:GetRole", "NoSuchEntity", 404, "cannot be found", 3))
    forge.plan(expect=0)
    assert [f for f in cloud.control("faults") if f["times"]] == []


SPEC = """\
llmforge: 1
stack: slow
provider: aws
region: us-west-2
resources:
  net: {type: aws.ec2.vpc, cidr: 10.9.0.0/16, timeouts: {delete: 4s}}
  role:
    type: aws.iam.role
    name: slow-machine
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}
"""


def test_a_delete_that_did_nothing_is_noticed(cloud, forge):
    """"Deleted" is what a read says, not the answer to the deletion."""
    spec = forge.folder / "slow.yaml"
    spec.write_text(SPEC)
    forge.run("apply", spec, expect=0)
    cloud.faults({"action": "ec2:DeleteVpc", "kind": "answer", "times": None, "body":
                  '<DeleteVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>'
                  "<return>true</return></DeleteVpcResponse>"})
    run = forge.run("destroy", spec, expect=5)
    assert "still there" in run.err and "the next run goes on" in run.err
    assert cloud.counts() == {"vpcs": 1}
    known = json.loads(forge.run("state", "list", "--json", "--spec", spec, expect=0).out)
    assert [r["address"] for r in known] == ['resources["net"]']
    cloud.faults()
    forge.run("destroy", spec, expect=0)
    assert cloud.counts() == {}


# ---- 25: a time-out is no failure of the thing

def test_a_wait_that_ran_out_goes_on_with_the_next_run(cloud, forge):
    forge.edit("    disk: 200GiB\n", "    disk: 200GiB\n    timeouts: {create: 4s}\n")
    pending = {"action": "ec2:DescribeInstances", "kind": "rewrite", "times": None,
               "from": "<name>running</name>", "to": "<name>pending</name>"}
    cloud.faults(pending)
    run = forge.run("apply", *ON, expect=5)
    assert "still `pending`" in run.err and "the next apply goes on waiting" in run.err
    assert "waits: pending until running" in run.err  # and while it waited, it said for what
    machine = cloud.only("instances")["InstanceId"]
    record = [r for r in json.loads(forge.run("state", "list", "--json", expect=0).out)
              if r["type"] == "aws.ec2.instance"][0]
    assert (record["id"], record["status"]) == (machine, "creating")
    cloud.forget_requests()
    run = forge.run("apply", *ON, expect=(1, 5))  # it still is not there: waited for again, not made again
    assert "still `pending`" in run.err
    cloud.faults()
    forge.apply(*ON)
    assert "ec2:RunInstances" not in [e["action"] for e in cloud.requests()]
    assert cloud.only("instances")["InstanceId"] == machine
    forge.plan(*ON, expect=0)
