# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by first.sh and test.sh: what to install from Debian 12, and how.

# To build build/llmforge (docs/dependencies.md says what each is for).
BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config git ca-certificates
  libcli11-dev libyaml-cpp-dev nlohmann-json3-dev libcurl4-openssl-dev libssl-dev libspdlog-dev
  libfmt-dev libre2-dev libpugixml-dev zlib1g-dev libedit-dev
)
# To build and run the tests besides. mold only links faster; the formatter is checked by a test.
TEST_PACKAGES=(catch2 python3 python3-venv jq tmux mold clang-format curl time graphviz zsh fish bash-completion shellcheck
  clang-19 libclang-rt-19-dev llvm-19 chromium)

# Installs those of its arguments that are not there; asks apt for nothing otherwise.
install_packages() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo)
    command -v sudo >/dev/null || {
      echo "These packages are missing; install them as root: ${missing[*]}" >&2
      return 1
    }
  fi
  echo "==> installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Prints how long the step took: step_done LABEL START_SECONDS
step_done() { echo "==> $1: $((SECONDS - $2)) s"; }
