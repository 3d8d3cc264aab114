/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_FIXUP SECBIT_NO_SETUID_FIXUP

/* The bounding set counts at an exec alone, and only who has CAP_SETPCAP may shrink it: what is
 * refused is no loss. */
static void drop_bounding_set(uint64_t wanted)
{
	for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (!(wanted & RIGHT(capability)))
			(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	}
}

/* Ambient capabilities follow by themselves: the kernel lowers them with the other sets. */
int rights_keep(uint64_t wanted, uint64_t *ret_kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	uint64_t kept;
	bool less = false;

	drop_bounding_set(wanted);
	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(wanted >> (32 * i));

		less |= (sets[i].permitted | sets[i].inheritable) & ~half;
		sets[i].permitted &= half;
		sets[i].inheritable &= half;
		sets[i].effective = sets[i].permitted;
	}
	kept = (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
	if (less && syscall(SYS_capset, &header, sets) < 0)
		return -errno; /* not where a unit gave no more: its filter knows no capset */
	*ret_kept = kept;
	return 0;
}

void rights_outlast_user(bool whether)
{
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	unsigned long wanted = bits < 0 ? 0 : (unsigned long)bits & ~(unsigned long)NO_FIXUP;

	if (bits >= 0)
		(void)prctl(PR_SET_SECUREBITS, whether ? wanted | NO_FIXUP : wanted, 0, 0, 0);
}

int rights_close(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
