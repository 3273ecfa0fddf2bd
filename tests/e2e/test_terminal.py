# SPDX-License-Identifier: Apache-2.0
"""In a real terminal, driven by tmux: the live view, questions and their answers, Ctrl-C; and that no
line is wider than the window."""
import re
import shlex
import subprocess
import time
import uuid

import pytest

from conftest import BINARY
from cloud import nothing_doubled

ON = ("--var", "create_instance=true")


class Screen:
    def __init__(self, forge, columns, rows=40):
        self.columns, self.server = columns, f"llmforge-{uuid.uuid4().hex[:12]}"
        self.marks = 0
        environment = {**forge.environ(), "TERM": "screen-256color", "PS1": "", "HISTFILE": ""}
        environment.pop("NO_COLOR")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows,
                  *(f"-e{k}={v}" for k, v in environment.items()), "-c", forge.folder,
                  "env", "-i", *(f"{k}={v}" for k, v in environment.items()), "bash", "--norc", "--noprofile")
        # What a program erases is gone, and does not come to stand in the history.
        self.tmux("set-option", "-g", "scroll-on-clear", "off")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", self.server, *map(str, arguments)], capture_output=True, text=True,
                              check=True).stdout

    def close(self):
        subprocess.run(["tmux", "-L", self.server, "kill-server"], capture_output=True)

    def type(self, text):
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", "Enter")

    def start(self, *command):
        self.tmux("send-keys", "-R")
        self.tmux("clear-history")
        self.type(f"clear; {shlex.join(map(str, command))}; echo \"ended with $?\"")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def lines(self):
        """All there is, what scrolled away included, with wrapped lines joined."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-J", "-S", "-").splitlines()]

    def text(self):
        return "\n".join(self.lines()).rstrip() + "\n"

    def until(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text(), re.M):
            assert time.monotonic() < deadline, f"no {pattern}:\n{self.text()}"
            time.sleep(0.05)
        return self.text()

    def end(self, seconds=90):
        text = self.until(r"^ended with \d+$", seconds)
        return int(re.search(r"^ended with (\d+)$", text, re.M)[1]), text

    def assert_fits(self):
        wide = [line for line in self.lines() if len(line) > self.columns and "echo" not in line]
        assert not wide, "\n".join(wide)


@pytest.fixture(params=[80, 120])
def screen(forge, request):
    screen = Screen(forge, request.param)
    yield screen
    screen.close()


def command(forge, verb, *arguments):
    return [BINARY, verb, forge.spec, *arguments]


def hold(cloud, action, seconds):
    cloud.faults({"action": action, "kind": "latency", "delay_s": seconds, "after": True})


def test_yes(cloud, forge, screen):
    hold(cloud, "ec2:RunInstances", 4)
    screen.start(*command(forge, "apply", *ON))
    plan = screen.until(r"^Do this\? \[yes/no\]")
    assert "will be created:" in plan and "plan: 23 to create" in plan
    assert "reading what is there" not in plan and "signing in" not in plan  # the live line is gone
    assert cloud.mutations() == []
    screen.assert_fits()
    screen.type("yes")
    screen.until(r"^\[#+\.+\] 24/25, 1 under way, [\d.]+s, \d+ requests$")
    screen.until(r'^  machines\["trainer"\]\.instance creating [\d.]+s$')
    screen.assert_fits()
    code, text = screen.end()
    assert code == 0
    assert not re.search(r"^\[#+\.*\]| creating \d", text, re.M), text  # nothing of the live view stays
    assert len(re.findall(r"^\S+: created ", text, re.M)) == 23
    assert re.search(r"^  instance_id     = i-", text, re.M)
    screen.assert_fits()
    screen.start(*command(forge, "plan", "--detailed-exitcode", *ON))
    assert screen.end()[0] == 0
    screen.assert_fits()


@pytest.mark.parametrize("answer", ["no", "", "maybe", "y es"])
def test_no(cloud, forge, answer):
    screen = Screen(forge, 100)
    try:
        screen.start(*command(forge, "apply"))
        screen.until(r"^Do this\? \[yes/no\]")
        screen.type(answer)
        code, text = screen.end()
        assert code == 1 and "nothing was changed" in text
    finally:
        screen.close()
    assert cloud.mutations() == [] and cloud.counts() == {}


def test_ctrl_c_and_ctrl_d_at_the_question(cloud, forge, screen):
    for key, code in (("C-c", 130), ("C-d", 1)):
        screen.start(*command(forge, "apply"))
        screen.until(r"^Do this\? \[yes/no\]")
        screen.keys(key)
        ended, text = screen.end()
        assert ended == code and "nothing was changed" in text
    assert cloud.mutations() == []


def test_destroy_asks_for_the_name(cloud, forge, screen):
    forge.apply(*ON)
    before = cloud.counts()
    for answer in ("yes", "llm-tuning"):
        screen.start(*command(forge, "destroy", *ON))
        text = screen.until(r"^Type `llm-tuning-lab` to delete it:")
        assert "will be destroyed" in text and "23 resources" in text
        screen.assert_fits()
        screen.type(answer)
        code, text = screen.end()
        assert code == 1 and "nothing was changed" in text
        assert cloud.counts() == before
    screen.start(*command(forge, "destroy", *ON))
    screen.until(r"^Type `llm-tuning-lab` to delete it:")
    screen.type("llm-tuning-lab")
    code, text = screen.end()
    assert code == 0 and len(re.findall(r"^\S+: deleted ", text, re.M)) == 23, text
    assert cloud.counts() == {}
    screen.assert_fits()


def test_destroy_of_an_environment_asks_for_it_too(cloud, forge, screen):
    forge.apply("--env", "eu")
    before = cloud.counts()
    for answer, code in (("llm-tuning-lab", 1), ("llm-tuning-lab.eu", 0)):
        screen.start(*command(forge, "destroy", "--env", "eu"))
        text = screen.until(r"^Type `llm-tuning-lab\.eu` to delete it:")
        assert "environment eu" in text and cloud.counts() == before
        screen.type(answer)
        ended, text = screen.end()
        assert ended == code, text
    assert cloud.counts() == {}


def test_ctrl_c_once(cloud, forge, screen):
    hold(cloud, "ec2:CreateVpc", 4)
    screen.start(*command(forge, "apply", "--auto-approve", *ON))
    screen.until(r"network\.vpc creating [1-9]")
    screen.until(r"^registries\S+: created")
    screen.keys("C-c")
    text = screen.until(r"^stopping: what is under way is finished and recorded")
    text = screen.until(r"under way, [\d.]+s.*, stopping$") if "stopping$" in text else screen.text()
    code, text = screen.end()
    assert code == 130
    assert re.search(r"^network\.vpc: created vpc-", text, re.M), text
    assert not re.search(r"^\[#*\.*\] \d+/|^  .* creating \d", text, re.M), text
    assert text.count("stopping: what is under way") == 1
    assert "asked to stop" in text
    screen.assert_fits()
    cloud.faults()
    forge.apply(*ON)
    assert nothing_doubled(cloud.counts())
    forge.plan(*ON, expect=0)


def test_ctrl_c_twice(cloud, forge, screen):
    hold(cloud, "ec2:CreateVpc", 20)
    screen.start(*command(forge, "apply", "--auto-approve", *ON))
    screen.until(r"network\.vpc creating [1-9]")
    screen.keys("C-c")
    screen.until(r"^stopping:")
    started = time.monotonic()
    screen.keys("C-c")
    code, text = screen.end()
    assert code == 130 and time.monotonic() - started < 3
    assert "stopped at once; the next run finds out what was done" in text
    assert not re.search(r"^\[#*\.*\] \d+/|^  .* creating \d", text, re.M), text
    screen.assert_fits()
    cloud.faults()
    forge.apply(*ON)
    assert nothing_doubled(cloud.counts())
    forge.plan(*ON, expect=0)


def test_no_color(cloud, forge):
    forge.environment = {"NO_COLOR": "1"}
    screen = Screen(forge, 100)
    try:
        screen.start("env", "NO_COLOR=1", *command(forge, "plan"))
        screen.end()
        assert "\x1b[3" not in screen.tmux("capture-pane", "-p", "-e")
        screen.start(*command(forge, "plan"))
        screen.end()
        assert "\x1b[32m" in screen.tmux("capture-pane", "-p", "-e")
    finally:
        screen.close()
