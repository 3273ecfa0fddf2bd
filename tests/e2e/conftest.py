# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests: `cloud`, a moto server (one a file, emptied before each test), and
`forge`, the program under test with the reference spec in a folder of its own.

After each test every request that llmforge sent must have been in order: parsed by moto's parser,
accepted by botocore's models, rightly signed (tests/peers/moto_requests.py).
"""
import os
import pathlib
import shutil
import subprocess

import pytest

from cloud import KEYS, Cloud

ROOT = pathlib.Path(__file__).parents[2]
BINARY = pathlib.Path(os.environ.get("LLMFORGE", ROOT / "build/llmforge"))


class Run:
    """What a command said: exit code, stdout, stderr; `text` is both."""

    def __init__(self, arguments, done):
        self.arguments, self.code, self.out, self.err = arguments, done.returncode, done.stdout, done.stderr
        self.text = done.stdout + done.stderr

    def one_error(self):
        """stderr, which must tell of exactly one error."""
        assert len([line for line in self.err.splitlines() if line.startswith("error")]) == 1, self
        return self.err

    def __repr__(self):
        return f"llmforge {' '.join(self.arguments)}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Forge:
    def __init__(self, cloud, folder):
        self.cloud, self.folder = cloud, folder
        shutil.copytree(ROOT / "specs", folder / "specs")
        self.spec = folder / "specs/aws-finetune.yaml"
        self.who = "own"
        self.environment = {}
        self.wrapper = []  # a command that starts the program, e.g. setpriv

    def environ(self):
        key, secret = KEYS[self.who]
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "NO_COLOR": "1",
                "AWS_ENDPOINT_URL": self.cloud.url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_REGION": "us-west-2", "AWS_EC2_METADATA_DISABLED": "true", **self.environment}

    def command(self, verb, arguments):
        # A saved plan stands in the spec's place, but only where it is applied: `--out x.plan` writes one.
        given = (".yaml", ".plan") if verb == "apply" else (".yaml",)
        spec = [] if any(str(a).endswith(given) for a in arguments) else [str(self.spec)]
        if verb in ("state", "adopt", "forget", "eject", "train", "ssh"):  # their words are no SPEC, which comes by --spec
            more = [] if "--spec" in arguments else ["--spec", str(self.spec)]
            return [verb, *map(str, arguments), *more]
        yes = ["--auto-approve"] if verb in ("apply", "destroy") else []
        return [verb, *spec, *map(str, arguments), *yes]

    def run(self, verb, *arguments, expect=None, timeout=120):
        """Runs a command on the spec; `expect`: the exit code (or codes) that it must end with."""
        command = self.command(verb, arguments)
        run = Run(command, subprocess.run([*self.wrapper, BINARY, *command], cwd=self.folder, env=self.environ(), text=True,
                                          stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout))
        if expect is not None:
            assert run.code in (expect if isinstance(expect, tuple) else (expect,)), run
        return run

    def start(self, verb, *arguments):
        """The same, still running: a Popen."""
        return subprocess.Popen([*self.wrapper, BINARY, *self.command(verb, arguments)], cwd=self.folder, env=self.environ(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def apply(self, *arguments):
        return self.run("apply", *arguments, expect=0)

    def destroy(self, *arguments):
        return self.run("destroy", *arguments, expect=0)

    def plan(self, *arguments, expect):
        """plan --detailed-exitcode: 0 no change, 2 changes."""
        return self.run("plan", "--detailed-exitcode", *arguments, expect=expect)

    def state_files(self):
        return sorted(p for p in (self.spec.parent / ".llmforge").rglob("*.llmforge.json*") if p.is_file())

    def edit(self, old, new):
        text = self.spec.read_text()
        assert old in text
        self.spec.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def moto():
    server = Cloud()
    yield server
    server.close()


@pytest.fixture
def cloud(moto):
    moto.reset()
    return moto


@pytest.fixture
def forge(cloud, tmp_path):
    assert BINARY.exists(), f"{BINARY} is not built"
    yield Forge(cloud, tmp_path)
    sent = cloud.requests()
    wrong = [f"{e['action']}: {v}" for e in sent for v in e["violations"]]
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def stack(cloud, forge, request):
    """Writes a spec under the test file's HEAD and makes it the one that `forge` runs."""
    forge.spec = forge.folder / "spec.yaml"

    def write(text):
        forge.spec.write_text(request.module.HEAD + text)
        return forge
    return write


@pytest.fixture
def lab(cloud, forge, request):
    """The test file's SPEC in a folder of its own, as `llmforge.yaml`."""
    forge.spec = forge.folder / "lab/llmforge.yaml"
    forge.spec.parent.mkdir()
    forge.spec.write_text(request.module.SPEC)
    return forge
