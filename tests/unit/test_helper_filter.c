/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs that a helper starts may not do, each tried in a child of its own; as root, so that it
 * is the filter that refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/filter.h"
#include "daemon/helper/helper_filter.h"

#define NOWHERE "/nonexistent/file"

/* By numbers of all machines, where the C library's header is older than the kernel. */
#define NUMBER_FCHMODAT2 452
#define NUMBER_SETXATTRAT 463
#define NUMBER_REMOVEXATTRAT 466
#define NUMBER_OPEN_TREE_ATTR 467
#define NUMBER_FILE_SETATTR 469

struct attempt {
	const char *name;
	long number;
	unsigned long arguments[3];
};

/* Each would fail for another reason, or do nothing, where it were allowed. */
static const struct attempt refused[] = {
	{ "unshare",                SYS_unshare,           { 0 } },
	{ "unshare, a network",     SYS_unshare,           { CLONE_NEWNET } },
	{ "unshare, users",         SYS_unshare,           { CLONE_NEWUSER } },
	{ "setns",                  SYS_setns,             { ~0ul, 0 } },
	{ "clone, mounts",          SYS_clone,             { SIGCHLD | CLONE_NEWNS } },
	{ "clone, names",           SYS_clone,             { SIGCHLD | CLONE_NEWUTS } },
	{ "clone, IPC",             SYS_clone,             { SIGCHLD | CLONE_NEWIPC } },
	{ "clone, users",           SYS_clone,             { SIGCHLD | CLONE_NEWUSER } },
	{ "clone, processes",       SYS_clone,             { SIGCHLD | CLONE_NEWPID } },
	{ "clone, a network",       SYS_clone,             { SIGCHLD | CLONE_NEWNET } },
	{ "clone, cgroups",         SYS_clone,             { SIGCHLD | CLONE_NEWCGROUP } },
	{ "clone, several",         SYS_clone,             { SIGCHLD | CLONE_NEWUSER | CLONE_NEWNET } },
	{ "mount",                  SYS_mount,             { 0 } },
	{ "umount2",                SYS_umount2,           { (unsigned long)NOWHERE } },
	{ "move_mount",             SYS_move_mount,        { ~0ul } },
	{ "open_tree",              SYS_open_tree,         { ~0ul } },
	{ "open_tree_attr",         NUMBER_OPEN_TREE_ATTR, { ~0ul } },
	{ "fsopen",                 SYS_fsopen,            { 0 } },
	{ "mount_setattr",          SYS_mount_setattr,     { ~0ul } },
	{ "pivot_root",             SYS_pivot_root,        { 0 } },
	{ "chroot",                 SYS_chroot,            { (unsigned long)NOWHERE } },
	{ "open_by_handle_at",      SYS_open_by_handle_at, { ~0ul } },
	{ "bpf",                    SYS_bpf,               { ~0ul } },
	{ "ptrace",                 SYS_ptrace,            { ~0ul } },
	{ "init_module",            SYS_init_module,       { 0 } },
	{ "io_uring_setup",         SYS_io_uring_setup,    { 0 } },
	{ "fanotify_init",          SYS_fanotify_init,     { ~0ul } },
	{ "quotactl_fd",            SYS_quotactl_fd,       { ~0ul } },
	{ "settimeofday",           SYS_settimeofday,      { 0 } },
	{ "add_key",                SYS_add_key,           { 0 } },
	{ "fchmodat",               SYS_fchmodat,          { ~0ul, (unsigned long)"x" } },
	{ "fchmodat2",              NUMBER_FCHMODAT2,      { ~0ul, (unsigned long)"x" } },
	{ "setxattrat",             NUMBER_SETXATTRAT,     { ~0ul, (unsigned long)"x" } },
	{ "removexattrat",          NUMBER_REMOVEXATTRAT,  { ~0ul, (unsigned long)"x" } },
	{ "file_setattr",           NUMBER_FILE_SETATTR,   { ~0ul, (unsigned long)"x" } },
	{ "removexattr",            SYS_removexattr,       { (unsigned long)NOWHERE } },
	{ "TIOCSTI",                SYS_ioctl,             { ~0ul, TIOCSTI } },
	{ "TIOCLINUX",              SYS_ioctl,             { ~0ul, TIOCLINUX } },
};

static int enter(void)
{
	struct filter filter;
	int r = helper_filter_build(&filter);

	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0)
		r = filter_enter(&filter);
	return r;
}

/* The error that the call ends with in a child, 0 for none. */
static int errno_of(const struct attempt *attempt)
{
	const unsigned long *arguments = attempt->arguments;
	pid_t child = fork();
	int status;

	if (child == 0) {
		long r = enter();

		if (r < 0)
			_exit(255);
		r = syscall(attempt->number, arguments[0], arguments[1], arguments[2], 0, 0, 0);
		_exit(r < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		int error = errno_of(&refused[i]);

		if (error != EPERM)
			fail_msg("%s: errno %d", refused[i].name, error);
	}
}

/* libc then takes clone, whose flags can be seen. */
static void clone3_is_not_there(void **state)
{
	static const struct attempt clone3 = { "clone3", SYS_clone3, { 0, 0 } };

	(void)state;
	assert_int_equal(errno_of(&clone3), ENOSYS);
}

static int run_a_program(void)
{
	char program[] = "/bin/true", *const argv[] = { program, NULL };
	pid_t child;
	int status;

	if (posix_spawn(&child, program, NULL, NULL, argv, NULL) != 0 ||
	    waitpid(child, &status, 0) != child)
		return 1;
	return status;
}

/* Processes, programs, and an ioctl that is not among those. */
static void what_goes_on(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		int waiting;

		if (enter() < 0 || run_a_program() != 0)
			_exit(1);
		_exit(ioctl(-1, FIONREAD, &waiting) < 0 && errno == EBADF ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(clone3_is_not_there),
		cmocka_unit_test(what_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
