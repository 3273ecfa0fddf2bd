#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of examples/finetune on a CPU: run.sh [pytest's arguments…]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../peers/python.sh")
FINETUNE_PYTHON=$("$here/../peers/torch.sh")
export FINETUNE_PYTHON
cd "$here"
PYTHONDONTWRITEBYTECODE=1 exec "$python" -m pytest -q -p no:cacheprovider --tb=short "$@"
