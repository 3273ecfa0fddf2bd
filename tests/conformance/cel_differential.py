#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random well-typed expressions, evaluated by llmforge and by cel-go: the same value or both an
error, but for the deviations listed below.

    cel_differential.py [--count N] [--seed S] [--show N] PROGRAM…

PROGRAM… (`build/llmforge console --jsonl`) and celgo/ both answer the line protocol of
src/lang/jsonl.h. The expressions come from cel_generator.py; one seed is one list of them.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from cel_generator import VARIABLES, Generator, notation
from cel_values import same

# Where cel-go v0.32.0 is not what the language definition (cel.dev/expr v0.25.3, doc/langdef.md,
# its conformance suite beside it) says, and llmforge is: name, sentence, and how such a difference
# looks: expression, llmforge's error or "", cel-go's error or "".
DEVIATIONS = [
    ("key-twice",
     "langdef, Aggregate Values: \"It is an error to have duplicate keys or field names.\" cel-go "
     "takes the last one (suite: fields/map_fields/map_value_repeat_key)",
     lambda text, ours, theirs: "stands twice in a map" in ours),
    ("offset-beyond-end",
     "suite, string_ext/value_errors/indexof_out_of_range and lastindexof_out_of_range: an error; "
     "cel-go gives -1",
     lambda text, ours, theirs: "ndexOf(" in text and "index out of range" in ours and not theirs),
    ("duration-milliseconds",
     "langdef, getMilliseconds: \"obtain the milliseconds portion of the duration value. Other time "
     "unit functions convert the duration to that format; however, this method does not.\" cel-go "
     "converts the whole duration",
     lambda text, ours, theirs: "getMilliseconds()" in text),
    ("duration-of-int",
     "langdef, int: no conversion from a duration. cel-go gives nanoseconds; llmforge, beyond the "
     "language, seconds",
     lambda text, ours, theirs: "int(" in text and not ours and not theirs),
    ("name-of-a-type",
     "langdef, Name Resolution: a name that a macro binds is that variable. cel-go takes one whose "
     "value is a type for the name of a type",
     lambda text, ours, theirs: "reference to undefined type" in theirs),
    ("first-overload",
     "langdef, Type-Checking: where the type of an argument is not known, every overload is open and "
     "the call's type is dyn. cel-go takes the first, `[].sort()` for a list of int",
     lambda text, ours, theirs: "found no matching overload" in theirs
     or ("sort" in text and "but found 'int'" in theirs)
     or "cannot be range of a comprehension" in theirs),
    ("open-optional",
     "`{?k: x}` wants an optional, and what has any type may be one. cel-go's checker cannot tell "
     "that of a type that is not known yet",
     lambda text, ours, theirs: "expected type 'optional_type(_var" in theirs),
    ("double-negation",
     "langdef, Logical Operators: `!` takes a bool. cel-go takes `!!x` for x, also where by way of "
     "dyn() it is none",
     lambda text, ours, theirs: "!!" in text and "!_(" in ours),
    ("key-type",
     "langdef, Aggregate Values: \"the entry keys are sub-expressions that must evaluate to values of "
     "an allowed type (int, uint, bool, or string)\"; by way of dyn() cel-go takes others, too",
     lambda text, ours, theirs: "a map's key is a" in ours or "unhashable type" in theirs),
    ("or-of-no-optional",
     "`or` takes an optional; by way of dyn() cel-go takes anything",
     lambda text, ours, theirs: "no such overload: optional_type.or(" in ours),
    ("zero-time",
     "protocol buffers' zero of a Timestamp is 1970-01-01T00:00:00Z; cel-go's ofNonZeroValue takes "
     "the year 1 for it",
     lambda text, ours, theirs: "ofNonZeroValue(" in text and "timestamp" in text),
    ("flat-map-of-no-optional",
     "`optFlatMap` gives an optional; by way of dyn() cel-go gives whatever its body is",
     lambda text, ours, theirs: "wants an optional from its body" in ours),
]
SECONDS = re.compile(r"-?\d{5,}(?:\.\d+)?s")
# strings.md, %s: "any invalid UTF-8 sequences are replaced with \ufffd. Multiple adjacent invalid
# UTF-8 sequences must be replaced with a single \ufffd." cel-go leaves the bytes as they are.
REPAIRED = re.compile(r"(?:\\ufffd)+")

HERE = pathlib.Path(__file__).resolve().parent


def build_celgo(folder):
    """The program; None and why where there is no Go, or its module cannot be fetched."""
    program = pathlib.Path(folder) / "celgo"
    try:
        done = subprocess.run(["go", "build", "-o", program, "."], capture_output=True, text=True,
                              check=False, cwd=HERE / "celgo")
    except FileNotFoundError:
        return None, "there is no `go`"
    return (program, "") if done.returncode == 0 else (None, done.stderr.strip())


def ask(program, lines, answers):
    done = subprocess.run(program, input="".join(lines), capture_output=True, text=True,
                          encoding="utf-8", check=False)
    answers += [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    if done.returncode != 0 or len(answers) < len(lines):
        answers.append({"broken": f"{program[0]} ended with {done.returncode}: {done.stderr[-800:]}"})


def bindings(program):
    """Every variable's value as V, from its expression."""
    answers = []
    ask(program, [json.dumps({"expr": expr}) + "\n" for _, expr in VARIABLES.values()], answers)
    return {name: answer["value"] for name, answer in zip(VARIABLES, answers)}


def uses(expression):
    word, out = "", set()
    for c in expression + " ":
        if c.isalnum() or c == "_":
            word += c
        else:
            out.add(word)
            word = ""
    return [name for name in VARIABLES if name in out]


def rounded(answer):
    """cel-go writes a duration as text by way of a double: langdef, string: "converts a duration
    value to seconds and fractional seconds"."""
    return SECONDS.sub(lambda match: f"{float(match[0][:-1]):.4f}", json.dumps(answer, sort_keys=True))


def verdict(text, ours, theirs):
    """"same", "both fail", "deviation: NAME", or what differs."""
    if "error" in ours and "error" in theirs:
        return "both fail"
    if "error" not in ours and "error" not in theirs and same(ours["value"], theirs["value"]):
        return "same"
    for name, _, looks in DEVIATIONS:
        if looks(text, ours.get("error", ""), theirs.get("error", "")):
            return "deviation: " + name
    if "error" in ours:
        return "only llmforge fails"
    if "error" in theirs:
        return "only cel-go fails"
    if "string(" in text and rounded(ours) == rounded(theirs):
        return "deviation: duration-digits"
    if REPAIRED.sub("?", json.dumps(ours)) == REPAIRED.sub("?", json.dumps(theirs)) or (
            ".format(" in text and "efbfbd" in json.dumps(ours)):
        return "deviation: format-of-bytes"
    return "other value"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, help="how many differences are printed")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="llmforge-celgo-") as folder:
        celgo, why = build_celgo(folder)
        if celgo is None:
            print(f"NOT RUN: cel-go cannot be built: {why}\nIt wants Go 1.23 or newer from "
                  "https://go.dev/dl/ and its module proxy.", file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else 77
        return compare(options, str(celgo))


def compare(options, celgo):
    started = time.monotonic()
    generator = Generator(options.seed)
    expressions = [generator.expression() for _ in range(options.count)]
    held = bindings(options.program)
    generated = time.monotonic()
    ours_lines, theirs_lines = [], [json.dumps({"variables": [
        {"name": name, "type": notation(kind), "expr": expr}
        for name, (kind, expr) in VARIABLES.items()]}) + "\n"]
    for expression in expressions:
        names = uses(expression)
        request = {"expr": expression}
        if names:
            request["bindings"] = {name: held[name] for name in names}
            request["declares"] = [{"name": name, "type": notation(VARIABLES[name][0])}
                                   for name in names]
        ours_lines.append(json.dumps(request) + "\n")
        theirs_lines.append(json.dumps({"expr": expression}) + "\n")
    ours, theirs = [], []
    threads = [threading.Thread(target=ask, args=(options.program, ours_lines, ours)),
               threading.Thread(target=ask, args=([celgo], theirs_lines, theirs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts, different = collections.Counter(), 0
    for expression, a, b in zip(expressions, ours, theirs):
        if "broken" in a or "broken" in b:
            print(f"BROKEN at {expression}\n  {a.get('broken') or b.get('broken')}")
            return 1
        found = verdict(expression, a, b)
        counts[found] += 1
        if found in ("same", "both fail") or found.startswith("deviation"):
            continue
        different += 1
        if different <= options.show:
            print(f"{found}: {expression}\n  llmforge {json.dumps(a)}\n  cel-go   {json.dumps(b)}")
    print(f"{options.count} expressions of cel_generator.py, seed {options.seed}: "
          + ", ".join(f"{n} {what}" for what, n in counts.most_common())
          + f" ({generated - started:.0f} s to write, {time.monotonic() - generated:.0f} s to run)")
    if sum(counts.values()) != options.count:
        print("FAILED: answers are missing")
        return 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
