#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The YAML language server, as editors run it, with `llmforge schema`: what it offers, what it shows
and what it underlines.

  editor_test.py LLMFORGE NODE_MODULES"""
import pathlib
import subprocess
import sys
import tempfile

from editor import Editor

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "llmforge: 1\nstack: lab\nprovider: aws\nregion: us-west-2\n"
problems = []


def expect(holds, what):
    if not holds:
        problems.append(what)
        print("WRONG:", what)


# What is offered at the `|`: what must be there, what must not.
COMPLETIONS = [
    ("|", {"network", "machines", "buckets", "resources", "environments", "variables"}, {"stack", "property"}),
    ("network:\n  |", {"cidr", "zones", "when", "protect"}, {"bucket_name"}),
    ("network:\n  nat: |", {"none"}, set()),
    ("machines:\n  trainer:\n    |", {"type", "market", "disk", "run", "depends_on"}, {"cidr"}),
    ("machines:\n  trainer:\n    market: |", {"spot", "on-demand"}, set()),
    ("machines:\n  trainer:\n    type: [g5.|]\n", {"g5.xlarge", "g4dn.xlarge", "m5.large"}, set()),
    ("machines:\n  trainer:\n    type:\n      - |\n", {"g5.xlarge"}, set()),
    ("buckets:\n  data: {versioning: |}", {"true", "false"}, set()),
    ("resources:\n  x:\n    type: |", {"aws.ec2.vpc", "aws.sqs.queue"}, {"aws.ec2.image"}),
    ("resources:\n  x:\n    type: aws.sqs.queue\n    |", {"visibility_timeout", "for_each", "replace_on"}, {"cidr", "arn"}),
    ("resources:\n  x:\n    type: aws.sqs.queue\n    redrive_policy:\n      |", {"max_receive_count"}, set()),
    ("resources:\n  x:\n    type: aws.ec2.instance\n    instance_type: |", {"g5.xlarge"}, set()),
    ("data:\n  x:\n    type: |", {"aws.ec2.image"}, {"aws.sqs.queue"}),
    ("data:\n  x:\n    type: aws.ec2.image\n    |", {"name", "owner"}, set()),
    ("variables:\n  x:\n    |", {"type", "default", "check"}, set()),
    ("variables:\n  x:\n    type: |", {"duration", "list<string>"}, set()),
    ("outputs:\n  x:\n    value: 3\n    |", {"doc", "secret"}, set()),
    ("environments:\n  prod:\n    |", {"network", "region", "resources"}, {"stack", "environments"}),
    ("environments:\n  prod:\n    machines:\n      trainer:\n        |", {"market", "disk"}, set()),
    ("providers:\n  west:\n    kind: |", {"aws"}, set()),
]

HOVERS = [
    ("net|work: {zones: 2}\n", "A network of one's own"),
    ("network: {zo|nes: 2}\n", "Over how many zones subnets are spread.\n\n`int`, 1 to 6"),
    ("network: {zo|nes: '${1 + 1}'}\n", "Over how many zones subnets are spread. (`int`, 1 to 6)"),
    ("machines: {a: {type: [g5.xla|rge]}}\n", "`g5.xlarge`: vcpus 4, memory 16384MiB, gpu A10G"),
    ("machines: {a: {wh|en: true}}\n", "Whether it exists at all."),
    ("resources: {q: {type: aws.sqs.qu|eue}}\n", "`aws.sqs.queue`: A message queue."),
    ("resources: {q: {type: aws.sqs.queue, visibility_time|out: 5m}}\n", "stays hidden.\n\n`duration`, default 30s"),
    ("environments: {prod: {network: {zo|nes: 2}}}\n", "Over how many zones"),
]

PROBLEMS = [
    ("netwrk: {}\n", 5, "netwrk is not allowed"),
    ("network:\n  cidr: 10.0.0.0\n", 6, "wants a cidr, such as 10.0.0.0/16"),
    ("network:\n  zones: two\n", 6, "Expected"),
    ("buckets:\n  a:\n    archive_after: 90 days\n", 7, "wants a duration, such as 90d"),
    ("resources:\n  q:\n    type: aws.sqs.queue\n    visibilty_timeout: 5m\n", 8, "visibilty_timeout is not allowed"),
    ("machines:\n  a: {type: [g5.xlarge]}\n", 6, "Missing property \"image\""),
]


def main():
    llmforge, node_modules = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        schema = pathlib.Path(folder) / "llmforge.schema.json"
        schema.write_text(subprocess.run([llmforge, "schema"], check=True, capture_output=True, text=True).stdout)
        editor = Editor(node_modules, schema.name, folder)
        for text, there, absent in COMPLETIONS:
            found = editor.completions(HEAD + text)
            expect(there <= set(found), f"{text!r}: {sorted(there - set(found))} are not offered")
            expect(not absent & set(found), f"{text!r}: {sorted(absent & set(found))} are offered")
            odd = [label for label in found if "needs" in label or "definitions" in label or label.startswith("object(")]
            expect(not odd, f"{text!r}: {odd} are offered")
        docs = editor.completions(HEAD + "machines:\n  a:\n    |")
        expect("The size of its encrypted disk." in docs.get("disk", ""), f"completions have no docs: {docs.get('disk')!r}")
        for text, shown in HOVERS:
            found = editor.hover(HEAD + text)
            expect(shown in found, f"hover at {text!r}: {found!r}")
            expect("||" not in found, f"hover at {text!r} shows alternatives: {found!r}")
        for text, line, message in PROBLEMS:
            found = editor.problems(HEAD + text)
            expect(any(at == line and message in said for at, said in found), f"{text!r}: {found}")
        good = [*ROOT.glob("specs/*.yaml"), *ROOT.glob("examples/*.yaml"), *ROOT.glob("tests/schema/accepted/*.yaml")]
        for path in good:
            # A `|` in the text is YAML's here.
            found = editor.problems(path.read_text(), mark=None)
            expect(not found, f"{path}: {found}")
        editor.close()
    print(f"{len(COMPLETIONS)} completions, {len(HOVERS)} hovers, {len(PROBLEMS)} wrong and {len(good)} good texts: "
          f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
