/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet contract a second time, slowly and plainly, for tests to compare the real one with.
 * Written from doc/design.md alone; shares no code with src/core and must never do so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle_options {
	uint32_t limit4, limit6; /* bytes, 0: no limit */
	bool insert_missing;
	bool clamp_tcp_ao;
	uint32_t low_below; /* of the packet's family: less is tiny where the limit is not less */
	bool low_drops;     /* else it is raised */
};

struct oracle_answer {
	const char *result; /* as JSON names it: "clamped", "fragment", ... */
	size_t len;         /* bytes of the buffer afterwards */
	bool drop;
};

/* Does to packet what the contract says. The buffer has room for capacity bytes. */
struct oracle_answer oracle_clamp(uint8_t *packet, size_t len, size_t capacity,
				  const struct oracle_options *options);

/* Whether the TCP checksum of a whole packet without extension headers or IPv4 options is right. */
bool oracle_tcp_checksum_right(const uint8_t *packet);
