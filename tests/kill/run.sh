#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills llmforge with SIGKILL at random moments of apply and destroy of specs/aws-finetune.yaml, runs it
# again to the end and compares the cloud (moto, asked by boto3) with the state.
#   run.sh [--runs N] [--seed S] [--proxy SHARE] [--jobs N] [--keep]
#   run.sh --runs 200 --seed 1               the kills
#   run.sh --runs 50 --seed 1 --proxy 0.3    the same, three of ten requests spoilt on their way
#   run.sh --runs 1 --seed 77                one again: run N of seed S is run 1 of seed S + N - 1
# LLMFORGE names another binary than build/llmforge.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/../peers/python.sh" "$here/kill.py" "$@"
