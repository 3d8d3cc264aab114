/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/facts.h"

unsigned int doctor_syn_missing(const struct doctor_facts *facts, enum family family)
{
	unsigned int seen = facts->syn_seen[family], missing = 0;

	if (facts->hooks_known)
		return facts->syn_expected & ~seen;
	if (!(seen & SEEN_SYN))
		missing |= SEEN_SYN;
	if (!(seen & SEEN_SYN_ACK))
		missing |= SEEN_SYN_ACK;
	return missing;
}
