# SPDX-License-Identifier: Apache-2.0
"""Whether a property fits a shape of the model: its type, its values, its fields."""
import re

from model import split

WORDS = {"string", "cidr", "ip", "email", "ref"}
TEXT = {"string", "character", "timestamp"}
NUMBERS = {"integer", "long"}
KIND_TYPES = {
    "bool": {"boolean"}, "int": NUMBERS, "float": {"float", "double"} | NUMBERS,
    "duration": NUMBERS, "size": NUMBERS, "enum": {"string"}, "timestamp": {"timestamp"}, "bytes": {"blob"},
}
# Enums longer than this are catalogues (machine types), which the package keeps apart.
CATALOGUE = 200


class Report:
    def __init__(self):
        self.checked = 0
        self.mismatches = []

    def expect(self, truth, place, message):
        self.checked += 1
        if not truth:
            self.mismatches.append(f"{place}: {message}")
        return bool(truth)


def element_type(notation):
    match = re.fullmatch(r"(list|map|secret)<(.+)>", notation)
    return (match.group(1), match.group(2)) if match else (None, notation)


def base_of(notation):
    return "ref" if notation.startswith("ref<") else notation


def lowered(name, service, answer):
    if answer and service.protocol == "ec2":
        return name[0].lower() + name[1:]
    return name


class Fit:
    def __init__(self, service, report):
        self.service = service
        self.report = report

    def property(self, prop, name, shape, answer, place):
        """Checks one property against the shape at its path."""
        if shape.type_name == "document":
            return
        notation = str(prop["type"])
        if notation.startswith("secret<"):
            notation = notation[7:-1]
        outer, inner = element_type(notation)
        documented = prop.get("format") == "json" or (answer and prop.get("read_transform") in ("json", "url_json"))
        if documented or notation == "any":
            self.kind(shape, {"string", "blob"} if documented else None, name, place)
            return
        if outer == "list" and prop.get("format") == "comma":
            self.kind(shape, {"string"}, name, place)
        elif outer == "list":
            self.list(prop, name, inner, shape, answer, place)
        elif outer == "map":
            self.map(prop, name, inner, shape, answer, place)
        elif notation == "object":
            if self.kind(shape, {"structure", "map"}, name, place):
                self.fields(prop, name, shape, answer)
        else:
            self.scalar(prop, name, notation, shape, answer, place)

    def kind(self, shape, wanted, name, place):
        return self.report.expect(
            wanted is None or shape.type_name in wanted, place,
            f"`{name}`: the model has {shape.type_name} {shape.name}, not {'/'.join(sorted(wanted or []))}")

    def scalar(self, prop, name, notation, shape, answer, place):
        base = base_of(notation)
        if answer and notation == "bytes" and prop.get("compare") == "digest":
            self.kind(shape, {"string"}, name, place)  # the digest in the content's place
            return
        if notation == "money" and "amount" in prop:
            self.money(prop, name, shape, answer, place)
            return
        if base == "bool" and answer and set(getattr(shape, "enum", None) or ()) == {"ENABLED", "DISABLED"}:
            return  # told as a state
        if prop.get("format") == "present":
            self.kind(shape, {"structure"}, name, place)
            return
        if prop.get("format") == "string" or (base in WORDS and prop.get("format") != "base64"):
            wanted = TEXT
        elif prop.get("format") == "base64":
            wanted = {"string", "blob"}
        else:
            wanted = KIND_TYPES.get(base)
        if wanted is None:
            self.report.expect(False, place, f"`{name}`: type `{notation}` is not known here")
            return
        if not self.kind(shape, wanted, name, place):
            return
        values = list(getattr(shape, "enum", None) or [])
        if base == "enum" and values and not answer:
            ours = [str(v) for v in prop["values"]]
            missing = [v for v in values if v not in ours]
            extra = [v for v in ours if v not in values]
            self.report.checked += len(ours)
            self.report.expect(not missing and not extra, place,
                               f"`{name}`: values differ from {shape.name}:"
                               f" missing {missing}, extra {extra}")
        elif values and not answer and base == "string" and len(values) <= CATALOGUE:
            self.report.expect(False, place, f"`{name}` is an enum in the model: {values}")
        default = prop.get("absent")
        if not answer and isinstance(default, dict) and wanted & NUMBERS and base == "int":
            self.range(shape, default["default"], name, place)

    def money(self, prop, name, shape, answer, place):
        if not self.kind(shape, {"structure"}, name, place):
            return
        for part in prop["amount"]:
            found, why = self.service.step(shape, str(part), answer)
            if self.report.expect(found is not None, place, f"`{name}`: amount: {why}"):
                self.kind(found, {"string"}, name, place)

    def range(self, shape, value, name, place):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if isinstance(value, int) and shape.type_name in NUMBERS and low is not None and high is not None:
            self.report.expect(low <= value <= high, place,
                               f"`{name}`: {value} is not in {low}..{high} of {shape.name}")

    def bare(self, shape, name, place):
        """Whether the list's elements stand at the path itself, not one name deeper."""
        deeper = shape.type_name == "list" and not self.service.hides_element(shape)
        return self.report.expect(not deeper, place, f"`{name}`: the elements of {shape.name} are one step deeper: "
                                  f"`{self.service.element_name(shape) if deeper else ''}`")

    def list(self, prop, name, inner, shape, answer, place):
        if shape.type_name == "elements" or shape.type_name == "list":
            if not self.bare(shape, name, place):
                return
            member = shape.member
        elif answer and self.service.protocol == "rest-xml" and shape.type_name == "structure":
            member = shape
        else:
            self.kind(shape, {"list"}, name, place)
            return
        self.report.checked += 1
        if "item" in prop:
            member, why = self.service.step(member, lowered(str(prop["item"]), self.service, answer), answer)
            if not self.report.expect(member is not None, place, f"`{name}`: item: {why}"):
                return
        if inner == "object":
            if self.kind(member, {"structure"}, name, place):
                self.fields(prop, name, member, answer)
            return
        self.scalar(prop, name, inner, member, answer, place)

    def map(self, prop, name, inner, shape, answer, place):
        if "pairs" not in prop:
            if self.kind(shape, {"map"}, name, place):
                of_values = {key: prop[key] for key in ("amount",) if key in prop}
                self.property({"type": inner, **of_values}, name, shape.value, answer, place)
            return
        if not self.kind(shape, {"list", "elements"}, name, place) or not self.bare(shape, name, place):
            return
        members = self.service.members(shape.member, answer)
        names = [lowered(str(n), self.service, answer) for n in prop["pairs"]]
        for part in names:
            self.report.expect(part in members, place,
                               f"`{name}`: pairs: no member `{part}` in {shape.member.name}")
        if names[1] in members:
            self.scalar({}, name, inner, members[names[1]][1], answer, place)

    def fields(self, prop, name, shape, answer):
        """The fields of an object or of a list's elements against one structure."""
        fields = prop.get("fields")
        if fields is None:
            return
        given = set()
        for field, body in fields.items():
            path = read_path(body, self.service) if answer else body.get("wire")
            if path is None:
                continue
            place = fields.at(field)
            for option in [path, *body.get("read_or" if answer else "wire_or", [])]:
                given.add(split(option)[0])
                found, why = self.service.walk(shape, option, answer)
                if self.report.expect(found is not None, place, f"`{name}.{field}`: {option}: {why}"):
                    self.property(body, f"{name}.{field}", found, answer, place)
        if not answer and shape.type_name == "structure":
            for member in shape.required_members:
                wire = self.service.wire_name(member, shape.members[member], False)
                self.report.expect(wire in given, fields.own,
                                   f"`{name}`: {shape.name} requires `{wire}`, which no field gives")


def read_path(prop, service):
    """Where a property is read; None: nowhere."""
    if "read" in prop:
        return prop["read"]
    if prop.get("write_only") or prop.get("local") or "wire" not in prop:
        return None
    steps = split(prop["wire"])
    return ".".join(lowered(step, service, True) for step in steps)
