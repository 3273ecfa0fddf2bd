# SPDX-License-Identifier: Apache-2.0
"""The commands that look at the state and mend it: state list|show|mv|rm|pull|push|repair, forget, adopt, orphans, status,
drift. None of them may touch the cloud but adopt, which marks what it takes in."""
import json
import shlex
import time

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
def lab(cloud, lab):
    lab.apply()
    cloud.forget_requests()
    return lab


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


def serial(lab):
    return json.loads(lab.run("show", "--json", expect=0).out)["serial"]


def pulled(lab, name):
    path = lab.spec.parent / name
    path.write_text(lab.run("state", "pull", expect=0).out)
    return path


def test_pull_and_push(cloud, lab):
    old = pulled(lab, "old.json")
    lab.edit("visibility_timeout: 60s", "visibility_timeout: 90s")
    lab.apply()
    new, last = pulled(lab, "new.json"), serial(lab)
    cloud.forget_requests()
    # The same again, and an older one.
    assert "nothing to do" in lab.run("state", "push", new, expect=0).out
    refused = lab.run("state", "push", old, expect=8)
    assert "is older" in refused.one_error() and "state pull" in refused.err, refused
    assert "is older" in lab.run("state", "push", old, "--dry-run", expect=8).err
    assert serial(lab) == last
    # A later one in place of what is here: it is restored to what it was.
    history = json.loads(lab.run("state", "history", "--json", expect=0).out)
    first = next(h["serial"] for h in history if h["resources"] == 5)
    for path in lab.state_files():
        path.unlink()
    assert "no state yet" in lab.run("state", "pull", expect=1).one_error()
    dry = lab.run("state", "push", old, "--dry-run", expect=0)
    assert f"would push the state with serial {first}" in dry.out and lab.state_files() == []
    assert "5 resources" in lab.run("state", "push", old, expect=0).out
    assert "visibility_timeout: 1m -> 1m30s" in lab.plan(expect=0).text  # to this state a change of somebody else
    done = lab.run("state", "push", new, expect=0)
    assert f"state restore {first}" in done.err, done
    assert serial(lab) == last
    lab.plan(expect=0)
    lab.run("state", "restore", first, expect=0)  # the backup
    assert "visibility_timeout: 1m -> 1m30s" in lab.plan(expect=0).text  # to this state a change of somebody else
    # Now the state here went on by itself: the same serial with another content is no successor.
    assert cloud.mutations() == []


def test_push_refuses(cloud, lab):
    mine = pulled(lab, "mine.json")
    # Another lineage: a stack of the same name whose state was lost.
    for path in lab.state_files():
        path.unlink()
    lab.run("adopt", "--orphans", expect=0)
    other = lab.run("state", "push", mine, expect=8)
    assert "of another lineage" in other.one_error(), other
    assert json.loads(lab.run("state", "push", mine, "--dry-run", "--json", expect=8).err)["message"]
    # Same lineage and serial, but not the same.
    here = pulled(lab, "here.json")
    lab.run("state", "rm", at("jobs"), expect=0)
    there, later = lab.spec.parent / "branch", pulled(lab, "later.json")
    there.mkdir()
    saved = [(p, p.read_bytes()) for p in lab.state_files()]
    for path in lab.state_files():
        path.unlink()
    lab.run("state", "push", here, expect=0)
    lab.run("state", "rm", at("runs"), expect=0)
    assert "knows something else" in lab.run("state", "push", later, expect=8).one_error()
    for path, content in saved:
        path.write_bytes(content)
    # Not of this stack; broken; not there.
    lab.edit("stack: lab", "stack: lab2")
    assert "is the state of stack `lab`" in lab.run("state", "push", later, expect=8).one_error()
    lab.edit("stack: lab2", "stack: lab")
    torn = lab.spec.parent / "torn.json"
    torn.write_text(later.read_text()[:-200])
    lab.run("state", "push", torn, expect=1)
    assert "none.json" in lab.run("state", "push", lab.spec.parent / "none.json", expect=1).one_error()


def test_repair(cloud, lab):
    nothing = lab.run("state", "repair", expect=0)
    assert "nothing to repair" in nothing.out
    cloud.client("logs").delete_log_group(logGroupName="/lab/runs")
    cloud.client("sqs").untag_queue(QueueUrl=cloud.only("queues"), TagKeys=["llmforge:stack"])
    lab.run("state", "rm", at("net"), expect=0)  # what `front` depends on
    before, files = serial(lab), {p: p.read_bytes() for p in lab.state_files()}
    cloud.forget_requests()
    for more in ((), ("--dry-run",)):
        dry = lab.run("state", "repair", *more, expect=2)
        for part in (f"{at('runs')} (/lab/runs) does not exist any more", f"{at('jobs')} (", "this stack's marks",
                     f"depends on what the state does not know: {at('net')}", "nothing was changed", "--fix"):
            assert part in dry.text, dry
    assert {p: p.read_bytes() for p in lab.state_files()} == files
    rows = {r["address"]: r for r in json.loads(lab.run("state", "repair", "--json", expect=2).out)["findings"]}
    assert [rows[at(k)]["by_repair"] for k in ("runs", "jobs", "front")] == [True, False, True], rows
    done = lab.run("state", "repair", "--fix", expect=0)
    assert "done: forget it" in done.out and "state history" in done.err, done
    assert cloud.mutations() == [] and serial(lab) == before + 1
    assert at("runs") not in lab.run("state", "list", expect=0).out
    assert json.loads(lab.run("state", "show", at("front"), "--json", expect=0).out)["depends_on"] == []
    lab.run("state", "repair", "--fix", "--dry-run", expect=3)
    lab.run("state", "restore", before, expect=0)
    assert at("runs") in lab.run("state", "list", expect=0).out
    # What is left is the apply's.
    lab.run("state", "repair", "--fix", expect=0)
    lab.run("adopt", "--orphans", expect=0)
    lab.apply()
    assert "nothing to repair" in lab.run("state", "repair", expect=0).out
    lab.plan(expect=0)


def test_repair_after_a_kill(cloud, lab):
    """What a killed run left open is found out."""
    cloud.faults({"action": "sqs:CreateQueue", "kind": "latency", "delay_s": 3, "after": True})
    lab.edit("  runs:", "  more: {type: aws.sqs.queue, name: lab-more}\n  runs:")
    run = lab.start("apply")
    deadline = time.monotonic() + 30
    while "sqs:CreateQueue" not in cloud.mutations() and time.monotonic() < deadline:
        time.sleep(0.05)
    run.kill()
    run.wait()
    cloud.faults()
    dry = lab.run("state", "repair", expect=2)
    assert "1 step of a run that was cut off" in dry.out, dry
    assert "found out what came of them" in lab.run("state", "repair", "--fix", expect=0).out
    assert at("more") in lab.run("state", "list", expect=0).out
    assert "nothing to repair" in lab.run("state", "repair", expect=0).out
