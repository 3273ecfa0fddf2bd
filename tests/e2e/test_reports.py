# SPDX-License-Identifier: Apache-2.0
"""users' wishes 24, 27, 38 and 39: what a run says of each resource, of what stands in its way, and of
each error; the same for programs. And --trace."""
import json
import re
import time

ON = ("--var", "create_instance=true")
NO_REGISTRY = {"action": "ecr:CreateRepository", "kind": "error", "status": 400, "code": "LimitExceededException",
               "message": "The repository quota of 10000 is reached.", "times": None}


def events(run):
    return [json.loads(line) for line in run.err.splitlines() if line.startswith("{")]


# ---- 27: partial apply

def test_partly_applied(cloud, forge):
    cloud.faults(NO_REGISTRY)
    run = forge.run("apply", *ON, expect=5)
    rows = {m[2]: m[1] for m in re.finditer(r"^(done|failed|skipped) +(\S+) ", run.err, re.M)}
    assert rows == {
        "network.vpc": "done", "network.gateway": "done", "network.subnet[0]": "done", "network.routes": "done",
        'buckets["training-data"].bucket': "done", 'buckets["outputs"].bucket': "done",
        'registries["training"].repository': "failed", 'access["trainer"].role': "skipped",
        'access["trainer"].profile': "skipped", 'machines["trainer"].group': "done",
        'machines["trainer"].instance': "skipped",
        **{f"monitoring.{name}": "done" for name in ("setup", "training", "container", "dashboard")},
        **{f"safety.{name}": "done" for name in ("alerts", "log", "role", "watchdog", "schedule", "runtime", "failures", "budget")}}
    assert re.search(r'^skipped +access\["trainer"\]\.role .*needs registries\["training"\]\.repository, which failed', run.err, re.M)
    assert "The repository quota of 10000 is reached." in run.err and "request id" in run.err
    assert "everything that exists is recorded; run apply again to go on" in run.err
    again = forge.run("apply", *ON, "--json", expect=(1, 5))
    report = json.loads(again.out.splitlines()[-1])
    assert report["event"] == "report" and report["failed"] == 1
    rows = {r["address"]: r["result"] for r in report["resources"]}
    assert rows == {'registries["training"].repository': "failed", 'access["trainer"].role': "skipped",
                    'access["trainer"].profile': "skipped", 'machines["trainer"].instance': "skipped"}
    failed = [o for o in report["operations"] if o["result"] == "failed"][0]["error"]
    assert failed["class"] == "quota" and failed["service_code"] == "LimitExceededException" and failed["request_id"]
    assert again.code == 1  # nothing at all was done this time
    cloud.faults()
    forge.apply(*ON)
    forge.plan(*ON, expect=0)


# ---- 24: destroy, and what stands in its way

def test_the_order_of_a_destroy(cloud, forge):
    forge.apply(*ON)
    cloud.forget_requests()
    forge.destroy(*ON)
    order = [e["action"] for e in cloud.requests()]
    for first, then in [("ec2:TerminateInstances", "ec2:DeleteSecurityGroup"), ("ec2:TerminateInstances", "ec2:DeleteSubnet"),
                        ("ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"), ("ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"),
                        ("ec2:DeleteRouteTable", "ec2:DetachInternetGateway"),
                        ("ec2:DeleteSubnet", "ec2:DeleteVpc"), ("ec2:DeleteSecurityGroup", "ec2:DeleteVpc"),
                        ("ec2:DetachInternetGateway", "ec2:DeleteVpc"),
                        ("iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"), ("iam:DeleteInstanceProfile", "iam:DeleteRole"),
                        ("events:RemoveTargets", "events:DeleteRule")]:
        assert first in order and then in order, (first, then, order)
        assert max(i for i, a in enumerate(order) if a == first) < order.index(then), (first, then, order)
    assert order.count("ec2:DeleteVpc") == 1 and order.count("iam:DeleteRole") == 2  # never tried too early


def test_the_blocker_is_named_and_the_rest_goes(cloud, forge):
    forge.apply()
    ec2, subnet = cloud.client("ec2"), cloud.only("subnets")["SubnetId"]
    machine = ec2.run_instances(ImageId="ami-0d15a5e2b3c4f5061", InstanceType="g5.xlarge", MinCount=1, MaxCount=1,
                                SubnetId=subnet)["Instances"][0]
    port = machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
    process = forge.start("destroy")
    started, lines = time.monotonic(), []
    for line in process.stdout:
        lines.append(line)
        if port in line:
            assert time.monotonic() - started < 30  # while it is still trying
            break
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    lines += process.stdout.readlines()
    process.stdout.close()
    text = "".join(lines)
    # Told once, with owner; and once the stranger is gone, the rest goes without another word.
    assert process.wait() == 0, text
    assert re.search(rf"^warning: network\.subnet\[0\]: .*DependencyViolation.*{port}.*not managed by this stack$", text, re.M), text
    assert cloud.counts() == {}


def test_a_blocker_that_stays(cloud, forge):
    forge.apply()
    ec2, subnet = cloud.client("ec2"), cloud.only("subnets")["SubnetId"]
    machine = ec2.run_instances(ImageId="ami-0d15a5e2b3c4f5061", InstanceType="g5.xlarge", MinCount=1, MaxCount=1,
                                SubnetId=subnet)["Instances"][0]
    run = forge.run("destroy", expect=5, timeout=200)
    row = re.search(r"^failed +network\.subnet\[0\].*(?:\n {11}.*)*", run.err, re.M)[0]
    assert "DependencyViolation" in row and machine["NetworkInterfaces"][0]["NetworkInterfaceId"] in row and "not managed" in row
    assert re.search(r"^skipped +network\.vpc ", run.err, re.M)
    assert not {"buckets", "repositories", "route_tables"} & set(cloud.counts())  # what it does not hold is gone
    assert cloud.only("instances")["InstanceId"] == machine["InstanceId"]
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    forge.destroy()
    assert cloud.counts() == {}


# ---- 38: plans that can be read

def test_a_plan_is_one_line_a_resource(cloud, forge):
    forge.apply(*ON)
    forge.edit("    disk: 200GiB", "    disk: 300GiB")
    forge.edit("archive_after: 180d", "archive_after: 365d")
    forge.edit("registries:\n  training: {scan_on_push: true, keep_tagged: 10, keep_untagged: 3}\n",
               "registries:\n  training: {scan_on_push: true, keep_tagged: 10, keep_untagged: 3}\n  more: {}\n")
    changed = (*ON, "--var", "instance_type=g6.xlarge")
    run = forge.plan(*changed, expect=2)
    assert run.err == ""  # no word of reading
    text = run.out
    assert text.index("will be destroyed or replaced:") < text.index("will be changed:") < text.index("will be created:")
    assert text.rstrip().splitlines()[-1].startswith("plan: 1 to create, 1 to change, 1 to replace")
    assert len(re.findall(r"^  [-!~+] \S", text[:text.index("\noutputs:")], re.M)) == 3
    assert "200GiB" in text and "300GiB" in text and "214748364800" not in text
    assert "volume_id" not in text and "kms_key" not in text  # what the cloud chose is no change
    assert "forces replacement" in text and "network.vpc" not in text
    verbose = forge.run("plan", "-v", *changed, expect=0).out
    assert "network.vpc" in verbose and "stays as it is" in verbose and len(verbose) > len(text)


def test_a_markdown_plan_keeps_what_matters(cloud, forge):
    forge.apply(*ON)
    run = forge.run("plan", *ON, "--var", "instance_type=g6.xlarge", "--format", "markdown", "--max-bytes", "65535", expect=0)
    assert 'machines["trainer"].instance' in run.out and "to replace" in run.out
    assert len(run.out.encode()) <= 65535
    short = forge.run("plan", *ON, "--var", "instance_type=g6.xlarge", "--format", "markdown", "--max-bytes", "700", expect=0)
    assert len(short.out.encode()) <= 700
    assert 'machines["trainer"].instance' in short.out and "plan: 1 to replace" in short.out


# ---- 39: errors

def test_errors_are_the_same_for_programs(cloud, forge):
    forge.edit("    disk: 200GiB", "    dsik: 200GiB")
    text = forge.run("plan", *ON, expect=3).err
    assert re.search(r"^error\[LF0201\]: .*`dsik`", text, re.M)
    place = re.search(r"aws-finetune\.yaml:(\d+):(\d+)", text)
    assert forge.spec.read_text().splitlines()[int(place[1]) - 1][int(place[2]) - 1:].startswith("dsik")
    assert "dsik: 200GiB" in text and "did you mean `disk`" in text and "explain" in text
    data = [json.loads(line) for line in forge.run("plan", *ON, "--json", expect=3).err.splitlines()]
    assert len(data) == 1 and data[0]["code"] == "LF0201" and "dsik" in data[0]["message"]
    assert cloud.requests() == []


def test_a_service_error_has_its_place_cause_and_way_out(cloud, forge):
    refused = {"action": "ec2:CreateSubnet", "kind": "error", "status": 403, "code": "UnauthorizedOperation", "times": None,
               "message": "You are not authorized to perform: ec2:CreateSubnet"}
    cloud.faults(refused)
    run = forge.run("apply", "--target", "network.**", expect=5)
    row = re.search(r"^failed +network\.subnet\[0\].*(?:\n {11}.*)*", run.err, re.M)[0]
    assert "create: " in row and "You are not authorized to perform: ec2:CreateSubnet" in row
    assert "UnauthorizedOperation" in row and "request id" in row
    cloud.faults(refused)
    data = forge.run("apply", "--target", "network.**", "--json", expect=(1, 5))
    error = [e for e in events(data) if e["event"] == "failed"][0]["error"]
    assert error["class"] == "auth" and error["service_code"] == "UnauthorizedOperation" and error["request_id"]


# ---- --trace

def test_trace(cloud, forge):
    forge.environment = {"AWS_SESSION_TOKEN": "a-session-token-of-the-test"}
    path = forge.folder / "trace.json"
    forge.edit("training:\n", "training:\n  env: {NOTE: a text of the user's}\n")
    forge.environment = {}
    forge.apply(*ON, "--trace", path)
    text = path.read_text()
    trace = json.loads(text)["traceEvents"]
    tracks = {e["args"]["name"] for e in trace if e["ph"] == "M" and e["name"] in ("thread_name", "process_name")}
    assert {"network.vpc", 'machines["trainer"].instance', "ec2", "s3", "iam", "ecr"} <= tracks
    spans = [e for e in trace if e["ph"] == "X"]
    calls = {e["name"] for e in spans}
    assert {"CreateVpc", "CreateBucket", "RunInstances", "create"} <= calls
    mutations = [e for e in spans if e["name"] == "CreateVpc"]
    assert len(mutations) == 1 and mutations[0]["args"]["status"] == 200 and mutations[0]["args"]["address"] == "network.vpc"
    assert all(e["dur"] >= 0 and e["ts"] >= 0 for e in spans)
    # As many requests as were sent, and nothing of what they carried.
    sent = cloud.requests()
    assert len([e for e in spans if "held_back_ms" in e["args"]]) == len(sent)
    from cloud import KEYS
    for secret in (*KEYS["own"], "a text of the user's", "AWS4-HMAC-SHA256", "Signature="):
        assert secret not in text
    path.unlink()
    run = forge.run("plan", "--trace", forge.folder / "no-such-folder/trace.json", *ON, expect=(0, 1))
    assert "trace" in run.err and "no-such-folder" in run.err
