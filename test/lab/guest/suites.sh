# Builds the units and runs the suites, on one runtime after the other. Argument: the folder that leads out.
. "$1/settings"
. "$(dirname "$0")/units.sh"
cd "$project" || exit 1
[ -z "$outside" ] || . "$(dirname "$0")/outside.sh"

[ -n "$LAB_TIMES" ] && { PS4="+\$EPOCHREALTIME "; set -x; }
load_lio
start_udev
# Two disks that are alike, each with one host on two paths and another host on a third.
first=$(ram_disk first scsipersistlab01)
second=$(ram_disk second scsipersistlab02)
unit A1 "$(loop_nexus naa.5001405000000001 1 naa.60014050000000a1 "$first")"
unit A2 "$(loop_nexus naa.5001405000000001 2 naa.60014050000000a2 "$first")"
unit B "$(loop_nexus naa.5001405000000002 1 naa.60014050000000b1 "$first")"
unit TWIN_A1 "$(loop_nexus naa.5001405000000003 1 naa.60014050000000a1 "$second")"
unit TWIN_A2 "$(loop_nexus naa.5001405000000003 2 naa.60014050000000a2 "$second")"
unit TWIN_B "$(loop_nexus naa.5001405000000004 1 naa.60014050000000b1 "$second")"
# A disk over iSCSI, for two hosts.
iscsi_target iqn.2026-11.lab:disk "$(ram_disk iscsi scsipersistlab03)" iqn.2026-11.lab:host-{a,b,c}
start_iscsid
unit ISCSI_A "$(iscsi_login iqn.2026-11.lab:disk host-a)"
unit ISCSI_B "$(iscsi_login iqn.2026-11.lab:disk host-b)"
# A disk with a multipath mapping over two paths.
multi=$(ram_disk multi scsipersistlab04)
unit MULTI_1 "$(loop_nexus naa.5001405000000005 1 naa.60014050000000c1 "$multi")"
unit MULTI_2 "$(loop_nexus naa.5001405000000005 2 naa.60014050000000c2 "$multi")"
# The iSCSI disk through a forwarder, which can be stopped: then nothing is answered.
socat TCP-LISTEN:3261,bind=127.0.0.1,reuseaddr TCP:127.0.0.1:3260 &
export LAB_FORWARDER=$!
unit ISCSI_C "$(iscsi_login iqn.2026-11.lab:disk host-c 3261)"
# A disk for each runtime, of which PREEMPT AND ABORT through tcm_loop makes an end: the kernel hangs over it for good.
doomed=0
for runtime in node bun deno; do
  doomed=$((doomed + 1))
  disk=$(ram_disk "doomed-$runtime" "scsipersistlab1$doomed")
  unit "DOOMED_$runtime" "$(loop_nexus naa.500140500000010$doomed 1 naa.60014050000000d$doomed "$disk")"
  unit "DOOMED_OTHER_$runtime" "$(loop_nexus naa.500140500000010$doomed 2 naa.60014050000000e$doomed "$disk")"
done
# A disk without PERSISTENT RESERVE, that can be slow.
unit DEBUG "$(debug_disk)"
export LAB_NVME=$(nvme_namespace nqn.2026-11.lab:namespace)
start_multipath "$LAB_MULTI_1"
export LAB_MULTIPATH=$(ls /dev/mapper/mpath* | head -n 1)
env | grep ^LAB_ | sort
[ -n "$LAB_TIMES" ] && set +x
echo "lab: units after $(cut -d' ' -f1 /proc/uptime) s"

# The unprivileged user of the tests must be able to read the project; in this guest only.
for path in "$project" "$node" "$bun" "$deno"; do
  while [ "$path" != / ]; do [ -e "$path" ] && chmod o+rX "$path"; path=$(dirname "$path"); done
done

if [ -n "$shell" ]; then
  bash -c "$words"
  exit
fi

# tests NAME COMMAND... -- SUITE...: runs suites by a runtime; the results are NAME.json.
tests() {
  local name=$1 command=()
  shift
  while [ "$1" != -- ]; do command+=("$1"); shift; done
  shift
  local files=("${@/#/build/lab/}")
  echo "lab: $name"
  echo "$name" >>"$out/runs"
  TEST_RESULTS=$out/$name.json "${command[@]}" node_modules/vitest/vitest.mjs run --config test/lab/vitest.config.mjs --configLoader native \
    --root "$project" "${files[@]/%/.test.js}" 2>&1 | cat
  local status=${PIPESTATUS[0]}
  echo "lab: $name ended after $(cut -d' ' -f1 /proc/uptime) s"
  return "$status"
}

# with_own_units SUITE: one of once/, after NAME.sh beside it has been sourced. In a subshell, with which its exports end.
with_own_units() {
  local own=test/lab/$1.sh
  # Sourced in this way, for in a subshell bash 5.2 may replace itself by the last command of a file that `.` reads.
  if [ -e "$own" ]; then eval "$(<"$own")"$'\n:'; fi
  tests "${1/\//-}" "$node" -- "$1"
}

failed=0
on_each=()
once=()
last=()
for suite in "${suites[@]}"; do
  case $suite in
    once/*) once+=("$suite") ;;
    # Part of the kernel hangs for good after it: nobody else comes later.
    hang) last+=("$suite") ;;
    *) on_each+=("$suite") ;;
  esac
done

# on_runtimes SUFFIX SUITE...: these suites on each runtime; the results are RUNTIMESUFFIX.json.
on_runtimes() {
  local suffix=$1 runtime command
  shift
  [ $# -gt 0 ] || return 0
  for runtime in $runtimes; do
    case $runtime in
      node) command=("$node") ;;
      bun) command=("$bun" --bun) ;;
      deno) command=("$deno" run -A --node-modules-dir=manual) ;;
    esac
    echo "lab: $runtime $("${command[0]}" --version | head -n 1)"
    tests "$runtime$suffix" "${command[@]}" -- "$@" || failed=1
  done
}

on_runtimes "" "${on_each[@]}"
case " $runtimes " in
  *" node "*) for suite in "${once[@]}"; do (with_own_units "$suite") || failed=1; done ;;
esac
on_runtimes -hang "${last[@]}"
exit $failed
