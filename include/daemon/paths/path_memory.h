/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured of paths, kept over a restart in one JSON file:
 *   {"schema": 1, "paths": [{"tunnel", "peer", "endpoint", "path_mtu_bytes", "how",
 *                            "measured": "2026-11-25T18:52:00Z"}, ...]}
 * In memory times are CLOCK_BOOTTIME, in the file they are UTC. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "policy/tunnel/path_measure.h"

#define PATH_MEMORY_MAX 20000            /* entries; the oldest give way */
#define PATH_MEMORY_BYTES_MAX (8u << 20) /* of the file; likewise */
#define PATH_MEMORY_TEXT_MAX 1023        /* bytes of a tunnel's name or a peer's id */
#define PATH_MEMORY_DAYS 30              /* what is older is forgotten */
/* Age of a measure from the future: a clock was wrong, so nobody knows. Old enough to be verified
 * at once, too young to be forgotten. */
#define PATH_MEMORY_UNKNOWN_HOURS 24

struct path_memory_clock {
	int64_t boot_ns; /* CLOCK_BOOTTIME */
	int64_t wall_ns; /* CLOCK_REALTIME */
};
struct path_memory_clock path_memory_now(void);

struct path_memory {
	struct path_measure *list; /* sorted by path_measure_compare; texts owned */
	size_t count, capacity;
};
void path_memory_done(struct path_memory *memory);

/* Pure. Reads the text of a file. What is older than PATH_MEMORY_DAYS, what is no measure (a text
 * without length, a control character, no address, no MTU of 68 to 65535, ...) and what has a newer
 * measure of the same endpoint is left out; members that are not known are ignored.
 * ret_strange  entries that are no measures (may be NULL)
 * Returns 0 and the memory; -EBADMSG: no JSON, or not of this schema; -ENOMEM. */
int path_memory_parse(const char *text, size_t len, const struct path_memory_clock *now,
		      struct path_memory *ret_memory, size_t *ret_strange);
/* Pure. The text of a file. Measures that no file can name (see above) and the oldest of too many
 * are left out. Returns owned with its length, or NULL (no memory). */
char *path_memory_format(const struct path_measure *measures, size_t count,
			 const struct path_memory_clock *now, size_t *ret_len);

/* What a former process kept; empty where there is no file, or none that can be used. A damaged one
 * is set aside (edge/state_file.h). Logs what went wrong. */
void path_memory_load(const char *file, const struct path_memory_clock *now,
		      struct path_memory *ret_memory);

/* What was said of saving; zero-initialised is ready for use. */
struct path_memory_said {
	int error;         /* of the last time: 0 or -errno */
	uint64_t since_ns; /* since when it goes as the last time, well or not: CLOCK_BOOTTIME, 0:
			    * it was not tried */
	struct log_ratelimit limit;
};
/* What became of replacing the file, 0 or -errno: each kind of failure is logged once, with what
 * helps (daemon/paths/path_remedy.h), and again after an hour. */
void path_memory_say(const char *file, int error, struct path_memory_said *said);
