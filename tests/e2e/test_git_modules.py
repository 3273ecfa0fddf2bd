# SPDX-License-Identifier: Apache-2.0
"""Modules out of git repositories: fetched once, pinned by commit and checksum, never changed unasked."""
import json
import subprocess

import pytest

MODULE = """doc: A queue and the one for what cannot be handled.
inputs:
  label: {type: string}
modules:
  dead: {use: ./parts/dead.yaml, with: {label: "${label}"}}
resources:
  main: {type: aws.sqs.queue, name: "${stack}-${label}", delay: DELAY, tags: {Dead: "${modules.dead.arn}"}}
outputs:
  arn: ${resources.main.arn}
"""
DEAD = """inputs:
  label: {type: string}
resources:
  queue: {type: aws.sqs.queue, name: "${stack}-${label}-dead"}
outputs:
  arn: ${resources.queue.arn}
"""
SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
modules:
  work: {use: {git: "URL", ref: v1, path: queues/pair.yaml}, for_each: [a, b], with: {label: "${each.key}"}}
outputs:
  arns: ${modules.work.map(k, modules.work[k].arn)}
"""


@pytest.fixture
def repository(tmp_path):
    class Repository:
        folder = tmp_path / "modules.git"

        def git(self, *words):
            done = subprocess.run(["git", "-C", self.folder, "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
                                  check=True, capture_output=True, text=True)
            return done.stdout.strip()

        def release(self, tag, delay):
            (self.folder / "queues/parts").mkdir(parents=True, exist_ok=True)
            (self.folder / "queues/pair.yaml").write_text(MODULE.replace("delay: DELAY", f"delay_seconds: {delay}s"))
            (self.folder / "queues/parts/dead.yaml").write_text(DEAD)
            self.git("add", "-A")
            self.git("commit", "-qm", "release")
            self.git("tag", "-f", tag)
            return self.git("rev-parse", "HEAD")
    out = Repository()
    out.folder.mkdir()
    subprocess.run(["git", "init", "-q", out.folder], check=True)
    out.commit = out.release("v1", 5)
    return out


def delays(cloud):
    sqs = cloud.client("sqs")
    out = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        if not url.endswith("-dead"):
            out[url.rsplit("-", 1)[1]] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["DelaySeconds"]
    return out


def test_pinned_until_asked(cloud, forge, repository):
    forge.spec = forge.folder / "lab.yaml"
    forge.spec.write_text(SPEC.replace("URL", f"file://{repository.folder}"))
    lock = forge.folder / "llmforge.lock"
    early = forge.run("plan", "--offline", expect=3)
    assert "LF0217" in early.one_error() and not lock.exists()
    forge.run("validate", expect=0)
    [pin] = json.loads(lock.read_text())["modules"].values()
    assert pin["commit"] == repository.commit and len(pin["sha256"]) == 64
    forge.apply()
    assert delays(cloud) == {"a": "5", "b": "5"}

    # The tag moves: nothing changes until it is asked for, and then the plan says what.
    moved = repository.release("v1", 9)
    forge.plan(expect=0)
    run = forge.plan("--update-lock", expect=2)
    assert "delay_seconds" in run.out and "9" in run.out
    [pin] = json.loads(lock.read_text())["modules"].values()
    assert pin["commit"] == moved
    forge.apply()
    assert delays(cloud) == {"a": "9", "b": "9"}

    # Nothing is fetched that is here: the repository may be gone.
    repository.folder.rename(repository.folder.with_suffix(".away"))
    forge.plan(expect=0)
    forge.plan("--offline", expect=0)
    for path in (forge.folder / ".llmforge/modules").iterdir():
        assert path.name.endswith(".git") or path.name in (repository.commit, moved), path


def test_what_is_not_as_pinned_is_not_used(cloud, forge, repository):
    forge.spec = forge.folder / "lab.yaml"
    forge.spec.write_text(SPEC.replace("URL", f"file://{repository.folder}"))
    lock = forge.folder / "llmforge.lock"
    forge.run("validate", expect=0)
    kept = forge.folder / ".llmforge/modules" / repository.commit / "queues/pair.yaml"
    text = kept.read_text()
    # Edited here: fetched again, as pinned.
    kept.write_text(text.replace("5s", "600s"))
    forge.apply()
    assert delays(cloud) == {"a": "5", "b": "5"} and kept.read_text() == text
    # The lock says another content: neither is trusted.
    data = json.loads(lock.read_text())
    [key] = data["modules"]
    data["modules"][key]["sha256"] = "0" * 64
    lock.write_text(json.dumps(data))
    run = forge.run("plan", expect=1)
    assert "is not what llmforge.lock was made with" in run.err and "--update-lock" in run.err

    # A commit that is pinned is found although the tag has moved on.
    forge.run("plan", "--update-lock", expect=0)
    repository.release("v1", 7)
    subprocess.run(["rm", "-r", forge.folder / ".llmforge/modules"], check=True)
    forge.plan(expect=0)


def test_what_cannot_be_fetched(cloud, forge, repository):
    forge.spec = forge.folder / "lab.yaml"
    spec = SPEC.replace("URL", f"file://{repository.folder}")
    for old, new, said in (("ref: v1,", "ref: v9,", "v9"), ("modules.git", "modulus.git", "modulus.git"),
                           ("pair.yaml", "pear.yaml", "pear.yaml")):
        forge.spec.write_text(spec.replace(old, new))
        run = forge.run("validate", expect=(1, 3))
        assert said in run.one_error(), run
    for old, new, said in (("path: queues/", "path: ../queues/", "LF0203"), ("ref: v1", "ref: --upload-pack=x", "LF0203"),
                           (", path: queues/pair.yaml", "", "LF0202"), ("ref: v1", "reff: v1", "LF0201")):
        forge.spec.write_text(spec.replace(old, new))
        run = forge.run("validate", expect=3)
        assert said in run.err, run
    assert not cloud.requests()
