# SPDX-License-Identifier: Apache-2.0
"""`llmforge lsp`, driven by a client that none of us wrote.    LLMFORGE=build/llmforge lsp_test.py [TEST]"""
import asyncio
import json
import pathlib
import subprocess
import tempfile
import unittest
from random import Random

from client import BINARY, Editor, cursor
from lsprotocol import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = """\
llmforge: 1
stack: lab
provider: aws
region: us-west-2
variables:
  size: {type: duration, default: 30s, doc: How long a job may take.}
locals:
  twice: "${[vars.size]}"
resources:
  jobs: {type: aws.sqs.queue, name: lab-jobs, visibility_timeout: "${vars.size}"}
  logs: {type: aws.logs.group, name: lab-logs, depends_on: ["${resources.jobs}"]}
outputs:
  jobs: ${resources.jobs.id}
environments:
  prod: {resources: {jobs: {visibility_timeout: 2m}}}
"""


class LspTest(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    async def asyncSetUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.editor = None

    async def asyncTearDown(self):
        if self.editor is not None:
            self.assertEqual(await self.editor.stop(), 0)
            self.assertEqual(self.editor.client.wrong, [])

    async def start(self, *arguments, units="utf-16", **more):
        self.editor = await Editor(self.folder.name, units).start(*arguments, **more)
        return self.editor

    @property
    def client(self):
        return self.editor.client


class Documents(LspTest):
    async def test_a_sound_spec_has_none(self):
        editor = await self.start()
        self.assertEqual(await editor.open("llmforge.yaml", SPEC), [])
        self.assertEqual(editor.server.server_info.name, "llmforge")
        self.assertEqual(editor.server.capabilities.position_encoding, "utf-16")

    async def test_diagnostics_as_one_types(self):
        editor = await self.start()
        await editor.open("llmforge.yaml", SPEC)
        at = SPEC.index("_timeout: \"")
        wrong = await editor.type("llmforge.yaml", at, "x")
        self.assertEqual([d.code for d in wrong], ["LF0201"])
        self.assertEqual(wrong[0].severity, types.DiagnosticSeverity.Error)
        self.assertEqual(editor.shown(types.Location(editor.uri("llmforge.yaml"), wrong[0].range))[1], "visibilityx_timeout")
        self.assertIn("LF0201", wrong[0].code_description.href)
        self.assertEqual(await editor.type("llmforge.yaml", at, "", 1), [])

    async def test_quickfix(self):
        editor = await self.start()
        wrong = await editor.open("llmforge.yaml", SPEC.replace("visibility_timeout: \"", "visibility_timeot: \""))
        actions = await self.client.text_document_code_action_async(types.CodeActionParams(
            types.TextDocumentIdentifier(editor.uri("llmforge.yaml")), wrong[0].range, types.CodeActionContext(wrong)))
        self.assertEqual([a.title for a in actions], ["did you mean `visibility_timeout`?"])
        self.assertEqual(actions[0].kind, types.CodeActionKind.QuickFix)
        self.assertEqual(editor.applied(actions[0].edit), {"llmforge.yaml": SPEC})
        none = await self.client.text_document_code_action_async(types.CodeActionParams(
            types.TextDocumentIdentifier(editor.uri("llmforge.yaml")), wrong[0].range,
            types.CodeActionContext(wrong, only=[types.CodeActionKind.Source])))
        self.assertEqual(list(none), [])

    async def test_other_places(self):
        editor = await self.start()
        wrong = await editor.open("llmforge.yaml", SPEC + "stack: again\n")
        self.assertEqual([d.code for d in wrong], ["LF0103"])
        related = wrong[0].related_information[0]
        self.assertEqual((related.message, editor.shown(related.location)), ("the first one", ("llmforge.yaml", "stack")))

    async def test_a_variable_without_a_value_is_no_mistake(self):
        editor = await self.start()
        text = SPEC.replace("default: 30s, ", "").replace("${[vars.size]}", "${vars.size > duration('1s') ? 'a' : 'b'}")
        self.assertEqual(await editor.open("llmforge.yaml", text), [])
        wrong = await editor.replace("llmforge.yaml", text.replace("visibility_timeout: 2m", "visibility_timeout: x").replace(
            "'a'", "nothing"))
        self.assertEqual([d.code for d in wrong], ["LF0302"])

    async def test_environments(self):
        editor = await self.start()
        wrong = await editor.open("llmforge.yaml", SPEC.replace("visibility_timeout: 2m", "visibility_timeut: 2m"))
        self.assertEqual([d.code for d in wrong], ["LF0201"])
        self.assertIn("environment `prod`", wrong[0].message)

    async def test_folder_spec_and_module(self):
        editor = await self.start()
        editor.write("spec/a.yaml", "stack: lab\nprovider: aws\nregion: us-west-2\n")
        editor.write("spec/b.yaml", "modules:\n  q: {use: ../lib/queue.yaml, with: {name: x}}\n")
        editor.write("lib/queue.yaml", "inputs:\n  name: {type: string}\nresources:\n  queue: {type: aws.sqs.queue, name: \"${name}\"}\n"
                     "outputs: {id: \"${resources.queue.id}\"}\n")
        self.assertEqual(await editor.open("spec/b.yaml"), [])
        self.assertEqual(await editor.open("lib/queue.yaml"), [])
        wrong = await editor.replace("lib/queue.yaml", editor.texts["lib/queue.yaml"].replace("name}", "nam}"))
        self.assertEqual([d.code for d in wrong], ["LF0302"])
        # The spec sees the module as it is in the editor.
        await editor.replace("lib/queue.yaml", editor.read("lib/queue.yaml").replace("nam}", "name}").replace("{type: string}", "{type: int}"))
        self.assertEqual([d.code for d in await editor.replace("spec/b.yaml", editor.texts["spec/b.yaml"] + "\n")], ["LF0204"])

    async def test_a_module_by_itself(self):
        editor = await self.start()
        text = "inputs:\n  name: {type: string}\noutputs: {id: \"${nam}\"}\n"
        self.assertEqual([d.code for d in await editor.open("queue.yaml", text)], ["LF0302"])
        self.assertEqual(await editor.open("values.yaml", "replicas: 3\nimage: {tag: x}\n"), [])

    async def test_units(self):
        for units in ("utf-16", "utf-8"):
            general = types.GeneralClientCapabilities(position_encodings=["utf-8", "utf-16"] if units == "utf-8" else None)
            editor = await self.start(units=units, capabilities=types.ClientCapabilities(general=general))
            self.assertEqual(editor.server.capabilities.position_encoding, units)
            text = SPEC.replace("default: 30s,", "default: 30s, doc: \"\U0001f600 ä\", dok: x,").replace("doc: How long a job may take.", "")
            wrong = await editor.open("llmforge.yaml", text)
            self.assertEqual(editor.shown(types.Location(editor.uri("llmforge.yaml"), wrong[0].range))[1], "dok")
            fixed = await editor.type("llmforge.yaml", text.index("dok: x,"), "", len("dok: x,"))
            self.assertEqual(fixed, [])
            await self.editor.stop()
        self.editor = None

    async def test_closing_and_the_disk(self):
        editor = await self.start()
        editor.write("llmforge.yaml", SPEC)
        editor.write("m.yaml", "outputs: {a: 1}\n")
        text = SPEC + "modules:\n  m: {use: m.yaml}\nfiles:\n  f: {path: f, content: \"${modules.m.b}\"}\n"
        wrong = await editor.open("llmforge.yaml", text)
        self.assertEqual([d.code for d in wrong], ["LF0303"])
        editor.write("m.yaml", "outputs: {b: x}\n")
        self.client.published.clear()
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(
            [types.FileEvent(editor.uri("m.yaml"), types.FileChangeType.Changed)]))
        self.assertEqual(await editor.diagnostics("llmforge.yaml"), [])
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(editor.uri("llmforge.yaml"))))

    async def test_formatting(self):
        editor = await self.start()
        await editor.open("llmforge.yaml", SPEC.replace("  size: {type", "  size:   { type"))
        asked = types.DocumentFormattingParams(types.TextDocumentIdentifier(editor.uri("llmforge.yaml")), types.FormattingOptions(2, True))
        edits = await self.client.text_document_formatting_async(asked)
        self.assertEqual(len(edits), 1)
        self.assertEqual(edits[0].range.start.line, edits[0].range.end.line - 1)
        self.assertEqual(editor.with_edits(editor.texts["llmforge.yaml"], edits), SPEC)
        await editor.replace("llmforge.yaml", SPEC)
        self.assertEqual(list(await self.client.text_document_formatting_async(asked)), [])
        await editor.replace("llmforge.yaml", "a: [1\n")
        with self.assertRaisesRegex(Exception, "cannot be laid out"):
            await self.client.text_document_formatting_async(asked)

    async def test_outline(self):
        editor = await self.start()
        await editor.open("llmforge.yaml", SPEC)
        symbols = await self.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri("llmforge.yaml"))))
        self.assertIn(("resources", ["jobs", "logs"]), [(s.name, [c.name for c in s.children or []]) for s in symbols])
        resources = next(s for s in symbols if s.name == "resources")
        self.assertEqual(resources.children[0].detail, "aws.sqs.queue")


PLATFORM = """\
stack: lab
provider: aws
region: us-west-2
variables:
  types: {type: list<string>, default: [g5.xlarge], doc: What to try.}
network: {cidr: 10.1.0.0/16, subnets: [10.1.1.0/24]}
buckets:
  data: {versioning: true}
access:
  trainer: {read: ["${buckets['data'].arn}"]}
machines:
  trainer:
    type: ${vars.types}
    image: {name: "Deep*", owner: amazon}
    profile: ${access.trainer.profile}
modules:
  queue: {use: lib/queue.yaml, with: {name: lab-q}}
resources:
  jobs:
    type: aws.sqs.queue
    name: "lab-${modules.queue.id}"
    depends_on: [machines.trainer, "${buckets.data}"]
  more: {type: aws.sqs.queue}
outputs:
  a: ${machines.?trainer.?id}
  b: "${has(machines.trainer) ? machines['trainer'].id : resources.jobs.arn}"
environments:
  prod:
    machines: {trainer: {market: spot}}
"""
QUEUE = """\
inputs:
  name: {type: string}
locals:
  full: ${name}-x
resources:
  queue: {type: aws.sqs.queue, name: "${locals.full}"}
outputs: {id: "${resources.queue.id}"}
"""


class AsValidate(LspTest):
    """What `validate` says of a spec, the editor says too, at the same places: checks, policies, types."""
    # A variable without a value is whoever runs it; what lies outside of the text has no line to show it at.
    # LF05: what policies and checks say of a plan is no matter of one keystroke.
    LEFT = {"LF0208", "LF0109", "LF0217", "LF0703"}
    # A text without `stack:` is a module to the editor, until somebody runs it as a spec.
    MODULES = {"LF0202-no-stack"}

    def validated(self, name):
        done = subprocess.run([BINARY, "validate", name, "--json"], cwd=self.folder.name, capture_output=True, text=True, check=False)
        found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        return {(one["code"], one["line"], one["column"]) for one in found
                if one.get("code", "").startswith("LF") and not one["code"].startswith("LF05") and one.get("file", "").endswith(name) and one["code"] not in self.LEFT}

    async def test_every_golden_spec(self):
        editor, compared, codes = await self.start(), 0, set()
        for case in sorted((ROOT / "tests/golden/diagnostics").iterdir()):
            spec, command = case / "spec.yaml", case / "command"
            if case.name in self.MODULES or not spec.exists() or (command.exists() and "--" in command.read_text()):
                continue
            text = spec.read_bytes()
            try:
                text = text.decode()
            except UnicodeDecodeError:
                continue
            for path in case.rglob("*"):
                if path.is_file() and path.name not in ("expected.txt", "command"):
                    editor.write(f"{case.name}/{path.relative_to(case)}", path.read_bytes().decode("utf-8", "replace"))
            name = f"{case.name}/spec.yaml"
            wanted = self.validated(name)
            seen = {(d.code, d.range.start.line + 1, d.range.start.character + 1) for d in await editor.open(name, text)}
            seen = {one for one in seen if one[0] not in self.LEFT}
            self.assertLessEqual(wanted, seen, case.name)
            compared, codes = compared + len(wanted), codes | {code for code, _, _ in wanted}
        self.assertGreater(compared, 100)
        self.assertLessEqual({"LF0405", "LF0303"}, codes)

    async def test_checks_and_policies_are_typed(self):
        editor = await self.start()
        text = SPEC + """\
checks:
  one: {assert: "${resources.jobs.arnn != ''}", message: "${vars.sise}"}
  two: {assert: "${stack}"}
policies:
  three: {deny: "${resource.tipe == 'x'}", message: no}
"""
        editor.write("llmforge.yaml", text)
        wrong = await editor.open("llmforge.yaml", text)
        self.assertEqual(sorted(d.code for d in wrong), ["LF0303", "LF0303", "LF0303", "LF0405"])
        self.assertEqual({(d.code, d.range.start.line + 1, d.range.start.character + 1) for d in wrong}, self.validated("llmforge.yaml"))


class Names(LspTest):
    async def opened(self):
        editor = await self.start()
        editor.write("lib/queue.yaml", QUEUE)
        editor.texts["lib/queue.yaml"] = QUEUE
        self.assertEqual(await editor.open("llmforge.yaml", PLATFORM), [])
        return editor

    async def definition(self, name, pattern, group=None):
        found = await self.client.text_document_definition_async(
            self.editor.asked(types.DefinitionParams, name, self.editor.at(name, pattern, group)))
        return self.editor.shown(found) if found else None

    async def rename(self, name, pattern, new, group=None):
        where = self.editor.at(name, pattern, group)
        ready = await self.client.text_document_prepare_rename_async(self.editor.asked(types.PrepareRenameParams, name, where))
        self.assertIsNotNone(ready)
        edit = await self.client.text_document_rename_async(self.editor.asked(types.RenameParams, name, where, new_name=new))
        return self.editor.applied(edit)

    async def test_definitions(self):
        editor = await self.opened()
        main = "llmforge.yaml"
        self.assertEqual(await self.definition(main, r"vars\.(types)", 1), (main, "types"))
        self.assertEqual(await self.definition(main, r"(data)'\]", 1), (main, "data"))
        self.assertEqual(await self.definition(main, r"modules\.(queue)", 1), (main, "queue"))
        self.assertEqual(await self.definition(main, r"modules\.queue\.(id)", 1), ("lib/queue.yaml", "id"))
        self.assertEqual(await self.definition(main, r"with: {(name)", 1), ("lib/queue.yaml", "name"))
        self.assertEqual(await self.definition(main, r"lib/queue"), ("lib/queue.yaml", ""))
        self.assertEqual(await self.definition(main, r"has\(machines\.(trainer)", 1), (main, "trainer"))
        self.assertEqual(await self.definition(main, r"depends_on: \[machines\.(trainer)", 1), (main, "trainer"))
        # Into the binary's own files.
        self.assertEqual(await self.definition(main, r"    (profile)", 1), ("machines.yaml", "profile"))
        self.assertEqual(await self.definition(main, r"trainer\.(profile)", 1), ("access.yaml", "profile"))
        self.assertEqual((await self.definition(main, r"type: aws\.(sqs)", 1))[0], "queue.yaml")
        self.assertEqual((await self.definition(main, r"jobs\.(arn)", 1))[0], "queue.yaml")
        self.assertIsNone(await self.definition(main, r"spot"))
        await editor.open("lib/queue.yaml")
        self.assertEqual(await self.definition("lib/queue.yaml", r"\${(name)", 1), ("lib/queue.yaml", "name"))
        self.assertEqual(await self.definition("lib/queue.yaml", r"locals\.(full)", 1), ("lib/queue.yaml", "full"))

    NETWORK = """\
stack: network
provider: aws
region: us-west-2
resources:
  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}
outputs:
  vpc_id: {value: "${resources.vpc.id}", doc: The network that all share.}
  ranges: [10.0.1.0/24, 10.0.2.0/24]
  token: {value: abc, secret: true}
"""
    APP = """\
stack: app
provider: aws
region: us-west-2
imports:
  net: ../network
resources:
  part: {type: aws.ec2.subnet, vpc: "${net.vpc_id}", cidr: "${net.ranges[0]}"}
outputs:
  vpc: ${net.vpc_id}
checks:
  many: {assert: "${size(net.ranges) > 1}", message: "${net.vpc_id} has too few"}
"""

    async def test_imports(self):
        editor = await self.start()
        editor.write("network/llmforge.yaml", self.NETWORK)
        editor.texts["network/llmforge.yaml"] = self.NETWORK
        main, other = "app/llmforge.yaml", "network/llmforge.yaml"
        self.assertEqual(await editor.open(main, self.APP), [])
        self.assertEqual(await self.definition(main, r"vpc: \"\${(net)", 1), (main, "net"))
        self.assertEqual(await self.definition(main, r"net\.(vpc_id)", 1), (other, "vpc_id"))
        self.assertEqual(await self.definition(main, r"net\.(ranges)\[0", 1), (other, "ranges"))
        self.assertEqual(await self.definition(main, r"size\(net\.(ranges)", 1), (other, "ranges"))

        async def hover(pattern):
            found = await self.client.text_document_hover_async(editor.asked(types.HoverParams, main, editor.at(main, pattern, 1)))
            return found.contents.value if found else ""
        said = await hover(r"vpc: \"\${(net)")
        for word in ("stack network", "`vpc_id`", "`ranges`"):
            self.assertIn(word, said)
        said = await hover(r"net\.(vpc_id)")
        self.assertIn("The network that all share.", said)
        self.assertIn("output of stack `network`", said)
        self.assertIn("10.0.2.0/24", await hover(r"net\.(ranges)"))
        where = editor.at(main, r"  (net): ", 1)
        found = await self.client.text_document_references_async(
            editor.asked(types.ReferenceParams, main, where, context=types.ReferenceContext(True)))
        self.assertEqual([editor.shown(f)[1] for f in found], ["net"] * 6)
        out = await self.rename(main, r"  (net): ", "base", 1)
        self.assertEqual(out[main], self.APP.replace("net: ", "base: ").replace("net.", "base."))
        asked = editor.asked(types.PrepareRenameParams, main, editor.at(main, r"net\.(vpc_id)", 1))
        try:
            self.assertIsNone(await self.client.text_document_prepare_rename_async(asked))
        except Exception as refused:  # another stack's word
            self.assertIn("another stack", str(refused))
        # What a name of the other stack that is not there is, and keys of an import.
        wrong = await editor.replace(main, self.APP.replace("{net.vpc_id}", "{net.vcp_id}", 1))
        self.assertEqual([d.code for d in wrong], ["LF0303"])

    async def test_references(self):
        editor = await self.opened()
        where = editor.at("llmforge.yaml", r"  (trainer):\n", 1)
        found = await self.client.text_document_references_async(
            editor.asked(types.ReferenceParams, "llmforge.yaml", where, context=types.ReferenceContext(True)))
        self.assertEqual([editor.shown(f)[1] for f in found], ["trainer", "trainer", "trainer", "trainer", "'trainer'", "trainer"])
        marks = await self.client.text_document_document_highlight_async(
            editor.asked(types.DocumentHighlightParams, "llmforge.yaml", where))
        self.assertEqual([m.kind for m in marks].count(types.DocumentHighlightKind.Write), 2)

    async def test_rename_of_a_machine(self):
        editor = await self.opened()
        out = await self.rename("llmforge.yaml", r"  (trainer):\n", "big-one", 1)
        text = out["llmforge.yaml"]
        self.assertIn("  big-one:\n    moved_from: [trainer]\n", text.replace("    type: ${vars.types}\n", ""))
        self.assertIn("depends_on: [machines.`big-one`, ", text)
        self.assertIn("a: ${machines.?`big-one`.?id}", text)
        self.assertIn("has(machines.`big-one`) ? machines['big-one'].id", text)
        self.assertIn("machines: {big-one: {market: spot}}", text)
        self.assertIn("  trainer: {read:", text)
        self.assertIn("ignore_changes: [", text)
        self.assertIn("group.name", text)
        self.assertEqual(await editor.replace("llmforge.yaml", text), [])

    async def test_the_plan_after_renames_moves_and_sends_nothing(self):
        editor = await self.start()
        spec = (ROOT / "specs/aws-finetune.yaml").read_text(encoding="utf-8")
        editor.write("llmforge.yaml", spec)

        def run(*arguments):
            done = subprocess.run([BINARY, *arguments, "--sandbox", "--var", "create_instance=true"], cwd=editor.folder,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        run("apply", "--auto-approve")
        await editor.open("llmforge.yaml", spec)
        for pattern, new in [(r"machines:\n  (trainer)", "tuner"), (r"  (outputs): {ver", "results"),
                             (r"registries:\n  (training)", "images"), (r"access:\n  (trainer)", "rights")]:
            text = (await self.rename("llmforge.yaml", pattern, new, 1))["llmforge.yaml"]
            self.assertEqual(await editor.replace("llmforge.yaml", text), [])
        editor.write("llmforge.yaml", editor.texts["llmforge.yaml"])
        plan = json.loads(run("plan", "--json"))
        self.assertEqual({r["action"] for r in plan["resources"]} - {"none"}, {"move"}, [r for r in plan["resources"] if r["action"] not in ("none", "move")])

    async def test_renames(self):
        editor = await self.opened()
        main = "llmforge.yaml"
        out = await self.rename(main, r"vars\.(types)", "machine_types", 1)
        self.assertEqual(out[main], PLATFORM.replace("types:", "machine_types:").replace("vars.types", "vars.machine_types"))
        out = await self.rename(main, r"  (jobs):", "tasks", 1)
        self.assertIn("  tasks:\n    type: aws.sqs.queue\n    moved_from: [jobs]\n    name:", out[main])
        self.assertIn("resources.tasks.arn", out[main])
        # Its physical name has its key in it.
        out = await self.rename(main, r"  (more):", "less", 1)
        self.assertIn("less: {type: aws.sqs.queue, moved_from: [more], ignore_changes: [name]}", out[main])
        out = await self.rename(main, r"modules:\n  (queue)", "q", 1)
        self.assertIn("q: {use: lib/queue.yaml, with: {name: lab-q}, moved_from: [queue]}", out[main])
        self.assertIn("${modules.q.id}", out[main])
        await editor.open("lib/queue.yaml")
        out = await self.rename("lib/queue.yaml", r"  (name):", "title", 1)
        self.assertIn("with: {title: lab-q}", out[main])
        self.assertIn("full: ${title}-x", out["lib/queue.yaml"])
        out = await self.rename("lib/queue.yaml", r"  (queue):", "q", 1)
        self.assertIn("q: {type: aws.sqs.queue, name: \"${locals.full}\", moved_from: [queue]}", out["lib/queue.yaml"])

    async def test_what_cannot_be_renamed(self):
        editor = await self.opened()
        for pattern, new, why in [(r"  (jobs):", "more", "already"), (r"vars\.(types)", "a-b", "digits"),
                                  (r"vars\.(types)", "each", "a word of"), (r"  (jobs):", "a b", "letters"),
                                  (r"(network):", "net", "word of the language"), (r"  (prod):", "live", "state knows"),
                                  (r"(profile):", "p", "word of its block"), (r"spot", "x", "nothing here")]:
            with self.assertRaisesRegex(Exception, why):
                where = editor.at("llmforge.yaml", pattern, 1 if "(" in pattern else None)
                await self.client.text_document_rename_async(editor.asked(types.RenameParams, "llmforge.yaml", where, new_name=new))


class Language(LspTest):
    async def complete(self, text, name="llmforge.yaml"):
        """Labels, and the texts that choosing each would give."""
        plain, at = cursor(text)
        if name in self.editor.texts:
            await self.editor.replace(name, plain)
        else:
            await self.editor.open(name, plain)
        found = await self.client.text_document_completion_async(
            self.editor.asked(types.CompletionParams, name, self.editor.position(plain, at)))
        out = {}
        for item in found.items:
            self.assertNotIn(item.label, out)
            self.assertLessEqual(item.text_edit.range.start, self.editor.position(plain, at))
            out[item.label] = self.editor.with_edits(plain, [item.text_edit]), item
        return out

    async def hover(self, name, pattern, group=None):
        found = await self.client.text_document_hover_async(
            self.editor.asked(types.HoverParams, name, self.editor.at(name, pattern, group)))
        return found.contents.value if found else None

    HEAD = "stack: lab\nprovider: aws\nregion: us-west-2\n"

    async def test_keys(self):
        await self.start()
        head = self.HEAD
        root = await self.complete(head + "res|")
        self.assertIn("resources", root)
        self.assertIn("machines", root)
        self.assertNotIn("stack", root)
        self.assertEqual(root["resources"][0], head + "resources:")
        keys = await self.complete(head + "resources:\n  jobs:\n    type: aws.sqs.queue\n    vis|\n  b: {type: aws.sqs.queue}\n")
        self.assertEqual(keys["visibility_timeout"][0],
                         head + "resources:\n  jobs:\n    type: aws.sqs.queue\n    visibility_timeout: \n  b: {type: aws.sqs.queue}\n")
        self.assertIn("depends_on", keys)
        self.assertNotIn("type", keys)
        self.assertIn("duration", keys["visibility_timeout"][1].detail)
        # In half-written flow maps, on blank lines, with errors elsewhere.
        for text in ["resources:\n  jobs: {type: aws.sqs.queue, |", "resources:\n  jobs: {type: aws.sqs.queue, vis|\nlocals: {a: 1}\n",
                     "resources:\n  jobs: {type: aws.sqs.queue, |}\n", "resources:\n  jobs:\n    type: aws.sqs.queue\n    |\n",
                     "locals: [\nresources:\n  jobs:\n    type: aws.sqs.queue\n    |\n",
                     "environments:\n  prod:\n    resources:\n      jobs:\n        type: aws.sqs.queue\n        |"]:
            self.assertIn("visibility_timeout", await self.complete(head + text), text)
        self.assertIn("cidr", await self.complete(head + "network: {|}"))
        self.assertIn("market", await self.complete(head + "machines:\n  trainer:\n    |"))
        self.assertIn("owner", await self.complete(head + "machines:\n  trainer:\n    image: {name: x, |}\n"))
        self.assertEqual(set(await self.complete(head + "machines:\n  |")), set())
        self.assertIn("default", await self.complete(head + "variables:\n  a: {type: int, |}"))
        self.assertIn("create", await self.complete(head + "network:\n  timeouts: {|"))
        self.assertEqual(await self.complete(head + "# a comment |"), {})
        self.assertEqual(await self.complete(head + "doc: \"some text |\"\n"), {})
        self.assertEqual(await self.complete(head + "machines:\n  t:\n    user_data: >\n      #!/bin/sh\n      ex|\n"), {})

    async def test_imports_and_functions(self):
        await self.start()
        self.editor.write("network/llmforge.yaml", Names.NETWORK)
        head = "stack: app\nprovider: aws\nregion: us-west-2\nimports: {net: ../network}\n"
        found = await self.complete(head + "outputs:\n  a: ${ne|}\n", "app/llmforge.yaml")
        self.assertIn("net", found)
        found = await self.complete(head + "outputs:\n  a: ${net.|}\n", "app/llmforge.yaml")
        self.assertLessEqual({"vpc_id", "ranges"}, set(found))
        self.assertIn("The network that all share.", str(found["vpc_id"][1].documentation))
        self.assertEqual(set(await self.complete("stack: app\nprovider: aws\nimports:\n  net: {|}\n", "app/llmforge.yaml")), {"use", "env"})
        found = await self.complete(self.HEAD + "locals: {a: '10.0.0.0/16'}\noutputs:\n  a: ${cidr(locals.a).sub|}\n")
        self.assertIn("made longer", str(found["subnet"][1].documentation))
        await self.editor.replace("llmforge.yaml", self.HEAD + "outputs:\n  a: ${cidr('10.0.0.0/16').subnet(8, 1)}\n  b: ${[1].map(x, x)}\n")
        said = await self.hover("llmforge.yaml", r"(subnet)", 1)
        self.assertIn("cidr.subnet(int, int) cidr", said)
        self.assertIn("made longer", said)
        self.assertIn("for each", await self.hover("llmforge.yaml", r"\]\.(map)", 1))

    async def test_values(self):
        await self.start()
        head = self.HEAD
        kinds = await self.complete(head + "resources:\n  jobs: {type: aws.sq|}\n")
        self.assertEqual(kinds["aws.sqs.queue"][0], head + "resources:\n  jobs: {type: aws.sqs.queue}\n")
        self.assertEqual(set(await self.complete(head + "machines:\n  t: {market: |}")), {"spot", "on-demand"})
        self.assertEqual(set(await self.complete(head + "resources:\n  a:\n    type: aws.sqs.queue\n    fifo_queue: |\n")), {"true", "false"})
        self.assertIn("eu-central-1", await self.complete("stack: lab\nprovider: aws\nregion: |\n"))
        self.assertIn("aws", await self.complete("stack: lab\nprovider: |\n"))
        machines = await self.complete(head + "machines:\n  t: {type: [g5.|]}")
        self.assertIn("A10G", machines["g5.xlarge"][1].detail)
        self.assertNotIn("p9.nonsense", machines)
        self.assertIn("m5.large", await self.complete(head + "resources:\n  i: {type: aws.ec2.instance, instance_type: |}"))
        refs = await self.complete(head + "resources:\n  v: {type: aws.ec2.vpc, cidr: 10.0.0.0/16}\n  s: {type: aws.ec2.subnet, vpc: |}\n")
        self.assertIn("s: {type: aws.ec2.subnet, vpc: \"${resources.v}\"}", refs["resources.v"][0])
        self.assertIn("duration", await self.complete(head + "variables:\n  a: {type: |}"))

    async def test_expressions(self):
        editor = await self.start()
        editor.write("lib/queue.yaml", QUEUE)
        await editor.open("llmforge.yaml", PLATFORM)

        async def inside(expression, before="  full: \"${", after="}\"\n"):
            return await self.complete(PLATFORM.replace("variables:", "locals:\n" + before + expression + after + "variables:"))
        names = await inside("|")
        for name in ("vars", "resources", "machines", "modules", "size", "has", "stack", "math.greatest"):
            self.assertIn(name, names)
        self.assertNotIn("_+_", names)
        self.assertEqual((await inside("vars.ty|"))["types"][1].detail, "list<string>")
        self.assertIn("What to try.", (await inside("vars.|"))["types"][1].documentation.value)
        self.assertIn("arn", await inside("resources.jobs.|"))
        self.assertIn("data", await inside("buckets['|"))
        self.assertIn("arn", await inside("buckets['data'].|"))
        self.assertIn("id", await inside("machines.?trainer.?|"))
        self.assertIn("id", await inside("modules.queue.|"))
        self.assertIn("map", await inside("vars.types.|"))
        self.assertIn("startsWith", await inside("vars.types[0].|"))
        self.assertNotIn("startsWith", await inside("vars.types.|"))
        self.assertIn("x", await inside("vars.types.filter(x, |"))
        self.assertIn("startsWith", await inside("vars.types.filter(x, x.|"))
        self.assertIn("greatest", await inside("math.|"))
        # Without an end, in a flow map, in a block scalar.
        self.assertIn("types", await inside("vars.|", before="  full: ${", after="\n"))
        self.assertIn("types", await inside("vars.|", before="  full: {a: \"${", after="\n"))
        self.assertIn("types", await inside("vars.|", before="  full: >-\n    one ${", after="} two\n"))
        self.assertIn("key", await self.complete(self.HEAD + "resources:\n  q: {type: aws.sqs.queue, for_each: [a, b], name: \"${each.|}\"}\n"))
        named = await self.complete(self.HEAD + "buckets: {a-b: {}}\noutputs: {x: \"${buckets.|}\"}\n")
        self.assertIn("${buckets.`a-b`}", named["a-b"][0])
        await editor.open("lib/queue.yaml", QUEUE)
        self.assertIn("name", await self.complete(QUEUE.replace("${name}-x", "${na|}-x"), "lib/queue.yaml"))

    async def test_hover(self):
        editor = await self.start()
        editor.write("lib/queue.yaml", QUEUE)
        text = PLATFORM.replace("default: [g5.xlarge]", "default: [g5.xlarge]").replace(
            "outputs:\n", "outputs:\n  n: \"${size(vars.types.filter(t, t != ''))}\"\n")
        self.assertEqual(await editor.open("llmforge.yaml", text), [])
        main = "llmforge.yaml"
        self.assertIn("What to try.", await self.hover(main, r"vars\.(types)", 1))
        self.assertIn("list<string>", await self.hover(main, r"vars\.(types)", 1))
        self.assertIn("Where the machine is bought.", await self.hover(main, r"(market)", 1))
        machine = await self.hover(main, r"\[(g5.xlarge)", 1)
        self.assertIn("machine type", machine)
        self.assertIn("A10G", machine)
        self.assertIn("required", await self.hover(main, r"    (type): \$", 1))
        self.assertIn("aws.sqs.queue", await self.hover(main, r"resources\.(jobs)", 1))
        self.assertIn("The Amazon Resource Name", await self.hover(main, r"jobs\.(arn)", 1))
        self.assertIn("size(", await self.hover(main, r"\{(size)", 1))
        self.assertIn("condition holds", await self.hover(main, r"\.(filter)", 1))
        self.assertIn("t: string", await self.hover(main, r", (t) !=", 1))
        self.assertIn("lib/queue.yaml", await self.hover(main, r"modules\.(queue)", 1))
        self.assertIn("Machines", await self.hover(main, r"(machines):", 1))
        self.assertIn("Resources by their own type", await self.hover(main, r"(resources):", 1))
        self.assertIsNone(await self.hover(main, r"lab", None))
        # Also while the text cannot be read.
        await editor.replace(main, text + "locals: [\n")
        self.assertIn("Where the machine is bought.", await self.hover(main, r"(market)", 1))


class Robustness(LspTest):
    async def raw(self, *messages, arguments=(), close=True):
        server = await asyncio.create_subprocess_exec(BINARY, "lsp", *arguments, stdin=asyncio.subprocess.PIPE,
                                                      stdout=asyncio.subprocess.PIPE, cwd=self.folder.name)
        for message in messages:
            body = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0"} | message).encode()
            server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        if close:
            server.stdin.close()
        out, _ = await asyncio.wait_for(server.communicate(), 20)
        answers = [json.loads(part.split("\r\n\r\n", 1)[1]) for part in out.decode().split("Content-Length: ") if part]
        return server.returncode, answers

    INIT = {"id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None, "rootUri": None}}

    async def test_order_and_errors(self):
        code, answers = await self.raw({"id": 7, "method": "textDocument/hover", "params": {}}, b"{nonsense", b"[]", b'{"id": 8}',
                                       self.INIT, self.INIT, {"id": 2, "method": "no/such"}, {"method": "no/notification"},
                                       {"id": 3, "method": "textDocument/hover", "params": {"position": -1}},
                                       {"id": 4, "method": "shutdown"}, {"id": 5, "method": "shutdown"}, {"method": "exit"})
        self.assertEqual(code, 0)
        errors = [(a["id"], a["error"]["code"]) for a in answers if "error" in a]
        self.assertCountEqual(errors, [(7, -32002), (None, -32700), (None, -32600), (8, -32600), (1, -32600), (2, -32601), (3, -32602), (5, -32600)])

    async def test_ends(self):
        self.assertEqual((await self.raw(self.INIT, {"method": "exit"}))[0], 1)
        self.assertEqual((await self.raw(self.INIT))[0], 1)
        self.assertEqual((await self.raw(self.INIT, {"id": 2, "method": "shutdown"}, {"method": "exit"}, arguments=["--stdio"]))[0], 0)

    async def test_cancel(self):
        uri = "file:///w/llmforge.yaml"
        opened = {"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": SPEC}}}
        asks = [{"id": n, "method": "textDocument/documentSymbol", "params": {"textDocument": {"uri": uri}}} for n in (10, 11)]
        _, answers = await self.raw(self.INIT, opened, *asks, {"method": "$/cancelRequest", "params": {"id": 11}},
                                    {"id": 12, "method": "shutdown"}, {"method": "exit"})
        by_id = {a["id"]: a for a in answers if "id" in a}
        self.assertIn("result", by_id[10])
        self.assertEqual(by_id[11]["error"]["code"], -32800)

    async def test_nonsense_in_every_place(self):
        editor = await self.start()
        await editor.open("llmforge.yaml", SPEC)
        random = Random(7)
        for _ in range(120):
            text = editor.texts["llmforge.yaml"]
            at, length = random.randrange(len(text) + 1), random.choice([0, 0, 1, 3, 20])
            length = min(length, len(text) - at)
            new = random.choice(["", "{", "}", "[", "\"", "'", "${", "}\n", ": ", "\n", "- ", "\U0001f600", "&a ", "*a", "|", "#", "\t", "<<: "])
            await editor.type("llmforge.yaml", at, new, length)
            where = editor.position(editor.texts["llmforge.yaml"], min(at + len(new), len(editor.texts["llmforge.yaml"])))
            for ask, kind in [(self.client.text_document_completion_async, types.CompletionParams),
                              (self.client.text_document_hover_async, types.HoverParams),
                              (self.client.text_document_definition_async, types.DefinitionParams)]:
                await ask(editor.asked(kind, "llmforge.yaml", where))
            if len(text) > 3 * len(SPEC) or random.random() < 0.1:
                await editor.replace("llmforge.yaml", SPEC)
        await editor.replace("llmforge.yaml", SPEC)
        self.assertEqual(await editor.diagnostics("llmforge.yaml"), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
