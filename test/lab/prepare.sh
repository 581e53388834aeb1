#!/usr/bin/env bash
# Makes what the guest boots from, once: the kernel out of Debian's package (unpacked, not installed), and a small initial file system
# with the modules of its SCSI stack.
#
#   test/lab/prepare.sh CACHE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
PATH=$PATH:/sbin:/usr/sbin

if [ ! -d "$cache/kernel/boot" ]; then
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
  download=$(mktemp -d "$cache/download.XXXXXX")
  (cd "$download" && apt-get download -qq "$package" && dpkg -x ./*.deb unpacked)
  mv "$download/unpacked" "$cache/kernel"
  rm -rf "$download"
fi
release=$(ls "$cache/kernel/lib/modules")
modules=$cache/kernel/lib/modules/$release
[ -e "$modules/modules.dep" ] || depmod -b "$cache/kernel" "$release"

# Older than what it is made from: made again.
[ "$cache/initramfs.gz" -nt "$here/prepare.sh" ] && [ "$cache/initramfs.gz" -nt "$here/guest/init.sh" ] && exit 0

# To reach the root file system, in this order; then what the guest loads as it needs it.
boot="virtio_pci 9pnet_virtio 9p overlay"
scsi="configfs scsi_mod sd_mod sg st ch scsi_debug target_core_mod target_core_file tcm_loop iscsi_target_mod iscsi_tcp
  scsi_dh_alua dm-mod dm-multipath dm-service-time loop crc32c_generic crct10dif_generic"
tree=$(mktemp -d "$cache/tree.XXXXXX")
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,dev,proc,sys,host,overlay,root,lib/modules/"$release"}
cp /bin/busybox "$tree/bin/busybox"
for module in $boot $scsi; do
  modprobe -d "$cache/kernel" -S "$release" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }' |
    while read -r file; do
      name=${file#"$modules"/}
      mkdir -p "$tree/lib/modules/$release/$(dirname "$name")"
      cp "$file" "$tree/lib/modules/$release/$name"
      case " $boot " in *" $module "*) echo "/lib/modules/$release/$name" >>"$tree/boot-modules" ;; esac
    done
done
cp "$modules"/modules.{builtin,builtin.modinfo,order} "$tree/lib/modules/$release/"
depmod -b "$tree" "$release"
install -m 755 "$here/guest/init.sh" "$tree/init"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$cache/initramfs.gz"
