#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One process a GPU: by torchrun where there is more than one, which takes machines, rank and address from the
# PET_* variables that the launcher sets.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if ((${NNODES:-1} > 1 || ${NPROC_PER_NODE:-1} > 1)); then
  exec torchrun train_lora.py "$@"
fi
exec python train_lora.py "$@"
