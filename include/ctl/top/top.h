/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `top` shows at a moment, and where its reader stands. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/client/client_error.h"
#include "ctl/options/ctl.h"
#include "ctl/top/top_rows.h"

enum top_page { TOP_TUNNELS, TOP_PEERS, TOP_HELP };

struct top {
	struct ctl ctl;          /* its width is the screen's */
	unsigned int lines;      /* of the screen; 0: no border (--batch) */
	uint64_t turn_ns;        /* between two looks */
	enum top_page page;
	enum top_page behind;    /* TOP_HELP: the page that it covers */
	char *tunnel;            /* whose peers; owned, NULL: all */
	enum top_sort sort;
	bool reverse;
	size_t first;            /* row at the top of the page */
	size_t selected;         /* row of the tunnels that is chosen */
	bool moved;              /* it was chosen: it is marked */
	struct top_look before, now;
	struct top_rows rows;
	json_t *peers;           /* reply of ListPeers, owned; NULL: not asked */
	bool audit;              /* nothing is clamped, only counted */
	bool offload;            /* the kernel clamps most SYNs, which are not counted here */
	char *trouble;           /* why there is nothing to see; owned, NULL: all is well */
};

/* Asks mssclampd. What goes wrong is noted in trouble. Returns an enum ctl_exit: CTL_OK with
 * trouble or without, or what the error comes to; -EINTR where a signal ends it. */
int top_look(struct top *top, struct client_error *ret_error);
/* The same for peers alone, where the page shows some; false: a signal ends it. */
bool top_look_peers(struct top *top);
/* The daemon counts the SYNs of peers for some seconds only. When top_count_ahead is to be called
 * before a look at next_ns; UINT64_MAX: the look before is enough. */
uint64_t top_ahead_ns(const struct top *top, uint64_t next_ns);
/* Has them counted where the page shows peers. The look tells what goes wrong. */
void top_count_ahead(const struct top *top);
/* Sorts what is known anew. */
void top_sort_rows(struct top *top);
void top_done(struct top *top);

/* Rows that the page has room for; SIZE_MAX without a border. */
size_t top_page_rows(const struct top *top);
/* How many rows there are to page through. */
size_t top_row_count(const struct top *top);

/* Prints what is to be seen. keys: with the line of keys below. */
void top_print(const struct top *top, FILE *out, bool keys);
/* The page of keys and words, below the head. */
void top_print_help(const struct top *top, FILE *out);
/* The page of peers, below the head. */
void top_print_peers(const struct top *top, FILE *out);
/* The same as an object. Owned, or NULL (out of memory). */
json_t *top_to_json(const struct top *top);
