#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/from-terraform.md: its YAML is valid, its HCL is HCL, and both columns of its table of functions give
the value that stands beside them. OpenTofu's part needs OpenTofu (tests/peers/tofu.sh); without it that is said.
    from_terraform_test.py LLMFORGE"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from pages import blocks

ROOT = pathlib.Path(__file__).parents[2]
HEAD = "llmforge: 1\nstack: lab\n"
ROW = re.compile(r"^\| `(.+)` \| `(.+)` \| `(.+)` \|$")


def run(arguments, folder, text=None):
    return subprocess.run(arguments, cwd=folder, input=text, text=True, capture_output=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "NO_COLOR": "1"})


def snippet(text):
    """A part of a spec, made whole."""
    providers = "" if "providers:" in text else "provider: aws\n"
    region = "" if "providers:" in text else "region: us-west-2\n"
    return HEAD + providers + region + text


def rows(page):
    table = page.split("### Functions")[1].split("\n\nNot there")[0]
    found = [ROW.match(line) for line in table.splitlines()]
    return [(m[1].replace("\\|", "|"), m[2].replace("\\|", "|"), m[3]) for m in found if m]


def plain(tagged):
    """The value of what `console --jsonl` answers."""
    kind, value = tagged["type"], tagged["value"]
    if kind in ("int", "uint"):
        return int(value)
    if kind == "list":
        return [plain(one) for one in value]
    if kind == "map":
        return {plain(key): plain(one) for key, one in value}
    return value


def in_llmforge(binary, expression, folder):
    done = run([binary, "console", "--jsonl"], folder, json.dumps({"expr": f"json({expression})"}) + "\n")
    answer = json.loads(done.stdout)
    return json.loads(plain(answer["value"])) if "value" in answer else answer


def in_tofu(tofu, expression, folder):
    """Its console shows texts quoted as JSON has them."""
    done = run([tofu, "console"], folder, f"jsonencode({expression})\n")
    try:
        return json.loads(json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        return done.stdout + done.stderr


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    tofu = run(["bash", str(ROOT / "tests/peers/tofu.sh"), "--installed"], pathlib.Path.home()).stdout.strip()
    page = (ROOT / "docs/from-terraform.md").read_text()
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for block in blocks(page):
            count += 1
            if block.kind == "yaml":
                (folder / "llmforge.yaml").write_text(snippet(block.text))
                done = run([binary, "validate"], folder)
                if done.returncode != 0:
                    wrong.append(f"line {block.line}: {done.stdout}{done.stderr}")
            elif block.kind == "hcl" and tofu:
                done = run([tofu, "fmt", "-check", "-"], folder, block.text)
                if done.returncode != 0:
                    wrong.append(f"line {block.line}: tofu fmt: {done.stdout}{done.stderr}")
        (folder / "llmforge.yaml").unlink()
        functions = rows(page)
        for hcl, cel, value in functions:
            count += 1
            want = json.loads(value)
            got = in_llmforge(binary, cel, folder)
            if got != want:
                wrong.append(f"`{cel}` is {got!r}, not {want!r}")
            if tofu:
                got = in_tofu(tofu, hcl, folder)
                if got != want:
                    wrong.append(f"tofu: `{hcl}` is {got!r}, not {want!r}")
    for one in wrong:
        print(one)
    print(f"{count} snippets and rows, {len(wrong)} wrong" + ("" if tofu else "; without OpenTofu, which is not installed"))
    return 1 if wrong or len(functions) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
