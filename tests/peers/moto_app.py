#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""moto's server with one layer around it, in one process: the tests' AWS.

    moto_app.py [PORT]     serves on 127.0.0.1 (PORT 0 or none: a free one), prints its URL once ready

The layer mends moto's gaps (moto_mends.py), holds each request against AWS's models
(moto_requests.py) and makes faults on demand. It is asked under /_llmforge/:

    GET    requests[?since=N]   {"requests": [...]}: action, params, violations, status, agent, ...
    DELETE requests             forgets them
    POST   faults               a list of faults, in place of the former ones (below); GET shows what is left
    POST   reset                moto's own reset, and forgets requests, faults and the mends' memory

A fault is {"action": GLOB, "kind": K, …}, tried in order, the first that matches is used:
    action     glob over `service:Operation`, e.g. "ec2:RunInstances", "s3:*"
    where      optional: {parameter: glob}, e.g. {"InstanceType": "g5.*"}
    times      how many calls (default 1; null: always)
    after      true: the effect happens, then the answer suffers (default false: moto never sees the call)
    delay_s    wait this long first; with `after`, between the effect and the answer
    kind       latency (only the wait), error (code, message, status, headers), html (status, an HTML page),
               truncated (half an answer, then the connection ends), reset (no answer),
               answer (`body`, status: a false success, moto never sees the call),
               rewrite (moto's answer with `from` replaced by `to`, or each of `changes`, pairs of them;
               its `after` is implied)
"""
import fnmatch
import io
import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs

import moto_images

if __name__ == "__main__":  # before moto is imported: it reads these once
    _folder = tempfile.TemporaryDirectory(prefix="llmforge-moto-")
    os.environ.setdefault("MOTO_AMIS_PATH", os.path.join(_folder.name, "amis.json"))
    if not os.path.exists(os.environ["MOTO_AMIS_PATH"]):
        moto_images.write(os.environ["MOTO_AMIS_PATH"])
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")  # a few: moto_mends.MANAGED_POLICIES
    os.environ.setdefault("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")  # AWS: 403 without a policy

from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication, MotoRequestHandler, create_backend_app)
from werkzeug.serving import make_server  # noqa: E402

import moto_mends  # noqa: E402
import moto_requests  # noqa: E402

# Access keys of AWS's documentation -> (secret, account). Others are refused, as AWS does, but for
# those that moto's STS has handed out.
KEYS = {
    "AKIAIOSFODNN7EXAMPLE": ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "123456789012"),
    "AKIAI44QH8DHBEXAMPLE": ("je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", "210987654321"),
}
WARM_REGIONS = ("us-west-2", "eu-central-1")


class Layer:
    def __init__(self, moto):
        self.moto = moto
        self.moto_lock = threading.Lock()  # concurrent first calls are answered 500 by moto
        self.log_lock = threading.Lock()
        self.memory = moto_mends.Memory()
        self.log, self.faults, self.number = [], [], 0

    # ---- WSGI ----

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        body = environ["wsgi.input"].read() if environ.get("HTTP_TRANSFER_ENCODING") else \
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if not environ.get("HTTP_TRANSFER_ENCODING") and len(body) < int(environ.get("CONTENT_LENGTH") or 0):
            raise ConnectionResetError  # its sender died in the middle of it: no service acts on a part
        if path.startswith("/_llmforge/"):
            reply = self.control(environ, path[11:], body)
        elif path.startswith("/moto-api/reset"):
            self.reset()
            reply = _json({"status": "ok"})
        elif path.startswith("/moto-api"):
            reply = self.ask_moto(environ, body)
        else:
            reply = self.serve(environ, body)
        headers = [(k, str(v)) for k, v in reply.headers]
        if environ["REQUEST_METHOD"] != "HEAD" and reply.status not in (204, 304):
            headers.append(("Content-Length", str(len(reply.body))))
        start_response(f"{reply.status} {_reason(reply.status)}", headers)
        return [reply.body]

    def serve(self, environ, body):
        started = time.monotonic()
        with self.moto_lock:
            received = moto_requests.read(environ, body, self.secret_of)
        fault = self.fault_for(received)
        entry = self.note(environ, received, fault, len(body))
        kind, after = (fault["kind"], fault.get("after")) if fault else (None, False)
        after = after or kind == "rewrite"
        delay = fault.get("delay_s", 0) if fault else 0
        reply = None
        if not after:
            time.sleep(delay)
        if kind in (None, "latency") or after:
            reply = self.answer(environ, received, body)
        if after:
            time.sleep(delay)
        if kind not in (None, "latency"):
            reply = self.spoil(fault, received, environ, reply)
        entry["status"] = reply.status
        entry["ms"] = round((time.monotonic() - started) * 1000, 1)
        return reply

    def answer(self, environ, received, body):
        with self.moto_lock:
            try:
                account = self.account_of(received)
                call = moto_mends.Call(received, environ, body, account, self.memory)
                reply = moto_mends.run_before(call) if received.operation else None
                if reply is None:
                    reply = self.ask_moto(dict(environ, HTTP_X_MOTO_ACCOUNT_ID=account), call.body)
                    if received.operation:
                        reply = moto_mends.run_after(call, reply)
                return reply
            except moto_mends.Refusal as refusal:
                return refusal.reply(received)

    def ask_moto(self, environ, body):
        inner = dict(environ)
        inner["wsgi.input"] = io.BytesIO(body)
        inner["CONTENT_LENGTH"] = str(len(body))
        inner.pop("HTTP_TRANSFER_ENCODING", None)
        head = []
        chunks = self.moto(inner, lambda status, headers, exc_info=None: head.extend([status, headers]))
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        headers = [(k, v) for k, v in head[1] if k.lower() not in ("connection", "content-length") or
                   environ["REQUEST_METHOD"] == "HEAD"]
        return moto_mends.Reply(int(head[0].split()[0]), headers, content)

    # ---- who is asking ----

    def secret_of(self, key):
        if key in KEYS:
            return KEYS[key][0]
        handed_out = self.session_of(key)
        return handed_out.secret_access_key if handed_out else None

    def session_of(self, key):
        from moto.backends import get_backend
        for account in list(get_backend("sts").values()):
            for backend in account.values():
                for role in backend.assumed_roles:
                    if role.access_key_id == key:
                        return role
        return None

    def account_of(self, received):
        """Refuses as AWS does: "Common errors" of IAM, and the error codes of EC2 and S3."""
        ec2, s3 = received.service == "ec2", received.service == "s3"
        if received.signature == "bad":
            raise moto_mends.Refusal(
                "AuthFailure" if ec2 else "SignatureDoesNotMatch",
                "AWS was not able to validate the provided access credentials" if ec2 else
                "The request signature we calculated does not match the signature you provided. Check your key and "
                "signing method.", 401 if ec2 else 403)
        if received.signature == "unknown-key":
            code = {"ec2": "AuthFailure", "s3": "InvalidAccessKeyId"}.get(received.service) or \
                ("UnrecognizedClientException" if received.protocol == "json" else "InvalidClientTokenId")
            message = "AWS was not able to validate the provided access credentials" if ec2 else \
                "The AWS Access Key Id you provided does not exist in our records." if s3 else \
                "The security token included in the request is invalid."
            raise moto_mends.Refusal(code, message, 401 if ec2 else 403)
        if received.access_key in KEYS:
            return KEYS[received.access_key][1]
        session = self.session_of(received.access_key)
        return session.account_id if session else "123456789012"

    # ---- faults ----

    def fault_for(self, received):
        with self.log_lock:
            for fault in self.faults:
                if fault["times"] == 0 or not fnmatch.fnmatchcase(received.action, fault["action"]):
                    continue
                if not all(fnmatch.fnmatchcase(str(received.params.get(k, "")), v)
                           for k, v in fault.get("where", {}).items()):
                    continue
                if fault["times"] is not None:
                    fault["times"] -= 1
                return fault
        return None

    def spoil(self, fault, received, environ, reply):
        kind = fault["kind"]
        if kind == "error":
            refusal = moto_mends.Refusal(fault.get("code", "InternalError"), fault.get(
                "message", "An internal error has occurred"), fault.get("status", 500)).reply(received)
            return moto_mends.Reply(refusal.status, [*refusal.headers, *fault.get("headers", {}).items()], refusal.body)
        if kind == "html":
            page = b"<html><head><title>Error</title></head><body><h1>Internal Server Error</h1></body></html>"
            return moto_mends.Reply(fault.get("status", 500), [("Content-Type", "text/html")], page)
        if kind == "answer":
            return moto_mends.Reply(fault.get("status", 200), [("Content-Type", "text/xml")], fault["body"].encode())
        if kind == "rewrite":
            body = reply.body
            for old, new in fault.get("changes") or [(fault["from"], fault["to"])]:
                body = body.replace(old.encode(), new.encode())
            return moto_mends.Reply(reply.status, reply.headers, body)
        connection = environ["werkzeug.socket"]
        if kind == "truncated":
            content = reply.body if reply and reply.body else b"<?xml version='1.0'?><Response><requestId>1</requestId></Response>"
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(content)}\r\n\r\n"
            connection.sendall(head.encode() + content[:len(content) // 2])
        else:  # reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError

    # ---- control ----

    def note(self, environ, received, fault, size):
        with self.log_lock:
            self.number += 1
            entry = {
                "number": self.number, "at": time.time(), "action": received.action, "service": received.service,
                "operation": received.operation, "region": received.region, "access_key": received.access_key,
                "method": environ["REQUEST_METHOD"], "path": environ.get("RAW_URI", ""), "bytes": size,
                "agent": environ.get("HTTP_USER_AGENT", ""), "signature": received.signature,
                "params": json.loads(json.dumps(received.params, default=_plain)),
                "violations": received.violations, "fault": fault["kind"] if fault else None, "status": None,
            }
            self.log.append(entry)
            return entry

    def control(self, environ, what, body):
        method = environ["REQUEST_METHOD"]
        with self.log_lock:
            if what == "requests" and method == "GET":
                since = int(parse_qs(environ.get("QUERY_STRING", "")).get("since", ["0"])[0])
                return _json({"requests": [e for e in self.log if e["number"] > since], "last": self.number})
            if what == "requests" and method == "DELETE":
                self.log.clear()
                return _json({})
            if what == "faults":
                if method == "POST":
                    self.faults = [{"times": 1, **fault} for fault in json.loads(body)]
                return _json(self.faults)
        if what == "reset" and method == "POST":
            self.reset()
            return _json({})
        return moto_mends.Reply(404, [("Content-Type", "text/plain")], b"no such control\n")

    def reset(self):
        with self.moto_lock:
            self.ask_moto(_environ("/moto-api/reset"), b"")
            self.memory = moto_mends.Memory()
            with self.log_lock:
                self.log.clear()
                self.faults = []
            for region in WARM_REGIONS:  # the first call of an account takes seconds
                auth = (f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/{region}/ec2/aws4_request, "
                        "SignedHeaders=host, Signature=0")
                self.ask_moto(_environ("/", HTTP_AUTHORIZATION=auth, CONTENT_TYPE="application/x-www-form-urlencoded"),
                              b"Action=DescribeVpcs&Version=2016-11-15")


def _environ(path, **more):
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, "RAW_URI": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False, **more}


def _json(value):
    return moto_mends.Reply(200, [("Content-Type", "application/json")], json.dumps(value).encode())


def _plain(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _reason(status):
    import http
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Handler(MotoRequestHandler):
    def log(self, type, message, *args):
        pass  # the requests are in /_llmforge/requests


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    moto_mends.install()
    moto = DomainDispatcherApplication(create_backend_app)
    moto.debug = True
    layer = Layer(moto)
    layer.reset()
    server = make_server("127.0.0.1", port, layer, threaded=True, request_handler=Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
