/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One search, and a far end that answers at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "policy/probe/pmtu.h"

#define MS NS_PER_MS

/* A far end that answers at once what is not larger than `passes`. */
struct world {
	struct pmtu pmtu;
	uint64_t now_ns;
	uint32_t passes, pieces; /* up to the second it comes, but cut */
	bool busy;               /* everything seems to be cut */
	uint32_t link;           /* largest packet that the own link takes, 0 any */
	uint32_t router;         /* what a router tells about larger ones, 0 nothing */
	bool dead;
	unsigned int sent;
};

static inline void begin(struct world *world, uint32_t floor, uint32_t most, uint32_t first)
{
	const struct pmtu_config config = {
		.floor = floor, .base = floor < 1200 ? 1200 : floor, .most = most, .first = first,
		.twice_above = first, .contact_tries = 3,
	};

	pmtu_begin(&world->pmtu, &config);
	world->now_ns = 1000 * MS;
}

static inline void send_one(struct world *world, uint32_t size)
{
	uint32_t serial = pmtu_sent(&world->pmtu, size, 0, world->now_ns);

	world->sent++;
	if (world->link && size > world->link) {
		pmtu_not_sent(&world->pmtu, serial, true);
		return;
	}
	world->now_ns += MS;
	if (size > world->passes && world->router)
		pmtu_too_big(&world->pmtu, serial, world->router);
	if (!world->dead && (size <= world->passes || size <= world->pieces))
		pmtu_answered(&world->pmtu, serial,
			      size > world->passes || world->busy ? WHOLE_NO : WHOLE_YES,
			      world->now_ns);
}

/* Until it neither sends nor waits. */
static inline enum pmtu_step play(struct world *world)
{
	for (unsigned int i = 0; i < 2000; i++) {
		uint64_t wait_ns = 0;
		uint32_t size = 0;
		enum pmtu_step step = pmtu_next(&world->pmtu, world->now_ns, &size, &wait_ns);

		if (step == PMTU_WAIT)
			world->now_ns = wait_ns;
		else if (step == PMTU_SEND)
			send_one(world, size);
		else
			return step;
	}
	return PMTU_WAIT;
}
