#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test of this folder with the pinned Python and JavaScript peers: run.sh FILE LLMFORGE
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
modules=$("$here/../peers/node.sh")
exec "$here/../peers/python.sh" "$here/$1" "$2" "$modules"
