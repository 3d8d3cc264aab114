/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/prefix/lpm_hosts.h"

#include <errno.h>
#include <stdlib.h>

#define BITS_MIN 5

static void clear(struct lpm_hosts *hosts)
{
	for (size_t i = 0; i <= hosts->mask; i++) {
		if (hosts->family == FAMILY_IPV4)
			hosts->slots.v4[i].value = LPM_NONE;
		else
			hosts->slots.v6[i].value = LPM_NONE;
	}
}

int lpm_hosts_init(struct lpm_hosts *hosts, enum family family, size_t count)
{
	size_t size = family == FAMILY_IPV4 ? sizeof(struct lpm_host4) : sizeof(struct lpm_host6);
	unsigned int bits = BITS_MIN;
	void *slots;

	while (((size_t)1 << bits) < count + count / 2)
		bits++;
	slots = calloc((size_t)1 << bits, size);
	if (!slots)
		return -ENOMEM;
	*hosts = (struct lpm_hosts){
		.family = family, .shift = 64 - bits, .mask = ((size_t)1 << bits) - 1,
		.slots.v4 = slots,
	};
	clear(hosts);
	return 0;
}

void lpm_hosts_done(struct lpm_hosts *hosts)
{
	free(hosts->slots.v4);
}

void lpm_hosts_put(struct lpm_hosts *hosts, struct lpm_key key, uint32_t value)
{
	size_t at;

	if (hosts->family == FAMILY_IPV4) {
		at = lpm_hosts_slot_v4(hosts, (uint32_t)key.low);
		while (hosts->slots.v4[at].value != LPM_NONE)
			at = (at + 1) & hosts->mask;
		hosts->slots.v4[at] = (struct lpm_host4){ (uint32_t)key.low, value };
		return;
	}
	at = lpm_hosts_slot_v6(hosts, key);
	while (hosts->slots.v6[at].value != LPM_NONE)
		at = (at + 1) & hosts->mask;
	hosts->slots.v6[at] = (struct lpm_host6){ key, value };
}
