#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a first apply: installs what the build needs, builds build/llmforge and
# applies specs/aws-finetune.yaml, training machine included, on the sandbox (no account, no cost).
#   ./tests/setup/first.sh [more arguments of apply…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/setup/packages.sh
source tests/setup/packages.sh

started=$SECONDS
install_packages "${BUILD_PACKAGES[@]}"
step_done "packages are there" "$started"

started=$SECONDS
cmake --preset release -DLLMFORGE_TESTS=OFF >/dev/null  # test.sh turns them on
cmake --build build --target llmforge
step_done "build/llmforge is built" "$started"

echo "==> build/llmforge apply specs/aws-finetune.yaml --sandbox --var create_instance=true --auto-approve"
exec build/llmforge apply specs/aws-finetune.yaml --sandbox --var create_instance=true \
  --auto-approve "$@"
