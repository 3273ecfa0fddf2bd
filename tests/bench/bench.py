#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures llmforge: start-up, planning many resources, applying along a critical path, size, build.

Times are the least of several runs (another program's time only ever adds), memory is the largest
resident set that the kernel saw. The cloud is fake_sqs.cc, which costs next to nothing. Where
OpenTofu is installed (tests/peers/tofu.sh), it plans as many of its built-in resources.
"""
import argparse
import itertools
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

import specs

HERE = pathlib.Path(__file__).parent
LLMFORGE = os.environ["LLMFORGE"]
FAKE_SQS = os.environ["FAKE_SQS"]
SANDBOX = os.environ.get("SANDBOX_SERVER", str(pathlib.Path(LLMFORGE).parent / "sandbox_server"))
ENVIRON = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "NO_COLOR": "1", "AWS_REGION": "us-west-2",
           "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_EC2_METADATA_DISABLED": "true",
           "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


def measure(command, folder=None, environ=None, core=None, memory=True):
    """One run: wall and CPU seconds, peak memory in MB.

    The kernel counts what the forking Python held as the child's peak: time(1), which is small,
    forks for it, except where its own millisecond would show."""
    def pin():
        if core is not None:
            os.sched_setaffinity(0, {core})
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile(mode="r") as peak:
        wrapped = ["/usr/bin/time", "-q", "-o", peak.name, "-f", "%M", *command] if memory else command
        begin = time.perf_counter()
        process = subprocess.Popen(wrapped, cwd=folder, env=environ or ENVIRON, stdin=subprocess.DEVNULL,
                                   stdout=said, stderr=said, preexec_fn=pin if core is not None else None)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{command}: exit {process.returncode}\n{said.read().decode()[-3000:]}")
        out = {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime}
        if memory:
            out["rss_mb"] = int(peak.read()) / 1024
    return out


def best(runs, command, **more):
    """The least of `runs` runs, number by number."""
    all_runs = [measure(command, **more) for _ in range(runs)]
    return {key: min(run[key] for run in all_runs) for key in all_runs[0]}


class Server:
    """A fake_sqs of its own."""
    keys = {}

    def __init__(self, *arguments, core=None):
        self.start([FAKE_SQS, *map(str, arguments)], core)

    def start(self, command, core):
        def pin():
            if core is not None:
                os.sched_setaffinity(0, {core})
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, preexec_fn=pin)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()

    def environ(self, folder):
        return {**ENVIRON, **self.keys, "HOME": str(folder), "AWS_ENDPOINT_URL": self.url}

    def log(self):
        with urllib.request.urlopen(self.url + "/log") as answer:
            return json.loads(answer.read())

    def clear(self):
        urllib.request.urlopen(urllib.request.Request(self.url + "/clear", data=b"")).close()


class Sandbox(Server):
    """The sandbox's server: it checks signatures, parses and knows what depends on what, so a call costs
    it far more than it costs fake_sqs, and the core that it is on is part of what is measured."""
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

    def __init__(self, least_ms, most_ms, seed, core=None):
        root = HERE.parents[1]
        self.start([SANDBOX, str(root / "providers"), "aws", "127.0.0.1:0", "", "1",
                    *map(str, (least_ms, most_ms, seed))], core)

    def log(self):
        with urllib.request.urlopen(self.url + "/_sandbox/requests") as answer:
            asked = json.loads(answer.read())
        queue = re.compile(r'"Queue(?:Name|Url)": ?"(?:[^"]*/)?([^"/]+)"')
        found = [(queue.search(call["body"]), call) for call in asked]
        return {"count": len(asked),
                "calls": [(match.group(1) if match else "", call["begin_ms"], call["end_ms"]) for match, call in found]}


def has_command(name):
    done = subprocess.run([LLMFORGE, name, "--help"], env=ENVIRON, stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0


def tofu():
    """Path of an installed OpenTofu, or None. Building it takes long: tests/peers/tofu.sh does it."""
    done = subprocess.run([HERE.parent / "peers/tofu.sh", "--installed"], capture_output=True, text=True)
    return done.stdout.strip() or None


def startup(runs):
    commands = {"llmforge version": [LLMFORGE, "version"]}
    if shutil.which("curl"):
        commands["curl --version"] = ["curl", "--version"]
    if tofu():
        commands["tofu version"] = [tofu(), "version"]
    environ = {**ENVIRON, "CHECKPOINT_DISABLE": "1"}
    return {what: best(runs, command, environ=environ, memory=False) for what, command in commands.items()}


def plans(sizes, runs):
    out = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name, Server() as server:
            folder = pathlib.Path(name)
            (folder / "llmforge.yaml").write_text(specs.flat(size))
            environ = server.environ(folder)

            def row(what, count, *arguments):
                server.clear()
                measured = best(count, [LLMFORGE, *arguments], folder=folder, environ=environ)
                out.append({"what": what, "size": size, **measured, "requests": server.log()["count"] / count})

            few = max(1, min(runs, 3000 // size))
            if has_command("validate"):
                row("validate", runs, "validate")
            row("plan, all to create, offline", runs, "plan", "--offline")
            row("apply, instant server", 1, "apply", "--auto-approve")
            row("plan, no change, offline", runs, "plan", "--offline")
            row("plan, no change, --refresh=false", runs, "plan", "--refresh=false")
            row("plan, no change, refresh", few, "plan")
            row("destroy, instant server", 1, "destroy", "--auto-approve")
    return out


def tofu_plans(sizes, runs):
    program, out = tofu(), []
    for size in sizes if program else []:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "main.tf").write_text(specs.tofu_flat(size))
            environ = {**ENVIRON, "HOME": name, "CHECKPOINT_DISABLE": "1"}
            measure([program, "init"], folder=folder, environ=environ)
            rows = [("tofu validate", runs, "validate"), ("tofu apply", 1, "apply", "-auto-approve"),
                    ("tofu plan, no change, -refresh=false", runs, "plan", "-refresh=false")]
            for what, count, *arguments in rows:
                out.append({"what": what, "size": size, "requests": 0,
                            **best(count, [program, *arguments], folder=folder, environ=environ)})
    return out


def busy_ms(calls):
    """How long at least one of the calls was under way."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(calls):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def critical_path_s(calls):
    """The longest chain of server-measured times: per queue the time in which the server had a call
    of it, summed over the chain's queues; before that, what names no queue. What was asked about a
    queue before its predecessor was done is not in the chain: it did not wait for it."""
    queues = {}
    for queue, begin, end in calls:
        queues.setdefault(queue, []).append((begin, end))
    common = busy_ms(queues.pop("", []))
    chains, ends = {}, {}
    for queue, times in sorted(queues.items()):  # the number is the place in the chain
        chain = re.sub(r"-\d{3}$", "", queue)
        after = [(begin, end) for begin, end in times if begin >= ends.get(chain, float("-inf"))]
        chains[chain] = chains.get(chain, 0.0) + busy_ms(after)
        ends[chain] = max(end for _, end in times)
    return (common + max(chains.values())) / 1000


def applies(seeds, least_ms, most_ms):
    """1,000 creates, each call 50 to 300 ms, client and server on a core each."""
    cores = sorted(os.sched_getaffinity(0))
    client, other = cores[0], cores[-1]
    out = []
    served = [("fake_sqs", Server)] + [("the sandbox", Sandbox)] * os.path.exists(SANDBOX)
    graphs = (("20 chains of 50", specs.chains(20, 50)), ("flat 1,000", specs.flat(1000)))
    for (graph, spec), (by, served_by) in itertools.product(graphs, served):
        runs, what = [], f"{graph}, {by}"
        for seed in range(1, seeds + 1):
            with tempfile.TemporaryDirectory() as name, served_by(least_ms, most_ms, seed, core=other) as server:
                folder = pathlib.Path(name)
                (folder / "llmforge.yaml").write_text(spec)
                run = measure([LLMFORGE, "apply", "--auto-approve"], folder=folder,
                              environ=server.environ(folder), core=client)
                log = server.log()
                run["critical_s"] = critical_path_s(log["calls"])
                run["ratio"] = run["wall_s"] / run["critical_s"]
                run["requests"] = log["count"]
                runs.append(run)
        middle = statistics.median_low(run["ratio"] for run in runs)
        chosen = next(run for run in runs if run["ratio"] == middle)
        out.append({"what": what, **chosen, "ratios": [round(run["ratio"], 3) for run in runs]})
    return out


def one_sync_s(folder):
    """What one append and fdatasync costs in this folder: the middle of 200."""
    times = []
    with open(folder / "floor", "wb", buffering=0) as file:
        for _ in range(200):
            begin = time.perf_counter()
            file.write(b"x" * 1000)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


SYNCS = {"not synced": "off", "synced": "0", "each sync 2 ms more": "2000"}


def syncs(seeds, least_ms, most_ms):
    """1,000 creates over the sandbox's server, with each of SYNCS in turn."""
    cores = sorted(os.sched_getaffinity(0))
    out = []
    with tempfile.TemporaryDirectory(dir=".") as place:
        place = pathlib.Path(place).absolute()
        library = place / "sync_cost.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "sync_cost.c", "-ldl"], check=True)
        for graph, spec in (("20 chains of 50", specs.chains(20, 50)), ("flat 1,000", specs.flat(1000))):
            times = {how: [] for how in SYNCS}
            for seed in range(1, seeds + 1):
                # Who goes first changes, so that a machine that gets slower favours nobody.
                for how in sorted(SYNCS, reverse=seed % 2 == 0):
                    folder = pathlib.Path(tempfile.mkdtemp(dir=place))
                    (folder / "llmforge.yaml").write_text(spec)
                    with Sandbox(least_ms, most_ms, seed, core=cores[-1]) as server:
                        environ = server.environ(folder) | {"LD_PRELOAD": str(library), "SYNC_COST_US": SYNCS[how]}
                        times[how].append(measure([LLMFORGE, "apply", "--auto-approve"], folder=folder,
                                                  environ=environ, core=cores[0], memory=False)["wall_s"])
            for how in SYNCS:
                ratios = [a / b for a, b in zip(times[how], times["not synced"])]
                out.append({"what": f"{graph}, {how}", "wall_s": statistics.median(times[how]),
                            "ratio": statistics.median(ratios), "ratios": ratios})
        out[0]["one_sync_s"] = one_sync_s(place)
    return out


def size():
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, LLMFORGE], check=True)
        return {"stripped_mb": os.path.getsize(copy.name) / 1e6, "built_mb": os.path.getsize(LLMFORGE) / 1e6}


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"cpu": model.group(1) if model else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(), "load": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d", time.gmtime())}


def build():
    """A clean build of the program alone, without the compiler cache, in a folder of its own."""
    root = HERE.parents[1]
    environ = {**os.environ, "CCACHE_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as name:
        quiet = {"env": environ, "check": True, "stdout": subprocess.DEVNULL}
        begin = time.perf_counter()
        subprocess.run(["cmake", "--preset", "release", "-DLLMFORGE_TESTS=OFF", "-B", name], cwd=root, **quiet)
        subprocess.run(["cmake", "--build", name, "--target", "llmforge"], cwd=root, **quiet)
        return {"wall_s": time.perf_counter() - begin}


def beside_tofu(rows):
    """How much longer OpenTofu takes for as many resources: what is compared, size, times, memory."""
    pairs = {"validate": "tofu validate", "plan, no change, --refresh=false": "tofu plan, no change, -refresh=false"}
    by = {(row["what"], row["size"]): row for row in rows}
    for (what, size), ours in by.items():
        theirs = by.get((pairs.get(what), size))
        if theirs:
            yield [what, f"{size:,}", f"{theirs['wall_s'] / ours['wall_s']:.1f}", f"{theirs['cpu_s'] / ours['cpu_s']:.1f}",
                   f"{theirs['rss_mb'] / ours['rss_mb']:.1f}"]


def tables(result):
    """Heads and rows; the first column is text, the others are numbers."""
    if "startup" in result:
        yield (["start-up", "wall ms", "CPU ms"],
               [[what, f"{m['wall_s'] * 1000:.1f}", f"{m['cpu_s'] * 1000:.1f}"] for what, m in result["startup"].items()])
    if "plan" in result:
        yield (["planning", "resources", "wall s", "CPU s", "MB", "requests"],
               [[m["what"], f"{m['size']:,}", f"{m['wall_s']:.3f}", f"{m['cpu_s']:.3f}", f"{m['rss_mb']:.1f}",
                 f"{m['requests']:,.0f}"] for m in result["plan"]])
        ratios = list(beside_tofu(result["plan"]))
        if ratios:
            yield ["OpenTofu / llmforge", "resources", "wall", "CPU", "memory"], ratios
    if "apply" in result:
        yield (["apply", "wall s", "critical s", "ratio", "CPU s", "MB", "requests", "all ratios"],
               [[m["what"], f"{m['wall_s']:.3f}", f"{m['critical_s']:.3f}", f"{m['ratio']:.3f}", f"{m['cpu_s']:.2f}",
                 f"{m['rss_mb']:.1f}", f"{m['requests']:,}", " ".join(f"{r:.3f}" for r in m["ratios"])]
                for m in result["apply"]])
    if "sync" in result:
        yield (["apply of 1,000, the sandbox", "wall s", "to not synced", "all ratios"],
               [[m["what"], f"{m['wall_s']:.3f}", f"{m['ratio']:.3f}", " ".join(f"{r:.3f}" for r in m["ratios"])]
                for m in result["sync"]] + [["one sync of this disk, ms", f"{result['sync'][0]['one_sync_s'] * 1000:.3f}", "", ""]])
    things = []
    if "size" in result:
        things.append(["binary, stripped, MB", f"{result['size']['stripped_mb']:.2f}"])
    if "build" in result:
        things.append(["clean build, s", f"{result['build']['wall_s']:.0f}"])
    if things:
        yield ["the program", ""], things


def show(result, markdown):
    machine_line = "{cpu}, {cores} cores, {system}, load {load:.1f}, {date}".format(**result["machine"])
    out = [machine_line + ("." if markdown else "")]
    for head, rows in tables(result):
        out.append("")
        if markdown:
            lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
            out += ["| " + " | ".join(line) + " |" for line in lines]
            continue
        widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
        for line in [head, *rows]:
            cells = [line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])]
            out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="startup,plan,apply,size,build")
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--runs", type=int, default=5, help="of each plan")
    parser.add_argument("--seeds", type=int, default=5, help="of each apply")
    parser.add_argument("--tofu-sizes", default="100,1000", help="10000 takes minutes")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--markdown", action="store_true", help="print the tables as docs/benchmarks.md has them")
    given = parser.parse_args()
    only = given.only.split(",")
    sizes = [int(s) for s in given.sizes.split(",")]
    result = {"machine": machine()}
    if "startup" in only:
        result["startup"] = startup(20)
    if "plan" in only:
        result["plan"] = plans(sizes, given.runs) + tofu_plans([int(s) for s in given.tofu_sizes.split(",") if s], given.runs)
    if "apply" in only:
        result["apply"] = applies(given.seeds, 50, 300)
    if "sync" in only:
        result["sync"] = syncs(given.seeds, 50, 300)
    if "size" in only:
        result["size"] = size()
    if "build" in only:
        result["build"] = build()
    print(show(result, given.markdown))
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
