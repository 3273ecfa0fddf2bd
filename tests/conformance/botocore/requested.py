# SPDX-License-Identifier: Apache-2.0
"""Calls against the model: that each exists, and that what it sends is what the model takes."""
import html
import re

from descriptors import Map
from fit import TEXT, NUMBERS, split

PLAIN = re.compile(r"^\$\{(self|prior|element|observed)\.(\w+)\}$")
# 'Key': of a CEL map inside an expression
CEL_KEY = re.compile(r"'([A-Za-z][\w:-]*)'\s*:")


class Requests:
    def __init__(self, service, fit, report, codes, properties, marks):
        self.service, self.fit, self.report, self.codes = service, fit, report, codes
        self.properties, self.marks = properties, marks

    def call(self, call, place, sent=None, element=None):
        """`sent`: property name -> property that the call sends by itself. Returns the operation."""
        action = call.get("action")
        operation = self.service.operation(str(action))
        if not self.report.expect(operation is not None, call.at("action"),
                                  f"{self.service.name} has no operation `{action}`"):
            return None
        shape = operation.input_shape
        given = self.http(call, operation) if self.service.protocol.startswith("rest") else set()
        body = self.service.body(shape, False) if shape is not None else None
        send = call.get("send") or Map(call.own)
        for name, prop in (sent or {}).items():
            self.sent_property(call, name, prop, body, send, given, element, place)
        if "payload" in call:
            self.payload(call, operation, given)
        elif send:
            if self.report.expect(body is not None, call.at("send"), f"{action} takes no input"):
                self.tree(send, body, call.at("send"), element, top=given)
        if "token" in call:
            found, why = self.service.walk(body, call["token"], False)
            # Older operations say it in words only (CreateVpcEndpoint, CreateFlowLogs).
            self.report.expect(found is not None and (found.metadata.get("idempotencyToken") or
                                                      "idempotency of the request" in found.documentation),
                               call.at("token"), f"{action}: `{call['token']}`: {why or 'no idempotency token'}")
        self.required(call, operation, body, given)
        self.checksum(call, operation)
        for key, path in (call.get("fails") or {}).items():
            found, why = self.service.walk(operation.output_shape, path, True)
            self.report.expect(found is not None, call["fails"].at(key), f"fails: {key}: {why}")
        for key in ("absent_on", "retry_on"):
            for code in call.get(key, []):
                self.known_code(str(code), call.at(key))
        return operation

    def sent_property(self, call, name, prop, body, send, given, element, place):
        wire = prop.get("wire")
        if wire is None or prop.get("local") or prop.get("computed"):
            return
        first = split(wire)[0]
        whole = first in send and (not isinstance(send[first], Map) or wire == first and
                                   not str(prop["type"]).startswith(("object", "map")))
        if whole:
            return  # replaced or left out by the call
        if body is None:
            self.report.expect(False, call.at("action"), f"{call['action']} takes no input, `{name}` is sent")
            return
        found, why = self.service.walk(body, wire, False)
        where = self.place_of(name, place)
        if self.report.expect(found is not None, where, f"`{name}`: {call['action']} input `{wire}`: {why}"):
            given.add(first)
            if name == element:
                self.element_fit(prop, name, found, where)
            else:
                self.fit.property(prop, name, found, False, where)

    def element_fit(self, prop, name, shape, where):
        """One element of a list of scalars at the property's own wire name; or one object, whole."""
        if "fields" in prop:
            self.fit.fields(prop, name, shape, False)
            return
        inner = re.sub(r"^list<(.+)>$", r"\1", str(prop["type"]))
        self.fit.scalar(prop, name, inner, shape, False, where)

    def place_of(self, name, default):
        return self.properties.at(name) if name in self.properties else default

    def tree(self, value, shape, place, element, top=None):
        """A `send` tree at a shape."""
        if value is None:
            return
        if isinstance(value, Map):
            for key, member in value.items():
                if key == "Filter" and isinstance(member, list):
                    self.filters(shape, member, value.at(key))
                found, why = self.service.step(shape, key, False)
                if not self.report.expect(found is not None or member is None, value.at(key),
                                          f"send: `{key}`: {why}"):
                    continue
                if top is not None:
                    (top.discard if member is None else top.add)(key)
                if found is not None:
                    self.tree(member, found, value.at(key), element)
            return
        if isinstance(value, list):
            if self.report.expect(shape.type_name in ("list", "elements"), place,
                                  f"send: a list for {shape.type_name} {shape.name}"):
                for item in value:
                    self.tree(item, shape.member, place, element)
            return
        if isinstance(value, str) and "${" in value:
            self.expression(value, shape, place, element)
            return
        self.constant(value, shape, place)

    def filters(self, shape, filters, place):
        """Filter names against those that the model's documentation of the member lists."""
        member = self.service.members(shape, False).get("Filter")
        names = set(re.findall(r"<code>([\w.:&;-]+?)</code>", html.unescape(member[1].documentation))) if member else set()
        names |= {"tag:<key>"} if "tag:" in (member[1].documentation if member else "") else set()
        for one in filters:
            name = str(one["Name"])
            generic = "tag:<key>" if name.startswith("tag:") else name
            self.report.expect(generic in names, place, f"no filter `{name}` is documented for {shape.name}")

    def constant(self, value, shape, place):
        wanted = {bool: {"boolean"}, int: NUMBERS, float: {"float", "double"}, str: TEXT}[type(value)]
        if not self.report.expect(shape.type_name in wanted, place,
                                  f"send: `{value}` for {shape.type_name} {shape.name}"):
            return
        values = getattr(shape, "enum", None)
        if values and len(values) > 0:
            self.report.expect(value in values, place, f"send: `{value}` is none of {shape.name}'s values")
        self.fit.range(shape, value, "send", place)

    def expression(self, text, shape, place, element):
        plain = PLAIN.match(text)
        if text == "${tags}" and self.marks:
            self.fit.map(self.properties[self.marks["property"]], self.marks["property"], "string", shape, False, place)
        elif plain and plain.group(1) != "element" and plain.group(2) in self.properties:
            self.fit.property(self.properties[plain.group(2)], plain.group(2), shape, False, place)
        elif plain and element in self.properties and plain.group(2) in self.properties[element].get("fields", {}):
            field = self.properties[element]["fields"][plain.group(2)]
            self.fit.property(field, f"{element}.{plain.group(2)}", shape, False, place)
        elif text == "${element}" and element in self.properties:
            self.element_fit(self.properties[element], element, shape, place)
        elif text == "${elements}" and element in self.properties:
            self.fit.property(self.properties[element], element, shape, False, place)
        elif not re.fullmatch(r"\$\{.*\}", text, re.S) or text.count("${") > 1:
            self.report.expect(shape.type_name in TEXT, place, f"send: text for {shape.type_name} {shape.name}")
        else:
            names = reachable(self.service, shape)
            for key in CEL_KEY.findall(text):
                self.report.expect(key in names, place, f"send: no member `{key}` below {shape.name}")

    def http(self, call, operation):
        """Method, path, query, headers, root. Returns the wire names of the body that they give."""
        action, model = call["action"], operation.http
        if not self.report.expect("http" in call, call.at("action"), f"{action}: REST calls need `http`"):
            return set()
        method, _, uri = str(call["http"]).partition(" ")
        self.report.expect(method == model["method"], call.at("http"), f"{action} is {model['method']}")
        def bare(path):
            return re.sub(r"\{([^}+]+)\+?\}", lambda m: "{" + m.group(1).lower() + "}", path)
        self.report.expect(bare(uri) == bare(model["requestUri"]), call.at("http"),
                           f"{action} is {model['requestUri']}")
        shape = operation.input_shape
        for key, location in (("query", "querystring"), ("headers", "header")):
            members = self.service.members(shape, False, location) if shape is not None else {}
            members = {name.lower(): member for name, member in members.items()}
            if key == "headers" and shape is not None:  # `x-amz-meta-*`: a map's names with this in front
                members.update({name.lower() + "*": member for name, member in self.service.members(shape, False, "headers").items()})
            for name, value in (call.get(key) or {}).items():
                if self.report.expect(name.lower() in members, call[key].at(name), f"{action} has no {key} `{name}`"):
                    self.tree(value, members[name.lower()][1], call[key].at(name), None)
        payload = shape.serialization.get("payload") if shape is not None else None
        if payload and "payload" not in call and shape.members[payload].type_name == "structure":
            body = shape.members[payload]
            root = body.serialization.get("name", payload)
            if "root" in call or payload in shape.required_members:
                self.report.expect(call.get("root") == root, call.at("root"), f"{action}: the root is `{root}`")
                uri = (body.serialization.get("xmlNamespace") or {}).get("uri")
                self.report.expect(call.get("xmlns") == uri, call.at("xmlns"), f"{action}: the name space is {uri}")
        elif "root" in call:
            self.report.expect(False, call.at("root"), f"{action} has no document in its body")
        return set()

    def payload(self, call, operation, given):
        payload = operation.input_shape.serialization.get("payload")
        shape = operation.input_shape.members.get(payload) if payload else None
        self.report.expect(shape is not None and shape.type_name in ("string", "blob"), call.at("payload"),
                           f"{call['action']}: its body is no text")
        given.add(payload)

    def required(self, call, operation, body, given):
        shape = operation.input_shape
        if shape is None:
            return
        for member in shape.required_members:
            at = shape.members[member].serialization.get("location")
            if at in ("uri", "querystring", "header") or member == shape.serialization.get("payload"):
                if at == "querystring" or at == "header":
                    wire = self.service.wire_name(member, shape.members[member], False).lower()
                    names = {n.lower() for k in ("query", "headers") for n in (call.get(k) or {})}
                    self.report.expect(wire in names, call.at("action"), f"{call['action']} requires `{wire}`")
                continue
            wire = self.service.wire_name(member, shape.members[member], False)
            by_name = call["by_name"]["send"] if call.get("names_only") else ()  # never sent without
            self.report.expect(wire in given or wire in by_name, call.at("action"), f"{call['action']} requires `{wire}`")
        if body is not None and body is not shape and body.type_name == "structure":
            for member in body.required_members:
                wire = self.service.wire_name(member, body.members[member], False)
                self.report.expect(wire in given, call.at("action"), f"{call['action']}: the body requires `{wire}`")

    def checksum(self, call, operation):
        if operation.http_checksum.get("requestChecksumRequired") or operation.http_checksum_required:
            self.report.expect(self.content_md5, call.at("action"), f"{call['action']} needs a checksum of its body")

    content_md5 = False

    def known_code(self, code, place):
        self.report.expect(code in self.service.errors or code in self.codes, place,
                           f"`{code}` is no documented error of {self.service.name}")


def reachable(service, shape, depth=5):
    """All wire names at or below a shape."""
    if depth == 0:
        return set()
    if shape.type_name in ("list", "elements"):
        return reachable(service, shape.member, depth)
    if shape.type_name == "map":
        return reachable(service, shape.value, depth - 1)
    if shape.type_name != "structure":
        return set()
    out = set()
    for name, (_, member) in service.members(shape, False).items():
        out |= {name} | reachable(service, member, depth - 1)
    return out
