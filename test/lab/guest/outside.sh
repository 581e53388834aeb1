# LIO's iSCSI target for those outside, instead of the suites: run.sh leads a port of the machine's loopback to the guest's port 3260.
# Sourced by suites.sh; ends when a file `stop` appears in the folder that leads out.
#
#   iqn.2026-11.lab:lane-0 …    one disk each, for random sequences beside each other
#   iqn.2026-11.lab:many        disks with the LUNs 0 to 31, for the exhaustive ones
#   iqn.2026-11.lab:suite       a disk of 64 MiB, for libiscsi's suite
#
# All at once and with as few processes as can be: each takes a tenth of a second here.

load_lio
modprobe -a iscsi_target_mod virtio_net
busybox ip link set eth0 up
busybox ip addr add 10.0.2.15/24 dev eth0

links= # lines of `target link`
# outside_target NAME HOSTS DISK...: a target with a unit for each disk, for these hosts; HOSTS are initiator names in one word list.
outside_target() {
  local group=$target/iscsi/$1/tpgt_1 hosts=($2) disk host lun=0 folders=()
  shift 2
  for disk in "$@"; do
    folders+=("$target/core/rd_mcp_0/$disk" "$group/lun/lun_$lun")
    for host in "${hosts[@]}"; do folders+=("$group/acls/$host/lun_$lun"); done
    links+="$target/core/rd_mcp_0/$disk $group/lun/lun_$lun/disk"$'\n'
    for host in "${hosts[@]}"; do links+="$group/lun/lun_$lun $group/acls/$host/lun_$lun/disk"$'\n'; done
    lun=$((lun + 1))
  done
  mkdir -p "$group/np/10.0.2.15:3260" "${folders[@]}"
  for disk in "$@"; do
    local backstore=$target/core/rd_mcp_0/$disk
    # Pages of 4 KiB.
    echo "rd_pages=$([ "$disk" = suite ] && echo 16384 || echo 256)" >"$backstore/control"
    echo 1 >"$backstore/enable"
    echo "scsipersist$disk" >"$backstore/wwn/vpd_unit_serial"
  done
  echo 0 >"$group/attrib/authentication"
  for host in "${hosts[@]}"; do
    echo 128 >"$group/acls/$host/cmdsn_depth"
    # It does not ask after those who are silent.
    echo 0 >"$group/acls/$host/attrib/nopin_timeout"
  done
}

hosts=$(echo iqn.2026-11.lab:{a,b,c,look})
for lane in {0..7}; do outside_target "iqn.2026-11.lab:lane-$lane" "$hosts" "lane$lane"; done
outside_target iqn.2026-11.lab:many "$(echo iqn.2026-11.lab:{a,b,look})" many{0..31}
outside_target iqn.2026-11.lab:suite "$(echo iqn.2026-01.test:{one,two})" suite
perl -ne 'chomp; symlink $1, $2 or die "$_: $!\n" if /(\S+) (\S+)/' <<<"$links"
for group in "$target"/iscsi/iqn*/tpgt_1; do
  for unit in "$group"/acls/*/lun_*/write_protect; do echo 0 >"$unit"; done
  echo 1 >"$group/enable"
done

echo "lab: reached from outside after $(cut -d' ' -f1 /proc/uptime) s"
touch "$out/ready"
while [ ! -e "$out/stop" ]; do sleep 0.5; done
dmesg --level=emerg,alert,crit,err,warn 2>/dev/null | tail -n 60
exit 0
