#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every descriptor and look-up of a package against botocore's service models.

    conformance.py PACKAGE_FOLDER [-v]

Prints each mismatch as `file:line: what` and at the end `fields checked: N, mismatches: M`; exits 1
on any. What the models do not say (EC2's and S3's error codes) stands in documented_errors.txt.
"""
import pathlib
import sys

from descriptors import Map, Package
from emulated import Emulated
from fit import Fit, Report, read_path, split
from model import PROTOCOLS, Both, Models
from requested import Requests

HERE = pathlib.Path(__file__).parent


def documented_errors():
    codes = {}
    for line in (HERE / "documented_errors.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            codes.setdefault(words[0], set()).update(words[1:])
    return codes


class Reads:
    """Answers: where items, properties, states and tokens stand in them."""

    def __init__(self, service, fit, report, page):
        self.service, self.fit, self.report, self.page = service, fit, report, page

    def output(self, operation, call):
        shape = operation.output_shape
        if shape is None:
            return None
        payload = shape.serialization.get("payload")
        return shape.members[payload] if payload else shape

    def at(self, operation, call, path, place, what):
        """The shape at a path of an answer."""
        shape = self.output(operation, call)
        if str(path).startswith("@header."):
            names = {n.lower(): m[1] for n, m in self.service.members(operation.output_shape, True, "header").items()}
            found = names.get(str(path)[8:].lower())
            self.report.expect(found is not None, place, f"{what}: {call['action']} answers no header `{path}`")
            return found
        if path == "@body":
            self.report.expect(call.get("raw") and shape is not None and shape.type_name in ("string", "blob"), place,
                               f"{what}: the body of {call['action']} is no text, or the call is not `raw`")
            return shape
        if not self.report.expect(shape is not None, place, f"{what}: {call['action']} answers nothing"):
            return None
        found, why = self.service.walk(shape, path or "", True)
        self.report.expect(found is not None, place, f"{what}: {call['action']} answer `{path}`: {why}")
        return found

    def list_of(self, operation, call, key, place):
        """The shape of one item of the list at call[key]; pages are checked too."""
        shape = self.at(operation, call, call[key], call.at(key), key)
        if shape is None:
            return None
        if not self.report.expect(shape.type_name in ("list", "elements"), call.at(key),
                                  f"{key}: `{call[key]}` is a {shape.type_name}"):
            return None
        self.paging(operation, call, place)
        return shape.member

    def paging(self, operation, call, place):
        page = call.get("page", self.page)
        paginator = self.service.paginators.get(operation.name)
        if page == "none" or not page:
            self.report.expect(paginator is None, call.at("page"), f"{operation.name} pages: {paginator}")
            return
        members = operation.input_shape.members if operation.input_shape is not None else {}
        wire = {self.service.wire_name(name, shape, False): (name, shape) for name, shape in members.items()}
        where = call.at("items" if "items" in call else "action")
        if not self.report.expect(page["send"] in wire, where,
                                  f"{operation.name} takes no `{page['send']}`: say `page: none`"):
            return
        for size, number in page.get("size", {}).items():
            if self.report.expect(size in wire, where, f"{operation.name} takes no page size `{size}`"):
                self.fit.range(wire[size][1], number, f"page size of {operation.name}", where)
        self.at(operation, call, page["receive"], where, "page")
        if "more" in page:
            self.at(operation, call, page["more"], where, "page")
        if not self.report.expect(paginator is not None, where, f"botocore does not page {operation.name}"):
            return
        tokens = paginator["input_token"]
        self.report.expect(wire[page["send"]][0] == tokens, where, f"{operation.name} pages with {tokens}")
        output = paginator["output_token"]
        ours = self.member_path(operation, page["receive"])
        self.report.expect(ours == output, where, f"{operation.name} gives {output}, not {ours}")
        limit = paginator.get("limit_key")
        if limit:
            self.report.expect(limit in [wire[s][0] for s in page.get("size", {}) if s in wire], where,
                               f"{operation.name} takes its page size as {limit}")

    def member_path(self, operation, path):
        shape, names = operation.output_shape, []
        for step in split(path):
            member = self.service.members(shape, True).get(step)
            if member is None:
                return path
            names.append(member[0])
            shape = member[1]
        return ".".join(names)

    def property(self, prop, name, shape, place, operation=None, call=None):
        path = read_path(prop, self.service)
        if path is None or path == "@id":
            return
        if str(path).startswith("@"):
            found = self.at(operation, call, path, place, f"`{name}`")
        else:
            found, why = self.service.walk(shape, path, True)
            self.report.expect(found is not None, place, f"`{name}`: read `{path}`: {why}")
        if found is not None:
            self.fit.property(prop, name, found, True, place)


class Checker:
    def __init__(self, package, models, report):
        self.package, self.models, self.report = package, models, report
        self.codes = documented_errors()

    # -- services --------------------------------------------------------------------------------
    def service(self, name, place):
        ours = self.package.services.get(name)
        if not self.report.expect(ours is not None, place, f"there is no service `{name}`"):
            return None
        return self.models.service(ours.get("model", name), ours["protocol"])

    def services(self):
        for name, ours in self.package.services.items():
            if name == "all":
                continue
            service = self.service(name, ours.own)
            data = service.metadata
            spoken = data.get("protocols") or [data["protocol"]]
            self.report.expect(PROTOCOLS[ours["protocol"]] in spoken, ours.at("protocol"), f"{name} speaks {spoken}")
            self.equal(ours, "api_version", data["apiVersion"])
            if service.protocol == "json":
                self.equal(ours, "json_version", data["jsonVersion"])
                self.equal(ours, "target_prefix", data["targetPrefix"])
                self.report.expect(bool(ours.get("query_compatible")) == ("awsQueryCompatible" in data),
                                   ours.at("query_compatible"), f"{name}: `query_compatible` is wrong")
            endpoint = ours.get("endpoint", name)
            self.report.expect(endpoint == data["endpointPrefix"], ours.at("endpoint"),
                               f"the endpoint of {name} is `{data['endpointPrefix']}`")
            signing = data.get("signingName", data["endpointPrefix"])
            self.report.expect(ours.get("signing_name", endpoint) == signing, ours.at("signing_name"),
                               f"{name} is signed as `{signing}`")
            for codes in (ours.get("errors") or {}).values():
                for code in codes:
                    self.code(service, code, ours.at("errors"))

    def equal(self, ours, key, theirs):
        self.report.expect(ours.get(key) == theirs, ours.at(key), f"{key} is `{theirs}`, not `{ours.get(key)}`")

    def code(self, service, code, place):
        text = code["code"] if isinstance(code, Map) else str(code)
        known = self.codes.get(service.name, set()) | self.codes.get("all", set())
        self.report.expect(text in service.errors or text in known, place,
                           f"`{text}` is no documented error of {service.name}")

    # -- one resource type -----------------------------------------------------------------------
    def resource(self, file):
        ours = self.package.services.get(file["service"])
        service = self.service(file["service"], file.at("service"))
        if service is None:
            return
        fit = Fit(service, self.report)
        properties = file["properties"]
        marks = file.get("marks") if file.get("marks", {}).get("carrier") == "tags" else None
        known = self.codes.get(service.name, set()) | self.codes.get("all", set())
        requests = Requests(service, fit, self.report, known, properties, marks)
        requests.content_md5 = bool(ours.get("content_md5"))
        reads = Reads(service, fit, self.report, ours.get("page"))
        one = Resource(self, file, service, fit, requests, reads)
        one.check()
        for codes in (file.get("errors") or {}).values():
            for code in codes:
                self.code(service, code, file.at("errors"))

    def data(self, file):
        ours = self.package.services.get(file["service"])
        service = self.service(file["service"], file.at("service"))
        if service is None:
            return
        fit = Fit(service, self.report)
        known = self.codes.get(service.name, set())
        requests = Requests(service, fit, self.report, known, file.get("inputs") or Map(file.own), None)
        reads = Reads(service, fit, self.report, ours.get("page"))
        call = file["call"]
        operation = requests.call(call, file.own, sent=file.get("inputs"))
        if operation is None:
            return
        shape = reads.output(operation, call)
        if "items" in call and file.get("pick") != "value":
            shape = reads.list_of(operation, call, "items", call.own)
        elif "items" in call:
            shape = reads.at(operation, call, call["items"], call.at("items"), "items")
        if shape is not None:
            for name, prop in file["outputs"].items():
                reads.property(prop, name, shape, file["outputs"].at(name), operation, call)

    def identity(self):
        identity = self.package.identity
        service = self.service(identity["service"], identity.own)
        operation = service.operation(identity["action"])
        if self.report.expect(operation is not None, identity.own, f"no operation `{identity['action']}`"):
            for key in ("account", "arn"):
                found, why = service.walk(operation.output_shape, identity[key], True)
                self.report.expect(found is not None, identity.at(key), f"{key}: {why}")

    def run(self, only=""):
        """`only`: a part of a path; files without it are left out."""
        self.services()
        self.identity()
        names = {file["data"]: file for file in self.package.data}
        for file in self.package.resources:
            if only not in file.own:
                continue
            self.resource(file)
            for check in file.get("preflight", []):
                target = names.get(check["data"])
                if self.report.expect(target is not None, check.own, f"there is no look-up `{check['data']}`"):
                    for name in check.get("with", {}):
                        self.report.expect(name in target["inputs"], check.own, f"`{check['data']}` takes no `{name}`")
        for file in self.package.data:
            if only in file.own:
                self.data(file)


class Resource:
    """One descriptor, section by section."""

    def __init__(self, checker, file, service, fit, requests, reads):
        self.checker, self.report, self.file, self.service = checker, checker.report, file, service
        self.fit, self.requests, self.reads = fit, requests, reads
        self.properties = file["properties"]
        self.facets = file.get("facets") or Map(file.own)

    def group(self, facet):
        return {name: prop for name, prop in self.properties.items()
                if (prop.get("facet") or "") == facet and not prop.get("local")}

    def verb(self, call, sent=None, element=None, first=False):
        """A call or its steps; of these only the first of a create sends properties (`first`)."""
        if call is None:
            return None
        if "steps" not in call:
            return self.requests.call(call, call.own, sent=sent, element=element)
        for index, step in enumerate(call["steps"]):
            operation = self.requests.call(step, step.own, sent=sent if first and index == 0 else None, element=element)
            if operation is not None and isinstance(step.get("bind"), Map):
                for name, path in step["bind"].items():
                    if path:
                        self.reads.at(operation, step, path, step["bind"].at(name), f"bind `{name}`")

    def check(self):
        create = self.file["create"]
        # What exists already is looked for by what `send` says alone.
        sent = {} if create["kind"] == "adopt" else dict(self.group(""))
        for facet in create.get("in_create", []):
            sent.update(self.group(facet))
        operation = self.verb(create, sent, first=True)
        if operation is not None and not {"derive", "parts"} & set(self.file["id"]):
            path = ".".join(p for p in (create.get("result"), self.file["id"]["path"]) if p)
            self.reads.at(operation, create, path, self.file["id"].at("path"), "id")
        elif operation is not None and "result" in create:
            self.reads.at(operation, create, create["result"], create.at("result"), "result")
        if "update" in self.file:
            group = {n: p for n, p in self.group("").items()
                     if self.file["update"].get("whole") or not p.get("immutable")}
            self.verb(self.file["update"], group)
        self.refresh()
        for name, facet in self.facets.items():
            self.facet(name, facet)
        self.delete()
        for blocker in self.file.get("blockers", []):
            self.blocker(blocker)
        for way in self.file.get("recovery", []):
            if isinstance(way, Map) and "token" in way:
                self.filter(way["token"], "token")
        Emulated(self).check()

    def filter(self, holder, what):
        """A `send` tree that is merged into the refresh's list."""
        call = self.file["refresh"].get("list")
        operation = self.service.operation(call["action"]) if call else None
        if not self.report.expect(operation is not None, holder.own, f"{what}: there is no list"):
            return
        if self.service.protocol.startswith("rest"):
            members = self.service.members(operation.input_shape, False, "querystring")
            for name in holder["send"]:
                self.report.expect(name in members, holder["send"].at(name), f"{what}: no query `{name}`")
            return
        self.requests.tree(holder["send"], operation.input_shape, holder.at("send"), None)

    def refresh(self):
        refresh, shapes = self.file["refresh"], []
        self.item_shapes = []  # those of a partial list too
        item_id = None
        if "list" in refresh:
            call = refresh["list"]
            operation = self.requests.call(call, call.own)
            shape = self.reads.list_of(operation, call, "items", call.own) if operation else None
            if shape is not None:
                self.item_shapes.append(shape)
                item_id = call.get("item_id", self.file["id"].get("path"))
                if call.get("scalar"):
                    self.report.expect(shape.type_name == "string", call.at("scalar"), f"items are {shape.type_name}")
                elif item_id:
                    found, why = self.service.walk(shape, item_id, True)
                    self.report.expect(found is not None, call.at("item_id"), f"item_id `{item_id}`: {why}")
                if not call.get("partial") and "scalar" not in call:
                    shapes.append((shape, operation, call))
            if operation is not None and "by_ids" in call:
                found, why = self.service.walk(operation.input_shape, call["by_ids"], False)
                if self.report.expect(found is not None, call.at("by_ids"), f"by_ids: {why}"):
                    self.report.expect(found.type_name == "list", call.at("by_ids"), "by_ids: no list in the model")
                    most = found.metadata.get("max")
                    if most:
                        self.report.expect(call.get("ids_max", 100) <= most, call.at("ids_max"), f"ids_max: at most {most}")
            for key in ("by_mark", "by_name"):
                if key in call and "action" in call[key]:
                    self.named(call[key], shape)
                elif key in call:
                    self.filter(call[key], key)
        if "read" in refresh:
            call = refresh["read"]
            operation = self.requests.call(call, call.own)
            if operation is not None:
                shape = self.reads.at(operation, call, call.get("item"), call.at("item"), "item") \
                    if operation.output_shape is not None and self.reads.output(operation, call).members else None
                if shape is not None and "where" in call and \
                        self.report.expect(shape.type_name == "list", call.at("where"), f"`{call['item']}` is no list"):
                    shape = shape.member
                elif shape is not None and shape.type_name == "list":
                    shape = shape.member  # a read of one that answers a list
                if shape is not None and self.has_body(shape):
                    shapes.append((shape, operation, call))
                    if not shapes and self.file["id"].get("path"):
                        self.report.expect(self.service.walk(shape, self.file["id"]["path"], True)[0] is not None,
                                           call.own, "id: not in the item")
        self.item_shapes += [shape for shape, _, _ in shapes]
        for shape, operation, call in shapes:
            for name, prop in self.properties.items():
                facet = self.facets.get(prop.get("facet") or "", {})
                if "read" in facet or prop.get("local"):
                    continue
                self.reads.property(prop, name, shape, self.properties.at(name), operation, call)
            self.states(shape)

    def named(self, call, item):
        """A call that finds a unique name: what it gives is one of the list's items."""
        operation = self.requests.call(call, call.own)
        if operation is None:
            return
        found = self.reads.at(operation, call, call.get("item"), call.at("item"), "item")
        if found is not None and item is not None:
            self.report.expect(found.type_name == item.type_name, call.at("item"),
                               f"by_name: a {found.type_name}, the list holds {item.type_name}s")

    def has_body(self, shape):
        return shape.type_name != "structure" or bool(self.service.members(shape, True))

    def states(self, shape):
        """Waits, ends and gone states against the values of their paths, and botocore's waiters."""
        holders = [(key, wait, ("until", "failed", "via")) for key, wait in (self.file.get("waits") or {}).items()]
        if "ends" in self.file:
            holders.append(("ends", self.file["ends"], ("states",)))
        if "gone" in self.file["delete"]:
            holders.append(("gone", self.file["delete"]["gone"], ("states",)))
        for key, holder, lists in holders:
            if "state" in holder:
                continue  # an expression's words
            found, why = self.service.walk(shape, holder["path"], True)
            if not self.report.expect(found is not None, holder.at("path"), f"{key}: {why}"):
                continue
            values = getattr(found, "enum", None) or []
            # The model spells an endpoint's states in capitals, the service does not
            # (AWS CLI Command Reference, describe-vpc-endpoints, "Examples").
            if found.name == "State" and "Available" in values:
                values = list(values) + [v[0].lower() + v[1:] for v in values]
            for name in lists:
                for state in holder.get(name, []):
                    self.report.expect(not values or state in values, holder.at(name), f"{key}: no state `{state}` in {values}")
            if "reason" in holder:
                reason, why = self.service.walk(shape, holder["reason"], True)
                self.report.expect(reason is not None, holder.at("reason"), f"{key}: reason: {why}")
            if key in ("create", "delete"):
                self.waiter(key, holder)

    def waiter(self, key, wait):
        """Where botocore waits for the same states by the same operation, it must agree."""
        action = (self.file["refresh"].get("list") or self.file["refresh"].get("read"))["action"]
        for name, waiter in self.service.waiters.items():
            if waiter["operation"] != action:
                continue
            of = {state: {a["expected"] for a in waiter["acceptors"]
                          if a["state"] == state and a["matcher"].startswith("path") and isinstance(a["expected"], str)}
                  for state in ("success", "failure")}
            if not of["success"] or not of["success"] <= set(wait["until"]):
                continue
            self.report.expect(of["success"] == set(wait["until"]), wait.at("until"), f"{name} waits for {sorted(of['success'])}")
            if key == "create":
                missing = of["failure"] - set(wait.get("failed", []))
                self.report.expect(not missing, wait.at("failed"), f"{name} fails on {sorted(missing)} too")

    def facet(self, name, facet):
        element = facet.get("each")
        group = self.group(name)
        self.verb(facet.get("apply"), group)
        self.verb(facet.get("reset"))
        for key in ("add", "change", "remove"):
            if key in facet:
                self.element_call(facet, key, element)
        if "read" not in facet:
            return
        call = facet["read"]
        if isinstance(call, str):  # another facet's call shows this one too
            call = self.facets[call]["read"]
        operation = self.requests.call(call, call.own, element=element)
        if operation is None:
            return
        if "ids" in call:
            names = self.reads.list_of(operation, call, "ids", call.own)
            detail = self.requests.call(call["detail"], call["detail"].own)
            shape = self.reads.at(detail, call["detail"], call["detail"].get("item"), call["detail"].own, "detail") if detail else None
            if names is not None and names.type_name == "structure" and shape is not None:
                shape = Both(names, shape)  # a name that is a map is a part of the element
            self.element_read(element, shape)
        elif "items" in call:
            item = shape = self.reads.list_of(operation, call, "items", call.own)
            if shape is not None and "each" in call:
                shape, why = self.service.walk(shape, call["each"], True)
                self.report.expect(shape is not None, call.at("each"), f"each: {why}")
            if item is not None and "owner" in call:
                owner, why = self.service.walk(item, call["owner"], True)
                if self.report.expect(owner is not None, call.at("owner"), f"owner: {why}"):
                    one = owner.member if owner.type_name in ("list", "elements") else owner
                    self.report.expect(one.type_name == "string", call.at("owner"), f"owner: it is a {one.type_name}")
            self.element_read(element, shape)
        else:
            shape = self.reads.at(operation, call, call.get("item"), call.at("item"), "item") if not call.get("raw") else None
            for prop_name, prop in group.items():
                if shape is not None or call.get("raw"):
                    self.reads.property(prop, prop_name, shape, self.properties.at(prop_name), operation, call)

    def element_read(self, element, shape):
        prop = self.properties.get(element)
        if prop is None or shape is None:
            return
        place = self.properties.at(element)
        if "fields" in prop:
            if self.report.expect(shape.type_name == "structure", place, f"elements of `{element}` are {shape.type_name}"):
                self.fit.fields(prop, element, shape, True)
        else:
            self.report.expect(shape.type_name == "string", place, f"elements of `{element}` are {shape.type_name}")

    def element_call(self, facet, key, element):
        call, prop = facet[key], self.properties.get(element)
        if not self.report.expect(prop is not None, facet.at("each"), f"there is no property `{element}`"):
            return
        if key == "remove":
            self.verb(call, element=element)
        elif facet.get("batch"):
            self.verb(call, {element: prop})
            if "${element" in str(call.get("send")):
                self.verb(call, element=element)
        elif "fields" in prop:
            fields = Map(prop["fields"].own)
            fields.update(prop["fields"])
            fields.place.update(prop["fields"].place)
            self.with_fields(call, fields, element)
        else:
            self.verb(call, {element: prop}, element=element)

    def with_fields(self, call, fields, element):
        """A call that sends an element's fields as if they were properties."""
        inner = Requests(self.service, self.fit, self.report, self.requests.codes, self.properties, None)
        inner.place_of = lambda name, default: fields.at(name)
        inner.content_md5 = self.requests.content_md5
        for step in call.get("steps", [call]):
            inner.call(step, step.own, sent=fields, element=element)

    def delete(self):
        delete = self.file["delete"]
        if "action" in delete or "steps" in delete:
            self.verb(delete)
        for facet in delete.get("first", []):
            self.report.expect(facet in self.facets, delete.at("first"), f"there is no facet `{facet}`")
        if "look" in delete:
            self.requests.call(delete["look"], delete["look"].own)
        if "restore" in delete:
            self.verb(delete["restore"])
        if "contents" in delete:
            self.requests.call(delete["contents"]["read"], delete["contents"].own)
            if "purge" in delete["contents"]:
                self.verb(delete["contents"]["purge"])

    def blocker(self, blocker):
        service = self.service
        operation = self.requests.call(blocker, blocker.own)
        if operation is None:
            return
        shape = self.reads.list_of(operation, blocker, "items", blocker.own)
        if shape is not None:
            for key in ("id", "owner"):
                if key in blocker:
                    found, why = service.walk(shape, blocker[key], True)
                    self.report.expect(found is not None, blocker.at(key), f"{key}: {why}")


def main(arguments):
    if not arguments:
        print(__doc__)
        return 3
    report, models = Report(), Models()
    package = Package(arguments[0])
    Checker(package, models, report).run()
    for line in sorted(set(report.mismatches)):
        print(line)
    print(f"botocore {models.version}: {len(package.resources)} types, {len(package.data)} look-ups; "
          f"fields checked: {report.checked}, mismatches: {len(set(report.mismatches))}")
    return 1 if report.mismatches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
