#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AWS's own suite for Signature Version 4, and botocore's signers against our verifier.

    sigv4.py WIRE_PROBE BOTOCORE_SOURCE

Each case of the suite is a folder of files: .req the request, .creq its canonical form, .sts the
string to sign, .authz the Authorization header. All of them are compared, and our verifier must
accept what we signed. Then what botocore signs (headers and presigned, S3's form too) must verify,
and what we presign must equal what botocore presigns.
"""
import datetime
import pathlib
import re
import sys
import unittest.mock
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from probe import Probe, b64

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
SCOPE = {"region": "us-east-1", "service": "service", "access_key": ACCESS_KEY,
         "secret_key": SECRET_KEY, "now": int(NOW.timestamp())}


def parse_request(text):
    head, _, body = text.replace("\r", "").partition("\n\n")
    first, *lines = head.split("\n")
    method, target = first.split(" ", 1)
    target = target.rsplit(" ", 1)[0]
    headers = []
    for line in lines:
        if line[:1].isspace():  # a folded header goes on
            headers[-1][1] += " " + line.strip()
        elif line:
            headers.append(line.split(":", 1))
    path, _, query = target.partition("?")
    host = next(v for k, v in headers if k.lower() == "host")
    return {"method": method, "host": host, "path": path, "query": query, "body": b64(body),
            "headers": [[k, v] for k, v in headers if k.lower() != "host"]}


def run_suite(probe, folder):
    passed, failed = 0, []
    for req in sorted(folder.rglob("*.req")):
        expected = {name: req.with_suffix(suffix).read_text().replace("\r", "")
                    for name, suffix in (("canonical", ".creq"), ("to_sign", ".sts"),
                                         ("authorization", ".authz"))}
        token = re.search(r"^x-amz-security-token:(.*)$", expected["canonical"], re.M)
        token = token.group(1) if token else ""
        answer = probe.ask(op="sign", request=parse_request(req.read_text()), session_token=token,
                           **SCOPE)
        wrong = [f"{name}:\n{answer.get(name)}\n  instead of\n{text}"
                 for name, text in expected.items() if answer.get(name) != text]
        verified = probe.ask(op="verify", request=answer, session_token=token, **SCOPE)
        if "error" in verified:
            wrong.append(f"not verified: {verified['error']}")
        if wrong:
            failed.append(f"{req.relative_to(folder)}: " + "\n".join(wrong))
        else:
            passed += 1
    return passed, failed


REQUESTS = [
    ("GET", "https://svc.us-east-1.amazonaws.com/", b"", {}),
    ("POST", "https://svc.us-east-1.amazonaws.com/", b"Action=A&Version=1",
     {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}),
    ("PUT", "https://b.s3.amazonaws.com/a%20b/c%2Bd//e?tagging=&x-id=%C3%A9", b"<a/>",
     {"Content-MD5": "x", "X-Amz-Meta-A": "  two  words "}),
    ("GET", "https://127.0.0.1:5000/bucket?list-type=2&prefix=a%2Fb&delimiter=%2F", b"", {}),
    ("DELETE", "https://svc.us-east-1.amazonaws.com/v1/names/%C3%BC~x", b"", {}),
]


def with_frozen_time(function):
    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return NOW.replace(tzinfo=None)

        @classmethod
        def now(cls, tz=None):
            return NOW if tz else NOW.replace(tzinfo=None)

    patches = [unittest.mock.patch.object(botocore.auth.datetime, "datetime", Frozen)]
    if hasattr(botocore.auth, "get_current_datetime"):
        patches.append(unittest.mock.patch.object(
            botocore.auth, "get_current_datetime",
            lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW))
    for patch in patches:
        patch.start()
    try:
        return function()
    finally:
        for patch in patches:
            patch.stop()


def as_probe_request(method, url, headers, body):
    parts = urllib.parse.urlsplit(url)
    return {"method": method, "scheme": parts.scheme, "host": parts.netloc, "path": parts.path or "/",
            "query": parts.query, "headers": [[k, v] for k, v in headers.items()], "body": b64(body)}


def query_map(url_query):
    return sorted(urllib.parse.parse_qsl(url_query, keep_blank_values=True))


def run_botocore(probe):
    passed, failed = 0, []
    signers = [("header", botocore.auth.SigV4Auth, False), ("header raw", botocore.auth.S3SigV4Auth, True),
               ("query", botocore.auth.SigV4QueryAuth, False),
               ("query raw", botocore.auth.S3SigV4QueryAuth, True)]
    for name, signer, raw in signers:
        for token in ("", "AQoD//token+=="):
            for method, url, body, headers in REQUESTS:
                case = f"{name} {'with token ' if token else ''}{method} {url}"
                credentials = Credentials(ACCESS_KEY, SECRET_KEY, token or None)
                extra = {"expires": 600} if "query" in name else {}
                if extra:  # botocore moves a body's parameters into the query: another feature
                    body = b""
                    headers = {k: v for k, v in headers.items() if k != "Content-Type"}
                request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
                with_frozen_time(
                    lambda: signer(credentials, "service", "us-east-1", **extra).add_auth(request))
                signed = as_probe_request(method, request.url, request.headers, body)
                answer = probe.ask(op="verify", request=signed, raw=raw, session_token=token, **SCOPE)
                wrong = [f"not verified: {answer['error']}"] if "error" in answer else []
                ours = probe.ask(op="presign" if extra else "sign", raw=raw, session_token=token,
                                 request=as_probe_request(method, url, headers, body),
                                 expires_s=600, **SCOPE)
                if extra:
                    theirs = query_map(urllib.parse.urlsplit(request.url).query)
                    if query_map(ours["query"]) != theirs:
                        wrong.append(f"presigned {ours['query']}\n  instead of {request.url}")
                elif ours["authorization"] != request.headers["Authorization"]:
                    wrong.append(f"signed {ours['authorization']}\n  instead of "
                                 f"{request.headers['Authorization']}")
                if wrong:
                    failed.append(f"{case}: " + "\n".join(wrong))
                else:
                    passed += 1
    return passed, failed


def main():
    probe = Probe(sys.argv[1])
    suite = pathlib.Path(sys.argv[2]) / "tests/unit/auth/aws4_testsuite"
    passed, failed = run_suite(probe, suite)
    total = passed + len(failed)
    print(f"AWS's suite: {passed} of {total} passed")
    more_passed, more_failed = run_botocore(probe)
    print(f"botocore's signers: {more_passed} of {more_passed + len(more_failed)} agree")
    probe.close()
    for text in failed + more_failed:
        print("FAILED", text)
    if total < 30 or failed or more_failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
