# SPDX-License-Identifier: Apache-2.0
"""An independent reading of a package's files: YAML 1.2's core schema with places, traits merged.

Written from docs/descriptors.md alone, not from the loader in src/provider, so that a slip of one
reading shows as a difference to the other. Maps are `Map`s: dicts that know the file and line of
each key.
"""
import pathlib
import re

import yaml


class Map(dict):
    """A dict in file order; `place[key]` is "file:line" of the key's value."""

    def __init__(self, place="?"):
        super().__init__()
        self.own = place
        self.place = {}

    def at(self, key):
        return self.place.get(key, self.own)


class CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2's core schema: `on`, `no` and `1:30` are strings."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
        ("tag:yaml.org,2002:bool", r"^(?:true|false)$", ["t", "f"]),
        ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", list("-+0123456789")),
        ("tag:yaml.org,2002:float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$",
         list("-+.0123456789")),
        ("tag:yaml.org,2002:merge", r"^<<$", ["<"])]:
    CoreLoader.add_implicit_resolver(tag, re.compile(pattern), first)


def build(loader, node, name, relative):
    place = f"{relative}:{node.start_mark.line + 1}"
    if isinstance(node, yaml.MappingNode):
        out = Map(place)
        merged = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged.append(build(loader, value_node, name, relative))
                continue
            key = str(key_node.value)
            if key in out:
                raise ValueError(f"{relative}:{key_node.start_mark.line + 1}: `{key}` twice")
            out[key] = build(loader, value_node, name, relative)
            out.place[key] = f"{relative}:{key_node.start_mark.line + 1}"
        for below in merged:
            for key, value in below.items():
                if key not in out:
                    out[key] = value
                    out.place[key] = below.at(key)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [build(loader, item, name, relative) for item in node.value]
    return loader.construct_object(node)


def read_file(path, root):
    relative = path.relative_to(root).as_posix()
    loader = CoreLoader(path.read_text(encoding="utf-8"))
    try:
        return build(loader, loader.get_single_node(), path.name, relative)
    finally:
        loader.dispose()


def with_parameters(value, parameters):
    """A trait's piece with each `${param.x}` replaced, in keys too."""
    def text(word):
        return re.sub(r"\$\{param\.(\w+)\}", lambda m: str(parameters[m.group(1)]), word)
    if isinstance(value, Map):
        out = Map(value.own)
        for key, member in value.items():
            out[text(key)] = with_parameters(member, parameters)
            out.place[text(key)] = value.at(key)
        return out
    if isinstance(value, list):
        return [with_parameters(item, parameters) for item in value]
    return text(value) if isinstance(value, str) else value


def merge_beneath(over, under):
    """Deep: what `over` says stays, maps merge."""
    for key, value in under.items():
        if key not in over:
            over[key] = value
            over.place[key] = under.at(key)
        elif isinstance(over[key], Map) and isinstance(value, Map):
            merge_beneath(over[key], value)
    return over


class Package:
    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        top = self.root.parent.parent if self.root.parent.name == "providers" else self.root.parent
        self.services = read_file(self.root / "services.yaml", top)
        self.traits = read_file(self.root / "traits.yaml", top)
        self.identity = read_file(self.root / "package.yaml", top)["identity"]
        self.resources = [self.resource(read_file(path, top))
                          for path in sorted((self.root / "resources").glob("*/*.yaml"))]
        self.data = [read_file(path, top) for path in sorted((self.root / "data").glob("*.yaml"))]

    def resource(self, file):
        for use in file.get("traits", []):
            for name, parameters in use.items():
                merge_beneath(file, with_parameters(self.traits[name], parameters or {}))
        return file
