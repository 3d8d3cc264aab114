/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filters of mssclampd's threads let pass, each tried in a child of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/denied.h"
#include "daemon/sandbox/filters.h"

#define PLAIN 1 /* sanitizers do it themselves */

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int do_open(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int do_exec(void)
{
	char *const argv[] = { NULL };

	return result(execve("/nonexistent", argv, argv));
}

static int do_exec_at(void)
{
	return result(syscall(SYS_execveat, -1, "/nonexistent", NULL, NULL, 0));
}

/* Not fork(3) and the like, some of which block signals: a trap would then end the process. */
static int clone_with(unsigned long flags)
{
	long child = syscall(SYS_clone, SIGCHLD | flags, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return result(child);
}

static int do_fork(void)
{
	return clone_with(0);
}

static int do_vfork(void)
{
	return clone_with(CLONE_VM | CLONE_VFORK);
}

static int do_clone_namespace(void)
{
	return clone_with(CLONE_NEWUSER);
}

static int do_trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int do_signal_other(void)
{
	return result(kill(1, 0));
}

static int do_load_module(void)
{
	return result(syscall(SYS_init_module, NULL, 0, ""));
}

static int do_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int do_mount(void)
{
	return result(syscall(SYS_mount, "", "/nonexistent", "", 0, NULL));
}

static int do_become_root(void)
{
	return result(syscall(SYS_setuid, 0));
}

static int do_leave_namespace(void)
{
	return result(syscall(SYS_unshare, 0));
}

static int open_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

static int do_packet_socket(void)
{
	return open_socket(AF_PACKET);
}

static int do_unix_socket(void)
{
	return open_socket(AF_UNIX);
}

static int do_inet_socket(void)
{
	return open_socket(AF_INET6);
}

static int do_own_signals(void)
{
	return result(fcntl(0, F_SETOWN, 1));
}

static int do_set_id(void)
{
	return result(chmod("/nonexistent", 04755));
}

static int do_mode(void)
{
	return chmod("/nonexistent", 0660) < 0 && errno == ENOENT ? 0 : errno;
}

static int do_executable_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int do_raise_limit(void)
{
	const struct rlimit limit = { 1 << 20, 1 << 20 };

	return result(setrlimit(RLIMIT_CORE, &limit));
}

static int do_memory(void)
{
	char *room = malloc(1 << 20);

	if (!room)
		return ENOMEM;
	memset(room, 1, 1 << 20);
	free(room);
	return 0;
}

static int do_wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 1000 };

	return result(nanosleep(&moment, NULL));
}

static int do_netlink(void)
{
	return open_socket(AF_NETLINK);
}

static void *idle(void *userdata)
{
	return userdata;
}

static int do_thread(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, idle, NULL);

	return r == 0 ? pthread_join(thread, NULL) : r;
}

static const struct {
	const char *name;
	int (*attempt)(void);
	int worker, control; /* errors; 0: it is done */
	const char *call;    /* as the record names it */
	int which;
} cases[] = {
	/* name                     attempt             worker control call, sanitizers */
	{ "memory",                 do_memory,               0,     0, NULL, 0 },
	{ "a short sleep",          do_wait_a_moment,        0,     0, NULL, 0 },
	{ "a file",                 do_open,             EPERM,     0, "openat", PLAIN },
	{ "a netlink socket",       do_netlink,          EPERM,     0, "socket", 0 },
	{ "a Unix socket",          do_unix_socket,      EPERM,     0, "socket", 0 },
	{ "an IPv6 socket",         do_inet_socket,      EPERM,     0, "socket", 0 },
	{ "a packet socket",        do_packet_socket,    EPERM, EPERM, "socket", 0 },
	{ "a thread",               do_thread,           -1,        0, NULL, PLAIN },
	{ "execve",                 do_exec,             EPERM, EPERM, "execve", 0 },
	{ "execveat",               do_exec_at,          EPERM, EPERM, "execveat", 0 },
	{ "a process of its own",   do_fork,             EPERM,     0, "clone", PLAIN },
	{ "a child by vfork",       do_vfork,            EPERM, EPERM, "clone", PLAIN },
	{ "a new namespace",        do_clone_namespace,  EPERM, EPERM, "clone", PLAIN },
	{ "ptrace",                 do_trace,            EPERM, EPERM, "ptrace", PLAIN },
	{ "a signal to others",     do_signal_other,     EPERM, EPERM, "kill", PLAIN },
	{ "a module",               do_load_module,      EPERM, EPERM, "init_module", 0 },
	{ "bpf",                    do_bpf,              EPERM, EPERM, "bpf", 0 },
	{ "mount",                  do_mount,            EPERM, EPERM, "mount", 0 },
	{ "another user",           do_become_root,      EPERM, EPERM, "setuid", 0 },
	{ "another namespace",      do_leave_namespace,  EPERM, EPERM, "unshare", 0 },
	{ "F_SETOWN",               do_own_signals,      EPERM, EPERM, "fcntl", 0 },
	{ "a set-user-ID file",     do_set_id,           EPERM, EPERM, NULL, 0 },
	{ "a file's mode",          do_mode,             EPERM,     0, NULL, 0 },
	{ "executable memory",      do_executable_memory, EPERM, EPERM, "mmap", PLAIN },
	{ "a limit",                do_raise_limit,      EPERM, EPERM, "prlimit64", PLAIN },
};

static bool is_sanitized(void)
{
#ifdef MSSCLAMP_SANITIZED
	return true;
#else
	return false;
#endif
}

/* Whether the record has that call, or with NULL any: gcov and sanitizers may make some besides. */
static bool is_recorded(const char *call)
{
	unsigned int place = 0;
	struct denied denied;

	while (denied_next(&place, 0, &denied)) {
		if (!call || strcmp(denied.call, call) == 0)
			return true;
	}
	return false;
}

/* In the child: 0 as it should be, else what is not. */
static int judge(const struct filter *filter, int (*attempt)(void), int expected, const char *call)
{
	int error;

	if (denied_watch() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    filter_enter(filter) < 0)
		return 200;
	error = attempt();
	if (error != expected)
		return error == 0 ? 201 : error;
	return expected == EPERM && !is_recorded(call) ? 203 : 0;
}

static void try_all(int (*build)(struct filter *), bool control)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		int expected = control ? cases[i].control : cases[i].worker, status;
		struct filter filter;
		pid_t child;

		if (expected < 0 || (cases[i].which == PLAIN && is_sanitized()))
			continue;
		child = fork();
		if (child == 0) /* built there: signals may go to that process alone */
			_exit(build(&filter) < 0 ? 204 :
						   judge(&filter, cases[i].attempt, expected,
							 cases[i].call));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("%s: status %#x", cases[i].name, (unsigned int)status);
	}
}

static void a_worker(void **state)
{
	(void)state;
	try_all(filters_build_worker, false);
}

static void the_control_thread(void **state)
{
	(void)state;
	try_all(filters_build_control, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker),
		cmocka_unit_test(the_control_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
