# SPDX-License-Identifier: Apache-2.0
"""Talks to wire_probe: one JSON object a line each way."""
import base64
import json
import subprocess


class Probe:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"wire_probe died of: {json.dumps(question)}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("wire_probe ended with an error")


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()
