# SPDX-License-Identifier: Apache-2.0
"""YAML as llmforge reads it (1.2, core schema, merge keys), for validators that take data."""
import re

import yaml


class Loader(yaml.SafeLoader):
    """PyYAML with the core schema's scalars: `no` and `1:30` are texts, dates too."""
    yaml_implicit_resolvers = {}


for tag, pattern, first in (
        ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
        ("float", r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
         "-+0123456789."),
        ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("merge", r"^(<<)$", "<")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def whole_number(loader, node):
    text = node.value
    return int(text, 8) if text.startswith("0o") else int(text, 16) if text.startswith("0x") else int(text)


def text_keys(loader, node):
    loader.flatten_mapping(node)
    out = {}
    for key, value in node.value:
        name = loader.construct_object(key, deep=True)
        out[key.value if isinstance(key, yaml.ScalarNode) else str(name)] = loader.construct_object(value, deep=True)
    return out


Loader.add_constructor("tag:yaml.org,2002:int", whole_number)
Loader.add_constructor("tag:yaml.org,2002:map", text_keys)


def load(text):
    return yaml.load(text, Loader=Loader)
