# SPDX-License-Identifier: Apache-2.0
"""A language client that none of us wrote (pygls), around `llmforge lsp`. It reads each answer into
lsprotocol's types, made from the protocol's own meta model: what does not fit is an error."""
import asyncio
import os
import pathlib
import re

from lsprotocol import types
from pygls.lsp.client import LanguageClient

BINARY = os.path.abspath(os.environ["LLMFORGE"])
CAPABILITIES = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf16]),
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)))


class Client(LanguageClient):
    def __init__(self):
        super().__init__("tests", "1")
        self.wrong, self.published, self.logged, self.arrived = [], {}, [], asyncio.Event()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params):
            self.published[params.uri] = params
            self.arrived.set()

        @self.feature(types.WINDOW_LOG_MESSAGE)
        def _(params):
            self.logged.append(params.message)

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)
        def _(params):
            self.registered = params

    def report_server_error(self, error, source):
        self.wrong.append(error)


class Editor:
    """An editor with a folder: texts with `|` where the cursor is."""

    def __init__(self, folder, units="utf-16"):
        self.folder, self.units = pathlib.Path(folder), units
        self.client, self.texts, self.versions = Client(), {}, {}

    async def start(self, *arguments, options=None, capabilities=CAPABILITIES, environment=None):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder)} | (environment or {})
        await self.client.start_io(BINARY, "lsp", *arguments, env=variables, cwd=self.folder)
        self.server = await self.client.initialize_async(types.InitializeParams(
            capabilities=capabilities, process_id=os.getpid(), root_uri=self.folder.as_uri(), initialization_options=options))
        self.client.initialized(types.InitializedParams())
        return self

    async def stop(self):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client._server.wait()
        code = self.client._server.returncode
        await self.client.stop()
        return code

    def uri(self, name):
        return (self.folder / name).as_uri()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, name):
        return self.texts.get(name) or (self.folder / name).read_text(encoding="utf-8")

    async def open(self, name, text=None, language="yaml", wait=True):
        """Opens a document and gives its diagnostics."""
        text = self.read(name) if text is None else text
        self.texts[name], self.versions[name] = text, 1
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(
            types.TextDocumentItem(uri=self.uri(name), language_id=language, version=1, text=text)))
        return await self.diagnostics(name) if wait else None

    async def replace(self, name, text):
        """All of the text anew; gives the diagnostics."""
        return await self.edit(name, [types.TextDocumentContentChangeWholeDocument(text)], text)

    async def type(self, name, at, text, length=0):
        """Replaces `length` characters at an offset, as a keystroke does."""
        before = self.texts[name]
        after = before[:at] + text + before[at + length:]
        change = types.TextDocumentContentChangePartial(
            range=types.Range(self.position(before, at), self.position(before, at + length)), text=text)
        return await self.edit(name, [change], after)

    async def edit(self, name, changes, text):
        self.texts[name] = text
        self.versions[name] += 1
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=self.versions[name], uri=self.uri(name)), changes))
        return await self.diagnostics(name)

    async def diagnostics(self, name):
        """Those of the document's text as it is now."""
        while True:
            self.client.arrived.clear()
            seen = self.client.published.get(self.uri(name))
            if seen is not None and seen.version == self.versions.get(name):
                return list(seen.diagnostics)
            await asyncio.wait_for(self.client.arrived.wait(), 20)

    def position(self, text, offset):
        lines = re.split("\r\n|\n|\r", text[:offset])
        last = lines[-1]
        size = {"utf-8": len(last.encode()), "utf-16": len(last.encode("utf-16-le")) // 2}[self.units]
        return types.Position(len(lines) - 1, size)

    def offset(self, text, position):
        at = 0
        lines = text.split("\n")
        at = sum(len(line) + 1 for line in lines[:position.line])
        line, units = lines[position.line] if position.line < len(lines) else "", 0
        for character in line:
            if units >= position.character:
                break
            units += len(character.encode()) if self.units == "utf-8" else len(character.encode("utf-16-le")) // 2
            at += 1
        return at

    def at(self, name, pattern, group=None):
        """A place by what stands there: the begin of the pattern's first match (or of a group)."""
        found = re.search(pattern, self.texts[name])
        assert found, f"{pattern} is not in {name}"
        return self.position(self.texts[name], found.start(group or 0))

    def asked(self, kind, name, where, **more):
        return kind(text_document=types.TextDocumentIdentifier(self.uri(name)), position=where, **more)

    def shown(self, location):
        """(file, text) that a location stands for."""
        path = location.uri
        name = next((n for n in self.texts if self.uri(n) == path), None)
        text = self.texts[name] if name else pathlib.Path(path.removeprefix("file://")).read_text(encoding="utf-8")
        begin, end = self.offset(text, location.range.start), self.offset(text, location.range.end)
        return (name or path.rsplit("/", 1)[-1], text[begin:end])

    def applied(self, edit):
        """Texts by name after a workspace edit."""
        out = {}
        for uri, edits in edit.changes.items():
            path = pathlib.Path(uri.removeprefix("file://"))
            name = str(path.relative_to(self.folder))
            out[name] = self.with_edits(self.read(name), edits)
        return out

    def with_edits(self, text, edits):
        spans = sorted(((self.offset(text, e.range.start), self.offset(text, e.range.end), e.new_text) for e in edits), reverse=True)
        for (begin, end, new), later in zip(spans, [None, *spans]):
            assert later is None or end <= later[0], "edits overlap"
            text = text[:begin] + new + text[end:]
        return text


def cursor(text):
    """A text with `|` in it: the text without, and the offset."""
    at = text.index("|")
    return text[:at] + text[at + 1:], at
