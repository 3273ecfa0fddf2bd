# SPDX-License-Identifier: Apache-2.0
"""The commands that look at the state and mend it: state list|show|mv|rm, forget, adopt, orphans, status,
drift. None of them may touch the cloud but adopt, which marks what it takes in."""
import json
import shlex

import pytest

SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
resources:
  net: {type: aws.ec2.vpc, cidr: 10.1.0.0/16}
  front: {type: aws.ec2.subnet, vpc: "${resources.net}", cidr: 10.1.1.0/24}
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}
  runs: {type: aws.logs.group, name: /lab/runs, retention: 14d}
  trainer:
    type: aws.iam.role
    name: lab-trainer
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}
outputs:
  jobs: ${resources.jobs.id}
"""


def at(key):
    return f'resources["{key}"]'


@pytest.fixture
def lab(cloud, forge):
    forge.spec = forge.folder / "lab/llmforge.yaml"
    forge.spec.parent.mkdir()
    forge.spec.write_text(SPEC)
    forge.apply()
    cloud.forget_requests()
    return forge


def adopt_line(run):
    """The arguments of the `llmforge adopt` line that was shown."""
    lines = [line.strip() for line in run.text.splitlines() if "llmforge adopt " in line]
    assert len(lines) == 1, run
    return shlex.split(lines[0][lines[0].index("llmforge adopt"):])[2:]


def test_list(cloud, lab):
    assert lab.run("state", "list", expect=0).out.split() == [at(k) for k in ("front", "jobs", "net", "runs", "trainer")]
    assert lab.run("state", "list", "*j*", expect=0).out.split() == [at("jobs")]
    rows = json.loads(lab.run("state", "list", "--json", expect=0).out)
    assert {(r["address"], r["type"], r["status"]) for r in rows} >= {(at("net"), "aws.ec2.vpc", "ready")}
    nothing = lab.run("state", "list", "buckets*", expect=0)
    assert nothing.out == "" and "buckets*" in nothing.err, nothing
    assert cloud.requests() == []


def test_show(cloud, lab):
    vpc = cloud.only("vpcs")["VpcId"]
    shown = lab.run("state", "show", at("net"), expect=0).out
    assert vpc in shown and "10.1.0.0/16" in shown and "aws.ec2.vpc" in shown
    one = json.loads(lab.run("state", "show", at("front"), "--json", expect=0).out)
    assert one["depends_on"] == [at("net")] and one["applied"][""]["vpc"] == vpc
    wrong = lab.run("state", "show", at("nets"), expect=1)
    assert f"did you mean `{at('net')}`" in wrong.err and wrong.out == ""
    # Addresses share their first half: that makes no two of them alike.
    assert "llmforge state list" in lab.run("state", "show", at("abc"), expect=1).err


def test_mv(cloud, lab):
    before = cloud.counts()
    lab.edit("net: {type", "main: {type")
    lab.edit("resources.net}", "resources.main}")
    assert "1 to destroy" in lab.plan(expect=2).text or "destroy" in lab.plan(expect=2).text
    moved = lab.run("state", "mv", at("net"), at("main"), expect=0)
    assert at("net") in moved.out and at("main") in moved.out and cloud.only("vpcs")["VpcId"] in moved.out
    lab.plan(expect=0)
    # What depends on it follows, so that a destroy still goes in the right order.
    one = json.loads(lab.run("state", "show", at("front"), "--json", expect=0).out)
    assert one["depends_on"] == [at("main")]
    assert lab.run("orphans", expect=0).out.startswith("no orphans")
    assert cloud.mutations() == [] and cloud.counts() == before
    lab.destroy()
    assert cloud.counts() == {}


def test_mv_refuses(cloud, lab):
    taken = lab.run("state", "mv", at("net"), at("jobs"), expect=8)
    assert "taken" in taken.err, taken
    elsewhere = lab.run("state", "mv", at("net"), at("nets"), expect=0)
    assert "the spec has no" in elsewhere.err and "delete" in elsewhere.err
    assert lab.run("state", "mv", at("nets"), at("net"), expect=0).err == ""
    missing = lab.run("state", "mv", at("nett"), at("other"), expect=1)
    assert f"did you mean `{at('net')}`" in missing.err
    # A record keeps its type: this would be a role where the spec has a queue.
    lab.edit("  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}\n", "")
    lab.edit("outputs:\n  jobs: ${resources.jobs.id}\n", "")
    lab.edit("trainer:", "worker:")
    lab.run("state", "mv", at("jobs"), at("worker"), expect=8)
    lab.run("state", "mv", at("trainer"), at("worker"), expect=0)
    assert cloud.mutations() == []


def test_rm_then_adopt(cloud, lab):
    vpc = cloud.only("vpcs")["VpcId"]
    gone = lab.run("state", "rm", at("net"), expect=0)
    assert vpc in gone.out and "stays in the cloud" in gone.err and at("front") in gone.err, gone
    assert cloud.only("vpcs")["VpcId"] == vpc
    plan = lab.plan(expect=2)
    assert "create" in plan.text and at("net") in plan.text
    cloud.forget_requests()
    wrong = lab.run("adopt", at("net"), cloud.only("subnets")["SubnetId"], expect=3)
    assert "`vpc-`" in wrong.err and cloud.mutations() == []
    lab.run("adopt", *adopt_line(gone), expect=0)
    lab.plan(expect=0)
    assert cloud.only("vpcs")["VpcId"] == vpc


@pytest.mark.parametrize("key", ["net", "jobs", "runs", "trainer"])
def test_orphans(cloud, lab, key):
    before = cloud.counts()
    assert lab.run("orphans", expect=0).out.startswith("no orphans")
    lab.run("state", "rm", at(key), expect=0)
    found = lab.run("orphans", expect=0)
    rows = json.loads(lab.run("orphans", "--json", expect=0).out)["orphans"]
    assert [(r["address"], r["this_lineage"]) for r in rows] == [(at(key), True)], rows
    assert rows[0]["id"] in found.out
    lab.run("adopt", *adopt_line(found), expect=0)
    lab.plan(expect=0)
    assert lab.run("orphans", expect=0).out.startswith("no orphans")
    assert cloud.counts() == before


def test_orphans_of_a_lost_state(cloud, lab):
    for path in lab.state_files():
        path.unlink()
    rows = json.loads(lab.run("orphans", "--json", expect=0).out)["orphans"]
    assert {r["address"] for r in rows} == {at(k) for k in ("front", "jobs", "net", "runs", "trainer")}
    assert not any(r["this_lineage"] for r in rows)
    assert cloud.mutations() == []


def test_forget(cloud, lab):
    queue = cloud.only("queues")
    gone = lab.run("forget", at("jobs"), expect=0)
    assert queue in gone.out
    assert cloud.mutations() == []
    lab.edit("  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}\n", "")
    lab.edit("outputs:\n  jobs: ${resources.jobs.id}\n", "")
    lab.apply()  # its output goes
    assert cloud.mutations() == []
    lab.destroy()
    assert cloud.counts() == {"queues": 1}
    assert lab.run("forget", at("jobs"), expect=1).err.count("error") == 1


def test_status(cloud, lab):
    shown = lab.run("status", expect=0).out
    assert all(at(k) in shown for k in ("front", "jobs", "net", "runs", "trainer")) and shown.count("present") >= 5
    cloud.client("logs").delete_log_group(logGroupName="/lab/runs")
    shown = lab.run("status", expect=0).out
    line, = [line for line in shown.splitlines() if at("runs") in line]
    assert "gone" in line and "present" not in line and "1 is gone: the next apply would make it again" in shown
    rows = {r["address"]: r for r in json.loads(lab.run("status", "--json", expect=0).out)["resources"]}
    assert rows[at("runs")]["cloud"] == "gone" and rows[at("net")]["marked"] is True
    assert cloud.mutations() == []
    # `show` is the state alone.
    cloud.forget_requests()
    assert at("runs") in lab.run("show", expect=0).out and cloud.requests() == []


def test_drift(cloud, lab):
    assert lab.run("drift", expect=0).out.startswith("no drift")
    url = cloud.only("queues")
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    cloud.client("iam").tag_role(RoleName="lab-trainer", Tags=[{"Key": "owner", "Value": "somebody"}])
    shown = lab.run("drift", expect=2).out
    assert at("jobs") in shown and "visibility_timeout: 1m -> 1m30s" in shown, shown
    assert at("trainer") in shown and "owner" in shown and "2 changed outside" in shown, shown
    assert cloud.mutations() == []
    # What the spec wants otherwise is no drift.
    lab.edit("retention: 14d", "retention: 30d")
    assert "retention" not in lab.run("drift", expect=2).out
