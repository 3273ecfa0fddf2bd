# SPDX-License-Identifier: Apache-2.0
"""The wrong account, the wrong region, a lost state, somebody else's role: refused, with the way out."""
import json

from cloud import ACCOUNTS, tags

ON = ("--var", "create_instance=true")


def test_another_account(cloud, forge):
    forge.apply()
    before = cloud.counts()
    cloud.forget_requests()
    forge.who = "other"
    for verb in ("plan", "apply", "destroy"):
        run = forge.run(verb, expect=8)
        assert ACCOUNTS["own"] in run.err and ACCOUNTS["other"] in run.err, run
        assert "--env" in run.err
    assert cloud.mutations() == []
    assert cloud.counts() == before and cloud.counts(who="other") == {}
    forge.who = "own"
    forge.plan(expect=0)


def test_an_edited_region(cloud, forge):
    forge.apply()
    before = cloud.counts()
    cloud.forget_requests()
    forge.edit("region: us-west-2", "region: eu-central-1")
    for verb in ("plan", "apply"):
        run = forge.run(verb, expect=8)
        assert "us-west-2" in run.err and "eu-central-1" in run.err, run
    assert cloud.mutations() == []
    assert cloud.counts() == before
    assert cloud.inventory("eu-central-1")["vpcs"] == []
    forge.edit("region: eu-central-1", "region: us-west-2")
    forge.plan(expect=0)


def test_a_lost_state(cloud, forge):
    forge.apply(*ON)
    before = cloud.counts()
    assert forge.state_files()
    for path in forge.state_files():
        path.unlink()
    cloud.forget_requests()
    run = forge.run("apply", *ON, expect=8)
    assert "adopt" in run.err or "state pull" in run.err, run
    assert cloud.mutations() == []
    assert cloud.counts() == before


def test_a_foreign_role_of_the_same_name(cloud, forge):
    forge.apply(*ON)
    name = "llm-tuning-lab-trainer"
    forge.destroy(*ON)
    iam = cloud.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    foreign = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    run = forge.run("apply", *ON, expect=8)
    assert name in run.err and "llmforge adopt" in run.err, run
    role = next(r for r in cloud.inventory()["roles"] if r["RoleName"] == name)
    assert role["RoleId"] == foreign["RoleId"] and role["AssumeRolePolicyDocument"] == trust
    assert tags(iam.get_role(RoleName=name)["Role"]) == {}
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    forge.run("apply", *ON, expect=8)  # again: still nothing doubled
    assert [r["RoleName"] for r in cloud.inventory()["roles"]].count(name) == 1
    iam.delete_role(RoleName=name)
    forge.apply(*ON)
    forge.plan(*ON, expect=0)


def test_a_foreign_bucket_of_the_same_name(cloud, forge):
    forge.apply()
    name = cloud.bucket_named("outputs")
    forge.destroy()
    cloud.client("s3", who="other").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    run = forge.run("apply", expect=(1, 5, 8))
    assert name in run.err, run
    assert [b["Name"] for b in cloud.client("s3", who="other").list_buckets()["Buckets"]] == [name]
    assert name not in cloud.inventory()["buckets"]
