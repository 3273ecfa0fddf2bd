# SPDX-License-Identifier: Apache-2.0
"""The default environment and `eu` side by side in one account; each destroyed without the other."""
from cloud import tags

EU = ("--env", "eu")
WEST, FRANKFURT = "us-west-2", "eu-central-1"


def names(cloud, region):
    found = cloud.inventory(region)
    return {"vpcs": [v["VpcId"] for v in found["vpcs"]], "buckets": sorted(found["buckets"]),
            "repositories": [r["repositoryName"] for r in found["repositories"]]}


def test_side_by_side(cloud, forge):
    forge.apply("--var", "create_instance=true")
    west = names(cloud, WEST)
    assert names(cloud, FRANKFURT) == {"vpcs": [], "buckets": [], "repositories": []}
    forge.apply(*EU, "--var", "create_instance=true")
    eu = names(cloud, FRANKFURT)
    assert names(cloud, WEST) == west
    assert eu["repositories"] == ["llm-tuning-lab-eu-training"]
    assert all(b.startswith("llm-tuning-lab-eu-") for b in eu["buckets"]) and len(eu["buckets"]) == 2
    assert tags(cloud.only("vpcs", FRANKFURT))["llmforge:stack"].startswith("llm-tuning-lab/eu/")
    assert cloud.only("instances", FRANKFURT)["ImageId"] == "ami-0d1e5c7a9b2d3f402"
    assert len(cloud.inventory(WEST)["roles"]) == 4  # IAM is global: the trainer's and the watchdog's of each
    forge.plan("--var", "create_instance=true", expect=0)
    forge.plan(*EU, "--var", "create_instance=true", expect=0)

    forge.destroy()
    assert names(cloud, FRANKFURT) == eu
    assert cloud.inventory(WEST)["vpcs"] == [] and cloud.inventory(WEST)["buckets"] == []
    assert len(cloud.inventory(WEST)["roles"]) == 2
    forge.plan(*EU, "--var", "create_instance=true", expect=0)
    forge.destroy(*EU)
    assert cloud.counts(WEST) == {} and cloud.counts(FRANKFURT) == {}
