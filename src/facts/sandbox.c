/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/denied.h"
#include "base/filter.h"
#include "base/log.h"
#include "base/rights.h"

#define KEPT (RIGHT(CAP_DAC_READ_SEARCH) | RIGHT(CAP_SYS_PTRACE))

/* Descriptors, processes and memory: what it reads is small, whoever asks for it. */
#define FILES_MAX 128
#define MEMORY_MAX (512ul << 20)

#define ANY(name) { name, FILTER_ANY, 0, 0, 0 }
#define ONLY(name, argument, value) { name, FILTER_EQUAL, argument, UINT32_MAX, value }

/* It reads files, looks at /proc, asks Unix sockets, and answers one. It makes no process, no file,
 * no other socket, and traces nobody: CAP_SYS_PTRACE is there for /proc. Landlock would hide just
 * that: /proc of processes that are not under it. */
static const struct filter_call allowed[] = {
	ANY("read"), ANY("pread64"), ANY("recvfrom"), ANY("recvmsg"), ANY("sendto"), ANY("sendmsg"),
	ANY("recv"), ANY("send"),
	ANY("poll"), ANY("ppoll"), ANY("ppoll_time64"), ANY("accept"), ANY("accept4"),
	ANY("connect"), ANY("getsockname"), ANY("getsockopt"), ANY("setsockopt"), ANY("shutdown"),
	ONLY("socket", 0, AF_UNIX),
	/* flags of openat2 are behind a pointer: there the unit alone forbids to write */
	{ "openat", FILTER_EQUAL, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	ANY("openat2"), ANY("close"), ANY("close_range"), ANY("lseek"), ANY("_llseek"),
	ANY("fstat"), ANY("fstat64"), ANY("newfstatat"), ANY("fstatat64"), ANY("stat"),
	ANY("lstat"), ANY("statx"), ANY("fstatfs"), ANY("statfs"), ANY("access"),
	ANY("faccessat"), ANY("faccessat2"), ANY("getdents64"), ANY("readlink"),
	ANY("readlinkat"), ANY("getcwd"),
	ONLY("fcntl", 1, F_GETFD), ONLY("fcntl", 1, F_SETFD), ONLY("fcntl", 1, F_GETFL),
	ONLY("fcntl", 1, F_SETFL), ONLY("fcntl", 1, F_DUPFD_CLOEXEC),
	ONLY("fcntl64", 1, F_GETFD), ONLY("fcntl64", 1, F_SETFD), ONLY("fcntl64", 1, F_GETFL),
	ONLY("fcntl64", 1, F_SETFL),
	ONLY("write", 0, STDERR_FILENO), ONLY("ioctl", 1, TCGETS),
	ANY("brk"), ANY("munmap"), ANY("mremap"), ANY("madvise"),
	{ "mmap", FILTER_EQUAL, 2, PROT_EXEC, 0 }, { "mmap2", FILTER_EQUAL, 2, PROT_EXEC, 0 },
	{ "mprotect", FILTER_EQUAL, 2, PROT_EXEC, 0 },
	ANY("futex"), ANY("futex_time64"), ANY("clock_gettime"), ANY("clock_gettime64"),
	ANY("gettimeofday"), ANY("time"), ANY("clock_nanosleep"), ANY("nanosleep"),
	ANY("restart_syscall"), ANY("rt_sigaction"), ANY("rt_sigprocmask"), ANY("rt_sigreturn"),
	ANY("sigreturn"), ANY("sigaltstack"), ANY("getpid"), ANY("gettid"), ANY("getuid"),
	ANY("geteuid"), ANY("getgid"), ANY("getegid"), ANY("getrandom"), ANY("uname"),
	ANY("sched_yield"), ANY("exit"), ANY("exit_group"),
	ANY("sysinfo"), /* qsort(3) of many asks how much memory there is */
	{ "prlimit64", FILTER_EQUAL, 2, UINT64_MAX, 0 },
#ifdef MSSCLAMP_SANITIZED /* shadows, reports, a look for leaks */
	ANY("openat"), ANY("open"), ANY("write"), ANY("mmap"), ANY("mprotect"), ANY("clone"),
	ANY("prctl"), ANY("ptrace"), ANY("process_vm_readv"), ANY("wait4"), ANY("getppid"),
	ANY("getdents"), ANY("kill"), ANY("tgkill"), ANY("pipe"), ANY("pipe2"), ANY("ioctl"),
	ANY("setrlimit"), ANY("getrlimit"), ANY("sched_getaffinity"), ANY("rt_sigtimedwait"),
#endif
};

static void say_missing(uint64_t permitted)
{
	if ((permitted & KEPT) != KEPT)
		log_notice("facts: started without CAP_DAC_READ_SEARCH or CAP_SYS_PTRACE: what "
			   "only root may read stays unknown");
}

static int limit_calls(void)
{
	const struct filter_table table = { allowed, COUNT(allowed) };
	struct filter filter = { 0 };
	int r = denied_watch();

	if (r == 0)
		r = filter_build(&table, 1, &filter);
	if (r == 0)
		r = filter_enter(&filter);
	filter_done(&filter);
	if (r != -ENOSYS && r != -EINVAL)
		return r;
	log_notice("facts: this kernel filters no system calls");
	return 0;
}

static void limit_resources(void)
{
	const struct rlimit files = { FILES_MAX, FILES_MAX };

	(void)setrlimit(RLIMIT_NOFILE, &files);
#ifndef MSSCLAMP_SANITIZED /* whose shadows are larger than any memory */
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	(void)setrlimit(RLIMIT_AS, &memory);
#endif
}

int facts_sandbox_enter(bool own_network)
{
	uint64_t kept;
	int r;

	umask(0077);
	if (chdir("/") < 0)
		return log_error(-errno, "facts: cannot go to /");
	if (own_network && unshare(CLONE_NEWNET) < 0)
		log_notice("facts: stays in its network namespace (%s); it opens no network socket",
			   strerror(errno));
	r = rights_keep(KEPT, &kept);
	if (r < 0)
		return log_error(r, "facts: cannot give up capabilities");
	say_missing(kept);
	r = rights_close();
	if (r < 0)
		return log_error(r, "facts: cannot give up core dumps and new rights");
	limit_resources();
	r = limit_calls();
	return r < 0 ? log_error(r, "facts: cannot make the filter of system calls") : 0;
}

void facts_sandbox_report(uint64_t now_ns)
{
	unsigned int place = 0;
	struct denied denied;

	while (denied_next(&place, now_ns, &denied))
		log_print(LOG_ERR,
			  "facts: tried the system call %s, which was refused with EPERM (%llu "
			  "times, %llu in all); that is a bug, or code that is not ours: please "
			  "report it", denied.call, (unsigned long long)denied.times,
			  (unsigned long long)denied.total);
}
