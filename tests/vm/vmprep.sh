#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vmprep.sh - fills $VM_CACHE (default: cache/ beside this script) with Debian's kernel
# (unpacked, never installed), a small initramfs and tsckhz. Done already: does nothing.
# Needs: qemu-system-x86 kmod cpio xz-utils python3 gcc, and apt-get download. The daemons that only
# the VM runs are unpacked into extra/, likewise never installed: on a host they would start to serve.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
c=${VM_CACHE:-$here/cache}
kpkg=${VM_KPKG:-linux-image-amd64}        # linux-image-cloud-amd64 has no 9p and no ppp

extra="strongswan-swanctl charon-systemd xl2tpd ppp pptpd pptp-linux pppoe wireguard-tools"

recipe=$(cd "$here" && cat vmprep.sh vm-init vm-main tsckhz.c | sha256sum)
[ "$(cat "$c/ready" 2>/dev/null)" != "$recipe" ] || exit 0
rm -f "$c/ready"
mkdir -p "$c/debs"; cd "$c/debs"

# A package that was downloaded before does; the download does not need to be apt's own user's.
deb() { # file name pattern, package
    [ -n "$(find . -name "$1")" ] ||
        apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root download "$2" >&2
    find . -name "$1" | sort | tail -n 1
}
image_of() { apt-cache depends "$kpkg" 2>&1 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p'; }
image=$(image_of)
if [ -z "$image" ]; then # no package lists yet
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    image=$(image_of)
fi
kernel=$(deb 'linux-image-[0-9]*_*.deb' "$image")
busybox=$(deb 'busybox-static_*.deb' busybox-static)
ver=${kernel#./linux-image-}; ver=${ver%%_*}
rm -rf "$c/k" "$c/bb" "$c/extra"
# With what they depend on, as far as the host lacks it.
# shellcheck disable=SC2086 # a list of words
missing=$(apt-get -qq -s -o APT::Sandbox::User=root --no-install-recommends install $extra |
    sed -n 's/^Inst \([^ ]*\).*/\1/p')
mkdir -p "$c/extra"
for name in $missing; do
    dpkg -x "$(deb "${name}_*.deb" "$name")" "$c/extra"
done
dpkg -x "$kernel" "$c/k"; dpkg -x "$busybox" "$c/bb"
depmod -b "$c/k" "$ver"; ln -sfn "k/lib/modules/$ver" "$c/modules"
# uncompressed kernel: QEMU starts it by its PVH entry, 3 s sooner than bzImage
/usr/bin/python3 -c 'import lzma, sys
d = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(d[d.index(b"\xfd7zXZ\0"):]))' \
    "$c/k/boot/vmlinuz-$ver" "$c/vmlinux"
gcc -O2 -o "$c/tsckhz" "$here/tsckhz.c"

i=$c/initramfs; rm -rf "$i"; mkdir -p "$i/bin" "$i/mods" "$i/proc" "$i/sys" "$i/dev" "$i/ro" "$i/rw" "$i/new"
cp "$c/bb/bin/busybox" "$i/bin/"; cp "$here/vm-init" "$i/init"; cp "$here/vm-main" "$i/main"
n=100
for m in virtio_mmio virtio_console 9p 9pnet_virtio overlay; do
    modprobe -d "$c/k" -S "$ver" --show-depends "$m"
done | sed -n 's/^insmod \(.*\.ko\).*/\1/p' | awk '!seen[$0]++' | while read -r f; do
    n=$((n + 1)); cp "$f" "$i/mods/$n-$(basename "$f")"
done
chmod +x "$i/init" "$i/main"
(cd "$i" && find . | cpio --quiet -o -H newc) >"$c/initrd"
echo "$recipe" >"$c/ready"
