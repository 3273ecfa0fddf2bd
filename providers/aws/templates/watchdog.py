# SPDX-License-Identifier: Apache-2.0
"""Ends the machines of a stack that have outlived their time; runs every hour, outside of the machines.

No template: the same text everywhere, told by its environment (a Lambda function, Python 3.12, nothing but
the standard library and boto3):
    STACK                value of the tag `llmforge:stack` of the machines: <stack>/<environment>/<lineage>;
                         a value that ends in `*` stands for all that begin so
    MAX_RUNTIME_SECONDS  how long a machine may run
    GRACE_SECONDS        for how long after that it may still upload what it has (default 900): the launcher
                         stops its run at MAX_RUNTIME_SECONDS by itself
    TOPIC_ARN            where to tell of it; empty: nowhere
    METRIC_NAMESPACE     where OldestMachineSeconds is reported, for an alarm; empty: nowhere

Its role must allow ec2:DescribeInstances; ec2:TerminateInstances where the resource's tag
`llmforge:stack` is STACK; sns:Publish on TOPIC_ARN; cloudwatch:PutMetricData in METRIC_NAMESPACE.

A machine's age counts from its last launch (DescribeInstances' LaunchTime). What cannot be ended, for it is
protected against that, is told to the topic, too, and fails this call, so that the function's own alarm sees it.
"""
import datetime
import json
import os

import boto3


def machines(ec2, stack):
    """Instances of the stack that cost something: those that run, start or stop."""
    filters = [{"Name": "tag:llmforge:stack", "Values": [stack]},
               {"Name": "instance-state-name", "Values": ["pending", "running", "stopping"]}]
    for page in ec2.get_paginator("describe_instances").paginate(Filters=filters):
        for reservation in page["Reservations"]:
            yield from reservation["Instances"]


def end(ec2, instance):
    """Terminates one; None, or why it could not be."""
    try:
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    except ec2.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "InvalidInstanceID.NotFound":
            return None  # it has ended meanwhile
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return None


def sentence(instance, age, allowed, problem):
    name = {t["Key"]: t["Value"] for t in instance.get("Tags", [])}.get("Name", "no name")
    what = f"could not be terminated ({problem})" if problem else "was terminated"
    return (f"{instance['InstanceId']} ({name}, {instance['InstanceType']}) {what}: it ran for {duration(age)}, "
            f"{duration(allowed)} are allowed.")


def duration(seconds):
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min"


def handler(event, context):
    stack, topic = os.environ["STACK"], os.environ.get("TOPIC_ARN", "")
    allowed = int(os.environ["MAX_RUNTIME_SECONDS"])
    limit = allowed + int(os.environ.get("GRACE_SECONDS") or 900)
    ec2, now = boto3.client("ec2"), datetime.datetime.now(datetime.timezone.utc)
    oldest, ended, failed, told = 0, [], [], []
    for instance in machines(ec2, stack):
        age = (now - instance["LaunchTime"]).total_seconds()
        oldest = max(oldest, age)
        if age <= limit:
            continue
        problem = end(ec2, instance)
        (failed if problem else ended).append(instance["InstanceId"])
        told.append(sentence(instance, age, allowed, problem))
    print(json.dumps({"stack": stack, "oldest_seconds": int(oldest), "terminated": ended, "failed": failed}))
    if os.environ.get("METRIC_NAMESPACE"):
        boto3.client("cloudwatch").put_metric_data(
            Namespace=os.environ["METRIC_NAMESPACE"],
            MetricData=[{"MetricName": "OldestMachineSeconds", "Value": oldest, "Unit": "Seconds"}])
    if told and topic:
        # A subject has at most 100 characters (SNS API reference, Publish).
        subject = f"{stack.split('/')[0]}: {len(told)} machine{'s' * (len(told) > 1)} past the maximum runtime"
        boto3.client("sns").publish(TopicArn=topic, Subject=subject[:100], Message="\n".join(told))
    if failed:
        raise RuntimeError("\n".join(told))
    return {"terminated": ended}
