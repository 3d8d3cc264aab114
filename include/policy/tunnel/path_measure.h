/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What probes found out about the path of one tunnel's outer packets. */
#pragma once

#include <stdint.h>

#include "policy/prefix/prefix.h"

/* How sure, and by what. */
enum measure_how {
	MEASURE_OUTSIDE, /* the endpoint answered packets of that size that could not be cut */
	MEASURE_INSIDE,  /* the far end answered inside of the tunnel; mtu is the smallest outer
			  * size that carries what was answered */
	MEASURE_ICMP,    /* nobody answered, but a router on the way told its MTU and proved that it
			  * had seen the probe */
};
/* "outside", "inside", "icmp". */
const char *measure_how_name(enum measure_how how);
/* The reverse. Returns 0 or -EINVAL. */
int measure_how_parse(const char *name, enum measure_how *ret_how);

/* Of one far end at one endpoint: another endpoint is another path. */
struct path_measure {
	const char *tunnel;      /* "wg0", "ipsec:203.0.113.7" */
	const char *peer;        /* its stable id; "" where the link itself has one far end */
	struct address endpoint;
	uint32_t mtu;            /* largest outer packet that arrives whole, bytes */
	enum measure_how how;
	int64_t at_ns;           /* CLOCK_BOOTTIME of the last time it was confirmed; negative where
				  * that was before the machine started */
};

/* Sorted by tunnel, then peer (strcmp): for bsearch and qsort. */
int path_measure_compare(const void *a, const void *b);
/* The measure of that far end at that endpoint in a sorted list, or NULL. */
const struct path_measure *path_measure_find(const struct path_measure *sorted, size_t count,
					     const char *tunnel, const char *peer,
					     const struct address *endpoint);
