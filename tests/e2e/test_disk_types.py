# SPDX-License-Identifier: Apache-2.0
"""Disks, their copies, flow logs, a VPC's own network ACL and groups of machines, each through its life on moto's
server, seen by boto3 only: made, nothing to do, changed in place, replaced, destroyed, and nothing is left."""
import copy
import json

from cloud import tags
from test_ec2_types import IMAGE, NETWORK, spec

ZONE = "us-west-2a"


def apply(forge, resources, **more):
    path = spec(forge.folder, resources, **more)
    forge.apply(path)
    forge.plan(path, expect=0)
    return path


def in_place(forge, resources):
    run = forge.plan(spec(forge.folder, resources), expect=2)
    assert "replace" not in run.text, run
    return apply(forge, resources)


def replaced(forge, resources, which):
    run = forge.plan(spec(forge.folder, resources), expect=2)
    assert "replace" in run.text and which in run.text, run
    return apply(forge, resources)


def volumes(cloud):
    # moto's machines have volumes of their own, too; none runs here.
    return cloud.client("ec2").describe_volumes()["Volumes"]


def test_volume_and_snapshot(cloud, forge):
    ec2 = cloud.client("ec2")
    resources = {
        "disk": {"type": "aws.ec2.volume", "zone": ZONE, "size": "100GiB", "iops": 4000, "tags": {"Team": "ml"}},
        "copy": {"type": "aws.ec2.snapshot", "volume": "${resources.disk}", "description": "before"},
        "again": {"type": "aws.ec2.volume", "zone": ZONE, "snapshot": "${resources.copy}"},
    }
    apply(forge, resources)
    disk, = [v for v in volumes(cloud) if tags(v)["llmforge:address"] == "resources/disk"]
    again, = [v for v in volumes(cloud) if v is not disk and v["VolumeId"] != disk["VolumeId"]]
    own = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    copied, = [s for s in own if s["VolumeId"] == disk["VolumeId"]]
    assert (disk["Size"], disk["Iops"], disk["Encrypted"], disk["VolumeType"], tags(disk)["Team"]) == (100, 4000, True, "gp3", "ml")
    assert copied["Description"] == "before" and (again["SnapshotId"], again["Size"]) == (copied["SnapshotId"], 100)

    resources["disk"].update(size="150GiB", tags={"Team": "ops"})
    in_place(forge, resources)
    grown, = [v for v in volumes(cloud) if v["VolumeId"] == disk["VolumeId"]]
    assert (grown["Size"], tags(grown)["Team"]) == (150, "ops")

    resources["copy"]["description"] = "after"
    resources["again"]["zone"] = "us-west-2b"
    replaced(forge, resources, 'resources["copy"]')
    own = [s for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if s["VolumeId"] == disk["VolumeId"]]
    assert [s["Description"] for s in own] == ["after"] and own[0]["SnapshotId"] != copied["SnapshotId"]
    other, = [v for v in volumes(cloud) if v["VolumeId"] != disk["VolumeId"]]
    assert other["AvailabilityZone"] == "us-west-2b" and other["SnapshotId"] == own[0]["SnapshotId"]

    forge.destroy(spec(forge.folder, resources))
    assert volumes(cloud) == [] and [s for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if "llmforge:stack" in tags(s)] == []


def test_a_volume_is_refused_before_any_request(cloud, forge):
    for wrong, says in [({"size": "100GiB"}, "zone"), ({"zone": ZONE}, "snapshot"), ({"zone": ZONE, "size": "100GiB", "volume_type": "st1"}, "out of the range"),
                        ({"zone": ZONE, "size": "100GiB", "volume_type": "gp2", "iops": 3000}, "other types take none"),
                        ({"zone": ZONE, "size": "100GiB", "multi_attach": True}, "only of io1 and io2"),
                        ({"zone": ZONE, "size": "20TiB", "volume_type": "io1", "iops": 100}, "out of the range")]:
        run = forge.run("validate", spec(forge.folder, {"disk": {"type": "aws.ec2.volume", **wrong}}), expect=3)
        assert says in run.one_error(), run


def test_a_machines_volumes_are_no_orphans(cloud, forge):
    """They carry the machine's marks (TagSpecifications)."""
    machine = {"type": "aws.ec2.instance", "instance_type": "g5.xlarge", "image": IMAGE, "subnet": "${resources.public}",
               "depends_on": ["${resources.gateway}"], "block_device_mappings": [{"device_name": "/dev/sda1", "size": "200GiB"}]}
    path = apply(forge, {**NETWORK, "machine": machine})
    own, = volumes(cloud)
    assert "llmforge:stack" in tags(own)
    run = forge.run("orphans", path, expect=0)
    assert own["VolumeId"] not in run.text, run
    # One that nobody knows any more is an orphan as ever.
    lost = cloud.client("ec2").create_volume(AvailabilityZone=ZONE, Size=10, TagSpecifications=[{"ResourceType": "volume", "Tags": [
        {"Key": k, "Value": v if k != "llmforge:intent" else "0" * 32} for k, v in tags(own).items() if k.startswith("llmforge:")]}])
    run = forge.run("orphans", path)
    assert lost["VolumeId"] in run.text and own["VolumeId"] not in run.text, run
    cloud.client("ec2").delete_volume(VolumeId=lost["VolumeId"])
    forge.destroy(path)
    assert cloud.counts() == {}


def rules(cloud, egress):
    there = cloud.client("ec2").describe_network_acls(Filters=[{"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    acl, = [a for a in there if "llmforge:stack" in tags(a)]
    return sorted((e["RuleNumber"], e["RuleAction"], e.get("CidrBlock") or e.get("Ipv6CidrBlock"))
                  for e in acl["Entries"] if e["Egress"] is egress and e["RuleNumber"] < 32767)


def test_network_acl(cloud, forge):
    ec2 = cloud.client("ec2")
    resources = {
        **NETWORK,
        "filters": {"type": "aws.ec2.network_acl", "vpc": "${resources.vpc}", "tags": {"Team": "ml"}, "ingress": [
            {"rule_number": 100, "protocol": "6", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"},
            {"rule_number": 200, "action": "deny", "cidr": "192.0.2.0/24"}]}}
    apply(forge, resources)
    assert rules(cloud, False) == [(100, "allow", "10.0.0.0/8"), (200, "deny", "192.0.2.0/24")]
    assert rules(cloud, True) == [(100, "allow", "0.0.0.0/0")]  # nobody said anything of it

    changed = copy.deepcopy(resources)
    changed["filters"]["ingress"] = [{**resources["filters"]["ingress"][0], "cidr": "10.1.0.0/16"}, {"rule_number": 300, "cidr": "10.2.0.0/16"}]
    changed["filters"]["egress"] = []
    in_place(forge, changed)
    assert rules(cloud, False) == [(100, "allow", "10.1.0.0/16"), (300, "allow", "10.2.0.0/16")] and rules(cloud, True) == []

    # Out of the spec alone: as AWS makes it, without marks, and the VPC stays.
    gone = {k: v for k, v in changed.items() if k != "filters"}
    vpc = cloud.only("vpcs")["VpcId"]
    apply(forge, gone)
    acl, = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    assert sorted((e["RuleNumber"], e["RuleAction"], e["Egress"]) for e in acl["Entries"] if e["RuleNumber"] < 32767) == [
        (100, "allow", False), (100, "allow", True)]
    assert tags(acl) == {} and acl["IsDefault"]

    # In again, and its VPC with it to the end.
    resources = {k: v for k, v in resources.items() if k != "gateway"}
    apply(forge, resources)
    assert rules(cloud, False) == [(100, "allow", "10.0.0.0/8"), (200, "deny", "192.0.2.0/24")]
    replacing = copy.deepcopy(resources)
    replacing["vpc"]["cidr"] = "10.1.0.0/17"
    replaced(forge, replacing, 'resources["filters"]')
    assert cloud.only("vpcs")["VpcId"] != vpc and rules(cloud, False) == [(100, "allow", "10.0.0.0/8"), (200, "deny", "192.0.2.0/24")]
    forge.destroy(spec(forge.folder, replacing))
    assert cloud.counts() == {}
    assert [a for a in ec2.describe_network_acls()["NetworkAcls"] if tags(a)] == []


def test_flow_log(cloud, forge):
    ec2 = cloud.client("ec2")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    resources = {
        **NETWORK,
        "logs": {"type": "aws.logs.group", "name": "/types/flows"},
        "writer": {"type": "aws.iam.role", "name": "types-flows", "trust": trust},
        "flows": {"type": "aws.ec2.flow_log", "resource": "${resources.vpc.id}", "log_group": "${resources.logs}", "role": "${resources.writer.arn}",
                  "interval": "1m", "tags": {"Team": "ml"}}}
    apply(forge, resources)
    one, = ec2.describe_flow_logs()["FlowLogs"]
    assert (one["ResourceId"], one["LogGroupName"], one["TrafficType"], one["MaxAggregationInterval"], one["DeliverLogsStatus"]) == (
        cloud.only("vpcs")["VpcId"], "/types/flows", "ALL", 60, "SUCCESS")
    resources["flows"]["tags"] = {"Team": "ops"}
    in_place(forge, resources)
    same, = ec2.describe_flow_logs()["FlowLogs"]
    assert (same["FlowLogId"], tags(same)["Team"]) == (one["FlowLogId"], "ops")
    resources["flows"]["traffic"] = "REJECT"
    replaced(forge, resources, 'resources["flows"]')
    other, = ec2.describe_flow_logs()["FlowLogs"]
    assert other["FlowLogId"] != one["FlowLogId"] and other["TrafficType"] == "REJECT"
    forge.destroy(spec(forge.folder, resources))
    assert cloud.counts() == {} and ec2.describe_flow_logs()["FlowLogs"] == []


def test_a_flow_log_that_is_not_made_says_why(cloud, forge):
    """CreateFlowLogs answers success, and `unsuccessful` in it."""
    path = spec(forge.folder, {**NETWORK, "flows": {"type": "aws.ec2.flow_log", "resource": "${resources.vpc.id}", "destination_type": "s3",
                                                    "destination": "arn:aws:s3:::there-is-no-such-bucket"}})
    run = forge.run("apply", path, expect=5)
    assert "there-is-no-such-bucket" in run.text, run
    forge.destroy(path)
    assert cloud.counts() == {}


def test_group(cloud, forge):
    auto = cloud.client("autoscaling")
    resources = {
        **NETWORK,
        "template": {"type": "aws.ec2.launch_template", "name": "types-fleet", "data": {
            "image": IMAGE, "instance_type": "g5.xlarge", "http_tokens": "required"}},
        "fleet": {"type": "aws.autoscaling.group", "name": "types-fleet", "launch_template": "${resources.template}",
                  "launch_template_version": "${string(resources.template.latest_version)}", "subnets": ["${resources.private}"], "min": 1,
                  "max": 3, "desired": 2, "tags": {"Team": "ml"}}}
    apply(forge, resources)
    one, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [i["LifecycleState"] for i in one["Instances"]] == ["InService"] * 2
    propagated = {t["Key"]: t["PropagateAtLaunch"] for t in one["Tags"]}
    assert propagated == {"Team": True, "llmforge:stack": False, "llmforge:address": False, "llmforge:intent": False}
    machines = cloud.inventory()["instances"]
    assert len(machines) == 2 and all(tags(m)["Team"] == "ml" and "llmforge:stack" not in tags(m) for m in machines)
    assert all(m["InstanceType"] == "g5.xlarge" for m in machines)

    resources["fleet"].update(desired=3, tags={"Team": "ops", "Run": "7"})
    in_place(forge, resources)
    grown, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert grown["AutoScalingGroupARN"] == one["AutoScalingGroupARN"] and len(grown["Instances"]) == 3
    assert tags(grown)["Team"] == "ops" and tags(grown)["Run"] == "7"

    resources["template"]["data"]["instance_type"] = "g6.xlarge"
    in_place(forge, resources)
    newer, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert newer["LaunchTemplate"]["Version"] == "2"

    resources["fleet"]["name"] = "types-fleet-two"
    replaced(forge, resources, 'resources["fleet"]')
    assert [g["AutoScalingGroupName"] for g in auto.describe_auto_scaling_groups()["AutoScalingGroups"]] == ["types-fleet-two"]
    path = spec(forge.folder, resources)
    run = forge.run("orphans", path, expect=0)
    assert "aws.ec2.instance" not in run.text, run
    forge.destroy(path)
    assert cloud.counts() == {} and auto.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_group_of_several_types(cloud, forge):
    auto = cloud.client("autoscaling")
    fleet = {"type": "aws.autoscaling.group", "name": "types-mixed", "launch_template": "${resources.template}", "subnets": ["${resources.private}"],
             "min": 1, "max": 6, "desired": 5, "mixed_instances": {
                 "overrides": [{"instance_type": "g5.xlarge"}, {"instance_type": "g6.xlarge"}], "on_demand_base": 1, "on_demand_percentage": 50,
                 "spot_max_price": "0.5"}}
    resources = {**NETWORK, "template": {"type": "aws.ec2.launch_template", "name": "types-mixed", "data": {
        "image": IMAGE, "instance_type": "g4dn.xlarge", "http_tokens": "required"}}, "fleet": fleet}
    apply(forge, resources)
    one, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    policy = one["MixedInstancesPolicy"]
    assert "LaunchTemplate" not in one and policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] == "$Default"
    assert [o["InstanceType"] for o in policy["LaunchTemplate"]["Overrides"]] == ["g5.xlarge", "g6.xlarge"]
    bought = policy["InstancesDistribution"]
    assert (bought["OnDemandBaseCapacity"], bought["OnDemandPercentageAboveBaseCapacity"], bought["SpotAllocationStrategy"], bought["SpotMaxPrice"]) == (
        1, 50, "price-capacity-optimized", "0.5")
    machines = cloud.inventory()["instances"]
    assert len(machines) == 5  # of the type in the template: moto counts by the policy, and does not look at its types
    # One and half of the four others are on demand.
    known = json.loads(forge.run("cost", spec(forge.folder, resources), "--json", expect=0).out)
    lines, = [r["lines"] for r in known["resources"] if "fleet" in r["address"]]
    assert [(one["price"], one["quantity"]) for one in lines] == [("machine.on-demand.g5.xlarge", 3), ("machine.spot.g5.xlarge", 2)]

    fleet["mixed_instances"]["overrides"].append({"instance_type": "g4dn.xlarge"})
    fleet["mixed_instances"]["on_demand_percentage"] = 0
    del fleet["mixed_instances"]["spot_max_price"]
    in_place(forge, resources)
    changed = auto.describe_auto_scaling_groups()["AutoScalingGroups"][0]["MixedInstancesPolicy"]
    assert [o["InstanceType"] for o in changed["LaunchTemplate"]["Overrides"]] == ["g5.xlarge", "g6.xlarge", "g4dn.xlarge"]
    assert (changed["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"], changed["InstancesDistribution"].get("SpotMaxPrice", "")) == (0, "")

    # To the template alone, and back.
    policy = fleet.pop("mixed_instances")
    in_place(forge, resources)
    plain, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert plain["LaunchTemplate"]["LaunchTemplateName"] == "types-mixed" and "MixedInstancesPolicy" not in plain
    fleet["mixed_instances"] = policy
    in_place(forge, resources)
    back, = auto.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert len(back["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]) == 3 and back["AutoScalingGroupARN"] == one["AutoScalingGroupARN"]
    forge.destroy(spec(forge.folder, resources))
    assert cloud.counts() == {} and auto.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_mixed_group_is_refused_before_any_request(cloud, forge):
    for wrong, says in [({"overrides": [{"instance_type": "g5.xlarge", "weight": 1}, {"instance_type": "g6.xlarge"}]}, "either each of them"),
                        ({"overrides": [{"instance_type": "g5.xlarge", "vcpu_min": 4}]}, "not both"), ({"on_demand_percentage": 101}, "more than 100"),
                        ({"spot_pools": 2}, "spot_strategy: lowest-price"), ({"spot_strategy": "cheapest"}, "price-capacity-optimized")]:
        run = forge.run("validate", spec(forge.folder, {**NETWORK, "template": {"type": "aws.ec2.launch_template", "data": {}}, "fleet": {
            "type": "aws.autoscaling.group", "launch_template": "${resources.template}", "subnets": ["${resources.private}"], "min": 0, "max": 1,
            "mixed_instances": wrong}}), expect=3)
        assert says in run.one_error(), run
    assert cloud.requests() == []


def test_a_group_of_somebody_else_is_refused(cloud, forge):
    """moto would silently put a new one in its place."""
    ec2, auto = cloud.client("ec2"), cloud.client("autoscaling")
    ec2.create_launch_template(LaunchTemplateName="theirs", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "g5.xlarge"})
    auto.create_auto_scaling_group(AutoScalingGroupName="types-fleet", MinSize=0, MaxSize=1, AvailabilityZones=[ZONE],
                                   LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"})
    path = spec(forge.folder, {**NETWORK, "template": {"type": "aws.ec2.launch_template", "name": "types", "data": {"instance_type": "g5.xlarge"}},
                               "fleet": {"type": "aws.autoscaling.group", "name": "types-fleet", "launch_template": "${resources.template}",
                                         "subnets": ["${resources.private}"], "min": 0, "max": 1}})
    run = forge.run("apply", path, expect=8)
    assert "types-fleet" in run.text and "adopt" in run.text, run
