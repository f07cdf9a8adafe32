#!/usr/bin/env bash
# Time and size of a fresh install, in a copy of this checkout whose path has a space: bench/install.sh
set -euo pipefail
copy="$(mktemp -d)/with space"
trap 'rm -rf "$(dirname "$copy")"' EXIT
git clone -q "$(dirname "$0")/.." "$copy"
cd "$copy"
time make install
du -sh .venv
echo "== second time"
time make install
