#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`llmforge schema` against what it describes. Two independent validators, jsonschema and Ajv in
strict mode, read the schema and must agree on every text here; and `llmforge validate` judges the
same texts: what it accepts, the schema accepts, but for DIFFERENCES.

  schema_test.py LLMFORGE NODE_MODULES"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

import documents

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LLMFORGE, NODE_MODULES = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
problems = []

# What `validate` accepts and the schema refuses, as a pattern over the case, each with its reason.
DIFFERENCES = {
    r'"region": 3': "a plain scalar where a name is wanted is taken as its text",
}
met = set()


def llmforge(*arguments, cwd=None):
    return subprocess.run([LLMFORGE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def named_difference(case):
    found = [pattern for pattern in DIFFERENCES if re.search(pattern, case)]
    met.update(found)
    return bool(found)


def schema(*options):
    done = llmforge("schema", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def wrong(text):
    problems.append(text)
    print("WRONG:", text)


def accepted(path, environment=None):
    return llmforge("validate", path, *(["--env", environment] if environment else [])).returncode == 0


class Judges:
    """Both validators on one schema."""

    def __init__(self, of):
        jsonschema.Draft7Validator.check_schema(of)
        self.schema, self.validator = of, jsonschema.Draft7Validator(of)
        # A definition by itself, with those that it refers to.
        self.parts = {}

    def part(self, definition):
        if definition not in self.parts:
            of = {"$ref": f"#/definitions/{definition}", "definitions": self.schema["definitions"]}
            self.parts[definition] = jsonschema.Draft7Validator(of)
        return self.parts[definition]

    def places(self, document):
        """The innermost places that jsonschema refuses, as JSON pointers."""
        out = set()
        for error in self.validator.iter_errors(document):
            inner = [error]
            while inner:
                one = inner.pop()
                if one.context:
                    inner += one.context
                out.add("".join(f"/{part}" for part in one.absolute_path))
        return out

    def both(self, named):
        """{name: refused places} of both, which must agree on whether there are any."""
        names = list(named)
        done = subprocess.run(["node", HERE / "ajv.cjs", NODE_MODULES], capture_output=True, text=True, timeout=300,
                              input=json.dumps({"schema": self.schema, "documents": [named[n] for n in names]}))
        assert done.returncode == 0, done.stderr
        out = {}
        for name, ajv in zip(names, json.loads(done.stdout)):
            places = self.places(named[name])
            if (ajv is None) != (not places):
                wrong(f"{name}: Ajv says {ajv}, jsonschema {sorted(places)}")
            out[name] = places | set(ajv or [])
        return out


def check_specs(judges):
    """The specs and examples, and all that golden tests of diagnostics hold."""
    good = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("examples/*.yaml"), *HERE.glob("accepted/*.yaml")])
    found = judges.both({str(path): documents.load(path.read_text()) for path in good})
    for path, places in found.items():
        if places:
            wrong(f"{path} is refused at {sorted(places)}")
        if not accepted(path):
            wrong(f"{path}: validate refuses it")
    print(f"{len(good)} good specs are accepted")
    named = {}
    for path in sorted(ROOT.glob("tests/golden/diagnostics/*/spec.yaml")):
        if "aliases" in path.parent.name:  # a bomb, for readers without limits
            continue
        try:
            document = documents.load(path.read_text())
        except (yaml.YAMLError, ValueError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(document, dict):
            named[str(path)] = document
    both = {True: 0, False: 0}
    for path, places in judges.both(named).items():
        if places and accepted(path) and not named_difference(path):
            wrong(f"{path}: validate accepts it, the schema refuses {sorted(places)}")
        both[bool(places)] += 1
    print(f"{len(named)} specs of the golden tests: {both[True]} are refused by the schema too")


def laid_over(base, over):
    return {**base, **over}


def check_wrong(judges, folder):
    table = yaml.load((HERE / "wrong.yaml").read_text(), Loader=documents.Loader)
    named = {f"wrong {i}: {json.dumps(one['spec'])}": laid_over(table["base"], one["spec"])
             for i, one in enumerate(table["wrong"])}
    found = judges.both(named)
    for (name, places), one in zip(found.items(), table["wrong"]):
        if one["at"] not in places:
            wrong(f"{name} is not refused at `{one['at']}`, but at {sorted(places)}")
        path = folder / "wrong.yaml"
        path.write_text(yaml.dump(named[name], sort_keys=False))
        environments = list(named[name].get("environments") or [])
        if (accepted(path) and not any(not accepted(path, env) for env in environments)
                and not named_difference(name)):
            wrong(f"{name}: validate accepts it")
    print(f"{len(named)} wrong specs are refused where they are wrong")


VALUES = ["true", "text", '"no"', "0", "1", "-1", "7", "1.5", "90d", "1h30m", "-5m", "1w", "200GiB", "1.5 GB", "5XB",
          "200 USD", "0.5 EUR", "10.0.0.0/16", "10.0.0.1", "10.0.0.1/16", '"::/0"', '"fe80::1"', "a@b.org", "a@b",
          "2026-01-31T12:00:00Z", "2026-01-31", "null", "[]", "[a]", "[1]", "[null]", "[{a: b}]", "{}", "{a: b}",
          "{a: 1}", "{a: null}", "{a: {b: c}}", '"${1}"', '"${[\'a\']}"', '"$${x}"', '""']


def survivors(header, lines, folder):
    """Those of `lines` with which the spec is valid: what is reported goes, until nothing is."""
    path = folder / "survivors.yaml"
    while lines:
        path.write_text("\n".join([*header, *lines]) + "\n")
        done = llmforge("validate", path, "--json")
        if done.returncode == 0:
            return lines
        bad = {one["line"] - len(header) - 1 for one in map(json.loads, done.stderr.splitlines()) if "line" in one}
        keep = [line for i, line in enumerate(lines) if i not in bad]
        if len(keep) == len(lines):  # reported elsewhere: in the block that the line uses
            half = len(lines) // 2
            if not half:
                return []
            return survivors(header, lines[:half], folder) + survivors(header, lines[half:], folder)
        lines = keep
    return lines


def compare(judges, header, lines, definition, folder, what):
    """`lines`: `  KEY: YAML` each, judged by `definition`."""
    header = [*header]
    good = set(survivors(header, lines, folder))
    refused = 0
    for line in lines:
        value = next(iter(documents.load(line).values()))
        errors = list(judges.part(definition(value)).iter_errors(value))
        if errors and line in good and not named_difference(line):
            wrong(f"{what}: validate accepts `{line.strip()}`, the schema says {errors[0].message[:200]}")
        refused += bool(errors)
    return len(lines), len(good), refused


def check_values(judges, folder):
    """Every property of every type, and every input of keyed blocks, with every kind of value."""
    head = ["llmforge: 1", "stack: lab", "provider: aws", "region: us-west-2"]
    whole = documents.load((HERE / "accepted/types.yaml").read_text())
    total = [0, 0, 0]

    def add(counts):
        for i, count in enumerate(counts):
            total[i] += count

    types = {one["type"]: one for one in whole["resources"].values()}
    known = set(judges.schema["definitions"]["resource"]["properties"]["type"]["enum"])
    if known - set(types):
        wrong(f"accepted/types.yaml lacks {sorted(known - set(types))}")
    base = {key: json.dumps(one) for key, one in whole["resources"].items() if key in ("vpc", "subnet", "gateway", "key")}
    others = ["resources:", *(f"  {key}: {one}" for key, one in base.items())]
    words = set(judges.schema["definitions"]["resource"]["properties"]) - {"type"}
    for name, good in types.items():
        if name not in known:
            continue
        properties = judges.schema["definitions"][name]["properties"]
        values = VALUES + [json.dumps(v) for p in properties.values() for v in enum_of(p)[:1]]
        lines, count = [], 0
        for key in properties:
            if key in ("type", "for_each", "provider", "alternatives", "moved_from", "adopt", "run"):
                continue
            if key in words and name != "aws.sqs.queue":  # once is enough
                continue
            rest = {k: v for k, v in good.items() if k not in (key, "for_each", "when", "moved_from") and "each" not in json.dumps(v)}
            for value in values:
                count += 1
                inside = "".join(f", {k}: {json.dumps(v)}" for k, v in rest.items() if k != "type")
                lines.append(f"  r{count}: {{type: {name}, {key}: {value}{inside}}}")
        add(compare(judges, head + others, lines, lambda _: name, folder, name))
    for block, body in {"buckets": "", "registries": "", "access": ""}.items():
        lines = []
        properties = judges.schema["definitions"][f"block.aws.{block}"]["properties"]
        for key in properties:
            if key in ("for_each", "provider", "moved_from", "timeouts"):
                continue
            lines += [f"  r{len(lines) + i}: {{{key}: {value}}}" for i, value in enumerate(VALUES)]
        add(compare(judges, [*head, f"{block}:"], lines, lambda _: f"block.aws.{block}", folder, block))
    lines = []
    for kind in ("string", "bool", "int", "float", "cidr", "ip", "duration", "size", "money", "email", "any",
                 "list<string>", "map<string>", "list<duration>", "map<size>", "secret<string>", "timestamp"):
        lines += [f"  v{len(lines) + i}: {{type: {kind}, default: {value}}}" for i, value in enumerate(VALUES)]
    add(compare(judges, [*head, "variables:"], lines, lambda _: "variable", folder, "variables"))
    print(f"{total[0]} values: validate accepts {total[1]}, and so does the schema; the schema refuses {total[2]}")


def enum_of(property_schema):
    return next((one["enum"] for one in property_schema.get("anyOf", []) if "enum" in one), [])


def check_forms(folder):
    """Modules' files, files of a folder, a chosen provider, packages of one's own."""
    module = Judges(schema("--module"))
    good = {"inputs": {"size": {"type": "size", "default": "${quantity('1GiB')}"}},
            "resources": {"queue": {"type": "aws.sqs.queue", "name": "${name}"}},
            "outputs": {"id": "${resources.queue.id}"}}
    found = module.both({"module": good, "variables": {"variables": {}}, "stack": {"stack": "a"}})
    if found["module"] or "" not in found["variables"] or "" not in found["stack"]:
        wrong(f"the module's schema: {found}")
    part = Judges(schema("--part"))
    found = part.both({"part": {"buckets": {"a": {}}}, "typo": {"bucket": {}}})
    if found["part"] or "" not in found["typo"]:
        wrong(f"a part's schema: {found}")
    if schema("--provider", "aws") != schema():
        wrong("--provider aws leaves something out")
    done = llmforge("schema", "--provider", "asw")
    if done.returncode != 3 or "did you mean `aws`" not in done.stderr:
        wrong(f"--provider asw: {done.returncode} {done.stderr}")
    ejected = folder / "ejected"
    ejected.mkdir()
    (ejected / "llmforge.yaml").write_text("llmforge: 1\nstack: a\nprovider: aws\nregion: us-west-2\n")
    assert llmforge("eject", "network", cwd=ejected).returncode == 0
    copy = ejected / "blocks/network.yaml"
    copy.write_text(copy.read_text().replace("inputs:\n", "inputs:\n  mine: {type: bool, default: false, doc: Mine.}\n", 1))
    done = llmforge("schema", cwd=ejected)
    if "mine" not in json.loads(done.stdout)["definitions"]["block.aws.network"]["properties"]:
        wrong("an ejected block is not the editor's")
    print("modules, parts, providers and ejected blocks have their forms")


def check_two_providers(folder):
    """A second package, from disk: each spec has the blocks of its own provider."""
    package = folder / "packages/toy"
    (package / "blocks").mkdir(parents=True)
    (package / "package.yaml").write_text("package: toy\nversion: 1\ncredentials: aws\nsigning: sigv4\n")
    (package / "blocks/network.yaml").write_text(
        "block: network\ndoc: A toy network.\neach: none\ninputs:\n  length: {type: int, required: true, doc: How long.}\n")
    (package / "blocks/toys.yaml").write_text("block: toys\ndoc: Toys.\neach: name\ninputs:\n  wood: {type: bool, default: true, doc: Wood.}\n")
    judges = Judges(schema("--provider-dir", str(folder / "packages")))
    cases = {
        "own block": ({"stack": "a", "provider": "toy", "network": {"length": 3}, "toys": {"a": {}}}, None),
        "the other's input": ({"stack": "a", "provider": "toy", "network": {"cidr": "10.0.0.0/16"}}, "/network"),
        "the other's block": ({"stack": "a", "provider": "toy", "buckets": {}}, ""),
        "aws": ({"stack": "a", "provider": "aws", "network": {"cidr": "10.0.0.0/16"}}, None),
        "named": ({"stack": "a", "provider": "west", "providers": {"west": {"kind": "aws"}}, "network": {"cidr": "10.0.0.0/16"},
                   "toys": {"a": {"wood": False}}}, None),
        "overlay": ({"stack": "a", "provider": "aws", "environments": {"toy": {"provider": "toy", "network": {"length": 4}}}}, None),
        "overlay of the same": ({"stack": "a", "provider": "aws", "environments": {"b": {"network": {"length": 4}}}},
                                "/environments/b/network"),
    }
    for (name, places), (_, at) in zip(judges.both({n: d for n, (d, _) in cases.items()}).items(), cases.values()):
        if (at is None) != (not places) or (at is not None and at not in places):
            wrong(f"two providers, {name}: {sorted(places)}")
    print("two providers: each spec by its own")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        judges = Judges(schema())
        check_specs(judges)
        check_wrong(judges, folder)
        check_forms(folder)
        check_two_providers(folder)
        check_values(judges, folder)
    for pattern in DIFFERENCES:
        if pattern not in met:
            wrong(f"no longer a difference: {pattern}")
    print(f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
