#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one of the wire conformance tests.
#   run.sh sigv4|protocols|endpoints PATH/TO/wire_probe
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../../peers/python.sh")
source=$("$here/botocore_source.sh")
export PYTHONDONTWRITEBYTECODE=1
exec "$python" "$here/$1.py" "$2" "$source"
