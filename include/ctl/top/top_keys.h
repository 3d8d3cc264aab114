/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys as a terminal sends them. Pure. */
#pragma once

#include <stddef.h>

enum top_key {
	TOP_KEY_NONE, /* nothing that means anything */
	TOP_KEY_QUIT,
	TOP_KEY_SORT,
	TOP_KEY_REVERSE,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_BACK,
	TOP_KEY_PEERS,
	TOP_KEY_TUNNELS,
	TOP_KEY_HELP,
	TOP_KEY_NOW,
};

/* Reads the first key of len bytes (1 or more), of which all that came are there: an Escape with
 * nothing behind it is that key. Returns how many bytes it took. */
size_t top_keys_read(const char *bytes, size_t len, enum top_key *ret_key);
