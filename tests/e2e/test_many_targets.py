# SPDX-License-Identifier: Apache-2.0
"""One spec over sixty provider instances in one process: each costs little memory, planned or applied.

Instances of one account: a spec cannot name other credentials for one of its `providers` yet.
"""
import subprocess

from conftest import BINARY

REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
           "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "ap-northeast-1", "ap-northeast-2",
           "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ap-south-1"]
TARGETS = [(f"{team}-{region}", region) for team in ("red", "green", "blue") for region in REGIONS]
MOST_MB = 2.0  # a target; what it is measured against loads a plug-in of 100 MB and more for each


def spec(targets):
    lines = ["llmforge: 1", "stack: wide", "provider: aws", "region: us-east-1", "providers:"]
    lines += [f"  {name}: {{kind: aws, region: {region}}}" for name, region in targets]
    lines.append("resources:")
    for name, _ in targets:
        lines.append(f"  jobs-{name}: {{type: aws.sqs.queue, provider: {name}, name: wide-{name}, visibility_timeout: 60s}}")
        lines.append(f"  runs-{name}: {{type: aws.logs.group, provider: {name}, name: /wide/{name}, retention: 14d}}")
    return "\n".join(lines).replace("provider: aws\n", f"provider: {targets[0][0]}\n", 1) + "\n"


def peak_mb(forge, verb, *arguments):
    """The most memory that the command had resident; it must end well."""
    # Started by a small program: a child begins with the peak of its parent, which is Python's.
    peak = forge.folder / "peak"
    done = subprocess.run(["time", "-f", "%M", "-o", peak, BINARY, *forge.command(verb, arguments)], cwd=forge.folder,
                          env=forge.environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(peak.read_text().split()[-1]) / 1024


def test_sixty_targets_in_one_process(cloud, forge):
    peaks = {}
    for targets in (TARGETS[:1], TARGETS):
        forge.spec = forge.folder / f"wide-{len(targets)}/llmforge.yaml"
        forge.spec.parent.mkdir()
        forge.spec.write_text(spec(targets))
        if len(targets) > 1:
            for name, region in TARGETS[:1]:  # the small one's things are in the way
                cloud.client("sqs", region).delete_queue(QueueUrl=cloud.client("sqs", region).get_queue_url(QueueName=f"wide-{name}")["QueueUrl"])
                cloud.client("logs", region).delete_log_group(logGroupName=f"/wide/{name}")
        peaks[len(targets)] = {"plan": peak_mb(forge, "plan"), "apply": peak_mb(forge, "apply"),
                               "plan again": peak_mb(forge, "plan", "--detailed-exitcode")}
    for what, many in peaks[60].items():
        each = (many - peaks[1][what]) / 59
        print(f"{what}: {peaks[1][what]:.1f} MB for 1, {many:.1f} MB for 60 targets: {each:.2f} MB each")
        assert each < MOST_MB, peaks
    for team in ("red", "blue"):
        for region in (REGIONS[0], REGIONS[-1]):
            assert cloud.client("sqs", region).get_queue_url(QueueName=f"wide-{team}-{region}")["QueueUrl"]
