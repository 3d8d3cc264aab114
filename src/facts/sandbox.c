/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#define KEPT (1u << CAP_DAC_READ_SEARCH | 1u << CAP_SYS_PTRACE)

_Static_assert(CAP_DAC_READ_SEARCH < 32 && CAP_SYS_PTRACE < 32, "both stand in the first word");

/* The bounding set counts at an exec, of which there is none, and only who has CAP_SETPCAP may
 * shrink it: what is refused is no loss. */
static void drop_bounding_set(void)
{
	for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (capability >= 32 || !(KEPT >> capability & 1))
			(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	}
}

static void say_missing(uint32_t permitted)
{
	if ((permitted & KEPT) != KEPT)
		log_notice("facts: started without CAP_DAC_READ_SEARCH or CAP_SYS_PTRACE: what "
			   "only root may read stays unknown");
}

/* Keeps of the two what there is: without them less can be read. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	say_missing(sets[0].permitted);
	if (!(sets[0].permitted & ~KEPT) && !sets[1].permitted && !sets[0].inheritable &&
	    !sets[1].inheritable)
		return 0; /* a unit gave no more, and its filter knows no capset */
	sets[0].permitted &= KEPT;
	sets[1].permitted = 0;
	for (int i = 0; i < 2; i++) {
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

int sandbox_enter(bool own_network)
{
	const struct rlimit none = { 0, 0 };
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return log_error(-errno, "facts: cannot give up core dumps and new rights");
	/* A second lock on the same door, which a unit has closed already. */
	(void)setrlimit(RLIMIT_CORE, &none);
	umask(0077);
	if (chdir("/") < 0)
		return log_error(-errno, "facts: cannot go to /");
	if (own_network && unshare(CLONE_NEWNET) < 0)
		log_notice("facts: stays in its network namespace (%s); it opens no network socket",
			   strerror(errno));
	drop_bounding_set();
	r = drop_capabilities();
	return r < 0 ? log_error(r, "facts: cannot give up capabilities") : 0;
}
