#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets with Debian's clang and runs each for SECONDS (default 30):
#   tests/fuzz/run.sh [SECONDS] [TARGET…]      e.g. tests/fuzz/run.sh 900 cel
# A run of a minute or less takes the seed 1 (LLMFORGE_FUZZ_SEED: another), so that it repeats;
# a longer one takes a seed of its own, which its log in build-fuzz names.
# The corpora here are where a run begins; what it finds grows build-fuzz/corpus/TARGET. An input
# that breaks a promise is left as build-fuzz/TARGET-crash-…, to be passed to TARGET_fuzz alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-30}
shift || true
targets=("$@")
((${#targets[@]})) || targets=(yaml cel spec descriptor state wire)

if ! command -v clang++-19 >/dev/null; then
  echo "NOT RUN: the fuzz targets want clang++-19: apt-get install clang-19 libclang-rt-19-dev" >&2
  if [[ -n ${LLMFORGE_NOT_RUN:-} ]]; then
    echo "fuzzing: apt-get install clang-19 libclang-rt-19-dev" >>"$LLMFORGE_NOT_RUN"
  fi
  exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build build-fuzz --target "${targets[@]/%/_fuzz}" >build-fuzz/build.log 2>&1 || {
  tail -40 build-fuzz/build.log
  exit 1
}

symbolizer=$(command -v llvm-symbolizer-19 || true)
seed=${LLMFORGE_FUZZ_SEED:-$((seconds <= 60))}  # 0: one of libFuzzer's choice

export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
[[ -n $symbolizer ]] && export ASAN_SYMBOLIZER_PATH=$symbolizer

# Files of the project that are inputs as they stand.
seeds_of() {
  [[ -d tests/fuzz/corpus/$1 ]] && echo "tests/fuzz/corpus/$1"
  case $1 in
    yaml | spec) echo "specs examples tests/golden/diagnostics" ;;
    descriptor) echo "src/provider/testdata/bad providers/aws/resources" ;;
  esac
}

run_target() {
  local target=$1 seeds
  mkdir -p "build-fuzz/corpus/$target"
  read -ra seeds <<<"$(seeds_of "$target" | tr '\n' ' ')"
  if ! "build-fuzz/${target}_fuzz" -max_total_time="$seconds" -seed="$seed" -timeout=25 -rss_limit_mb=2048 \
    -max_len=4096 -dict="tests/fuzz/$target.dict" -artifact_prefix="build-fuzz/$target-" \
    -print_final_stats=1 "build-fuzz/corpus/$target" "${seeds[@]}" >"build-fuzz/$target.log" 2>&1; then
    echo "FAILED $target:"
    grep -a -A12 -E "BROKEN PROMISE|ERROR:|runtime error" "build-fuzz/$target.log" | head -60
    return 1
  fi
  echo "$target: $(grep -a number_of_executed "build-fuzz/$target.log" | grep -o '[0-9]*$') inputs, no finding"
}

# Two at a time: this is how many processors the machines have that run it.
failed=0
pids=()
for target in "${targets[@]}"; do
  run_target "$target" &
  pids+=($!)
  if ((${#pids[@]} >= 2)); then
    wait "${pids[0]}" || failed=1
    pids=("${pids[@]:1}")
  fi
done
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
exit "$failed"
