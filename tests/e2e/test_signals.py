# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, SIGTERM and SIGHUP, once and twice, a terminal that is closed, readers that go away, and many
runs at once: what runs is finished and recorded, nothing new starts, and the next run goes on from there
with nothing doubled."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from cloud import nothing_doubled
from conftest import BINARY

ON = ("--var", "create_instance=true")


class Running:
    """An apply or another command that is under way, stopped where a test wants it."""

    def __init__(self, cloud, forge, verb, *arguments):
        self.cloud, self.process = cloud, forge.start(verb, *arguments)

    def until(self, action):
        """Waits until that call has come in: its effect is there a moment later, its answer is not."""
        deadline = time.monotonic() + 90
        while not any(e["action"] == action for e in self.cloud.control("requests")["requests"]):
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.3)
        return self

    def stop(self, number):
        self.process.send_signal(number)
        self.stopped = self.cloud.control("requests")["last"]
        return self

    def end(self, within=60):
        started = time.monotonic()
        self.text = self.process.communicate(timeout=within)[0]
        self.seconds = time.monotonic() - started
        return self.process.returncode

    def sent_later(self):
        return [e["action"] for e in self.cloud.control(f"requests?since={self.stopped}")["requests"]]


def hold(cloud, action, seconds):
    cloud.faults({"action": action, "kind": "latency", "delay_s": seconds, "after": True})


def state(forge):
    return json.loads(forge.run("state", "list", "--json", expect=0).out)


def assert_converges(cloud, forge):
    cloud.faults()
    forge.apply(*ON)
    counts = cloud.counts()
    assert nothing_doubled(counts), counts
    forge.plan(*ON, expect=0)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_once(cloud, forge, number, code):
    hold(cloud, "ec2:CreateVpc", 3)
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc").stop(number)
    assert run.end() == code, run.text
    assert "what is under way is finished and recorded" in run.text
    assert "network.vpc: created vpc-" in run.text  # it was under way
    later = run.sent_later()
    assert not {"ec2:CreateSubnet", "ec2:CreateInternetGateway", "ec2:RunInstances"} & set(later), later
    assert "skipped" in run.text and "asked to stop" in run.text and "run apply again" in run.text
    assert any(r["address"] == "network.vpc" and r["status"] == "ready" for r in state(forge))
    assert_converges(cloud, forge)


def test_twice(cloud, forge):
    hold(cloud, "ec2:CreateVpc", 20)
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc").stop(signal.SIGINT)
    time.sleep(0.3)
    assert run.process.poll() is None
    run.stop(signal.SIGINT)
    assert run.end() == 130
    assert run.seconds < 2
    assert "stopped at once; the next run finds out what was done" in run.text
    assert_converges(cloud, forge)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_nobody_waits_longer_than_ten_seconds(cloud, forge, number, code):
    """Who sends these sends SIGKILL soon after: what is under way so long is left to the next run."""
    hold(cloud, "ec2:CreateVpc", 40)
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc").stop(number)
    assert run.end() == code, run.text
    assert 8 < run.seconds < 10
    assert "stopped at once; the next run finds out what was done" in run.text
    assert_converges(cloud, forge)


def test_nohup(cloud, forge):
    forge.wrapper = ["nohup"]
    hold(cloud, "ec2:CreateVpc", 2)
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc").stop(signal.SIGHUP)
    assert run.end() == 0, run.text
    forge.wrapper = []
    forge.plan(*ON, expect=0)


def test_a_closed_terminal(cloud, forge):
    """The terminal's end sends SIGHUP, and what is written to it from then on fails."""
    hold(cloud, "ec2:CreateVpc", 3)
    master, slave = pty.openpty()
    process = subprocess.Popen([*forge.wrapper, BINARY, *forge.command("apply", ON)], cwd=forge.folder,
                               env=forge.environ() | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    deadline = time.monotonic() + 90
    while not any(e["action"] == "ec2:CreateVpc" for e in cloud.control("requests")["requests"]):
        assert process.poll() is None
        assert time.monotonic() < deadline
        if select.select([master], [], [], 0.02)[0]:
            os.read(master, 65536)
    time.sleep(0.3)
    os.close(master)
    assert process.wait(30) == 129
    assert any(r["address"] == "network.vpc" and r["status"] == "ready" for r in state(forge))
    assert_converges(cloud, forge)


def test_readers_that_go_away(cloud, forge):
    """`apply | head -1` does all that it was asked for; only what it says gets lost."""
    command = [BINARY, *forge.command("apply", ON)]
    process = subprocess.Popen(command, cwd=forge.folder, env=forge.environ(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    process.stderr.close()
    assert process.wait(120) in (0, 1)
    forge.plan(*ON, expect=0)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, *forge.command("plan", ON)], cwd=forge.folder, env=forge.environ(), stdout=full,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr == b"error: the output cannot be written: no space left on device\n"


def test_many_runs_at_once(cloud, forge):
    """Twenty applies of one stack: one at a time writes, the others say who does, nothing is made twice."""
    hold(cloud, "ec2:CreateVpc", 1)
    runs = [forge.start("apply", *ON) for _ in range(20)]
    said = [(run.communicate(timeout=180)[0], run.returncode) for run in runs]
    assert {code for _, code in said} <= {0, 4}, [text for text, code in said if code not in (0, 4)]
    assert any(code == 0 for _, code in said)
    for text, code in said:
        if code == 4:
            assert re.search(r"`.*apply.*`|apply", text) and re.search(r"pid \d+|process \d+", text), text
    counts = cloud.counts()
    assert nothing_doubled(counts), counts
    forge.plan(*ON, expect=0)


def test_who_holds_the_state(cloud, forge):
    """users' wish 31: asked at any time, and asking hinders nobody."""
    def asked():
        return json.loads(forge.run("state", "lock", "--json", expect=0).out)
    assert asked()["locked"] is False
    hold(cloud, "ec2:CreateVpc", 4)
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc")
    told = asked()
    assert told["locked"] is True and told["pid"] == run.process.pid and told["command"] == "llmforge apply"
    assert f"is locked by `llmforge apply` (pid {run.process.pid} on " in forge.run("state", "lock", expect=0).out
    run.process.kill()
    run.end()
    assert asked()["locked"] is False
    cloud.faults()
    run = forge.start("apply", *ON)
    while run.poll() is None:
        asked()
    assert run.communicate()[0] and run.returncode == 0


def test_once_while_deleting(cloud, forge):
    forge.apply(*ON)
    hold(cloud, "ec2:TerminateInstances", 3)
    run = Running(cloud, forge, "destroy", *ON).until("ec2:TerminateInstances").stop(signal.SIGINT)
    assert run.end() == 130, run.text
    assert "instances" not in cloud.counts() and cloud.counts()["vpcs"] == 1
    assert not any(r["type"] == "aws.ec2.instance" for r in state(forge))
    cloud.faults()
    forge.destroy(*ON)
    assert cloud.counts() == {}


def test_a_retry_is_not_waited_for(cloud, forge):
    """A create that the service puts off was not made: the first Ctrl-C ends its repetitions."""
    cloud.faults({"action": "ec2:CreateVpc", "kind": "error", "status": 503, "code": "RequestLimitExceeded",
                  "message": "Request limit exceeded.", "times": None})
    run = Running(cloud, forge, "apply", *ON).until("ec2:CreateVpc").stop(signal.SIGINT)
    assert run.end(30) == 130, run.text
    assert_converges(cloud, forge)


@pytest.mark.parametrize("verb", ["plan", "apply", "destroy", "drift"])
def test_while_reading(cloud, forge, verb):
    """What only looks stops at once."""
    forge.apply()
    before = [p.read_bytes() for p in forge.state_files()]
    hold(cloud, "ec2:DescribeVpcs", 20)
    cloud.forget_requests()
    run = Running(cloud, forge, verb).until("ec2:DescribeVpcs").stop(signal.SIGINT)
    assert run.end() == 130
    assert run.seconds < 1
    assert "stopped" in run.text
    if verb in ("apply", "destroy"):
        assert "nothing was changed" in run.text
    assert cloud.mutations() == []
    cloud.faults()
    forge.plan(expect=0)
    assert [p.read_bytes() for p in forge.state_files()] == before
