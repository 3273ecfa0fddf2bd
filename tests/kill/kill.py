#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many lives of the platform, each with kills of its own seed (life.py), a few at a time. See run.sh."""
import argparse
import os
import pathlib
import queue
import shutil
import sys
import tempfile
import threading
import time

import windows
from life import ROOT, Life, Network
from proxy import FAULTS


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proxy", type=float, default=0.0, help="share of the requests that suffer on their way")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--keep", action="store_true", help="keep every run's folder")
    return parser.parse_args()


class Sums:
    def __init__(self):
        self.lock, self.good, self.failed = threading.Lock(), 0, 0
        self.kills, self.missed = {"apply": 0, "destroy": 0}, 0
        self.orphans = self.doubles = self.commands = 0
        self.usual, self.recovery_s, self.faults = [], 0.0, {}


def work(numbers, given, binary, overlay, folder, sums):
    network = Network(given.proxy)
    try:
        first = Life(network, binary, overlay, pathlib.Path(tempfile.mkdtemp(dir=folder)), 0)
        first.undisturbed()  # the first one of a moto takes longer
        usual = Life(network, binary, overlay, pathlib.Path(tempfile.mkdtemp(dir=folder)), 0).undisturbed()
        with sums.lock:
            sums.usual.append(usual)
        while True:
            try:
                seed = numbers.get_nowait()
            except queue.Empty:
                return
            own = folder / f"seed-{seed}"
            own.mkdir()
            life = Life(network, binary, overlay, own, seed)
            orphans, doubles, wrong = life.live(usual)
            with sums.lock:
                tell(sums, given, life, orphans, doubles, wrong)
            if not given.keep and not orphans + doubles + wrong:
                shutil.rmtree(own)
    finally:
        with sums.lock:
            for kind, count in network.faults().items():
                sums.faults[kind] = sums.faults.get(kind, 0) + count
        network.close()


def tell(sums, given, life, orphans, doubles, wrong):
    bad = orphans + doubles + wrong
    sums.good += not bad
    sums.failed += bool(bad)
    sums.orphans += len(orphans)
    sums.doubles += len(doubles)
    sums.missed += life.missed
    sums.commands += life.commands
    sums.recovery_s += life.recovery_s
    for verb, count in life.kills.items():
        sums.kills[verb] += count
    if bad:
        print(f"seed {life.seed} FAILED, its files are in {life.folder}")
        print("".join(f"  {line}\n" for line in [*life.history, *(f"WRONG: {text}" for text in bad)]), end="")
        more = f" --proxy {given.proxy}" if given.proxy else ""
        print(f"  again: tests/kill/run.sh --runs 1 --seed {life.seed}{more}", flush=True)


def main():
    given = options()
    binary = os.path.abspath(os.environ.get("LLMFORGE", ROOT / "build/llmforge"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="llmforge-kill-"))
    overlay = windows.write(ROOT / "providers", folder / "windows")
    numbers, sums, started = queue.Queue(), Sums(), time.monotonic()
    for seed in range(given.seed, given.seed + given.runs):
        numbers.put(seed)
    workers = [threading.Thread(target=work, args=(numbers, given, binary, overlay, folder, sums))
               for _ in range(max(1, min(given.jobs, given.runs)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    kills = sum(sums.kills.values())
    usual = sums.usual[0] if sums.usual else {"apply": (0, 0), "destroy": (0, 0)}
    rows = [("seed", f"{given.seed} (runs {given.seed} to {given.seed + given.runs - 1})"),
            ("undisturbed", f"apply {usual['apply'][0]:.1f} s, destroy {usual['destroy'][0]:.1f} s"),
            ("kill -9", f"{kills}: {sums.kills['apply']} in apply, {sums.kills['destroy']} in destroy, recoveries included"),
            ("too late for a kill", f"{sums.missed} commands"),
            ("run to the end", f"{sums.commands - kills - sums.missed} commands, {sums.recovery_s:.0f} s"),
            ("orphans", sums.orphans), ("doubles", sums.doubles),
            ("took", f"{time.monotonic() - started:.0f} s")]
    if given.proxy:
        rows += [("requests", sums.faults.get("requests", 0))]
        rows += [(f"of them {kind}", f"{sums.faults.get(kind, 0)} ({FAULTS[kind]})") for kind in FAULTS]
    for name, value in rows:
        print(f"{name:<28}{value}")
    print(f"{sums.good} of {given.runs}")
    complete = sums.good == given.runs and kills > 0
    if complete and not given.keep:
        shutil.rmtree(folder)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
