#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What users of other tools complain of, held against the program where no other test does.

  promises_test.py LLMFORGE"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LLMFORGE = pathlib.Path(sys.argv[1]).resolve()
HEAD = "stack: lab\nprovider: aws\nregion: us-west-2\n"
problems = []


def expect(holds, what):
    if not holds:
        problems.append(what)
        print("WRONG:", what)


def run(folder, text, *command):
    (folder / "llmforge.yaml").write_text(HEAD + text)
    return subprocess.run([LLMFORGE, *command], cwd=folder, capture_output=True, text=True, timeout=60)


def nobody_is_told_to_target():
    """A part of a plan is a tool for emergencies: no message sends people there."""
    said = [*(ROOT / "tests/golden/diagnostics").glob("*/expected.txt"), *(ROOT / "docs/errors").glob("*.md")]
    expect(len(said) > 100, f"only {len(said)} messages were found")
    for path in said:
        text = path.read_text(encoding="utf-8")
        advice = [line for line in text.splitlines() if "--target" in line and not line.startswith("$ ") and "no address" not in line]
        expect(not advice or "LF0502" in str(path), f"{path.relative_to(ROOT)} speaks of --target: {advice}")


def words_stay_words(folder):
    """YAML 1.2: Norway is a country, and half past one is no number of minutes."""
    done = run(folder, "locals: {country: no, mode: on, at: 1:30, yes: y}\noutputs:\n  told: \"${locals}\"\n", "console", "--json")
    for name, word in (("country", "no"), ("mode", "on"), ("at", "1:30"), ("yes", "y")):
        done = subprocess.run([LLMFORGE, "console", "--json"], input=f"locals.{name}\n", cwd=folder, capture_output=True, text=True)
        expect(done.stdout.strip() == json.dumps(word), f"{name}: {word} became {done.stdout}{done.stderr}")


def empty_sections(folder):
    """A section behind which nothing stands is one clear error, which says how none is written; that is taken."""
    for section in ("variables", "locals", "data", "resources", "modules", "outputs", "environments", "imports", "policies",
                    "checks", "tags", "files", "providers", "buckets", "machines", "registries", "access", "network", "backend"):
        for text in (f"{section}:\n", f"{section}: # later\n", f"{section}:\n  # later\nlocals: {{a: 1}}\n".replace("locals: {a: 1}" if section == "locals" else "\0", "")):
            (folder / "llmforge.yaml").write_text(HEAD + text)
            done = subprocess.run([LLMFORGE, "validate"], cwd=folder, capture_output=True, text=True, timeout=60)
            expect(done.returncode == 3 and done.stderr.count("error[") == 1 and f"error[LF0203]: `{section}` is empty" in done.stderr,
                   f"{text!r}: {done}")
        if section not in ("network", "backend"):
            done = run(folder, f"{section}: {{}}\n", "validate")
            expect(done.returncode == 0 and "0 resources" in done.stdout + done.stderr, f"`{section}: {{}}`: {done}")
        if section != "backend":
            done = run(folder, f"{section}: null\n", "validate")
            expect(done.returncode == 0, f"`{section}: null` is not set: {done}")
    done = run(folder, "network: {}\n", "validate")
    expect(done.returncode == 0 and "0 resources" not in done.stdout, f"`network: {{}}` takes its defaults: {done}")
    done = run(folder, "buckets: {a: {}}\nenvironments: {prod: {buckets: }}\n", "validate", "--env", "prod")
    expect(done.returncode == 3 and "`buckets: null`" in done.stderr, f"an overlay that says nothing: {done}")
    for text, code in (("stack2:\n", "LF0201"), ("resources: {a: }\n", "LF0203"), ("providers:\n  west:\n", "LF02")):
        done = run(folder, text, "validate", "--json")
        codes = [json.loads(line).get("code", "") for line in done.stderr.splitlines() if line.startswith("{")]
        expect(done.returncode == 3 and any(one.startswith(code) for one in codes), f"{text!r}: {done}")


def raw_bytes_stay_out(folder):
    """Control characters of a spec's texts never reach a terminal as they are."""
    done = run(folder, 'resources: {"a\\e[31mb": {type: aws.sqs.queue, visibility_timeout: "\\e[2Jx"}}\n', "validate")
    expect(done.returncode == 3 and "\x1b" not in done.stdout + done.stderr, f"raw control characters: {done}")


def main():
    nobody_is_told_to_target()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        words_stay_words(folder)
        empty_sections(folder)
        raw_bytes_stay_out(folder)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
