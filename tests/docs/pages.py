# SPDX-License-Identifier: Apache-2.0
"""What the pages under docs/ hold that can be run: fenced blocks, with the comment right before them."""
import fnmatch
import re

FENCE = re.compile(r"^(?:<!-- (?P<note>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)


class Block:
    def __init__(self, match, page):
        self.kind, self.text = match["kind"], match["text"]
        self.note = dict([(match["note"] or "").split(": ", 1)]) if match["note"] else {}
        self.line = page.count("\n", 0, match.start()) + 1


def blocks(page):
    return [Block(m, page) for m in FENCE.finditer(page)]


def commands(block):
    """[(command, expected lines)] of a console block."""
    out = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        elif line.strip():
            out[-1][1].append(line)
    return out


def missing(expected, said):
    """The first expected line that `said` lacks after those before it; None: all are there, in this order. `…` stands
    for anything, alone on its line for any lines."""
    lines = [line.strip() for line in said.splitlines()]
    at = 0
    for line in expected:
        want = line.strip()
        if want == "…":
            continue
        pattern = re.sub(r"[\[\]?*]", lambda m: f"[{m[0]}]", want).replace("…", "*")
        while at < len(lines) and not fnmatch.fnmatchcase(lines[at], pattern):
            at += 1
        if at == len(lines):
            return line
        at += 1
    return None
