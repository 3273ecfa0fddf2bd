# SPDX-License-Identifier: Apache-2.0
"""A type's `sandbox` section against the models: the actions, members and codes of what it answers."""
from descriptors import Map


class Emulated:
    def __init__(self, resource):
        self.file, self.service, self.report = resource.file, resource.service, resource.report
        self.shapes = resource.item_shapes
        self.code = resource.checker.code
        self.box = self.file.get("sandbox") or Map(self.file.own)
        self.facets = resource.facets

    def check(self):
        for rule in self.box.get("rules", []):
            if rule["on"] not in ("create", "delete") and rule["on"] not in self.facets:
                self.operation(rule["on"], rule.at("on"))
            self.code(self.service, rule["code"], rule.at("code"))
        for name in self.box.get("item", {}):
            place = self.box["item"].at(name)
            found = [s for s in self.shapes if self.service.walk(s, name, True)[0] is not None]
            if self.report.expect(found, place, f"item: no answer shows `{name}`"):
                shape = self.service.walk(found[0], name, True)[0]
                self.tree(self.box["item"][name], shape, place, f"item `{name}`")
        for action, tree in self.box.get("answers", {}).items():
            operation = self.operation(action, self.box["answers"].at(action))
            if operation is not None:
                self.answer(operation, tree, self.box["answers"].at(action))
        if "versions" in self.box:
            self.versions(self.box["versions"])

    def operation(self, action, place):
        operation = self.service.operation(action)
        self.report.expect(operation is not None, place, f"sandbox: no operation `{action}`")
        return operation

    def answer(self, operation, tree, place):
        if operation.output_shape is None:
            # EC2 answers `return` where the model has nothing (Amazon EC2 API Reference, "Query responses").
            self.report.expect(set(tree) <= {"return"}, place, f"{operation.name} answers nothing")
            return
        names = Map(tree.own)
        names.update({k: v for k, v in tree.items() if k != "return" or "return" in self.members(operation.output_shape)})
        self.tree(names, self.service.body(operation.output_shape, True), place, operation.name)

    def members(self, shape):
        return self.service.members(shape, True)

    def tree(self, tree, shape, place, what):
        """Each member of a tree stands in the shape; expressions stand for anything."""
        if isinstance(tree, list):
            if self.report.expect(shape.type_name in ("list", "elements"), place, f"{what}: `{shape.name}` is no list"):
                for item in tree:
                    self.tree(item, shape.member, place, what)
        elif isinstance(tree, Map):
            for name, value in tree.items():
                found, why = self.service.walk(shape, name, True)
                if self.report.expect(found is not None, tree.at(name), f"{what}: {why}"):
                    self.tree(value, found, tree.at(name), what)

    def versions(self, v):
        for key in ("list", "read", "add", "remove", "choose"):
            operation = self.operation(v[key], v.at(key)) if key in v else None
            if operation is None:
                continue
            if key in ("read", "remove", "choose"):
                found, why = self.service.walk(operation.input_shape, v["key"], False)
                self.report.expect(found is not None, v.at("key"), f"{v[key]}: {why}")
            holder = {"list": "items", "read": "item", "add": "item"}.get(key)
            if holder is None:
                continue
            shape, why = self.service.walk(operation.output_shape, v[holder], True)
            if not self.report.expect(shape is not None, v.at(holder), f"{v[key]}: {why}"):
                continue
            if key == "list":
                if not self.report.expect(shape.type_name == "list", v.at(holder), f"`{v[holder]}` is no list"):
                    continue
                shape = shape.member
            self.tree(v["shown"], shape, v.at("shown"), "shown")
            if key == "read":
                prop = self.file["properties"][v["property"]]
                path = prop.get("read", prop.get("wire"))
                found, why = self.service.walk(shape, path, True)
                self.report.expect(found is not None, v.at("property"), f"`{v['property']}`: {why}")
