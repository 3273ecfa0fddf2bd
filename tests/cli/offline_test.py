# SPDX-License-Identifier: Apache-2.0
"""Runs the commands that need no cloud as users run them: exit codes, streams, what they print and
what they leave on the disk. The state that they look at is written here by its documented form."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))

SPEC = """llmforge: 1
stack: lab
provider: aws
region: us-west-2
variables:
  size: {type: duration, default: 30s}
resources:
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: "${vars.size}"}
  logs: {type: aws.logs.group, name: lab-logs, depends_on: ["${resources.jobs}"]}
outputs:
  jobs: ${resources.jobs.id}
environments:
  prod: {resources: {jobs: {visibility_timeout: 2m}}}
"""


def record(address, kind, identity, **more):
    provider = {"name": "aws", "kind": "aws", "partition": "aws", "account": "123456789012", "region": "us-west-2"}
    return {"address": address, "type": kind, "schema": 1, "provider": provider, "id": identity, "status": "ready", **more}


def snapshot(records, outputs):
    header = {"llmforge_state": 1, "lineage": "ab" * 16, "serial": 7, "stack": "lab", "environment": "default",
              "written_by": "0.1.0", "written_at": "2026-11-20T10:00:00Z", "secret_key": "00" * 32, "next_intent": 1,
              "outputs": len(outputs), "records": len(records)}
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [header, *outputs, *records])
    return text + json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()}, separators=(",", ":")) + "\n"


class Offline(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = self.folder.name
        self.write("llmforge.yaml", SPEC)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as file:
            return file.read()

    def with_state(self):
        jobs = "resources[\"jobs\"]"
        logs = "resources[\"logs\"]"
        text = snapshot([record(jobs, "aws.sqs.queue", "q-1"), record(logs, "aws.logs.group", "lab-logs", depends_on=[jobs])],
                        [{"output": "jobs", "value": "q-1"}, {"output": "token", "secret": True, "digest": "00"}])
        self.write(".llmforge/lab.llmforge.json", text)
        self.write(".llmforge/history/lab.llmforge/7.json", text)
        return jobs, logs

    def run_it(self, *arguments, code=0):
        environment = {"PATH": os.environ["PATH"], "HOME": self.path}
        done = subprocess.run([BINARY, *arguments], cwd=self.path, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def test_validate(self):
        self.assertIn("valid: stack lab, 2 resources", self.run_it("validate").stdout)
        self.assertTrue(json.loads(self.run_it("validate", "--json").stdout)["valid"])
        self.write("llmforge.yaml", SPEC.replace("visibility_timeout: \"", "visibility_timeot: \""))
        wrong = self.run_it("validate", code=3)
        self.assertEqual(wrong.stdout, "")
        self.assertIn("visibility_timeout", wrong.stderr)
        self.run_it("validate", "nowhere.yaml", code=3)

    def test_expand(self):
        text = self.run_it("expand").stdout
        self.assertIn("type: aws.sqs.queue", text)
        self.assertIn("visibility_timeout: 30s", text)
        data = json.loads(self.run_it("expand", "--json").stdout)
        self.assertEqual(len(data), 2)
        diff = self.run_it("expand", "--diff", "prod").stdout
        self.assertIn("-     visibility_timeout: 30s", diff)
        self.assertIn("+     visibility_timeout: 2m", diff)
        self.assertFalse(os.path.exists(os.path.join(self.path, ".llmforge")))

    def test_outputs(self):
        self.assertIn("no outputs", self.run_it("output").stderr)
        self.with_state()
        self.assertEqual(self.run_it("output", "--raw", "jobs").stdout, "q-1")
        self.assertEqual(json.loads(self.run_it("output", "--json", "jobs").stdout), "q-1")
        self.assertEqual(self.run_it("output", "llmforge.yaml", "jobs").stdout, '"q-1"\n')
        everything = json.loads(self.run_it("output", "--json", "llmforge.yaml").stdout)
        self.assertEqual(everything["token"], {"value": None, "secret": True})
        self.assertIn("did you mean `jobs`", self.run_it("output", "jbs", code=1).stderr)
        self.assertIn("secret", self.run_it("output", "token", code=1).stderr)

    def test_show_and_state(self):
        self.assertIn("no state yet", self.run_it("show").stdout)
        jobs, logs = self.with_state()
        self.assertIn("2 resources, serial 7", self.run_it("show").stdout)
        self.assertEqual(self.run_it("state", "list").stdout.split(), [jobs, logs])
        self.assertEqual(self.run_it("state", "list", "*logs*").stdout.split(), [logs])
        self.assertEqual(json.loads(self.run_it("state", "show", jobs, "--json").stdout)["id"], "q-1")
        self.assertIn("did you mean", self.run_it("state", "show", "resources[\"job\"]", code=1).stderr)
        self.assertIn("2 resources", self.run_it("state", "history").stdout)
        pulled = self.run_it("state", "pull").stdout
        body, last = pulled.rstrip("\n").rsplit("\n", 1)
        self.assertEqual(json.loads(last)["sha256"], hashlib.sha256((body + "\n").encode()).hexdigest())

    def test_changing_the_state(self):
        jobs, logs = self.with_state()
        moved = "resources[\"tasks\"]"
        self.run_it("state", "mv", jobs, moved)
        self.assertEqual(self.run_it("state", "list").stdout.split(), [logs, moved])
        self.assertEqual(json.loads(self.run_it("state", "show", logs, "--json").stdout)["depends_on"], [moved])
        self.run_it("state", "mv", moved, logs, code=8)
        self.run_it("state", "mv", "nothing", "there", code=1)
        forgotten = self.run_it("forget", moved)
        self.assertIn("forgot", forgotten.stdout)
        self.assertIn("llmforge adopt", forgotten.stderr)
        self.assertEqual(self.run_it("state", "list").stdout.split(), [logs])
        self.run_it("state", "restore", "7")
        self.assertEqual(self.run_it("state", "list").stdout.split(), [jobs, logs])
        self.run_it("state", "restore", "seven", code=3)
        self.run_it("forget", "resources[\"nothing\"]", code=1)

    def test_eject(self):
        wrote = self.run_it("eject", "network").stdout
        self.assertIn("blocks/network.yaml", wrote)
        self.run_it("validate")
        self.run_it("eject", "network", code=8)
        self.assertIn("did you mean `network`", self.run_it("eject", "netwrk", code=3).stderr)

    def test_fmt(self):
        self.write("a.yaml", "a:   1   # one\nb:\n- c\n")
        self.write("sub/d.yaml", "d:    1\n")
        self.write("e.yaml", "e: 1\n")
        checked = self.run_it("fmt", "--check", "a.yaml", "e.yaml", code=1).stdout
        self.assertEqual(checked.split(), ["a.yaml"])
        diff = self.run_it("fmt", "--check", "--diff", "a.yaml", code=1).stdout
        self.assertIn("-a:   1   # one\n+a: 1  # one\n", diff)
        self.assertIn("a.yaml", self.run_it("fmt").stdout)
        self.assertEqual(self.read("a.yaml"), "a: 1  # one\nb:\n  - c\n")
        self.assertEqual(self.read("sub/d.yaml"), "d:    1\n")
        self.assertEqual(self.run_it("fmt", "-r", "--json").stdout, '{"changed":["sub/d.yaml"]}\n')
        self.assertEqual(self.run_it("fmt", "--check", "-r").stdout, "")
        self.write("broken.yaml", "a: [1\n")
        self.write("e.yaml", "e:   1\n")
        self.assertIn("LF0101", self.run_it("fmt", code=3).stderr)
        self.assertEqual(self.read("e.yaml"), "e:   1\n")
        self.assertIn("LF0109", self.run_it("fmt", "none.yaml", code=3).stderr)
        piped = subprocess.run([BINARY, "fmt", "-"], input="x:  1\n", capture_output=True, text=True, check=True)
        self.assertEqual(piped.stdout, "x: 1\n")

    def test_words_of_blocks(self):
        spec = "stack: lab\nprovider: aws\nregion: us-west-2\nregistries:\n  new: {moved_from: [old], %s}\n"
        self.write("llmforge.yaml", spec % "create_before_delete: true")
        applied = {"": {"name": "lab-old", "image_tag_mutability": "MUTABLE"}}
        self.write(".llmforge/lab.llmforge.json",
                   snapshot([record('registries["old"].repository', "aws.ecr.repository", "lab-old", applied=applied)], []))
        plan = self.run_it("plan", "--offline").stdout
        self.assertIn('registries["new"].repository  aws.ecr.repository  replace lab-old', plan)  # its name has the key in it
        self.write("llmforge.yaml", spec % "ignore_changes: [repository.name]")
        plan = self.run_it("plan", "--offline").stdout
        self.assertIn('moved from registries["old"].repository', plan)
        self.assertNotIn("lab-new", plan)
        self.write("llmforge.yaml", spec % "replace_at: 1")
        self.assertIn("LF0201", self.run_it("plan", "--offline", code=3).stderr)

    def test_developer_log(self):
        def plan(**log):
            return subprocess.run([BINARY, "plan", "--sandbox"], cwd=self.path, env=os.environ | log, capture_output=True, text=True)
        log = os.path.join(self.path, "log.txt")
        self.assertEqual(plan(LLMFORGE_LOG="trace", LLMFORGE_LOG_PATH=log).returncode, 0)
        lines = self.read("log.txt").splitlines()
        events = [json.loads(line[line.index("{"):]) for line in lines]
        self.assertIn("GetCallerIdentity", [e.get("action") for e in events if e["event"] == "call_sent"])
        self.assertEqual(plan(LLMFORGE_LOG="debug", LLMFORGE_LOG_PATH=log).returncode, 0)
        more = self.read("log.txt").splitlines()[len(lines):]
        self.assertTrue(more and not any("call_sent" in line for line in more))
        self.assertIn("there are: off, debug, trace", plan(LLMFORGE_LOG="loud").stderr)
        self.assertIn("cannot be written", plan(LLMFORGE_LOG="debug", LLMFORGE_LOG_PATH="/dev/null/log").stderr)

    def test_init(self):
        self.run_it("init", code=8)
        os.remove(os.path.join(self.path, "llmforge.yaml"))
        self.assertIn("bucket, environments, network, policies, queues", self.run_it("init", "--from", "none", code=3).stderr)
        self.assertIn("wrote llmforge.yaml", self.run_it("init", "--from", "queues").stdout)
        self.run_it("validate")
        self.run_it("init", code=8)

    def console(self, text, *arguments, code=0):
        done = subprocess.run([BINARY, "console", *arguments], input=text, cwd=self.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_console(self):
        self.assertEqual(self.console("vars.size\n1 + 2\n:type vars.size\n").stdout, "30s\n3\nduration\n")
        self.assertIn("known after apply", self.console("resources.jobs.id\n").stdout)
        self.with_state()
        self.assertEqual(self.console("resources.jobs.id\n").stdout, '"q-1"\n')
        self.assertIn("name: lab-jobs\n", self.console("resources.jobs\n").stdout)
        self.assertIn("did you mean `size`", self.console("vars.sise\n", code=1).stderr)
        self.assertIn("division by zero", self.console("1 / 0\n", code=1).stderr)
        berlin = 'timestamp("2026-07-01T00:00:00Z").getHours("Europe/Berlin")\n'
        self.assertEqual(self.console(berlin).stdout, "2\n")
        self.assertEqual(self.console('{"expr": "[1].map(x, x + 1)"}\n', "--jsonl").stdout,
                         '{"value":{"type":"list","value":[{"type":"int","value":"2"}]}}\n')
        os.remove(os.path.join(self.path, "llmforge.yaml"))
        self.assertEqual(self.console('size("abc")').stdout, "3\n")

    def test_graph(self):
        self.assertIn('"resources[\\"logs\\"]" -> "resources[\\"jobs\\"]";', self.run_it("graph").stdout)
        drawn = subprocess.run(["dot", "-Tsvg"], input=self.run_it("graph").stdout, capture_output=True, text=True, check=True)
        self.assertEqual((drawn.stdout.count('class="node"'), drawn.stdout.count('class="edge"'), drawn.stderr), (2, 1, ""))
        self.assertIn("n1 --> n0", self.run_it("graph", "--format", "mermaid").stdout)
        nodes = json.loads(self.run_it("graph", "--format", "json").stdout)["nodes"]
        self.assertEqual([n["needs"] for n in nodes], [[], ['resources["jobs"]']])
        self.run_it("graph", "--format", "html", "--out", "graph.html")
        page = self.read("graph.html")
        self.assertIn("<svg", page)
        self.assertNotRegex(page, r"(src|href)=")

    def test_explain(self):
        self.assertIn("LF0201", self.run_it("explain", "lf0201").stdout)
        self.assertIn("## Properties", self.run_it("explain", "aws.sqs.queue").stdout)
        self.assertIn("inputs:", self.run_it("explain", "network").stdout)
        self.assertEqual(json.loads(self.run_it("explain", "aws.sqs.queue", "--json").stdout)["resource"], "aws.sqs.queue")
        self.run_it("explain", "nonsense", code=3)

    def test_usage(self):
        self.run_it("state", "show", code=3)
        self.run_it("adopt", "one", code=3)
        for command in ("plan", "output", "expand", "fmt", "adopt", "forget", "explain"):
            self.assertIn("llmforge " + command, self.run_it(command, "--help").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
