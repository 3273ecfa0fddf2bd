# SPDX-License-Identifier: Apache-2.0
"""Reads JSONL: lines with `text`, `messages`, or `prompt` and `completion`."""
import json
import pathlib


def read(folder):
    """All lines of all *.jsonl below `folder`; an error names file and line."""
    rows = []
    for path in sorted(pathlib.Path(folder).rglob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise SystemExit(f"{path}:{number}: no JSON: {error}") from None
            if not isinstance(row, dict) or not ({"text"} <= row.keys() or {"messages"} <= row.keys() or
                                                 {"prompt", "completion"} <= row.keys()):
                raise SystemExit(f"{path}:{number}: neither `text`, `messages`, nor `prompt` and `completion`")
            rows.append(row)
    if not rows:
        raise SystemExit(f"{folder} holds no *.jsonl with lines")
    return rows


def as_text(row, tokenizer):
    """A row as one text, ended by the tokenizer's end of text."""
    if "text" in row:
        text = row["text"]
    elif "messages" in row:
        return tokenizer.apply_chat_template(row["messages"], tokenize=False)
    else:
        text = row["prompt"] + row["completion"]
    return text + (tokenizer.eos_token or "")
