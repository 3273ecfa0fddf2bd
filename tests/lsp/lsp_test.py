# SPDX-License-Identifier: Apache-2.0
"""`llmforge lsp`, driven by a client that none of us wrote.    LLMFORGE=build/llmforge lsp_test.py [TEST]"""
import json
import pathlib
import subprocess
import tempfile
import unittest

from client import BINARY, Editor
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


if __name__ == "__main__":
    unittest.main(verbosity=1)
