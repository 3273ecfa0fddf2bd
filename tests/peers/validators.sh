#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Independent checkers of generated files, pinned, installed on first use outside the tree.
#   validators.sh CHECK FILE…    shell       shellcheck (Debian's)
#                                workflow    actionlint, with shellcheck for its scripts
#                                yaml        yamllint
#                                dockerfile  hadolint
#                                policy      parliament: IAM policies as JSON
#                                cloud-init  `cloud-init schema`: cloud-config
#                                user-data   what cloud-init takes the file for: prints its kind (text/x-shellscript, …)
#   validators.sh install        all of them
# Ends with 77 (under CI=true with 1) where a tool cannot be had.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
actionlint=v1.7.12
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
folder=$cache/validators-$(cat "$here/validators.txt" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-12)
export NO_COLOR=1

lacking() {
  echo "NOT RUN, for want of $1" >&2
  [[ -z ${LLMFORGE_NOT_RUN:-} ]] || echo "tests/generated: wants $1" >>"$LLMFORGE_NOT_RUN"
  [[ ${CI:-} == true ]] && exit 1
  exit 77
}

# once NAME COMMAND…: runs COMMAND unless it has succeeded before.
once() {
  local name=$1
  shift
  [[ ! -e $folder/.$name ]] || return 0
  mkdir -p "$folder"
  (
    flock 9
    [[ -e $folder/.$name ]] || { "$@" >&2 && touch "$folder/.$name"; }
  ) 9>"$folder/.lock" || lacking "$name"
}

install_python() {
  "${PYTHON:-python3}" -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/validators.txt"
}
install_shellcheck() { command -v shellcheck || { echo "shellcheck is a Debian package" && false; }; }
install_actionlint() {
  PATH=$PATH:/usr/local/go/bin GOBIN=$folder CGO_ENABLED=0 go install -trimpath "github.com/rhysd/actionlint/cmd/actionlint@$actionlint"
}
# Only unpacked: no service comes with it, no dependency.
install_cloud_init() {
  rm -rf "$folder/deb" && mkdir -p "$folder/deb" && cd "$folder/deb" &&
    { apt-get download -qq cloud-init || { apt-get update -qq && apt-get download -qq cloud-init; }; } &&
    dpkg -x cloud-init_*.deb .
}
need() {
  local tool
  for tool in "$@"; do once "$tool" "install_${tool//-/_}"; done
}
cloud_init() { PYTHONPATH=$folder/deb/usr/lib/python3/dist-packages "$folder/venv/bin/python" "$@"; }

check=${1:?CHECK}
shift
case $check in
  install) need python shellcheck actionlint cloud-init ;;
  shell)
    need shellcheck
    shellcheck "$@"
    ;;
  workflow)
    need shellcheck actionlint
    "$folder/actionlint" -no-color "$@"
    ;;
  yaml)
    need python
    "$folder/venv/bin/yamllint" -s -d '{extends: default, rules: {line-length: disable, document-start: disable,
      braces: disable, truthy: {check-keys: false}}}' "$@"
    ;;
  dockerfile)
    need python
    "$folder/venv/bin/hadolint" "$@"
    ;;
  policy)
    need python
    status=0
    for file; do
      # Its exit code does not tell of findings of every severity; what it says does.
      said=$("$folder/venv/bin/parliament" <"$file" 2>&1 | grep -v pkg_resources) || true
      [[ -z $said ]] || { echo "$file: $said" && status=1; }
    done
    exit "$status"
    ;;
  cloud-init)
    need python cloud-init
    for file; do cloud_init -m cloudinit.cmd.main schema --config-file "$file"; done
    ;;
  user-data)
    need python cloud-init
    cloud_init - "$@" <<'P'
import sys
from cloudinit import user_data
for name in sys.argv[1:]:
    message = user_data.UserDataProcessor({}).process(open(name, "rb").read())
    print(" ".join(part.get_content_type() for part in message.walk() if not part.is_multipart()))
P
    ;;
  *)
    echo "validators.sh has no check named $check" >&2
    exit 2
    ;;
esac
