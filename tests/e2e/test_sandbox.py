# SPDX-License-Identifier: Apache-2.0
"""What README promises a newcomer: its first command's last line, in a fresh copy of the project, with no
account, no network and nothing else installed; and what stands behind it: plan, state, destroy."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import pytest

from conftest import BINARY, ROOT


class Newcomer:
    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(ROOT / "specs", folder / "specs", ignore=shutil.ignore_patterns(".llmforge", "llmforge.lock"))
        (folder / "build").mkdir()
        (folder / "build/llmforge").symlink_to(pathlib.Path(BINARY).resolve())

    def run(self, *command, expect=0):
        # Without any route: what asked for a network would fail. (Loopback is down in a new namespace.)
        alone = ["unshare", "--net"] if os.geteuid() == 0 else []
        done = subprocess.run([*alone, *map(str, command)], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        assert done.returncode == expect, f"{command}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture
def newcomer(tmp_path):
    return Newcomer(tmp_path)


def readme_command():
    """The command that tests/setup/first.sh ends with, as it is written there."""
    text = (ROOT / "tests/setup/first.sh").read_text().replace("\\\n", " ")
    line = re.search(r"^exec (build/llmforge .*)$", text, re.M)[1]
    assert "tests/setup/first.sh" in (ROOT / "README.md").read_text()
    return [word for word in shlex.split(line) if word != "$@"]


def test_the_first_command(newcomer):
    command = readme_command()
    assert "specs/aws-finetune.yaml" in command and "--sandbox" in command and "create_instance=true" in command
    started = time.monotonic()
    run = newcomer.run(*command)
    assert time.monotonic() - started < 60
    assert "will be created:" in run.stdout and "plan: 23 to create" in run.stdout
    assert len(re.findall(r"^\[\d+/25\] \S+: (created|updated) ", run.stderr, re.M)) == 25
    outputs = dict(re.findall(r"^  (\w+) += (\S+)$", run.stdout, re.M))
    assert outputs["training_bucket"].startswith("llm-tuning-lab-training-data-")
    assert outputs["outputs_bucket"].startswith("llm-tuning-lab-outputs-")
    assert outputs["instance_id"].startswith("i-")
    # A rehearsal leaves no trace where the real thing would look.
    left = {str(p.relative_to(newcomer.folder / "specs")) for p in (newcomer.folder / "specs").rglob("*") if p.is_file()}
    assert {p for p in left if not p.startswith(".llmforge/")} == {"aws-finetune.yaml"}
    assert all(p.startswith(".llmforge/sandbox/llm-tuning-lab/") or p == ".llmforge/.gitignore" for p in left
               if p.startswith(".llmforge/")), left
    sandbox = [word for word in command if word != "--auto-approve"]
    sandbox[sandbox.index("apply")] = "plan"
    newcomer.run(*sandbox, "--detailed-exitcode")
    newcomer.run(*command)  # again: nothing to do
    records = json.loads(newcomer.run("build/llmforge", "show", "specs/aws-finetune.yaml", "--sandbox", "--json").stdout)
    assert len(records["resources"]) == 23
    destroy = ["destroy" if word == "apply" else word for word in command]
    newcomer.run(*destroy)
    newcomer.run(*sandbox, "--detailed-exitcode", expect=2)


def test_environments_have_clouds_of_their_own(newcomer):
    command = readme_command()
    newcomer.run(*command)
    newcomer.run(*command, "--env", "eu")
    base = newcomer.folder / "specs/.llmforge/sandbox"
    assert {p.name for p in base.iterdir()} == {"llm-tuning-lab", "llm-tuning-lab.eu"}
    newcomer.run("build/llmforge", "destroy", "specs/aws-finetune.yaml", "--sandbox", "--auto-approve", "--env", "eu")
    plan = [word for word in command if word != "--auto-approve"]
    plan[plan.index("apply")] = "plan"
    newcomer.run(*plan, "--detailed-exitcode")
