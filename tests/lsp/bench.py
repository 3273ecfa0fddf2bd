# SPDX-License-Identifier: Apache-2.0
"""How long an editor waits.    LLMFORGE=build/llmforge tests/peers/python.sh tests/lsp/bench.py

For each spec: from a keystroke to its diagnostics, and completion, hover and definition right after a keystroke, as
a client measures them; and what the server holds. Prints figures, judges none.
"""
import asyncio
import pathlib
import tempfile
import time

from client import Editor
from lsprotocol import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMES = 40


def generated(resources):
    head = "stack: big\nprovider: aws\nregion: us-west-2\nvariables:\n  t: {type: duration, default: 30s}\nresources:\n"
    return head + "".join(f"  queue-{i}:\n    type: aws.sqs.queue\n    name: big-{i}\n    visibility_timeout: ${{vars.t}}\n"
                          f"    tags: {{Name: q{i}}}\n" for i in range(resources))


def memory(pid):
    lines = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}


def shown(samples):
    samples = sorted(samples)
    return f"{samples[len(samples) // 2] * 1e3:6.1f} / {samples[-1] * 1e3:6.1f}"


async def measure(name, text, at, expression):
    """`at`: what a keystroke is put behind; `expression`: what is asked about."""
    with tempfile.TemporaryDirectory() as folder:
        editor = await Editor(folder).start()
        await editor.open("llmforge.yaml", text)
        typed, asked = [], {"completion": [], "hover": [], "definition": []}
        where = text.index(at) + len(at)
        for i in range(TIMES):
            begin = time.perf_counter()
            await editor.type("llmforge.yaml", where, "x" if i % 2 == 0 else "", i % 2)
            typed.append(time.perf_counter() - begin)
        for i in range(TIMES):
            for kind, send, params in (("completion", editor.client.text_document_completion_async, types.CompletionParams),
                                       ("hover", editor.client.text_document_hover_async, types.HoverParams),
                                       ("definition", editor.client.text_document_definition_async, types.DefinitionParams)):
                await editor.type("llmforge.yaml", where, "x" if i % 2 == 0 else "", i % 2)
                position = editor.at("llmforge.yaml", expression, 1)
                begin = time.perf_counter()
                await send(editor.asked(params, "llmforge.yaml", position))
                asked[kind].append(time.perf_counter() - begin)
        held = memory(editor.client._server.pid)
        print(f"{name:28} {text.count(chr(10)):6} lines   keystroke to diagnostics {shown(typed)} ms"
              + "".join(f"   {kind} {shown(samples)}" for kind, samples in asked.items())
              + f"   {held['VmRSS']:.0f} MB (peak {held['VmHWM']:.0f})", flush=True)
        await editor.stop()


async def main():
    print("median / slowest of", TIMES)
    for spec in sorted((ROOT / "specs").glob("*.yaml")):
        await measure(spec.name, spec.read_text(encoding="utf-8"), "stack: ", r"vars\.(\w)")
    await measure("queues", generated(1000), "name: big-1", r"vars\.(t)")


if __name__ == "__main__":
    asyncio.run(main())
