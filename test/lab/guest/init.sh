#!/bin/busybox sh
# The guest's first process: mounts the machine's files, read-only under an overlay, and makes them the root.
#
# It must be switch_root, by process 1: LIO opens files from a kernel thread, which sees the root of process 1. Without
# /var/target/pr there, REGISTER answers NOT READY although the key is registered.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
setting() { for word in $(cat /proc/cmdline); do case $word in "$1"=*) echo "${word#*=}" ;; esac; done; }
mount_9p() { mount -t 9p -o "$3,trans=virtio,version=9p2000.L,msize=524288" "$1" "$2"; }
for module in $(cat /boot-modules); do insmod "$module" 2>/dev/null; done
release=$(uname -r)
modules=$(setting lab.modules)
guest=$(setting lab.guest)
out=$(setting lab.out)
mount_9p root /host ro,cache=loose || poweroff -f
mount -t tmpfs -o size=75% tmpfs /overlay
mkdir /overlay/upper /overlay/work
mount -t overlay -o lowerdir=/host,upperdir=/overlay/upper,workdir=/overlay/work overlay /root || poweroff -f
mount -t tmpfs tmpfs /root/run
mkdir -p /root/run/lock "/root/lib/modules/$release" "/root$out"
mount --bind "/root$modules/$release" "/root/lib/modules/$release"
mount_9p out "/root$out" rw,cache=none || poweroff -f
for each in proc sys dev; do mount --move "/$each" "/root/$each"; done
exec switch_root /root /bin/bash "$guest/main.sh" "$out"
