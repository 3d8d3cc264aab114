/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flow as people write it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

#define FLOW_TEXT_WHY_MAX 160

struct flow_text {
	bool has_source;
	struct address source, destination; /* of one family */
	uint16_t port;                      /* of the destination, 0 without */
};

/* "SRC DST[:PORT]", "SRC -> DST[:PORT]" (or ">") or one address; IPv6 with a port as
 * "[ADDRESS]:PORT".
 * Returns 0, or -EINVAL with the reason in why (FLOW_TEXT_WHY_MAX bytes). Pure. */
int flow_text_parse(const char *text, struct flow_text *ret_flow, char *why);

/* "ipv4" or "ipv6". */
const char *flow_text_family(enum family family);
