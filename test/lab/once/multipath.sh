# The units of multipath.test.ts: a disk behind two target ports, for one host with a session to each, whose map is `paths`, and for another
# host. multipathd keeps the map's reservation key in its file, and looks at paths often.
# LAB_PATH_1 and _2: the paths; LAB_PATH_FORWARDER: what the second goes through, which can be stopped; LAB_OTHER: the other host's; LAB_MAP: the
# map.

disk=$(ram_disk paths scsipersistlab20)
iscsi_target iqn.2026-11.lab:paths "$disk" iqn.2026-11.lab:host-{m,n}
portal_group iqn.2026-11.lab:paths 2 "$disk" 3271 iqn.2026-11.lab:host-{m,n}
unit PATH_1 "$(iscsi_login iqn.2026-11.lab:paths host-m 3260 m1)"
socat TCP-LISTEN:3272,bind=127.0.0.1,reuseaddr TCP:127.0.0.1:3271 &
export LAB_PATH_FORWARDER=$!
unit PATH_2 "$(iscsi_login iqn.2026-11.lab:paths host-m 3272 m2)"
wwid=3$(sed 's/^naa\.//' "/sys/class/scsi_device/$LAB_PATH_1/device/wwid")
# The other host's disk is the same unit, and none of this host's paths: it is kept out by its node.
unit OTHER "$(iscsi_login iqn.2026-11.lab:paths host-n 3260 n1)"
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
