# SPDX-License-Identifier: Apache-2.0
"""One life of the platform: apply, killed and run again until it is through, and destroy likewise."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from cloud import KEYS, Cloud  # noqa: E402

import look  # noqa: E402

ALL = ["--var", "create_instance=true", "--var", "github_repository=acme/llm-tuning-lab", "--var", "alert_email=ops@example.org"]
STATE = "llm-tuning-lab.llmforge"
LIMIT_S = 240  # for one command, whatever is between it and the cloud


class Network:
    """moto, and in front of it the bad network where one is asked for."""

    def __init__(self, share):
        self.cloud, self.share, self.proxy = Cloud(), share, None
        self.url = self.cloud.url
        if share:
            self.proxy = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("proxy.py"),
                                           self.cloud.url.removeprefix("http://")], stdout=subprocess.PIPE, text=True)
            self.url = self.proxy.stdout.readline().strip()

    def spoil(self, share, seed):
        if self.proxy is not None:
            urllib.request.urlopen(urllib.request.Request(f"{self.url}/_proxy/{share}/{seed}", method="POST")).read()

    def faults(self):
        if self.proxy is None:
            return {}
        with urllib.request.urlopen(f"{self.url}/_proxy/") as answer:
            return json.loads(answer.read())

    def close(self):
        if self.proxy is not None:
            self.proxy.kill()
            self.proxy.wait()
            self.proxy.stdout.close()
        self.cloud.close()


class Kill:
    """When a process is ended: at a share of the time or of the journal that an undisturbed one has."""

    def __init__(self, chance):
        self.by_journal = chance.random() < 0.5
        self.share = chance.uniform(0, 0.98)
        self.lag_s = chance.uniform(0, 0.008)  # from the journal's growth: the request is on its way then

    def __str__(self):
        return f"at {self.share:.0%} of its {'journal' if self.by_journal else 'time'}"


class Failed(Exception):
    pass


class Life:
    def __init__(self, network, binary, overlay, folder, seed):
        self.network, self.binary, self.overlay, self.folder, self.seed = network, binary, overlay, folder, seed
        self.chance = random.Random(seed)
        self.history, self.kills, self.missed = [], {"apply": 0, "destroy": 0}, 0
        self.recovery_s, self.commands = 0.0, 0
        shutil.copytree(ROOT / "specs", folder / "specs")
        self.state = folder / "specs/.llmforge"

    # ---- processes

    def start(self, verb, *more):
        key, secret = KEYS["own"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "NO_COLOR": "1",
                       "AWS_ENDPOINT_URL": self.network.url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                       "AWS_REGION": "us-west-2", "AWS_EC2_METADATA_DISABLED": "true"}
        self.commands += 1
        log = open(self.folder / f"{self.commands:02}-{verb}.log", "w")
        process = subprocess.Popen([self.binary, verb, "specs/aws-finetune.yaml", "--provider-dir", self.overlay, *ALL, *more],
                                   cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        return process

    def journal_size(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.state / f"{STATE}.journal").stat().st_size
        return 0

    def run(self, verb, *more):
        """To its end: (exit code, seconds, the journal's greatest size)."""
        process, started, size = self.start(verb, *more), time.monotonic(), 0
        while process.poll() is None:
            size = max(size, self.journal_size())
            if time.monotonic() - started > LIMIT_S:
                process.kill()
                process.wait()
                raise Failed(f"{verb} did not end within {LIMIT_S} s")
            time.sleep(0.002)
        return process.returncode, time.monotonic() - started, size

    def killed(self, verb, kill, usual_s, usual_size):
        """Whether it was ended before it ended by itself."""
        process, started = self.start(verb, "--auto-approve"), time.monotonic()
        until = started + (usual_s * kill.share if not kill.by_journal else LIMIT_S)
        while process.poll() is None and time.monotonic() < until:
            if kill.by_journal and self.journal_size() >= usual_size * kill.share:
                time.sleep(kill.lag_s)
                break
            time.sleep(0.0005)
        landed = process.poll() is None
        process.kill()
        code = process.wait()
        if landed and code == -9:
            self.kills[verb] += 1
        else:
            self.missed += 1
        self.history.append(f"{verb}, killed {kill} after {time.monotonic() - started:.2f} s" if landed
                            else f"{verb}, over ({code}) before the kill {kill}")
        self.sane(verb, code if not landed else 1)
        return landed

    def sane(self, verb, code):
        if code not in ((0, 1, 5) if self.network.share else (0, 1)):
            raise Failed(f"{verb} ended with {code}")

    def to_the_end(self, verb, *more):
        """Without a bad network the first try must do it; with one, it may need more."""
        for _ in range(20 if self.network.share else 1):
            code, seconds, size = self.run(verb, *more)
            self.recovery_s += seconds
            self.history.append(f"{verb}, to its end: {code} in {seconds:.2f} s")
            if code == 0:
                return seconds, size
            self.sane(verb, code)
        raise Failed(f"{verb} ended with {code}")

    # ---- the life

    def disturbed(self, verb, usual):
        for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3))):
            self.killed(verb, Kill(self.chance), *usual[verb])
        self.to_the_end(verb, "--auto-approve")

    def compare(self, when, clean):
        orphans, doubles, wrong = look.compare(self.network.cloud, self.state, STATE, clean)
        return [f"{when}: {text}" for text in orphans], [f"{when}: {text}" for text in doubles], [f"{when}: {text}" for text in wrong]

    def live(self, usual):
        """(orphans, doubles, other findings)."""
        self.network.cloud.reset()
        self.network.spoil(self.network.share, self.seed)
        orphans, doubles, wrong = [], [], []
        try:
            self.disturbed("apply", usual)
            found = self.compare("after apply", usual["clean"])
            if not any(found):
                self.to_the_end("plan", "--detailed-exitcode")
                self.disturbed("destroy", usual)
                found = self.compare("after destroy", {})
            orphans, doubles, wrong = found
            wrong += [f"{e['action']}: {v}" for e in self.network.cloud.requests() for v in e["violations"]]
        except Failed as failed:
            wrong.append(str(failed))
        return orphans, doubles, wrong

    def undisturbed(self):
        """How long apply and destroy take, how long their journals get, and what there is between them."""
        self.network.cloud.reset()
        self.network.spoil(0, 0)
        usual = {"apply": self.to_the_end("apply", "--auto-approve"), "clean": {}}
        for kind, _ in look.in_cloud(self.network.cloud):
            usual["clean"][kind] = usual["clean"].get(kind, 0) + 1
        usual["destroy"] = self.to_the_end("destroy", "--auto-approve")
        return usual
