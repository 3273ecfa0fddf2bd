# SPDX-License-Identifier: Apache-2.0
"""Specs of the benchmarks: N queues written out one by one, flat or in chains."""


def head(stack):
    return f"llmforge: 1\nstack: {stack}\nprovider: aws\nregion: us-west-2\ntags: {{Project: bench}}\n\nresources:\n"


def flat(count):
    """`count` queues that know nothing of each other."""
    return head("bench") + "".join(
        f"  q{i:05}:\n    type: aws.sqs.queue\n    name: bench-q{i:05}\n    visibility_timeout: {30 + i % 60}s\n"
        f"    message_retention_period: 2d\n    tags: {{Owner: team-{i % 7}}}\n" for i in range(count))


def chains(number, length):
    """Each queue of a chain names the one before it in a tag, by the URL that only its create gives."""
    out = head("bench")
    for c in range(number):
        for i in range(length):
            out += f"  c{c:02}_{i:03}:\n    type: aws.sqs.queue\n    name: bench-c{c:02}-{i:03}\n"
            if i > 0:
                out += f"    tags: {{After: \"${{resources.c{c:02}_{i - 1:03}.id}}\"}}\n"
    return out


def tofu_flat(count):
    """The same for OpenTofu, with its built-in resource (no provider program to start)."""
    return "".join(
        f'resource "terraform_data" "q{i:05}" {{\n  input = {{ name = "bench-q{i:05}", visibility_timeout = {30 + i % 60},'
        f' retention = "2d", tags = {{ Project = "bench", Owner = "team-{i % 7}" }} }}\n}}\n' for i in range(count))
