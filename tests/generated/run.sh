#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the validators on what templates generate: run.sh [pytest's arguments…]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../peers/python.sh")
"$here/../peers/validators.sh" install
cd "$here"
PYTHONDONTWRITEBYTECODE=1 exec "$python" -m pytest -q -p no:cacheprovider --tb=short "$@"
