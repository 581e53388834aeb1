# Builds the units and runs the suites, on one runtime after the other. Argument: the folder that leads out.
. "$1/settings"
. "$(dirname "$0")/units.sh"
cd "$project" || exit 1

load_lio
# Two disks that are alike, each with one host on two paths and another host on a third.
first=$(ram_disk first scsipersistlab01)
second=$(ram_disk second scsipersistlab02)
unit() { # NAME ADDRESS: its address and nodes, to the tests.
  export "LAB_$1=$2" "LAB_$1_SG=$(node_of "$2" scsi_generic)" "LAB_$1_SD=$(node_of "$2" block)"
}
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
  disk=$(ram_disk "doomed-$runtime" "scsipersistlab1$((doomed++))")
  unit "DOOMED_$runtime" "$(loop_nexus naa.500140500000010$doomed 1 naa.60014050000000d$doomed "$disk")"
  unit "DOOMED_OTHER_$runtime" "$(loop_nexus naa.500140500000010$doomed 2 naa.60014050000000e$doomed "$disk")"
done
# A disk without PERSISTENT RESERVE, that can be slow.
unit DEBUG "$(debug_disk)"
start_udev
start_multipath "$LAB_MULTI_1"
export LAB_MULTIPATH=$(ls /dev/mapper/mpath* | head -n 1)
env | grep ^LAB_ | sort
echo "lab: units after $(cut -d' ' -f1 /proc/uptime) s"

# The unprivileged user of the tests must be able to read the project; in this guest only.
for path in "$project" "$node" "$bun" "$deno"; do
  while [ "$path" != / ]; do [ -e "$path" ] && chmod o+rX "$path"; path=$(dirname "$path"); done
done

if [ -n "$shell" ]; then
  bash -c "${filters[*]}"
  exit
fi

failed=0
for runtime in $runtimes; do
  case $runtime in
    node) command=("$node") ;;
    bun) command=("$bun" --bun) ;;
    deno) command=("$deno" run -A --node-modules-dir=manual) ;;
  esac
  echo "lab: $runtime $("${command[0]}" --version | head -n 1)"
  TEST_RESULTS=$out/$runtime.json "${command[@]}" node_modules/vitest/vitest.mjs run --config vitest.lab.config.ts "${filters[@]}" 2>&1 | cat
  [ "${PIPESTATUS[0]}" = 0 ] || failed=1
  echo "lab: $runtime ended after $(cut -d' ' -f1 /proc/uptime) s"
done
exit $failed
