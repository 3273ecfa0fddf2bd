#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion in real shells: lines are typed, Tab is pressed, and the line must be as expected.

  shells_test.py LLMFORGE MOST_MILLISECONDS"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import shells

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY, LIMIT = pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2])
problems = []

# (typed, the line after Tab, words that must be listed). Where several fit, Tab lists them.
LINES = [
    ("llmforge vali", "llmforge validate ", []),
    ("llmforge state res", "llmforge state restore ", []),
    ("llmforge state restore --sandbox ", None, ["1"]),
    ("llmforge state ", "llmforge state ", ["history", "list", "mv", "pull", "push", "repair", "restore", "rm", "show"]),
    ("llmforge plan --det", "llmforge plan --detailed-exitcode ", []),
    ("llmforge plan --format m", "llmforge plan --format markdown ", []),
    ("llmforge plan --format=m", "llmforge plan --format=markdown ", []),
    ("llmforge plan --refresh ", None, ["false", "only", "true"]),
    ("llmforge plan --env e", "llmforge plan --env eu ", []),
    ("llmforge plan --env=e", "llmforge plan --env=eu ", []),
    ("llmforge plan -e e", "llmforge plan -e eu ", []),
    ("llmforge plan --var cr", "llmforge plan --var create_", ["create_instance", "create_vpc"]),
    ("llmforge plan --var run", "llmforge plan --var run=", []),
    ("llmforge plan --target net", "llmforge plan --target network.", ["network.vpc", "network.gateway", "network.routes"]),
    ("llmforge plan --target network.v", "llmforge plan --target network.vpc ", []),
    ("llmforge plan --sandbox --env eu --target network.g", "llmforge plan --sandbox --env eu --target network.gateway ", []),
    ("llmforge state show --sandbox network.v", "llmforge state show --sandbox network.vpc ", []),
    ("llmforge forget --sandbox 'registries", "llmforge forget --sandbox 'registries[\"training\"].repository' ", []),
    ("llmforge output trai", "llmforge output training_bucket ", []),
    ("llmforge explain aws.ec2.ro", "llmforge explain aws.ec2.route_table ", []),
    ("llmforge explain LF021", "llmforge explain LF021", ["LF0211", "LF0212"]),
    ("llmforge explain netw", "llmforge explain network ", []),
    ("llmforge eject regi", "llmforge eject registries ", []),
    ("llmforge init --from aws", "llmforge init --from aws-finetune ", []),
    ("llmforge schema --provider a", "llmforge schema --provider aws ", []),
    ("llmforge completion f", "llmforge completion fish ", []),
    ("llmforge explain subn", "llmforge explain subnet ", []),
    ("llmforge expand --diff e", "llmforge expand --diff eu ", []),
    ("llmforge graph --format m", "llmforge graph --format mermaid ", []),
    ("llmforge apply --replace network.g", "llmforge apply --replace network.gateway ", []),
    ("llmforge plan --exclude network.v", "llmforge plan --exclude network.vpc ", []),
    ("llmforge state rm --sandbox network.v", "llmforge state rm --sandbox network.vpc ", []),
    ("llmforge state restore --sandbox 1", None, ["1"]),
    ("llmforge train s", None, ["status", "stop", "submit"]),
    ("llmforge validate oth", "llmforge validate other.yaml ", []),
    ("llmforge plan --state lef", "llmforge plan --state left.json ", []),
    ("llmforge validate other.yaml --env n", "llmforge validate other.yaml --env north ", []),
]
# How each shell writes an address with quotes and brackets where none were typed.
ADDRESS = {"bash": r"llmforge plan --target buckets\[\"outputs\"\].bucket ",
           "zsh": r"llmforge plan --target buckets\[\"outputs\"\].bucket "}


def expect(holds, what):
    if not holds:
        problems.append(what)
        print("WRONG:", what)


def drive(name, shell):
    for typed, line, listed in LINES:
        try:
            got, text = shell.tab(typed)
        except TimeoutError as error:
            expect(False, f"{name}: {typed!r}: {error}")
            return
        if line is not None:
            expect(got.rstrip() == line.rstrip() and (listed or got.endswith(("=", " ")) or name == "zsh"),
                   f"{name}: {typed!r} became {got!r}, not {line!r}")
        for word in listed:
            expect(word in text, f"{name}: {typed!r} does not list {word}: {text!r}")
    got, _ = shell.tab("llmforge plan --target buckets[" if name == "never" else r"llmforge plan --target buckets\[\"o")
    expect(got.rstrip() == ADDRESS[name.split()[0]].rstrip(), f"{name}: an address became {got!r}")
    got, _ = shell.tab("llmforge nothing-of-the-kind ")
    expect(got.rstrip() == "llmforge nothing-of-the-kind", f"{name}: a wrong command became {got!r}")
    shell.close()
    print(f"{name}: {len(LINES) + 2} lines")


def drive_fish(folder):
    fish = shells.Fish(BINARY, folder)
    for typed, line, listed in LINES:
        found = fish.offered(typed)
        wanted = set(listed)
        if not listed and line is not None:
            wanted = {line.rstrip().rsplit(" ", 1)[1].strip("'")}
        plain = {word.rstrip("=").strip("'").replace("\\", "") for word in found}
        expect(wanted and {w.rstrip("=") for w in wanted} <= plain, f"fish: {typed!r} offers {sorted(found)}, not {sorted(wanted)}")
    found = fish.offered("llmforge pl")
    expect(found.get("plan") == "Show what apply would do", f"fish: plan has no doc: {found}")
    found = fish.offered("llmforge explain aws.ec2.v")
    expect(found.get("aws.ec2.vpc"), f"fish: a type has no doc: {found}")
    print(f"fish: {len(LINES) + 2} lines")


def check_speed(folder):
    spec = str(ROOT / "specs/aws-finetune.yaml")
    for words in (["plan", "--target", ""], ["plan", spec, "--target", "net"], ["explain", ""], ["plan", "--env", ""]):
        times = []
        for _ in range(9):
            begin = time.monotonic()
            done = subprocess.run([BINARY, "__complete", "fish", *words], cwd=folder, capture_output=True, text=True)
            times.append((time.monotonic() - begin) * 1000)
        best = min(times)
        expect(done.stdout, f"{words} offers nothing")
        expect(best < LIMIT, f"{words}: {best:.0f} ms, more than {LIMIT:.0f}")
        print(f"{' '.join(words)!r}: best of 9 {best:.1f} ms, median {statistics.median(times):.1f} ms")


def check_every_option():
    """Completion is read off the commands' own definition: what --help shows is offered."""
    for command in (["plan"], ["apply"], ["state", "list"], ["fmt"], ["graph"]):
        shown = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True).stdout
        done = subprocess.run([BINARY, "__complete", "fish", *command, "--"], capture_output=True, text=True).stdout
        offered = {line.split("\t")[0] for line in done.splitlines()}
        in_help = {word.strip(",") for line in shown.splitlines() for word in line.replace(",", " ").split()[:2]
                   if word.startswith("--") and line.startswith("  ")}
        expect(in_help <= offered, f"{command}: --help shows {sorted(in_help - offered)}, which are not offered")


def main():
    absent = shells.missing()
    if absent:
        print(f"missing: {absent} (tests/setup/packages.sh)")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "llmforge.yaml").write_text((ROOT / "specs/aws-finetune.yaml").read_text())
        (folder / "other.yaml").write_text("llmforge: 1\nstack: other\nprovider: aws\nregion: us-west-2\nenvironments: {north: {}}\n")
        (folder / "left.json").write_text("{}")
        done = subprocess.run([BINARY, "apply", "--sandbox", "--auto-approve"], cwd=folder, capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        check_every_option()
        check_speed(folder)
        package = os.path.exists("/usr/share/bash-completion/bash_completion")
        drive("bash", shells.bash(BINARY, folder, False))
        expect(package, "bash-completion is not installed (tests/setup/packages.sh)")
        if package:
            drive("bash with bash-completion", shells.bash(BINARY, folder, True))
        drive("zsh", shells.zsh(BINARY, folder))
        drive_fish(folder)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
