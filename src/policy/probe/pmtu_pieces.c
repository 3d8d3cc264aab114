/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it says that answers come in pieces. Only how many packets the whole host has put together
 * is known, so one such answer may be a stranger's work. What counts are pairs: a large answer in
 * pieces between small ones that came whole, again and again, and never otherwise. */
#include "policy/probe/pmtu.h"

#define PAIRS_MIN 5 /* a host that is busy half of the time makes so many in one of 2,000 runs */

static bool is_whole_small(const struct pmtu *pmtu, uint32_t serial)
{
	const struct pmtu_flight *flight = pmtu_flight(pmtu, serial);

	return flight && flight->state == FLIGHT_ANSWERED && !flight->size &&
	       flight->whole == WHOLE_YES;
}

static bool is_pair(const struct pmtu *pmtu, uint32_t serial)
{
	const struct pmtu_flight *flight = pmtu_flight(pmtu, serial);

	return flight && flight->state == FLIGHT_ANSWERED && flight->size &&
	       flight->whole == WHOLE_NO && is_whole_small(pmtu, serial - 1) &&
	       is_whole_small(pmtu, serial + 1);
}

void pmtu_note_pairs(struct pmtu *pmtu, uint32_t serial)
{
	for (uint32_t large = serial - 1; large <= serial + 1; large++)
		if (is_pair(pmtu, large))
			pmtu->sizes[pmtu_flight(pmtu, large)->size].pairs++;
}

bool pmtu_has_pairs(const struct pmtu_size *size)
{
	return size->pairs >= PAIRS_MIN;
}

uint32_t pmtu_next_of_pair(const struct pmtu *pmtu, uint32_t size)
{
	return is_whole_small(pmtu, pmtu->serial) ? size : PMTU_SMALL;
}

int pmtu_fragmented(const struct pmtu *pmtu)
{
	if (!pmtu->answers || pmtu->sizes[0].pieces)
		return -1;
	for (size_t i = 1; i < pmtu->size_count; i++) {
		const struct pmtu_size *size = &pmtu->sizes[i];

		if (!pmtu_passes(pmtu, size) && size->pieces &&
		    (pmtu_has_pairs(size) || (pmtu->done && !size->lost)))
			return 1;
	}
	return pmtu->done ? 0 : -1;
}
