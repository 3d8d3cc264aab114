/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into mssclampd: code that is not ours, in a worker. When the test asks for it, in memory
 * that it shares by the file MSSCLAMP_ATTEMPT, the next worker that wakes tries what a sandbox has to
 * refuse, and writes down what became of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} attempts[] = {
	{ "openat", SYS_openat },   { "execve", SYS_execve },   { "socket", SYS_socket },
	{ "ptrace", SYS_ptrace },   { "kill", SYS_kill },       { "mprotect", SYS_mprotect },
	{ "unlinkat", SYS_unlinkat }, { "clone", SYS_clone },   { "setuid", SYS_setuid },
	{ "connect", SYS_connect }, { "bpf", SYS_bpf },
};
#define COUNT (sizeof(attempts) / sizeof(attempts[0]))

/* Shared with the test: [0] is 1 where it wants the attempts, 3 when they are done, and behind it
 * stands the errno of each. */
static _Atomic int *board;

static __attribute__((constructor)) void map_board(void)
{
	const char *path = getenv("MSSCLAMP_ATTEMPT");
	int fd = path ? open(path, O_RDWR) : -1;
	void *memory;

	if (fd < 0)
		return;
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		board = memory;
}

static int attempt(long number)
{
	static char *const none[] = { NULL };
	long r;

	switch (number) {
	case SYS_openat:
		r = syscall(number, AT_FDCWD, "/etc/passwd", O_RDONLY);
		break;
	case SYS_execve:
		r = syscall(number, "/bin/true", none, none);
		break;
	case SYS_socket:
		r = syscall(number, AF_INET, SOCK_STREAM, 0);
		break;
	case SYS_mprotect:
		r = syscall(number, (uintptr_t)board, 4096, PROT_READ | PROT_EXEC);
		break;
	case SYS_kill:
		r = syscall(number, 1, 0);
		break;
	case SYS_clone:
		r = syscall(number, SIGCHLD, 0, 0, 0, 0);
		if (r == 0)
			_exit(0);
		break;
	default:
		r = syscall(number, -1, 0, 0, 0, 0);
	}
	return r < 0 ? errno : 0;
}

/* The function that it stands in for is the one call of a worker that waits. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
	     struct timespec *patience)
{
	int wanted = 1;

	if (board && atomic_compare_exchange_strong(&board[0], &wanted, 2)) {
		for (size_t i = 0; i < COUNT; i++)
			board[i + 1] = attempt(attempts[i].number);
		board[0] = 3;
	}
	return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, patience);
}
