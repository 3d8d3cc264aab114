/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library to be preloaded: makes calls fail, and clocks jump. Which, and when, stands in a file
 * that the test maps as well, so that it can change while the program runs (MSSCLAMP_FAILING,
 * struct plan). It calls nothing but what it stands for, and a program that it was loaded into may
 * lock itself up as it likes. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

#define FRAMES_MAX 24
#define STOP (-1) /* for an errno: the process stops before the call, which then succeeds */

enum call {
#define NUMBER(type, name, parameters, arguments, failure) CALL_##name,
	CALLS(NUMBER)
	CALL_COUNT
};

enum thread { THREAD_ANY, THREAD_MAIN, THREAD_OTHERS };

/* As faults.py lays it out. Written by the test, but for the counts; all relaxed. */
struct plan {
	atomic_uint counting; /* calls are counted, and fail as planned */
	atomic_uint call;     /* enum call */
	atomic_uint thread;   /* enum thread: whose calls count */
	atomic_int error;     /* errno, or STOP */
	atomic_uint trace;    /* says on stderr where it was */
	atomic_uint unused;
	atomic_ullong first;  /* the first call that fails, from 0 on */
	atomic_ullong times;  /* and how many more behind it */
	atomic_ullong failed; /* how many did */
	atomic_llong wall_s;  /* seconds by which CLOCK_REALTIME is off */
	atomic_llong boot_s;  /* the same of CLOCK_BOOTTIME: the host has slept */
	atomic_ullong calls[CALL_COUNT];
};

static struct plan *plan;
static pid_t own; /* process, and not one that it has forked */

__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("MSSCLAMP_FAILING");
	FILE *file = path ? fopen(path, "r+e") : NULL;
	void *frames[FRAMES_MAX], *at;

	own = getpid();
	unsetenv("LD_PRELOAD"); /* what the program starts is not what is tried */
	if (!file)
		return;
	at = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	fclose(file);
	backtrace(frames, FRAMES_MAX); /* loads what it needs now */
	if (at != MAP_FAILED)
		plan = at;
}

/* As backtrace_symbols_fd does, but for writev(2), which a worker may not call. */
static void tell(void)
{
	void *frames[FRAMES_MAX];
	int count = backtrace(frames, FRAMES_MAX);

	for (int i = 0; i < count; i++) {
		char line[512];
		Dl_info info = { 0 };
		int len;

		dladdr(frames[i], &info);
		len = snprintf(line, sizeof(line), "%s(%s+0x%tx)\n", info.dli_fname ? info.dli_fname : "?",
			       info.dli_sname ? info.dli_sname : "",
			       (char *)frames[i] - (char *)(info.dli_sname ? info.dli_saddr : info.dli_fbase));
		if (write(STDERR_FILENO, line, (size_t)len) < 0)
			return;
	}
}

static bool is_meant(enum call call)
{
	enum thread thread = atomic_load_explicit(&plan->thread, memory_order_relaxed);

	if (call != atomic_load_explicit(&plan->call, memory_order_relaxed))
		return false;
	return thread == THREAD_ANY || (thread == THREAD_MAIN) == (gettid() == getpid());
}

/* Whether this call of that kind fails, and with what. */
static bool fails(enum call call, uintptr_t argument, int *ret_error)
{
	unsigned long long number, first;

	if (!plan || !atomic_load_explicit(&plan->counting, memory_order_relaxed))
		return false;
	if (call == CALL_write && argument == STDERR_FILENO) /* by which the test hears of it */
		return false;
	/* One that it has forked is not stopped, nor are its calls counted, which come when they do. */
	if (atomic_load_explicit(&plan->error, memory_order_relaxed) == STOP && getpid() != own)
		return false;
	if (!is_meant(call)) {
		if (call != atomic_load_explicit(&plan->call, memory_order_relaxed))
			atomic_fetch_add_explicit(&plan->calls[call], 1, memory_order_relaxed);
		return false;
	}
	number = atomic_fetch_add_explicit(&plan->calls[call], 1, memory_order_relaxed);
	first = atomic_load_explicit(&plan->first, memory_order_relaxed);
	if (number < first ||
	    number - first >= atomic_load_explicit(&plan->times, memory_order_relaxed))
		return false;
	if (atomic_fetch_add_explicit(&plan->failed, 1, memory_order_relaxed) == 0 &&
	    atomic_load_explicit(&plan->trace, memory_order_relaxed))
		tell();
	*ret_error = atomic_load_explicit(&plan->error, memory_order_relaxed);
	if (*ret_error != STOP)
		return true;
	raise(SIGSTOP);
	return false;
}

/* A timer that is set by a clock which was made to jump ahead, as the kernel's clock has it. Who
 * sets one by another clock does not look that far ahead. */
static const struct itimerspec *kernel_time(int flags, const struct itimerspec *value)
{
	static _Thread_local struct itimerspec moved;
	long long ahead_s = plan ? atomic_load_explicit(&plan->boot_s, memory_order_relaxed) : 0;
	struct timespec shown;

	if (!(flags & TFD_TIMER_ABSTIME) || ahead_s <= 0)
		return value;
	clock_gettime(CLOCK_BOOTTIME, &shown);
	if (value->it_value.tv_sec < shown.tv_sec - ahead_s / 2)
		return value;
	moved = *value;
	moved.it_value.tv_sec -= ahead_s;
	return &moved;
}

#define FIRST_OF(argument, ...) ((uintptr_t)(argument))
#define FIRST(...) FIRST_OF(__VA_ARGS__ __VA_OPT__(,) 0)

/* Under their own names, without the headers' attributes and variable arguments. */
#define WRAP(type, name, parameters, arguments, failure) \
	type wrap_##name parameters __asm__(#name); \
	type wrap_##name parameters \
	{ \
		static type (*next) parameters; \
		int error = 0; \
		if (fails(CALL_##name, FIRST arguments, &error)) { \
			errno = error; \
			return failure; \
		} \
		if (!next) \
			next = (type (*) parameters)dlsym(RTLD_NEXT, #name); \
		return next arguments; \
	}
CALLS(WRAP)

int wrap_clock_gettime(clockid_t clock, struct timespec *now) __asm__("clock_gettime");
int wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*next)(clockid_t clock, struct timespec *now);
	int r;

	if (!next)
		next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	r = next(clock, now);
	if (r == 0 && plan && clock == CLOCK_REALTIME)
		now->tv_sec += atomic_load_explicit(&plan->wall_s, memory_order_relaxed);
	if (r == 0 && plan && clock == CLOCK_BOOTTIME)
		now->tv_sec += atomic_load_explicit(&plan->boot_s, memory_order_relaxed);
	return r;
}

/* What the same calls are named where files may be large, or the compiler looks twice. */
#define ALIAS(name, other) __asm__(".globl " #other "\n.set " #other ", " #name "\n");
ALIAS(open, open64)
ALIAS(open, __open_2)
ALIAS(open, __open64_2)
ALIAS(openat, openat64)
ALIAS(openat, __openat_2)
ALIAS(openat, __openat64_2)
ALIAS(fopen, fopen64)
ALIAS(stat, stat64)
ALIAS(lstat, lstat64)
ALIAS(fstat, fstat64)
ALIAS(fstatat, fstatat64)
ALIAS(mmap, mmap64)
ALIAS(setrlimit, setrlimit64)
