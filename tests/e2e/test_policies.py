# SPDX-License-Identifier: Apache-2.0
"""Policies and checks of the stack: refused before the first change, decided again when the cloud has answered."""
import json


HEAD = "stack: guarded\nprovider: aws\nregion: us-west-2\n"


PUBLIC = """
policies: {packs: [no-public-buckets, no-open-ssh, encryption]}
resources:
  window: {type: aws.s3.bucket, block_public_policy: false}
  jobs: {type: aws.sqs.queue}
"""

def test_a_public_bucket_is_refused(cloud, stack):
    forge = stack(PUBLIC)
    for verb in ("plan", "apply", "validate"):
        run = forge.run(verb, expect=8)
        assert "error[LF0511]: policy `bucket-public-access` refuses `resources[\"window\"]`" in run.err
        assert "spec.yaml:7:" in run.err
    assert 'resources["window"]' in forge.run("plan", expect=8).out  # the plan is shown all the same
    assert cloud.verbs() == []
    forge.run("plan", "--out", "it.plan", expect=8)
    assert not (forge.folder / "it.plan").exists()
    assert forge.state_files() == [] or "window" not in forge.state_files()[0].read_text()


def test_an_exemption_lets_it_through(cloud, stack):
    forge = stack(PUBLIC.replace("  window:", "  # allow bucket-public-access: a museum until 2199-01-01\n  window:"))
    run = forge.apply()
    assert "LF05" not in run.err
    assert len(cloud.client("s3").list_buckets()["Buckets"]) == 1
    # Nothing changes, and the exemption still has something to exempt.
    assert "LF05" not in forge.plan(expect=0).err


LATER = """
policies:
  wrong-network:
    deny: ${resource.properties.description.startsWith('in vpc-')}
    message: describe it by what it is for
    where: {types: [aws.ec2.security_group]}
resources:
  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}
  door: {type: aws.ec2.security_group, vpc: "${resources.vpc.id}", name: door, description: "in ${resources.vpc.id}"}
"""

def test_what_only_apply_knows_is_judged_before_its_request(cloud, stack):
    forge = stack(LATER)
    run = forge.run("plan", expect=0)
    assert "note[LF0514]: policy `wrong-network` is decided during apply for `resources[\"door\"]`" in run.err
    run = forge.run("apply", expect=5)
    assert "policy `wrong-network` refuses it: describe it by what it is for" in run.text
    assert "CreateVpc" in cloud.verbs() and "CreateSecurityGroup" not in cloud.verbs()
    # Known by now: refused before the first change.
    forge.run("apply", expect=8)
    forge = stack(LATER.replace("  door:", "  # allow wrong-network: it is in there until 2199-01-01\n  door:"))
    forge.apply()
    assert "CreateSecurityGroup" in cloud.verbs()


def test_deletions_can_be_refused(cloud, stack):
    text = """
policies:
  keep:
    deny: true && resource.address != ''
    where: {actions: [delete, replace], types: [aws.sqs.*]}
resources:
  jobs: {type: aws.sqs.queue}
"""
    forge = stack(text)
    forge.apply()
    run = forge.run("destroy", expect=8)
    assert "policy `keep` refuses the deletion of `resources[\"jobs\"]`" in run.err
    forge = stack(text.replace("  jobs:", "  other:"))
    forge.run("apply", expect=8)
    assert "DeleteQueue" not in cloud.verbs()


def test_checks_before_and_after(cloud, stack):
    text = """
variables:
  minimum: {type: int, default: 1}
checks:
  enough:
    when: before
    assert: ${vars.minimum >= 1}
    message: ${string(vars.minimum)} is not enough
  named:
    assert: ${resources.jobs.url_host == 'x'}
resources:
  jobs: {type: aws.sqs.queue}
""".replace("resources.jobs.url_host == 'x'", "resources.jobs.id.startsWith('https://nowhere')")
    forge = stack(text)
    run = forge.run("apply", "--var", "minimum=0", expect=8)
    assert "check `enough` does not hold: 0 is not enough" in run.err
    assert cloud.verbs() == []
    run = forge.run("apply", expect=1)
    assert "note[LF0522]: `named` is checked after apply" in run.err
    assert "error[LF0521]: check `named` does not hold after apply" in run.err
    assert "jobs" in forge.state_files()[0].read_text()  # what was done is recorded
    forge.run("apply", expect=8)  # now its value is known before
    assert cloud.verbs().count("CreateQueue") == 1


def test_after_is_after(cloud, stack):
    forge = stack("""
checks:
  later:
    when: after
    assert: ${resources.jobs.visibility_timeout == duration('30s')}
resources:
  jobs: {type: aws.sqs.queue}
""")
    forge.plan(expect=2)
    forge.apply()
    forge.apply()  # with nothing to do as well


def test_findings_stand_in_the_plan(cloud, stack):
    """In Markdown for the pull request and in JSON for programs, whether they refuse, warn or wait."""
    forge = stack(PUBLIC)
    found = json.loads(forge.run("plan", "--json", expect=8).out)["findings"]
    assert [(f["severity"], f["code"], f["line"]) for f in found if f["severity"] == "error"] == [("error", "LF0511", 7)], found
    assert "bucket-public-access" in found[0]["message"] and found[0]["file"].endswith("spec.yaml")
    page = forge.run("plan", "--format", "markdown", expect=8).out
    assert "### Refused: 1" in page and "**error** LF0511" in page and "spec.yaml:7)" in page, page
    # Where the page must be cut, they stay.
    assert "**error** LF0511" in forge.run("plan", "--format", "markdown", "--max-bytes", "900", expect=8).out
    forge = stack(PUBLIC.replace("block_public_policy: false", "versioning: Enabled").replace("{packs: [no-public-buckets, no-open-ssh, encryption]}", """
  named:
    warn: ${!has(resource.properties.tags) || !('Owner' in resource.properties.tags)}
    message: say who owns it
    where: {types: [aws.sqs.queue]}
"""))
    found = json.loads(forge.run("plan", "--json", expect=0).out)["findings"]
    assert [f["severity"] for f in found] == ["warning"] and "say who owns it" in found[0]["message"], found
    assert "### Policies and checks: 1" in forge.run("plan", "--format", "markdown", expect=0).out
    forge = stack(LATER)
    found = json.loads(forge.run("plan", "--json", expect=0).out)["findings"]
    assert [(f["severity"], f["code"]) for f in found] == [("note", "LF0514")], found


def test_notes_about_renames_stand_in_the_plan(cloud, stack):
    forge = stack("resources:\n  jobs: {type: aws.sqs.queue, name: guarded-work}\n  net: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}\n")
    forge.apply()
    forge.edit("  jobs:", "  work:")
    forge.edit("  net:", "  network:")
    told = json.loads(forge.run("plan", "--json", expect=0).out)
    assert told["findings"] == [] and any("guarded-work" in note for note in told["notes"]), told["notes"]
    assert any("moved_from" in note for note in told["notes"]), told["notes"]
    page = forge.run("plan", "--format", "markdown", expect=0).out
    assert page.count("> note:") == len(told["notes"]) == 2 and "moved" in page, page
