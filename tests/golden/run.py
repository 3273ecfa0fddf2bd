#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every diagnostic as its reader meets it: diagnostics/CASE/ holds a spec that is wrong, and
`expected.txt` what llmforge prints of it, with the exit code. `--update` writes expected.txt.

A case's folder name begins with the code that it is about. `command` (default: `plan spec.yaml`) is
what is run; `answers/ACTION.xml`, where there are any, is what a server answers. In all cases the
folder must be as it was afterwards, and without answers no request may have been sent.
A code of the stages before apply that no case reports is an error, and so is one whose page under
docs/errors/ is missing, does not show the code, or shows a right example that is wrong."""
import contextlib
import http.server
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BINARY = pathlib.Path(os.environ.get("LLMFORGE", ROOT / "build" / "llmforge")).resolve()
# Provider packages (LF09xx) have cases of their own beside their loader.
TABLE = re.findall(r"^LF_DIAGNOSTIC\((0[1-8]\d\d),", (ROOT / "src/base/diagnostics.def").read_text(), re.M)
REPORTED = set(re.findall(r"Code::LF(\d{4})", "".join(p.read_text() for p in (ROOT / "src").rglob("*.cc"))))
TABLE = [number for number in TABLE if number in REPORTED]  # the others mean nothing yet


class Server(http.server.ThreadingHTTPServer):
    """Counts requests; answers from a case's folder."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.answers = [], None
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        action = urllib.parse.parse_qs(body).get("Action", ["?"])[0]
        self.server.requests.append(action)
        path = self.server.answers and self.server.answers / f"{action}.xml"
        found = path and path.exists()
        text = path.read_bytes() if found else b"<nothing/>"
        self.send_response(200 if found else 500)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST

    def log_message(self, *_):
        pass


def snapshot(folder):
    out = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        out[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return out


def environment(server):
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "ASAN_OPTIONS", "LD_LIBRARY_PATH")}
    return keep | {
        "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}", "AWS_EC2_METADATA_DISABLED": "true"}


def run(folder, command, server):
    done = subprocess.run([BINARY, *shlex.split(command)], cwd=folder, env=environment(server),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="llmforge-golden-") as folder:
        yield pathlib.Path(folder)


def run_case(case, server):
    """(what was printed, complaints)"""
    complaints = []
    with scratch() as temporary:
        folder = temporary / "case"
        shutil.copytree(case, folder, symlinks=True, ignore=shutil.ignore_patterns("expected.txt", "command", "answers"))
        command_file = case / "command"
        command = command_file.read_text().strip() if command_file.exists() else "plan spec.yaml"
        answers = case / "answers"
        server.requests, server.answers = [], answers if answers.exists() else None
        before = snapshot(folder)
        code, out, err = run(folder, command, server)
        if snapshot(folder) != before:
            complaints.append(f"changed files: {sorted(set(snapshot(folder)) ^ set(before))}")
    if server.requests and not answers.exists():
        complaints.append(f"sent requests: {server.requests}")
    if out and code in (3, 8) and not command.startswith("test"):  # what only warns goes on; reports are data
        complaints.append(f"printed to stdout: {out[:200]!r}")
    return f"$ llmforge {command}\n{err}exit {code}\n", complaints


def tell(name, complaints):
    for complaint in complaints:
        print(f"FAILED {name}: {complaint}")
    return bool(complaints)


def cases(server, update, only):
    failed = 0
    for case in sorted((HERE / "diagnostics").iterdir()):
        if not case.is_dir() or (only and not any(word in case.name for word in only)):
            continue
        text, complaints = run_case(case, server)
        code = case.name.split("-")[0]
        if code.startswith("LF") and f"[{code}]" not in text:
            complaints.append(f"does not report {code}")
        expected = case / "expected.txt"
        if update:
            expected.write_text(text)
        elif not expected.exists() or expected.read_text() != text:
            complaints.append("differs from expected.txt:\n" + text)
        failed += tell(case.name, complaints)
    return failed


def coverage():
    names = [case.name for case in (HERE / "diagnostics").iterdir()]
    missing = [f"LF{number}" for number in TABLE if not any(n.startswith(f"LF{number}-") for n in names)]
    for code in missing:
        print(f"FAILED {code} has no case")
    return len(missing)


def nested_aliases(server):
    """10 MB in which each line names the line before ten times: bounded in time and memory."""
    with scratch() as folder:
        lines = ["stack: lab", "provider: aws", "locals:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        size, i = 0, 1
        while size < 10_000_000:
            lines.append(f"  a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]")
            size += len(lines[-1]) + 1
            i += 1
        (folder / "spec.yaml").write_text("\n".join(lines) + "\n")
        begin = time.monotonic()
        code, out, err = run(folder, "plan spec.yaml", server)
        seconds = time.monotonic() - begin
        good = code == 3 and not out and err.count("error[LF0105]") == 1 and len(err) < 2000 and seconds < 20
        print(f"10 MB of nested aliases: {seconds:.2f} s, exit {code}" + ("" if good else "\nFAILED: " + err[:1500]))
        return 0 if good else 1


def page_examples(server):
    """docs/errors/LFxxxx.md: its first yaml block reports the code, its second does not."""
    failed = 0
    for number in TABLE:
        code = f"LF{number}"
        page = ROOT / "docs/errors" / f"{code}.md"
        complaints = []
        if not page.exists():
            complaints = ["has no page under docs/errors/"]
        else:
            text = page.read_text()
            blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
            note = re.search(r"<!-- test: (.*?) -->", text)
            if note and note[1].startswith("case "):
                blocks = []
                if f"[{code}]" not in (HERE / "diagnostics" / note[1][5:] / "expected.txt").read_text():
                    complaints.append(f"{note[1]} does not show it")
            elif len(blocks) != 2:
                complaints.append("needs two yaml blocks: a wrong one and a right one")
            command = note[1] if note else "plan spec.yaml --offline"
            for right, block in enumerate(blocks):
                with scratch() as folder:
                    head = "" if re.search(r"^stack:", block, re.M) else "stack: lab\n"
                    head += "" if re.search(r"^provider:", block, re.M) or code == "LF0202" else "provider: aws\n"
                    head += "" if re.search(r"^region:", block, re.M) else "region: us-west-2\n"
                    (folder / "spec.yaml").write_text(head + block)
                    status, _, err = run(folder, command, server)
                    errors = "error" in err and status not in (0, 2)
                    if not right and f"[{code}]" not in err:
                        complaints.append("its wrong example gives: " + (err or f"exit {status}"))
                    if right and errors and "[LF0703]" not in err:
                        complaints.append("its right example gives: " + err)
        failed += tell(code, complaints)
    return failed


def main():
    update = "--update" in sys.argv
    only = [a for a in sys.argv[1:] if not a.startswith("-")]
    server = Server()
    failed = cases(server, update, only)
    if not only:
        failed += coverage() + nested_aliases(server) + page_examples(server)
    print("FAILED" if failed else "all diagnostics are as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
