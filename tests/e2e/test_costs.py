# SPDX-License-Identifier: Apache-2.0
"""What things cost, told with the plan and kept with the thing."""
import json


def records(forge):
    lines = [json.loads(line) for line in forge.run("state", "pull", expect=0).out.splitlines()]
    return {line["address"]: line for line in lines if "address" in line and "type" in line}


def test_the_price_is_kept_with_the_resource(cloud, forge):
    first = json.loads(forge.run("plan", "--json", expect=0).out)["cost"]
    assert first["before"]["monthly"] == 0 and first["after"]["monthly"] > 0
    applied = forge.apply()
    assert "/month idle (+$" in applied.out
    kept = records(forge)['buckets["outputs"].bucket']["private"]["price"]
    assert kept["currency"] == "USD" and len(kept["as_of"]) == 10
    assert kept["hourly"] == 0 and kept["by_use"] > 1
    # Nothing changes, and nothing says so.
    assert "cost:" not in forge.plan(expect=0).out
    # A dearer list is news for what is made from now on, not for what is there.
    folder = forge.folder / "packages/aws/catalog"
    folder.mkdir(parents=True)
    (folder / "prices.yaml").write_text(
        "currency: USD\nsources:\n  today: {as_of: 2026-11-23, source: a test}\nprices:\n"
        "  s3.standard: {per: month, source: today, all: 1}\n  s3.writes: {per: 1000 requests, source: today, all: 0}\n"
        "  s3.reads: {per: 1000 requests, source: today, all: 0}\n  ecr.stored: {per: month, source: today, all: 0.1}\n")
    dear = ("--provider-dir", str(forge.folder / "packages"))
    same = json.loads(forge.run("plan", "--json", *dear, expect=0).out)["cost"]
    assert abs(same["after"]["monthly"] - first["after"]["monthly"]) < 1e-6
    forge.edit("  outputs: {versioning: true,", "  more: {}\n  outputs: {versioning: true,")
    more = json.loads(forge.run("plan", "--json", *dear, expect=0).out)["cost"]
    assert abs(more["after"]["monthly"] - more["before"]["monthly"] - 60) < 1e-6


def test_a_price_limit_is_held_before_the_first_request(cloud, forge):
    run = forge.run("apply", "--var", "create_instance=true", "--max-hourly", "0.1", expect=8)
    assert "error[LF0511]" in run.err and "specs/aws-finetune.yaml:" in run.err
    assert cloud.requests() == []


def test_a_run_costs_while_it_runs_and_nothing_afterwards(cloud, forge):
    forge.apply()
    running = json.loads(forge.run("plan", "--json", "--var", "create_instance=true", expect=0).out)["cost"]
    assert running["before"]["hourly"] == 0 and running["after"]["hourly"] > 0.3
    assert running["after"]["monthly"] == running["before"]["monthly"]
