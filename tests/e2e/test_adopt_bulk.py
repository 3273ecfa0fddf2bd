# SPDX-License-Identifier: Apache-2.0
"""adopt --orphans and adopt --file: many things in one lock, and a spec whose next plan is empty."""
import fcntl
import json

import yaml

from cloud import tags

HEAD = """# The lab.
llmforge: 1
stack: lab
provider: aws
region: us-west-2
"""
SPEC = HEAD + """resources:
  net: {type: aws.ec2.vpc, cidr: 10.1.0.0/16}   # everything is in it
  front: {type: aws.ec2.subnet, vpc: "${resources.net}", cidr: 10.1.1.0/24, zone: us-west-2a}
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}
  runs: {type: aws.logs.group, name: /lab/runs, retention: 14d}
buckets:
  data: {versioning: true}
"""


def at(key):
    return f'resources["{key}"]'


def lose_state(forge):
    for path in forge.state_files():
        path.unlink()


def reads_and_tags(cloud):
    """No call but reads and what sets tags."""
    changed = [a for a in cloud.mutations() if "Tag" not in a]
    assert changed == [], changed


def test_orphans_after_a_lost_state(cloud, lab):
    lab.apply()
    before = cloud.counts()
    lose_state(lab)
    assert "adopt --orphans" in lab.run("orphans", expect=0).err
    cloud.forget_requests()
    dry = json.loads(lab.run("adopt", "--orphans", "--dry-run", "--json", expect=0).out)
    assert {row["address"] for row in dry["would_adopt"]} == \
        {at("net"), at("front"), at("jobs"), at("runs"), 'buckets["data"].bucket'}
    assert cloud.mutations() == [] and lab.state_files() == []
    done = lab.run("adopt", "--orphans", expect=0)
    assert done.out.startswith("adopted 5 orphans\n") and done.err == "", done
    reads_and_tags(cloud)
    assert lab.spec.read_text() == SPEC  # everything was in it
    lab.plan(expect=0)
    assert lab.run("orphans", expect=0).out.startswith("no orphans")
    assert lab.run("adopt", "--orphans", expect=0).out == "no orphans to take in\n"
    assert cloud.counts() == before
    lab.destroy()
    assert cloud.counts() == {}


def test_orphans_that_the_spec_has_not(cloud, lab):
    lab.apply()
    before = cloud.counts()
    lose_state(lab)
    lab.spec.write_text(HEAD + """resources:
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}   # stays as it is
""")
    cloud.forget_requests()
    done = lab.run("adopt", "--orphans", expect=0)
    assert "adopted 5 orphans and write them into" in done.out, done
    reads_and_tags(cloud)
    text = lab.spec.read_text()
    assert "# The lab." in text and "# stays as it is" in text and "adopt:" not in text
    written = yaml.safe_load(text)["resources"]
    assert set(written) == {"jobs", "net", "front", "runs", "buckets_data_bucket"}
    assert written["front"]["vpc"] == "${resources.net.id}" and written["runs"]["retention"] == "14d"
    lab.plan(expect=0)
    assert cloud.counts() == before
    assert tags(cloud.only("vpcs"))["llmforge:address"] == "resources/net"


def test_orphans_that_the_spec_wants_otherwise(cloud, lab):
    lab.apply()
    lose_state(lab)
    lab.edit("visibility_timeout: 60s", "visibility_timeout: 90s")
    lab.edit("cidr: 10.1.1.0/24", "cidr: 10.1.2.0/24")  # would be replaced: not without being asked
    done = lab.run("adopt", "--orphans", expect=0)
    assert "adopted 4 orphans\n" in done.out
    assert f"{at('jobs')}: the spec wants its visibility_timeout otherwise" in done.err, done
    assert "`cidr`" in done.err and "subnet-" in done.err, done
    changes = {c["address"]: c["action"] for c in json.loads(lab.plan("--json", expect=2).out)["resources"]
               if c["action"] != "no-op"}
    assert changes == {at("jobs"): "update", at("front"): "create"}


def test_rivals_stay(cloud, lab):
    lab.apply()
    lose_state(lab)
    mark = tags(cloud.only("vpcs"))
    second = cloud.client("ec2").create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": k, "Value": v} for k, v in mark.items()]}])["Vpc"]["VpcId"]
    done = lab.run("adopt", "--orphans", expect=0)
    # The subnet's VPC is not clear, so that the spec might want another subnet.
    assert "adopted 3 orphans" in done.out and "2 things carry the mark of" in done.err and second in done.err, done


def test_one_lock(cloud, lab):
    lab.apply()
    lab.run("state", "rm", at("jobs"), expect=0)
    with open(lab.spec.parent / ".llmforge/lab.llmforge.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert "lock" in lab.run("adopt", "--orphans", expect=4).one_error()
    lab.run("adopt", "--orphans", expect=0)
    lab.plan(expect=0)


def things(cloud):
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{n}.0/24", AvailabilityZone="us-west-2a")["Subnet"]["SubnetId"]
               for n in range(1, 13)]
    queue = cloud.client("sqs").create_queue(QueueName="lab-jobs", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    cloud.client("logs").create_log_group(logGroupName="/lab/runs")
    cloud.client("logs").put_retention_policy(logGroupName="/lab/runs", retentionInDays=14)
    return vpc, subnets, queue


def test_a_list(cloud, lab):
    vpc, subnets, queue = things(cloud)
    lab.spec.write_text(HEAD + """resources:
  net: {type: aws.ec2.vpc, cidr: 10.1.0.0/16}
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: 60s}
""")
    names = lab.spec.parent / "things.txt"
    names.write_text(f"# address id [type]\nresources.net {vpc}\n{at('jobs')}   {queue}\n\n"
                     f"resources.runs /lab/runs aws.logs.group   # no prefix tells its type\n" +
                     "".join(f"resources.s{n} {one}\n" for n, one in enumerate(subnets)))
    cloud.forget_requests()
    before = cloud.counts()
    dry = lab.run("adopt", "--file", names, "--dry-run", "-v", expect=0)
    assert "would adopt 15 things of things.txt" in dry.out and "${resources.net.id}" in dry.out, dry
    assert cloud.mutations() == [] and lab.state_files() == []
    done = lab.run("adopt", "--file", names, expect=0)
    assert "adopted 15 things of things.txt" in done.out, done
    reads_and_tags(cloud)
    written = yaml.safe_load(lab.spec.read_text())["resources"]
    assert len(written) == 15 and written["s7"]["vpc"] == "${resources.net.id}"
    assert written["runs"] == {"type": "aws.logs.group", "name": "/lab/runs", "retention": "14d"}
    lab.plan(expect=0)
    assert cloud.counts() == before
    again = lab.run("adopt", "--file", names, expect=0)
    assert "has all 15 things" in again.out, again
    history = json.loads(lab.run("state", "history", "--json", expect=0).out)
    assert [h["resources"] for h in history] == [0, 15], history  # one run, one lock


def test_a_wrong_list(cloud, lab):
    vpc, subnets, queue = things(cloud)
    names = lab.spec.parent / "things.txt"
    names.write_text(f"resources.net\nresources.new /lab/runs\nresources.other {vpc} aws.ec2.vcp\n"
                     f"network.vpc {vpc}\nresources.net {vpc}\nresources.net {subnets[0]}\n"
                     f"resources.again {vpc}\n{at('jobs')} {queue} aws.ec2.vpc\n")
    cloud.forget_requests()
    wrong = lab.run("adopt", "--file", names, expect=3)
    for part in ("line 1: wants ADDRESS ID", "line 2: the id `/lab/runs` does not say its type",
                 "line 3: there is no resource type `aws.ec2.vcp`, did you mean `aws.ec2.vpc`?",
                 "line 4: the spec has no `network.vpc`", "line 6:", "is in line 5 already", "line 7:",
                 "line 8: `resources[\"jobs\"]` is of type aws.sqs.queue, not aws.ec2.vpc", "nothing was changed"):
        assert part in wrong.err, wrong
    assert "line 5:" not in wrong.err and cloud.mutations() == []
    assert lab.run("adopt", "--file", names, "--orphans", expect=3).out == ""
    missing = lab.run("adopt", "--file", lab.spec.parent / "none.txt", expect=(1, 3))
    assert "none.txt" in missing.one_error()
    gone = lab.spec.parent / "gone.txt"
    gone.write_text("resources.net vpc-00000000\n")
    left = lab.run("adopt", "--file", gone, expect=0)
    assert "does not exist any more" in left.err and "adopted 0 things" in left.out, left


def test_without_a_spec(cloud, lab):
    lab.spec.unlink()
    assert "there is no spec" in lab.run("adopt", "--orphans", expect=3).one_error()
