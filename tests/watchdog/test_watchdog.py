# SPDX-License-Identifier: Apache-2.0
"""The watchdog's code, run for real against moto: what it ends, what it leaves alone, whom it tells."""
import datetime
import importlib.util
import json
import pathlib
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from cloud import KEYS, Cloud  # noqa: E402

STACK = "llm-tuning-lab/default/0123456789ab"


@pytest.fixture(scope="module")
def moto():
    server = Cloud()
    yield server
    server.close()


class World:
    def __init__(self, cloud):
        self.ec2, self.sns, self.sqs, self.cloudwatch = map(cloud.client, ("ec2", "sns", "sqs", "cloudwatch"))
        self.image = self.ec2.describe_images()["Images"][0]["ImageId"]
        self.topic = self.sns.create_topic(Name="llm-tuning-lab-alerts")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="reader")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def machine(self, name, stack=STACK):
        tags = [{"Key": "Name", "Value": name}] + ([{"Key": "llmforge:stack", "Value": stack}] if stack else [])
        answer = self.ec2.run_instances(ImageId=self.image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1,
                                        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
        return answer["Instances"][0]["InstanceId"]

    def instance(self, machine):
        return self.ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]

    def state(self, machine):
        return self.instance(machine)["State"]["Name"]

    def age(self, machine):
        return (datetime.datetime.now(datetime.timezone.utc) - self.instance(machine)["LaunchTime"]).total_seconds()

    def told(self):
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(m["Body"]) for m in messages]

    def between(self, old, young):
        """A limit that one machine is past and the other is within, by as much as possible."""
        return int((self.age(old) + self.age(young)) / 2)


@pytest.fixture
def world(moto):
    moto.reset()
    return World(moto)


@pytest.fixture
def watchdog(moto, world, monkeypatch):
    """The function as Lambda would run it: freshly imported, told by its environment."""
    key, secret = KEYS["own"]
    for name, value in {"AWS_ENDPOINT_URL": moto.url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                        "AWS_DEFAULT_REGION": "us-west-2", "STACK": STACK, "TOPIC_ARN": world.topic,
                        "METRIC_NAMESPACE": "llm-tuning-lab", "GRACE_SECONDS": "0"}.items():
        monkeypatch.setenv(name, value)

    def run(limit, **environment):
        monkeypatch.setenv("MAX_RUNTIME_SECONDS", str(limit))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("watchdog", ROOT / "providers/aws/templates/watchdog.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.handler({"source": "aws.events"}, None)

    return run


def old_and_young(world):
    old = world.machine("trainer")
    time.sleep(6)
    return old, world.machine("young")


def test_one_past_its_time_is_ended_and_one_within_it_is_not(world, watchdog):
    old, young = old_and_young(world)
    others = [world.machine("other", stack="another/default/0123456789ab"), world.machine("nobodys", stack=None)]
    limit = world.between(old, young)
    assert watchdog(limit) == {"terminated": [old]}
    assert world.state(old) in ("shutting-down", "terminated")
    assert [world.state(m) for m in (young, *others)] == ["running"] * 3
    (message,) = world.told()
    assert message["Subject"] == "llm-tuning-lab: 1 machine past the maximum runtime"
    assert old in message["Message"] and "(trainer, g5.xlarge) was terminated" in message["Message"]
    metric = world.cloudwatch.get_metric_statistics(
        Namespace="llm-tuning-lab", MetricName="OldestMachineSeconds", Period=3600, Statistics=["Maximum"],
        StartTime=datetime.datetime.now() - datetime.timedelta(hours=2), EndTime=datetime.datetime.now() + datetime.timedelta(hours=2))
    assert metric["Datapoints"][0]["Maximum"] > limit
    # The next hour there is nothing to do and nothing to tell.
    assert watchdog(100000) == {"terminated": []} and world.told() == []


def test_the_launcher_has_its_grace(world, watchdog):
    old = world.machine("trainer")
    time.sleep(2)
    assert watchdog(1, GRACE_SECONDS="900") == {"terminated": []}
    assert world.state(old) == "running" and world.told() == []


def test_a_whole_stack_by_its_beginning(world, watchdog):
    old, young = old_and_young(world)
    assert watchdog(world.between(old, young), STACK="llm-tuning-lab/default/*") == {"terminated": [old]}


def test_a_stopped_machine_costs_nothing(world, watchdog):
    old = world.machine("trainer")
    world.ec2.stop_instances(InstanceIds=[old])
    time.sleep(2)
    assert watchdog(0) == {"terminated": []} and world.state(old) == "stopped"


def test_one_that_is_protected_is_told_and_is_a_failure(world, watchdog):
    protected = world.machine("protected")
    world.ec2.modify_instance_attribute(InstanceId=protected, DisableApiTermination={"Value": True})
    plain = world.machine("plain")
    time.sleep(2)
    with pytest.raises(RuntimeError, match="could not be terminated.*OperationNotPermitted"):
        watchdog(0)
    assert world.state(protected) == "running" and world.state(plain) in ("shutting-down", "terminated")
    (message,) = world.told()
    assert "2 machines" in message["Subject"] and protected in message["Message"] and plain in message["Message"]


def test_without_a_topic(world, watchdog):
    old = world.machine("trainer")
    time.sleep(2)
    assert watchdog(0, TOPIC_ARN="", METRIC_NAMESPACE="") == {"terminated": [old]}
    assert world.told() == []
