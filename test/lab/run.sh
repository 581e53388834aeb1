#!/usr/bin/env bash
# The lab: boots Debian's kernel in QEMU with this machine's files read-only under an overlay, builds SCSI units in it, runs the
# suites of test/lab inside on every runtime there is, and brings the results out.
#
#   test/lab/run.sh [FILTER...]      only the test files in whose path one of the FILTERs is
#
# RUNTIMES       which to run, of "node bun deno"; default: node, and those that test/runtimes has. The suites of once/ go with node
# TEST_RESULTS   where to leave the results as JSON, all runtimes in one; vitest's form
# LAB_CACHE      kernel and initial file system; default ~/.cache/scsi-persist-lab
# LAB_SHELL=1    instead of the suites, run the FILTERs as one command in the guest
# LAB_OUTSIDE=1  this machine runs suites, those of outside/, while the guest serves LIO's iSCSI target at this machine's $LAB_PORT.
#                With LAB_SHELL=1 this machine runs the FILTERs as one command
# LAB_PANIC      the guest is to panic; what it has left in $LAB_OUT/panic.jsonl goes to this file (panic.sh)
# LAB_CALLS      how many commands the endurance test sends
# LAB_SECONDS    after which it ends, however many it has sent
# LAB_TIMES=1    say when each step of building the units begins
# LAB_GUESTS=1   one guest for all runtimes, one after the other; default: two at the same time where there are two processors
# LAB_LIMIT      seconds until the guest is given up; default 3600
#
# Debian packages: qemu-system-x86 busybox-static kmod cpio sg3-utils multipath-tools open-iscsi socat udev mtx mt-st gcc libc6-dev
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
cache=${LAB_CACHE:-$HOME/.cache/scsi-persist-lab}
mkdir -p "$cache"

for tool in qemu-system-x86_64 busybox modprobe cpio sg_persist multipathd iscsid socat mtx mt; do
  PATH=$PATH:/sbin:/usr/sbin command -v $tool >/dev/null || { echo "The lab needs $tool: see the packages at the head of $0" >&2; exit 1; }
done

# The suites that the filters choose, each compiled once for all runtimes.
suites=()
if [ -z "${LAB_SHELL:-}${LAB_OUTSIDE:-}" ]; then
  for file in "$here"/*.test.ts "$here"/once/*.test.ts; do
    name=${file#"$here/"}
    for filter in "${@:-}"; do [[ -e $file && $name == *"${filter#test/lab/}"* ]] && { suites+=("${name%.test.ts}"); break; }; done
  done
  [ ${#suites[@]} -gt 0 ] || { echo "lab: no suite is called: $*" >&2; exit 1; }
  (cd "$project" && node "$here/bundle.mjs" build/lab "${suites[@]/%/.test.ts}")
  gcc -O2 -pthread -o "$project/build/lab/loop" "$here/loop.c"
  # The package as it is now, whatever is built meanwhile.
  cp -r "$project/dist" "$project/build/lab/dist"
fi

initramfs=$("$here/prepare.sh" "$cache" | tail -n 1)

run=$(mktemp -d "$cache/run.XXXXXX")
trap 'rm -rf "$run"' EXIT

runtimes=${RUNTIMES:-}
if [ -z "$runtimes" ]; then
  runtimes=node
  [ -x "$project/test/runtimes/node_modules/bun-bin/bin/bun" ] && runtimes+=" bun"
  [ -x "$project/test/runtimes/node_modules/deno-bin/deno" ] && runtimes+=" deno"
fi
# With two processors, Node.js has a guest to itself: a guest keeps about one of them busy.
guests=("$runtimes")
others=$(tr ' ' '\n' <<<"$runtimes" | sed '/^node$/d' | xargs)
if [[ " $runtimes " == *" node "* && -n $others && -z "${LAB_SHELL:-}${LAB_OUTSIDE:-}" ]]; then
  if [[ -z $(printf '%s\n' "${suites[@]}" | grep -v '^once/') ]]; then guests=(node)
  elif [ "${LAB_GUESTS:-$(nproc)}" -ge 2 ]; then guests=(node "$others"); fi
fi

# settings OUT RUNTIMES: what a guest is told, in the folder that leads out of it.
settings() {
  mkdir -p "$1"
  {
    printf 'project=%q\nruntimes=%q\nout=%q\n' "$project" "$2" "$1"
    printf 'node=%q\n' "$(node -p process.execPath)"
    printf 'bun=%q\n' "${LAB_BUN:-$project/test/runtimes/node_modules/bun-bin/bin/bun}"
    printf 'deno=%q\n' "${LAB_DENO:-$project/test/runtimes/node_modules/deno-bin/deno}"
    printf 'export LAB_OUT=%q LAB_NODE=%q\n' "$1" "$(node -p process.execPath)"
    printf 'export LAB_CALLS=%q LAB_SECONDS=%q\n' "${LAB_CALLS:-}" "${LAB_SECONDS:-}"
    printf 'LAB_TIMES=%q\n' "${LAB_TIMES:-}"
    printf 'shell=%q\n' "${LAB_SHELL:-}"
    printf 'suites=('; printf '%q ' "${suites[@]}"; printf ')\n'
    printf 'words=%q\n' "$words"
    printf 'outside=%q\n' "${LAB_OUTSIDE:-}"
  } >"$1/settings"
}
words=$*

network=()
if [ -n "${LAB_OUTSIDE:-}" ]; then
  # A port that is free: QEMU can only be told which.
  LAB_PORT=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
  export LAB_PORT
  network=(-netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$LAB_PORT-10.0.2.15:3260" -device virtio-net-pci,netdev=net)
fi

# boot OUT: one guest, until its end. Without protection keys: V8 keeps its code behind one, so that each switch from its threads to one of the
# kernel's writes PKRU; and with that QEMU's emulation forgets all address translations. SG_IO took four times as long for want of them.
boot() {
  local began=$SECONDS status=0
  timeout --foreground -k 5 "${LAB_LIMIT:-3600}" qemu-system-x86_64 \
    -nodefaults -no-user-config -display none -no-reboot -serial stdio \
    -machine pc -accel tcg,thread=multi -cpu max,-pku -smp 2 -m "${LAB_MEMORY_MB:-2048}" \
    -kernel "$cache"/kernel/boot/vmlinuz-* -initrd "$initramfs" \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=root \
    -fsdev "local,id=out,path=$1,security_model=none" \
    -device virtio-9p-pci,fsdev=out,mount_tag=out \
    "${network[@]}" \
    -append "console=ttyS0 quiet loglevel=3 panic=-1 nokaslr mitigations=off audit=0 tsc=reliable lab.guest=$here/guest lab.modules=$cache/kernel/lib/modules lab.out=$1" \
    </dev/null || status=$?
  touch "$1/ended"
  echo "lab: the guest ran for $((SECONDS - began)) s"
  [ $status = 0 ] || echo "lab: QEMU ended with $status (124: no end within the limit)" >&2
  return $status
}

# whole OUT: did a guest that has ended get to its end, and did all pass?
whole() {
  [ -s "$1/status" ] || { echo "lab: the guest did not get to its end" >&2; return 1; }
  [ "$(cat "$1/status")" = 0 ]
}

# outside OUT FILTER...: as soon as the guest serves, runs the suites here; then lets the guest end.
outside() {
  local out=$1 ended=0
  shift
  while [ ! -e "$out/ready" ]; do
    [ ! -e "$out/ended" ] || return 1
    sleep 0.2
  done
  cd "$project"
  if [ -n "${LAB_SHELL:-}" ]; then bash -c "$*" || ended=1
  else npx vitest run --config vitest.outside.config.ts "$@" || ended=1; fi
  touch "$out/stop"
  return $ended
}

status=0
if [ -n "${LAB_OUTSIDE:-}" ]; then
  settings "$run/out" "$runtimes"
  outside "$run/out" "$@" &
  outside=$!
  boot "$run/out" || status=$?
  wait "$outside" || status=$?
  exit $status
fi

folders=()
booted=()
for guest in "${!guests[@]}"; do
  out=$run/guest-$guest
  folders+=("$out")
  settings "$out" "${guests[$guest]}"
  if [ ${#guests[@]} = 1 ]; then boot "$out" || status=1
  else
    # Each line says whose it is.
    boot "$out" > >(sed -u "s/^/${guests[$guest]}| /") 2>&1 &
    booted+=($!)
  fi
done
for each in "${booted[@]}"; do wait "$each" || status=1; done
if [ -n "${LAB_PANIC:-}" ]; then
  [ ! -s "${folders[0]}/status" ] || { echo "lab: the guest came to its end without a panic" >&2; exit 1; }
  cp "${folders[0]}/panic.jsonl" "$LAB_PANIC" && exit $status
  exit 1
fi
for out in "${folders[@]}"; do whole "$out" || status=1; done
if [ -z "${LAB_SHELL:-}" ]; then node "$here/results.mjs" "${TEST_RESULTS:-}" "${folders[@]}" || status=1; fi
exit $status
