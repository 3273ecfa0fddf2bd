# SPDX-License-Identifier: Apache-2.0
"""Blocks are modules that anybody could have written: each copied beside the spec plans no change, and
from then on the copy is what counts."""
ON = ("--var", "create_instance=true")
BLOCKS = ["network", "buckets", "registries", "access", "machines"]


def test_ejected_blocks_plan_no_change(cloud, forge):
    forge.apply(*ON)
    cloud.forget_requests()
    for block in BLOCKS:
        run = forge.run("eject", block, expect=0)
        assert (forge.spec.parent / f"blocks/{block}.yaml").exists() and f"blocks/{block}.yaml" in run.out
        forge.plan(*ON, expect=0)
    forge.apply(*ON)
    assert cloud.mutations() == []
    # And they are used: a change of the copy is a change of the plan.
    copy = forge.spec.parent / "blocks/machines.yaml"
    text = copy.read_text()
    assert "volume_type: gp3" in text
    copy.write_text(text.replace("volume_type: gp3", "volume_type: gp2"))
    run = forge.plan(*ON, expect=2)
    assert "gp2" in run.out and 'machines["trainer"].instance' in run.out
    copy.unlink()
    forge.plan(*ON, expect=0)
