# SPDX-License-Identifier: Apache-2.0
"""A resource type and a block that llmforge does not know, added as two files under --provider-dir."""
from cloud import tags

TYPE = """\
# SPDX-License-Identifier: Apache-2.0
type: aws.ec2.volume
doc: A disk that machines may attach.
service: ec2
traits: [{ec2_tags: {resource_type: volume}}]
id: {path: volumeId, prefix: vol-}
properties:
  zone: {type: string, wire: AvailabilityZone, required: true, immutable: true, doc: "The zone."}
  size: {type: size, unit: GiB, wire: Size, required: true, immutable: true, doc: "The size."}
  kind: {type: enum, values: [standard, io1, io2, gp2, sc1, st1, gp3], wire: VolumeType, immutable: true, absent: {default: gp3}, doc: "The kind."}
  encrypted: {type: bool, wire: Encrypted, immutable: true, absent: {default: true}, doc: "Whether it is encrypted."}
create: {kind: new, action: CreateVolume, token: ClientToken}
refresh:
  list: {action: DescribeVolumes, items: volumeSet, by_ids: VolumeId, ids_max: 200}
delete: {kind: call, action: DeleteVolume, send: {VolumeId: "${id}"}, idempotent: true, absent_on: [InvalidVolume.NotFound]}
waits:
  create: {path: status, until: [available], failed: [error], via: [creating], usual: 2s, limit: 5m}
visible_within: 60s
recovery: [mark]
errors: {not_found: [InvalidVolume.NotFound]}
sandbox: {id: "vol-{hex17}"}
"""
BLOCK = """\
# SPDX-License-Identifier: Apache-2.0
block: scratch
doc: Disks for what may be lost.
each: name
inputs:
  zone: {type: string, required: true, doc: "The zone."}
  size: {type: size, default: 10GiB, doc: "The size."}
resources:
  disk: {type: aws.ec2.volume, zone: "${zone}", size: "${size}", tags: {Name: "${prefix}-${name}"}}
outputs:
  id: ${resources.disk.id}
"""
SPEC = """\
llmforge: 1
stack: extended
provider: aws
region: us-west-2
scratch:
  data: {zone: us-west-2a, size: 20GiB}
outputs:
  disk: ${scratch.data.id}
"""


def test_a_type_and_a_block_of_ones_own(cloud, forge):
    own = forge.folder / "own/aws"
    (own / "resources/ec2").mkdir(parents=True)
    (own / "blocks").mkdir()
    (own / "resources/ec2/volume.yaml").write_text(TYPE)
    (own / "blocks/scratch.yaml").write_text(BLOCK)
    spec = forge.folder / "extended.yaml"
    spec.write_text(SPEC)
    arguments = (spec, "--provider-dir", forge.folder / "own")
    unknown = forge.run("plan", spec, expect=3)
    assert "scratch" in unknown.err
    forge.run("apply", *arguments, expect=0)
    volume = cloud.only("volumes")
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (20, "gp3", True)
    assert tags(volume)["Name"] == "extended-data"
    forge.run("plan", "--detailed-exitcode", *arguments, expect=0)
    forge.run("destroy", *arguments, expect=0)
    assert cloud.counts() == {}
