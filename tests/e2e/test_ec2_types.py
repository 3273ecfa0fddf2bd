# SPDX-License-Identifier: Apache-2.0
"""EC2 beyond machines and their network, each type through its life on moto's server: made, nothing to do,
changed in place, destroyed, and boto3 sees nothing left."""
import copy
import json

from cloud import tags

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC7sMfOaoUpeIuxHM0sGQw9fjNMnZZu0880fwaKtOKDi me@here"
NETWORK = {
    "vpc": {"type": "aws.ec2.vpc", "cidr": "10.1.0.0/16"},
    "gateway": {"type": "aws.ec2.internet_gateway", "vpc": "${resources.vpc}"},
    "public": {"type": "aws.ec2.subnet", "vpc": "${resources.vpc}", "cidr": "10.1.1.0/24", "zone": "us-west-2a"},
    "private": {"type": "aws.ec2.subnet", "vpc": "${resources.vpc}", "cidr": "10.1.2.0/24", "zone": "us-west-2a"},
}
IMAGE = "ami-0d15a5e2b3c4f5061"


def spec(folder, resources, **more):
    path = folder / "types.yaml"
    path.write_text(json.dumps({"llmforge": 1, "stack": "types", "provider": "aws", "region": "us-west-2",
                                "resources": resources, **more}))
    return path


def life(cloud, forge, resources, changed, seen, gone):
    """`seen(before)` looks at the cloud after the first apply and, `before` False, after the change."""
    path = spec(forge.folder, resources)
    forge.apply(path)
    forge.plan(path, expect=0)
    seen(True)
    path = spec(forge.folder, changed)
    run = forge.plan(path, expect=2)
    assert "replace" not in run.text, run
    forge.apply(path)
    forge.plan(path, expect=0)
    seen(False)
    forge.destroy(path)
    left = cloud.counts()
    assert left == {}, left
    assert gone() == []


def test_addresses_and_gateway(cloud, forge):
    ec2 = cloud.client("ec2")
    machine = {"type": "aws.ec2.instance", "instance_type": "g5.xlarge", "image": IMAGE, "subnet": "${resources.public}",
               "depends_on": ["${resources.gateway}"]}
    resources = {
        **NETWORK,
        "nat-address": {"type": "aws.ec2.elastic_ip", "tags": {"Team": "ml"}},
        "nat": {"type": "aws.ec2.nat_gateway", "subnet": "${resources.public}", "elastic_ip": "${resources['nat-address']}",
                "depends_on": ["${resources.gateway}"], "tags": {"Team": "ml"}},
        "table": {"type": "aws.ec2.route_table", "vpc": "${resources.vpc}",
                  "routes": [{"destination": "0.0.0.0/0", "nat_gateway": "${resources.nat.id}"}],
                  "associations": [{"subnet": "${resources.private}"}]},
        "one": machine, "two": machine,
        "address": {"type": "aws.ec2.elastic_ip", "instance": "${resources.one}"},
    }
    changed = copy.deepcopy(resources)
    changed["address"]["instance"] = "${resources.two}"  # moves
    changed["nat"]["tags"] = {"Team": "ops"}
    ids = {}

    def seen(first):
        addresses = ec2.describe_addresses()["Addresses"]
        assert len(addresses) == 2
        gateway, = ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
        own, = [a for a in addresses if a["AllocationId"] == gateway["NatGatewayAddresses"][0]["AllocationId"]]
        moved, = [a for a in addresses if a is not own]
        assert tags(own)["Team"] == "ml" and tags(gateway)["Team"] == ("ml" if first else "ops")
        assert (gateway["NatGatewayId"], moved["AllocationId"]) == ids.setdefault(
            "same", (gateway["NatGatewayId"], moved["AllocationId"]))
        name = "one" if first else "two"
        machine, = [i for i in cloud.inventory()["instances"] if i["InstanceId"] == moved["InstanceId"]]
        assert tags(machine)["llmforge:address"] == f"resources/{name}"
        table, = cloud.inventory()["route_tables"]
        assert gateway["NatGatewayId"] in [r.get("NatGatewayId") for r in table["Routes"]]

    # A NAT gateway stays listed as deleted.
    life(cloud, forge, resources, changed, seen, lambda: ec2.describe_addresses()["Addresses"] + ec2.describe_nat_gateways(
        Filters=[{"Name": "state", "Values": ["pending", "available", "deleting"]}])["NatGateways"])


def test_an_address_lets_its_machine_go(cloud, forge):
    """`instance` taken out of the spec: disassociated, and the address stays."""
    machine = {"type": "aws.ec2.instance", "instance_type": "g5.xlarge", "image": IMAGE, "subnet": "${resources.public}",
               "depends_on": ["${resources.gateway}"]}
    resources = {**NETWORK, "one": machine, "address": {"type": "aws.ec2.elastic_ip", "instance": "${resources.one}"}}
    path = spec(forge.folder, resources)
    forge.apply(path)
    before, = cloud.client("ec2").describe_addresses()["Addresses"]
    assert "InstanceId" in before
    del resources["address"]["instance"]
    path = spec(forge.folder, resources)
    forge.apply(path)
    forge.plan(path, expect=0)
    after, = cloud.client("ec2").describe_addresses()["Addresses"]
    assert after["AllocationId"] == before["AllocationId"] and "AssociationId" not in after
    forge.destroy(path)
    assert cloud.counts() == {}


def test_keys_and_placement_groups(cloud, forge):
    # Placement groups are the mends' own (tests/peers/moto_mends_ec2.py): moto has none.
    ec2 = cloud.client("ec2")
    resources = {
        **NETWORK,
        "key": {"type": "aws.ec2.key_pair", "name": "types-key", "public_key": KEY},
        "ring": {"type": "aws.ec2.placement_group", "name": "types-ring", "strategy": "cluster"},
        "machine": {"type": "aws.ec2.instance", "instance_type": "p4d.24xlarge", "image": IMAGE, "subnet": "${resources.private}",
                    "key_name": "${resources.key.name}", "placement_group": "${resources.ring}"},
    }
    changed = copy.deepcopy(resources)
    changed["key"]["tags"] = {"Team": "ops"}

    def seen(first):
        key, = ec2.describe_key_pairs()["KeyPairs"]
        assert key["KeyName"] == "types-key" and tags(key).get("Team") == (None if first else "ops")
        group, = ec2.describe_placement_groups()["PlacementGroups"]
        machine = cloud.only("instances")
        assert (machine["KeyName"], machine["Placement"]["GroupName"]) == ("types-key", group["GroupName"])
    life(cloud, forge, resources, changed, seen,
         lambda: ec2.describe_key_pairs()["KeyPairs"] + ec2.describe_placement_groups()["PlacementGroups"])


def test_a_key_of_somebody_else_is_refused(cloud, forge):
    cloud.client("ec2").import_key_pair(KeyName="types-key", PublicKeyMaterial=KEY.encode())
    path = spec(forge.folder, {"key": {"type": "aws.ec2.key_pair", "name": "types-key", "public_key": KEY}})
    run = forge.run("apply", path, expect=8)
    assert "types-key" in run.text and "adopt" in run.text, run


def test_look_ups(cloud, forge):
    """moto's own subnets, quotas and spot prices (random ones), as boto3 reads them."""
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    there = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    path = spec(forge.folder, {}, data={
        "subnets": {"type": "aws.ec2.subnets", "vpc": vpc},
        "price": {"type": "aws.ec2.spot_price", "instance_type": "g5.xlarge"}},
        outputs={"subnets": "${data.subnets.map(s, s.id)}", "zones": "${data.price.map(p, p.zone)}",
                 "dear": "${data.price.exists(p, p.price > 100.0)}"})
    forge.apply(path)
    output = {name: json.loads(forge.run("output", path, name, "--json", expect=0).out) for name in ("subnets", "zones", "dear")}
    assert sorted(output["subnets"]) == sorted(s["SubnetId"] for s in there)
    assert set(output["zones"]) == {"us-west-2a", "us-west-2b", "us-west-2c"} or len(output["zones"]) >= 3
    assert output["dear"] is False


def test_endpoints(cloud, forge):
    ec2 = cloud.client("ec2")
    resources = {
        **NETWORK,
        "table": {"type": "aws.ec2.route_table", "vpc": "${resources.vpc}", "associations": [{"subnet": "${resources.private}"}]},
        "more": {"type": "aws.ec2.route_table", "vpc": "${resources.vpc}"},
        "group": {"type": "aws.ec2.security_group", "name": "types-endpoint", "vpc": "${resources.vpc}"},
        "s3": {"type": "aws.ec2.vpc_endpoint", "vpc": "${resources.vpc}", "service_name": "com.amazonaws.us-west-2.s3",
               "route_tables": ["${resources.table}"]},
        "ecr": {"type": "aws.ec2.vpc_endpoint", "vpc": "${resources.vpc}", "service_name": "com.amazonaws.us-west-2.ecr.api",
                "endpoint_type": "Interface", "subnets": ["${resources.private}"], "security_groups": ["${resources.group}"],
                "private_dns": True},
    }
    changed = copy.deepcopy(resources)
    changed["s3"]["route_tables"] = ["${resources.table}", "${resources.more}"]
    changed["s3"]["policy"] = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}

    def seen(first):
        by_service = {e["ServiceName"].split(".")[-2:][-1]: e for e in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
        tables = {tags(t)["llmforge:address"]: t["RouteTableId"] for t in cloud.inventory()["route_tables"]}
        wanted = [tables["resources/table"]] + ([] if first else [tables["resources/more"]])
        assert sorted(by_service["s3"]["RouteTableIds"]) == sorted(wanted)
        assert len(by_service["api"]["SubnetIds"]) == 1 and by_service["api"]["PrivateDnsEnabled"] is True
        assert ("s3:GetObject" in by_service["s3"].get("PolicyDocument", "")) is not first
    life(cloud, forge, resources, changed, seen, lambda: [
        e for e in ec2.describe_vpc_endpoints()["VpcEndpoints"] if e["State"] != "deleted"])


def test_launch_template(cloud, forge):
    """A change is a new version, which becomes the default one."""
    ec2 = cloud.client("ec2")
    resources = {"template": {"type": "aws.ec2.launch_template", "name": "types-trainer", "data": {
        "image": IMAGE, "instance_type": "g5.xlarge", "http_tokens": "required", "user_data": "#!/bin/sh\necho ready\n",
        "block_device_mappings": [{"device_name": "/dev/sda1", "size": "200GiB", "volume_type": "gp3", "encrypted": True}],
        "tag_specifications": [{"resource_type": "instance", "tags": {"Team": "ml"}}]}}}
    changed = copy.deepcopy(resources)
    changed["template"]["data"]["instance_type"] = "g6.xlarge"

    def seen(first):
        one, = ec2.describe_launch_templates()["LaunchTemplates"]
        number = 1 if first else 2
        assert (one["LatestVersionNumber"], one["DefaultVersionNumber"]) == (number, number)
        version, = ec2.describe_launch_template_versions(LaunchTemplateId=one["LaunchTemplateId"],
                                                         Versions=["$Default"])["LaunchTemplateVersions"]
        assert version["LaunchTemplateData"]["InstanceType"] == ("g5.xlarge" if first else "g6.xlarge")
        assert version["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 200
    life(cloud, forge, resources, changed, seen, lambda: ec2.describe_launch_templates()["LaunchTemplates"])


def test_an_expression_that_gives_null_says_nothing(cloud, forge):
    """As if the key were not there: the rule that AWS makes by itself stays."""
    forge.spec = forge.folder / "null.yaml"
    forge.spec.write_text("""stack: "null"
provider: aws
region: us-west-2
variables: {closed: {type: bool, default: false}}
resources:
  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}
  group: {type: aws.ec2.security_group, name: g, vpc: "${resources.vpc}", egress: "${vars.closed ? [] : null}"}
""")
    forge.apply()
    assert [r["IpProtocol"] for r in cloud.only("security_groups")["IpPermissionsEgress"]] == ["-1"]
    forge.plan(expect=0)
    forge.apply("--var", "closed=true")
    assert cloud.only("security_groups")["IpPermissionsEgress"] == []
