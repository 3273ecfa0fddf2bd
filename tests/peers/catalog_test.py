# SPDX-License-Identifier: Apache-2.0
"""The catalogue of AWS's machine types says what the pinned packages say (without fetching them)."""
import gzip
import importlib.util
import json
import pathlib
import sys
import unittest

import yaml

CATALOG = pathlib.Path(__file__).parents[2] / "providers/aws/catalog"
sys.path.insert(0, str(CATALOG))
import refresh  # noqa: E402


class Installed:
    """The venv's copy of a package, in the shape of refresh.Wheel."""

    def __init__(self, name, as_of):
        self.name, self.as_of = f"{name} {refresh.pinned(name)}", as_of
        self.folder = pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0]).parent

    def json(self, path):
        packed = self.folder / (path + ".gz")
        return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else (self.folder / path).read_text())


class Catalog(unittest.TestCase):
    def test_machine_types(self):
        text = (CATALOG / "machine_types.yaml").read_text()
        as_of = yaml.safe_load(text)["as_of"]
        self.assertEqual(refresh.machine_types(Installed("botocore", as_of)), text)

    def test_gpus(self):
        lines = (CATALOG / "gpus.yaml").read_text().splitlines()
        held = yaml.safe_load("\n".join(lines))
        moto = Installed("moto", held["as_of"])
        described = moto.json("moto/ec2/resources/instance_types.json")
        rows = {line.split(":")[0].strip(): line for line in lines if line.startswith("  ")}
        wanted = {k for k in described if k.split(".")[0] in refresh.FAMILIES}
        self.assertEqual(wanted - rows.keys(), set())
        self.assertEqual({k for k in rows if k not in wanted}, {"p3.2xlarge", "p3.8xlarge", "p3.16xlarge"})
        for kind in wanted:
            zones = {region: sorted(o["Location"] for o in moto.json(
                f"moto/ec2/resources/instance_type_offerings/availability-zone-id/{region}.json")
                if o["InstanceType"] == kind) for region in refresh.REGIONS}
            self.assertEqual(rows[kind], refresh.row(kind, described[kind], {r: z for r, z in zones.items() if z}))

    def test_every_row_is_a_machine_type(self):
        families = yaml.safe_load((CATALOG / "machine_types.yaml").read_text())["families"]
        for kind in yaml.safe_load((CATALOG / "gpus.yaml").read_text())["types"]:
            family, _, size = kind.partition(".")
            self.assertIn(size, families[family].split())


if __name__ == "__main__":
    unittest.main()
