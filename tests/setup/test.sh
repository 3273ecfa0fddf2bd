#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test: installs what the tests need, builds, then ctest.
#   ./tests/setup/test.sh [ctest's arguments…]     e.g. -R tidy
# A peer whose toolchain this machine lacks is listed at the end as NOT RUN, with how to get it;
# under CI=true that is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/setup/packages.sh
source tests/setup/packages.sh

started=$SECONDS
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
step_done "packages are there" "$started"

started=$SECONDS
python=$(tests/peers/python.sh)
step_done "the Python peers are there ($python)" "$started"

started=$SECONDS
cmake --preset release -DLLMFORGE_TESTS=ON >/dev/null
cmake --build build
step_done "built" "$started"

export LLMFORGE_NOT_RUN=$PWD/build/not-run.txt
: >"$LLMFORGE_NOT_RUN"
started=$SECONDS
failed=0
ctest --test-dir build -j "${CTEST_JOBS:-3}" --output-on-failure --timeout 900 --no-tests=error "$@" ||
  failed=$?
step_done "tests" "$started"

if [[ -s $LLMFORGE_NOT_RUN ]]; then
  echo
  echo "!!! NOT RUN on this machine:"
  sort -u "$LLMFORGE_NOT_RUN" | sed 's/^/!!!   /'
  [[ ${CI:-} == true ]] && failed=1
fi
exit "$failed"
