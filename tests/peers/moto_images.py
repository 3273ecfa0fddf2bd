# SPDX-License-Identifier: Apache-2.0
"""The machine images that moto's server starts with, in the format of its own amis.json.

moto knows 1,285 old images and no Deep Learning one. Here: one Deep Learning Base image a region,
and a few of moto's ordinary ones, so that a name pattern has something to leave out.
"""
import gzip
import importlib.util
import json
import pathlib

# Name as Amazon publishes it (release notes "AWS Deep Learning Base OSS AMI (Ubuntu 22.04)", DLAMI
# developer guide); the owner is Amazon's account for Deep Learning images (alias `amazon`).
DEEP_LEARNING_NAME = "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04) 20251101"
DEEP_LEARNING_OWNER = "898082745236"
# What bastions start from: name, owner, architecture, root device, id. Amazon Linux 2023 release notes;
# Ubuntu's "Find Ubuntu images on AWS".
SMALL = [
    ("al2023-ami-2023.9.20251105.0-kernel-6.1-arm64", "137112412989", "arm64", "/dev/xvda", "ami-0d2f6a1b3c4d50001"),
    ("al2023-ami-2023.9.20251105.0-kernel-6.1-x86_64", "137112412989", "x86_64", "/dev/xvda", "ami-0d2f6a1b3c4d50002"),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251022", "099720109477", "arm64", "/dev/sda1", "ami-0d2f6a1b3c4d50003"),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022", "099720109477", "x86_64", "/dev/sda1", "ami-0d2f6a1b3c4d50004"),
]
DEEP_LEARNING = {"us-west-2": "ami-0d15a5e2b3c4f5061", "eu-central-1": "ami-0d1e5c7a9b2d3f402"}


def images():
    package = pathlib.Path(importlib.util.find_spec("moto").submodule_search_locations[0])
    with gzip.open(package / "ec2/resources/amis.json.gz") as f:
        ordinary = [i for i in json.load(f) if i["name"].startswith(("ubuntu", "amzn"))][:4]
    deep_learning = [{
        "ami_id": ami_id, "state": "available", "public": True, "owner_id": DEEP_LEARNING_OWNER,
        "image_location": "amazon/" + DEEP_LEARNING_NAME, "sriov": "simple", "root_device_type": "ebs",
        "root_device_name": "/dev/sda1", "description": "Supported EC2 instances: G4dn, G5, G6, P4, P5",
        "image_type": "machine", "architecture": "x86_64", "name": DEEP_LEARNING_NAME,
        "virtualization_type": "hvm", "hypervisor": "xen", "creation_date": "2025-11-01T07:30:00.000Z",
    } for ami_id in DEEP_LEARNING.values()]
    small = [{
        "ami_id": ami_id, "state": "available", "public": True, "owner_id": owner, "image_location": "amazon/" + name,
        "sriov": "simple", "root_device_type": "ebs", "root_device_name": root, "description": name, "image_type": "machine",
        "architecture": architecture, "name": name, "virtualization_type": "hvm", "hypervisor": "xen",
        "creation_date": "2025-11-05T07:30:00.000Z",
    } for name, owner, architecture, root, ami_id in SMALL]
    return ordinary + deep_learning + small


def write(path):
    pathlib.Path(path).write_text(json.dumps(images()))
