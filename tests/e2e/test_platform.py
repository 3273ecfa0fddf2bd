# SPDX-License-Identifier: Apache-2.0
"""The fine-tuning platform, whole: roles for workflows, launcher, watchdog, alarms, budget, logs, files; as boto3 sees it."""
import base64
import gzip
import io
import json
import urllib.parse
import zipfile

import pytest

from cloud import tags

ALL = ("--var", "create_instance=true", "--var", "github_repository=acme/llm-tuning-lab", "--var", "alert_email=ops@example.org")
ON = ("--var", "create_instance=true")
LLMFORGE = json.dumps({"version": "0.1.0", "url": "https://example.org/llmforge", "sha256": "0" * 64})
TRAINER = 'machines["trainer"].instance'


def role(cloud, name):
    found = cloud.client("iam").get_role(RoleName=name)["Role"]
    document = found["AssumeRolePolicyDocument"]
    return found, document if isinstance(document, dict) else json.loads(urllib.parse.unquote(document))


def test_its_whole_life(cloud, forge):
    forge.apply(*ALL)
    assert cloud.counts() == {
        "vpcs": 1, "subnets": 1, "gateways": 1, "route_tables": 1, "buckets": 2, "repositories": 1, "roles": 5, "profiles": 1,
        "log_groups": 4, "dashboards": 1, "topics": 1, "subscriptions": 1, "functions": 1, "rules": 1, "alarms": 2, "budgets": 1,
        "issuers": 1, "instances": 1, "volumes": 1, "security_groups": 1}
    cloud.forget_requests()
    forge.plan(*ALL, expect=0)
    assert cloud.mutations() == []
    assert (forge.folder / "specs" / ".github" / "workflows" / "build-push-ecr.yml").exists()
    forge.run("destroy", *ALL, expect=0)
    assert cloud.counts() == {}
    assert not (forge.folder / "specs" / ".github" / "workflows" / "build-push-ecr.yml").exists()


def test_roles_of_workflows(cloud, forge):
    forge.apply(*ALL)
    outputs = json.loads(forge.run("output", "--json", expect=0).out)
    issuer = "token.actions.githubusercontent.com"
    subjects = {"role": ["repo:acme/llm-tuning-lab:ref:refs/heads/main"], "plan": ["repo:acme/llm-tuning-lab:pull_request"],
                "apply": ["repo:acme/llm-tuning-lab:ref:refs/heads/main"]}
    for part, subject in subjects.items():
        found, trust = role(cloud, f"llm-tuning-lab-github-actions-{part}")
        assert found["MaxSessionDuration"] == 3600
        statement = trust["Statement"][0]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity" and issuer in statement["Principal"]["Federated"]
        assert statement["Condition"]["StringEquals"] == {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}
    value = outputs["github_actions_role_arn"]
    value = value["value"] if isinstance(value, dict) else value
    assert value == role(cloud, "llm-tuning-lab-github-actions-role")[0]["Arn"]
    iam = cloud.client("iam")
    push = json.dumps(iam.get_role_policy(RoleName="llm-tuning-lab-github-actions-role", PolicyName="push")["PolicyDocument"])
    assert cloud.only("repositories")["repositoryArn"] in push and "ecr:PutImage" in push


def test_safety(cloud, forge):
    forge.apply(*ALL, "--var", "monthly_budget=50 USD", "--var", "max_runtime_hours=6")
    budget = cloud.only("budgets")
    assert float(budget["BudgetLimit"]["Amount"]) == 50 and budget["BudgetLimit"]["Unit"] == "USD"
    assert budget["CostFilters"] == {"TagKeyValue": ["user:Project$llm-tuning-lab"]}
    budgets = cloud.client("budgets", "us-east-1")
    told = budgets.describe_notifications_for_budget(AccountId="123456789012", BudgetName=budget["BudgetName"])["Notifications"]
    assert sorted(n["Threshold"] for n in told) == [80.0, 100.0]
    function = cloud.only("functions")
    assert function["Runtime"] == "python3.12" and function["Environment"]["Variables"]["MAX_RUNTIME_SECONDS"] == "21600"
    assert function["Environment"]["Variables"]["STACK"] == "llm-tuning-lab/default/*"
    rule = cloud.only("rules")
    targets = cloud.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert rule["ScheduleExpression"] == "rate(1 hour)" and [t["Arn"] for t in targets] == [function["FunctionArn"]]
    policy = json.loads(cloud.client("lambda").get_policy(FunctionName=function["FunctionName"])["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    topic = cloud.only("topics")["TopicArn"]
    alarms = {a["AlarmName"]: a for a in cloud.inventory()["alarms"]}
    assert alarms["llm-tuning-lab-max-runtime"]["Threshold"] == 21600
    assert all(a["AlarmActions"] == [topic] for a in alarms.values())
    assert cloud.only("subscriptions")["Endpoint"] == "ops@example.org"
    assert tags(cloud.client("sns").list_tags_for_resource(ResourceArn=topic))["Project"] == "llm-tuning-lab"


def test_the_archive_of_the_watchdog_is_the_same_again(cloud, forge):
    forge.apply()
    code = cloud.client("lambda").get_function(FunctionName="llm-tuning-lab-watchdog")["Configuration"]["CodeSha256"]
    cloud.forget_requests()
    forge.plan(expect=0)
    forge.destroy()
    forge.apply()
    assert cloud.client("lambda").get_function(FunctionName="llm-tuning-lab-watchdog")["Configuration"]["CodeSha256"] == code


def script_of(cloud):
    machine = cloud.only("instances")["InstanceId"]
    data = cloud.client("ec2").describe_instance_attribute(InstanceId=machine, Attribute="userData")["UserData"]["Value"]
    data = base64.b64decode(data)
    return gzip.decompress(data).decode() if data.startswith(b"\x1f\x8b") else data.decode()


def test_the_launcher_gets_what_the_spec_says(cloud, forge):
    forge.apply(*ON, "--var", "max_runtime_hours=2", "--var", "auto_shutdown=false", "--var", "run=lr-3e-5")
    script = script_of(cloud)
    for part in ("RUN='lr-3e-5'", "AUTO_SHUTDOWN='false'", "MAX_RUNTIME='7200'", cloud.bucket_named("outputs"),
                 "llm-tuning-lab-training:latest", "/llm-tuning-lab/training"):
        assert part in script, part
    assert forge.run("render", str(forge.spec), "training.user_data", *ON, expect=None).code in (0, 3)


def ended(cloud, run, result):
    cloud.client("s3").put_object(
        Bucket=cloud.bucket_named("outputs"), Key=f"runs/.state/{run}/ended.json",
        Body=json.dumps({"run": run, "result": result, "exit_code": 0, "reason": "training ended", "attempt": 1,
                         "prefix": "runs/20261123T101112Z", "at": "2026-11-23T12:00:00Z", "instance": "i-0"}))


def test_a_run_that_left_its_marker_is_done(cloud, forge):
    forge.apply()
    ended(cloud, "1", "SUCCESS")
    run = forge.apply(*ON)
    assert "run 1: ended with SUCCESS" in run.out and "instances" not in cloud.counts()
    forge.plan(*ON, expect=0)
    # An interrupted one may go on, and another name is another run.
    ended(cloud, "1", "INTERRUPTED")
    assert forge.plan(*ON, expect=2)
    ended(cloud, "1", "FAILURE")
    forge.apply(*ON, "--var", "run=2")
    assert cloud.counts()["instances"] == 1


def test_train_submit_status_stop(cloud, forge):
    forge.apply()
    spec = ("--spec", str(forge.spec))
    assert "run 1: not started" in forge.run("train", "status", *spec, expect=0).out
    forge.run("train", "submit", "second", *spec, "--auto-approve", expect=0)
    assert cloud.counts()["instances"] == 1 and "RUN='second'" in script_of(cloud)
    # What the spec says meanwhile (no machine, run 1) ends nothing.
    cloud.forget_requests()
    run = forge.run("apply", expect=0)
    assert "run second: submitted, and has not ended" in run.out and cloud.mutations() == []
    cloud.forget_requests()
    refused = forge.run("train", "submit", "second", *spec, "--auto-approve", expect=3)
    assert "run `second` is the one that" in refused.err and cloud.requests() == []
    # Its machine ends: the name is taken for good.
    cloud.client("ec2").terminate_instances(InstanceIds=[cloud.only("instances")["InstanceId"]])
    forge.run("train", "submit", "third", *spec, "--auto-approve", expect=0)
    refused = forge.run("train", "submit", "second", *spec, "--auto-approve", expect=3)
    assert "run `second` of" in refused.err and "has ended already" in refused.err
    cloud.client("s3").put_object(Bucket=cloud.bucket_named("outputs"), Key="runs/.state/1/started.json",
                                  Body=json.dumps({"run": "1", "attempt": 1, "at": "2026-11-23T10:11:12Z", "prefix": "runs/x"}))
    assert "run 1: under way since 2026-11-23T10:11:12Z" in forge.run("train", "status", *spec, expect=0).out
    ended(cloud, "1", "SUCCESS")
    status = forge.run("train", "status", *spec, expect=0).out
    assert "run 1: SUCCESS at 2026-11-23T12:00:00Z, exit code 0: training ended" in status and TRAINER in status
    forge.run("train", "stop", *spec, expect=0)
    stop = cloud.client("s3").get_object(Bucket=cloud.bucket_named("outputs"), Key="runs/.state/1/stop")["Body"].read()
    assert stop == b"stop"
    logs = cloud.client("logs")
    logs.create_log_stream(logGroupName="/llm-tuning-lab/training", logStreamName="i-1")
    logs.put_log_events(logGroupName="/llm-tuning-lab/training", logStreamName="i-1",
                        logEvents=[{"timestamp": 1795430000000 + i, "message": f"step {i}"} for i in range(3)])
    lines = forge.run("train", "logs", "training", *spec, expect=0).out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["step 0", "step 1", "step 2"]
    # Results are data: they are never deleted by the way.
    assert "holds data" in forge.run("destroy", expect=8).err
    s3, bucket = cloud.client("s3"), cloud.bucket_named("outputs")
    for version in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    forge.destroy()
    assert cloud.counts() == {}


WRONG = [
    (("--var", "monthly_budget=200"), "monthly_budget"),
    (("--var", "alert_email=nobody"), "alert_email"),
    ((*ON, "--var", "admin_cidr=0.0.0.0/0", "--var", "ssh_key=ssh-ed25519 AAAA"), "the whole world is no range of administrators"),
    (("--var", "github_repository=acme"), "owner/name"),
    (("--var", "github_repository=acme/*"), "owner/name"),
    (("--var", "max_runtime_hours=0"), "1 to 720 hours"),
    (("--var", "run=a b"), "letters, digits"),
]


@pytest.mark.parametrize("variables, said", WRONG, ids=[said for _, said in WRONG])
def test_wrong_values_are_told_before_any_request(cloud, forge, variables, said):
    cloud.forget_requests()
    run = forge.run("plan", *variables, expect=3)
    assert "error[" in run.err and said in run.err
    assert cloud.requests() == []


EDITS = [
    ("  subnets: [10.1.1.0/24]", "  subnets: [10.2.1.0/24]", "LF0214", "10.2.1.0/24"),
    ("  branch: ${vars.github_branch}\n  spec", "  branch: main\n  apply_on_merge: true\n  spec", "LF0218", "state is a file on this machine"),
    ("  github-actions:\n", "  github-actions-with-a-name-that-is-much-too-long-for-roles:\n", "LF0213", "it takes 1 to 64"),
    ("    user_data: ${training.user_data}", "    user_data: \"${string(lists.range(30000).map(i, sha256(string(i))).join(' '))}\"", "LF0213", "16384"),
]


@pytest.mark.parametrize("old, new, code, said", EDITS, ids=[said for *_, said in EDITS])
def test_wrong_specs_are_told_before_any_request(cloud, forge, old, new, code, said):
    forge.edit(old, new)
    cloud.forget_requests()
    run = forge.run("plan", *ALL, expect=3)
    assert f"error[{code}]" in run.err and said in run.err
    assert cloud.requests() == []
