# SPDX-License-Identifier: Apache-2.0
"""How many requests a refresh takes: paged lists, not a call an object. The figures are exact, so that
one request more is seen."""
import collections
import hashlib
import json

from cloud import tags

IMAGE = "ami-0d15a5e2b3c4f5061"
HEAD = """llmforge: 1
stack: fleet
provider: aws
region: us-west-2

resources:
  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}
  subnet: {type: aws.ec2.subnet, vpc: "${resources.vpc}", cidr: 10.0.0.0/20, zone: us-west-2a}
"""
MACHINE = ("  m%04d: {type: aws.ec2.instance, image: " + IMAGE + ", instance_type: t3.micro, "
           "subnet: \"${resources.subnet}\"%s}\n")


def write_spec(forge, machines, more=""):
    forge.spec = forge.folder / "fleet.yaml"
    forge.spec.write_text(HEAD + "".join(MACHINE % (i, more) for i in range(machines)))


def address(i):
    return f'resources["m{i:04}"]'


def multiply(forge, cloud, count):
    """A fleet from one machine, in seconds: machines like it, made in one call, and records like its own."""
    [path] = [p for p in forge.state_files() if p.name == "fleet.llmforge.json"]
    header, *records, _ = path.read_text().splitlines()
    [first] = [line for line in records if json.loads(line)["address"] == address(0)]
    machine = cloud.only("instances")
    made = cloud.client("ec2").run_instances(
        ImageId=IMAGE, InstanceType="t3.micro", SubnetId=machine["SubnetId"], MinCount=count - 1, MaxCount=count - 1,
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": machine["Tags"]}])["Instances"]
    ids = [machine["InstanceId"]] + [m["InstanceId"] for m in made]
    assert len(set(ids)) == count
    for i, instance in enumerate(ids[1:], 1):
        record = json.loads(first)
        record["address"], record["id"] = address(i), instance
        records.append(json.dumps(record, separators=(",", ":")))
    records.sort(key=lambda line: json.loads(line)["address"])
    about = json.loads(header)
    about["records"] = len(records)
    text = "".join(line + "\n" for line in [json.dumps(about, separators=(",", ":")), *records])
    path.write_text(text + json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()},
                                      separators=(",", ":")) + "\n")
    write_spec(forge, count)
    return ids


def actions(cloud):
    return collections.Counter(e["operation"] for e in cloud.requests())


def test_a_thousand_machines(cloud, forge):
    write_spec(forge, 1)
    forge.apply()
    ids = multiply(forge, cloud, 1000)
    cloud.forget_requests()
    run = forge.plan(expect=0)
    sent = actions(cloud)
    # Who we are; one page of 1,000 machines and the end of the list; the VPC, its attributes one by
    # one as the service has them, and the subnet.
    assert sent.pop("GetCallerIdentity") == 1
    assert sent.pop("DescribeVpcAttribute") == 3
    assert sent == {"DescribeInstances": 1, "DescribeVpcs": 1, "DescribeSubnets": 1}, sent
    assert "(7 requests)" in run.text

    # One that is gone is asked for by its own id before anybody believes it.
    cloud.client("ec2").terminate_instances(InstanceIds=[ids[500]])
    cloud.client("ec2").modify_instance_attribute(InstanceId=ids[501], SourceDestCheck={"Value": False})
    cloud.forget_requests()
    run = forge.run("plan", "--detailed-exitcode")
    assert run.code == 2 and address(500) in run.text and address(502) not in run.text
    assert actions(cloud)["DescribeInstances"] <= 3, actions(cloud)

    # Without a refresh nothing is read at all.
    cloud.forget_requests()
    forge.plan("--refresh=false", expect=0)
    assert actions(cloud) == {"GetCallerIdentity": 1}


DISK = ", block_device_mappings: [{device_name: /dev/sda1, size: 20GiB, volume_type: gp3}]"


def test_disks_and_rules_of_many(cloud, forge):
    """What a thing's facets hold is listed for 200 things at once, not for each."""
    write_spec(forge, 210, DISK)
    groups = "".join(
        f"  g{i}: {{type: aws.ec2.security_group, name: g{i}, vpc: \"${{resources.vpc}}\", ingress: [{{protocol: tcp, from_port: {i},"
        f" to_port: {i}, cidr: 10.0.0.0/8}}], egress: []}}\n" for i in range(1, 13))
    forge.spec.write_text(forge.spec.read_text() + groups)
    forge.run("apply", expect=0, timeout=300)
    cloud.forget_requests()
    forge.plan(expect=0)
    sent = actions(cloud)
    assert sent["DescribeVolumes"] == 2, sent
    assert sent["DescribeSecurityGroupRules"] == 1, sent
    assert sent["DescribeInstances"] == 1 and sent["DescribeSecurityGroups"] == 1, sent

    # What others changed is seen on the thing that it belongs to, and on no other.
    ec2 = cloud.client("ec2")

    def marked(call, items, name):
        return call(Filters=[{"Name": "tag:llmforge:address", "Values": [name]}])[items][0]
    machine = marked(ec2.describe_instances, "Reservations", "resources/m0203")["Instances"][0]
    group = marked(ec2.describe_security_groups, "SecurityGroups", "resources/g7")
    ec2.modify_volume(VolumeId=machine["BlockDeviceMappings"][0]["Ebs"]["VolumeId"], Size=30)
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpProtocol="udp", FromPort=9, ToPort=9, CidrIp="10.9.0.0/16")
    run = forge.run("plan", "--detailed-exitcode")
    assert run.code == 2, run.text
    assert address(203) in run.text and 'resources["g7"]' in run.text, run.text
    assert address(202) not in run.text and 'resources["g6"]' not in run.text, run.text


def test_what_the_spec_sets_is_read(cloud, forge):
    write_spec(forge, 3, ", disable_api_termination: false, shutdown_behavior: stop")
    forge.apply()
    cloud.forget_requests()
    forge.plan(expect=0)
    assert actions(cloud)["DescribeInstanceAttribute"] == 6
    [first] = [m for m in cloud.inventory()["instances"] if tags(m)["llmforge:address"] == "resources/m0000"]
    cloud.client("ec2").modify_instance_attribute(InstanceId=first["InstanceId"], DisableApiTermination={"Value": True})
    run = forge.plan(expect=2)
    assert "disable_api_termination" in run.text and "m0001" not in run.text


def test_what_joins_the_spec_is_compared_with_the_cloud(cloud, forge):
    write_spec(forge, 2)
    forge.apply()
    [first] = [m for m in cloud.inventory()["instances"] if tags(m)["llmforge:address"] == "resources/m0000"]
    cloud.client("ec2").modify_instance_attribute(InstanceId=first["InstanceId"], DisableApiTermination={"Value": True})
    forge.plan(expect=0)  # the spec says nothing of it
    write_spec(forge, 2, ", disable_api_termination: false")
    run = forge.plan(expect=2)
    assert "m0000" in run.text and "m0001" not in run.text
