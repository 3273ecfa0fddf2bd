# SPDX-License-Identifier: Apache-2.0
"""One spec over sixty provider instances, twenty regions of each of three accounts, in one process: each
costs little memory, planned or applied, and what is made lies in its own account."""
import json
import subprocess

import boto3
import pytest

from cloud import ACCOUNTS, KEYS
from conftest import BINARY

REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
           "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "ap-northeast-1", "ap-northeast-2",
           "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ap-south-1"]
ROLE = "arn:aws:iam::333333333333:role/deploy"
# The environment's own keys, a profile's, and a role of a third account that the profile `hub` may assume.
TEAMS = {"red": "", "green": ", credentials: {profile: green}", "blue": f", credentials: {{assume_role: {ROLE!r}, session_name: wide}}"}
ACCOUNT = {"red": ACCOUNTS["own"], "green": ACCOUNTS["other"], "blue": "333333333333"}
TARGETS = [(team, region) for team in TEAMS for region in REGIONS]
MOST_MB = 2.0  # a target; what it is measured against loads a plug-in of 100 MB and more for each


def spec(targets):
    lines = ["llmforge: 1", "stack: wide", f"provider: {'-'.join(targets[0])}", "region: us-east-1", "providers:"]
    lines += [f"  {team}-{region}: {{kind: aws, region: {region}{TEAMS[team]}}}" for team, region in targets]
    lines.append("resources:")
    for team, region in targets:
        name = f"{team}-{region}"
        # The same names everywhere: only account and region keep them apart.
        lines.append(f"  jobs-{name}: {{type: aws.sqs.queue, provider: {name}, name: wide, visibility_timeout: 60s}}")
        lines.append(f"  runs-{name}: {{type: aws.logs.group, provider: {name}, name: /wide, retention: 14d}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def accounts(forge):
    config = forge.folder / "config"
    key, secret = KEYS["other"]
    config.write_text(f"[profile green]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                      f"[profile blue]\nrole_arn = {ROLE}\nsource_profile = green\n")
    forge.environment["AWS_CONFIG_FILE"] = str(config)
    return forge


def client(cloud, service, region, team):
    if team != "blue":
        return cloud.client(service, region, {"red": "own", "green": "other"}[team])
    keys = cloud.client("sts", region).assume_role(RoleArn=ROLE, RoleSessionName="look")["Credentials"]
    return boto3.client(service, region_name=region, endpoint_url=cloud.url, aws_access_key_id=keys["AccessKeyId"],
                        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])


def queues(cloud, region, team):
    return client(cloud, "sqs", region, team).list_queues().get("QueueUrls", [])


def peak_mb(forge, verb, *arguments):
    """The most memory that the command had resident; it must end well."""
    # Started by a small program: a child begins with the peak of its parent, which is Python's.
    peak = forge.folder / "peak"
    done = subprocess.run(["time", "-f", "%M", "-o", peak, BINARY, *forge.command(verb, arguments)], cwd=forge.folder,
                          env=forge.environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(peak.read_text().split()[-1]) / 1024


def test_sixty_targets_in_one_process(cloud, accounts):
    forge = accounts
    peaks = {}
    for targets in (TARGETS[:1], TARGETS):
        forge.spec = forge.folder / f"wide-{len(targets)}/llmforge.yaml"
        forge.spec.parent.mkdir()
        forge.spec.write_text(spec(targets))
        if len(targets) > 1:
            for team, region in TARGETS[:1]:  # the small one's things are in the way
                cloud.client("sqs", region).delete_queue(QueueUrl=cloud.client("sqs", region).get_queue_url(QueueName="wide")["QueueUrl"])
                cloud.client("logs", region).delete_log_group(logGroupName="/wide")
            cloud.forget_requests()
        peaks[len(targets)] = {"plan": peak_mb(forge, "plan"), "apply": peak_mb(forge, "apply"),
                               "plan again": peak_mb(forge, "plan", "--detailed-exitcode")}
    for what, many in peaks[60].items():
        each = (many - peaks[1][what]) / 59
        print(f"{what}: {peaks[1][what]:.1f} MB for 1, {many:.1f} MB for 60 targets: {each:.2f} MB each")
        assert each < MOST_MB, peaks
    # A role is assumed once in each command, however many instances use it.
    assumed = [e for e in cloud.requests() if e["action"].endswith("AssumeRole")]
    assert len(assumed) == 3, [e["action"] for e in assumed]
    for team, account in ACCOUNT.items():
        for region in (REGIONS[0], REGIONS[-1]):
            [url] = queues(cloud, region, team)
            assert f"/{account}/wide" in url, (team, region, url)
    shown = forge.run("state", "list", "--json", expect=0).out
    for account in ACCOUNT.values():
        assert account in shown


def test_a_role_of_the_shared_files_and_its_account_in_names(cloud, accounts):
    """`profile` of one that assumes a role; `account`, derived ARNs and unique names follow the provider."""
    forge = accounts
    forge.spec = forge.folder / "two/llmforge.yaml"
    forge.spec.parent.mkdir()
    forge.spec.write_text(
        "stack: two\nprovider: home\nproviders:\n  home: {kind: aws, region: us-west-2}\n"
        "  away: {kind: aws, region: us-west-2, credentials: {profile: blue}}\n"
        "modules:\n  here: {use: ./bucket.yaml}\n  there: {use: ./bucket.yaml, provider: away}\n"
        "resources:\n  far: {type: aws.sqs.queue, provider: away}\n"
        "outputs: {accounts: \"${[modules.here.account, modules.there.account]}\", "
        "uniques: \"${[modules.here.unique, modules.there.unique]}\", far: \"${resources.far.arn}\"}\n")
    (forge.spec.parent / "bucket.yaml").write_text(
        "resources:\n  data: {type: aws.s3.bucket, name: \"${prefix}-${name}-${unique}\"}\n"
        "outputs: {account: \"${account}\", unique: \"${unique}\", name: \"${resources.data.name}\"}\n")
    assert "arn:aws:sqs:us-west-2:333333333333:two-far" in forge.run("plan", expect=0).text  # derived, so known when planning
    forge.apply()
    seen = json.loads(forge.run("output", "--json", expect=0).out)
    seen = {name: one["value"] for name, one in seen.items()}
    assert seen["accounts"] == [ACCOUNTS["own"], "333333333333"]
    assert len(set(seen["uniques"])) == 2
    assert seen["far"] == "arn:aws:sqs:us-west-2:333333333333:two-far"
    assert len(queues(cloud, "us-west-2", "blue")) == 1 and not queues(cloud, "us-west-2", "red")
    forge.plan(expect=0)
    # What left `providers` is not looked for in another account of the same region.
    forge.edit("  away: {kind: aws, region: us-west-2, credentials: {profile: blue}}\n", "")
    forge.edit(", provider: away}\nresources:\n  far: {type: aws.sqs.queue, provider: away}\n", "}\n")
    forge.edit(", far: \"${resources.far.arn}\"", "")
    run = forge.run("plan")
    assert run.code != 0 and "away" in run.text, run
    assert len(queues(cloud, "us-west-2", "blue")) == 1
    forge.spec.write_text(forge.spec.read_text().replace(
        "  home: {kind: aws, region: us-west-2}\n",
        "  home: {kind: aws, region: us-west-2}\n  away: {kind: aws, region: us-west-2, credentials: {profile: blue}}\n"))
    forge.destroy()
    assert not queues(cloud, "us-west-2", "blue")


def test_other_credentials_for_what_is_there_are_refused(cloud, accounts):
    forge = accounts
    forge.spec = forge.folder / "moved/llmforge.yaml"
    forge.spec.parent.mkdir()
    forge.spec.write_text("stack: moved\nprovider: home\nproviders:\n  home: {kind: aws, region: us-west-2}\n"
                          "resources:\n  q: {type: aws.sqs.queue}\n")
    forge.apply()
    forge.edit("region: us-west-2}", "region: us-west-2, credentials: {profile: green}}")
    run = forge.run("plan", expect=8)
    assert ACCOUNTS["other"] in run.one_error() and ACCOUNTS["own"] in run.err
    forge.edit("profile: green", "profile: nobody")
    assert "profile `nobody`" in forge.run("plan", expect=1).one_error()
    forge.edit("{profile: nobody}", "{profil: green}")
    assert "[LF0201]" in forge.run("plan", expect=3).one_error()
    forge.edit("{profil: green}", "{assume_role: deploy}")
    assert "[LF0213]" in forge.run("plan", expect=3).one_error()
