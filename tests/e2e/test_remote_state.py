# SPDX-License-Identifier: Apache-2.0
"""A state in a bucket: many folders and hosts, one writer, nothing lost. The windows of a lease are shortened by a package
overlay (--provider-dir), as anybody could; nothing else differs from what ships."""
import hashlib
import json
import pathlib
import re
import shutil
import signal
import time

import pytest

from cloud import KEYS
from conftest import ROOT

SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
backend: {s3: {bucket: states, key: team/lab}}
resources:
  net: {type: aws.ec2.vpc, cidr: 10.1.0.0/16}
  front: {type: aws.ec2.subnet, vpc: "${resources.net}", cidr: 10.1.1.0/24}
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}
outputs:
  jobs: ${resources.jobs.id}
"""
LOCAL = "backend: {s3: {bucket: states, key: team/lab}}\n"
LEASE = "lease: {length: 60s, renew: 20s, request: 60s}"
ADDRESSES = ['resources["front"]', 'resources["jobs"]', 'resources["net"]']


class Place:
    """A checkout of the spec on some host: a folder of its own."""

    def __init__(self, forge, name, overlay=None):
        self.forge, self.folder, self.overlay = forge, forge.folder / name, overlay
        self.folder.mkdir()
        self.spec = self.folder / "llmforge.yaml"
        self.spec.write_text(SPEC)

    def _words(self, arguments):
        return [*arguments, *(["--provider-dir", str(self.overlay)] if self.overlay else [])]

    def run(self, verb, *arguments, **options):
        self.forge.spec = self.spec
        return self.forge.run(verb, *self._words(arguments), **options)

    def start(self, verb, *arguments):
        self.forge.spec = self.spec
        return self.forge.start(verb, *self._words(arguments))

    def edit(self, old, new):
        text = self.spec.read_text()
        assert old in text
        self.spec.write_text(text.replace(old, new, 1))

    def states(self):
        """Names of state files here: of a remote state there is none."""
        return sorted(p.name for p in self.folder.rglob("*.llmforge.*") if p.suffix in (".json", ".journal"))


@pytest.fixture
def bucket(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return s3


@pytest.fixture
def here(bucket, forge):
    return Place(forge, "here")


@pytest.fixture
def there(bucket, forge):
    return Place(forge, "there")


@pytest.fixture
def quick(forge):
    """A package folder whose leases are short."""
    folder = forge.folder / "quick/aws/backends"
    folder.mkdir(parents=True)
    text = (ROOT / "providers/aws/backends/s3.yaml").read_text()
    assert LEASE in text
    (folder / "s3.yaml").write_text(text.replace(LEASE, "lease: {length: 4s, renew: 1s, request: 3s}"))
    return folder.parents[1]


def objects(s3, prefix="team/lab/"):
    return [o["Key"].removeprefix(prefix) for o in s3.list_objects_v2(Bucket="states", Prefix=prefix).get("Contents", [])]


def listed(place):
    return place.run("state", "list", expect=0).out.split()


def test_two_folders(cloud, bucket, here, there):
    here.run("apply", expect=0)
    assert here.states() == []
    assert listed(there) == ADDRESSES
    there.run("plan", "--detailed-exitcode", expect=0)
    there.edit("60s", "90s")
    there.run("apply", expect=0)
    here.run("plan", "--detailed-exitcode", expect=2)
    here.edit("60s", "90s")
    here.run("plan", "--detailed-exitcode", expect=0)
    assert here.run("output", "jobs", "--raw", expect=0).out.strip().endswith("lab-jobs")
    here.run("destroy", expect=0)
    assert listed(there) == []
    assert here.states() == there.states() == []
    assert "queues" not in cloud.counts() and "vpcs" not in cloud.counts()


def test_what_lies_in_the_bucket(cloud, bucket, here):
    """docs/state.md as a reader would take it: the newest `fresh` segment names the snapshot."""
    here.edit("key: team/lab", "key: team/lab, kms_key: alias/states")
    here.run("apply", expect=0)
    names = objects(bucket)
    assert all(re.fullmatch(r"journal/\d{10}/\d{10}|leases/\d{10}|snapshots/\d{10}-\d{10}\.json", n) for n in names), names
    segments = [bucket.get_object(Bucket="states", Key="team/lab/" + n)["Body"].read() for n in names if n.startswith("journal/")]
    lines = [json.loads(s.split(b"\n", 1)[0]) for s in segments]
    assert [line["kind"] for line in lines] == ["head", "fresh", "end"]
    owner = json.loads(lines[0]["owner"])
    assert owner["command"] == "llmforge apply" and owner["pid"] > 0
    snapshot = bucket.get_object(Bucket="states", Key="team/lab/" + lines[1]["snapshot"])
    text = snapshot["Body"].read().decode()
    assert sum('"address"' in line for line in text.splitlines()) == 3
    for name in names:
        head = bucket.head_object(Bucket="states", Key="team/lab/" + name)
        assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"] == "alias/states", head
    puts = [e for e in cloud.requests() if e["action"] == "s3:PutObject"]
    assert all(e["params"]["Bucket"] == "states" for e in puts) and puts


def test_history_restore_pull_push(cloud, bucket, here, there):
    here.run("apply", expect=0)
    here.edit("60s", "90s")
    here.run("apply", expect=0)
    history = json.loads(there.run("state", "history", "--json", expect=0).out)
    serials = [h["serial"] for h in history]
    assert serials == [1, 2, 3], history
    pulled = there.run("state", "pull", expect=0).out
    assert json.loads(pulled.splitlines()[0])["serial"] == 3
    restored = json.loads(there.run("state", "restore", "2", "--json", expect=0).out)
    assert restored == {"restored": 2, "serial": 4}
    there.edit("60s", "90s")
    assert "90" in here.run("plan", "--refresh=false", expect=0).text  # it knows the queue as it was
    file = there.folder / "pulled.json"
    file.write_text(pulled)
    older = there.run("state", "push", file, expect=8)
    assert "older" in older.err
    lines = pulled.splitlines(keepends=True)
    there.run("apply", expect=0)
    here.run("plan", "--detailed-exitcode", expect=0)
    # Surgery over it.
    here.run("state", "mv", ADDRESSES[1], 'resources["work"]', expect=0)
    assert 'resources["work"]' in listed(there)
    there.run("state", "mv", 'resources["work"]', ADDRESSES[1], expect=0)
    here.run("state", "rm", ADDRESSES[1], expect=0)
    assert listed(there) == [ADDRESSES[0], ADDRESSES[2]]
    serial = json.loads(there.run("state", "history", "--json", expect=0).out)[-2]["serial"]
    there.run("state", "restore", serial, expect=0)
    assert listed(here) == ADDRESSES
    assert lines


def test_push_of_a_later_state(cloud, bucket, here, there):
    here.run("apply", expect=0)
    pulled = here.run("state", "pull", expect=0).out
    here.edit("60s", "90s")
    here.run("apply", expect=0)
    later = here.run("state", "pull", expect=0).out
    # Everything is lost but a copy.
    for name in objects(bucket):
        bucket.delete_object(Bucket="states", Key="team/lab/" + name)
    there.edit("60s", "90s")
    refused = there.run("apply", expect=8)
    assert "the state is empty" in refused.err
    file = there.folder / "copy.json"
    file.write_text(pulled)
    there.run("state", "push", file, expect=0)
    file.write_text(later)
    there.run("state", "push", file, expect=0)
    there.run("plan", "--detailed-exitcode", expect=0)


def until(cloud, process, action, fits=lambda e: True):
    deadline = time.monotonic() + 90
    while not any(e["action"] == action and fits(e) for e in cloud.control("requests")["requests"]):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)


def hold(cloud, action, seconds):
    cloud.faults({"action": action, "kind": "latency", "delay_s": seconds, "after": True})


def assert_whole(cloud, *places):
    counts = cloud.counts()
    assert counts["vpcs"] == counts["subnets"] == counts["queues"] == 1, counts
    for place in places:
        place.run("plan", "--detailed-exitcode", expect=0)
        assert listed(place) == ADDRESSES


def test_two_writers(cloud, bucket, here, there):
    hold(cloud, "ec2:CreateVpc", 4)
    first = here.start("apply")
    until(cloud, first, "ec2:CreateVpc")
    second = there.run("apply", expect=4)
    host = pathlib.Path("/proc/sys/kernel/hostname").read_text().strip()
    assert f"`llmforge apply` (pid {first.pid} on {host}, since 20" in second.err, second
    assert "s3://states/team/lab" in second.err and "there is nothing to unlock by hand" in second.err
    there.run("plan", expect=0)  # reading is never refused
    told = json.loads(there.run("state", "lock", "--json", expect=0).out)
    assert told["locked"] and told["pid"] == first.pid and 0 < told["lease_left_s"] <= 125, told
    waiting = there.run("apply", "--lock-timeout", "60s", expect=0)
    assert first.wait(60) == 0, first.stdout.read()
    assert json.loads(there.run("state", "lock", "--json", expect=0).out)["locked"] is False
    assert "0 to" in waiting.out or "no change" in waiting.text.lower(), waiting
    assert_whole(cloud, here, there)


def test_killed_and_another_host_goes_on(cloud, bucket, here, there, quick):
    here.overlay = there.overlay = quick
    hold(cloud, "ec2:CreateVpc", 20)
    first = here.start("apply")
    until(cloud, first, "ec2:CreateVpc")
    first.kill()
    first.wait()
    cloud.faults()
    refused = there.run("apply", expect=4)
    assert "should that process be dead" in refused.err, refused
    there.run("apply", "--lock-timeout", "60s", expect=0)
    assert_whole(cloud, here, there)


def test_paused_beyond_its_lease(cloud, bucket, here, there, quick):
    """It wakes up to find the state taken over: it sends nothing more, and says so."""
    here.overlay = there.overlay = quick
    hold(cloud, "ec2:CreateVpc", 3)
    first = here.start("apply")
    until(cloud, first, "ec2:CreateVpc")
    first.send_signal(signal.SIGSTOP)
    try:
        time.sleep(3)
        there.run("apply", "--lock-timeout", "60s", expect=0)
        before = cloud.control("requests")["last"]
    finally:
        first.send_signal(signal.SIGCONT)
    text = first.communicate(timeout=60)[0]
    assert first.returncode == 4, text
    assert "has lost its hold on the state `s3://states/team/lab`; nothing more is sent" in text, text
    later = [e["action"] for e in cloud.control(f"requests?since={before}")["requests"]]
    assert not [a for a in later if not a.startswith("s3:") and not re.match(r"\w+:(Describe|Get|List)", a)], later
    assert_whole(cloud, here, there)


def test_paused_and_nobody_came(cloud, bucket, here, there, quick):
    here.overlay = there.overlay = quick
    hold(cloud, "ec2:CreateVpc", 3)
    first = here.start("apply")
    until(cloud, first, "ec2:CreateVpc")
    first.send_signal(signal.SIGSTOP)
    time.sleep(9)
    before = cloud.control("requests")["last"]
    first.send_signal(signal.SIGCONT)
    text = first.communicate(timeout=60)[0]
    assert first.returncode == 4, text
    assert "its lease ran out" in text and "the process was paused" in text, text
    later = [e["action"] for e in cloud.control(f"requests?since={before}")["requests"]]
    assert not [a for a in later if not a.startswith("s3:") and not re.match(r"\w+:(Describe|Get|List)", a)], later
    there.run("apply", expect=0)  # it has said goodbye: nobody waits
    assert_whole(cloud, here, there)


def test_a_move_that_was_cut_off_goes_on(cloud, bucket, here, there, quick):
    """Killed with the copy made and the old place not yet marked as left: the next run finishes."""
    here.overlay = there.overlay = quick
    here.edit(LOCAL, "")
    here.run("apply", expect=0)
    here.edit("resources:", LOCAL + "resources:")
    cloud.faults({"action": "s3:PutObject", "kind": "latency", "delay_s": 20, "after": True, "where": {"Key": "*/snapshots/*"}})
    first = here.start("apply")
    until(cloud, first, "s3:PutObject", lambda e: "/snapshots/" in e["params"]["Key"])
    first.kill()
    first.wait()
    cloud.faults()
    assert (here.folder / ".llmforge/lab.llmforge.moved").exists()  # being moved
    here.run("plan", "--detailed-exitcode", expect=0)  # it counts where it was
    behind = there.run("apply", expect=(4, 8))  # a checkout without the old state does not begin a new one
    assert "vpc" not in behind.out
    ended = here.run("apply", "--lock-timeout", "60s", expect=0)
    assert "the state was moved from" in ended.err, ended
    assert_whole(cloud, here, there)


def test_another_stack_or_environment_has_the_key(cloud, bucket, here, there):
    here.run("apply", expect=0)
    names = objects(bucket)
    there.edit("stack: lab", "stack: other")
    for verb in ("plan", "apply", "destroy"):
        refused = there.run(verb, expect=8)
        assert "`s3://states/team/lab" in refused.one_error() and "stack `lab`" in refused.err and "`other`" in refused.err, refused
    there.edit("stack: other", "stack: lab")
    there.spec.write_text(there.spec.read_text() + "environments: {prod: {}}\n")
    refused = there.run("apply", "--env", "prod", expect=8)
    assert "environment" in refused.one_error() and "`prod`" in refused.err, refused
    assert objects(bucket) == names and cloud.counts()["vpcs"] == 1  # nothing was written
    # One key a stack and environment is what there is without `key`.
    there.edit(", key: team/lab", "")
    there.edit("10.1.0.0/16", "10.2.0.0/16")
    there.edit("10.1.1.0/24", "10.2.1.0/24")
    there.edit("name: lab-jobs", "name: lab-other")
    there.run("apply", "--env", "prod", expect=0)
    assert objects(bucket, "lab.prod/") and objects(bucket) == names


@pytest.mark.parametrize("what", ["segment", "snapshot"])
def test_a_newer_format_is_refused(cloud, bucket, here, there, what):
    here.run("apply", expect=0)
    names = objects(bucket)
    if what == "segment":
        name = max(n for n in names if n.startswith("journal/"))
        old, new = b'{"llmforge_segment":1,', b'{"llmforge_segment":2,'
    else:
        name = max(n for n in names if n.startswith("snapshots/"))
        old, new = b'{"llmforge_state":1,', b'{"llmforge_state":2,'
    key = "team/lab/" + name
    content = bucket.get_object(Bucket="states", Key=key)["Body"].read()
    assert content.startswith(old), content
    content = content.replace(old, new)
    if what == "snapshot":
        body = content[:content.rindex(b'{"sha256"')]
        content = body + b'{"sha256":"%s"}\n' % hashlib.sha256(body).hexdigest().encode()
    bucket.put_object(Bucket="states", Key=key, Body=content)
    names = objects(bucket)
    there.edit("60s", "90s")
    for verb in ("plan", "apply"):
        refused = there.run(verb, expect=1)
        assert "format version 2" in refused.one_error() and "s3://states/team/lab" in refused.err and "newer" in refused.err, refused
    assert objects(bucket) == names
    assert cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.client("sqs").get_queue_url(QueueName="lab-jobs")["QueueUrl"],
                                                    AttributeNames=["VisibilityTimeout"])["Attributes"] == {"VisibilityTimeout": "60"}


def test_with_the_credentials_of_its_provider(cloud, bucket, forge, here, there):
    """The state is asked for as its provider is; an imported one as the spec says that keeps it."""
    config = forge.folder / "config"
    key, secret = KEYS["own"]
    config.write_text(f"[profile ours]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    forge.environment["AWS_CONFIG_FILE"] = str(config)
    for place in (here, there):
        place.edit("provider: aws\nregion: us-west-2", "provider: home\nproviders: {home: {kind: aws, region: us-west-2, credentials: {profile: ours}}}")
    forge.who = "other"  # whose environment it is; the bucket is not theirs
    here.run("apply", expect=0)
    assert listed(there) == ADDRESSES
    assert {e["access_key"] for e in cloud.requests()} == {key}
    user = there.folder / "user.yaml"
    user.write_text("llmforge: 1\nstack: user\nprovider: aws\nregion: us-west-2\nimports: {lab: ../here}\n"
                    "resources:\n  copy: {type: aws.sqs.queue, name: lab-copy, tags: {of: \"${lab.jobs}\"}}\n")
    there.spec = user
    there.run("apply", expect=0)
    there.spec = there.folder / "llmforge.yaml"
    # Moved to this machine and back: the old place is asked with the same.
    cloud.forget_requests()
    here.edit(LOCAL, "")
    assert "the state was moved from `s3://states/team/lab`" in here.run("apply", expect=0).err
    here.edit("resources:", LOCAL + "resources:")
    here.run("apply", expect=0)
    assert listed(there) == ADDRESSES
    assert {e["access_key"] for e in cloud.requests()} == {key}


def test_migration_both_ways(cloud, bucket, here, there):
    here.edit(LOCAL, "")
    here.run("apply", expect=0)
    assert here.states() == ["lab.llmforge.journal", "lab.llmforge.json"]
    # To the bucket.
    here.edit("resources:", LOCAL + "resources:")
    plan = here.run("plan", "--detailed-exitcode", expect=0)
    assert "the state is still at" in plan.err and objects(bucket) == []
    moved = here.run("apply", expect=0)
    assert "the state was moved from" in moved.err and "s3://states/team/lab" in moved.err, moved
    assert listed(there) == ADDRESSES
    # The old place is no second copy.
    here.edit(LOCAL, "")
    old = here.run("apply", "--state", here.folder / ".llmforge/lab.llmforge.json", expect=8)
    assert "was moved" in old.err and "s3://states/team/lab" in old.err
    # And back.
    back = here.run("apply", expect=0)
    assert "the state was moved from `s3://states/team/lab`" in back.err, back
    here.run("plan", "--detailed-exitcode", expect=0)
    stale = there.run("plan", expect=8)
    assert "was moved" in stale.err and "lab.llmforge.json" in stale.err, stale
    # And to another key, with nothing lost on the way.
    here.edit("resources:", LOCAL.replace("team/lab", "team/other") + "resources:")
    here.run("apply", expect=0)
    there.edit("team/lab", "team/other")
    assert listed(there) == ADDRESSES
    there.edit("team/other", "team/third")
    there.run("state", "rm", ADDRESSES[1], expect=1)  # a fresh checkout knows of no other place: there is no such thing
    here.edit("team/other", "team/third")
    here.run("apply", expect=0)
    assert listed(there) == ADDRESSES
    assert_whole(cloud, here, there)


def test_two_states_that_count(cloud, bucket, here, there):
    there.run("apply", expect=0)
    here.edit(LOCAL, "")
    (here.folder / ".llmforge").mkdir()
    (here.folder / ".llmforge/lab.llmforge.json").write_text(there.run("state", "pull", expect=0).out)
    here.edit("resources:", LOCAL + "resources:")
    both = here.run("apply", expect=8)
    assert "two states" in both.err and "lab.llmforge.json" in both.err and "s3://states/team/lab" in both.err


def test_imports_read_it(cloud, bucket, here, there):
    here.run("apply", expect=0)
    user = there.folder / "user.yaml"
    user.write_text("llmforge: 1\nstack: user\nprovider: aws\nregion: us-west-2\nimports: {lab: ../here}\n"
                    "resources:\n  copy: {type: aws.sqs.queue, name: lab-copy, tags: {of: \"${lab.jobs}\"}}\n")
    there.spec.unlink()
    there.spec = user
    there.run("apply", expect=0)
    queue = cloud.client("sqs").get_queue_url(QueueName="lab-copy")["QueueUrl"]
    assert cloud.client("sqs").list_queue_tags(QueueUrl=queue)["Tags"]["of"].endswith("lab-jobs")


def test_no_bucket(cloud, here):
    cloud.client("s3").delete_bucket(Bucket="states")
    for verb in ("plan", "apply"):
        missing = here.run(verb, expect=1)
        assert "NoSuchBucket" in missing.err and "there is no bucket `states`: make it first" in missing.one_error(), missing
    assert "vpcs" not in cloud.counts()


@pytest.mark.parametrize("code, status, says", [
    ("AccessDenied", 403, "s3:ListBucket on arn:aws:s3:::states"),
    ("PermanentRedirect", 301, "the bucket `states` is not in us-west-2: say where it is with `region`"),
    ("AuthorizationHeaderMalformed", 400, "say where it is with `region`"),
])
def test_what_stands_in_the_way(cloud, here, code, status, says):
    cloud.faults({"action": "s3:*", "kind": "error", "code": code, "status": status, "message": "No.", "times": None})
    refused = here.run("apply", expect=1)
    assert code in refused.err and says in refused.one_error(), refused
    cloud.faults()
    assert "vpcs" not in cloud.counts()


def test_who_may_only_read(cloud, bucket, here):
    """As a workflow of pull requests: it plans, and is refused before anything changes."""
    cloud.faults({"action": "s3:PutObject", "kind": "error", "code": "AccessDenied", "status": 403, "message": "No.", "times": None})
    here.run("plan", "--detailed-exitcode", expect=2)
    refused = here.run("apply", expect=1)
    assert "cannot write the state to `s3://states/team/lab`" in refused.one_error() and "s3:PutObject" in refused.err, refused
    cloud.faults()
    assert "vpcs" not in cloud.counts() and objects(bucket) == []


def test_a_store_that_cannot_fence(cloud, here):
    cloud.faults({"action": "s3:PutObject", "kind": "error", "code": "NotImplemented", "status": 501, "message": "No.", "times": None})
    refused = here.run("apply", expect=1)
    assert "If-None-Match" in refused.err, refused


def test_credentials_expire_in_the_middle(cloud, here, there, quick):
    """The state cannot be written any more: nothing more is sent, and the next run finds what was made."""
    here.overlay = there.overlay = quick
    cloud.faults({"action": "ec2:CreateVpc", "kind": "latency", "delay_s": 0.5, "after": True},
                 {"action": "s3:PutObject", "kind": "error", "code": "ExpiredToken", "status": 400, "message": "Expired.",
                  "where": {"Key": "*/0000000004"}, "times": None},
                 {"action": "s3:PutObject", "kind": "error", "code": "ExpiredToken", "status": 400, "message": "Expired.",
                  "where": {"Key": "*/0000000005"}, "times": None})
    here.run("apply", expect=(1, 5))
    cloud.faults()
    there.run("apply", "--lock-timeout", "60s", expect=0)
    assert_whole(cloud, here, there)


def test_a_merge_may_be_applied(cloud, bucket, here):
    ci = ('ci: {install: {version: 0.1.0, url: "https://example.com/llmforge", sha256: "' + "0" * 64 + '"}, apply_on_merge: true}\n')
    here.edit("resources:", ci + "resources:")
    here.run("validate", expect=0)
    workflow = here.run("render", "--json", expect=0).out
    assert "AWS_GHA_APPLY_ROLE_ARN" in workflow
    here.edit(LOCAL, "")
    assert "LF0218" in here.run("validate", expect=3).err


def test_pull_requests_may_read_the_state(cloud, bucket, here):
    """The role that plans reads no data but the state's; without being told where that lies it could not plan."""
    here.edit("resources:", "access: {actions: {github: {repository: acme/lab}}}\nresources:")
    untold = here.run("validate", expect=3)
    assert "LF0218" in untold.one_error() and "pull requests could not read the state" in untold.err, untold
    here.edit("acme/lab}", "acme/lab}, state: {bucket: states, key: team/lab, kms_key: alias/states}")
    here.run("apply", expect=0)
    iam = cloud.client("iam")
    [role] = [r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"].endswith("-plan")]
    [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    said = {s["Sid"]: s for s in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]}
    assert "arn:aws:s3:::states/team/lab/*" in said["NoData"]["NotResource"], said
    assert said["StateKey"]["Action"] == "kms:Decrypt"
    assert said["StateKey"]["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/states"}}
    here.run("plan", "--detailed-exitcode", expect=0)


def test_the_sandbox_keeps_its_state_to_itself(cloud, bucket, here):
    here.run("apply", "--sandbox", expect=0)
    assert cloud.requests() == [] and objects(bucket) == []
