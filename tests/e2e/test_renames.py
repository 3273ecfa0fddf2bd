# SPDX-License-Identifier: Apache-2.0
"""A resource under a new key is a move: found out where what can exist only once tells it, told where only
likeness does. And the commands that mend the state, rehearsed with --dry-run and undone from the history."""
import json

import pytest

SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
resources:
  net: {type: aws.ec2.vpc, cidr: 10.1.0.0/16}
  front: {type: aws.ec2.subnet, vpc: "${resources.net}", cidr: 10.1.1.0/24}
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}
  web:
    type: aws.ec2.security_group
    name: lab-web
    vpc: ${resources.net}
    ingress: [{protocol: tcp, from_port: 443, to_port: 443, cidr: 0.0.0.0/0}]
"""


def at(key):
    return f'resources["{key}"]'


@pytest.fixture
def lab(cloud, lab):
    lab.apply()
    cloud.forget_requests()
    return lab


def test_a_unique_name_tells(cloud, lab):
    """Rename, no API writes."""
    lab.edit("  jobs: {", "  work: {")
    plan = lab.plan(expect=2)
    assert f'> {at("work")}' in plan.out and f'moved from {at("jobs")}' in plan.out, plan
    assert "1 to move" in plan.out and "nothing is sent" in plan.err and f'moved_from: {at("jobs")}' in plan.err, plan
    lab.apply()
    assert cloud.mutations() == []
    lab.plan(expect=0)
    assert at("work") in lab.run("state", "list").out and at("jobs") not in lab.run("state", "list").out


def test_a_natural_key_tells(cloud, lab):
    """A subnet has no name, but no other can have its range in its VPC; what else changed is an update."""
    lab.edit("  front: {", "  edge: {public_addresses: true, ")
    plan = lab.plan(expect=2)
    assert "1 to change" in plan.out and f'moved from {at("front")}' in plan.out, plan
    lab.apply()
    assert cloud.mutations() == ["ec2:ModifySubnetAttribute"]
    lab.plan(expect=0)


def test_both_ends_move_together(cloud, lab):
    """The subnet's natural key holds the VPC's id, which is known where the VPC's move is written."""
    lab.edit("  net: {", "  main: {moved_from: 'resources[\"net\"]', ")
    lab.edit("resources.net}", "resources.main}")
    lab.edit("vpc: ${resources.net}", "vpc: ${resources.main}")
    lab.edit("  front: {", "  edge: {")
    lab.apply()
    assert cloud.mutations() == []
    lab.plan(expect=0)


def test_likeness_is_only_told(cloud, lab):
    lab.edit("  net: {", "  main: {")
    lab.spec.write_text(lab.spec.read_text().replace("resources.net", "resources.main"))
    plan = lab.plan(expect=2)
    assert f'+ {at("main")}' in plan.out and f'- {at("net")}' in plan.out, plan
    assert f'`{at("main")}` is made and `{at("net")}` is deleted' in plan.err and f'`moved_from: {at("net")}`' in plan.err, plan
    lab.edit("  main: {", "  main: {moved_from: 'resources[\"net\"]', ")
    lab.apply()
    assert cloud.mutations() == []


def test_a_name_that_follows_the_key_is_told_with_its_line(cloud, lab):
    lab.edit("jobs: {type: aws.sqs.queue, name: lab-jobs,", "jobs: {type: aws.sqs.queue,")
    lab.plan(expect=0)  # the default name is the same
    lab.edit("  jobs: {", "  work: {")
    plan = lab.plan(expect=2)
    assert f'`moved_from: {at("jobs")}` and `name: lab-jobs`' in plan.err, plan


def test_late_facets_move_with_their_thing(cloud, lab):
    """A security group's name is unique in its VPC; its rules are where they were."""
    lab.edit("  web:\n", "  front_door:\n")
    plan = lab.plan(expect=2)
    assert "1 to move" in plan.out and "to change" not in plan.out, plan
    lab.apply()
    assert cloud.mutations() == []
    lab.plan(expect=0)


def test_another_thing_is_none(cloud, lab):
    """Another name and other settings: made and deleted, and nothing is said."""
    lab.edit("  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}",
             "  work: {type: aws.sqs.queue, name: lab-work, visibility_timeout: 90s}")
    plan = lab.plan(expect=2)
    assert "moved from" not in plan.text and "moved_from" not in plan.text and f'- {at("jobs")}' in plan.out, plan


def test_dry_runs(cloud, lab):
    files = [p.read_bytes() for p in lab.state_files()]
    for words, said in ((("mv", at("jobs"), at("work")), f'would move {at("jobs")} to {at("work")}'),
                        (("rm", at("jobs")), f'would forget {at("jobs")}')):
        run = lab.run("state", *words, "--dry-run", expect=0)
        assert said in run.out and "nothing was changed" in run.err, run
        told = json.loads(lab.run("state", *words, "--dry-run", "--json", expect=0).out)
        assert told["address"] == at("jobs") and "would_change" in told
    lab.run("state", "mv", at("jobs"), at("net"), "--dry-run", expect=8)
    lab.run("state", "rm", at("nothing"), "--dry-run", expect=1)
    assert "would forget" in lab.run("forget", at("jobs"), "--dry-run", expect=0).out
    assert [p.read_bytes() for p in lab.state_files()] == files and cloud.requests() == []


def test_each_change_can_be_taken_back(cloud, lab):
    """mv, rm: the state before is in the history; restore shows what it would do, and does it."""
    serial = json.loads(lab.run("state", "history", "--json", expect=0).out)[-1]["serial"]
    lab.run("state", "mv", at("jobs"), at("work"), expect=0)
    lab.run("state", "rm", at("front"), expect=0)
    shown = lab.run("state", "restore", serial, "--dry-run", expect=0).out
    assert "would restore state" in shown and f'+ {at("jobs")}' in shown and f'- {at("work")}' in shown \
        and f'+ {at("front")}' in shown, shown
    assert at("work") in lab.run("state", "list").out
    lab.run("state", "restore", serial, expect=0)
    assert {at("jobs"), at("front")} <= set(lab.run("state", "list").out.split())
    lab.plan(expect=0)
    assert cloud.mutations() == []
