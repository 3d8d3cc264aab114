/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/queue_reading.h"

#include "edge/queue/queue_proc.h"

/* Ids behind the last one that came, less those that wait. Under traffic /proc and the worker are
 * never at the same packet: a worker that is ahead makes it negative. */
static uint64_t lost_behind(const struct counters *counters, const struct queue_proc *proc)
{
	int64_t tail = (int32_t)(proc->id_sequence - (uint32_t)counter_read(&counters->last_id));

	tail -= proc->depth;
	return tail > 0 ? (uint64_t)tail : 0;
}

/* Each packet the kernel tried to deliver used up an id. Ids that never came, and do not wait, were
 * passed by fail-open: holes between those that came, and the tail behind the last. The tail is
 * believed when it stands still: the kernel gives an id before it counts the packet as waiting. */
static uint64_t fail_open_total(const struct counters *counters, uint16_t number,
				const struct queue_proc *proc)
{
	uint64_t gaps = counter_read(&counters->id_gaps), lost = lost_behind(counters, proc);
	struct queue_proc again;

	if (lost == 0 || queue_read_proc(number, &again) < 0 ||
	    again.id_sequence != proc->id_sequence || lost_behind(counters, &again) != lost)
		lost = 0;
	return gaps + lost;
}

struct queue_reading queue_reading_take(struct workers *workers, size_t i)
{
	const struct counters *counters = workers_counters(workers, i);
	struct queue_reading reading = {
		.number = workers_queue(workers, i),
		.received = counter_read(&counters->received),
		.depth_peak = counter_read(&counters->depth_peak),
		.errors = counter_read(&counters->verdict_errors) +
			  counter_read(&counters->send_errors),
	};
	struct queue_proc proc;
	uint64_t found;

	if (queue_read_proc(reading.number, &proc) < 0)
		return reading;
	found = fail_open_total(counters, reading.number, &proc);
	reading.known = true;
	reading.depth = proc.depth;
	if (reading.depth > reading.depth_peak)
		reading.depth_peak = reading.depth;
	reading.dropped = proc.dropped;
	reading.fail_open = workers_note_fail_open(workers, i, found);
	return reading;
}
