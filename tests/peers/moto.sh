#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests' AWS: moto's server with the layer of moto_app.py, in the foreground.
#   moto.sh [PORT]     serves on 127.0.0.1 (none or 0: a free port); its first line is its URL, printed
#                      once it answers. End it by its pid (it is exec'ed: this script's own pid).
# Any number may run at once. Clients: AWS_ENDPOINT_URL=<URL>, path-style S3, the access keys of
# moto_app.py's KEYS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/python.sh")
export PYTHONDONTWRITEBYTECODE=1
exec "$python" "$here/moto_app.py" "${1:-0}"
