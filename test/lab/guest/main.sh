#!/bin/bash
# Process 1 after the root is there: what a system needs before anything runs in it, then the suites, then the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8
out=$1
here=$(dirname "$0")
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
# Empty, unless the project itself is there.
case $here:$out in /tmp/* | *:/tmp/*) ;; *) mount -t tmpfs tmpfs /tmp ;; esac
ln -sf /proc/self/fd /dev/fd
ip link set lo up 2>/dev/null || busybox ip link set lo up
hostname lab 2>/dev/null || echo lab >/proc/sys/kernel/hostname
echo "lab: $(uname -r), ready after $(cut -d' ' -f1 /proc/uptime) s"
bash "$here/suites.sh" "$out" </dev/null
echo $? >"$out/status"
sync
# At once: processes that the kernel hangs over cannot be waited for. QEMU takes a reboot for the end.
echo b >/proc/sysrq-trigger
sleep 60
