# SPDX-License-Identifier: Apache-2.0
"""The YAML language server that editors use, over stdio: opens texts, asks for completions, hovers
and diagnostics at the place of a `|` in them."""
import json
import pathlib
import queue
import subprocess
import threading


class Editor:
    def __init__(self, node_modules, schema, folder):
        """`schema`: the path that each text's modeline names."""
        self.schema, self.folder, self.count = schema, pathlib.Path(folder), 0
        server = pathlib.Path(node_modules) / "yaml-language-server/bin/yaml-language-server"
        self.process = subprocess.Popen(["node", server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers, self.diagnostics, self.next = {}, queue.Queue(), 1
        threading.Thread(target=self.read, daemon=True).start()
        self.ask("initialize", {
            "processId": None, "rootUri": None,
            "capabilities": {"textDocument": {
                "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": True}},
                "hover": {"contentFormat": ["markdown"]}}}})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": {"yaml": {
            "validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}})

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            while (line := out.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            message = json.loads(out.read(length))
            if "method" in message and "id" in message:  # the server asks for its configuration
                items = message.get("params", {}).get("items", [])
                self.send({"id": message["id"], "result": [self.settings(i) for i in items] or None})
            elif "id" in message:
                self.answers.setdefault(message["id"], queue.Queue()).put(message)
            elif message["method"] == "textDocument/publishDiagnostics":
                self.diagnostics.put(message["params"])

    @staticmethod
    def settings(item):
        return {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}.get(
            item.get("section"))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, parameters):
        self.send({"method": method, "params": parameters})

    def ask(self, method, parameters):
        number, self.next = self.next, self.next + 1
        waiting = self.answers.setdefault(number, queue.Queue())
        self.send({"id": number, "method": method, "params": parameters})
        answer = waiting.get(timeout=60)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, text, mark="|"):
        """Opens a text with a modeline; the mark in it is taken out, and its place comes back."""
        self.count += 1
        path = self.folder / f"text{self.count}.yaml"
        text = f"# yaml-language-server: $schema={self.schema}\n" + text
        at = text.find(mark) if mark else -1
        before = text[:max(at, 0)]
        text = text.replace(mark, "", 1) if at >= 0 else text
        path.write_text(text)
        self.tell("textDocument/didOpen", {"textDocument": {
            "uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}})
        return {"textDocument": {"uri": path.as_uri()},
                "position": {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}}

    def completions(self, text):
        """{label: documentation} at the `|`."""
        found = self.ask("textDocument/completion", self.open(text))
        items = found["items"] if isinstance(found, dict) else found
        out = {}
        for item in items:
            doc = item.get("documentation") or ""
            out[item["label"]] = doc if isinstance(doc, str) else doc.get("value", "")
        return out

    def hover(self, text):
        found = self.ask("textDocument/hover", self.open(text))
        return found["contents"]["value"] if found else ""

    def problems(self, text, mark=None):
        """What the editor would underline: (line, message), lines of `text` from 1."""
        uri = self.open(text, mark)["textDocument"]["uri"]
        while True:
            said = self.diagnostics.get(timeout=60)
            if said["uri"] == uri:
                return [(d["range"]["start"]["line"], d["message"]) for d in said["diagnostics"]]

    def close(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(timeout=20)
