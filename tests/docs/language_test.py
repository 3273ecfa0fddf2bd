#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example of docs/language.md does what the page says.

A ```yaml block is a spec; one without `stack:` stands over HEAD. `<!-- wrong: CODE -->` before it: it
must be refused with that code. `<!-- file: PATH -->`: it is written there, for the specs behind it.
`<!-- git: URL TAG PATH FILE -->`: URL stands for a repository with FILE as PATH under that tag. A line of a ```cel block is `EXPRESSION // RESULT`, the result an expression too, or `error`.

  language_test.py LLMFORGE"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LLMFORGE = pathlib.Path(sys.argv[1]).resolve()
PAGE = ROOT / "docs/language.md"
HEAD = "llmforge: 1\nstack: lab\nprovider: aws\nregion: us-west-2\n"
BLOCK = re.compile(r"(?:<!-- (\w+): (.+?) -->\n)?```(\w+)\n(.*?)```", re.S)
problems = []


def wrong(line, text):
    problems.append(text)
    print(f"{PAGE.relative_to(ROOT)}:{line}: {text}")


def run(*arguments, **more):
    return subprocess.run([LLMFORGE, *arguments], capture_output=True, text=True, timeout=60, **more)


def make_repository(folder, url, tag, path, source):
    """git reads `url` from a folder from now on."""
    repository = folder / "repository"
    (repository / path).parent.mkdir(parents=True)
    (repository / path).write_text((folder / "spec" / source).read_text())
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "release"], ["tag", tag]):
        subprocess.run(["git", "-C", repository, *who, *words], check=True, capture_output=True)
    os.environ.update({"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf", "GIT_CONFIG_VALUE_0": url})


def check_spec(folder, line, text, code):
    spec = folder / "llmforge.yaml"
    spec.write_text(text if re.search(r"^stack:", text, re.M) else HEAD + text)
    environments = [None]
    if not code and (found := re.search(r"^environments:\n((?:  .*\n|\n)*)", text, re.M)):
        environments += re.findall(r"^  (\w+):", found.group(1), re.M)
    for environment in environments:
        done = run("validate", "--json", *(["--env", environment] if environment else []), cwd=folder)
        codes = [json.loads(one).get("code") for one in done.stderr.splitlines() if one.startswith("{")]
        if code and code not in codes:
            wrong(line, f"is not refused with {code}: {done.stderr or done.stdout}")
        if not code and done.returncode != 0:
            wrong(line, f"is no valid spec: {run('validate', cwd=folder).stderr}")
    spec.unlink()


def check_expressions(folder, line, text):
    cases = []
    for offset, row in enumerate(text.splitlines(), line + 1):
        if row.strip():
            expression, result = re.split(r"\s+// ", row)
            cases.append((offset, expression, result))
    for offset, expression, result in cases:
        # One at a time: the console ends each answer with its own lines.
        asked = expression if result == "error" else f"({expression}) == ({result})"
        done = run("console", "--json", cwd=folder, input=asked + "\n")
        good = done.returncode != 0 if result == "error" else done.stdout.strip() == "true"
        if not good:
            wrong(offset, f"{expression} is not {result}: {done.stdout}{done.stderr}")
    return len(cases)


def check_links(text):
    for line, row in enumerate(text.splitlines(), 1):
        for path in re.findall(r"\]\(([^)#:]+)\)", row):
            if not (PAGE.parent / path).exists():
                wrong(line, f"{path} is not there")


def check_readme():
    """The spec that the README begins with is what a newcomer copies first."""
    page = (ROOT / "README.md").read_text()
    begin = page.index("```yaml\n") + len("```yaml\n")
    with tempfile.TemporaryDirectory() as name:
        (pathlib.Path(name) / "llmforge.yaml").write_text(page[begin:page.index("```", begin)])
        for command in ("validate", "fmt --check"):
            done = run(*command.split(), cwd=name)
            if done.returncode != 0:
                wrong(1, f"README's first spec, {command}: {done.stdout}{done.stderr}")
    return 1


def main():
    text = PAGE.read_text()
    specs = expressions = 0
    with tempfile.TemporaryDirectory() as name:
        folder, empty = pathlib.Path(name) / "spec", pathlib.Path(name) / "empty"
        folder.mkdir()
        empty.mkdir()
        for found in BLOCK.finditer(text):
            mark, value, language, body = found.groups()
            line = text[:found.start(4)].count("\n")
            if language == "cel":
                expressions += check_expressions(empty, line, body)
            elif mark == "file":
                path = folder / value
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(body)
            elif language == "yaml":
                if mark == "git":
                    make_repository(pathlib.Path(name), *value.split())
                specs += 1
                check_spec(folder, line, body, value if mark == "wrong" else None)
    check_links(text)
    specs += check_readme()
    print(f"{specs} specs, {expressions} expressions, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
