/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/denied.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"

#define CALLS 1024 /* more than any kernel numbers, but for private ones of some machines */
#define PLACES (CALLS + 1) /* those and all that have no place of their own */
#define TELL_NS (60 * NS_PER_SECOND)

/* Written by the handler in whatever thread it runs, read by one. All relaxed: what is told of who
 * tried it last may be of another one that did at the same time. */
struct place {
	_Atomic uint64_t times;
	_Atomic int call;
	_Atomic pid_t thread;
	uint64_t told;    /* the reader's: how many it has told of */
	uint64_t told_ns; /* and when */
};

/* Shared with children that are forked: what is refused there is told here. */
static struct record {
	struct place places[PLACES];
	_Atomic uint64_t total;
	uint64_t told; /* the reader's */
} *record;

static void note(int call, pid_t thread)
{
	struct place *place = &record->places[call >= 0 && call < CALLS ? call : CALLS];

	atomic_store_explicit(&place->call, call, memory_order_relaxed);
	atomic_store_explicit(&place->thread, thread, memory_order_relaxed);
	atomic_fetch_add_explicit(&place->times, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&record->total, 1, memory_order_relaxed);
}

/* Has the call that was refused return -EPERM. */
static void set_result(ucontext_t *context)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__i386__)
	context->uc_mcontext.gregs[REG_EAX] = -EPERM;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (uint64_t)-EPERM;
#elif defined(__arm__)
	context->uc_mcontext.arm_r0 = (unsigned long)-EPERM;
#elif defined(__riscv)
	context->uc_mcontext.__gregs[REG_A0] = (unsigned long)-EPERM;
#elif defined(__s390x__)
	context->uc_mcontext.gregs[2] = (unsigned long)-EPERM;
#elif defined(__powerpc64__)
	context->uc_mcontext.gp_regs[3] = EPERM;
	context->uc_mcontext.gp_regs[38] |= 0x10000000; /* CR0.SO: an error */
#else /* which register holds the result is not known: better no process than a wrong one */
	(void)context;
	_exit(EXIT_FAILURE);
#endif
}

static void on_sigsys(int number, siginfo_t *info, void *context)
{
	(void)number;
	note(info->si_syscall, (pid_t)syscall(SYS_gettid));
	set_result(context);
}

int denied_watch(void)
{
	void *memory = record ? record : mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct sigaction action = {
		.sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	if (memory == MAP_FAILED)
		return -errno;
	record = memory;
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

static void put_name(int call, char name[DENIED_NAME_MAX])
{
	char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

	if (known)
		snprintf(name, DENIED_NAME_MAX, "%s", known);
	else
		snprintf(name, DENIED_NAME_MAX, "call %d", call);
	free(known);
}

/* Tells of a place what is new there and due. */
static bool tell(struct place *place, uint64_t now_ns, struct denied *ret_denied)
{
	uint64_t times = atomic_load_explicit(&place->times, memory_order_relaxed);

	if (times == place->told || (place->told && now_ns - place->told_ns < TELL_NS))
		return false;
	put_name(atomic_load_explicit(&place->call, memory_order_relaxed), ret_denied->call);
	ret_denied->thread = atomic_load_explicit(&place->thread, memory_order_relaxed);
	ret_denied->times = times - place->told;
	ret_denied->total = times;
	record->told += ret_denied->times;
	place->told = times;
	place->told_ns = now_ns;
	return true;
}

bool denied_next(unsigned int *place, uint64_t now_ns, struct denied *ret_denied)
{
	if (!record || atomic_load_explicit(&record->total, memory_order_relaxed) == record->told)
		return false;
	while (*place < PLACES)
		if (tell(&record->places[(*place)++], now_ns, ret_denied))
			return true;
	return false;
}
