#!/usr/bin/env bash
# A machine that is fenced and panics: boots the lab's guest, in which a host arms fail-fast and is fenced by another initiator's
# PREEMPT AND ABORT over iSCSI. The guest's end must be a panic, its last words on the console, and its disk not written after the fence.
#
#   test/lab/panic.sh [busy|writing...]      what the victim does meanwhile; default: once each
#
# TEST_RESULTS   where to leave the results as JSON; vitest's form
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- busy writing
for does in "$@"; do
  echo "lab: a machine that is $does, is fenced, and is to panic"
  LAB_PANIC="$folder/$does.jsonl" LAB_SHELL=1 "$here/run.sh" "\$LAB_NODE test/lab/panic.mjs run $does" >"$folder/$does.log" 2>&1
  grep -v '^LAB_' "$folder/$does.log"
done
node "$here/panic.mjs" judge "$folder" "$@"
