#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the Common Expression Language's public conformance suite against our evaluator.

    cel_suite.py [--suite FOLDER] [--list-inapplicable] [--only FILE[/SECTION[/CASE]]] PROGRAM…

PROGRAM… (`build/llmforge console --jsonl`) answers the line protocol of src/lang/jsonl.h. The suite is the Go module cel.dev/expr at
the version below; FOLDER is its tests/simple/testdata where it is already at hand. Every case runs
that needs no message type of protocol buffers; those that do are listed by name with the reason.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import textproto
from cel_values import NeedsMessage, same, type_of, value_of
from textproto import get, get_all

MODULE = "cel.dev/expr@v0.25.3"
# Names that only the suite's own .proto files declare.
SUITE_NAMES = re.compile(
    r"\b(TestAllTypes|NestedTestAllTypes|TestRequired|TestAllRequired|NestedMessage|NestedEnum|"
    r"GlobalEnum|ImportedGlobalEnum|NullValue|Any|FieldMask|Empty|proto)\b"
    r"(?=\s*[{.(])|cel\.expr\.conformance")


def suite_folder():
    """tests/simple/testdata of the module; None where there is no Go to fetch it."""
    try:
        done = subprocess.run(["go", "mod", "download", "-json", MODULE], capture_output=True,
                              text=True, check=False, cwd="/")
    except FileNotFoundError:
        return None, "there is no `go`"
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return None, done.stderr.strip() or "`go mod download` gave no answer"
    if "Dir" not in answer:
        return None, answer.get("Error", "`go mod download` gave no folder")
    return pathlib.Path(answer["Dir"]) / "tests/simple/testdata", ""


def request_of(test):
    """The line for a case. Raises NeedsMessage."""
    expr = get(test, "expr").decode("utf-8")
    # Comments and blanks may stand inside a dotted name.
    without_comments = re.sub(r"\s*//[^\n]*\n\s*", "", expr)
    without_strings = re.sub(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", "''", without_comments)
    if match := SUITE_NAMES.search(without_strings):
        raise NeedsMessage(f"the message or enum type `{match.group()}`")
    request = {"expr": expr, "check": str(get(test, "disable_check", "false")) != "true"}
    if container := get(test, "container"):
        request["container"] = container.decode()
    declares = []
    for declaration in get_all(test, "type_env"):
        name = get(declaration, "name").decode()
        if get(declaration, "function") is not None:
            raise NeedsMessage(f"a function `{name}` that the case declares")
        declares.append({"name": name, "type": type_of(get(get(declaration, "ident"), "type"))})
    if declares:
        request["declares"] = declares
    bindings = {}
    for binding in get_all(test, "bindings"):
        value = get(get(binding, "value"), "value")
        if value is None:
            raise NeedsMessage("a binding that is an error or an unknown")
        bindings[get(binding, "key").decode()] = value_of(value)
    if bindings:
        request["bindings"] = bindings
    if str(get(test, "check_only", "false")) == "true":
        request["check_only"] = True
    return request


def expectation(test):
    """(value or None, deduced type or None, whether an error is wanted). Raises NeedsMessage."""
    for name, body in test:
        if name == "value":
            return value_of(body), None, False
        if name == "typed_result":
            result, deduced = get(body, "result"), get(body, "deduced_type")
            return (value_of(result) if result is not None else None,
                    type_of(deduced) if deduced is not None else None, False)
        if name in ("eval_error", "any_eval_errors"):
            return None, None, True
        if name in ("unknown", "any_unknowns"):
            raise NeedsMessage("an unknown as the result")
    return {"type": "bool", "value": True}, None, False


def cases(folder):
    for path in sorted(folder.glob("*.textproto")):
        for section in get_all(textproto.parse(path.read_text("utf-8")), "section"):
            for test in get_all(section, "test"):
                section_name, name = get(section, "name").decode(), get(test, "name").decode()
                yield path.stem, f"{path.stem}/{section_name}/{name}", test


def verdict(answer, wanted):
    """"" if the answer is right, else what is wrong."""
    value, deduced, error = wanted
    if error:
        return "" if "error" in answer else f"an error is wanted, got {json.dumps(answer)}"
    if "error" in answer:
        return f"error: {answer['error']}"
    if deduced is not None and answer.get("type") != deduced:
        return f"type {answer.get('type')}, wanted {deduced}"
    if value is not None and ("value" not in answer or not same(answer["value"], value)):
        return f"{json.dumps(answer.get('value'))}, wanted {json.dumps(value)}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", nargs=argparse.REMAINDER)
    parser.add_argument("--suite", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--list-inapplicable", action="store_true")
    options = parser.parse_args()
    folder, why = (options.suite, "") if options.suite else suite_folder()
    if folder is None or not folder.is_dir():
        print(f"NOT RUN: the CEL conformance suite cannot be fetched: {why or folder}.\n"
              "It is a Go module; get Go 1.21 or newer from https://go.dev/dl/ (Debian 12's own is\n"
              f"too old), or unpack {MODULE} and pass --suite FOLDER/tests/simple/testdata.",
              file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 77
    ready, inapplicable, counts = [], [], {}
    for stem, name, test in cases(folder):
        if not name.startswith(options.only):
            continue
        try:
            request, wanted = request_of(test), expectation(test)
            if wanted[1] is not None:
                request["type"] = True
                if "wrapper(" in wanted[1]:
                    raise NeedsMessage("the type of a wrapper message")
            ready.append((stem, name, request, wanted))
        except NeedsMessage as reason:
            inapplicable.append((name, str(reason)))
    lines = "".join(json.dumps(request) + "\n" for _, _, request, _ in ready)
    done = subprocess.run(options.program, input=lines, capture_output=True, text=True,
                          encoding="utf-8", check=False)
    answers = done.stdout.split("\n")[:-1]
    failures = []
    for i, (stem, name, request, wanted) in enumerate(ready):
        answer = json.loads(answers[i]) if i < len(answers) else {"error": "no answer"}
        if i >= len(answers) and wanted[2]:
            answer = {}
        wrong = verdict(answer, wanted)
        passed, total = counts.get(stem, (0, 0))
        counts[stem] = (passed + (not wrong), total + 1)
        if wrong:
            failures.append(f"FAIL {name}: {request['expr']}\n     {wrong}")
    for failure in failures:
        print(failure)
    if options.list_inapplicable:
        for name, reason in inapplicable:
            print(f"inapplicable {name}: needs {reason}")
    for stem, (passed, total) in sorted(counts.items()):
        print(f"{stem:16} {passed:5} / {total}")
    passed, total = (sum(c[i] for c in counts.values()) for i in (0, 1))
    print(f"{'all':16} {passed:5} / {total}   ({len(inapplicable)} more need protocol buffers"
          f"{'' if options.list_inapplicable else '; --list-inapplicable names them'})")
    if done.returncode != 0:
        print(f"the program ended with {done.returncode}: {done.stderr.strip()}", file=sys.stderr)
    return 0 if not failures and done.returncode == 0 and total > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
