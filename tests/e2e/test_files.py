# SPDX-License-Identifier: Apache-2.0
"""Generated files: written with what the apply gave, tracked in state, never over somebody else's work."""
import json
import subprocess

import pytest

SPEC = """stack: gen
provider: aws
region: us-west-2
variables: {greeting: {type: string, default: hello}, both: {type: bool, default: true}}
resources:
  jobs: {type: aws.sqs.queue}
files:
  motd: {path: etc/motd, content: "${vars.greeting}\\nworld\\n"}
  queue: {path: etc/queue.sh, content: "${template('queue.sh', {'url': resources.jobs.id})}", mode: "0755", when: "${vars.both}"}
"""
TEMPLATE = "<%# kind: shell %>\n#!/bin/sh\nurl=<%= url %>\necho \"${HOME}\"\n"


@pytest.fixture
def lab(cloud, forge):
    forge.spec = forge.folder / "spec.yaml"
    forge.spec.write_text(SPEC)
    (forge.folder / "queue.sh").write_text(TEMPLATE)
    return forge


def state_files(forge):
    text = (forge.folder / ".llmforge" / "gen.llmforge.json").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    return {line["path"]: line for line in lines if "path" in line}


def test_files_are_written_updated_and_removed(cloud, lab):
    plan = lab.run("plan", expect=0)
    assert "+ etc/motd  (12 bytes, 2 lines" in plan.out
    assert '+ etc/queue.sh  (known after apply: resources["jobs"].id)' in plan.out
    lab.apply()
    script = lab.folder / "etc" / "queue.sh"
    url = cloud.client("sqs").get_queue_url(QueueName="gen-jobs")["QueueUrl"]
    assert script.read_text() == f"#!/bin/sh\nurl='{url}'\necho \"${{HOME}}\"\n"
    assert script.stat().st_mode & 0o777 == 0o755
    assert set(state_files(lab)) == {"etc/motd", "etc/queue.sh"}
    lab.run("plan", "--detailed-exitcode", expect=0)

    changed = lab.run("plan", "--var", "greeting=hi", "--var", "both=false", "--detailed-exitcode", expect=2)
    assert "~ etc/motd" in changed.out and "- hello" in changed.out and "+ hi" in changed.out
    assert "- etc/queue.sh" in changed.out
    as_json = json.loads(lab.run("plan", "--var", "greeting=hi", "--var", "both=false", "--json", expect=0).out)
    assert [(file["path"], file["action"]) for file in as_json["files"]] == [("etc/motd", "update"), ("etc/queue.sh", "delete")]
    cloud.forget_requests()
    lab.run("apply", "--var", "greeting=hi", "--var", "both=false", expect=0)
    assert cloud.mutations() == []
    assert (lab.folder / "etc" / "motd").read_text() == "hi\nworld\n" and not script.exists()
    lab.run("destroy", expect=0)
    assert not (lab.folder / "etc" / "motd").exists()


def test_what_llmforge_did_not_write_is_never_overwritten(cloud, lab):
    theirs = lab.folder / "etc" / "motd"
    theirs.parent.mkdir()
    theirs.write_text("mine\n")
    for verb in ("plan", "apply"):
        run = lab.run(verb, expect=3)
        assert "error[LF0505]: `etc/motd` is there already, and llmforge did not write it" in run.err
    assert cloud.mutations() == [] and theirs.read_text() == "mine\n"
    # The very content that would be generated is taken over.
    theirs.write_text("hello\nworld\n")
    lab.apply()
    assert "etc/motd" in state_files(lab)


def test_an_edited_file_is_shown_and_mended_but_not_deleted(cloud, lab):
    lab.apply()
    motd = lab.folder / "etc" / "motd"
    motd.write_text("edited\n")
    assert "~ etc/motd  edited since it was written" in lab.run("plan", expect=0).out
    run = lab.run("destroy", expect=0)
    assert ". etc/motd  edited since, so it stays" in run.out
    assert motd.read_text() == "edited\n" and not (lab.folder / "etc" / "queue.sh").exists()


def test_a_deleted_file_comes_back(cloud, lab):
    lab.apply()
    (lab.folder / "etc" / "motd").unlink()
    assert "+ etc/motd" in lab.run("plan", expect=0).out
    lab.apply()
    assert (lab.folder / "etc" / "motd").read_text() == "hello\nworld\n"


def test_files_go_to_the_top_of_the_work_tree(cloud, lab):
    subprocess.run(["git", "init", "-q", str(lab.folder)], check=True)
    below = lab.folder / "infra" / "lab"
    below.mkdir(parents=True)
    for name in ("spec.yaml", "queue.sh"):
        (lab.folder / name).rename(below / name)
    lab.spec = below / "spec.yaml"
    lab.apply()
    assert (lab.folder / "etc" / "motd").exists() and not (below / "etc").exists()
    lab.spec.write_text(SPEC + "files_root: generated\n")
    lab.apply()
    assert (below / "generated" / "etc" / "motd").exists()


def test_a_file_that_hangs_on_what_failed_is_not_written(cloud, lab):
    cloud.faults({"action": "sqs:CreateQueue", "kind": "error", "code": "InvalidParameterValue", "status": 400, "times": 5})
    run = lab.run("apply", expect=None)
    assert run.code in (1, 5)
    assert (lab.folder / "etc" / "motd").exists() and not (lab.folder / "etc" / "queue.sh").exists()
    assert "etc/queue.sh: what it is made from is not known yet" in run.err
    cloud.faults()
    lab.apply()
    assert (lab.folder / "etc" / "queue.sh").exists()


def test_a_saved_plan_holds_the_template_and_the_content(cloud, lab):
    lab.run("plan", "--out", "it.plan", expect=0)
    (lab.folder / "queue.sh").write_text(TEMPLATE + "true\n")
    run = lab.run("apply", "it.plan", expect=7)
    assert cloud.mutations() == [] and not (lab.folder / "etc").exists(), run.err


def test_render_shows_and_writes_without_a_request(cloud, lab):
    cloud.forget_requests()
    assert "etc/queue.sh  not known before apply" in lab.run("render", expect=0).out
    assert lab.run("render", str(lab.spec), "etc/motd", expect=0).out == "hello\nworld\n"
    assert "did you mean `etc/motd`?" in lab.run("render", str(lab.spec), "etc/mod", expect=3).err
    assert "it needs `resources[\"jobs\"].id`" in lab.run("render", str(lab.spec), "etc/queue.sh", expect=None).err
    lab.run("render", "--out", "all", expect=0)
    assert (lab.folder / "all" / "etc" / "motd").read_text() == "hello\nworld\n"
    assert cloud.requests() == []
    lab.apply()
    assert "url='http" in lab.run("render", str(lab.spec), "etc/queue.sh", expect=0).out
