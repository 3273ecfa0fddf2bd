# SPDX-License-Identifier: Apache-2.0
"""`llmforge lsp`, driven by a client that none of us wrote.    LLMFORGE=build/llmforge lsp_test.py [TEST]"""
import tempfile
import unittest

from client import CAPABILITIES, Editor, cursor
from lsprotocol import types

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


if __name__ == "__main__":
    unittest.main(verbosity=1)
