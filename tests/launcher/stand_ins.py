#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs around the launcher, in its tests: aws, docker, nvidia-smi, systemctl, shutdown, apt-get and
a few more. This file is linked under each of their names into the PATH of a machine (machine.py).

Each call is recorded, a line of JSON, in $STAND_INS/calls. $STAND_INS/faults.json may hold a list of
{"match": REGEX over `name arguments…`, "code": 1, "stderr": "…", "times": 1}, tried in order.

aws works on a folder ($STAND_INS_S3/BUCKET/KEY) as the machine's profile would be let: the data bucket is
read only, and nothing is deleted but under runs/latest/. docker runs one container: trainer() below, a
process of its own, with its state in $STAND_INS/docker.
"""
import fcntl
import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(os.environ["STAND_INS"])
S3 = pathlib.Path(os.environ["STAND_INS_S3"])
STATE = HERE / "docker"


def die(text, code=1):
    print(text, file=sys.stderr)
    sys.exit(code)


def settings():
    """What the test wants of the container and the GPUs: $STAND_INS/settings.json."""
    path = HERE / "settings.json"
    return json.loads(path.read_text()) if path.exists() else {}


def record(name, arguments):
    with open(HERE / "calls", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        print(json.dumps({"name": name, "args": arguments, "at": time.time()}), file=file, flush=True)
        faults = HERE / "faults.json"
        if not faults.exists():
            return
        left = json.loads(faults.read_text())
        for fault in left:
            if fault.get("times", 1) and re.search(fault["match"], " ".join([name, *arguments])):
                fault["times"] = fault.get("times", 1) - 1
                faults.write_text(json.dumps(left))
                die(fault.get("stderr", "planted"), fault.get("code", 1))


# ---- aws

def options(arguments, with_value):
    """Splits arguments into positional ones and a map of options (those in `with_value` take one)."""
    positional, found, at = [], {}, 0
    while at < len(arguments):
        word = arguments[at]
        if word.startswith("--") and word in with_value:
            found.setdefault(word, []).append(arguments[at + 1])
            at += 1
        elif word.startswith("--"):
            found[word] = [True]
        else:
            positional.append(word)
        at += 1
    return positional, found


def place(uri):
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not (S3 / bucket).is_dir():
        die("fatal error: An error occurred (NoSuchBucket)")
    return S3 / bucket / key


def may_write(path, delete=False):
    bucket, *key = path.relative_to(S3).parts
    if "data" in bucket or (delete and key[:2] != ["runs", "latest"]):
        die(f"upload failed: An error occurred (AccessDenied) when calling {path}")


def sync(source, target, found):
    remote = target.startswith("s3://")
    excludes = found.get("--exclude", [])
    from_dir = place(source) if source.startswith("s3://") else pathlib.Path(source)
    to_dir = place(target) if remote else pathlib.Path(target)
    files = {p.relative_to(from_dir).as_posix(): p for p in sorted(from_dir.rglob("*")) if p.is_file()}
    files = {k: p for k, p in files.items() if not any(fnmatch.fnmatch(k, e) for e in excludes)}
    for key, path in files.items():
        there = to_dir / key
        if there.exists() and there.stat().st_size == path.stat().st_size and \
                there.stat().st_mtime >= path.stat().st_mtime:
            continue
        if remote:
            may_write(there)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
    if "--delete" in found:
        for path in [p for p in to_dir.rglob("*") if p.is_file()] if to_dir.exists() else []:
            if path.relative_to(to_dir).as_posix() not in files:
                if remote:
                    may_write(path, delete=True)
                path.unlink()


def s3_cp(source, target):
    if source == "-":
        may_write(place(target))
        text = sys.stdin.buffer.read()
        place(target).parent.mkdir(parents=True, exist_ok=True)
        new = place(target).with_name(place(target).name + f".{os.getpid()}")
        new.write_bytes(text)
        new.rename(place(target))
        return
    from_path = place(source) if source.startswith("s3://") else pathlib.Path(source)
    if not from_path.is_file():
        die(f"fatal error: An error occurred (404) when calling the HeadObject operation: Key {source} does not exist"
            if source.startswith("s3://") else f"The user-provided path {source} does not exist.")
    if target == "-":
        sys.stdout.buffer.write(from_path.read_bytes())
        return
    to_path = place(target) if target.startswith("s3://") else pathlib.Path(target)
    if target.startswith("s3://"):
        may_write(to_path)
    to_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(from_path, to_path)


def aws(arguments):
    positional, found = options(arguments, {"--exclude", "--bucket", "--key", "--body", "--if-none-match", "--prefix",
                                            "--output", "--query", "--instance-ids", "--copy-props"})
    match positional:
        case ["s3", "sync", source, target]:
            sync(source, target, found)
        case ["s3", "cp", source, target]:
            s3_cp(source, target)
        case ["s3", "ls", uri]:
            path = place(uri)
            listed = sorted(path.parent.glob(path.name + "*")) if path.parent.exists() else []
            for one in listed:
                at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.stat().st_mtime))
                print(f"{at} {one.stat().st_size:10} {one.name}")
            sys.exit(0 if listed else 1)
        case ["s3api", "put-object"]:
            path = S3 / found["--bucket"][0] / found["--key"][0]
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(found["--body"][0], path)  # creates or fails, at once
            except FileExistsError:
                die("An error occurred (PreconditionFailed) when calling the PutObject operation: At least one of the "
                    "pre-conditions you specified did not hold", 254)
            os.unlink(found["--body"][0])
        case ["s3api", "list-objects-v2"]:
            bucket = S3 / found["--bucket"][0]
            keys = sorted(p.relative_to(bucket).as_posix() for p in bucket.rglob("*") if p.is_file())
            hits = [{"Key": k} for k in keys if k.startswith(found["--prefix"][0])]
            print(json.dumps({"Contents": hits} if hits else {}))
        case ["ecr", "get-login-password"]:
            print("a-token-of-twelve-hours")
        case ["ec2", "terminate-instances"]:
            (HERE / "terminated").touch()
        case _:
            die(f"aws: the stand-in does not know {arguments}", 252)


# ---- docker

def container():
    path = STATE / "training.json"
    return json.loads(path.read_text()) if path.exists() else None


def store(state):
    STATE.mkdir(exist_ok=True)
    new = STATE / f"training.{os.getpid()}"
    new.write_text(json.dumps(state))
    new.rename(STATE / "training.json")


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def docker_run(arguments):
    environment, mounts, rest, at = {}, {}, [], 0
    flags = {"--sig-proxy=false"}
    while at < len(arguments):
        word = arguments[at]
        if word in flags:
            at += 1
        elif word.startswith("-") and not rest:
            value = arguments[at + 1]
            if word == "-e":
                environment.update([value.split("=", 1)])
            elif word == "-v":
                host, inside = value.split(":")[:2]
                mounts[inside] = host
            at += 2
        else:
            rest.append(word)
            at += 1
    if container():
        die('docker: Error response from daemon: Conflict. The container name "/training" is already in use', 125)
    wanted = settings()
    if wanted.get("no_start"):
        die("docker: Error response from daemon: could not select device driver with capabilities: [[gpu]]", 125)
    # What it prints outlives its client, as in docker.
    STATE.mkdir(exist_ok=True)
    said = open(STATE / "log", "w+b")
    process = subprocess.Popen(
        [sys.executable, "-SE", __file__, "trainer"], start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **environment, "MOUNTS": json.dumps(mounts)})
    store({"pid": process.pid})
    shown = open(STATE / "log", "rb")
    while True:
        code = process.poll()
        sys.stdout.buffer.write(shown.read())
        sys.stdout.flush()
        if code is not None:
            sys.exit(code if code >= 0 else 128 - code)
        time.sleep(0.05)


def docker(arguments):
    state = container()
    match arguments:
        case ["run", *rest]:
            docker_run(rest)
        case ["inspect", "-f", form, "training"]:
            if state is None:
                die("Error: No such object: training")
            running = alive(state["pid"])
            if "Running" in form:
                print(str(running).lower())
            else:
                code = STATE / "exit"
                print(code.read_text() if code.exists() else "137")
        case ["stop", "-t", grace, "training"]:
            os.kill(state["pid"], signal.SIGTERM)
            end = time.monotonic() + float(grace)
            while alive(state["pid"]) and time.monotonic() < end:
                time.sleep(0.02)
            if alive(state["pid"]):
                os.kill(state["pid"], signal.SIGKILL)
        case ["kill", "-s", name, "training"]:
            os.kill(state["pid"], getattr(signal, "SIG" + name))
        case ["rm", "-f", "training"]:
            if state:
                if alive(state["pid"]):
                    os.kill(state["pid"], signal.SIGKILL)
                (STATE / "training.json").unlink()
                (STATE / "exit").unlink(missing_ok=True)
        case ["attach", *_]:
            while alive(state["pid"]):
                time.sleep(0.05)
        case ["info", *_]:
            print(json.dumps({"runc": {}, "nvidia": {}} if settings().get("toolkit", True) or
                             (HERE / "toolkit").exists() else {"runc": {}}))
        case ["image", "inspect", *_, image]:
            print(image.split(":")[0] + "@sha256:" + "0" * 64)
        case ["login", *_]:
            if not sys.stdin.read().strip():
                die("Error: Password Required")
        case ["pull", *_]:
            time.sleep(settings().get("pull_s", 0))
        case _:
            die(f"docker: the stand-in does not know {arguments}")


def trainer():
    """What runs in the container: some steps, a checkpoint after each, as the protocol wants it."""
    inside = {where: pathlib.Path(host) for where, host in json.loads(os.environ["MOUNTS"]).items()}
    rank = os.environ["NODE_RANK"]
    first, told = 0, []
    signal.signal(signal.SIGTERM, lambda *_: told.append("TERM"))
    signal.signal(signal.SIGUSR1, lambda *_: told.append("USR1"))
    resume = os.environ.get("RESUME_FROM")
    if resume:
        folder = inside["/checkpoints"] / resume.removeprefix("/checkpoints/")
        assert (folder / "COMPLETE").exists(), f"{folder} is not complete"
        first = int((folder / "weights").read_text())
    print(f"from step {first}, data: {sorted(p.name for p in inside['/data'].iterdir())}", flush=True)

    def end(code):
        (STATE / "exit").write_text(str(code))
        os._exit(code)

    def checkpoint(step):
        folder = inside["/checkpoints"] / f"checkpoint-{step}"
        folder.mkdir(exist_ok=True)
        (folder / "weights").write_text(str(step))
        (folder / "COMPLETE").touch()
        if step > 3:
            shutil.rmtree(inside["/checkpoints"] / f"checkpoint-{step - 3}", ignore_errors=True)
        print(f"checkpoint at {step}", flush=True)

    step = first
    while step < settings().get("steps", 3):  # which a test may change meanwhile
        step, wanted = step + 1, settings()
        time.sleep(0.3 if step < 4 else 2)  # slower than uploads on a busy machine
        if step == wanted.get("fail_at") and rank == wanted.get("fail_rank", rank):
            print("RuntimeError: CUDA out of memory", flush=True)
            end(1)
        if rank == "0":
            checkpoint(step)
        if "TERM" in told:
            print("SIGTERM: saved", flush=True)
            end(143)
        if "USR1" in told:
            told.remove("USR1")
            print("SIGUSR1: saved", flush=True)
    if rank == "0":
        (inside["/output"] / "adapter.safetensors").write_text(str(step))
    end(0)


# ---- the others

def other(name, arguments):
    match name, arguments:
        case "nvidia-smi", ["-L"]:
            for number in range(settings().get("gpus", 1)):
                print(f"GPU {number}: NVIDIA A10G (UUID: GPU-0000000{number})")
        case "df", _:
            print(" Avail\n" + str(settings().get("free_mib", 150000)))
        case "shutdown", _:
            (HERE / "terminated").touch()
        case "nvidia-ctk", _:
            (HERE / "toolkit").touch()
        case "curl-outside", _:  # curl of anything but the metadata server (machine.py)
            print("deb https://nvidia.github.io/x /")
        case "gpg", _:
            sys.stdin.read()
        case ("systemctl" | "apt-get" | "apt-mark" | "dpkg" | "dpkg-query" | "fallocate" | "amazon-cloudwatch-agent-ctl"), _:
            pass
        case _:
            die(f"{name}: the stand-in does not know {arguments}")


def main():
    if sys.argv[1:] == ["trainer"]:
        trainer()
    name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
    record(name, arguments)
    match name:
        case "aws":
            aws(arguments)
        case "docker":
            docker(arguments)
        case _:
            other(name, arguments)


if __name__ == "__main__":
    main()
