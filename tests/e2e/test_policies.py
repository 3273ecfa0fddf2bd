# SPDX-License-Identifier: Apache-2.0
"""Policies and checks of the stack: refused before the first change, decided again when the cloud has answered."""
import pytest

HEAD = "stack: guarded\nprovider: aws\nregion: us-west-2\n"


@pytest.fixture
def stack(cloud, forge):
    """Writes a spec and makes it the one that `forge` runs."""
    forge.spec = forge.folder / "spec.yaml"

    def write(text):
        forge.spec.write_text(HEAD + text)
        return forge
    return write


def mutations(cloud):
    return [action.split(":")[-1] for action in cloud.mutations()]


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
    assert mutations(cloud) == []
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
    assert "CreateVpc" in mutations(cloud) and "CreateSecurityGroup" not in mutations(cloud)
    # Known by now: refused before the first change.
    forge.run("apply", expect=8)
    forge = stack(LATER.replace("  door:", "  # allow wrong-network: it is in there until 2199-01-01\n  door:"))
    forge.apply()
    assert "CreateSecurityGroup" in mutations(cloud)


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
    assert "DeleteQueue" not in mutations(cloud)


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
    assert mutations(cloud) == []
    run = forge.run("apply", expect=1)
    assert "note[LF0522]: `named` is checked after apply" in run.err
    assert "error[LF0521]: check `named` does not hold after apply" in run.err
    assert "jobs" in forge.state_files()[0].read_text()  # what was done is recorded
    forge.run("apply", expect=8)  # now its value is known before
    assert mutations(cloud).count("CreateQueue") == 1


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
