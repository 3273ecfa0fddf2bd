# SPDX-License-Identifier: Apache-2.0
"""What the descriptors do at run time, done from botocore's shapes: member names to wire names and
types on the way out, wire trees to typed members on the way in."""
import base64
import datetime
import json
from email.utils import format_datetime
from urllib.parse import quote

from botocore.utils import parse_timestamp


def wire_name(shape, member, name):
    return member.serialization.get("name", name)


class Timestamp(float):
    """Seconds since 1970; a type of its own, so that tagging sees it."""


def format_timestamp(seconds, form):
    time = datetime.datetime.fromtimestamp(float(seconds), datetime.timezone.utc)
    if form == "unixtimestamp":
        return int(seconds) if float(seconds).is_integer() else float(seconds)
    if form == "rfc822":
        return format_datetime(time.replace(microsecond=0), usegmt=True)
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{time.microsecond:06d}".rstrip("0") if time.microsecond else "") + "Z"


def seconds_of(value):
    """The cases give a timestamp as a number or as text."""
    if isinstance(value, (int, float)):
        return value
    return parse_timestamp(value).timestamp()


def scalar(shape, value, default_form):
    kind = shape.type_name
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", default_form).lower()
        seconds = seconds_of(value)
        if form == default_form:
            return {"$time": int(seconds) if float(seconds).is_integer() else seconds}
        return format_timestamp(seconds, form)
    if kind == "blob":
        return {"$bytes": base64.b64encode(value.encode() if isinstance(value, str) else value).decode()}
    if kind in ("float", "double") and value in ("NaN", "Infinity", "-Infinity"):
        return {"$double": value}
    return value


class QueryInput:
    """The query family. `lists`: "member" (query) or "" (EC2)."""

    def __init__(self, ec2):
        self.ec2 = ec2

    def name(self, shape, name):
        if not self.ec2:
            return shape.serialization.get("name", name)
        if "queryName" in shape.serialization:
            return shape.serialization["queryName"]
        own = shape.serialization.get("name", name)
        return own[:1].upper() + own[1:]

    def structure(self, shape, value):
        out = {}
        for name, member in shape.members.items():
            if name in value and value[name] is not None:
                self.member(out, self.name(member, name), member, value[name])
        return out

    def member(self, out, name, shape, value):
        if shape.type_name == "list" and self.ec2:
            out[name] = [self.value(shape.member, v) for v in value]
        elif shape.type_name == "list":
            items = [self.value(shape.member, v) for v in value]
            own = shape.member.serialization.get("name")
            if shape.serialization.get("flattened"):
                out[own or name] = {"#flat": items}
            elif own and own != "member" and items:
                out[name] = {own: {"#flat": items}}
            else:
                out[name] = items
        elif shape.type_name == "map":
            key = shape.key.serialization.get("name", "key")
            item = shape.value.serialization.get("name", "value")
            flat = bool(shape.serialization.get("flattened"))
            if (key, item) == ("key", "value"):
                entries = {k: self.value(shape.value, v) for k, v in value.items()}
                out[name] = {"#flat" if flat else "#map": entries}
            else:
                entries = {"#flat": [{key: k, item: self.value(shape.value, v)}
                                     for k, v in value.items()]}
                out[name] = entries if flat else {"entry": entries}
        else:
            out[name] = self.value(shape, value)

    def value(self, shape, value):
        if shape.type_name == "structure":
            return self.structure(shape, value)
        if shape.type_name in ("list", "map"):
            out = {}
            self.member(out, "x", shape, value)
            return out["x"]
        return scalar(shape, value, "iso8601")


class JsonInput:
    def value(self, shape, value, form="unixtimestamp"):
        if value is None or getattr(shape, "is_document_type", False):
            return value
        kind = shape.type_name
        if kind == "structure":
            return {m.serialization.get("name", n): self.value(m, value[n])
                    for n, m in shape.members.items() if value.get(n) is not None}
        if kind == "list":
            return [self.value(shape.member, v) for v in value]
        if kind == "map":
            return {k: self.value(shape.value, v) for k, v in value.items()}
        return scalar(shape, value, form)


class XmlInput:
    def attributes(self, shape):
        """Namespaces are attributes as any other."""
        space = shape.serialization.get("xmlNamespace")
        if not space:
            return {}
        if isinstance(space, str):
            space = {"uri": space}
        prefix = space.get("prefix")
        return {"@xmlns:" + prefix if prefix else "@xmlns": space["uri"]}

    def with_attributes(self, shape, value):
        extra = self.attributes(shape)
        if not extra:
            return value
        if isinstance(value, dict) and not set(value) & {"$time", "$bytes", "$double"}:
            return {**extra, **value}
        return {**extra, "#text": value}

    def structure(self, shape, value, members=None):
        out = {}
        for name, member in (members or shape.members).items():
            if value.get(name) is None:
                continue
            wire = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                out["@" + wire] = scalar(member, value[name], "iso8601")
            else:
                self.member(out, wire, member, value[name])
        return out

    def member(self, out, name, shape, value):
        if shape.type_name == "list":
            items = [self.value(shape.member, v) for v in value]
            if shape.serialization.get("flattened"):
                out[name] = items
            else:
                own = shape.member.serialization.get("name", "member")
                out[name] = self.with_attributes(shape, {own: items})
        elif shape.type_name == "map":
            key = shape.key.serialization.get("name", "key")
            item = shape.value.serialization.get("name", "value")
            entries = []
            for k, v in value.items():
                entry = {key: self.with_attributes(shape.key, k)}
                self.member(entry, item, shape.value, v)
                entries.append(entry)
            out[name] = (entries if shape.serialization.get("flattened")
                         else self.with_attributes(shape, {"entry": entries}))
        else:
            out[name] = self.value(shape, value)

    def value(self, shape, value):
        if shape.type_name == "structure":
            return self.with_attributes(shape, self.structure(shape, value))
        if shape.type_name in ("list", "map"):
            out = {}
            self.member(out, "x", shape, value)
            return out["x"]
        return self.with_attributes(shape, scalar(shape, value, "iso8601"))


def header_text(shape, value):
    kind = shape.type_name
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", "rfc822").lower()
        return str(format_timestamp(seconds_of(value), form))
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "list":
        texts = []
        for v in value:
            text = header_text(shape.member, v)
            if shape.member.type_name == "string" and ("," in text or '"' in text):
                text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
            texts.append(text)
        return ",".join(texts)
    if getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"):
        return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
    if kind == "blob":
        return base64.b64encode(value.encode()).decode()
    return str(value)


def query_text(shape, value):
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        form = shape.serialization.get("timestampFormat", "iso8601").lower()
        return str(format_timestamp(seconds_of(value), form))
    return str(value)


def escape(text, keep_slash=False):
    return quote(text, safe="-._~/" if keep_slash else "-._~")


# ---- answers -------------------------------------------------------------------------------------

def as_list(node):
    if node is None or (isinstance(node, str) and not node.strip()) or node == {}:
        return []
    return node if isinstance(node, list) else [node]


def text_of(node):
    if isinstance(node, dict):
        return node.get("#text", "")
    return node


def typed(shape, text):
    """A scalar from XML's or a header's text."""
    kind = shape.type_name
    text = text_of(text)
    if kind in ("integer", "long"):
        return int(text)
    if kind in ("float", "double"):
        return text if text in ("NaN", "Infinity", "-Infinity") else float(text)
    if kind == "boolean":
        return text in (True, "true")
    if kind == "blob":
        return base64.b64decode(text).decode()
    if kind == "timestamp":
        return parse_timestamp(text).timestamp()
    return text


class XmlOutput:
    """From a decoded tree to members. EC2 and query and REST-XML alike."""

    def __init__(self, ec2=False):
        self.ec2 = ec2

    def structure(self, shape, node, members=None):
        node = node if isinstance(node, dict) else {}
        out = {}
        if getattr(shape, "is_tagged_union", False):
            known = {m.serialization.get("name", n) for n, m in shape.members.items()}
            if node and not set(node) & known:
                return {"SDK_UNKNOWN_MEMBER": {"name": next(iter(node))}}
        for name, member in (members or shape.members).items():
            if member.serialization.get("location") not in (None, "uri"):
                continue
            if member.serialization.get("xmlAttribute"):
                wire = "@" + member.serialization.get("name", name)
            else:
                wire = member.serialization.get("name", name)
                if member.type_name == "list" and member.serialization.get("flattened"):
                    wire = member.member.serialization.get("name", wire)
                    if wire not in node:
                        wire = member.serialization.get("name", name)
            if wire in node:
                out[name] = self.value(member, node[wire])
        return out

    def value(self, shape, node):
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, node)
        if kind == "list":
            if isinstance(node, dict) and not shape.serialization.get("flattened"):
                own = shape.member.serialization.get("name", "member")
                if own in node:
                    node = node[own]
                elif shape.member.type_name == "structure" and len(node) == 1:
                    node = next(iter(node.values()))
            return [self.value(shape.member, n) for n in as_list(node)]
        if kind == "map":
            return self.map(shape, node)
        return typed(shape, node)

    def map(self, shape, node):
        key = shape.key.serialization.get("name", "key")
        item = shape.value.serialization.get("name", "value")
        if isinstance(node, dict) and "entry" in node:
            node = node["entry"]
        if isinstance(node, dict) and key in node and (item in node or len(node) == 1):
            node = [node]
        if isinstance(node, dict):  # the reader made it a map already
            return {k: self.value(shape.value, v) for k, v in node.items()}
        return {text_of(n[key]): self.value(shape.value, n.get(item, "")) for n in as_list(node)}


class JsonOutput:
    def value(self, shape, node):
        if getattr(shape, "is_document_type", False) or node is None:
            return node
        kind = shape.type_name
        if kind == "structure":
            if getattr(shape, "is_tagged_union", False):
                node = {k: v for k, v in node.items() if v is not None and k != "__type"}
                known = {m.serialization.get("name", n) for n, m in shape.members.items()}
                if node and not set(node) & known:
                    return {"SDK_UNKNOWN_MEMBER": {"name": next(iter(node))}}
            out = {}
            for name, member in shape.members.items():
                wire = member.serialization.get("name", name)
                if member.serialization.get("location"):
                    continue
                if node.get(wire) is not None:
                    out[name] = self.value(member, node[wire])
            return out
        if kind == "list":
            return [self.value(shape.member, n) for n in node]
        if kind == "map":
            return {k: self.value(shape.value, v) for k, v in node.items()}
        if kind == "blob":
            return base64.b64decode(node).decode()
        if kind == "timestamp":
            return parse_timestamp(node).timestamp()
        if kind in ("float", "double") and isinstance(node, str):
            return node
        return node
