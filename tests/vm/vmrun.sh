#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vmrun.sh [-s] [-m MiB] [-c cpus] [-t seconds] [-w workdir] [-k kernel-log] command...
# Runs command (a shell line) as root in a QEMU (TCG) VM with Debian's kernel, on the
# host's root file system (read-only, under a tmpfs overlay).  workdir (default: the
# current one) is seen read-only at /run/tree, which is where command starts; what vmprep.sh
# unpacked at /run/extra.
# -s: systemd is PID 1.  VM_ROOT: a folder to have as root instead of the host's.  VM_APPEND: for
# the kernel's command line.  Exit code: the command's; 124: timed out; 125: the VM ended without a result
# (at both the end of the kernel log is on stderr).  Run vmprep.sh once before.
set -u
here=$(cd "$(dirname "$0")" && pwd)
c=${VM_CACHE:-$here/cache} mode=plain mem=1024 cpus=1 limit=300 work=$PWD klog=
while getopts sm:c:t:w:k: o; do case $o in
    s) mode=systemd;; m) mem=$OPTARG;; c) cpus=$OPTARG;; t) limit=$OPTARG;;
    w) work=$(cd "$OPTARG" && pwd);; k) klog=$OPTARG;; *) exit 2;; esac; done
shift $((OPTIND - 1))
ctl=$(mktemp -d) || exit 125
trap 'rm -rf "$ctl"' EXIT
printf 'cd /run/tree || exit 126\n%s\n' "$*" >"$ctl/cmd"
append="console=ttyS0 panic=-1 quiet vm.mode=$mode tsc_early_khz=$("$c/tsckhz") tsc=reliable"
append+=" mitigations=off init_on_alloc=0 cryptomgr.notests systemd.unit=vm.target rcupdate.rcu_expedited=1"
append+=" audit=0 apparmor=0 net.ifnames=0 ${VM_APPEND:-}"
shares=()
share() { # tag path [option]; a comma in a path is doubled
    shares+=(-fsdev "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap${3:-}"
        -device "virtio-9p-device,fsdev=$1,mount_tag=$1")
}
share root "${VM_ROOT:-/}" ,readonly=on
share mods "$(readlink -f "$c/modules")" ,readonly=on
share extra "$(readlink -f "$c/extra")" ,readonly=on
share work "$work" ,readonly=on
share ctl "$ctl"
# Without erms and fsrm, for whose sake memory is copied by bytes: each takes TCG as long as a word does. Nor
# is all memory cleared once more (init_on_alloc).
# Behind a pipe, because QEMU opens /dev/stdout anew by its name. --foreground: in the process group of
# its caller, with which it ends.
timeout --foreground -k 5 "$limit" qemu-system-x86_64 -M microvm -accel tcg,thread=multi -cpu max,-erms,-fsrm \
    -smp "$cpus" -m "$mem" -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$c/vmlinux" -initrd "$c/initrd" -append "$append" \
    -serial "file:$ctl/console" -chardev file,id=out,path=/dev/stdout,append=on \
    -device virtio-serial-device -device virtserialport,chardev=out,nr=1 \
    "${shares[@]}" </dev/null | cat
rc=${PIPESTATUS[0]}
[ -n "$klog" ] && cp "$ctl/console" "$klog"
case $rc in
124 | 137) rc=124 ;;
*)
    [ -s "$ctl/rc" ] && exit "$(cat "$ctl/rc")"
    rc=125
    ;;
esac
tail -n 20 "$ctl/console" >&2
exit $rc
