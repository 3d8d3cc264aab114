/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `top` shows of each tunnel: two looks at mssclampd, and what lies between them. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One look: the replies of GetStats and ListTunnels. */
struct top_look {
	json_t *stats, *tunnels; /* owned; NULL before the first */
	uint64_t at_ns;          /* CLOCK_BOOTTIME */
};

void top_look_done(struct top_look *look);

enum top_sort { TOP_BY_SYN, TOP_BY_CLAMPED, TOP_BY_NAME, TOP_BY_PATH, TOP_BY_MSS, TOP_BY_PEERS,
		TOP_SORTS };

/* What stands first: "most SYN/s first". */
const char *top_sort_title(enum top_sort sort, bool reverse);
/* As ListPeers calls it; NULL where peers have no such order: then they stand as they were
 * found. */
const char *top_sort_of_peers(enum top_sort sort);
/* The next one, of those that the page has. */
enum top_sort top_sort_next(enum top_sort sort, bool peers);
/* Returns 0 or -EINVAL. */
int top_sort_parse(const char *word, enum top_sort *ret_sort);

struct top_row {
	const char *name;     /* borrowed from the look; NULL: SYNs of no tunnel */
	const json_t *tunnel; /* its row of ListTunnels, borrowed; NULL without */
	double syn, clamped;  /* a second since the look before; below 0 unknown */
	uint64_t mss_in, mss_out; /* most frequent since then, or ever: bytes, 0 unknown */
};

struct top_rows {
	struct top_row *list; /* owned, in order */
	size_t count;
	double syn, clamped;  /* of all, as above */
};

/* before may be empty: then nothing is known of rates. Borrows both looks as long as the rows live.
 * Returns 0 or -ENOMEM. */
int top_rows_make(const struct top_look *before, const struct top_look *now, enum top_sort sort,
		  bool reverse, struct top_rows *ret_rows);
void top_rows_done(struct top_rows *rows);
