# SPDX-License-Identifier: Apache-2.0
"""A service's own words: error texts, codes, request ids and values with control characters in them
reach a screen as escapes, whatever the command and the format.

    foreign_text_test.py LLMFORGE"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

BINARY = os.path.abspath(sys.argv.pop(1))
# Clears the screen, colours, sets the title, C1 forms of the same, turns text around, shows nothing.
EVIL = "x\x1b[2J\x1b[31mred\x1b]0;title\x07\r\x08\x7f\u009b31m\u202etxt.exe\u2066\u200b\u2028y"
CONTROLS = [chr(c) for c in (*range(0x09), 0x0b, 0x0c, *range(0x0d, 0x20), *range(0x7f, 0xa0), 0x061c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029,
                             *range(0x202a, 0x202f), *range(0x2066, 0x206a), 0xfeff)]
SPEC = """stack: lab
provider: aws
region: us-west-2
resources:
  jobs: {type: aws.sqs.queue, name: lab-jobs, tags: {team: training}}
outputs: {arn: "${resources.jobs.arn}", tags: "${resources.jobs.tags}"}
"""


class Service(http.server.ThreadingHTTPServer):
    """STS and SQS as far as one queue needs them; `evil` names the action that answers with control characters."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.evil, self.how, self.tags, self.seen = None, "error", {}, []
        self.attributes = {}
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, kind, text, headers=()):
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        action = target.split(".")[-1] if target else dict(urllib.parse.parse_qsl(body.decode())).get("Action", "?")
        service = self.server
        service.seen.append(action)
        if action == service.evil:
            return self.refuse(bool(target))
        if action == "GetCallerIdentity":
            return self.answer(200, "text/xml", "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>"
                               "<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
        if not target:
            return self.answer(400, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
        asked = json.loads(body or b"{}")
        url = "https://sqs.us-west-2.amazonaws.com/123456789012/lab-jobs"
        if action == "CreateQueue":
            service.tags = dict(asked.get("tags", {}))
            service.attributes = dict(asked.get("Attributes", {}))
        out = {"CreateQueue": {"QueueUrl": url}, "GetQueueUrl": {"QueueUrl": url}, "ListQueues": {"QueueUrls": [url] if service.tags else []},
               "ListQueueTags": {"Tags": service.tags},
               "GetQueueAttributes": {"Attributes": {"QueueArn": "arn:aws:sqs:us-west-2:123456789012:lab-jobs", **service.attributes}}}.get(action, {})
        if action in ("GetQueueUrl", "GetQueueAttributes", "ListQueueTags") and not service.tags:
            return self.answer(400, "application/x-amz-json-1.0", json.dumps(
                {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}), [("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")])
        return self.answer(200, "application/x-amz-json-1.0", json.dumps(out))

    def refuse(self, is_json):
        how = self.server.how
        if how == "page":
            return self.answer(400, "text/html", f"<html><title>{EVIL}</title>{EVIL}</html>")
        if how == "raw":
            return self.answer(400, "application/x-amz-json-1.0", b'{"__type": "a\x1b[2J", "message": "b\xff\x1b[31m\x9bc"}')
        if is_json:
            return self.answer(400, "application/x-amz-json-1.0", json.dumps({"__type": f"com.amazonaws.sqs#Odd{EVIL}", "message": f"because {EVIL}"}),
                               [("x-amzn-RequestId", "id-\x9b31m")])
        coded = "".join(c if c.isascii() and c.isprintable() else f"&#{ord(c)};" for c in EVIL)
        return self.answer(400, "text/xml", f"<ErrorResponse><Error><Type>Sender</Type><Code>Odd{coded}</Code><Message>because {coded}</Message></Error>"
                           f"<RequestId>id-{coded}</RequestId></ErrorResponse>")

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST

    def log_message(self, *_):
        pass


class ForeignText(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "llmforge.yaml").write_text(SPEC)
        self.service = Service()
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)

    def run_it(self, *arguments):
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, env={
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.service.server_address[1]}",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": "1"})
        text = (done.stdout + done.stderr).decode("utf-8")  # what is no UTF-8 does not come through either
        for control in CONTROLS:
            if control in text:
                self.fail(f"{arguments}: U+{ord(control):04X} came through raw in {text[:3000]!r}")
        return done.returncode, text

    ANYWHERE = (["plan"], ["plan", "-v"], ["plan", "--json"], ["plan", "--format", "markdown"], ["plan", "--format", "html"], ["plan", "--format", "json"],
                ["doctor"], ["drift"], ["apply", "--auto-approve"], ["apply", "--auto-approve", "--json"], ["apply", "--auto-approve", "-v"])

    def test_who_we_are_is_refused(self):
        self.service.evil = "GetCallerIdentity"
        for self.service.how in ("error", "page", "raw"):
            for arguments in self.ANYWHERE:
                code, text = self.run_it(*arguments)
                if arguments != ["doctor"]:
                    self.assertNotEqual(code, 0, text)
                if self.service.how == "error":
                    self.assertIn("because", text, arguments)

    def test_a_create_is_refused(self):
        self.service.evil = "CreateQueue"
        for self.service.how in ("error", "page", "raw"):
            for more in ([], ["--json"], ["-v"], ["--trace", "trace.json"]):
                code, text = self.run_it("apply", "--auto-approve", *more)
                self.assertEqual(code, 1, text)
                if self.service.how == "error":
                    self.assertIn("because", text)
            for arguments in (["state", "history"], ["status"], ["show"]):
                self.run_it(*arguments)

    def test_values_that_somebody_else_has_set(self):
        code, text = self.run_it("apply", "--auto-approve")
        self.assertEqual(code, 0, text)
        self.service.tags = {"team": EVIL, EVIL: "mine"}
        self.service.attributes |= {"Policy": json.dumps({"Version": EVIL})}
        seen = 0
        for arguments in (["plan"], ["plan", "-v"], ["plan", "--json"], ["plan", "--format", "markdown"], ["plan", "--format", "html"],
                          ["plan", "--format", "json"], ["drift"], ["drift", "--json"], ["plan", "--refresh=only"], ["apply", "--refresh=only", "--auto-approve"],
                          ["show"], ["show", "--json"], ["status"], ["state", "list"], ["state", "show", 'resources["jobs"]'], ["output"], ["output", "--json"],
                          ["expand"], ["graph"], ["state", "history"]):
            _, text = self.run_it(*arguments)
            seen += "title" in text
        self.assertGreater(seen, 5)  # it was shown, as escapes

    def test_a_read_is_refused(self):
        self.assertEqual(self.run_it("apply", "--auto-approve")[0], 0)
        self.service.evil = "GetQueueAttributes"
        for self.service.how in ("error", "page", "raw"):
            for arguments in self.ANYWHERE + (["destroy", "--auto-approve"], ["orphans"], ["state", "repair"]):
                self.run_it(*arguments)


if __name__ == "__main__":
    unittest.main()
