/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which prefix of many holds another one whole. A longest-prefix match of addresses does not tell:
 * what matches an address best may be longer than the prefix that is asked about. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

#define COVER_NONE UINT32_MAX

struct prefix_cover {
	const struct prefix *list; /* borrowed: sorted by prefix_compare, each once */
	uint32_t *parents;         /* beside it: the place of the next longer one around each */
	size_t count;
};

/* Borrows the list as long as the cover lives. Returns 0 or -ENOMEM with nothing kept. */
int prefix_cover_init(struct prefix_cover *cover, const struct prefix *list, size_t count);
void prefix_cover_done(struct prefix_cover *cover);

/* The place of the longest prefix of the list that is this one or contains it, or COVER_NONE. */
uint32_t prefix_cover_find(const struct prefix_cover *cover, const struct prefix *prefix);
