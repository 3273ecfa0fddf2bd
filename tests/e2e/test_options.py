# SPDX-License-Identifier: Apache-2.0
"""What picks a part of a plan (--target, --exclude, --replace), waits for another run (--lock-timeout),
renews look-ups (--update-lock), and names a service's own endpoint."""
import json
import time

ON = ("--var", "create_instance=true")


def actions(run):
    return {r["address"]: r["action"] for r in json.loads(run.out)["resources"] if r["action"] != "no-op"}


def test_target_takes_what_it_needs(cloud, forge):
    planned = actions(forge.run("plan", "--target", "network.routes", "--json", expect=0))
    assert set(planned) == {"network.vpc", "network.gateway", "network.subnet[0]", "network.routes"}, planned
    forge.apply("--target", "network.routes")
    assert "buckets" not in cloud.counts()
    assert not any(a.startswith("network") for a in actions(forge.run("plan", "--json", expect=0)))


def test_exclude_leaves_out_what_needs_it(cloud, forge):
    planned = actions(forge.run("plan", *ON, "--exclude", 'buckets["outputs"]**', "--json", expect=0))
    assert "network.vpc" in planned and 'buckets["training-data"].bucket' in planned
    # The role names the bucket, the machine the role's profile.
    for left in ('buckets["outputs"].bucket', 'access["trainer"].role', 'machines["trainer"].instance'):
        assert left not in planned, planned
    forge.apply(*ON, "--exclude", 'buckets["outputs"]**')
    assert cloud.counts()["buckets"] == 1
    forge.apply(*ON)
    forge.plan(*ON, expect=0)


def test_a_pattern_that_matches_nothing(cloud, forge):
    assert "LF0502" in forge.run("plan", "--target", "netwrok.**", expect=3).err


def test_replace(cloud, forge):
    forge.apply(*ON)
    before = cloud.only("instances")["InstanceId"]
    run = forge.run("plan", *ON, "--replace", 'machines["trainer"].instance', "--json", expect=0)
    assert actions(run) == {'machines["trainer"].instance': "replace"}, run
    forge.apply(*ON, "--replace", 'machines["trainer"].instance')
    assert cloud.only("instances")["InstanceId"] != before
    forge.plan(*ON, expect=0)


def test_waiting_for_another_run(cloud, forge):
    cloud.faults({"action": "ec2:CreateVpc", "kind": "latency", "delay_s": 3, "after": True})
    first = forge.start("apply")
    deadline = time.monotonic() + 20
    while not cloud.mutations() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "another" in forge.run("apply", expect=4).err
    second = forge.run("apply", "--lock-timeout", "60s", expect=0)
    assert first.wait(timeout=60) == 0, first.stdout.read()
    assert "no changes" in second.text, second
    assert cloud.counts()["vpcs"] == 1


def test_update_lock(cloud, forge):
    forge.plan(*ON, expect=2)
    lock = forge.spec.parent / "llmforge.lock"
    forge.apply(*ON)
    pinned = lock.read_text()
    pins = [line for line in pinned.splitlines() if "ami-" in line]
    assert pins, pinned
    cloud.forget_requests()
    forge.plan(*ON, expect=0)
    assert not any(e["operation"] == "DescribeImages" for e in cloud.requests())  # the pin answers
    forge.plan(*ON, "--update-lock", expect=0)
    assert any(e["operation"] == "DescribeImages" for e in cloud.requests())
    assert lock.read_text() == pinned  # the cloud still says the same


def test_an_endpoint_of_one_service(cloud, forge):
    url = forge.environ()["AWS_ENDPOINT_URL"]
    own = {f"AWS_ENDPOINT_URL_{service}": url for service in ("STS", "EC2", "S3", "ECR", "IAM", "SNS", "LAMBDA", "EVENTBRIDGE", "EVENTS", "BUDGETS", "CLOUDWATCH_LOGS", "LOGS", "CLOUDWATCH")}
    forge.environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", **own}
    forge.apply()
    del forge.environment["AWS_ENDPOINT_URL_S3"]
    assert "127.0.0.1:9" in forge.run("plan", expect=1).err
