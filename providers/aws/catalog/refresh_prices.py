#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes prices.yaml and machine_prices.yaml anew. Every figure is AWS's own, out of public collections of its price
lists; each price names its source, each source its day:

- machines on demand: the EC2 price list of PRICE_LISTS, and Karpenter's for us-east-1, which is newer;
- machines on the spot market: ec2-instances-info, the mean over a region's zones;
- NAT gateways, S3, VPC, CloudWatch, KMS, SNS, Lambda, DynamoDB, CloudTrail, budgets: PRICE_LISTS;
- volumes: EBS_LIST;
- the few that no such collection has: GATHERED, with where each was read.

A figure of an older collection whose on-demand price a newer one contradicts in us-east-1 is left out: it is unknown
(p5en outside of us-east-1, spot prices of p4d and p5). Of tiers the first is taken; free allowances are not.

    refresh_prices.py [--check] --price-lists GITDIR --ebs-list GITDIR

The two folders are clones of the repositories below. The Go modules are fetched with `go mod download`. --check writes
nothing and ends with 1 where a file differs.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent
PRICE_LISTS = ("github.com/lamngockhuong/aws-price", "508fb45296c89efe38772babd7ec766644629267")
EBS_LIST = ("github.com/cloudkeep-io/ebs-pricing", "d76ed2762d0a795a66285222321da0bb0aa801c3")
KARPENTER = ("github.com/aws/karpenter-provider-aws", "v1.15.1")
INSTANCES = ("github.com/cristim/ec2-instances-info", "v0.0.0-20250528091325-32acf84f42eb")
INSTANCES_AS_OF = "2025-04-24"  # the commit that last changed data/instances.json

# Regions and what the lists call them.
REGIONS = {
    "us-west-2": "US West (Oregon)", "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)",
    "eu-central-1": "EU (Frankfurt)", "eu-west-1": "EU (Ireland)", "ap-northeast-1": "Asia Pacific (Tokyo)",
}
GPUS = ("g4dn", "g5", "g6", "g6e", "gr6", "g7e", "p3", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300",
        "trn1", "trn1n", "trn2", "trn2u")
# What bastions, controllers and data preparation run on.
OTHERS = ("t3", "t3a", "t4g", "m5", "m6i", "m7i", "c6i", "c7i", "r6i")

# name: (per, list, the list's own words for it, what a price of one is multiplied with)
LISTED = {
    "nat.hour": ("hour", "natgateway", "Hourly charge for NAT Gateways", 1),
    "nat.data": ("GiB", "natgateway", "Charge for per GB data processed by NatGateways", 1),
    "address.in-use": ("hour", "vpc", "Hourly charge for In use Public IPv4 Addresses per Hrs", 1),
    "address.idle": ("hour", "vpc", "Hourly charge for Idle Public IPv4 Addresses per Hrs", 1),
    "endpoint.hour": ("hour", "vpc", "Hourly charge for VPC Endpoints per Hrs", 1),
    "endpoint.data": ("GiB", "vpc", "Charge for per GB data processed by VPC Endpoints per GB from 0 to 1048576", 1),
    "s3.standard": ("month", "s3", "Standard Storage First 50 TB per GB Mo", 1),
    "s3.intelligent": ("month", "s3", "Intelligent Tiering Frequent Access First 50 TB per GB Mo", 1),
    "s3.infrequent": ("month", "s3", "Standard Infrequent Access Storage per GB-Mo", 1),
    "s3.glacier": ("month", "s3", "Glacier Storage per GB Mo", 1),
    "s3.glacier-instant": ("month", "s3", "Glacier Instant Retrieval Storage", 1),
    "s3.deep-archive": ("month", "s3", "IntelligentTieringDeepArchiveAccess", 1),
    "s3.writes": ("1000 requests", "s3", "PUT COPY/POST or LIST requests per Requests", 1000),
    "s3.reads": ("1000 requests", "s3", "GET and all other requests per Requests", 1000),
    "logs.ingested": ("GiB", "cloudwatch", "Logs Collected Data Ingestion", 1),
    "logs.stored": ("month", "cloudwatch", "Stored Data", 1),
    "cloudwatch.alarm": ("month", "cloudwatch", "Alarm Standard", 1),
    "cloudwatch.alarm-fast": ("month", "cloudwatch", "Alarm High Resolution", 1),
    "cloudwatch.metric": ("month", "cloudwatch", "Metric for the first 10000", 1),
    "cloudwatch.dashboard": ("month", "cloudwatch", "Dashboard Basic Dashboard", 1),
    "kms.key": ("month", "kms", "Encryption Key", 1),
    "kms.requests": ("1000 requests", "kms", "API request - Non Free Tier", 1000),
    "sns.requests": ("1000 requests", "sns", "Amazon SNS API Requests", 1000),
    "sns.emails": ("1000 e-mails", "sns", "SNS Email and Email JSON Notifications", 1000),
    "lambda.duration": ("GiB-second", "lambda", "Lambda Duration", 1),
    "lambda.requests": ("1000 requests", "lambda", "Lambda Requests", 1000),
    "dynamodb.stored": ("month", "dynamodb", "Data Storage Indexed GB-Mo", 1),
    "dynamodb.reads": ("1000 requests", "dynamodb", "PayPerRequest Read Request Units", 1000),
    "dynamodb.writes": ("1000 requests", "dynamodb", "PayPerRequest Write Request Units", 1000),
    "cloudtrail.events": ("1000 events", "cloudtrail", "Management Paid Events Recorded", 1000),
    "budgets.budget": ("month", "budgets", "Budget Notifications Inf per day", 1),
}
# Stored; per operation a second beyond what is included; per GiB a second beyond that.
VOLUME_PARTS = {"": "pricePerGBMonth", "-iops": "pricePerIOPSMonth", "-throughput": "pricePerGiBpsMonth"}
VOLUMES = ("gp2", "gp3", "io1", "io2", "st1", "sc1", "standard")

# What no collection has; read where the source says.
SOURCES = {
    "transfer": ("2026-07-04", "AWSDataTransfer price list, first tier, as read for a public table of S3 egress prices"),
    "ecr": ("2026-11-23", "Amazon ECR pricing page as cited by cloudburn.io (March 2026) and c3index.co.jp (Tokyo): the same in all regions"),
    "scheduler": ("2026-11-23", "Amazon EventBridge pricing page as cited by cloudburn.io (March 2026): the same in most regions"),
    "secrets": ("2026-11-23", "AWS Secrets Manager pricing page as cited by hivebook.wiki: 0.40 a secret and month, 0.05 for 10,000 calls"),
    "sqs": ("2026-11-23", "Amazon SQS pricing page, US regions, as cited by JasonZ-Git/JasonTechnology: 0.40 for a million requests"),
}
GATHERED = {
    "transfer.out": ("GiB", "transfer", {"us-west-2": 0.09, "us-east-1": 0.09, "us-east-2": 0.09, "eu-central-1": 0.09,
                                         "eu-west-1": 0.09, "ap-northeast-1": 0.114}),
    "ecr.stored": ("month", "ecr", {"all": 0.10}),
    "scheduler.invocations": ("1000 invocations", "scheduler", {"all": 0.001}),
    "secrets.secret": ("month", "secrets", {"all": 0.40}),
    "secrets.requests": ("1000 requests", "secrets", {"all": 0.005}),
    "sqs.requests": ("1000 requests", "sqs", {"us-west-2": 0.0004, "us-east-1": 0.0004, "us-east-2": 0.0004}),
}


def number(value):
    return f"{value:.10f}".rstrip("0").rstrip(".")


def line(name, per, source, figures):
    known = ", ".join(f"{region}: {number(figure)}" for region, figure in figures.items())
    return f"  {name}: {{per: {per}, source: {source}, {known}}}"


def git_json(folder, commit, path):
    return json.loads(subprocess.run(["git", "-C", folder, "show", f"{commit}:{path}"], check=True,
                                     capture_output=True).stdout)


class GoModule:
    """A Go module's zip, fetched with the go tool."""

    def __init__(self, name, version):
        with tempfile.TemporaryDirectory() as empty:
            answer = subprocess.run(["go", "mod", "download", "-json", f"{name}@{version}"], cwd=empty, text=True,
                                    capture_output=True).stdout
        self.files = zipfile.ZipFile(json.loads(answer)["Zip"])

    def read(self, end):
        return self.files.read(next(n for n in self.files.namelist() if n.endswith(end)))


class Lists:
    def __init__(self, folder):
        self.folder, self.read = folder, {}

    def list(self, name):
        if name not in self.read:
            self.read[name] = git_json(self.folder, PRICE_LISTS[1], f"lib/data/pricing/{name}.json")
        return self.read[name]

    def day(self, name):
        return self.list(name)["manifest"]["hawkFilePublicationDate"][:10]

    def figures(self, name, words, times):
        out = {}
        for region, place in REGIONS.items():
            regions = self.list(name)["regions"]
            entry = regions.get(place, {}).get(words) or regions.get("Any", {}).get(words)
            if entry:
                out[region] = round(float(entry["price"]) * times, 10)
        return {"all": next(iter(out.values()))} if len(set(out.values())) == 1 and len(out) == len(REGIONS) else out


HEAD = ["# SPDX-License-Identifier: Apache-2.0"]


def services(lists, ebs_folder):
    sources = {name: (lists.day(name), f"AWS price list `{name}`, in {PRICE_LISTS[0]} at {PRICE_LISTS[1][:12]}")
               for name in sorted({entry[1] for entry in LISTED.values()})}
    volumes = {place["rzCode"]: place["ebs_prices"] for place in git_json(ebs_folder, EBS_LIST[1], "docs/ebs_pricing.json")}
    day = subprocess.run(["git", "-C", ebs_folder, "show", f"{EBS_LIST[1]}:docs/last_updated"], check=True, text=True,
                         capture_output=True).stdout.strip()[:10]
    sources["ebs"] = (day, f"AWS price list API, product family Storage, in {EBS_LIST[0]} at {EBS_LIST[1][:12]}")
    sources.update(SOURCES)
    out = [*HEAD, "# Prices of services, without tax, free allowances and later tiers. A region that is not named: unknown.",
           "# `per: month` of what is stored: a GiB and month. Written by refresh_prices.py: do not edit.",
           "currency: USD", "files: [machine_prices]", "sources:"]
    out += [f"  {name}: {{as_of: {day}, source: \"{text}\"}}" for name, (day, text) in sorted(sources.items())]
    out.append("prices:")
    for name, (per, source, words, times) in LISTED.items():
        out.append(line(name, per, source, lists.figures(source, words, times)))
    for kind in VOLUMES:
        for what, member in VOLUME_PARTS.items():
            figures = {region: float(volumes[region][kind][member]["USD"]) for region in REGIONS
                       if member in volumes.get(region, {}).get(kind, {})}
            if figures:
                out.append(line(f"volume{what}.{kind}", "month", "ebs", figures))
    out += [line(name, per, source, figures) for name, (per, source, figures) in GATHERED.items()]
    return "\n".join(out) + "\n"


def natural(name):
    family, _, size = name.partition(".")
    order = ["nano", "micro", "small", "medium", "large", "xlarge"]
    times = re.match(r"(\d+)xlarge", size)
    return family, (2, int(times.group(1)), size) if times else (1, order.index(size), size) if size in order else (3, 0, size)


def machines(lists):
    listed = {}
    for row in git_json(lists.folder, PRICE_LISTS[1], "lib/data/pricing/ec2-transformed.json"):
        if row["attributes"].get("operatingSystem") == "Linux" and row["region"] in REGIONS:
            listed.setdefault(row["attributes"]["instanceType"], {})[row["region"]] = float(row["pricePerUnit"])
    text = GoModule(*KARPENTER).read("zz_generated.pricing_aws.go").decode()
    newest = {name: float(price) for name, price in re.findall(r'"([a-z0-9-]+\.[a-z0-9-]+)": ([0-9.]+)', text)}
    newest_day = re.search(r"generated at (\d{4}-\d\d-\d\d)", text).group(1)
    older = {i["instance_type"]: i["pricing"] for i in json.loads(GoModule(*INSTANCES).read("data/instances.json"))}
    sources = {
        "ec2": (lists.day("natgateway"), f"AWS price list `ec2`, Linux, in {PRICE_LISTS[0]} at {PRICE_LISTS[1][:12]}"),
        "newest": (newest_day, f"AWS price list API for us-east-1, in {KARPENTER[0]} {KARPENTER[1]}"),
        "older": (INSTANCES_AS_OF, f"AWS price list API, in {INSTANCES[0]} {INSTANCES[1]}"),
        "spot": (INSTANCES_AS_OF, f"AWS spot prices, mean over a region's zones, in {INSTANCES[0]} {INSTANCES[1]}"),
    }
    out = [*HEAD, "# Machines, Linux, an hour. Spot prices move by the hour: what they were on that day, to plan with.",
           "# Written by refresh_prices.py: do not edit.", "currency: USD", "sources:"]
    out += [f"  {name}: {{as_of: {day}, source: \"{text}\"}}" for name, (day, text) in sources.items()]
    out.append("prices:")
    for kind in sorted(set(listed) | set(newest) | set(older), key=natural):
        if kind.split(".")[0] not in GPUS + OTHERS:
            continue
        before = {r: p["linux"] for r, p in older.get(kind, {}).items() if r in REGIONS and "linux" in p}
        reference = before.get("us-east-1", before.get("us-west-2", {})).get("ondemand")
        current = newest.get(kind) or listed.get(kind, {}).get("us-west-2")
        stale = bool(reference and current and abs(float(reference) / current - 1) > 0.001)
        demand, groups = {}, {}
        for region in REGIONS:
            known = listed.get(kind, {}).get(region)
            if region == "us-east-1" and kind in newest and (not known or abs(known / newest[kind] - 1) > 0.0001):
                demand[region] = ("newest", newest[kind])
            elif known:
                demand[region] = ("ec2", listed[kind][region])
            elif not stale and before.get(region, {}).get("ondemand"):
                demand[region] = ("older", float(before[region]["ondemand"]))
        for region, (source, figure) in demand.items():
            groups.setdefault(source, {})[region] = round(figure, 5)
        for source in sorted(groups):
            suffix = "" if len(groups) == 1 or source == max(groups, key=lambda s: len(groups[s])) else f"@{source}"
            out.append(line(f"machine.on-demand.{kind}{suffix}", "hour", source, groups[source]))
        spot = {} if stale else {r: round(sum(map(float, p["spot"])) / len(p["spot"]), 4) for r, p in before.items() if p.get("spot")}
        spot = {r: spot[r] for r in REGIONS if r in spot}
        if spot:
            out.append(line(f"machine.spot.{kind}", "hour", "spot", spot))
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--price-lists", required=True)
    parser.add_argument("--ebs-list", required=True)
    options = parser.parse_args()
    lists, differs = Lists(options.price_lists), False
    for name, text in {"prices.yaml": services(lists, options.ebs_list), "machine_prices.yaml": machines(lists)}.items():
        if not (HERE / name).exists() or (HERE / name).read_text() != text:
            differs = True
            print(f"{name}: {'differs from the sources' if options.check else 'written'}")
            if not options.check:
                (HERE / name).write_text(text)
    sys.exit(1 if options.check and differs else 0)


if __name__ == "__main__":
    main()
