# The units of attach-serve.test.ts: our own `serve` as a process of this guest, two units, and two hosts that attach both through open-iscsi.
# LAB_SERVED_D and _E: the first unit, by host; LAB_SHARED_D and _E: the second. LAB_SERVE_LOG: what `serve` says, one JSON a line.
export LAB_SERVE_LOG=/run/serve.log
# What the kernel says from here on, to the tests.
echo "lab: attach-serve begins" >/dev/kmsg
# What the target says unasked, the last thing that happens: PRE-FETCH of host-e, which nobody else sends, sets it off.
cat >/run/serve-faults.json <<END
{ "seed": 1, "rules": [
  { "fault": { "kind": "announce", "event": "logout-request", "seconds": 20 }, "operationCodes": ["0x34"], "nexus": "host-e", "lun": 0, "times": 1 },
  { "fault": { "kind": "announce", "event": "connection-drop", "seconds": 0 }, "operationCodes": ["0x90"], "nexus": "host-e", "lun": 0, "times": 1 } ] }
END
"$node" build/lab/dist/cli.js serve --faults /run/serve-faults.json --json --portal 127.0.0.1:3270 --target iqn.2026-11.lab:served --unit size=64MiB --unit size=16MiB >"$LAB_SERVE_LOG" 2>&1 &
export LAB_SERVE=$!
for tries in $(seq 300); do
  [ "$(grep -c '"serving"' "$LAB_SERVE_LOG")" = 2 ] && break
  sleep 0.1
done
for host in d e; do
  address=$(iscsi_login iqn.2026-11.lab:served "host-$host" 3270) || return 1
  unit "SERVED_${host^^}" "${address%:*}:0" || return 1
  unit "SHARED_${host^^}" "${address%:*}:1" || return 1
done
udevadm settle -t 20
