# SPDX-License-Identifier: Apache-2.0
"""The generated user data, executed: every branch of providers/aws/templates/launcher.sh.

A machine is a folder (machine.py), its bucket another; what is judged is what is in the bucket, what was
called, and whether the machine ended.
"""
import gzip
import json
import os
import signal
import subprocess
import time

import pytest

from machine import Machine
from rendering import VARIABLES, render

OUTPUTS, DATA = VARIABLES["outputs_bucket"], VARIABLES["data_bucket"]


@pytest.fixture
def s3(tmp_path):
    folder = tmp_path / "s3"
    (folder / DATA / "data").mkdir(parents=True)
    (folder / OUTPUTS).mkdir()
    (folder / DATA / "data/train.jsonl").write_text('{"text": "a"}\n')
    return folder


@pytest.fixture
def machines(tmp_path, s3):
    made = []

    def make(number=1, variables=None, **more):
        script = render("launcher.sh", **{"checkpoint_interval": 1, "stop_grace": 5, **(variables or {})})
        made.append(Machine(tmp_path / f"m{number}", s3, script, instance=f"i-{number:017x}", **more))
        return made[-1]

    yield make
    for machine in made:
        machine.close()


class Outputs:
    def __init__(self, s3, run="first"):
        self.folder, self.run = s3 / OUTPUTS, run

    def state(self, name):
        path = self.folder / "runs/.state" / self.run / name
        return json.loads(path.read_text()) if path.exists() else None

    def runs(self):
        return sorted(p for p in (self.folder / "runs").iterdir() if p.name not in (".state", "latest"))

    def only(self):
        """Files of the only run, without its folder's name."""
        (folder,) = self.runs()
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}

    def latest(self):
        folder = self.folder / "runs/latest"
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}

    def has_checkpoint(self, step):
        """Whether one of this step or a later one is whole; a container keeps no old ones."""
        return any(int(p.parent.name.split("-")[1]) >= step for r in self.runs() for p in r.glob("checkpoints/*/COMPLETE"))


@pytest.fixture
def outputs(s3):
    return Outputs(s3)


FOREVER = 10**6


def training(machine, outputs, step):
    """Waits until a checkpoint of this step or a later one is in the bucket."""
    machine.until(lambda: (outputs.folder / "runs").exists() and outputs.has_checkpoint(step))


def soon(machine):
    """Lets its container end by itself after a step or two."""
    machine.settings(steps=1)


def check_end(machine, outputs, result, terminated=True, latest=True):
    ended = outputs.state("ended.json")
    assert ended and ended["result"] == result, machine.log()
    markers = {"SUCCESS", "FAILURE", "INTERRUPTED"}
    files = outputs.only()
    assert result in files
    assert "logs/training-setup.log" in files
    if latest:
        assert outputs.latest() & markers == {result}
    assert machine.terminated() == terminated, machine.log()
    return ended


LOGS = {"logs/training-setup.log", "logs/training.log"}
CHECKPOINTS = {f"checkpoints/checkpoint-{n}/{f}" for n in (1, 2, 3) for f in ("weights", "COMPLETE")}


def test_success(machines, outputs):
    machine = machines(variables={"command": ["train.py", "--note", "it's $HOME; *"], "env": {"MODEL": "a b"},
                                  "mlflow": "https://mlflow.example.org"})
    assert machine.run() == 0
    ended = check_end(machine, outputs, "SUCCESS")
    assert outputs.only() == {"SUCCESS", "output/adapter.safetensors"} | LOGS | CHECKPOINTS
    assert outputs.latest() == outputs.only()
    assert ended["exit_code"] == 0 and ended["attempt"] == 1 and ended["instance"] == machine.instance
    assert ended["image"].endswith("@sha256:" + "0" * 64)
    assert machine.calls("aws ec2 terminate-instances") == [f"aws ec2 terminate-instances --instance-ids {machine.instance}"]
    environment, run = machine.container()
    assert run[-4:] == [VARIABLES["image"], "train.py", "--note", "it's $HOME; *"]
    assert f"{machine.root}/opt/training/data:/data:ro" in run and "--gpus" in run
    assert environment["MODEL"] == "a b" and environment["MLFLOW_TRACKING_URI"] == "https://mlflow.example.org"
    assert environment["NNODES"] == "1" and environment["MASTER_ADDR"] == "10.1.1.10"
    assert "RESUME_FROM" not in environment
    assert "data: ['train.jsonl']" in machine.log("training")
    assert "checkpoint at 3" in machine.log("training")
    # Each checkpoint's marker went up after all else of it.
    calls = machine.calls("aws s3")
    for n in (1, 2, 3):
        marker = next(i for i, c in enumerate(calls) if c.endswith(f"checkpoint-{n}/COMPLETE"))
        rest = next(i for i, c in enumerate(calls) if "sync" in c and c.endswith(f"checkpoints/checkpoint-{n}/"))
        assert rest < marker
    # The order of the nine steps.
    log = machine.log()
    steps = ["installing dependencies", "setting up monitoring", "setting up the GPUs", "logging in to the registry",
             "pulling the image", "syncing the data", "looking for a checkpoint", "training has started", "SUCCESS",
             "terminating this machine"]
    assert [log.index(s) for s in steps] == sorted(log.index(s) for s in steps)


def test_the_first_boot_makes_a_service(machines):
    machine = machines()
    machine.install()
    assert machine.calls("systemctl") == ["systemctl daemon-reload", "systemctl enable llmforge-training",
                                          "systemctl start --no-block llmforge-training"]
    unit = (machine.root / "etc/systemd/system/llmforge-training.service").read_text()
    assert "KillMode=mixed" in unit and "WantedBy=multi-user.target" in unit and "StartLimitAction=poweroff" in unit
    # It is not there for others to read.
    assert (machine.root / "usr/local/sbin/llmforge-training").stat().st_mode & 0o777 == 0o700


def test_the_runs_own_tmux_session(machines, outputs):
    machine = machines(steps=FOREVER)
    machine.boot()
    training(machine, outputs, 1)
    shown = subprocess.run(["tmux", "ls", "-F", "#{session_name}"], env=machine.environ(), capture_output=True, text=True).stdout
    assert shown == "training\n"
    # Whoever watches and presses Ctrl-C, or ends the session, does not end the training.
    subprocess.run(["tmux", "send-keys", "-t", "training", "C-c"], env=machine.environ(), check=True)
    machine.kill_tmux()
    soon(machine)
    machine.wait()
    check_end(machine, outputs, "SUCCESS")


def test_training_fails(machines, outputs):
    machine = machines(fail_at=3)
    assert machine.run() == 0
    ended = check_end(machine, outputs, "FAILURE")
    assert ended["exit_code"] == 1 and "exit code 1" in ended["reason"]
    assert outputs.has_checkpoint(2) and "output/adapter.safetensors" not in outputs.only()
    assert "CUDA out of memory" in (outputs.runs()[0] / "logs/training.log").read_text()


def test_latest_keeps_nothing_of_the_run_before(machines, outputs, s3):
    machines(1).run()
    assert "SUCCESS" in outputs.latest()
    time.sleep(1)  # another second, another folder
    second = machines(2, variables={"run": "second"}, fail_at=1)
    second.run()
    assert outputs.latest() == {"FAILURE"} | LOGS
    assert Outputs(s3, "second").state("ended.json")["result"] == "FAILURE"
    assert len(outputs.runs()) == 2


@pytest.mark.parametrize("what, step", [
    ({"match": "docker pull", "times": 9}, "pulling the image"),
    ({"match": "docker login"}, "logging in to the registry"),
    ({"match": "s3 sync .*-data-"}, "syncing the data"),
    ({"match": "apt-get .*update", "times": 9}, "installing dependencies"),
    ({"match": "list-objects-v2"}, "looking for a checkpoint"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_a_step_fails(machines, outputs, what, step):
    machine = machines()
    machine.faults(what)
    assert machine.run() == 0
    assert check_end(machine, outputs, "FAILURE")["reason"] == step + " failed"
    assert not machine.calls("docker run")


def test_a_pull_that_fails_once_is_tried_again(machines, outputs):
    machine = machines()
    machine.faults({"match": "docker pull", "times": 2})
    machine.run()
    check_end(machine, outputs, "SUCCESS")
    assert len(machine.calls("docker pull")) == 3


def test_the_disk_is_full(machines, outputs):
    machine = machines(free_mib=3)
    machine.faults({"match": "docker pull", "stderr": "write /var/lib/docker/tmp/x: no space left on device", "times": 9})
    machine.run()
    ended = check_end(machine, outputs, "FAILURE")
    assert ended["reason"] == "pulling the image failed; the disk is full"
    assert "no space left on device" in (outputs.runs()[0] / "logs/training-setup.log").read_text()


def test_no_gpu_answers(machines, outputs):
    machine = machines(gpus=0)
    machine.run()
    assert check_end(machine, outputs, "FAILURE")["reason"] == "setting up the GPUs failed"
    assert not machine.calls("docker pull")


def test_fewer_gpus_than_wanted(machines, outputs):
    machine = machines(variables={"gpus": 4}, gpus=3)
    machine.run()
    check_end(machine, outputs, "FAILURE")
    assert "4 are wanted" in machine.log()


def test_the_container_toolkit_is_installed_where_it_is_missing(machines, outputs):
    machine = machines(toolkit=False)
    machine.run()
    check_end(machine, outputs, "SUCCESS")
    assert machine.calls("nvidia-ctk runtime configure --runtime=docker") and machine.calls("systemctl restart docker")
    assert any("nvidia-container-toolkit" in c for c in machine.calls("apt-get"))


def test_the_container_does_not_start(machines, outputs):
    machine = machines(no_start=True)
    machine.run()
    assert check_end(machine, outputs, "FAILURE")["exit_code"] == 125
    assert "could not select device driver" in (outputs.runs()[0] / "logs/training.log").read_text()


def test_no_monitoring_is_no_failure(machines, outputs):
    machine = machines()
    machine.faults({"match": "amazon-cloudwatch-agent-ctl"})
    machine.run()
    check_end(machine, outputs, "SUCCESS")
    assert "warning: no monitoring" in machine.log()


def test_the_agents_configuration(machines):
    machine = machines()
    machine.run()
    (call,) = machine.arguments("amazon-cloudwatch-agent-ctl")
    configuration = json.loads(open(call[-1].removeprefix("file:")).read())
    files = configuration["logs"]["logs_collected"]["files"]["collect_list"]
    assert [(f["file_path"], f["log_group_name"]) for f in files] == [
        (f"{machine.root}/var/log/training-setup.log", VARIABLES["log_groups"]["setup"]),
        (f"{machine.root}/var/log/training.log", VARIABLES["log_groups"]["training"])]
    metrics = configuration["metrics"]
    assert metrics["append_dimensions"] == {"InstanceId": "${aws:InstanceId}"}
    assert "utilization_gpu" in metrics["metrics_collected"]["nvidia_gpu"]["measurement"]
    _, run = machine.container()
    assert f"awslogs-group={VARIABLES['log_groups']['container']}" in run


def test_results_that_cannot_be_uploaded_are_no_success(machines, outputs):
    machine = machines()
    machine.faults({"match": "s3 sync .*/output/", "times": 9})
    machine.run()
    assert check_end(machine, outputs, "FAILURE")["reason"] == "the results could not be uploaded"


def test_an_upload_that_fails_once_is_tried_again(machines, outputs):
    machine = machines()
    machine.faults({"match": "s3 sync .*/output/", "times": 2}, {"match": "s3 cp .* - s3:.*ended.json"})
    machine.run()
    check_end(machine, outputs, "SUCCESS")


def interrupt(machine, outputs, step=2):
    machine.boot()
    training(machine, outputs, step)
    machine.metadata.interrupt()
    machine.wait()


def test_interruption_and_resume_on_another_machine(machines, outputs):
    first = machines(1, steps=FOREVER)
    interrupt(first, outputs)
    assert outputs.state("ended.json")["result"] == "INTERRUPTED"
    assert "spot interruption" in outputs.state("ended.json")["reason"]
    assert "SIGTERM: saved" in (outputs.runs()[0] / "logs/training.log").read_text()
    assert not outputs.latest()  # it may yet go on
    saved = max(int(p.parent.name.split("-")[1]) for p in outputs.runs()[0].glob("checkpoints/*/COMPLETE"))
    local = max(int(p.parent.name.split("-")[1]) for p in first.root.glob("opt/training/checkpoints/*/COMPLETE"))
    assert saved == local  # the checkpoint that SIGTERM made is in the bucket
    second = machines(2, steps=saved + 2)
    second.run()
    ended = check_end(second, outputs, "SUCCESS")
    assert ended["attempt"] == 2 and ended["instance"] == second.instance
    assert second.container()[0]["RESUME_FROM"] == f"/checkpoints/checkpoint-{saved}"
    assert f"from step {saved}" in second.log("training")


def test_interruption_while_the_image_is_pulled(machines, outputs):
    machine = machines(pull_s=60)
    machine.boot()
    machine.until(lambda: machine.calls("docker pull"))
    began = time.monotonic()
    machine.metadata.interrupt()
    machine.wait()
    assert time.monotonic() - began < 10
    check_end(machine, outputs, "INTERRUPTED", latest=False)
    assert not machine.calls("docker run")


def test_a_recommendation_to_move_makes_a_checkpoint(machines, outputs):
    machine = machines(variables={"checkpoint_signal": "USR1"}, steps=FOREVER)
    machine.boot()
    training(machine, outputs, 1)
    machine.metadata.values["events/recommendations/rebalance"] = '{"noticeTime": "2026-11-23T12:00:00Z"}'
    machine.until(lambda: "SIGUSR1: saved" in machine.log("training"))
    time.sleep(2)
    soon(machine)
    machine.wait()
    check_end(machine, outputs, "SUCCESS")
    assert machine.calls("docker kill") == ["docker kill -s USR1 training"]  # once


def test_power_cut_and_reboot(machines, outputs):
    machine = machines(steps=FOREVER)
    machine.boot()
    training(machine, outputs, 2)
    machine.power_cut()
    assert outputs.state("ended.json") is None
    soon(machine)
    machine.run()
    assert check_end(machine, outputs, "SUCCESS")["attempt"] == 2
    assert machine.container()[0]["RESUME_FROM"].startswith("/checkpoints/checkpoint-")
    assert len(machine.calls("systemctl enable")) == 1


def test_reboot_in_good_order(machines, outputs):
    machine = machines(steps=FOREVER)
    machine.boot()
    training(machine, outputs, 2)
    machine.process.send_signal(signal.SIGTERM)  # systemd: to the main process only
    assert machine.wait() == 0
    assert outputs.state("ended.json")["result"] == "INTERRUPTED"
    assert not machine.terminated()  # it comes back, or is ended by who stopped it
    soon(machine)
    machine.run()
    check_end(machine, outputs, "SUCCESS")


def test_the_launcher_dies_and_the_container_goes_on(machines, outputs):
    machine = machines(steps=FOREVER)
    machine.boot()
    training(machine, outputs, 2)
    os.killpg(machine.process.pid, signal.SIGKILL)
    machine.process.wait()
    machine.kill_tmux()
    machine.boot()  # systemd: Restart=on-failure
    machine.until(lambda: machine.calls("docker attach"))
    soon(machine)
    machine.wait()
    check_end(machine, outputs, "SUCCESS")
    assert len(machine.calls("docker run")) == 1 and len(machine.calls("docker attach")) == 1


def test_a_second_start_of_an_ended_run(machines, outputs):
    machines(1).run()
    before = {p: p.read_bytes() for p in outputs.folder.rglob("*") if p.is_file()}
    second = machines(2)
    assert second.run() == 0
    assert second.terminated() and not second.calls("docker run")
    assert {p: p.read_bytes() for p in outputs.folder.rglob("*") if p.is_file()} == before
    assert "nothing is started" in second.log()


def test_a_failed_run_is_not_started_again(machines, outputs):
    machines(1, fail_at=1).run()
    second = machines(2)
    second.run()
    assert second.terminated() and not second.calls("docker run")
    assert outputs.state("ended.json")["result"] == "FAILURE"


def test_a_second_machine_beside_one_that_runs(machines, outputs):
    first = machines(1, steps=FOREVER)
    first.boot()
    training(first, outputs, 1)
    second = machines(2, beat=6)
    second.run()
    assert second.terminated() and not second.calls("docker run")
    assert f"under way (on {first.instance})" in second.log()
    soon(first)
    first.wait()
    assert check_end(first, outputs, "SUCCESS")["instance"] == first.instance


def test_a_second_machine_that_fails_early_says_nothing_about_the_run(machines, outputs):
    first = machines(1, steps=FOREVER)
    first.boot()
    training(first, outputs, 1)
    second = machines(2)
    second.faults({"match": "apt-get .*update", "times": 9})
    second.run()
    assert second.terminated() and outputs.state("ended.json") is None
    soon(first)
    first.wait()
    check_end(first, outputs, "SUCCESS")


def test_a_machine_that_died_without_a_word_is_followed(machines, outputs):
    first = machines(1, steps=FOREVER)
    first.boot()
    training(first, outputs, 2)
    first.power_cut()
    second = machines(2)
    second.run()
    assert "taking over" in second.log()
    assert check_end(second, outputs, "SUCCESS")["attempt"] == 2
    assert "RESUME_FROM" in second.container()[0]


def test_two_machines_at_the_same_moment(machines, outputs):
    pair = [machines(n, steps=FOREVER, beat=6) for n in (1, 2)]
    for machine in pair:
        machine.install()
    for machine in pair:
        machine.start()
    pair[0].until(lambda: any(m.process.poll() is not None for m in pair))
    for machine in pair:
        soon(machine)
        machine.wait()
    assert sorted(bool(m.calls("docker run")) for m in pair) == [False, True]
    assert all(m.terminated() for m in pair)
    assert outputs.state("ended.json")["result"] == "SUCCESS"


def test_a_bucket_that_does_not_answer_is_not_an_empty_one(machines, outputs):
    machines(1).run()
    second = machines(2)
    second.faults({"match": "s3 cp .*started.json", "stderr": "An error occurred (503) SlowDown", "times": 9})
    second.run()
    assert second.terminated() and not second.calls("docker run")
    assert outputs.state("ended.json")["result"] == "SUCCESS"


def test_auto_shutdown_off(machines, outputs):
    machine = machines(variables={"auto_shutdown": False}, fail_at=2)
    assert machine.run() == 0
    check_end(machine, outputs, "FAILURE", terminated=False)
    assert machine.calls("systemctl disable llmforge-training")
    assert "StartLimitAction=none" in (machine.root / "etc/systemd/system/llmforge-training.service").read_text()


def test_a_termination_that_is_refused(machines, outputs):
    machine = machines()
    machine.faults({"match": "ec2 terminate-instances", "stderr": "UnauthorizedOperation"})
    machine.run()
    check_end(machine, outputs, "SUCCESS")
    assert machine.calls("shutdown -h now")


def test_max_runtime(machines, outputs):
    machine = machines(variables={"max_runtime": 5}, steps=FOREVER)
    machine.run()
    ended = check_end(machine, outputs, "FAILURE")
    assert ended["reason"] == "max_runtime of 5 s is over"
    assert "SIGTERM: saved" in machine.log("training")


def test_stop_on_request(machines, outputs):
    machine = machines(steps=FOREVER)
    machine.boot()
    training(machine, outputs, 1)
    (outputs.folder / "runs/.state/first/stop").write_text("now\n")
    machine.wait()
    assert check_end(machine, outputs, "FAILURE")["reason"] == "stopped on request"


def group(machines, **more):
    """Two machines of one reservation, with the same user data: their launch index tells them apart."""
    variables = {"nodes": 2, "node_rank": -1}
    pair = [machines(n + 1, variables=variables, index=n, address=f"10.1.1.{10 + n}", **more) for n in (0, 1)]
    for machine in pair:
        machine.install()
    return pair


def test_two_nodes(machines, outputs):
    pair = group(machines, gpus=8, steps=FOREVER)
    pair[1].start()  # in any order
    time.sleep(0.5)
    pair[0].start()
    training(pair[0], outputs, 1)
    pair[0].until(lambda: pair[1].calls("docker run"))
    soon(pair[1])
    pair[0].until(lambda: outputs.state("node-1-1-SUCCESS"))
    soon(pair[0])
    for machine in pair:
        machine.wait()
        assert machine.terminated()
    check_end(pair[0], outputs, "SUCCESS")
    for rank, machine in enumerate(pair):
        environment, _ = machine.container()
        want = {"NNODES": "2", "NODE_RANK": str(rank), "NPROC_PER_NODE": "8", "MASTER_ADDR": "10.1.1.10", "MASTER_PORT": "29500"}
        assert {k: environment[k] for k in want} == want
        assert {k: environment["PET_" + k] for k in want} == want
    assert outputs.state("node-1-1-SUCCESS")["instance"] == pair[1].instance
    assert {"logs/training.log", "logs/node-1/training.log"} <= outputs.only()


def test_one_of_two_nodes_fails(machines, outputs):
    pair = group(machines, steps=FOREVER, fail_at=5, fail_rank="1")
    for machine in pair:
        machine.start()
    for machine in pair:
        machine.wait()
        assert machine.terminated()
    assert check_end(pair[0], outputs, "FAILURE")["reason"] == "another node failed"


def test_one_of_two_nodes_is_interrupted(machines, outputs):
    pair = group(machines, steps=FOREVER)
    for machine in pair:
        machine.start()
    training(pair[0], outputs, 1)
    pair[0].until(lambda: pair[1].calls("docker run"))
    pair[1].metadata.interrupt()
    for machine in pair:
        machine.wait()
    assert outputs.state("ended.json")["result"] == "INTERRUPTED"
    again = [machines(n + 3, variables={"nodes": 2, "node_rank": n}, address=f"10.1.2.{10 + n}", steps=FOREVER) for n in (0, 1)]
    for machine in again:
        machine.install()
        machine.start()
    again[0].until(lambda: all(m.calls("docker run") for m in again))
    for machine in again:
        soon(machine)
        machine.wait()
    ended = check_end(again[0], outputs, "SUCCESS")
    assert ended["attempt"] == 2 and again[1].container()[0]["MASTER_ADDR"] == "10.1.2.10"
    assert again[1].container()[0]["RESUME_FROM"] == again[0].container()[0]["RESUME_FROM"]


def test_node_0_fails(machines, outputs):
    pair = group(machines, steps=FOREVER, fail_at=7, fail_rank="0")
    for machine in pair:
        machine.start()
    for machine in pair:
        machine.wait()
        assert machine.terminated()
    check_end(pair[0], outputs, "FAILURE")
    assert outputs.state("node-1-1-FAILURE")["reason"] == "node 0 ended"


@pytest.mark.parametrize("dead", [0, 1])
def test_a_node_dies_without_a_word(machines, outputs, dead):
    pair = group(machines, steps=FOREVER)
    for machine in pair:
        machine.start()
    training(pair[0], outputs, 1)
    pair[0].until(lambda: pair[1].calls("docker run") and (outputs.folder / "runs/.state/first/node-1-1-alive").exists())
    pair[dead].power_cut()
    left = pair[1 - dead]
    left.wait()
    assert left.terminated() and f"node {dead} gives no sign of life" in left.log()
    if dead == 1:
        assert check_end(left, outputs, "FAILURE")["reason"] == "node 1 gives no sign of life"
    else:  # the run's end is for node 0 to tell: a group that is started anew goes on with it
        assert outputs.state("node-1-1-FAILURE") and outputs.state("ended.json") is None


def test_three_nodes_one_fails_before_the_others_train(machines, outputs):
    """All of the group or nothing: who is still setting up leaves too."""
    trio = [machines(n + 1, variables={"nodes": 3, "node_rank": -1}, index=n, address=f"10.1.1.{10 + n}", steps=FOREVER,
                     **({"gpus": 0} if n == 2 else {})) for n in range(3)]
    for machine in trio:
        machine.install()
        machine.start()
    for machine in trio:
        machine.wait()
        assert machine.terminated()
    assert check_end(trio[0], outputs, "FAILURE")["reason"] == "another node failed"
    assert outputs.state("node-1-2-FAILURE")["reason"] == "setting up the GPUs failed"


@pytest.mark.parametrize("variables", [{}, {"nodes": 2, "upgrade": True, "checkpoint_signal": "USR1", "mlflow": "https://m.example.org"}],
                         ids=["usual", "everything"])
def test_size(variables):
    """User data may have 16 KiB (EC2 User Guide, "Run commands when you launch an EC2 instance")."""
    script = render("launcher.sh", **variables).encode()
    assert len(gzip.compress(script, 9, mtime=0)) <= 8 * 1024
    if not variables:
        assert len(script) <= 16 * 1024 - 700  # so much is left for commands and variables
