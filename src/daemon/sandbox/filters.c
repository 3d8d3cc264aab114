/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

#define ANY(name) { name, FILTER_ANY, 0, 0, 0 }
#define ONLY(name, argument, value) { name, FILTER_EQUAL, argument, UINT32_MAX, value }
#define NONE_OF(name, argument, bits) { name, FILTER_EQUAL, argument, bits, 0 }
#define ALL_OF(name, argument, bits) { name, FILTER_EQUAL, argument, bits, bits }
#define TABLE(rows) { rows, COUNT(rows) }

#define SET_ID (S_ISUID | S_ISGID)
#define NEW_NAMESPACE \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

/* What any thread needs to live: memory, locks, clocks, signals to itself, its end. The second name
 * of a call is that of machines with 32 bits. */
static const struct filter_call of_every_thread[] = {
	ANY("brk"),
	NONE_OF("mmap", 2, PROT_EXEC),
	NONE_OF("mmap2", 2, PROT_EXEC),
	NONE_OF("mprotect", 2, PROT_EXEC),
	ANY("munmap"),
	ANY("mremap"),
	ANY("madvise"),
	ANY("futex"),
	ANY("futex_time64"),
	ANY("set_robust_list"),
	ANY("rseq"),
	ANY("membarrier"),
	ANY("sched_yield"),
	ANY("clock_gettime"),
	ANY("clock_gettime64"),
	ANY("clock_nanosleep"),
	ANY("clock_nanosleep_time64"),
	ANY("nanosleep"),
	ANY("gettimeofday"),
	ANY("time"),
	ANY("restart_syscall"),
	ANY("rt_sigaction"),
	ANY("rt_sigprocmask"),
	ANY("rt_sigreturn"),
	ANY("sigreturn"),
	ANY("sigaltstack"),
	ANY("getpid"),
	ANY("gettid"),
	ANY("exit"),
	ANY("exit_group"),
	ONLY("prctl", 0, PR_SET_NAME),
	ONLY("prctl", 0, PR_SET_VMA), /* names of memory, which malloc gives */
	ONLY("write", 0, STDERR_FILENO), /* the log */
	ONLY("ioctl", 1, TCGETS), /* whether that is a terminal */
	ANY("poll"),              /* whether there is room */
	ANY("ppoll"),
	ANY("ppoll_time64"),
};
static const struct filter_table every_thread = TABLE(of_every_thread);

static const struct filter_call of_worker[] = {
	ANY("recvmmsg"),
	ANY("recvmmsg_time64"),
	ANY("sendto"),
	ANY("sendmsg"),
};
static const struct filter_table worker = TABLE(of_worker);

static const struct filter_call of_control[] = {
	/* sockets that are open */
	ANY("recvmmsg"),
	ANY("recvmmsg_time64"),
	ANY("recvmsg"),
	ANY("recvfrom"),
	ANY("sendto"),
	ANY("sendmsg"),
	ANY("sendmmsg"),
	ANY("bind"),
	ANY("connect"),
	ANY("listen"),
	ANY("accept"),
	ANY("accept4"),
	ANY("shutdown"),
	ANY("getsockname"),
	ANY("getpeername"),
	ANY("getsockopt"),
	ANY("setsockopt"),
	/* new ones, of the families that are of use: clients and systemd, the kernel, probes */
	ONLY("socket", 0, AF_UNIX),
	ONLY("socket", 0, AF_NETLINK),
	ONLY("socket", 0, AF_INET),
	ONLY("socket", 0, AF_INET6),
	ONLY("socketpair", 0, AF_UNIX),
	/* files; which ones is Landlock's business, and none with a set-ID bit */
	NONE_OF("openat", 3, SET_ID),
	NONE_OF("open", 2, SET_ID),
	ANY("close"),
	ANY("close_range"),
	ANY("read"),
	ANY("readv"),
	ANY("pread64"),
	ANY("write"),
	ANY("writev"),
	ANY("pwrite64"),
	ANY("lseek"),
	ANY("_llseek"),
	ANY("ftruncate"),
	ANY("ftruncate64"),
	ANY("fsync"),
	ANY("fdatasync"),
	ANY("flock"),
	ANY("fstat"),
	ANY("fstat64"),
	ANY("newfstatat"),
	ANY("fstatat64"),
	ANY("stat"),
	ANY("lstat"),
	ANY("statx"),
	ANY("fstatfs"),
	ANY("fstatfs64"),
	ANY("statfs"),
	ANY("access"),
	ANY("faccessat"),
	ANY("faccessat2"),
	ANY("getdents64"),
	ANY("readlink"),
	ANY("readlinkat"),
	ANY("getcwd"),
	ANY("mkdir"),
	ANY("mkdirat"),
	ANY("unlink"),
	ANY("unlinkat"),
	ANY("rename"),
	ANY("renameat"),
	ANY("renameat2"),
	ANY("umask"),
	NONE_OF("chmod", 1, SET_ID),
	NONE_OF("fchmod", 1, SET_ID),
	NONE_OF("fchmodat", 2, SET_ID),
	ANY("fchown"),
	ANY("fchownat"),
	ANY("lchown"),
	ANY("memfd_create"),
	ANY("dup"),
	ANY("dup2"),
	ANY("dup3"),
	ANY("pipe2"), /* whose end systemd closes when it has done what it was told */
	/* not F_SETOWN, F_SETOWN_EX, F_SETSIG, F_NOTIFY: signals to others */
	ONLY("fcntl", 1, F_DUPFD),
	ONLY("fcntl", 1, F_DUPFD_CLOEXEC),
	ONLY("fcntl", 1, F_GETFD),
	ONLY("fcntl", 1, F_SETFD),
	ONLY("fcntl", 1, F_GETFL),
	ONLY("fcntl", 1, F_SETFL),
	ONLY("fcntl", 1, F_GET_SEALS),
	ONLY("fcntl", 1, F_ADD_SEALS),
	ONLY("fcntl64", 1, F_GETFD),
	ONLY("fcntl64", 1, F_SETFD),
	ONLY("fcntl64", 1, F_GETFL),
	ONLY("fcntl64", 1, F_SETFL),
	ONLY("fcntl64", 1, F_DUPFD_CLOEXEC),
	ONLY("ioctl", 1, FIONREAD),
	ONLY("ioctl", 1, FIONBIO),
	ONLY("ioctl", 1, SIOCGIFINDEX),
	ONLY("ioctl", 1, SIOCGIFNAME),
	ONLY("ioctl", 1, NS_GET_USERNS),
	/* the event loop */
	ANY("epoll_create1"),
	ANY("epoll_ctl"),
	ANY("epoll_wait"),
	ANY("epoll_pwait"),
	ANY("epoll_pwait2"),
	ANY("select"),
	ANY("pselect6"),
	ANY("eventfd2"),
	ANY("signalfd4"),
	ANY("rt_sigpending"),
	ANY("timerfd_create"),
	ANY("timerfd_settime"),
	ANY("timerfd_settime64"),
	ANY("timerfd_gettime"),
	ANY("clock_getres"),
	/* threads: clone3 hides its flags behind a pointer, so libc shall take clone */
	{ "clone3", FILTER_NOSYS, 0, 0, 0 },
	ALL_OF("clone", 0, CLONE_THREAD | CLONE_VM),
	/* a copy of this process, under the same filter, for libnftables; and its end */
	NONE_OF("clone", 0, CLONE_VM | NEW_NAMESPACE),
	ANY("fork"),
	ANY("wait4"),
	ANY("waitpid"),
	ANY("waitid"),
	ONLY("kill", 1, SIGKILL),
	ONLY("tgkill", 2, SIGABRT), /* itself, where the library calls abort(3) */
	ONLY("prctl", 0, PR_SET_PDEATHSIG),
	ONLY("seccomp", 0, SECCOMP_SET_MODE_FILTER),
	ANY("set_tid_address"),
	ANY("sched_getaffinity"),
	ANY("sched_getparam"),
	ANY("sched_getscheduler"),
	ANY("mlock"),
	ANY("mlock2"),
	ANY("munlock"),
	/* what is asked about oneself and the host */
	ANY("getuid"),
	ANY("getuid32"),
	ANY("geteuid"),
	ANY("geteuid32"),
	ANY("getgid"),
	ANY("getgid32"),
	ANY("getegid"),
	ANY("getegid32"),
	ANY("getgroups"),
	ANY("getgroups32"),
	ANY("getppid"),
	ANY("getrusage"),
	ANY("uname"),
	ANY("sysinfo"),
	ANY("getrandom"),
	ANY("getcpu"),
	ANY("capget"),
	ONLY("prctl", 0, PR_GET_NAME),
	ONLY("prctl", 0, PR_GET_DUMPABLE),
	ONLY("prctl", 0, PR_SET_NO_NEW_PRIVS),
	ONLY("prctl", 0, PR_GET_NO_NEW_PRIVS),
	ONLY("prctl", 0, PR_CAPBSET_READ),
	{ "prlimit64", FILTER_EQUAL, 2, UINT64_MAX, 0 }, /* limits are read and not set */
	ANY("getrlimit"),
	ANY("ugetrlimit"),
};
static const struct filter_table control = TABLE(of_control);

/* Sanitizers map shadows of memory, walk /proc, write reports, and stop all threads at the end to
 * look for leaks. */
#ifdef MSSCLAMP_SANITIZED
static const struct filter_call of_sanitizer[] = {
	ANY("mmap"),
	ANY("mprotect"),
	ANY("mlock"),
	ANY("clone"),
	ANY("prctl"),
	ANY("ptrace"),
	ANY("process_vm_readv"),
	ANY("wait4"),
	ANY("kill"),
	ANY("tgkill"),
	ANY("getppid"),
	ANY("openat"),
	ANY("open"),
	ANY("read"),
	ANY("write"),
	ANY("close"),
	ANY("lseek"),
	ANY("fstat"),
	ANY("newfstatat"),
	ANY("stat"),
	ANY("readlink"),
	ANY("getdents64"),
	ANY("getdents"),
	ANY("lstat"),
	ANY("waitid"),
	ANY("dup2"),
	ANY("unlink"),
	ANY("rt_sigtimedwait"),
	ANY("rt_sigqueueinfo"),
	ANY("rt_tgsigqueueinfo"),
	ANY("pipe"),
	ANY("pipe2"),
	ANY("ioctl"),
	ANY("getrlimit"),
	ANY("setrlimit"),
	ANY("prlimit64"),
	ANY("sched_getaffinity"),
	ANY("getrandom"),
	ANY("uname"),
	ANY("getcwd"),
};
static const struct filter_table sanitizer = TABLE(of_sanitizer);
#else
static const struct filter_table sanitizer = { NULL, 0 };
#endif

/* Signals to oneself are how abort(3) and libc's threads work. */
static int build(const struct filter_table *table, struct filter *ret_filter)
{
	const uint64_t own = (uint64_t)getpid();
	const struct filter_call to_oneself[] = {
		ONLY("tgkill", 0, own),
	};
	const struct filter_table tables[] = { *table, every_thread, TABLE(to_oneself),
					       sanitizer };

	return filter_build(tables, COUNT(tables), ret_filter);
}

int filters_build_worker(struct filter *ret_filter)
{
	return build(&worker, ret_filter);
}

int filters_build_control(struct filter *ret_filter)
{
	return build(&control, ret_filter);
}
