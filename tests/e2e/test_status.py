# SPDX-License-Identifier: Apache-2.0
"""`status`: how old what runs is, since when it does nothing, what it costs an hour and has cost so far."""
import datetime
import hashlib
import json
import re

ON = ("--var", "create_instance=true")
TRAINER = 'machines["trainer"].instance'
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def ago(**span):
    return NOW - datetime.timedelta(**span)


def make_older(forge, hours):
    """As if the machine had been made before: the state says when."""
    lines = [json.loads(line) for line in forge.run("state", "pull", expect=0).out.splitlines()][:-1]  # the last is the checksum
    lines[0]["serial"] += 1
    for line in lines:
        if line.get("address") == TRAINER:
            line["created_at"] = ago(hours=hours).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = forge.folder / "older.json"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text + '{"sha256":"%s"}' % hashlib.sha256(text.encode()).hexdigest() + "\n")
    forge.run("state", "push", path, expect=0)


def report(cloud, namespace, metric, *points):
    machine = cloud.only("instances")
    cloud.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": metric, "Dimensions": [{"Name": "InstanceId", "Value": machine["InstanceId"]}], "Timestamp": time, "Value": value}
        for time, value in points])


def row(forge):
    found = json.loads(forge.run("status", "--json", *ON, expect=0).out)
    return next(r for r in found["resources"] if r["address"] == TRAINER)["running"]


def test_age_idle_time_and_cost(cloud, forge):
    forge.apply(*ON)
    make_older(forge, 5)
    one = row(forge)
    assert one["idle_seconds"] is None  # nothing was measured yet
    assert abs(one["age_seconds"] - 5 * 3600) < 120
    assert 0.2 < one["hourly"] < 1.1 and abs(one["cost_so_far"] - 5 * one["hourly"]) < 0.1 * one["hourly"]
    report(cloud, "AWS/EC2", "CPUUtilization", (ago(hours=3), 80), (ago(hours=2), 55), (ago(minutes=30), 1), (ago(minutes=10), 2))
    one = row(forge)
    assert abs(one["idle_seconds"] - 2 * 3600) < 600, one
    text = forge.run("status", *ON, expect=0).out
    line = next(line for line in text.splitlines() if line.startswith("  " + TRAINER))
    assert "5h old" in line and re.search(r"idle (2h|1[12]\dm)", line) and "/h" in line and "so far" in line, line
    assert "together $" in text


def test_never_busy(cloud, forge):
    forge.apply(*ON)
    make_older(forge, 30)
    report(cloud, "AWS/EC2", "CPUUtilization", (ago(hours=20), 1), (ago(minutes=10), 2))
    one = row(forge)
    assert one["idle_seconds"] == 24 * 3600 and one["idle_longer"]
    assert "idle over 24h" in forge.run("status", *ON, expect=0).out
    assert "costs by the hour" not in forge.run("status", "--offline", *ON, expect=0).out
