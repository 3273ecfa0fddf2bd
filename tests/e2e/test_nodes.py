# SPDX-License-Identifier: Apache-2.0
"""Several machines for one run: all of them or none, close together, alike, and ended together."""
import base64
import gzip
import importlib.util
import json
import pathlib
import time

import pytest
import yaml

from cloud import KEYS, tags

ROOT = pathlib.Path(__file__).parents[2]
ON = ("--var", "create_instance=true")
GROUP = 'machines["trainer"].nodes'


@pytest.fixture
def two(forge):
    """The reference spec with two machines."""
    forge.edit("training:\n", "training:\n  nodes: 2\n")
    return forge


def machines(cloud, *states):
    """The machines that are there, by launch index."""
    found = [(r["ReservationId"], m) for r in cloud.client("ec2").describe_instances()["Reservations"] for m in r["Instances"]]
    found = [(r, m) for r, m in found if m["State"]["Name"] in (states or ("pending", "running"))]
    return sorted(found, key=lambda one: one[1]["AmiLaunchIndex"])


def user_data(cloud, machine):
    data = base64.b64decode(cloud.client("ec2").describe_instance_attribute(
        InstanceId=machine["InstanceId"], Attribute="userData")["UserData"]["Value"])
    return gzip.decompress(data).decode() if data.startswith(b"\x1f\x8b") else data.decode()


def starts(cloud):
    return [e for e in cloud.requests() if e["operation"] == "RunInstances"]


def test_all_alike_in_one_place(cloud, two):
    two.apply(*ON)
    found = machines(cloud)
    assert len(found) == 2 and len({r for r, _ in found}) == 1 and len(starts(cloud)) == 1
    assert [m["AmiLaunchIndex"] for _, m in found] == [0, 1]  # their ranks
    group, among = sorted(cloud.inventory()["security_groups"], key=lambda g: g["GroupName"])
    seen = []
    for _, machine in found:
        assert machine["InstanceType"] == "g5.xlarge" and machine["InstanceLifecycle"] == "spot"
        assert machine["MetadataOptions"]["HttpTokens"] == "required" and machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
        assert machine["Placement"]["GroupName"] == "llm-tuning-lab-trainer" and "PublicIpAddress" in machine
        assert machine["IamInstanceProfile"]["Arn"] == cloud.only("profiles")["Arn"]
        assert [g["GroupId"] for g in machine["SecurityGroups"]] == [group["GroupId"], among["GroupId"]]
        shutdown = cloud.client("ec2").describe_instance_attribute(
            InstanceId=machine["InstanceId"], Attribute="instanceInitiatedShutdownBehavior")
        assert shutdown["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
        script = user_data(cloud, machine)
        assert "NODES='2' RANK='-1'" in script.replace("NODES=2 RANK=-1", "NODES='2' RANK='-1'") and "MAX_RUNTIME=" in script
        seen.append((tags(machine), script, machine["SubnetId"], machine["Placement"]["AvailabilityZone"]))
    assert seen[0] == seen[1]
    marks = seen[0][0]
    assert marks["Project"] == "llm-tuning-lab" and marks["Name"] == "llm-tuning-lab-trainer"
    assert marks["llmforge:address"] and marks["llmforge:stack"].startswith("llm-tuning-lab/default/")
    volumes = cloud.client("ec2").describe_volumes()["Volumes"]
    assert [(v["Size"], v["VolumeType"], v["Encrypted"]) for v in volumes] == [(200, "gp3", True)] * 2
    assert all(tags(v)["Project"] == "llm-tuning-lab" for v in volumes)
    # They reach each other, and nobody else reaches them.
    assert group["IpPermissions"] == [] and [r["IpProtocol"] for r in group["IpPermissionsEgress"]] == ["-1"]
    for rules in (among["IpPermissions"], among["IpPermissionsEgress"]):
        assert [(r["IpProtocol"], [p["GroupId"] for p in r["UserIdGroupPairs"]], r["IpRanges"]) for r in rules] == [("-1", [among["GroupId"]], [])]
    two.plan(*ON, expect=0)
    assert two.run("output", "instance_id", "--raw", expect=0).out.strip() == found[0][0]
    two.destroy(*ON)
    assert not machines(cloud) and "security_groups" not in cloud.counts()
    assert cloud.client("ec2").describe_placement_groups()["PlacementGroups"] == []


def test_one_is_as_it_was(cloud, forge):
    """`nodes: 1`: no group, nothing of a group."""
    forge.apply(*ON)
    assert cloud.only("instances")["Placement"].get("GroupName", "") == ""
    assert cloud.client("ec2").describe_placement_groups()["PlacementGroups"] == []
    group = cloud.only("security_groups")
    assert group["IpPermissions"] == [] and [r["IpProtocol"] for r in group["IpPermissionsEgress"]] == ["-1"]


def test_the_price_is_that_of_all(forge):
    one = json.loads(forge.run("cost", *ON, "--json", expect=0).out)
    forge.edit("training:\n", "training:\n  nodes: 3\n")
    three = json.loads(forge.run("cost", *ON, "--json", expect=0).out)

    def lines(costs, name):
        return {line["name"]: line for item in costs["resources"] if item["address"] == name for line in item["lines"]}
    alone, all_of_them = lines(one, 'machines["trainer"].instance'), lines(three, GROUP)
    assert set(alone) == set(all_of_them) and "machine" in alone
    for name, line in alone.items():
        assert all_of_them[name]["quantity"] == 3 * line["quantity"] and all_of_them[name]["price"] == line["price"], name


def test_no_capacity_walks_on_with_all_of_them(cloud, two):
    cloud.faults({"action": "ec2:RunInstances", "where": {"InstanceType": "g5.xlarge"}, "kind": "error", "status": 500,
                  "code": "InsufficientInstanceCapacity", "times": None, "message": "We currently do not have sufficient g5.xlarge capacity."})
    run = two.apply(*ON)
    found = machines(cloud)
    assert len(found) == 2 and {m["InstanceType"] for _, m in found} == {"g5.2xlarge"}
    assert [line for line in run.text.splitlines() if "g5.xlarge" in line and "InsufficientInstanceCapacity" in line], run
    cloud.faults()
    two.plan(*ON, expect=0)


def test_no_capacity_leaves_nothing_running(cloud, two):
    cloud.faults({"action": "ec2:RunInstances", "kind": "error", "status": 500, "code": "InsufficientInstanceCapacity",
                  "times": None, "message": "We currently do not have sufficient capacity."})
    run = two.run("apply", *ON, expect=6)
    assert "InsufficientInstanceCapacity" in run.text and not machines(cloud)


def test_a_lost_answer_starts_no_second_group(cloud, two):
    cloud.faults({"action": "ec2:RunInstances", "kind": "lost", "times": 1})
    two.run("apply", *ON)
    two.apply(*ON)
    assert len(machines(cloud)) == 2
    two.plan(*ON, expect=0)


def test_a_run_happens_once(cloud, two):
    two.apply(*ON)
    ec2, first = cloud.client("ec2"), machines(cloud)
    # One has left, as each does by itself at the end; the other still uploads.
    ec2.terminate_instances(InstanceIds=[first[0][1]["InstanceId"]])
    cloud.forget_requests()
    two.plan(*ON, expect=0)
    two.apply(*ON)
    assert cloud.mutations() == []
    assert "running, terminated" in two.run("status", *ON, expect=0).text
    ec2.terminate_instances(InstanceIds=[first[1][1]["InstanceId"]])
    assert "finished" in two.plan(*ON, expect=0).text
    two.apply(*ON)
    assert not machines(cloud)
    two.apply(*ON, "--var", "run=second")
    assert len(machines(cloud)) == 2


def test_switching_it_off_ends_all(cloud, two):
    two.apply(*ON)
    two.apply()
    assert not machines(cloud) and len(machines(cloud, "terminated")) == 2
    two.plan(expect=0)


def test_one_gone_long_ago_does_not_keep_the_other(cloud, two):
    two.apply(*ON)
    found = machines(cloud)
    ec2 = cloud.client("ec2")
    ec2.terminate_instances(InstanceIds=[found[0][1]["InstanceId"]])
    cloud.forget_requests()
    two.destroy(*ON)
    assert not machines(cloud)


def test_new_tags_reach_all(cloud, two):
    two.apply(*ON)
    two.edit("tags: {Project: llm-tuning-lab}", "tags: {Project: llm-tuning-lab, Team: ml}")
    before = [m["InstanceId"] for _, m in machines(cloud)]
    two.apply(*ON)
    found = machines(cloud)
    assert [m["InstanceId"] for _, m in found] == before and all(tags(m)["Team"] == "ml" for _, m in found)
    two.plan(*ON, expect=0)


def test_another_number_is_another_group(cloud, two):
    two.apply(*ON)
    before = {m["InstanceId"] for _, m in machines(cloud)}
    two.edit("nodes: 2\n", "nodes: 3\n")
    assert "replace" in two.plan(*ON, expect=2).text
    two.apply(*ON)
    after = {m["InstanceId"] for _, m in machines(cloud)}
    assert len(after) == 3 and not after & before


def test_a_shell_on_each(cloud, two):
    """Which machine is meant; moto has no sessions, so the call itself fails."""
    two.apply(*ON)
    run = two.run("ssh", "machines", "--json")
    told = json.loads(run.err)
    assert "several machines" in told["message"] and told["help"] == [f"there are: {GROUP}[0], {GROUP}[1]"]
    cloud.forget_requests()
    two.run("ssh", f"{GROUP}[1]", "--json")
    asked = [e for e in cloud.requests() if e["operation"] == "StartSession"]
    assert asked and asked[0]["params"]["Target"] == machines(cloud)[1][1]["InstanceId"]


def test_the_watchdog_ends_all(cloud, two, monkeypatch):
    two.apply(*ON)
    for name, value in {"AWS_ENDPOINT_URL": cloud.url, "AWS_ACCESS_KEY_ID": KEYS["own"][0], "AWS_SECRET_ACCESS_KEY": KEYS["own"][1],
                        "AWS_DEFAULT_REGION": "us-west-2", "STACK": "llm-tuning-lab/default/*", "GRACE_SECONDS": "0",
                        "TOPIC_ARN": cloud.client("sns").list_topics()["Topics"][0]["TopicArn"], "METRIC_NAMESPACE": "llm-tuning-lab"}.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("watchdog", ROOT / "providers/aws/templates/watchdog.py")
    for limit, left in (("600", 2), ("0", 0)):
        time.sleep(2)
        monkeypatch.setenv("MAX_RUNTIME_SECONDS", limit)
        watchdog = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(watchdog)
        watchdog.handler({}, None)
        assert len(machines(cloud)) == left


ALONE = """stack: ring
provider: aws
region: us-west-2
network: {cidr: 10.0.0.0/16}
machines:
  ring:
    type: [TYPE]
    nodes: 2
    public_ip: PUBLIC
    image: {name: "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04)*", owner: amazon}
"""


RING = 'machines["ring"].nodes'


@pytest.fixture
def ring(forge):
    forge.spec = forge.folder / "ring.yaml"
    forge.spec.write_text(ALONE.replace("TYPE", "g5.xlarge").replace("PUBLIC", "true"))
    return forge


def test_they_are_no_orphans(cloud, ring):
    ring.apply()
    assert "no orphans" in ring.run("orphans", expect=0).out
    for path in ring.state_files():
        path.unlink()
    found = ring.run("orphans").text
    assert found.count("aws.ec2.reservation") == 1 and "aws.ec2.instance " not in found, found
    assert f"llmforge adopt '{RING}' r-" in found
    ring.run("adopt", "--orphans", "--auto-approve", expect=0)
    ring.plan(expect=0)
    assert len(starts(cloud)) == 1


@pytest.mark.parametrize("kind, public, adapters", [("p4d.24xlarge", "false", 4), ("p4d.24xlarge", "true", 1), ("g5.8xlarge", "true", 1), ("g5.xlarge", "true", 0)])
def test_the_fabric(cloud, forge, kind, public, adapters):
    forge.spec = forge.folder / "ring.yaml"
    forge.spec.write_text(ALONE.replace("TYPE", kind).replace("PUBLIC", public))
    forge.apply()
    interfaces = starts(cloud)[-1]["params"]["NetworkInterfaces"]
    fabric = [n.get("InterfaceType") for n in interfaces]
    assert fabric == ([None] if adapters == 0 else ["efa"] + ["efa-only"] * (adapters - 1))
    assert [n.get("NetworkCardIndex", 0) for n in interfaces] == list(range(max(adapters, 1)))
    assert [n["DeviceIndex"] for n in interfaces] == [0] + [1] * (max(adapters, 1) - 1)
    assert ("AssociatePublicIpAddress" in interfaces[0]) == (adapters < 2)


def test_adapters_are_the_catalogues():
    block = yaml.safe_load((ROOT / "providers/aws/blocks/machines.yaml").read_text())
    catalog = yaml.safe_load((ROOT / "providers/aws/catalog/gpus.yaml").read_text())["types"]
    assert block["locals"]["adapters"] == {name: facts["fabric_adapters"] for name, facts in catalog.items() if facts["fabric_adapters"] > 0}
