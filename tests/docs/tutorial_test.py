#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md, command by command: its files are written, its commands run, and what it says one
should see is seen, in that order.
    tutorial_test.py LLMFORGE [PAGE]"""
import os
import pathlib
import subprocess
import sys
import tempfile

from pages import blocks, commands, missing

ROOT = pathlib.Path(__file__).parents[2]


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    page = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/tutorial.md"
    count, wrong = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        tools = pathlib.Path(folder) / "bin"
        tools.mkdir()
        (tools / "llmforge").symlink_to(binary)
        work = pathlib.Path(folder) / "lab"
        work.mkdir()
        environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "NO_COLOR": "1"}
        for block in blocks(page.read_text()):
            for what, mode in (("file", "w"), ("append", "a")):
                if what in block.note:
                    path = work / block.note[what]
                    path.parent.mkdir(exist_ok=True)
                    with open(path, mode) as file:
                        file.write(block.text)
            if block.kind != "console":
                continue
            for command, expected in commands(block):
                done = subprocess.run(["/bin/sh", "-c", command], cwd=work, env=environment, text=True, timeout=120,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                count += 1
                lack = missing(expected, done.stdout)
                code = int(block.note.get("exit", 0))
                if lack is None and done.returncode == code:
                    continue
                wrong += 1
                print(f"{page.name}:{block.line}: $ {command}\n"
                      + (f"  exit {done.returncode}, not {code}\n" if done.returncode != code else "")
                      + (f"  missing: {lack}\n" if lack is not None else "") + done.stdout)
    print(f"{count} commands, {wrong} not as {page.name} says")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    os.environ.pop("LLMFORGE_LOG", None)
    sys.exit(main())
