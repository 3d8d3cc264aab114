/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an announced MSS says of the line that a host is at: an MTU that is known from somewhere. A
 * hint and no more, for a host may announce what it likes. */
#pragma once

#include <stdint.h>

struct access_line {
	uint32_t mtu;       /* bytes; the MSS is 40 or 60 less */
	const char *what;   /* what has this MTU, for people */
	const char *source; /* where that stands */
};

#define ACCESS_LINES 14
extern const struct access_line access_lines[ACCESS_LINES]; /* the widest first */
