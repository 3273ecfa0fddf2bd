# SPDX-License-Identifier: Apache-2.0
"""The bastion: what it opens, how it is hardened, and how one gets in."""
import base64

import pytest
import yaml

from cloud import tags

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb0dn1X0Yk6Jq4mB8sd1xQ6l0yR0tGv7w3b9H8Q2k5M admin"
HEAD = """stack: edge
provider: aws
region: us-west-2
tags: {Project: edge}
network: {cidr: 10.3.0.0/16}
outputs: {id: "${bastion.id}", command: "${bastion.command}", public_ip: "${bastion.public_ip}", private_ip: "${bastion.private_ip}"}
"""


def cloud_config(cloud, machine):
    data = cloud.client("ec2").describe_instance_attribute(InstanceId=machine["InstanceId"], Attribute="userData")["UserData"]["Value"]
    text = base64.b64decode(data).decode()
    assert text.startswith("#cloud-config\n")
    return yaml.safe_load(text)


def test_by_session_manager_no_port_is_open(cloud, stack):
    forge = stack("bastion: {}\n")
    forge.apply()
    machine, group = cloud.only("instances"), cloud.only("security_groups")
    assert machine["InstanceType"] == "t4g.nano" and machine["Architecture"] == "arm64"
    assert machine["MetadataOptions"]["HttpTokens"] == "required" and machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert group["IpPermissions"] == [] and group["IpPermissionsEgress"]
    assert [g["GroupId"] for g in machine["SecurityGroups"]] == [group["GroupId"]]
    volume = cloud.only("volumes")
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (8, "gp3", True)
    assert "KeyName" not in machine and tags(machine)["Project"] == "edge" and tags(machine)["Name"] == "edge-bastion"
    attached = cloud.client("iam").list_attached_role_policies(RoleName="edge-bastion")["AttachedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["AmazonSSMManagedInstanceCore"]
    config = cloud_config(cloud, machine)
    assert config["ssh_pwauth"] is False and config["package_upgrade"] is True
    assert "disable --now" in str(config["runcmd"])
    out = {name: forge.run("output", name, "--raw", expect=0).out.strip() for name in ("id", "command", "public_ip", "private_ip")}
    assert out == {"id": machine["InstanceId"], "command": f"aws ssm start-session --region us-west-2 --target {machine['InstanceId']}",
                   "public_ip": machine["PublicIpAddress"], "private_ip": machine["PrivateIpAddress"]}
    forge.plan(expect=0)
    assert "al2023-ami-2023" in (forge.folder / "llmforge.lock").read_text()
    forge.destroy()
    assert cloud.counts() == {}


def test_by_ssh_from_one_range(cloud, stack):
    forge = stack(f"bastion: {{access: ssh, admin_cidr: 198.51.100.0/24, ssh_key: \"{KEY}\", system: ubuntu}}\n")
    forge.apply()
    machine, group = cloud.only("instances"), cloud.only("security_groups")
    rules = [(r["FromPort"], r["ToPort"], [x["CidrIp"] for x in r["IpRanges"]], r["Ipv6Ranges"]) for r in group["IpPermissions"]]
    assert rules == [(22, 22, ["198.51.100.0/24"], [])]
    assert machine["KeyName"] == "edge-bastion"
    config = cloud_config(cloud, machine)
    assert "PasswordAuthentication no" in config["write_files"][0]["content"] and "disable --now" not in str(config["runcmd"])
    assert forge.run("output", "command", "--raw", expect=0).out.strip() == f"ssh ubuntu@{machine['PublicIpAddress']}"
    forge.plan(expect=0)
    forge.destroy()
    assert cloud.counts() == {}


def test_an_address_that_stays(cloud, stack):
    forge = stack("bastion: {elastic_ip: true}\n")
    forge.apply()
    address = cloud.client("ec2").describe_addresses()["Addresses"][0]
    machine = cloud.only("instances")
    assert address["InstanceId"] == machine["InstanceId"]
    assert forge.run("output", "public_ip", "--raw", expect=0).out.strip() == address["PublicIp"]
    forge.plan(expect=0)
    forge.edit("elastic_ip: true", "elastic_ip: true, disk: 12GiB, architecture: x86_64")
    forge.apply()
    after = cloud.client("ec2").describe_addresses()["Addresses"][0]
    assert after["PublicIp"] == address["PublicIp"] and after["InstanceId"] == cloud.only("instances")["InstanceId"] != machine["InstanceId"]
    assert cloud.only("instances")["InstanceType"] == "t3.nano"
    forge.plan(expect=0)


def test_the_price(stack):
    run = stack("bastion: {}\n").run("cost", expect=0)
    assert "t4g.nano" in run.out or "0.0042" in run.out, run
    assert "no known price" not in run.out


def test_a_shell_by_the_blocks_name(cloud, stack):
    forge = stack("bastion: {}\n")
    forge.apply()
    cloud.forget_requests()
    forge.run("ssh", "bastion", "--json")  # moto has no sessions: the call itself fails
    asked = [e for e in cloud.requests() if e["operation"] == "StartSession"]
    assert asked and asked[0]["params"]["Target"] == cloud.only("instances")["InstanceId"]


@pytest.mark.parametrize("words, message", [
    ("admin_cidr: 0.0.0.0/0, access: ssh, ssh_key: k", "the whole world is no range of administrators"),
    ("access: ssh, ssh_key: k", "`access: ssh` needs `admin_cidr`"),
    ("access: ssh, admin_cidr: 10.0.0.0/8", "`access: ssh` needs `ssh_key`"),
    ("admin_cidr: 10.0.0.0/8", "Session Manager opens no port"),
    ("type: t3.nano", "say so with `architecture`"),
    ("type: t4g.nono", "t4g.nono"),
])
def test_what_is_refused_before_any_request(cloud, stack, words, message):
    cloud.forget_requests()
    run = stack(f"bastion: {{{words}}}\n").run("plan", expect=3)
    assert message in run.err, run
    assert cloud.requests() == []
