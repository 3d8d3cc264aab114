/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/helper/helper_filter.h"

#include <sched.h>
#include <sys/ioctl.h>

#include "base/array.h"

#define REFUSED(name) { name, FILTER_ANY, 0, 0, 0 }
#define REFUSED_WITH(name, argument, bit) { name, FILTER_EQUAL, argument, bit, bit }
#define REFUSED_FOR(name, argument, value) { name, FILTER_EQUAL, argument, UINT32_MAX, value }

/* What iptables and its libraries have no use for. A name that ends in 32 or 64, and some others,
 * are those of machines with 32 bits. */
static const struct filter_call refused[] = {
	/* other processes, and what looks into the kernel */
	REFUSED("ptrace"), REFUSED("process_vm_readv"), REFUSED("process_vm_writev"),
	REFUSED("process_madvise"), REFUSED("process_mrelease"), REFUSED("move_pages"),
	REFUSED("migrate_pages"), REFUSED("pidfd_getfd"), REFUSED("kcmp"),
	REFUSED("perf_event_open"), REFUSED("bpf"), REFUSED("userfaultfd"),
	REFUSED("lookup_dcookie"), REFUSED("fanotify_init"), REFUSED("fanotify_mark"),
	REFUSED("io_uring_setup"), REFUSED("io_uring_enter"), REFUSED("io_uring_register"),
	/* the kernel itself, the machine */
	REFUSED("init_module"), REFUSED("finit_module"), REFUSED("delete_module"),
	REFUSED("create_module"), REFUSED("query_module"), REFUSED("get_kernel_syms"),
	REFUSED("kexec_load"), REFUSED("kexec_file_load"), REFUSED("reboot"), REFUSED("swapon"),
	REFUSED("swapoff"), REFUSED("acct"), REFUSED("quotactl"), REFUSED("quotactl_fd"),
	REFUSED("syslog"), REFUSED("_sysctl"), REFUSED("nfsservctl"), REFUSED("vhangup"),
	REFUSED("iopl"), REFUSED("ioperm"), REFUSED("pciconfig_iobase"),
	REFUSED("pciconfig_read"), REFUSED("pciconfig_write"), REFUSED("s390_pci_mmio_read"),
	REFUSED("s390_pci_mmio_write"), REFUSED("rtas"), REFUSED("modify_ldt"), REFUSED("vm86"),
	REFUSED("vm86old"), REFUSED("subpage_prot"), REFUSED("switch_endian"), REFUSED("uselib"),
	REFUSED("personality"), REFUSED("sethostname"), REFUSED("setdomainname"),
	/* clocks */
	REFUSED("settimeofday"), REFUSED("stime"), REFUSED("clock_settime"),
	REFUSED("clock_settime64"), REFUSED("adjtimex"), REFUSED("clock_adjtime"),
	REFUSED("clock_adjtime64"),
	/* keys */
	REFUSED("add_key"), REFUSED("request_key"), REFUSED("keyctl"),
	/* mounts, and what leads around them */
	REFUSED("mount"), REFUSED("umount"), REFUSED("umount2"), REFUSED("move_mount"),
	REFUSED("open_tree"), REFUSED("open_tree_attr"), REFUSED("fsopen"), REFUSED("fsmount"),
	REFUSED("fspick"), REFUSED("fsconfig"), REFUSED("mount_setattr"), REFUSED("pivot_root"),
	REFUSED("chroot"), REFUSED("open_by_handle_at"),
	/* namespaces: clone3 hides its flags behind a pointer, so libc shall take clone */
	REFUSED("setns"), REFUSED("unshare"),
	{ "clone3", FILTER_NOSYS, 0, 0, 0 },
	REFUSED_WITH("clone", 0, CLONE_NEWNS), REFUSED_WITH("clone", 0, CLONE_NEWUTS),
	REFUSED_WITH("clone", 0, CLONE_NEWIPC), REFUSED_WITH("clone", 0, CLONE_NEWUSER),
	REFUSED_WITH("clone", 0, CLONE_NEWPID), REFUSED_WITH("clone", 0, CLONE_NEWNET),
	REFUSED_WITH("clone", 0, CLONE_NEWCGROUP),
	/* names, owners and modes of files, which Landlock does not all know */
	REFUSED("mknod"), REFUSED("mknodat"), REFUSED("link"), REFUSED("linkat"),
	REFUSED("symlink"), REFUSED("symlinkat"), REFUSED("chown"), REFUSED("lchown"),
	REFUSED("fchown"), REFUSED("chown32"), REFUSED("lchown32"), REFUSED("fchown32"),
	REFUSED("fchownat"), REFUSED("chmod"), REFUSED("fchmod"), REFUSED("fchmodat"),
	REFUSED("fchmodat2"), REFUSED("setxattr"), REFUSED("lsetxattr"), REFUSED("fsetxattr"),
	REFUSED("setxattrat"), REFUSED("removexattr"), REFUSED("lremovexattr"),
	REFUSED("fremovexattr"), REFUSED("removexattrat"), REFUSED("file_setattr"),
	/* what types for who sits at the terminal that mssclampd was started from */
	REFUSED_FOR("ioctl", 1, TIOCSTI), REFUSED_FOR("ioctl", 1, TIOCLINUX),
};

int helper_filter_build(struct filter *ret_filter)
{
	const struct filter_table table = { refused, COUNT(refused) };

	return filter_build_refusing(&table, 1, ret_filter);
}
