# SPDX-License-Identifier: Apache-2.0
"""The AWS package with short windows, as an overlay for --provider-dir: moto answers at once and shows
at once what it has made, so nobody has to wait as long for proof as in the real cloud."""
import re
import shutil

# Of a request: longer than moto takes on a busy machine. What was journalled and not sent costs both.
REQUEST_S, VISIBLE_S = 10, 1


def write(providers, folder):
    """Lays the files whose windows are longer into `folder`."""
    source = providers / "aws"
    for file in sorted(source.glob("resources/*/*.yaml")):
        text, found = re.subn(r"(?m)^visible_within: .*$", f"visible_within: {VISIBLE_S}s", file.read_text())
        assert found == 1, f"{file} does not say `visible_within` once"
        copy = folder / "aws" / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    shutil.copy(source / "package.yaml", folder / "aws")
    with open(folder / "aws/package.yaml", "a") as package:
        package.write(f"request_limit: {REQUEST_S}s\n")
    return folder
