# SPDX-License-Identifier: Apache-2.0
"""botocore's models, seen by the names that stand on the wire."""
import json
import pathlib

import botocore
import botocore.session

PROTOCOLS = {"ec2query": "ec2", "query": "query", "json": "json", "rest_json": "rest-json",
             "rest_xml": "rest-xml"}


class Service:
    def __init__(self, session, name, protocol):
        self.name = name
        self.protocol = PROTOCOLS[protocol]
        self.model = session.get_service_model(name)
        self.metadata = self.model.metadata
        folder = pathlib.Path(botocore.__file__).parent / "data" / name
        version = folder / sorted(path.name for path in folder.iterdir())[-1]
        self.paginators = self.extra(version, "paginators-1", "pagination")
        self.waiters = self.extra(version, "waiters-2", "waiters")
        self.errors = set()
        for shape_name in self.model.shape_names:
            shape = self.model.shape_for(shape_name)
            if shape.type_name == "structure" and shape.metadata.get("exception"):
                self.errors.add(shape_name)
                code = shape.metadata.get("error", {}).get("code")
                if code:
                    self.errors.add(code)

    def extra(self, folder, stem, key):
        for suffix in (".json", ".json.gz"):
            path = folder / (stem + suffix)
            if path.exists():
                if suffix.endswith("gz"):
                    import gzip
                    return json.loads(gzip.decompress(path.read_bytes()))[key]
                return json.loads(path.read_text())[key]
        return {}

    def operation(self, action):
        if action not in self.model.operation_names:
            return None
        return self.model.operation_model(action)

    def wire_name(self, member_name, shape, answer):
        """How a structure's member is written in a request or an answer."""
        serialization = shape.serialization
        if self.protocol == "ec2" and not answer:
            if "queryName" in serialization:
                return serialization["queryName"]
            name = serialization.get("name", member_name)
            return name[0].upper() + name[1:] if "name" in serialization else member_name
        return serialization.get("name", member_name)

    def members(self, shape, answer, location=None):
        """Wire name -> (member name, shape). REST: only what stands in the body."""
        out = {}
        for name, member in shape.members.items():
            at = member.serialization.get("location")
            if location is None and at in ("uri", "querystring", "header", "headers", "statusCode"):
                continue
            if location is not None and at != location:
                continue
            out[self.wire_name(name, member, answer)] = (name, member)
        return out

    def hides_element(self, shape):
        """Whether a list's element name does not show in paths (`item`, `member`, JSON)."""
        if self.protocol in ("json", "rest-json", "ec2") or shape.serialization.get("flattened"):
            return True
        if self.protocol == "query":
            return shape.member.serialization.get("name", "member") in ("member", "item")
        return False

    def element_name(self, shape):
        return shape.member.serialization.get("name", "member")

    def step(self, shape, step, answer):
        """One step of a path: (shape, None) or (None, why not)."""
        kind = shape.type_name
        if kind == "document":
            return shape, None
        if step == "#json":
            return (Document(), None) if kind in ("string", "blob") else (None, f"{shape.name} is a {kind}, no text")
        if step == "#map":
            ours = kind == "map" and self.protocol == "query"
            return (shape, None) if ours else (None, f"{shape.name} is no map of the query protocol")
        if kind == "list":
            if not self.hides_element(shape):
                if step == self.element_name(shape):
                    return Elements(shape), None
                return None, f"the list's elements are `{self.element_name(shape)}`"
            if step.isdigit() or step == "*":
                return shape.member, None
            if step == "[]":
                return shape, None
            if self.protocol == "rest-xml":  # one element under its own name
                return self.step(shape.member, step, answer)
            return None, "it is a list"
        if kind == "elements":
            if step.isdigit() or step == "*":
                return shape.member, None
            if step == "[]":
                return shape, None
            return self.step(shape.member, step, answer)
        if kind == "map":
            keys = getattr(shape.key, "enum", None)
            if keys and step not in keys:
                return None, f"no key `{step}` among {len(keys)}"
            return shape.value, None
        if kind == "structure":
            members = self.members(shape, answer)
            if step in members:
                return members[step][1], None
            return None, f"no member `{step}` in {shape.name}"
        return None, f"{shape.name} is a {kind}"

    def walk(self, shape, path, answer):
        steps = split(path)
        for step in steps:
            shape, why = self.step(shape, step, answer)
            if shape is None:
                return None, why
        if "*" in steps and shape.type_name not in ("list", "elements"):
            shape = Joined(shape)
        return shape, None

    def body(self, shape, answer):
        """The structure whose members are the body."""
        payload = shape.serialization.get("payload") if shape is not None else None
        return shape.members[payload] if payload else shape


class Document:
    """What a text holds as JSON: the models say nothing of it."""
    type_name, name, metadata, serialization = "document", "document", {}, {}


class Both:
    """Two structures as one."""
    type_name, metadata, serialization, required_members = "structure", {}, {}, []

    def __init__(self, first, second):
        self.members = {**first.members, **second.members}
        self.name = f"{first.name} and {second.name}"


class Joined:
    """What `*` collects."""
    type_name = "list"
    metadata = {}
    serialization = {"flattened": True}

    def __init__(self, member):
        self.member = member
        self.name = "list of " + member.name


class Elements:
    """A list of XML elements seen from its element's name."""
    type_name = "elements"

    def __init__(self, shape):
        self.member = shape.member
        self.name = shape.name
        self.metadata = shape.metadata
        self.serialization = shape.serialization


def split(path):
    steps = []
    for step in str(path).split("."):
        if step.endswith("[]") and step != "[]":
            steps += [step[:-2], "[]"]
        elif step:
            steps.append(step)
    return steps


class Models:
    def __init__(self):
        self.session = botocore.session.get_session()
        self.version = botocore.__version__
        self.known = {}

    def service(self, name, protocol):
        key = (name, protocol)
        if key not in self.known:
            self.known[key] = Service(self.session, name, protocol)
        return self.known[key]
