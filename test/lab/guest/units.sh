# SCSI units in the guest, to be sourced: LIO through configfs, scsi_debug, open-iscsi. Functions only.

target=/sys/kernel/config/target

# Loads LIO. The folder for registrations that survive a loss of power must be there before.
load_lio() {
  mkdir -p /var/target/pr /etc/target/pr /var/target/alua /etc/target/alua
  modprobe -a configfs target_core_mod target_core_file tcm_loop sd_mod sg
  mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
}

# ram_disk NAME SERIAL: a backstore of 8 MiB; prints its directory.
ram_disk() {
  local disk=$target/core/rd_mcp_0/$1
  mkdir -p "$disk"
  echo rd_pages=2048 >"$disk/control"
  echo 1 >"$disk/enable"
  echo "$2" >"$disk/wwn/vpd_unit_serial"
  echo "$disk"
}

# loop_nexus TARGET PORTAL_GROUP INITIATOR DISK: one I_T nexus through tcm_loop; prints its address, host:channel:target:lun.
loop_nexus() {
  local group=$target/loopback/$1/tpgt_$2
  mkdir -p "$group"
  echo "$3" >"$group/nexus"
  mkdir -p "$group/lun/lun_0"
  ln -s "$4" "$group/lun/lun_0/disk"
  echo "$(cat "$group/address"):0"
}

# node_of ADDRESS block|scsi_generic: the node's path, when it is there.
node_of() {
  local entry tries
  for tries in $(seq 100); do
    for entry in /sys/class/scsi_device/"$1"/device/"$2"/*; do
      [ -e "$entry" ] && [ -e "/dev/${entry##*/}" ] && { echo "/dev/${entry##*/}"; return; }
    done
    sleep 0.1
  done
  echo "lab: no $2 node for $1" >&2
  return 1
}

# unit NAME ADDRESS: a disk's address and nodes, to the tests: LAB_NAME, LAB_NAME_SG, LAB_NAME_SD.
unit() {
  export "LAB_$1=$2" "LAB_$1_SG=$(node_of "$2" scsi_generic)" "LAB_$1_SD=$(node_of "$2" block)"
}

# debug_disk: a scsi_debug disk, which knows no PERSISTENT RESERVE and can be slow; prints its address.
debug_disk() {
  modprobe scsi_debug dev_size_mb=8 num_tgts=1 max_luns=1 delay=0 "$@"
  local device
  udev_settle
  for device in /sys/class/scsi_device/*; do
    grep -q scsi_debug "$device/device/model" && { echo "${device##*/}"; return; }
  done
  return 1
}

udev_settle() { udevadm settle -t 20 2>/dev/null; sleep 0.2; }

# start_udev: before there is any unit. What has nothing to do with disks, or asks each disk again what another rule asks, is left out.
start_udev() {
  local rules
  mkdir -p /run/udev /etc/udev/rules.d
  for rules in /lib/udev/rules.d/*; do
    case ${rules##*/} in
      50-udev-default* | 55-dm* | 56-dm-* | 60-block* | 60-kpartx* | 60-multipath* | 60-persistent-storage* | 60-mt-st* | 68-del-* | 95-dm-*) ;;
      *) ln -sf /dev/null "/etc/udev/rules.d/${rules##*/}" ;;
    esac
  done
  /lib/systemd/systemd-udevd --daemon 2>/dev/null
}

# iscsi_target NAME DISK INITIATOR...: a target on the loopback for these initiators.
iscsi_target() {
  modprobe iscsi_target_mod
  portal_group "$1" 1 "$2" 3260 "${@:3}"
}

# portal_group TARGET GROUP DISK PORT INITIATOR...: a portal group with a target port of its own. It does not ask after those who are silent.
portal_group() {
  local group=$target/iscsi/$1/tpgt_$2 initiator acl
  mkdir -p "$group/lun/lun_0"
  ln -s "$3" "$group/lun/lun_0/disk"
  echo 0 >"$group/attrib/authentication"
  mkdir "$group/np/127.0.0.1:$4"
  for initiator in "${@:5}"; do
    acl=$group/acls/$initiator
    mkdir -p "$acl/lun_0"
    ln -s "$group/lun/lun_0" "$acl/lun_0/disk"
    echo 0 >"$acl/lun_0/write_protect"
    echo 128 >"$acl/cmdsn_depth"
    echo 0 >"$acl/attrib/nopin_timeout"
  done
  echo 1 >"$group/enable"
}

start_iscsid() {
  modprobe iscsi_tcp
  mkdir -p /etc/iscsi/ifaces /run/lock/iscsi
  rm -rf /etc/iscsi/nodes /etc/iscsi/ifaces/*
  echo "InitiatorName=iqn.2026-11.lab:host-a" >/etc/iscsi/initiatorname.iscsi
  # What every record of a target has: nobody gives up on a connection that is held up, and many commands may be under way.
  cat >>/etc/iscsi/iscsid.conf <<END
node.conn[0].timeo.noop_out_interval = 0
node.conn[0].timeo.noop_out_timeout = 0
node.session.cmds_max = 256
node.session.queue_depth = 128
END
  iscsid
}

# iscsi_login TARGET HOST [PORT [INTERFACE]]: one more session of iqn.2026-11.lab:HOST, through an interface of that name; prints the address of
# its disk.
iscsi_login() {
  local portal=127.0.0.1:${3:-3260} interface=${4:-$2} known session device tries
  known=$(ls /sys/class/iscsi_session)
  printf 'iface.%s = %s\n' iscsi_ifacename "$interface" transport_name tcp initiatorname "iqn.2026-11.lab:$2" >"/etc/iscsi/ifaces/$interface"
  {
    iscsiadm -m node -T "$1" -p "$portal" -I "$interface" -o new
    iscsiadm -m node -T "$1" -p "$portal" -I "$interface" --login
  } >/dev/null || return
  for tries in $(seq 100); do
    for session in $(ls /sys/class/iscsi_session); do
      case " $(echo $known) " in *" $session "*) continue ;; esac
      for device in "/sys/class/iscsi_session/$session"/device/target*/*:*:*:*; do
        [ -e "$device/scsi_device" ] && { echo "${device##*/}"; return; }
      done
    done
    sleep 0.1
  done
  return 1
}

# nvme_namespace NAME: a namespace of the kernel's own NVMe target, over TCP on the loopback; prints its node.
nvme_namespace() {
  modprobe null_blk nr_devices=1 gb=1
  modprobe -a nvmet-tcp nvme-tcp
  local subsystem=/sys/kernel/config/nvmet/subsystems/$1 port=/sys/kernel/config/nvmet/ports/1 tries node
  mkdir -p "$subsystem/namespaces/1" "$port"
  echo 1 >"$subsystem/attr_allow_any_host"
  echo -n /dev/nullb0 >"$subsystem/namespaces/1/device_path"
  echo 1 >"$subsystem/namespaces/1/enable"
  echo ipv4 >"$port/addr_adrfam"
  echo tcp >"$port/addr_trtype"
  echo 127.0.0.1 >"$port/addr_traddr"
  echo 4420 >"$port/addr_trsvcid"
  ln -s "$subsystem" "$port/subsystems/"
  echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=$1" >/dev/nvme-fabrics
  for tries in $(seq 100); do
    for node in /dev/nvme*n1; do [ -b "$node" ] && { echo "$node"; return; }; done
    sleep 0.1
  done
  return 1
}

# start_multipath ADDRESS: dm-multipath over the paths of this device's unit, and of no other.
start_multipath() {
  local identity tries
  identity=$(cat "/sys/class/scsi_device/$1/device/wwid")
  modprobe -a dm-multipath dm-service-time scsi_dh_alua
  mkdir -p /etc/multipath
  rm -f /etc/multipath/*
  cat >/etc/multipath.conf <<END
defaults {
  user_friendly_names yes
  find_multipaths no
  polling_interval 60
}
blacklist {
  wwid ".*"
}
blacklist_exceptions {
  wwid "3${identity#naa.}"
}
END
  multipathd -d -s >/run/multipathd.log 2>&1 &
  for tries in $(seq 100); do
    ls /dev/mapper/mpath* >/dev/null 2>&1 && break
    sleep 0.2
  done
  udevadm settle -t 20
}
