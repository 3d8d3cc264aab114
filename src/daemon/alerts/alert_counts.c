/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/alerts/alert_counts.h"

#include "base/array.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/workers/queue_reading.h"
#include "daemon/workers/sums.h"

static const enum snmp_counter snmp_places[] = {
	[COUNT_FRAGMENTS_IPV4] = SNMP_FRAGMENTS_IPV4,
	[COUNT_FRAGMENTS_IPV6] = SNMP_FRAGMENTS_IPV6,
	[COUNT_NOT_REASSEMBLED_IPV4] = SNMP_NOT_REASSEMBLED_IPV4,
	[COUNT_NOT_REASSEMBLED_IPV6] = SNMP_NOT_REASSEMBLED_IPV6,
	[COUNT_TCP_SENT] = SNMP_TCP_SENT,
	[COUNT_TCP_SENT_AGAIN] = SNMP_TCP_SENT_AGAIN,
};
_Static_assert(SNMP_UNKNOWN == COUNT_UNKNOWN, "one word for both");

uint64_t alert_counts_without_syns(uint64_t sent_again, uint64_t syns, uint64_t last)
{
	if (sent_again == COUNT_UNKNOWN || syns == COUNT_UNKNOWN)
		return COUNT_UNKNOWN;
	return sent_again >= syns && sent_again - syns > last ? sent_again - syns : last;
}

/* Of segments sent again each is sent: the share is of all. */
static void read_snmp(struct alert_sources *sources, uint64_t ret_counts[COUNT_NONE])
{
	struct snmp_counts counts;
	uint64_t again;

	snmp_read(&sources->snmp, &counts);
	for (size_t i = 0; i < COUNT(snmp_places); i++)
		ret_counts[i] = counts.value[snmp_places[i]];
	again = alert_counts_without_syns(ret_counts[COUNT_TCP_SENT_AGAIN], snmp_syns_sent_again(),
					  sources->sent_again);
	if (again != COUNT_UNKNOWN)
		sources->sent_again = again;
	ret_counts[COUNT_TCP_SENT_AGAIN] = again;
	ret_counts[COUNT_TCP_SENT] =
		snmp_sum(ret_counts[COUNT_TCP_SENT], ret_counts[COUNT_TCP_SENT_AGAIN]);
}

/* All queues together, or none: one that cannot be read would come back as a leap. */
static void read_queues(struct workers *workers, uint64_t ret_counts[COUNT_NONE])
{
	uint64_t fail_open = 0, dropped = 0;

	ret_counts[COUNT_FAIL_OPEN] = ret_counts[COUNT_DROPPED] = COUNT_UNKNOWN;
	for (size_t i = 0; i < workers_count(workers); i++) {
		struct queue_reading reading = queue_reading_take(workers, i);

		if (!reading.known)
			return;
		fail_open += reading.fail_open;
		dropped += reading.dropped;
	}
	ret_counts[COUNT_FAIL_OPEN] = fail_open;
	ret_counts[COUNT_DROPPED] = dropped;
}

void alert_counts_read(const struct daemon *daemon, struct alert_sources *sources,
		       uint64_t ret_counts[COUNT_NONE])
{
	read_snmp(sources, ret_counts);
	ret_counts[COUNT_SYNS] = sums_received(daemon->workers);
	ret_counts[COUNT_SYNS_AGAIN] = sums_retried(daemon->workers);
	read_queues(daemon->workers, ret_counts);
	ret_counts[COUNT_PATH_MTU_FALLS] = model_totals(daemon->model).path_mtu_falls;
	ret_counts[COUNT_REINSTALLED] = guard_reinstalled_total(daemon->guard);
}
