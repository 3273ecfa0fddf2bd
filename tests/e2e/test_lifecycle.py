# SPDX-License-Identifier: Apache-2.0
"""Words of the life cycle that take expressions: protect, retain, ignore_changes, replace_on, adopt, and where the state is."""

HEAD = "stack: life\nprovider: aws\nregion: us-west-2\n"


PROTECTED = """
variables:
  keep: {type: bool, default: true}
  name: {type: string, default: one}
resources:
  jobs: {type: aws.sqs.queue, name: "life-${vars.name}", protect: "${vars.keep && env == 'default'}"}
  user: {type: aws.sqs.queue, redrive_policy: {dead_letter_target_arn: "${resources.jobs.arn}", max_receive_count: 5}}
  other: {type: aws.sqs.queue, visibility_timeout: "${vars.name == 'one' ? '30s' : '60s'}"}
"""

def test_a_protected_resource_fails_the_plan_before_any_change(cloud, stack):
    forge = stack(PROTECTED)
    forge.apply()
    cloud.forget_requests()
    for verb in ("plan", "apply"):
        run = forge.run(verb, "--var", "name=two", expect=8)
        assert "error[LF0501]: `resources[\"jobs\"]` is protected and would be replaced" in run.err
    assert "LF0501" in forge.run("destroy", expect=8).err
    assert cloud.verbs() == []
    # The word is recorded by an apply that has nothing else to do.
    forge.run("apply", "--var", "keep=false", expect=0)
    assert cloud.verbs() == []
    forge.run("destroy", "--var", "keep=false", expect=0)


def test_protection_added_later_counts_for_destroy(cloud, stack):
    text = "resources:\n  jobs: {type: aws.sqs.queue}\n"
    forge = stack(text)
    forge.apply()
    forge = stack(text.replace("queue}", "queue, protect: true}"))
    forge.plan(expect=0)
    forge.apply()
    forge.run("destroy", expect=8)


def test_replace_on_a_value(cloud, stack):
    forge = stack("""
variables: {round: {type: int, default: 1}}
resources:
  jobs: {type: aws.sqs.queue, replace_on: "${vars.round}"}
  other: {type: aws.sqs.queue}
""")
    forge.apply()
    forge.plan(expect=0)
    run = forge.plan("--var", "round=2", expect=2)
    assert "1 to replace" in run.text and "replace_on" in run.text
    cloud.forget_requests()
    forge.apply("--var", "round=2")
    assert cloud.verbs().count("DeleteQueue") == 1 and cloud.verbs().count("CreateQueue") == 1
    forge.plan("--var", "round=2", expect=0)


def test_replace_on_another_resource(cloud, stack):
    text = """
variables: {cidr: {type: cidr, default: 10.0.0.0/16}}
resources:
  vpc: {type: aws.ec2.vpc, cidr: "${vars.cidr}"}
  jobs: {type: aws.sqs.queue, replace_on: "${resources.vpc}"}
"""
    forge = stack(text)
    forge.apply()
    forge.plan(expect=0)
    cloud.forget_requests()
    forge.apply("--var", "cidr=10.9.0.0/16")
    assert cloud.verbs().count("DeleteQueue") == 1
    forge.plan("--var", "cidr=10.9.0.0/16", expect=0)


def test_a_protected_resource_that_may_be_replaced_fails_the_plan(cloud, stack):
    forge = stack("""
variables: {cidr: {type: cidr, default: 10.0.0.0/16}}
resources:
  vpc: {type: aws.ec2.vpc, cidr: "${vars.cidr}"}
  jobs: {type: aws.sqs.queue, replace_on: "${resources.vpc}", protect: true}
""")
    forge.apply()
    cloud.forget_requests()
    run = forge.run("apply", "--var", "cidr=10.9.0.0/16", expect=8)
    assert "is protected and may have to be replaced" in run.err
    assert cloud.verbs() == []


def test_replace_on_of_a_block(cloud, stack):
    forge = stack("""
variables: {round: {type: int, default: 1}}
buckets:
  data: {replace_on: "${vars.round}", force_destroy: true}
  logs: {replace_on: {bucket: fixed}}
""")
    forge.apply()
    forge.plan(expect=0)
    run = forge.plan("--var", "round=2", expect=2)
    assert 'buckets["data"].bucket' in run.text and "1 to replace" in run.text


def test_a_secret_in_replace_on_stays_out_of_the_state(cloud, stack):
    forge = stack("""
variables: {token: {type: string, secret: true}}
resources:
  jobs: {type: aws.sqs.queue, replace_on: "${vars.token}"}
""")
    forge.apply("--var", "token=sentinel-one")
    assert "sentinel-one" not in forge.state_files()[0].read_text()
    forge.plan("--var", "token=sentinel-one", expect=0)
    assert "replace_on" in forge.plan("--var", "token=sentinel-two", expect=2).text


def test_adopt_on_a_resource_and_a_block(cloud, stack):
    sqs, s3 = cloud.client("sqs"), cloud.client("s3")
    url = sqs.create_queue(QueueName="theirs")["QueueUrl"]
    s3.create_bucket(Bucket="their-bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    forge = stack(f"""
variables: {{take: {{type: bool, default: true}}}}
resources:
  jobs: {{type: aws.sqs.queue, name: theirs, adopt: "${{vars.take ? '{url}' : null}}"}}
buckets:
  data: {{bucket_name: their-bucket, adopt: their-bucket}}
""")
    run = forge.plan(expect=2)
    assert "2 to adopt" in run.text, run
    cloud.forget_requests()
    forge.apply()
    assert not [m for m in cloud.verbs() if m.startswith("Create") and "Tags" not in m]
    for _ in range(2):  # what differs is for the apply after
        forge.apply()
    forge.plan(expect=0)


def test_ignore_changes_from_a_variable(cloud, stack):
    text = """
variables: {ignored: {type: "list<string>", default: [visibility_timeout]}, seconds: {type: duration, default: 30s}}
resources:
  jobs: {type: aws.sqs.queue, visibility_timeout: "${vars.seconds}", ignore_changes: "${vars.ignored}"}
"""
    forge = stack(text)
    forge.apply()
    forge.plan("--var", "seconds=60s", expect=0)
    forge.plan("--var", "seconds=60s", "--var", "ignored=[]", expect=2)


def test_the_state_lies_where_an_expression_says(cloud, stack):
    forge = stack("""
variables: {team: {type: string, default: ml}}
locals: {where: "states/${vars.team}"}
backend: {path: "${locals.where}/${stack}-${env}.llmforge.json"}
resources:
  jobs: {type: aws.sqs.queue}
""")
    forge.apply()
    assert (forge.folder / "states/ml/life-default.llmforge.json").exists()
    forge.plan(expect=0)
    forge.plan("--var", "team=other", expect=8)  # nothing is known there, and the cloud has things of this stack
