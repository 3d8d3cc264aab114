/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture that goes on. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/capture/capture_file.h"

struct capture_bounds {
	uint64_t count; /* SYNs; 0: no such end */
	double seconds; /* the same */
	bool to_file;   /* or to a pipe, with the bytes of the packets */
};

struct capturing {
	struct capture_bounds bounds;
	struct capture_file file;
	bool to_stdout;       /* the file is; nothing else is printed there */
	bool begun;           /* mssclampd has answered */
	json_t *syns;         /* for --json, owned */
	uint64_t matched, unseen;
	json_int_t offloaded_before, offloaded_after; /* SYNs the kernel took; below 0 unknown */
	char ended_by[16];    /* "" until the last reply */
};
