/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of sizes and of probes, as it is asked. */
#include "policy/probe/pmtu.h"

const struct pmtu_size *pmtu_find_size(const struct pmtu *pmtu, uint32_t size)
{
	for (size_t i = 0; i < pmtu->size_count; i++)
		if (pmtu->sizes[i].size == size)
			return &pmtu->sizes[i];
	return NULL;
}

const struct pmtu_flight *pmtu_flight(const struct pmtu *pmtu, uint32_t serial)
{
	const struct pmtu_flight *flight = &pmtu->flights[serial % PMTU_FLIGHTS];

	return serial && flight->serial == serial && flight->state != FLIGHT_NONE ? flight : NULL;
}

unsigned int pmtu_out(const struct pmtu *pmtu, uint32_t size)
{
	unsigned int count = 0;

	for (size_t i = 0; i < PMTU_FLIGHTS; i++) {
		const struct pmtu_flight *flight = &pmtu->flights[i];

		count += flight->state == FLIGHT_OUT && pmtu->sizes[flight->size].size == size;
	}
	return count;
}

bool pmtu_pieces_count(const struct pmtu *pmtu)
{
	return !pmtu->config.uncut && pmtu->sizes[0].pieces == 0;
}

bool pmtu_passes(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	return size->answered > (pmtu_pieces_count(pmtu) ? size->pieces : 0);
}
