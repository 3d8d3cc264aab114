/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a parser of mssclamp-facts finds must get through the protocol as it is. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/record.h"

static inline void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static inline void require_passes(const struct record_shape *shape, const void *record, void *copy)
{
	json_t *message = record_format(shape, record), *again;
	char why[RECORD_WHY_MAX] = "";

	require(message, "it can be told");
	if (record_parse(shape, message, copy, why) < 0) {
		fprintf(stderr, "%s\n", why);
		require(false, "the other end takes it");
	}
	again = record_format(shape, copy);
	require(json_equal(message, again), "it arrives as it was");
	record_done(shape, copy);
	json_decref(message);
	json_decref(again);
}
