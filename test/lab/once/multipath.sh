# The units of multipath.test.ts: a disk behind two target ports, for one host with a session to each, whose map is `paths`, and for another
# host. multipathd keeps the map's reservation key in its file, and looks at paths often.
# LAB_PATH_1 and _2: the paths; LAB_OTHER: the other host's; LAB_MAP: the map.

# second_group TARGET DISK PORT INITIATOR...: another portal group of a target, with a port of its own.
second_group() {
  local group=$target/iscsi/$1/tpgt_2 initiator acl
  mkdir -p "$group/lun/lun_0"
  ln -s "$2" "$group/lun/lun_0/disk"
  echo 0 >"$group/attrib/authentication"
  mkdir "$group/np/127.0.0.1:$3"
  for initiator in "${@:4}"; do
    acl=$group/acls/$initiator
    mkdir -p "$acl/lun_0"
    ln -s "$group/lun/lun_0" "$acl/lun_0/disk"
    echo 0 >"$acl/lun_0/write_protect"
    echo 0 >"$acl/attrib/nopin_timeout"
  done
  echo 1 >"$group/enable"
}

# path_login TARGET HOST INTERFACE PORT: one more session of the same host; prints the address of its disk.
path_login() {
  local known session device tries
  known=$(ls /sys/class/iscsi_session)
  printf 'iface.%s = %s\n' iscsi_ifacename "$3" transport_name tcp initiatorname "iqn.2026-11.lab:$2" >"/etc/iscsi/ifaces/$3"
  {
    iscsiadm -m node -T "$1" -p "127.0.0.1:$4" -I "$3" -o new
    iscsiadm -m node -T "$1" -p "127.0.0.1:$4" -I "$3" --login
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

disk=$(ram_disk paths scsipersistlab20)
iscsi_target iqn.2026-11.lab:paths "$disk" iqn.2026-11.lab:host-{m,n}
second_group iqn.2026-11.lab:paths "$disk" 3271 iqn.2026-11.lab:host-{m,n}
unit PATH_1 "$(path_login iqn.2026-11.lab:paths host-m m1 3260)"
unit PATH_2 "$(path_login iqn.2026-11.lab:paths host-m m2 3271)"
wwid=3$(sed 's/^naa\.//' "/sys/class/scsi_device/$LAB_PATH_1/device/wwid")
# The other host's disk is the same unit, and none of this host's paths: it is kept out by its node.
unit OTHER "$(path_login iqn.2026-11.lab:paths host-n n1 3260)"
cat >/etc/multipath.conf <<END
defaults {
  find_multipaths no
  polling_interval 1
  max_polling_interval 2
  path_checker tur
  reservation_key file
}
blacklist {
  wwid ".*"
  devnode "^${LAB_OTHER_SD#/dev/}$"
}
blacklist_exceptions {
  wwid "$wwid"
}
multipaths {
  multipath {
    wwid "$wwid"
    alias paths
  }
}
END
multipathd reconfigure
export LAB_MAP=/dev/mapper/paths
for tries in $(seq 150); do
  [ -e "$LAB_MAP" ] && [ "$(multipath -ll paths 2>/dev/null | grep -c 'active ready running')" = 2 ] && break
  sleep 0.2
done
udevadm settle -t 20
