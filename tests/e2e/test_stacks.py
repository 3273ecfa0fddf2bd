# SPDX-License-Identifier: Apache-2.0
"""Stacks that import each other's outputs: one by one, and all of them as one."""
import json
import subprocess

import pytest

from conftest import BINARY, Run

NETWORK = """llmforge: 1
stack: network
provider: aws
region: us-west-2
variables:
  port: {type: int, default: 22}
resources:
  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}
outputs:
  vpc_id: ${resources.vpc.id}
  cidr: ${resources.vpc.cidr}
  port: ${vars.port}
"""
APP = """llmforge: 1
stack: app
provider: aws
region: us-west-2
imports: {net: ../network}
resources:
  group:
    type: aws.ec2.security_group
    name: app
    vpc: ${net.vpc_id}
    ingress: [{protocol: tcp, from_port: "${net.port}", to_port: "${net.port}", cidr: "${net.cidr}"}]
outputs:
  group: ${resources.group.id}
"""
TOP = """llmforge: 1
stack: alarms
provider: aws
region: us-west-2
imports: {app: {use: ../app}}
resources:
  queue: {type: aws.sqs.queue, name: alarms, tags: {Group: "${app.group}"}}
"""


@pytest.fixture
def stacks(forge):
    folder = forge.folder / "set"
    for name, text in (("network", NETWORK), ("app", APP), ("top", TOP)):
        (folder / name).mkdir(parents=True)
        (folder / name / "llmforge.yaml").write_text(text)

    def run(*command, expect=0):
        done = subprocess.run([BINARY, *command], cwd=folder, env=forge.environ(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        run = Run(command, done)
        assert run.code == expect, run
        return run
    run.folder = folder
    return run


def groups(cloud):
    return [g for g in cloud.client("ec2").describe_security_groups()["SecurityGroups"] if g["GroupName"] == "app"]


def test_one_by_one(cloud, stacks):
    # Not before what it needs; and the error says both ways out.
    early = stacks("plan", "app", expect=3)
    assert "`net.vpc_id` is not known" in early.err and "was not applied yet" in early.err and "--all" in early.err
    assert not cloud.requests()
    stacks("apply", "network", "--auto-approve")
    stacks("apply", "app", "--auto-approve")
    [group] = groups(cloud)
    vpc = stacks("output", "network", "vpc_id", "--raw").out
    assert group["VpcId"] == vpc
    assert group["IpPermissions"][0]["IpRanges"][0]["CidrIp"] == "10.0.0.0/16"

    # A plan that was saved does not hold once the imported values have moved.
    stacks("plan", "top", "--out", "top.plan")
    spec = stacks.folder / "app/llmforge.yaml"
    spec.write_text(spec.read_text().replace("${resources.group.id}", "x-${resources.group.id}"))
    stacks("apply", "app", "--auto-approve")
    stale = stacks("apply", "top.plan", expect=7)
    assert "import `app` has changed" in stale.err


def test_all_as_one(cloud, stacks):
    folder = stacks("plan", expect=3)
    assert "is no stack; its subfolders are: app, network, top" in folder.err and "--all" in folder.err
    plan = stacks("plan", "--all", "--detailed-exitcode", expect=2)
    at = [plan.out.index(f"== stack {name}") for name in ("network", "app", "alarms")]
    assert at == sorted(at)
    assert not [e for e in cloud.requests() if e["operation"].startswith(("Create", "Run"))]

    asked = stacks("apply", "--all", expect=3)
    assert "nobody to ask" in asked.err and not groups(cloud)
    stacks("apply", "--all", "--auto-approve")
    assert groups(cloud)
    stacks("plan", "--all", "--detailed-exitcode")
    data = json.loads(stacks("plan", "--all", "--json").out)
    assert list(data["stacks"]) == ["network", "app", "alarms"]

    # A change below reaches those above, in the plan already.
    plan = stacks("plan", "--all", "--var", "port=443", "--detailed-exitcode", expect=2)
    assert "443" in plan.out[plan.out.index("== stack app"):]
    stacks("apply", "--all", "--var", "port=443", "--auto-approve")
    [group] = groups(cloud)
    assert group["IpPermissions"][0]["FromPort"] == 443
    stacks("plan", "--all", "--var", "port=443", "--detailed-exitcode")
    unknown = stacks("plan", "--all", "--var", "rnage=1", expect=3)
    assert "no stack has a variable `rnage`" in unknown.err

    # What others need goes last.
    gone = stacks("destroy", "--all", "--auto-approve")
    at = [gone.err.index(f"== stack {name}") for name in ("alarms", "app", "network")]
    assert at == sorted(at)
    assert not groups(cloud) and cloud.counts() == {}, cloud.counts()


def test_a_failure_stops_what_needs_it(cloud, stacks):
    spec = stacks.folder / "app/llmforge.yaml"
    subnet = '  outside: {type: aws.ec2.subnet, vpc: "${net.vpc_id}", cidr: 192.168.0.0/24, zone: us-west-2a}\n'
    spec.write_text(APP.replace("outputs:", subnet + "outputs:"))
    run = stacks("apply", "--all", "--auto-approve", expect=5)
    assert "stack alarms: not begun, for stack app failed" in run.err
    assert stacks("output", "network", "vpc_id", "--raw").out.startswith("vpc-")
    # Mended, it goes on.
    spec.write_text(APP)
    stacks("apply", "--all", "--auto-approve")
    stacks("plan", "--all", "--detailed-exitcode")


def test_environments_of_several_stacks(cloud, stacks):
    for name in ("network", "app", "top"):
        spec = stacks.folder / name / "llmforge.yaml"
        spec.write_text(spec.read_text() + "environments: {test: {tags: {Environment: test}}}\n")
    stacks("apply", "--all", "--env", "test", "--auto-approve")
    early = stacks("plan", "app", expect=3)
    assert "environment default, was not applied yet" in early.err
    # One that does not have it is not planned as something else.
    spec = stacks.folder / "top/llmforge.yaml"
    spec.write_text(TOP)
    run = stacks("plan", "--all", "--env", "test", expect=3)
    assert "LF0211" in run.err
