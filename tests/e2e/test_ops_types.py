# SPDX-License-Identifier: Apache-2.0
"""Topics, functions, rules, schedules, budgets, dashboards, metric filters and trails against moto: made, found
unchanged, changed in place, and gone. What a pending subscription looks like."""
import json

from cloud import ACCOUNTS

ACCOUNT = ACCOUNTS["own"]
SPEC = """
llmforge: 1
stack: ops
provider: aws
region: us-west-2
variables:
  word: {type: string, default: first}
  limit: {type: money, default: 200 USD}
  share: {type: float, default: 80}
resources:
  worker:
    type: aws.iam.role
    name: ops-worker
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sts:AssumeRole",
      Principal: {Service: [lambda.amazonaws.com, scheduler.amazonaws.com]}}]}
  alerts:
    type: aws.sns.topic
    name: ops-alerts
    display_name: "${vars.word}"
    policy: {Version: "2012-10-17", Statement: [{Sid: budgets, Effect: Allow, Principal: {Service: budgets.amazonaws.com},
      Action: "sns:Publish", Resource: "arn:aws:sns:us-west-2:123456789012:ops-alerts"}]}
  mail:
    type: aws.sns.subscription
    topic: ${resources.alerts.arn}
    protocol: email
    endpoint: ops@example.com
  watchdog:
    type: aws.lambda.function
    name: ops-watchdog
    role: ${resources.worker.arn}
    runtime: python3.12
    handler: main.handler
    timeout: 1m
    memory_size: 128MiB
    environment: {WORD: "${vars.word}"}
    code: "${zip({'main.py': 'WORD = 1 # ' + vars.word})}"
    permissions:
      - {statement_id: hourly, principal: events.amazonaws.com, source_arn: "${resources.hourly.arn}"}
  hourly:
    type: aws.events.rule
    name: ops-hourly
    schedule: rate(1 hour)
    description: "${vars.word}"
    targets:
      - {id: watchdog, arn: "${resources.watchdog.arn}", input: {word: "${vars.word}"}}
  nightly:
    type: aws.scheduler.schedule
    name: ops-nightly
    expression: cron(0 3 * * ? *)
    timezone: Europe/Berlin
    description: "${vars.word}"
    target: {arn: "${resources.watchdog.arn}", role: "${resources.worker.arn}", input: {word: nightly}}
  costs:
    type: aws.budgets.budget
    name: ops-costs
    limit: ${vars.limit}
    cost_filters: {TagKeyValue: ["user:Project$$lab"]}
    notifications:
      - {threshold: "${vars.share}", subscribers: [{type: EMAIL, address: ops@example.com}]}
      - {threshold: 100, type: FORECASTED, subscribers: [{type: SNS, address: "${resources.alerts.arn}"}]}
    tags: {Team: ops}
  page:
    type: aws.cloudwatch.dashboard
    name: ops-page
    body: {widgets: [{type: text, x: 0, y: 0, width: 6, height: 3, properties: {markdown: "${vars.word}"}}]}
  lines:
    type: aws.logs.group
    name: /ops/lines
  errors:
    type: aws.logs.metric_filter
    log_group: ${resources.lines}
    name: errors
    pattern: "${vars.word}"
    transformation: {metric_name: Errors, namespace: Ops, value: "1"}
  kept:
    type: aws.s3.bucket
    name: ops-kept-of-123456789012
    force_destroy: true
  calls:
    type: aws.cloudtrail.trail
    name: ops-calls
    s3_bucket: ${resources.kept}
    log_file_validation: ${vars.word == 'first'}
    event_selectors: [{read_write_type: WriteOnly}]
"""
LATER = ["--var", "word=second", "--var", "limit=250.5 USD", "--var", "share=90"]


def spec_of(forge, text=SPEC):
    forge.spec = forge.folder / "ops.yaml"
    forge.spec.write_text(text)


def seen(cloud):
    """What boto3 finds, in short."""
    budgets, events, logs = cloud.client("budgets", "us-east-1"), cloud.client("events"), cloud.client("logs")
    lam, sns, trails = cloud.client("lambda"), cloud.client("sns"), cloud.client("cloudtrail")
    out = {
        "topics": [sns.get_topic_attributes(TopicArn=t["TopicArn"])["Attributes"]["DisplayName"] for t in sns.list_topics()["Topics"]],
        "subscriptions": [s["Endpoint"] for s in sns.list_subscriptions()["Subscriptions"]],
        "functions": [(f["MemorySize"], f["Environment"]["Variables"]["WORD"], f["CodeSha256"]) for f in lam.list_functions()["Functions"]],
        "rules": [(r["Description"], json.loads(t["Input"])["word"]) for r in events.list_rules()["Rules"]
                  for t in events.list_targets_by_rule(Rule=r["Name"])["Targets"]],
        "schedules": [cloud.client("scheduler").get_schedule(Name=s["Name"])["Description"]
                      for s in cloud.client("scheduler").list_schedules()["Schedules"]],
        "budgets": [(b["BudgetLimit"], sorted(n["Threshold"] for n in budgets.describe_notifications_for_budget(
            AccountId=ACCOUNT, BudgetName=b["BudgetName"])["Notifications"])) for b in budgets.describe_budgets(AccountId=ACCOUNT)["Budgets"]],
        "dashboards": [json.loads(cloud.client("cloudwatch").get_dashboard(DashboardName=d["DashboardName"])["DashboardBody"])
                       ["widgets"][0]["properties"]["markdown"] for d in cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]],
        "filters": [f["filterPattern"] for f in logs.describe_metric_filters()["metricFilters"]],
        "trails": [(trails.get_trail(Name=t["TrailARN"])["Trail"]["LogFileValidationEnabled"],
                    trails.get_trail_status(Name=t["TrailARN"])["IsLogging"]) for t in trails.list_trails()["Trails"]],
    }
    return {kind: found for kind, found in out.items() if found}


def test_the_whole_life(forge, cloud):
    spec_of(forge)
    forge.apply()
    first = seen(cloud)
    digest = first["functions"][0][2]
    assert first == {
        "topics": ["first"], "subscriptions": ["ops@example.com"], "functions": [(128, "first", digest)], "rules": [("first", "first")],
        "schedules": ["first"], "budgets": [({"Amount": "200", "Unit": "USD"}, [80.0, 100.0])], "dashboards": ["first"],
        "filters": ["first"], "trails": [(True, True)]}
    policy = json.loads(cloud.client("lambda").get_policy(FunctionName="ops-watchdog")["Policy"])["Statement"]
    assert [(s["Sid"], s["Principal"], s["Condition"]["ArnLike"]["AWS:SourceArn"].split("/")[-1]) for s in policy] == [
        ("hourly", {"Service": "events.amazonaws.com"}, "ops-hourly")]
    told = forge.plan(expect=0)
    assert "pending" in told.out and "its owner has to confirm the subscription" in told.out

    cloud.forget_requests()
    forge.edit("128MiB", "256MiB")
    forge.apply(*LATER)
    again = seen(cloud)
    assert again["functions"][0][:2] == (256, "second") and again["functions"][0][2] != digest
    assert {**again, "functions": None} == {
        "topics": ["second"], "subscriptions": ["ops@example.com"], "functions": None, "rules": [("second", "second")],
        "schedules": ["second"], "budgets": [({"Amount": "250.5", "Unit": "USD"}, [90.0, 100.0])], "dashboards": ["second"],
        "filters": ["second"], "trails": [(False, True)]}
    made = [a for a in cloud.mutations() if a.split(":")[-1].startswith(("Create", "Delete", "Subscribe", "Unsubscribe"))]
    assert made == ["budgets:DeleteNotification", "budgets:CreateNotification"], made  # in place, all of it
    forge.plan(*LATER, expect=0)

    forge.destroy(*LATER)
    left = seen(cloud)
    left.pop("subscriptions", None)  # AWS deletes what nobody confirms by itself; moto keeps it
    assert left == {} and cloud.counts() == {}


def test_drift_is_mended(forge, cloud):
    spec_of(forge)
    forge.apply()
    cloud.client("lambda").update_function_configuration(FunctionName="ops-watchdog", Timeout=3)
    cloud.client("lambda").add_permission(FunctionName="ops-watchdog", StatementId="more", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    cloud.client("events").remove_targets(Rule="ops-hourly", Ids=["watchdog"])
    cloud.client("cloudtrail").stop_logging(Name="ops-calls")
    told = forge.plan(expect=2).out
    for word in ("timeout", "permissions[more]", "targets[watchdog]", "logging"):
        assert word in told, told
    forge.apply()
    forge.plan(expect=0)
    assert cloud.client("cloudtrail").get_trail_status(Name="ops-calls")["IsLogging"]


def test_targets_that_are_refused_in_an_answer_of_200(forge, cloud):
    """PutTargets answers 200 with FailedEntryCount above zero: an error, and the next apply tries again."""
    spec_of(forge)
    cloud.faults({"action": "events:PutTargets", "kind": "answer", "body": json.dumps({
        "FailedEntryCount": 1, "FailedEntries": [{"TargetId": "watchdog", "ErrorCode": "LimitExceededException",
                                                  "ErrorMessage": "The requested resource exceeds the maximum number allowed."}]})})
    run = forge.run("apply", expect=5)
    assert "LimitExceededException" in run.text and "exceeds the maximum number allowed" in run.text
    forge.apply()
    assert [t["Id"] for t in cloud.client("events").list_targets_by_rule(Rule="ops-hourly")["Targets"]] == ["watchdog"]
    forge.plan(expect=0)


def test_a_budget_without_a_currency_is_told_before_any_request(forge, cloud):
    spec_of(forge, SPEC.replace("limit: ${vars.limit}", "limit: 200"))
    cloud.forget_requests()
    run = forge.run("apply", expect=3)
    assert "has no currency" in run.one_error() and "200 USD" in run.text
    assert cloud.requests() == []


def test_an_address_that_is_none_is_told_before_any_request(forge, cloud):
    spec_of(forge, SPEC.replace("endpoint: ops@example.com", "endpoint: ops.example.com"))
    run = forge.run("apply", expect=3)
    assert "an e-mail address is needed" in run.one_error()
    assert cloud.requests() == []
