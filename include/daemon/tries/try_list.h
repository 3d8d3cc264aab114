/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary limits, one for each interface or peer at most. Pure: time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/rules.h"

#define TRIES_MAX 64

struct try {
	char *tunnel;      /* name of the interface, or of the peer's tunnel: "wg0", "ipsec:..." */
	char *peer;        /* stable id; NULL: for every address beyond the interface */
	char *name;        /* the peer's, for people; NULL without */
	uint32_t mss;      /* bytes, both families */
	uint64_t until_ns; /* CLOCK_BOOTTIME */
};

void try_done(struct try *one);

/* A value: copies share what the entries own. */
struct try_list {
	struct try list[TRIES_MAX];
	size_t count;
};

/* Each returns a place, or the count where there is none. */
size_t try_list_find(const struct try_list *tries, const struct try *like);
size_t try_list_find_interface(const struct try_list *tries, const char *name);
size_t try_list_find_peer(const struct try_list *tries, const char *word); /* its id or name */
size_t try_list_find_ended(const struct try_list *tries, uint64_t now_ns);

/* When the first of them ends, UINT64_MAX without any. */
uint64_t try_list_next_end(const struct try_list *tries);

/* At the place of the one it replaces, else behind the last, where there must be room. Gives what
 * stood there, or zeros, and takes one. */
struct try try_list_put(struct try_list *tries, struct try one);
/* Takes one out of the list and gives it. */
struct try try_list_take(struct try_list *tries, size_t place);

/* As rules: those of peers stand above those of interfaces. Owned, or NULL (out of memory). */
struct rules *try_list_rules(const struct try_list *tries);
