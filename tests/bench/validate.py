#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How `validate` grows from 1,000 to 100,000 resources, and what 50 errors in 10,000 lines cost.

    validate.py [PROGRAM] [--svg FILE] [--sizes 1000,…] [--runs N]

CPU time (user and system, the least of the runs): what else the machine does hardly shows in it.
`--svg` draws docs/validate.svg.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import tempfile

import specs

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cpu_of(command, folder):
    """(user and system seconds, exit code, stderr) of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
            done.returncode, done.stderr)


def with_errors(count, errors):
    """`count` queues of which `errors`, evenly spread, have a misspelt property."""
    lines = specs.flat(count).split("\n")
    places = [i for i, line in enumerate(lines) if "visibility_timeout" in line]
    for k in range(errors):
        at = places[k * len(places) // errors]
        lines[at] = lines[at].replace("visibility_timeout", "visibility_timeoot")
    return "\n".join(lines)


def svg(points):
    """Time over resources, both linear, with the line through the largest point."""
    width, height, left, bottom = 640, 360, 70, 50
    most_x = max(n for n, _ in points)
    most_y = max(seconds for _, seconds in points) * 1.1

    def place(n, seconds):
        return (left + n / most_x * (width - left - 30),
                height - bottom - seconds / most_y * (height - bottom - 30))

    end = place(*points[-1])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           'font-size="12">', f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<path d="M{left} 30V{height - bottom}H{width - 30}" fill="none" stroke="#444"/>',
           f'<path d="M{left} {height - bottom}L{end[0]:.1f} {end[1]:.1f}" stroke="#bbb" stroke-dasharray="4"/>']
    path = "".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}"
                   for i, (x, y) in enumerate(place(n, s) for n, s in points))
    out.append(f'<path d="{path}" fill="none" stroke="#1b6ac9" stroke-width="2"/>')
    for n, seconds in points:
        x, y = place(n, seconds)
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1b6ac9"/>')
        if n >= 10_000:
            out.append(f'<text x="{x - 6:.1f}" y="{y - 8:.1f}" text-anchor="end">{seconds:.2f} s</text>')
            out.append(f'<text x="{x:.1f}" y="{height - bottom + 18}" text-anchor="middle">{n:,}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">resources in the spec '
               '(5 lines each)</text>')
    out.append(f'<text x="{left}" y="20">llmforge validate: CPU seconds; dashed: linear</text></svg>')
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", nargs="?", default=os.environ.get("LLMFORGE", ROOT / "build/llmforge"))
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--sizes", default="1000,3000,10000,30000,100000")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    program = pathlib.Path(options.program).resolve()
    points = []
    with tempfile.TemporaryDirectory(prefix="llmforge-bench-") as folder:
        spec = pathlib.Path(folder) / "spec.yaml"
        print("| validate | CPU s | microseconds a resource |\n| --- | ---: | ---: |")
        for n in (int(size) for size in options.sizes.split(",")):
            spec.write_text(specs.flat(n))
            seconds = min(cpu_of([program, "validate", "spec.yaml"], folder)[0]
                          for _ in range(options.runs))
            points.append((n, seconds))
            print(f"| {n:,} resources | {seconds:.3f} | {seconds / n * 1e6:.0f} |", flush=True)
        spec.write_text(with_errors(2000, 50))
        runs = [cpu_of([program, "validate", "spec.yaml"], folder) for _ in range(options.runs)]
        found = runs[0][2].count("error[")
        print(f"| {found} errors in {spec.read_text().count(chr(10)):,} lines | {min(r[0] for r in runs):.3f} | |")
    if options.svg:
        options.svg.write_text(svg(points))


if __name__ == "__main__":
    main()
