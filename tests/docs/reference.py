#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/: pages written from what the program knows. They are checked in, so that they can be
read without a build, and must be current.

  reference.py LLMFORGE            fails where a page is not what the program would write
  reference.py LLMFORGE --update   writes them"""
import difflib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/reference"
LLMFORGE = pathlib.Path(sys.argv[1]).resolve()
NOTE = "<!-- Written by tests/docs/reference.py: do not edit. -->\n"


def llmforge(*arguments):
    done = subprocess.run([LLMFORGE, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows]) + "\n"


def deeper(page):
    """A page of `explain` as a section: its headings one level down."""
    return re.sub(r"^(#+) ", r"#\1 ", page.strip(), flags=re.M) + "\n"


def default_of(schema):
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def blocks(schema):
    out = ["# Blocks\n", "Parts of a platform in portable words, by provider. `each: name` blocks are maps, one for each key. Every block takes the",
           "[words of life](words.md) besides.\n"]
    for name in sorted(schema["definitions"]):
        if not (found := re.fullmatch(r"block\.([^.]+)\.([^.]+)", name)):
            continue
        provider, block = found.groups()
        told = [one for one in map(json.loads, llmforge("explain", block, "--json").splitlines()) if one["provider"] == provider][0]
        properties = schema["definitions"][name]["properties"]
        out += [f"## {block} ({provider})\n", told["doc"] + (" One for each key.\n" if told["keyed"] else "\n")]
        out.append(table(["input", "type", "default", ""], [
            [f"`{i['name']}`", f"`{i['type']}`", "required" if i["required"] else default_of(properties[i["name"]])
             or (re.search(r"default (`.*`)", properties[i["name"]].get("markdownDescription", "")) or ["", ""])[1], i["doc"]]
            for i in told["inputs"]]))
        given = re.search(r"^outputs:\n(.*?)(?:\n\n|\Z)", llmforge("explain", block).split(f"block of {provider}", 1)[1], re.S | re.M)
        outputs = [line.split()[0] for line in given.group(1).splitlines() if line.strip()] if given else []
        if outputs:
            out.append("Gives " + ", ".join(f"`{o}`" for o in outputs) + ".\n")
    return "\n".join(out)


def pages():
    schema = json.loads(llmforge("schema", "--json"))
    data = json.loads(llmforge("__reference"))
    types = schema["definitions"]["resource"]["properties"]["type"]["enum"]
    look_ups = schema["definitions"]["look-up"]["properties"]["type"]["enum"]
    yield "blocks.md", blocks(schema)
    yield "types.md", "# Resource types\n\n" + "\n".join(f"- [{t}](#{t.replace('.', '')})" for t in types) + "\n\n" + "\n".join(
        deeper(llmforge("explain", t)) for t in types)
    shared = set(types) & set(look_ups)
    rows = []
    for name in look_ups:
        inputs = schema["definitions"][f"data.{name}"]["properties"]
        words = [f"`{k}`: {v['description']}" for k, v in inputs.items() if "$ref" not in v]
        rows.append([f"`{name}`", schema["definitions"][f"data.{name}"]["description"] + (" (Also a resource type.)" if name in shared else ""),
                     "; ".join(words)])
    yield "look-ups.md", "# Look-ups\n\nWhat `data` can read.\n\n" + table(["type", "", "inputs"], rows)
    yield "functions.md", ("# Functions\n\nForms are `(types) result` of a call `f(x)`, and `type.(types) result` of a method `x.f(…)`; A, B, K, V stand for any "
                           "type, `…` for more of the last one.\n\n"
                           + table(["function", "forms", ""], [[f"`{f['name']}`", "<br>".join(f"`{form}`" for form in f["forms"]), f["doc"]]
                                                           for f in data["functions"]])
                           + "\n## Macros\n\nThey are syntax: their expressions may use the names that they give, and are evaluated for each.\n\n"
                           + table(["macro", "form", ""], [[f"`{m['name']}`", f"`{m['form']}`", m["doc"]] for m in data["macros"]]))
    sections = []
    for part in data["words"]:
        sections.append(f"## Of {part['title']}\n\n" + table(["key", "type", ""], [
            [f"`{w['name']}`", f"`{w['type']}`" if w["type"] else "", w["doc"] + (" Required." if w["required"] else "")
             + (" No expressions." if w["constant"] else "")] for w in part["words"]]))
    yield "words.md", "# Words\n\nThe language's own keys, by where they stand.\n\n" + "\n".join(sections)
    codes = re.findall(r'^LF_DIAGNOSTIC\((\d{4}),\s*(\w+),\s*"((?:[^"\\]|\\.)*)"', (ROOT / "src/base/diagnostics.def").read_text(), re.M)
    yield "codes.md", "# Codes\n\n`llmforge explain CODE` shows the long form.\n\n" + table(["code", "", ""], [
        [f"[LF{n}](../errors/LF{n}.md)" if (ROOT / f"docs/errors/LF{n}.md").exists() else f"LF{n}", kind, text] for n, kind, text in codes])
    yield "../reliability.md", with_table(ROOT / "docs/reliability.md", recovery_table(data["recovery"]))
    yield "commands.md", "# Commands\n\n" + commands(data["commands"], "llmforge", top=True)


WAYS = {"id": "by its id, which is known before", "mark": "by its marks in a list", "token": "by the request's token", "name": "by its name",
        "natural_key": "by what tells it from all others", "fingerprint": "by what nobody else would make"}


def recovery_table(types):
    return table(["type", "found again", "its create has a token", "seen within"], [
        [f"`{t['type']}`", "; then ".join(WAYS[w["way"]] + (f" ({', '.join(f'`{p}`' for p in w['properties'])})" if w["properties"] else "")
                                           for w in t["ways"]),
         "yes" if t["token"] else "", t["visible_within"]] for t in types])


def with_table(path, text):
    """A page of which only the part between the marks is written here."""
    head, rest = path.read_text().split("<!-- generated: recovery -->\n", 1)
    return head + "<!-- generated: recovery -->\n" + text + "<!-- generated: end -->" + rest.split("<!-- generated: end -->", 1)[1]


def commands(command, path, top=False):
    out = []
    if not top:
        arguments = " ".join(command["arguments"])
        out.append(f"## `{path}{' ' + arguments if arguments else ''}`\n\n{command['doc']}.\n")
        rows = [[", ".join(f"`{n}`" for n in o["names"]) + (f" {'|'.join(o['choices']) or o['value']}" if o["value"] else ""), o["doc"]]
                for o in command["options"] if "--help" not in o["names"]]
        if rows:
            out.append(table(["option", ""], rows))
    return "\n".join(out + [commands(sub, f"{path} {sub['name']}") for sub in command["commands"]])


def main():
    stale = []
    wanted = {name: (text if name.startswith("../") else NOTE + text.rstrip() + "\n") for name, text in pages()}
    FOLDER.mkdir(exist_ok=True)
    for name, text in wanted.items():
        path = FOLDER / name
        old = path.read_text() if path.exists() else ""
        if old == text:
            continue
        if "--update" in sys.argv:
            path.write_text(text)
            continue
        stale.append(name)
        print("".join(list(difflib.unified_diff(old.splitlines(True), text.splitlines(True), f"docs/reference/{name}", "as it would be"))[:40]))
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            stale.append(path.name)
            print(f"docs/reference/{path.name} is written by nobody")
    if stale:
        print(f"not current: {', '.join(stale)}; run tests/docs/reference.py {sys.argv[1]} --update")
    else:
        print(f"{len(wanted)} pages are current")
    return 1 if stale else 0


sys.exit(main())
