/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/probe/probe_table.h"

#define PORT_FIRST 33434 /* traceroute's: hardly anybody listens there, and firewalls know it */

static bool is_free(const struct probe_table *table, bool udp, uint16_t number)
{
	for (size_t i = 0; i < PROBE_OUTSTANDING_MAX; i++) {
		const struct probe_awaited *probe = &table->awaited[i];

		if (table->order[i] > 0 && probe->udp == udp && probe->number == number)
			return false;
	}
	return true;
}

uint16_t probe_table_pick_number(const struct probe_table *table, bool udp, uint32_t random)
{
	const uint32_t first = udp ? PORT_FIRST : 0, count = UINT16_MAX + 1 - first;
	uint32_t offset = random % count;

	while (!is_free(table, udp, (uint16_t)(first + offset)))
		offset = (offset + 1) % count;
	return (uint16_t)(first + offset);
}

void probe_table_add(struct probe_table *table, const struct probe_awaited *probe)
{
	size_t place = 0;

	for (size_t i = 1; i < PROBE_OUTSTANDING_MAX; i++) {
		if (table->order[i] < table->order[place])
			place = i;
	}
	table->awaited[place] = *probe;
	table->order[place] = ++table->last;
}

/* What proves that the packet was seen, and is no answer, does not end the wait: who lies and
 * passes it on, or has only watched it pass, would have the answer thrown away. Told once each. */
static bool is_told(const struct probe_awaited *probe, enum probe_fit fit,
		    enum probe_heard_kind kind)
{
	if (fit == PROBE_FIT_NUMBER)
		return probe->told;
	return kind != PROBE_HEARD_ANSWER && probe->refused;
}

bool probe_table_take(struct probe_table *table, const struct probe_message *message,
		      struct probe_awaited *ret_probe, enum probe_heard_kind *ret_kind)
{
	for (size_t i = 0; i < PROBE_OUTSTANDING_MAX; i++) {
		struct probe_awaited *probe = &table->awaited[i];
		enum probe_fit fit = PROBE_FIT_NONE;

		if (table->order[i] > 0)
			fit = probe_msg_judge(probe, message, ret_kind);
		if (fit == PROBE_FIT_NONE || is_told(probe, fit, *ret_kind))
			continue;
		*ret_probe = *probe;
		probe->told = true;
		probe->refused |= fit == PROBE_FIT_NONCE;
		if (*ret_kind == PROBE_HEARD_ANSWER)
			table->order[i] = 0;
		return true;
	}
	return false;
}
