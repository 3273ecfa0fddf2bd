# SPDX-License-Identifier: Apache-2.0
"""Holds what boto3 finds in the cloud against what stands in the state files. Reads the state by its
documented form (docs/state.md), with nothing of llmforge's."""
import hashlib
import json

# kind of Cloud.inventory: (type, what state calls its id).
KINDS = {
    "vpcs": ("aws.ec2.vpc", lambda x: x["VpcId"]),
    "subnets": ("aws.ec2.subnet", lambda x: x["SubnetId"]),
    "gateways": ("aws.ec2.internet_gateway", lambda x: x["InternetGatewayId"]),
    "route_tables": ("aws.ec2.route_table", lambda x: x["RouteTableId"]),
    "security_groups": ("aws.ec2.security_group", lambda x: x["GroupId"]),
    "instances": ("aws.ec2.instance", lambda x: x["InstanceId"]),
    "buckets": ("aws.s3.bucket", lambda x: x),
    "repositories": ("aws.ecr.repository", lambda x: x["repositoryName"]),
    "roles": ("aws.iam.role", lambda x: x["RoleName"]),
    "policies": ("aws.iam.policy", lambda x: x["Arn"]),
    "profiles": ("aws.iam.instance_profile", lambda x: x["InstanceProfileName"]),
    "alarms": ("aws.cloudwatch.alarm", lambda x: x["AlarmName"]),
    "log_groups": ("aws.logs.group", lambda x: x["logGroupName"]),
    "keys": ("aws.kms.key", lambda x: x["KeyId"]),
    "queues": ("aws.sqs.queue", lambda x: x),
    "topics": ("aws.sns.topic", lambda x: x["TopicArn"]),
    "subscriptions": ("aws.sns.subscription", lambda x: x["SubscriptionArn"]),
    "functions": ("aws.lambda.function", lambda x: x["FunctionName"]),
    "rules": ("aws.events.rule", lambda x: f"{x.get('EventBusName', 'default')}/{x['Name']}"),
    "dashboards": ("aws.cloudwatch.dashboard", lambda x: x["DashboardName"]),
    "budgets": ("aws.budgets.budget", lambda x: x["BudgetName"]),
    "issuers": ("aws.iam.oidc_provider", lambda x: x["Arn"]),
    "key_pairs": ("aws.ec2.key_pair", lambda x: x["KeyPairId"]),
    "volumes": ("aws.ec2.volume", lambda x: x["VolumeId"]),
}


def entries(header, journal):
    """Kinds of the entries that the journal has and the snapshot does not."""
    first, frames = journal.split(b"\n", 1)
    base, at, kinds = json.loads(first)["base"], 0, set()
    if base == header.get("folded_base", 0):  # killed between the new snapshot and its fresh journal
        at = header["folded_bytes"] - len(first) - 1
    elif base != header["serial"]:
        return {f"a journal that follows snapshot {base}"}
    while at < len(frames):
        length = int.from_bytes(frames[at + 4:at + 8], "little")
        kinds |= {line.split(b" ", 1)[0].decode() for line in frames[at + 24:at + 24 + length].splitlines()}
        at += 24 + length
    return kinds


def in_state(folder, name):
    """[(type, id, address)] of the snapshot's records, with what is wrong with the files."""
    wrong = []
    lines = (folder / f"{name}.json").read_bytes().splitlines(keepends=True)
    if json.loads(lines[-1])["sha256"] != hashlib.sha256(b"".join(lines[:-1])).hexdigest():
        wrong.append("the state's digest is not that of its bytes")
    header = json.loads(lines[0])
    if header.get("intents"):
        wrong.append(f"{header['intents']} open intents are left in the state")
    left = entries(header, (folder / f"{name}.journal").read_bytes())
    if left - {"run_begin", "run_end"}:  # a run that changed nothing writes no snapshot
        wrong.append(f"the journal goes on after the snapshot, with {', '.join(sorted(left))}")
    records = [json.loads(line) for line in lines[len(lines) - 1 - header.get("records", 0):-1]]
    for record in records:
        if record["status"] != "ready" or record.get("generation") or record.get("dirty"):
            wrong.append(f"{record['address']} is `{record['status']}`, generation {record.get('generation', 0)}")
    return [(r["type"], r["id"], r["address"]) for r in records], wrong


def in_cloud(cloud):
    """Everything that there is, as {(type, id)}; what comes and goes with a machine is part of it."""
    found = cloud.inventory()
    machines = {i["InstanceId"] for i in found["instances"]}

    def part_of_a_machine(volume):
        return any(a["InstanceId"] in machines and a.get("DeleteOnTermination", True) for a in volume["Attachments"])
    found["volumes"] = [v for v in found["volumes"] if not part_of_a_machine(v)]
    things = {(KINDS[kind][0], KINDS[kind][1](item)) for kind, items in found.items() for item in items}
    # What the platform never has, and a second try of something might leave.
    ec2 = cloud.client("ec2")
    things |= {("elastic address", a["AllocationId"]) for a in ec2.describe_addresses()["Addresses"]}
    things |= {("network interface", n["NetworkInterfaceId"]) for n in ec2.describe_network_interfaces()["NetworkInterfaces"]
               if n.get("Attachment", {}).get("InstanceId") not in machines}
    things |= {("launch template", t["LaunchTemplateId"]) for t in ec2.describe_launch_templates()["LaunchTemplates"]}
    things |= {("NAT gateway", g["NatGatewayId"]) for g in ec2.describe_nat_gateways()["NatGateways"]
               if g["State"] != "deleted"}
    things |= {("spot request", r["SpotInstanceRequestId"]) for r in
               ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
               if r["State"] == "active" and r.get("InstanceId") not in machines}
    return things


def compare(cloud, folder, name, clean):
    """(orphans, doubles, other findings): lists of sentences. `clean`: how many of each type an
    undisturbed run makes; more of one is a double, what state does not know otherwise an orphan."""
    orphans, doubles = [], []
    known, wrong = in_state(folder, name)
    there = in_cloud(cloud)
    ids = {(kind, id) for kind, id, _ in known}
    if len(ids) != len(known):
        doubles.append("two records of the state have one id")
    counts = {}
    for kind, _ in there:
        counts[kind] = counts.get(kind, 0) + 1
    for kind, id in sorted(there - ids):
        if counts[kind] > clean.get(kind, 0) > 0:
            doubles.append(f"{kind} {id} is there besides what state knows")
        else:
            orphans.append(f"{kind} {id} is there, and state does not know it")
    wrong += [f"{address} ({kind} {id}) is in the state and not in the cloud" for kind, id, address in known
              if (kind, id) not in there]
    for kind in sorted(counts.keys() | clean.keys()):
        if counts.get(kind, 0) != clean.get(kind, 0):
            wrong.append(f"{counts.get(kind, 0)} of {kind} in place of {clean.get(kind, 0)}")
    return orphans, doubles, wrong
