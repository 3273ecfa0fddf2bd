# SPDX-License-Identifier: Apache-2.0
"""Reads a raw AWS request with moto's parsers and holds it against AWS's published models.

`read(environ, body)` gives a `Received`: service, operation, parameters, and `violations`, a list of
sentences. A request is in order when

- moto's router finds its operation, and moto's parser reads it into parameters;
- botocore's ParamValidator accepts these (required members, types, lengths);
- enumerations, patterns and maximum lengths hold, which the validator leaves to the service;
- nothing was dropped on the way: what botocore's own serializer makes of the parameters has each
  query key, header, JSON member and XML element that was received, with the same value;
- the checksum that the operation demands is there and right;
- its Signature Version 4 is right, as far as the access key is known here.
"""
import base64
import functools
import hashlib
import io
import json
import re
import zlib
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.serialize
import botocore.session
import botocore.validate
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model as moto_service_model

# Signing names that are not botocore's service names.
SERVICES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
# Added by any client's signer or transport, in no model.
TRANSPORT_HEADERS = re.compile(
    r"x-amz-(?:date|content-sha256|security-token|user-agent|target|decoded-content-length|trailer|"
    r"checksum-.*|sdk-.*|api-version|expected-bucket-owner)$|x-amzn-trace-id$|x-amzn-query-mode$")


class Received:
    def __init__(self):
        self.service = self.region = self.operation = self.access_key = ""
        self.protocol = ""
        self.params = {}
        self.violations = []
        self.signature = "none"
        self.model = None

    @property
    def action(self):
        return f"{self.service}:{self.operation}"


@functools.cache
def models(service):
    return botocore.session.get_session().get_service_model(service)


def signing_scope(environ):
    """(access key, region, service) of the Authorization header or of a presigned URL."""
    text = environ.get("HTTP_AUTHORIZATION", "")
    m = re.search(r"Credential=([^,\s]+)", text)
    scope = m.group(1) if m else dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("X-Amz-Credential", "")
    parts = scope.split("/")
    return (parts[0], parts[-3], parts[-2]) if len(parts) >= 5 else ("", "", "")


def read(environ, body, secret_of):
    """`secret_of(access_key)`: the secret, or None where the key is not known."""
    received = Received()
    key, region, service = signing_scope(environ)
    received.access_key, received.region = key, region
    received.service = SERVICES.get(service, service)
    if not service:
        if b"Action=AssumeRoleWithWebIdentity" not in body:  # the one call that is sent unsigned
            received.violations.append("not signed")
        return received
    received.signature = check_signature(environ, body, key, region, service, secret_of(key))
    if received.signature == "bad":
        received.violations.append("the signature is not that of the request")
    copy = dict(environ)
    copy["wsgi.input"] = io.BytesIO(body)
    copy["CONTENT_LENGTH"] = str(len(body))
    request = Request(copy)
    if request.content_encoding == "aws-chunked":
        body = unchunked(body)
    try:
        _parse(received, request, body)
    except Exception as error:  # whatever a parser makes of bad input: it is a finding, not a crash
        received.violations.append(f"cannot be parsed: {type(error).__name__}: {error}")
        return received
    received.model = models(received.service).operation_model(received.operation)
    if received.model.input_shape is not None:
        _validate(received, request, body)
    _checksum(received, environ, body)
    return received


def _parse(received, request, body):
    name = received.service
    operation, uri_params = get_service_router(name).match(request)
    received.operation = operation.name
    received.protocol = determine_request_protocol(moto_service_model(name), request.content_type)
    received.params = PROTOCOL_PARSERS[received.protocol](operation).parse({
        "method": request.method, "values": request.values, "headers": request.headers,
        "body": body, "url_path": request.path, "url_params": uri_params})


def _validate(received, request, body):
    shape, bad = received.model.input_shape, received.violations
    report = botocore.validate.ParamValidator().validate(received.params, shape)
    if report.has_errors():
        bad.extend(report.generate_report().split("\n"))
        return
    bad.extend(_constraints(received.params, shape, ""))
    serializer = botocore.serialize.create_serializer(received.protocol, include_validation=False)
    again = serializer.serialize_to_request(received.params, received.model)
    compare = {"query": _compare_query, "ec2": _compare_query, "json": _compare_json}.get(
        received.protocol, _compare_rest)
    bad.extend(compare(received, request, body, again))


def _constraints(value, shape, path):
    """What a service checks and botocore does not: enumerations, patterns, upper limits."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        for name, member in value.items():
            if name in shape.members:
                yield from _constraints(member, shape.members[name], f"{path}.{name}")
    elif kind == "list":
        for i, item in enumerate(value):
            yield from _constraints(item, shape.member, f"{path}[{i}]")
    elif kind == "map":
        for key, item in value.items():
            yield from _constraints(key, shape.key, f"{path}.{key}")
            yield from _constraints(item, shape.value, f"{path}.{key}")
    limit = shape.metadata.get("max")
    if limit is not None:
        size = value if kind in ("integer", "long", "float", "double") else len(value)
        if size > limit:
            yield f"{path}: {size} is over the model's maximum of {limit}"
    if kind == "string":
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            yield f"{path}: `{value}` is none of the model's values {', '.join(enum[:12])}"
        pattern = shape.metadata.get("pattern")
        if pattern:
            try:
                if not re.search(f"^(?:{pattern})$", value, re.S):
                    yield f"{path}: `{value}` does not match the model's pattern {pattern}"
            except re.error:
                pass  # a pattern of Java's that Python cannot read


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None


def _compare_query(received, request, body, again):
    if request.method == "POST" and request.content_type.split(";")[0] != "application/x-www-form-urlencoded":
        yield f"content type {request.content_type}"
    pairs = parse_qsl(body.decode(), keep_blank_values=True) + \
        parse_qsl(request.query_string.decode(), keep_blank_values=True)
    seen = [k for k, _ in pairs]
    for key in {k for k in seen if seen.count(k) > 1}:
        yield f"{key} is there twice"
    expected = again["body"]
    for key, value in pairs:
        if key not in expected:
            yield f"{key}: the model has no such parameter"
        elif isinstance(expected[key], float) and _number(value) == expected[key]:
            continue  # `0` and `0.0` are one number
        elif str(expected[key]) != value and not re.search(r"\d\dT\d\d:", value):
            yield f"{key}: `{value}` reads as `{expected[key]}`"
    if dict(pairs).get("Version") != models(received.service).api_version:
        yield f"Version {dict(pairs).get('Version')} is not {models(received.service).api_version}"


def _flat_json(value, path=""):
    if isinstance(value, dict) and value:
        return {k: v for name, item in value.items() for k, v in _flat_json(item, f"{path}.{name}").items()}
    if isinstance(value, list) and value:
        return {k: v for i, item in enumerate(value) for k, v in _flat_json(item, f"{path}[{i}]").items()}
    return {path: value}


def _compare_trees(received, expected):
    for path, value in received.items():
        if path not in expected:
            yield f"{path}: the model has no such member"
        elif value != expected[path] or isinstance(value, bool) != isinstance(expected[path], bool):
            yield f"{path}: `{value!r}` reads as `{expected[path]!r}`"


def _compare_json(received, request, body, again):
    if request.headers.get("X-Amz-Target") != again["headers"]["X-Amz-Target"]:
        yield f"target {request.headers.get('X-Amz-Target')}"
    if request.content_type != again["headers"]["Content-Type"]:
        yield f"content type {request.content_type}, the model says {again['headers']['Content-Type']}"
    yield from _compare_trees(_flat_json(json.loads(body or b"{}")), _flat_json(json.loads(again["body"] or b"{}")))


def _flat_xml(element, path=""):
    """Leaves by path; siblings of one name are numbered, so their order among themselves counts."""
    counts, out = {}, {}
    for child in element:
        name = re.sub("{.*}", "", child.tag)
        counts[name] = counts.get(name, 0) + 1
        out.update(_flat_xml(child, f"{path}/{name}[{counts[name]}]"))
    return out or {path: (element.text or "").strip()}


def _compare_rest(received, request, body, again):
    sent = urlsplit(request.environ.get("RAW_URI", request.path))
    built = urlsplit(again["url_path"])
    query = dict(parse_qsl(built.query, keep_blank_values=True))
    extra = again["query_string"]
    query.update(extra.items() if hasattr(extra, "items") else extra)
    for key, value in parse_qsl(sent.query, keep_blank_values=True):
        if key.startswith("X-Amz-"):
            continue  # presigned
        if key not in query:
            yield f"?{key}: the model has no such parameter"
    headers = {k.lower() for k in again["headers"]}
    for name in request.headers.keys():
        if name.lower().startswith("x-amz") and not TRANSPORT_HEADERS.match(name.lower()) and \
                name.lower() not in headers:
            yield f"{name}: the model has no such header"
    payload = received.model.input_shape.serialization.get("payload")
    if payload and received.model.input_shape.members[payload].type_name in ("blob", "string"):
        return
    if not body and not again["body"]:
        return
    if received.protocol == "rest-json":
        yield from _compare_trees(_flat_json(json.loads(body or b"{}")), _flat_json(json.loads(again["body"] or b"{}")))
        return
    if not body:
        return
    root, expected = ElementTree.fromstring(body), ElementTree.fromstring(again["body"])
    if root.tag != expected.tag:
        yield f"root element {root.tag}, the model says {expected.tag}"
    yield from _compare_trees(_flat_xml(root), _flat_xml(expected))


def _checksum(received, environ, body):
    """Operations that demand a checksum (trait httpChecksumRequired), and any that is sent."""
    model = received.model
    needed = model.http_checksum_required or (model.http_checksum or {}).get("requestChecksumRequired")
    sums = {
        "HTTP_CONTENT_MD5": lambda: hashlib.md5(body).digest(),
        "HTTP_X_AMZ_CHECKSUM_SHA256": lambda: hashlib.sha256(body).digest(),
        "HTTP_X_AMZ_CHECKSUM_SHA1": lambda: hashlib.sha1(body).digest(),
        "HTTP_X_AMZ_CHECKSUM_CRC32": lambda: zlib.crc32(body).to_bytes(4, "big"),
    }
    found = [name for name in environ if name in sums or name.startswith("HTTP_X_AMZ_CHECKSUM_")]
    for name in found:
        if name in sums and environ[name] != base64.b64encode(sums[name]()).decode():
            received.violations.append(f"{name[5:].replace('_', '-').lower()} is not that of the body")
    if needed and not found and "HTTP_X_AMZ_TRAILER" not in environ:
        received.violations.append("a checksum of the body is required (Content-MD5 or x-amz-checksum-…)")


def unchunked(body):
    """The payload of an aws-chunked body: `size;chunk-signature=…\\r\\n data \\r\\n … 0\\r\\n trailer`."""
    out, at = b"", 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if size == 0:
            return out
        out += body[end + 2:end + 2 + size]
        at = end + 2 + size + 2


def check_signature(environ, body, key, region, service, secret):
    """ok, bad, none (unsigned), presigned (not checked), unknown-key."""
    m = re.match(r"AWS4-HMAC-SHA256 Credential=\S+?,\s*SignedHeaders=(\S+?),\s*Signature=([0-9a-f]+)$",
                 environ.get("HTTP_AUTHORIZATION", ""))
    if not m:
        return "presigned" if "X-Amz-Signature=" in environ.get("QUERY_STRING", "") else \
            "bad" if "HTTP_AUTHORIZATION" in environ else "none"
    if secret is None:
        return "unknown-key"
    headers = {}
    for name in m.group(1).split(";"):
        variable = name.upper().replace("-", "_")
        headers[name] = environ.get(variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + variable)
        if headers[name] is None:
            return "bad"
    if "host" not in headers or "x-amz-date" not in headers:
        return "bad"
    claimed = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if re.fullmatch("[0-9a-f]{64}", claimed) and claimed != hashlib.sha256(body).hexdigest():
        return "bad"
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    auth = kind(botocore.credentials.Credentials(key, secret), service, region)
    if service == "s3" and not claimed:
        return "bad"  # S3 demands the header
    if claimed:
        headers["x-amz-content-sha256"] = claimed
    request = botocore.awsrequest.AWSRequest(
        method=environ["REQUEST_METHOD"], headers=headers, data=body,
        url=f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ.get('RAW_URI', environ['PATH_INFO'])}")
    request.context["timestamp"] = environ.get("HTTP_X_AMZ_DATE", "")
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return "ok" if auth.signature(text, request) == m.group(2) else "bad"
