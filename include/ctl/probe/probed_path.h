/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path that a reply of Probe tells of, put in order: whatever is missing in it or contradicts
 * itself is unknown here. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_STOPS_MAX 64 /* hops shown; the rest is as unknown as those nobody asked for */

/* A router, or what stands for one that says nothing. */
struct probe_stop {
	const char *address; /* borrowed from the reply, NULL: unknown */
	uint64_t said_bytes; /* the MTU that it told, 0: none */
};

struct probed_path {
	/* By ttl; 0 is this host, and an empty one stands behind the last. */
	struct probe_stop stops[PROBE_STOPS_MAX + 2];
	size_t count; /* of the last one before the target */
	bool whole;   /* the target is next behind it; else there may be more between */
	int narrow;   /* the largest packets reach this stop and nothing behind it; -1: unknown */
	uint64_t largest_bytes; /* of the packets outside that were sent; 0: none */
};

/* Borrows reply as long as the path is used. */
void probed_path_read(const json_t *reply, struct probed_path *ret_path);
/* Of the reply's sizes outside (bytes) the largest of which at least one packet was "sent" or
 * "answered"; 0: none. */
uint64_t probed_path_largest(const json_t *sizes, const char *counted);
/* All packets of the reply's sizes. */
uint64_t probed_path_sent(const json_t *sizes);
bool probed_path_is_silent(const struct probed_path *path, size_t stop);
/* Where packets vanish, behind "larger packets vanish ": "behind 198.51.100.1". Owned; NULL: out of
 * memory, or it cannot be told. */
char *probed_path_place(const struct probed_path *path);
