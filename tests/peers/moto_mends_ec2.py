# SPDX-License-Identifier: Apache-2.0
"""Mends of moto's EC2 beyond machines and networks: addresses, keys, placement groups. Part of moto_mends.py."""
import fnmatch
import re

from moto_mends import Refusal, after, before


# ---- keys ---------------------------------------------------------------------------------------

def _key_names(call, ids):
    """The names of keys by their ids (KeyPairId); InvalidKeyPair.NotFound for one that is not there."""
    by_id = {pair.id: name for name, pair in call.backend().key_pairs.items()}
    missing = [i for i in ids if i not in by_id]
    if missing:
        raise Refusal("InvalidKeyPair.NotFound", f"The key pair ID '{missing[0]}' does not exist")
    return [by_id[i] for i in ids]


@before("ec2:DescribeKeyPairs")
def keys_by_id(call):
    """DescribeKeyPairs takes KeyPairIds; moto knows KeyNames only."""
    ids = call.params.get("KeyPairIds")
    if ids:
        rest = {k: v for k, v in call.params.items() if k != "KeyPairIds"}
        call.rewrite({**rest, "KeyNames": _key_names(call, ids)})


@before("ec2:DeleteKeyPair")
def delete_key_by_id(call):
    """DeleteKeyPair takes KeyPairId; moto knows KeyName only."""
    if "KeyPairId" in call.params and "KeyName" not in call.params:
        call.rewrite({"KeyName": _key_names(call, [call.params["KeyPairId"]])[0]})


# ---- addresses ----------------------------------------------------------------------------------

@before("ec2:ReleaseAddress")
def address_in_use(call):
    """ReleaseAddress: "you must first disassociate it" (InvalidIPAddress.InUse); moto disassociates by itself."""
    ec2 = call.backend()
    for address in ec2.addresses:
        if address.allocation_id != call.params.get("AllocationId"):
            continue
        gateways = any(g.state != "deleted" and any(a.get("allocationId") == address.allocation_id for a in g.address_set)
                       for g in ec2.nat_gateways.values())
        if address.instance is not None or gateways:
            raise Refusal("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@after("ec2:DeleteNatGateway")
def gateway_lets_its_address_go(call, reply):
    """Deleting a NAT gateway disassociates its address and deletes its network interface (Amazon VPC User
    Guide, "Delete a NAT gateway"); moto keeps both."""
    ec2 = call.backend()
    gateway = ec2.nat_gateways[call.params["NatGatewayId"]]
    for address in ec2.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    ec2.enis.pop(gateway._eni.id, None)


# ---- placement groups ---------------------------------------------------------------------------

@before("ec2:*PlacementGroup*")
def placement_groups(call):
    """Create-, Describe- and DeletePlacementGroup, which moto has not."""
    held = call.memory.placement_groups.setdefault((call.account, call.received.region), {})
    params, verb = call.params, call.received.operation
    name = params.get("GroupName")
    if verb == "CreatePlacementGroup":
        if name in held:
            raise Refusal("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
        tags = [t for s in params.get("TagSpecifications", []) for t in s["Tags"]]
        group = {"GroupName": name, "State": "available", "Strategy": params["Strategy"], "Tags": tags,
                 "GroupId": f"pg-{len(held):017x}",
                 "GroupArn": f"arn:aws:ec2:{call.received.region}:{call.account}:placement-group/{name}"}
        group.update({k: params[k] for k in ("PartitionCount", "SpreadLevel") if k in params})
        held[name] = group
        return call.reply({"PlacementGroup": group})
    unknown = [n for n in params.get("GroupNames", [name] if name else []) if n not in held]
    if unknown:
        raise Refusal("InvalidPlacementGroup.Unknown", f"The Placement Group '{unknown[0]}' is unknown.")
    if verb == "DeletePlacementGroup":
        machines = [i for r in call.backend().reservations.values() for i in r.instances if i.state != "terminated"]
        if any(getattr(i.placement, "group_name", None) == name for i in machines):
            raise Refusal("InvalidPlacementGroup.InUse", f"The placement group '{name}' is in use and may not be deleted.")
        del held[name]
        return call.reply({})
    shown = [g for n, g in held.items() if n in params.get("GroupNames", [n])]
    for one in params.get("Filters", []):
        key = one["Name"].removeprefix("tag:")
        shown = [g for g in shown if any(t["Key"] == key and any(fnmatch.fnmatchcase(t["Value"], v) for v in one["Values"]) for t in g["Tags"])]
    return call.reply({"PlacementGroups": shown})


@before("ec2:CreateTags", "ec2:DeleteTags")
def placement_group_tags(call):
    """Tags of placement groups, which CreateTags and DeleteTags know by their GroupId."""
    held = call.memory.placement_groups.get((call.account, call.received.region), {})
    for group in held.values():
        if group["GroupId"] not in call.params["Resources"]:
            continue
        given = call.params.get("Tags", [])
        keys = {t["Key"] for t in given}
        group["Tags"] = [t for t in group["Tags"] if t["Key"] not in keys]
        if call.received.operation == "CreateTags":
            group["Tags"] += given
        return call.reply({})
    return None


@after("ec2:RunInstances")
def machine_in_its_group(call, reply):
    """Placement's GroupName and PartitionNumber show in DescribeInstances; moto forgets them."""
    wanted = call.params.get("Placement", {})
    for instance_id in re.findall(rb"<instanceId>([^<]+)</instanceId>", reply.body):
        placement = call.backend().get_instance(instance_id.decode()).placement
        placement.group_name = wanted.get("GroupName", "")
        placement.partition_number = wanted.get("PartitionNumber")


@before("ec2:TerminateInstances")
def terminated_twice(call):
    """API_TerminateInstances: "This operation is idempotent; if you terminate an instance more than once, each
    call succeeds." moto looks for the network interface that the first one has deleted."""
    ec2 = call.backend()
    for instance_id in call.params.get("InstanceIds", []):
        machine = next((i for i in ec2.all_instances() if i.id == instance_id), None)
        if machine is not None and machine._state.name == "terminated":
            for interface in machine.nics.values():
                interface.delete_on_termination = False


# ---- endpoints and templates --------------------------------------------------------------------

@after("ec2:ModifyVpcEndpoint")
def routes_of_an_endpoint(call, reply):
    """A gateway endpoint's tables have a route to it (API_CreateVpcEndpoint, "RouteTableId"); moto makes
    none for those that are added later, and then cannot delete the endpoint."""
    ec2, params = call.backend(), call.params
    endpoint = ec2.vpc_end_points[params["VpcEndpointId"]]
    for table in params.get("AddRouteTableIds", []):
        ec2.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=endpoint.destination_prefix_list_id)
    for table in params.get("RemoveRouteTableIds", []):
        ec2.delete_route(table, endpoint.destination_prefix_list_id)


@after("ec2:CreateLaunchTemplate")
def template_is_as_given(call, reply):
    """LaunchTemplateData comes back as it was given; moto adds the template's own tags to it."""
    template = call.backend().get_launch_template_by_name(call.params["LaunchTemplateName"])
    data = template.versions[0].data
    data["TagSpecifications"] = [s for s in data.get("TagSpecifications", []) if s["ResourceType"] != "launch-template"]
