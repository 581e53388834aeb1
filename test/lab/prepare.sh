#!/usr/bin/env bash
# Makes what the guest boots from, once: the kernel and its modules out of Debian's package (unpacked, not installed), and a small
# initial file system, whose path it prints.
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

# By what it is made from: another version of this folder has one of its own.
initramfs=$cache/initramfs-$(cat "$here/prepare.sh" "$here/guest/init.sh" | sha256sum | cut -c 1-12).gz
echo "$initramfs"
[ ! -e "$initramfs" ] || exit 0

# What it takes to reach the root file system. There the guest finds all modules of its kernel, in the cache.
boot="virtio_pci 9pnet_virtio 9p overlay"
tree=$(mktemp -d "$cache/tree.XXXXXX")
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,dev,proc,sys,host,overlay,root,modules}
cp /bin/busybox "$tree/bin/busybox"
for module in $boot; do
  modprobe -d "$cache/kernel" -S "$release" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }' |
    while read -r file; do
      cp "$file" "$tree/modules/"
      echo "/modules/${file##*/}" >>"$tree/boot-modules"
    done
done
install -m 755 "$here/guest/init.sh" "$tree/init"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$tree.gz"
mv "$tree.gz" "$initramfs"
