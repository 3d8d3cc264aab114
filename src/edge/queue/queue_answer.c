/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_answer.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>

#include "core/mss.h"
#include "edge/queue/queue_msg.h"
#include "edge/queue/queue_seen.h"
#include "edge/queue/queue_way.h"

int queue_answer_init(struct queue_answer *answer, const struct queue_config *config)
{
	*answer = (struct queue_answer){
		.config = config,
		.out = malloc(QUEUE_OUT_LEN),
		.again = calloc(1, sizeof(*answer->again)),
	};
	if (answer->out && answer->again)
		return 0;
	queue_answer_done(answer);
	return -ENOMEM;
}

void queue_answer_done(struct queue_answer *answer)
{
	free(answer->again);
	free(answer->out);
	*answer = (struct queue_answer){ 0 }; /* a failed init is done once more by its owner */
}

/* Closes the run: one verdict for all of them. */
void queue_answer_flush(struct queue_answer *answer)
{
	if (!answer->has_run)
		return;
	answer->len += queue_msg_put_batch(answer->out + answer->len, answer->config->number,
					   answer->run_last_be, answer->run_last_be, NF_ACCEPT);
	answer->has_run = false;
}

void queue_answer_sent(struct queue_answer *answer, bool sent)
{
	answer->len = 0;
	if (sent)
		return;
	answer->run_last_be = htobe32(answer->last_id);
	answer->has_run = true;
}

static void accept_unchanged(struct queue_answer *answer, const struct queue_packet *packet)
{
	answer->run_last_be = packet->id_be;
	answer->has_run = true;
}

/* Whether the packet needs a verdict of its own. */
static bool is_changed(const struct queue_way *way)
{
	return way->payload || way->tagged || way->drop;
}

/* len bytes of payload where they changed, and the tag where that did. */
static void answer_changed(struct queue_answer *answer, const struct queue_packet *packet,
			   const struct queue_way *way, size_t len)
{
	uint8_t *at;
	size_t used;

	queue_answer_flush(answer);
	at = answer->out + answer->len;
	used = queue_msg_put_verdict(at, answer->config->number, packet->id_be, packet->id_be,
				     way->drop ? NF_DROP : NF_ACCEPT,
				     way->payload ? packet->payload : NULL, len);
	answer->len += way->tagged ? queue_msg_add_tag(at, way->on_priority, way->tag) : used;
}

static void count_left_alone(struct counters *counters, enum family family,
			     const struct clamp_outcome *outcome)
{
	if (family == FAMILY_COUNT)
		counters_count_not_ip(counters);
	else
		counters_count(counters, family, outcome, NULL);
}

/* The whole decision of one packet; returns how many bytes it has then. */
static size_t treat_packet(struct queue_answer *answer, const struct snapshot *snapshot,
			   struct queue_item *item, struct queue_way *ret_way,
			   struct queue_seen *seen)
{
	const struct snapshot_mode *mode = snapshot_mode(snapshot);
	struct queue_packet *packet = &item->packet;
	size_t len = packet->payload_len, capacity = (size_t)(item->end - packet->payload);
	struct clamp_outcome outcome = { .len = len, .result = item->reason };
	enum syn_result forbidden = queue_way_forbidden(mode, packet);
	struct limit limit;

	if (item->is_syn && mode->check.port &&
	    queue_way_check(&mode->check, packet, &item->syn, ret_way)) {
		counter_add(&answer->config->counters->checks, 1);
		if (seen)
			seen->is_check = true;
		return len;
	}
	if (item->is_syn && again_note(answer->again, &item->syn, packet->hook))
		counter_add(&answer->config->counters->again, 1);
	if (forbidden != SYN_UNDECIDED)
		outcome.result = forbidden;
	if (!item->is_syn || forbidden != SYN_UNDECIDED) {
		*ret_way = queue_way_choose(mode, packet, MSS_NONE, NULL);
		count_left_alone(answer->config->counters, item->flow.family, &outcome);
		if (seen)
			seen->outcome = outcome;
		return len;
	}
	limit = snapshot_lookup_end(snapshot, &item->flow, &item->lookup);
	if (mode->audit) {
		outcome = clamp_audit(&item->syn, len, capacity, limit.mss, &mode->clamp);
	} else {
		if (packet->skb_info & NFQA_SKB_CSUMNOTREADY)
			clamp_finish_checksum(&item->syn);
		outcome = clamp_syn(&item->syn, len, capacity, limit.mss, &mode->clamp);
	}
	*ret_way = queue_way_choose(mode, packet, limit.mss, &outcome);
	if (mode->marks && queue_way_collides(mode, packet))
		counter_add(&answer->config->counters->collisions, 1);
	counters_count(answer->config->counters, item->flow.family, &outcome, &limit);
	if (seen) {
		seen->outcome = outcome;
		seen->limit = limit;
	}
	return outcome.len;
}

void queue_answer_go_on(struct queue_answer *answer, uint32_t last_id)
{
	answer->last_id = last_id;
	answer->has_id = true;
	counter_set(&answer->config->counters->last_id, last_id);
}

/* Ids are given in order under one lock, so a jump means packets that never came to us: passed by
 * fail-open. */
static void note_id(struct queue_answer *answer, uint32_t id)
{
	struct counters *counters = answer->config->counters;

	if (answer->has_id && id != answer->last_id + 1)
		counter_add(&counters->id_gaps, id - answer->last_id - 1);
	queue_answer_go_on(answer, id);
	counter_add(&counters->received, 1);
}

static void answer_packet(struct queue_answer *answer, const struct snapshot *snapshot,
			  struct queue_item *item, struct queue_seen *seen)
{
	struct queue_way way;
	size_t len;

	note_id(answer, be32toh(item->packet.id_be));
	if (!item->packet.payload) {
		counters_count_not_ip(answer->config->counters);
		accept_unchanged(answer, &item->packet);
		return;
	}
	len = treat_packet(answer, snapshot, item, &way, seen);
	if (seen)
		seen->payload = way.payload;
	if (is_changed(&way))
		answer_changed(answer, &item->packet, &way, len);
	else
		accept_unchanged(answer, &item->packet);
}

/* Answers of the kernel to our verdicts: a packet it has dropped meanwhile (link gone, base chain
 * deleted) is unknown to it. Counted, never a reason to stop. A verdict refused for another reason
 * leaves its packet waiting: one batch verdict more is tried for it. Settings are told of the same
 * way, but no packet waits for one. */
static void note_error(struct queue_answer *answer, const struct queue_error *error)
{
	if (error->error == 0) {
		answer->has_last |= error->sequence == QUEUE_SEQUENCE_LAST;
		return;
	}
	if (error->sequence == QUEUE_SEQUENCE_SWEEP)
		return;
	counter_add(&answer->config->counters->verdict_errors, 1);
	if (error->error == -ENOENT)
		return;
	counter_add(&answer->config->counters->verdicts_refused, 1);
	if (error->sequence == QUEUE_SEQUENCE_LAST || error->sequence == QUEUE_SEQUENCE_RESIZE)
		return;
	if (!answer->has_run && error->sequence != answer->retried_be) {
		answer->run_last_be = error->sequence;
		answer->retried_be = error->sequence;
		answer->has_run = true;
	}
}

/* What was read so far is decided, in order. */
static void answer_items(struct queue_answer *answer, const struct snapshot *snapshot)
{
	/* cppcheck-suppress uninitvar ; queue_seen_begin fills it */
	struct queue_seen told, *seen = answer->ring ? &told : NULL;
	size_t count = answer->item_count;

	for (size_t i = 0; i < count; i++) {
		struct queue_item *item = &answer->items[i];

		if (item->is_syn)
			snapshot_lookup_find(snapshot, &item->flow, &item->lookup);
	}
	for (size_t i = 0; i < count; i++) {
		struct queue_item *item = &answer->items[i];

		switch (item->kind) {
		case QUEUE_MSG_PACKET:
			if (seen)
				queue_seen_begin(seen, answer->ring, item);
			answer_packet(answer, snapshot, item, seen);
			if (seen)
				queue_seen_end(seen, answer->ring, snapshot_mode(snapshot), item);
			break;
		case QUEUE_MSG_ERROR:
			note_error(answer, &item->error);
			break;
		case QUEUE_MSG_OTHER:
			counter_add(&answer->config->counters->malformed_messages, 1);
			break;
		}
	}
	answer->item_count = 0;
	answer->item_bytes = 0;
}

static void read_packet(const struct snapshot *snapshot, struct queue_item *item)
{
	struct queue_packet *packet = &item->packet;

	item->flow.family = FAMILY_COUNT;
	item->is_syn = packet->payload &&
		       packet_find_syn(packet->payload, packet->payload_len, &item->flow.family,
				       &item->syn, &item->reason);
	if (!item->is_syn)
		return;
	item->flow.in_ifindex = packet->in_ifindex;
	item->flow.out_ifindex = packet->out_ifindex;
	item->flow.mark = packet->mark;
	item->flow.source = item->syn.source;
	item->flow.destination = item->syn.destination;
	snapshot_lookup_begin(snapshot, &item->flow, &item->lookup);
}

static void read_message(struct queue_answer *answer, const struct snapshot *snapshot,
			 const struct mmsghdr *header)
{
	uint8_t *data = header->msg_hdr.msg_iov->iov_base;
	const uint8_t *slot_end = data + QUEUE_SLOT_LEN;
	size_t left = header->msg_len, used;
	bool whole = !(header->msg_hdr.msg_flags & MSG_TRUNC);
	struct queue_item *item;

	do {
		if (answer->item_count == QUEUE_ITEMS)
			answer_items(answer, snapshot);
		item = &answer->items[answer->item_count++];
		item->kind = queue_msg_parse(data, left, whole, &item->packet, &item->error, &used);
		item->end = used < left ? data + used : slot_end;
		item->is_syn = false;
		if (item->kind == QUEUE_MSG_PACKET)
			read_packet(snapshot, item);
		answer->item_bytes += (used > 0 ? used : left) + QUEUE_VERDICT_EXTRA;
		data += used;
		left -= used;
	} while (used > 0 && left > 0);
}

size_t queue_answer_messages(struct queue_answer *answer, const struct mmsghdr *headers,
			     size_t count)
{
	const struct queue_config *config = answer->config;
	const struct snapshot *snapshot = slot_enter(config->slot, config->reader);
	size_t taken = 0;

	while (taken < count && answer->len + answer->item_bytes <= QUEUE_OUT_FULL)
		read_message(answer, snapshot, &headers[taken++]);
	answer_items(answer, snapshot);
	slot_leave(config->slot, config->reader);
	return taken;
}
