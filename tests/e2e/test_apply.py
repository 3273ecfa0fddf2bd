# SPDX-License-Identifier: Apache-2.0
"""plan, apply, plan again, destroy: the reference spec without its machine, as boto3 sees it."""
import json

from cloud import tags

# Without a machine, a repository on GitHub and an e-mail address: two roles (trainer, watchdog), four
# log groups (setup, training, container, the watchdog's own).
BASE = {"vpcs": 1, "subnets": 1, "gateways": 1, "route_tables": 1, "buckets": 2, "repositories": 1, "roles": 2, "profiles": 1,
        "log_groups": 4, "dashboards": 1, "topics": 1, "functions": 1, "rules": 1, "alarms": 2, "budgets": 1}


def assert_base(counts):
    assert counts == BASE


def test_plan_changes_nothing(cloud, forge):
    run = forge.plan(expect=2)
    assert "10.1.0.0/16" in run.text and "training-data" in run.text
    assert cloud.mutations() == []
    assert cloud.counts() == {}


def test_apply_then_no_change_then_destroy(cloud, forge):
    run = forge.apply()
    assert "training_bucket" in run.text and "outputs_bucket" in run.text
    assert_base(cloud.counts())
    cloud.forget_requests()
    forge.plan(expect=0)
    forge.run("apply", expect=0)
    assert cloud.mutations() == []
    assert_base(cloud.counts())
    forge.destroy()
    assert cloud.counts() == {}
    forge.plan(expect=2)


def test_network(cloud, forge):
    forge.apply()
    found = cloud.inventory()
    vpc, subnet, gateway, table = (found[k][0] for k in ("vpcs", "subnets", "gateways", "route_tables"))
    assert vpc["CidrBlock"] == "10.1.0.0/16"
    assert subnet["CidrBlock"] == "10.1.1.0/24" and subnet["VpcId"] == vpc["VpcId"]
    assert subnet["AvailabilityZone"].startswith("us-west-2")
    assert [a["VpcId"] for a in gateway["Attachments"]] == [vpc["VpcId"]]
    routes = {r["DestinationCidrBlock"]: r.get("GatewayId") for r in table["Routes"]}
    assert routes["0.0.0.0/0"] == gateway["InternetGatewayId"]
    assert [a["SubnetId"] for a in table["Associations"]] == [subnet["SubnetId"]]
    for thing in (vpc, subnet, gateway, table):
        assert tags(thing)["Project"] == "llm-tuning-lab"
        assert tags(thing)["llmforge:stack"].startswith("llm-tuning-lab/default/")
        assert tags(thing)["llmforge:address"] and tags(thing)["llmforge:intent"]


def test_existing_network(cloud, forge):
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.50.1.0/24", AvailabilityZone="us-west-2a")["Subnet"]["SubnetId"]
    existing = ("--var", "create_vpc=false", "--var", f"vpc_id={vpc}", "--var", f"subnet_id={subnet}")
    forge.apply("--var", "create_instance=true", *existing)
    machine = cloud.only("instances")
    assert (machine["VpcId"], machine["SubnetId"]) == (vpc, subnet)
    counts = cloud.counts()
    assert (counts["vpcs"], counts["subnets"], "gateways" in counts, "route_tables" in counts) == (1, 1, False, False)
    forge.destroy(*existing)
    assert cloud.counts() == {"vpcs": 1, "subnets": 1}
    assert "llmforge:stack" not in tags(cloud.only("vpcs"))


def test_buckets(cloud, forge):
    forge.apply()
    s3 = cloud.client("s3")
    classes = {}
    for part in ("training-data", "outputs"):
        name = cloud.bucket_named(part)
        assert name.startswith(f"llm-tuning-lab-{part}-") and len(name.rsplit("-", 1)[1]) == 6
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert len(block) == 4 and all(block.values())
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")
        rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        classes[part] = {t["StorageClass"]: t["Days"] for r in rules for t in r.get("Transitions", [])}
        assert all(r["Status"] == "Enabled" for r in rules)
        assert tags(s3.get_bucket_tagging(Bucket=name))["Project"] == "llm-tuning-lab"
    assert classes["training-data"] == {"GLACIER": 90}
    assert classes["outputs"] == {"INTELLIGENT_TIERING": 30, "GLACIER": 180}


def test_repository(cloud, forge):
    forge.apply()
    repository = cloud.only("repositories")
    assert repository["repositoryName"] == "llm-tuning-lab-training"
    assert repository["imageScanningConfiguration"]["scanOnPush"] is True
    policy = json.loads(cloud.client("ecr").get_lifecycle_policy(repositoryName="llm-tuning-lab-training")["lifecyclePolicyText"])
    kept = {r["selection"]["tagStatus"]: r["selection"]["countNumber"] for r in policy["rules"]}
    assert kept.pop("untagged") == 3
    assert set(kept.values()) == {10}


def test_outputs(cloud, forge):
    forge.apply()
    assert forge.run("output", "training_bucket", "--raw", expect=0).out.strip() == cloud.bucket_named("training-data")
    assert forge.run("output", "outputs_bucket", "--raw", expect=0).out.strip() == cloud.bucket_named("outputs")


def test_saved_plan(cloud, forge):
    saved = forge.folder / "it.plan"
    forge.plan("--out", saved, expect=2)
    forge.run("apply", saved, expect=0)
    assert_base(cloud.counts())
    assert forge.run("apply", saved, expect=7).text  # stale: the state has moved on
    assert_base(cloud.counts())
