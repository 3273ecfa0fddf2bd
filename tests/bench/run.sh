#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the benchmarks: a table on stdout, all figures as JSON with --json FILE.
#   run.sh [--only startup,plan,apply,sync,size,build] [--sizes 100,1000,10000] [--runs N] [--json FILE] [--markdown]
# LLMFORGE names another binary than build/llmforge. Build it with -O2 -DNDEBUG, or the figures
# mean nothing. Nothing here passes or fails: times depend on the machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
server=${FAKE_SQS:-$root/build/fake_sqs}
if [[ $here/fake_sqs.cc -nt $server ]]; then
  mkdir -p "$(dirname "$server")"
  "${CXX:-g++}" -std=c++23 -O2 "$here/fake_sqs.cc" -o "$server.tmp"
  mv "$server.tmp" "$server"
fi
export FAKE_SQS=$server
export LLMFORGE=${LLMFORGE:-$root/build/llmforge}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/bench.py" "$@"
