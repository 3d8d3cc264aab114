/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of a plan as a text, for tests of what they say; after cmocka.h. */
#pragma once

#include <stdio.h>

#include "edge/offload/offload_text.h"

/* Owned. */
static char *commands_of(const struct offload_frame *frame, const struct offload_plan *from,
			 const struct offload_plan *to)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	offload_write(frame, from, to, out);
	assert_int_equal(fclose(out), 0);
	return text;
}
