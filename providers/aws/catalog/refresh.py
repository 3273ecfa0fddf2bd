#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes machine_types.yaml and gpus.yaml anew, from what AWS itself publishes:

- names: the enum InstanceType of the EC2 API model, as packaged in botocore;
- facts and zones: answers of DescribeInstanceTypes and DescribeInstanceTypeOfferings, as packaged,
  unchanged, in moto.

    tests/peers/python.sh providers/aws/catalog/refresh.py [--check]

The versions are those pinned in tests/peers/requirements.txt; `as_of` is the day on which the package
was built. --check writes nothing and ends with 1 where a file differs.
"""
import datetime
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent
PINS = HERE.parents[2] / "tests/peers/requirements.txt"
FAMILIES = ("g4dn", "g5", "g6", "g6e", "gr6", "g7e", "p3", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200",
            "p6-b300", "trn1", "trn1n", "trn2", "trn2u")
REGIONS = ("us-west-2", "us-east-1", "us-east-2", "eu-central-1", "eu-west-1", "ap-northeast-1")
# Families that AWS no longer describes to new accounts: the last package that had them. Their facts
# stay true (machines still run, prices still exist); their zones are taken from today's answer.
LAST_DESCRIBED = {"p3": "5.0.0"}
# What the answers in moto leave out: accelerators that are no GPUs, as (name, how many, GiB of each). Source: AWS Neuron
# documentation, "Trn1/Trn1n Architecture" and "Amazon EC2 Trn2 Architecture".
NEURON = {
    "trn1.2xlarge": ("Trainium", 1, 32), "trn1.32xlarge": ("Trainium", 16, 32), "trn1n.32xlarge": ("Trainium", 16, 32),
    "trn2.3xlarge": ("Trainium2", 1, 96), "trn2.48xlarge": ("Trainium2", 16, 96), "trn2u.48xlarge": ("Trainium2", 16, 96),
}


def pinned(name):
    return re.search(rf"^{name}(?:\[\w+\])?==(\S+)$", PINS.read_text(), re.M).group(1)


class Wheel:
    """A package's wheel, fetched with pip, read without installing it."""

    def __init__(self, folder, name, version):
        self.name = f"{name} {version}"
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                        "-d", folder, f"{name}=={version}"], check=True)
        path = next(p for p in pathlib.Path(folder).iterdir() if p.name.startswith(f"{name}-{version}-"))
        self.files = zipfile.ZipFile(path)
        self.as_of = datetime.date(*max(i.date_time for i in self.files.infolist())[:3]).isoformat()

    def json(self, path):
        names = self.files.namelist()
        if path + ".gz" in names:
            return json.loads(gzip.decompress(self.files.read(path + ".gz")))
        return json.loads(self.files.read(path))


def natural(name):
    """g5.2xlarge before g5.12xlarge, xlarge before both, metal last."""
    family, _, size = name.partition(".")
    order = ["nano", "micro", "small", "medium", "large", "xlarge"]
    number = re.match(r"(\d+)xlarge", size)
    return family, (2, int(number.group(1)), size) if number else \
        (1, order.index(size), size) if size in order else (3, 0, size)


def machine_types(botocore):
    names = botocore.json("botocore/data/ec2/2016-11-15/service-2.json")["shapes"]["InstanceType"]["enum"]
    families = {}
    for name in sorted(names, key=natural):
        family, _, size = name.partition(".")
        families.setdefault(family, []).append(size)
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# Every machine type of the EC2 API, one family a line. Written by refresh.py: do not edit.",
        f"as_of: {botocore.as_of}",
        f"source: enum InstanceType of EC2's API model 2016-11-15, in {botocore.name}",
        "families:"]
    lines += [f"  {family}: {' '.join(sizes)}" for family, sizes in families.items()]
    return "\n".join(lines) + "\n"


def row(kind, facts, zones):
    if kind in NEURON:
        name, count, size = NEURON[kind]
        gpu = {"Name": name, "Count": count, "MemoryInfo": {"SizeInMiB": size * 1024}}
    else:
        if len(facts["GpuInfo"]["Gpus"]) != 1:
            raise SystemExit(f"{kind}: more than one model of GPU")
        gpu = facts["GpuInfo"]["Gpus"][0]
    network = facts["NetworkInfo"]
    fields = {
        "vcpus": facts["VCpuInfo"]["DefaultVCpus"],
        "memory": f"{facts['MemoryInfo']['SizeInMiB']}MiB",
        "gpu": gpu["Name"], "gpus": gpu["Count"], "gpu_memory": f"{gpu['MemoryInfo']['SizeInMiB']}MiB",
        "network": network["NetworkPerformance"],
        "fabric_adapters": network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        "disk": f"{facts.get('InstanceStorageInfo', {}).get('TotalSizeInGB', 0)}GB",
        "arch": facts["ProcessorInfo"]["SupportedArchitectures"][-1],
        "spot": str("spot" in facts["SupportedUsageClasses"]).lower(),
        "zones": "{" + ", ".join(f"{region}: [{', '.join(ids)}]" for region, ids in zones.items()) + "}",
    }
    return f"  {kind}: {{" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}"


def gpus(moto, folder):
    described = dict(moto.json("moto/ec2/resources/instance_types.json"))
    notes = []
    for family, version in LAST_DESCRIBED.items():
        former = Wheel(folder, "moto", version)
        taken = {k: v for k, v in former.json("moto/ec2/resources/instance_types.json").items()
                 if k.split(".")[0] == family and k not in described}
        if taken:
            described.update(taken)
            notes.append(f"# {family}: no longer described by AWS in {moto.name}; facts from {former.name} ({former.as_of}).")
    offers = {region: moto.json(f"moto/ec2/resources/instance_type_offerings/availability-zone-id/{region}.json")
              for region in REGIONS}
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        f"# GPU machine types of the families {', '.join(FAMILIES)}, one a line. Written by refresh.py: do not edit.",
        "# gpu_memory is that of one GPU, as AWS states it; fabric_adapters is how many EFAs it takes; disk is instance",
        "# storage. Zones are zone ids: the letters (us-west-2a) mean different places in different accounts. No zone:",
        "# not offered there. trn: facts of the accelerators from AWS Neuron's documentation.",
        *notes,
        f"as_of: {moto.as_of}",
        f"source: answers of EC2's DescribeInstanceTypes and DescribeInstanceTypeOfferings, in {moto.name}",
        f"regions: [{', '.join(REGIONS)}]",
        "types:"]
    for kind in sorted((k for k in described if k.split(".")[0] in FAMILIES), key=natural):
        zones = {region: sorted(o["Location"] for o in offers[region] if o["InstanceType"] == kind) for region in REGIONS}
        lines.append(row(kind, described[kind], {r: z for r, z in zones.items() if z}))
    return "\n".join(lines) + "\n"


def main():
    check, differs = "--check" in sys.argv[1:], False
    with tempfile.TemporaryDirectory() as folder:
        files = {"machine_types.yaml": machine_types(Wheel(folder, "botocore", pinned("botocore"))),
                 "gpus.yaml": gpus(Wheel(folder, "moto", pinned("moto")), folder)}
    for name, text in files.items():
        if not (HERE / name).exists() or (HERE / name).read_text() != text:
            differs = True
            print(f"{name}: {'differs from what AWS publishes' if check else 'written'}")
            if not check:
                (HERE / name).write_text(text)
    sys.exit(1 if check and differs else 0)


if __name__ == "__main__":
    main()
