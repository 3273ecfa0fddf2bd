#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Botocore's protocol cases (Smithy's and the older ones) against our codecs.

    protocols.py WIRE_PROBE BOTOCORE_SOURCE [PART_OF_A_NAME]

Our codecs know no schemas; what the descriptors do for them at run time (wire names, locations,
types) is done here from the case's own shapes (shapes.py). The codec itself encodes every request
and decodes every answer. Cases that do not apply are counted with their reason.
"""
import base64
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ET

from botocore.model import NoShapeFoundError, OperationModel, ServiceModel

import shapes
from probe import Probe, b64
from shapes import JsonInput, JsonOutput, QueryInput, XmlInput, XmlOutput, escape

NAMES = {"ec2": "ec2query", "query": "query", "json": "json", "rest-json": "rest_json",
         "rest-xml": "rest_xml"}

# Suites that no codec can be held to here, with the reason.
INAPPLICABLE = [
    ("Event Stream", "event streams: no resource type uses them"),
    ("Idempotency token auto fill", "tokens are the engine's, which keeps them in its journal"),
    ("Ignores undefined output", "a text instead of JSON is refused, whatever the output's shape"),
]


# Cases that botocore itself does not pass are tried all the same: most hold for us.
BOTOCORE_OWN = "on botocore's own list of cases that it does not hold to, and not held to here"


def ignored_by_botocore(lists, protocol, kind, suite, case):
    for part in (lists["general"].get(kind, {}), lists["protocols"].get(protocol, {}).get(kind, {})):
        if suite in part.get("suites", []) or case in part.get("cases", []):
            return True
    return False


def cases(folder):
    lists = json.loads((folder / "protocol-tests-ignore-list.json").read_text())
    for file in sorted(folder.rglob("*.json")):
        if file.name == "protocol-tests-ignore-list.json":
            continue
        kind = file.parent.name
        for i, suite in enumerate(json.loads(file.read_text())):
            protocol = suite["metadata"]["protocol"]
            for j, case in enumerate(suite.pop("cases")):
                where = f"{file.relative_to(folder).with_suffix('')} {i}:{j} {case.get('id', '')}"
                reason = None
                if protocol not in NAMES:
                    reason = f"{protocol}: no cloud needs this protocol"
                elif "legacy" not in str(file) and ignored_by_botocore(
                        lists, file.stem, kind, suite["description"], case.get("id")):
                    reason = BOTOCORE_OWN
                for word, why in INAPPLICABLE:
                    if word in suite["description"]:
                        reason = reason or why
                if protocol == "query" and kind == "output" and "body" not in case["response"]:
                    reason = reason or "no body given: the query protocol always answers one"
                yield where, kind, protocol, suite, case, reason


def service_of(suite, case):
    description = dict(suite)
    description["operations"] = {case["given"].get("name", "OperationName"): case["given"]}
    model = ServiceModel(description)
    return model, OperationModel(case["given"], model)


# ---- requests ------------------------------------------------------------------------------------

def rest_parts(operation, params):
    """Path, query, headers and the members of the body, as a descriptor's templates would have it."""
    shape = operation.input_shape
    labels, query, headers, body, payload = {}, [], [], {}, None
    for name, member in (shape.members if shape else {}).items():
        location = member.serialization.get("location")
        if name == (shape.serialization.get("payload")):
            payload = (name, member)
            continue
        wire = member.serialization.get("name", name)
        if not location:
            body[name] = member
            continue
        value = params.get(name)
        if value is None:
            continue
        if location == "uri":
            labels[wire] = shapes.query_text(member, value)
        elif location == "header":
            if not (member.type_name == "list" and not value):
                headers.append([wire, shapes.header_text(member, value)])
        elif location == "headers":
            headers += [[wire + k, v] for k, v in value.items()]
        elif location == "querystring":
            if member.type_name == "list":
                query += [(wire, shapes.query_text(member.member, v)) for v in value]
            elif member.type_name == "map":
                explicit = {m.serialization.get("name", n) for n, m in shape.members.items()
                            if m.serialization.get("location") == "querystring"}
                for k, v in value.items():
                    query += [] if k in explicit else [(k, item) for item in (v if isinstance(v, list) else [v])]
            else:
                query.append((wire, shapes.query_text(member, value)))
    path, _, fixed = operation.http.get("requestUri", "/").partition("?")
    for wire, text in labels.items():
        path = path.replace("{%s+}" % wire, escape(text, True)).replace("{%s}" % wire, escape(text))
    parts = [fixed] if fixed else []
    parts += [f"{escape(k)}={escape(v)}" for k, v in query]
    return path, "&".join(parts), headers, body, payload


def rest_body(call, protocol, operation, params, body, payload):
    codec = JsonInput() if protocol == "rest-json" else XmlInput()
    shape = operation.input_shape
    if payload:
        name, member = payload
        value = params.get(name)
        if value is None:
            if protocol == "rest-json" and member.type_name == "structure":
                call["input"] = {}
            return
        if member.type_name in ("blob", "string"):
            call["raw_payload"] = b64(value)
        elif protocol == "rest-json":
            call["input"] = codec.value(member, value)
        else:
            call["payload_root"] = member.serialization.get("name", member.name)
            call["input"] = codec.value(member, value)
        return
    if shape is None or not body:
        return
    if protocol == "rest-json":
        call["input"] = {m.serialization.get("name", n): codec.value(m, params[n])
                         for n, m in body.items() if params.get(n) is not None}
        return
    if not any(params.get(n) is not None for n in body):
        return
    call["payload_root"] = shape.serialization.get("name", shape.name)
    call["input"] = {**codec.attributes(shape), **codec.structure(shape, params, body)}


def request_call(protocol, model, operation, case):
    params, metadata = case.get("params", {}), model.metadata
    call = {"action": operation.name, "http_method": operation.http.get("method", "POST"),
            "api_version": metadata.get("apiVersion", ""), "headers": [],
            "target_prefix": metadata.get("targetPrefix", ""),
            "json_version": str(metadata.get("jsonVersion", "1.0")),
            "query_compatible": "awsQueryCompatible" in metadata}
    endpoint = operation.endpoint
    if endpoint:
        labels = {n: params.get(n) for n, m in (operation.input_shape.members if operation.input_shape
                                                else {}).items() if m.serialization.get("hostLabel")}
        call["host_prefix"] = endpoint["hostPrefix"].format(**labels)
    shape = operation.input_shape
    if protocol in ("query", "ec2"):
        call["input"] = QueryInput(protocol == "ec2").structure(shape, params) if shape else None
    elif protocol == "json":
        call["input"] = JsonInput().value(shape, params) if shape else None
    else:
        path, query, headers, body, payload = rest_parts(operation, params)
        call.update(http_path=path, http_query=query, headers=headers)
        rest_body(call, protocol, operation, params, body, payload)
    if case["given"].get("httpChecksumRequired") or case["given"].get("httpChecksum", {}).get(
            "requestChecksumRequired"):
        call["content_md5"] = True
    return call


def same_body(protocol, ours, expected):
    if protocol in ("json", "rest-json"):
        try:
            return json.loads(ours) == json.loads(expected)
        except ValueError:
            return ours == expected
    if protocol == "rest-xml":
        try:
            return (ET.canonicalize(ours, strip_text=True)
                    == ET.canonicalize(expected, strip_text=True))
        except ET.ParseError:
            return ours == expected
    return ours == expected


def check_headers(protocol, answer, expected, wrong):
    ours = {}
    for name, value in answer["headers"]:
        ours[name.lower()] = value
    for name, value in expected.get("headers", {}).items():
        mine = ours.get(name.lower())
        if name.lower() == "content-type" and protocol in ("query", "ec2"):
            mine = mine and mine.replace("; charset=utf-8", "")
            value = value.replace("; charset=utf-8", "")
        if name.lower() == "content-type" and protocol in ("rest-xml", "rest-json"):
            if mine in (None, "application/octet-stream"):
                continue  # the media type of a raw payload is the caller's to say
        if mine is None or mine.replace(", ", ",") != value.replace(", ", ","):
            wrong.append(f"header {name}: {mine!r} instead of {value!r}")
    for name in expected.get("forbidHeaders", []):
        if name.lower() in ours:
            wrong.append(f"header {name} should not be there")


def run_input(probe, protocol, suite, case):
    model, operation = service_of(suite, case)
    call = request_call(protocol, model, operation, case)
    if suite.get("clientEndpoint"):
        call["endpoint"] = suite["clientEndpoint"]
    answer = probe.ask(op="encode", protocol=NAMES[protocol], call=call)
    if "error" in answer:
        return [str(answer["error"])]
    expected, wrong = case["serialized"], []
    body = base64.b64decode(answer["body"]).decode()
    if "body" in expected and not same_body(protocol, body, expected["body"]):
        wrong.append(f"body {body!r} instead of {expected['body']!r}")
    uri = answer["path"] + ("?" + answer["query"] if answer["query"] else "")
    if uri != expected.get("uri", uri):
        wrong.append(f"uri {uri!r} instead of {expected['uri']!r}")
    if answer["method"] != expected.get("method", answer["method"]):
        wrong.append(f"method {answer['method']} instead of {expected['method']}")
    if "host" in expected and answer["host"] != expected["host"].split("/")[0]:
        wrong.append(f"host {answer['host']} instead of {expected['host']}")
    check_headers(protocol, answer, expected, wrong)
    return wrong


# ---- answers -------------------------------------------------------------------------------------

def split_header(text):
    parts, current, quoted, escaped = [], "", False, False
    for c in text:
        if escaped:
            current, escaped = current + c, False
        elif quoted and c == "\\":
            escaped = True
        elif c == '"':
            quoted = not quoted
        elif c == "," and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += c
    return parts + [current.strip()]


def header_value(shape, text):
    if shape.type_name == "list":
        if shape.member.type_name == "timestamp" and shape.member.serialization.get(
                "timestampFormat", "rfc822") == "rfc822":
            words = text.split(",")  # an HTTP date has a comma of its own
            dates = [",".join(words[i:i + 2]) for i in range(0, len(words), 2)]
            return [shapes.typed(shape.member, d.strip()) for d in dates]
        return [header_value(shape.member, t) for t in split_header(text)]
    if shape.serialization.get("jsonvalue") or getattr(shape, "is_document_type", False):
        return json.loads(base64.b64decode(text))
    return shapes.typed(shape, text)


def located_members(shape, headers, status, original):
    out = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name).lower()
        if location == "header" and wire in headers:
            out[name] = header_value(member, headers[wire])
        elif location == "headers":
            prefix = member.serialization.get("name", "").lower()
            out[name] = {k[len(prefix):]: v for k, v in original.items()
                         if k.lower().startswith(prefix)}
        elif location == "statusCode":
            out[name] = status
    return out


def output_members(protocol, shape, answer, case, raw):
    response = case["response"]
    original = response.get("headers", {})
    body = answer["body"]
    rest = protocol.startswith("rest")
    out = located_members(shape, answer["headers"], response["status_code"], original) if rest else {}
    codec = JsonOutput() if "json" in protocol else XmlOutput()
    payload = shape.serialization.get("payload") if rest else None
    if payload:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            out[payload] = raw
        elif protocol == "rest-json":
            if body != {} or response.get("body", "").strip():
                out[payload] = codec.value(member, body)
        elif body:
            out[payload] = codec.value(member, body)
        return out
    if protocol == "rest-json" and not isinstance(body, dict):
        return out
    out.update(codec.value(shape, body) if "json" in protocol else codec.structure(shape, body))
    return out


def run_output(probe, protocol, suite, case):
    model, operation = service_of(suite, case)
    response, shape = case["response"], operation.output_shape
    text = response.get("body", "" if protocol != "query" else "<xml/>")
    raw_answer = False
    if shape is not None and "error" not in case and protocol.startswith("rest"):
        payload = shape.serialization.get("payload")
        raw_answer = bool(payload) and shape.members[payload].type_name in ("blob", "string")
    call = {"action": operation.name, "raw_answer": raw_answer}
    answer = probe.ask(op="decode", protocol=NAMES[protocol], call=call,
                       status=response.get("status_code", 200), body=b64(text),
                       headers=[[k, v] for k, v in response.get("headers", {}).items()])
    if "error" in case or response.get("status_code", 200) >= 300:
        return check_error(model, case, answer)
    if "error" in answer:
        return [f"an error: {answer['error']}"]
    ours = output_members(protocol, shape, answer, case, answer["body"]) if shape else {}
    expected = case["result"]
    return [] if ours == expected else [f"{json.dumps(ours)}\n  instead of\n"
                                                      f"{json.dumps(expected)}"]


def check_error(model, case, answer):
    error = answer.get("error")
    if error is None:
        return ["no error"]
    wrong = []
    result = case.get("result", {}).get("Error", {})
    code, message = case.get("errorCode", result.get("Code")), case.get("errorMessage",
                                                                         result.get("Message"))
    if code is not None and error["code"] != str(code):
        wrong.append(f"code {error['code']!r} instead of {code!r}")
    if message and error["message"] != message:
        wrong.append(f"message {error['message']!r} instead of {message!r}")
    try:
        shape = model.shape_for_error_code(code) if code else None
    except NoShapeFoundError:
        shape = None
    members = case.get("error", {})
    for name, value in members.items():
        member = shape.members.get(name) if shape else None
        if member is None or name.lower() == "message":
            continue
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "statusCode":
            ours = case["response"]["status_code"]
        elif location == "header":
            node = error["headers"].get(wire.lower())
            ours = None if node is None else header_value(member, node)
        else:
            node = error["extra"].get(wire)
            codec = JsonOutput() if "json" in model.metadata["protocol"] else XmlOutput()
            ours = None if node is None else codec.value(member, node)
        if ours != value:
            wrong.append(f"{name}: {ours!r} instead of {value!r}")
    return wrong


def main():
    probe = Probe(sys.argv[1])
    folder = pathlib.Path(sys.argv[2]) / "tests/unit/protocols"
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    passed, failed, reasons = collections.Counter(), collections.defaultdict(list), collections.Counter()
    for where, kind, protocol, suite, case, reason in cases(folder):
        if part not in where:
            continue
        if reason and reason != BOTOCORE_OWN:
            reasons[reason] += 1
            continue
        try:
            wrong = (run_input if kind == "input" else run_output)(probe, protocol, suite, case)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            wrong = [f"driver: {type(e).__name__}: {e}"]
        key = f"{protocol} {kind}"
        if wrong and reason:
            reasons[reason] += 1
        elif wrong:
            failed[key].append(f"{where}: " + "; ".join(wrong))
        else:
            passed[key] += 1
    probe.close()
    for key in sorted(set(passed) | set(failed)):
        print(f"{key:18} {passed[key]:4} of {passed[key] + len(failed[key]):4} passed")
    all_failed = [text for texts in failed.values() for text in texts]
    total = sum(passed.values()) + len(all_failed)
    print(f"{'all':18} {sum(passed.values()):4} of {total:4} passed")
    for reason, count in reasons.most_common():
        print(f"inapplicable: {count:4} {reason}")
    for text in all_failed:
        print("FAILED", text)
    if all_failed or (not part and total < 900):
        sys.exit(1)


if __name__ == "__main__":
    main()
