#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs end-to-end tests against moto.
#   run.sh [pytest's arguments…]     e.g. test_drift.py -k tag; none: all
# LLMFORGE names another binary than build/llmforge.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../peers/python.sh")
cd "$here"
PYTHONDONTWRITEBYTECODE=1 exec "$python" -m pytest -q -p no:cacheprovider --tb=short "$@"
