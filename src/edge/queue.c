/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/mss.h"
#include "edge/queue_answer.h"
#include "edge/queue_msg.h"
#include "edge/queue_setup.h"

/* Packets taken in one go. One when idle, so nothing waits; with 64 the two system calls of a batch
 * are 2 % of its cost, more would only lengthen the tail of the latency. */
#define BATCH_MAX 64

/* One received message: a full jumbo frame (9000 bytes and the message's attributes around it).
 * 153 cache lines, an odd number, so that the slots don't fall on the same sets of the cache. */
#define SLOT_LEN 9792

/* One batch in 16 is timed, from the second on: the first one runs over cold pages. */
#define LATENCY_EVERY 16

/* Verdicts are sent at this length at the latest: the kernel refuses a send over its send buffer
 * (212,992 bytes by default), and only jumbo SYNs with data ever come here. */
#define OUT_FULL (64 * 1024)
#define OUT_LEN (OUT_FULL + 2 * QUEUE_MSG_VERDICT_MAX + SLOT_LEN + CLAMP_INSERT_LEN)

#define SEQUENCE_DRAIN 0 /* ids, the sequences of verdicts, begin with 1 */
#define SEQUENCE_RESIZE UINT32_MAX
#define SEND_TRIES 3

struct queue {
	struct queue_config config;
	int fd;
	uint32_t receive_buffer;   /* bytes, as SO_RCVBUF tells */
	atomic_bool draining;      /* set by the control thread, relaxed: it orders nothing */
	bool drained;              /* the kernel has acknowledged: what waits now is all */
	bool has_id;               /* last_id is of a packet */
	uint32_t last_id;          /* host order */
	uint32_t run_last_be;      /* id of the newest packet of a run to accept as it is */
	uint32_t retried_be;       /* id a refused verdict was tried for once more */
	bool has_run;
	uint64_t rounds;
	size_t out_len;            /* bytes of verdicts written to out */
	struct mmsghdr headers[BATCH_MAX];
	struct iovec vectors[BATCH_MAX];
	uint8_t *slots;            /* BATCH_MAX x SLOT_LEN */
	uint8_t *out;              /* verdicts of one batch */
};

int queue_open(const struct queue_config *config, struct queue **ret_queue)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int r = -ENOMEM;

	if (!queue)
		return log_error(-ENOMEM, "queue %u", config->number);
	queue->config = *config;
	queue->fd = -1;
	queue->slots = aligned_alloc(64, (size_t)BATCH_MAX * SLOT_LEN);
	queue->out = malloc(OUT_LEN);
	if (!queue->slots || !queue->out) {
		log_error(r, "queue %u", config->number);
		goto fail;
	}
	for (size_t i = 0; i < BATCH_MAX; i++) {
		queue->vectors[i].iov_base = queue->slots + i * SLOT_LEN;
		queue->vectors[i].iov_len = SLOT_LEN;
		queue->headers[i].msg_hdr.msg_iov = &queue->vectors[i];
		queue->headers[i].msg_hdr.msg_iovlen = 1;
	}
	r = queue_setup(config, &queue->fd, &queue->receive_buffer);
	if (r < 0)
		goto fail;
	*ret_queue = queue;
	return 0;
fail:
	queue_close(queue);
	return r;
}

void queue_close(struct queue *queue)
{
	if (!queue)
		return;
	if (queue->fd >= 0)
		close(queue->fd);
	free(queue->slots);
	free(queue->out);
	free(queue);
}

uint16_t queue_number(const struct queue *queue)
{
	return queue->config.number;
}

int queue_request_drain(struct queue *queue)
{
	const struct queue_settings pass_all = { .max_packets = 0, .fail_open = true };
	uint8_t message[QUEUE_MSG_CONFIG_MAX];
	size_t len;
	int r;

	/* The acknowledgement comes behind all packets that wait, and wakes the worker. Where it is
	 * lost the worker ends when a second was silent, which it may do only from now on. */
	len = queue_msg_put_settings(message, queue->config.number, SEQUENCE_DRAIN, &pass_all);
	r = send(queue->fd, message, len, 0) < 0 ? -errno : 0;
	atomic_store_explicit(&queue->draining, true, memory_order_relaxed);
	return r;
}

int queue_resize(struct queue *queue, uint32_t max_packets)
{
	const struct queue_settings settings = {
		.max_packets = queue_length(max_packets),
		.fail_open = queue->config.fail_open,
	};
	uint8_t message[QUEUE_MSG_CONFIG_MAX];
	size_t len;
	int r;

	r = queue_set_receive_buffer(queue->fd, max_packets, &queue->receive_buffer);
	if (r < 0)
		return r;
	len = queue_msg_put_settings(message, queue->config.number, SEQUENCE_RESIZE, &settings);
	return send(queue->fd, message, len, 0) < 0 ? -errno : 0;
}

/* Closes the run of packets to accept as they are: one verdict for all of them. */
static void flush_run(struct queue *queue)
{
	if (!queue->has_run)
		return;
	queue->out_len += queue_msg_put_batch(queue->out + queue->out_len, queue->config.number,
					      queue->run_last_be, queue->run_last_be, NF_ACCEPT);
	queue->has_run = false;
}

/* All verdicts so far in one send, in packet order. A send that fails as a whole did nothing and is
 * tried again; what fails three times is let pass by the next batch verdict. */
static void send_verdicts(struct queue *queue)
{
	int tries;

	flush_run(queue);
	if (queue->out_len == 0)
		return;
	for (tries = 0; tries < SEND_TRIES; tries++) {
		if (send(queue->fd, queue->out, queue->out_len, 0) >= 0)
			break;
		counter_add(&queue->config.counters->send_errors, 1);
	}
	queue->out_len = 0;
	if (tries == SEND_TRIES) {
		queue->run_last_be = htobe32(queue->last_id);
		queue->has_run = true;
	}
}

static void accept_unchanged(struct queue *queue, const struct queue_packet *packet)
{
	queue->run_last_be = packet->id_be;
	queue->has_run = true;
}

/* With its own verdict: len bytes of payload where they changed, and the tag where that did. */
static void accept_changed(struct queue *queue, const struct queue_packet *packet,
			   const struct queue_answer *answer, size_t len)
{
	uint8_t *at;
	size_t used;

	flush_run(queue);
	at = queue->out + queue->out_len;
	used = queue_msg_put_verdict(at, queue->config.number, packet->id_be, packet->id_be,
				     NF_ACCEPT, answer->payload ? packet->payload : NULL, len);
	queue->out_len += answer->tagged ?
			  queue_msg_add_tag(at, answer->on_priority, answer->tag) : used;
	if (queue->out_len > OUT_FULL)
		send_verdicts(queue);
}

static struct limit find_limit(const struct snapshot *snapshot, const struct queue_packet *packet,
			       const struct syn *syn)
{
	struct flow flow = {
		.family = syn->family,
		.in_ifindex = packet->in_ifindex,
		.out_ifindex = packet->out_ifindex,
		.mark = packet->mark,
		.source = syn->source,
		.destination = syn->destination,
	};

	return snapshot_lookup(snapshot, &flow);
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
static size_t treat_packet(struct queue *queue, const struct snapshot *snapshot,
			   struct queue_packet *packet, size_t capacity,
			   struct queue_answer *ret_answer)
{
	const struct snapshot_mode *mode = snapshot_mode(snapshot);
	struct clamp_outcome outcome = { .len = packet->payload_len };
	enum syn_result forbidden = queue_answer_forbidden(mode, packet);
	enum family family = FAMILY_COUNT;
	struct limit limit;
	struct syn syn;
	bool found;

	found = packet_find_syn(packet->payload, packet->payload_len, &family, &syn,
				&outcome.result);
	if (found && mode->check.port &&
	    queue_answer_check(&mode->check, packet, &syn, ret_answer)) {
		counter_add(&queue->config.counters->checks, 1);
		return packet->payload_len;
	}
	if (forbidden != SYN_UNDECIDED)
		outcome.result = forbidden;
	if (!found || forbidden != SYN_UNDECIDED) {
		*ret_answer = queue_answer_choose(mode, packet, MSS_NONE, NULL);
		count_left_alone(queue->config.counters, family, &outcome);
		return packet->payload_len;
	}
	limit = find_limit(snapshot, packet, &syn);
	if (mode->audit) {
		outcome = clamp_audit(&syn, packet->payload_len, capacity, limit.mss, &mode->clamp);
	} else {
		if (packet->skb_info & NFQA_SKB_CSUMNOTREADY)
			clamp_finish_checksum(&syn);
		outcome = clamp_syn(&syn, packet->payload_len, capacity, limit.mss, &mode->clamp);
	}
	*ret_answer = queue_answer_choose(mode, packet, limit.mss, &outcome);
	if (mode->marks && queue_answer_collides(mode, packet))
		counter_add(&queue->config.counters->collisions, 1);
	counters_count(queue->config.counters, family, &outcome, &limit);
	return outcome.len;
}

/* Ids are given in order under one lock, so a jump means packets that never came to us: passed by
 * fail-open, or refused where that is off. */
static void note_id(struct queue *queue, uint32_t id)
{
	struct counters *counters = queue->config.counters;

	if (queue->has_id && id != queue->last_id + 1)
		counter_add(&counters->id_gaps, id - queue->last_id - 1);
	queue->last_id = id;
	queue->has_id = true;
	atomic_store_explicit(&counters->last_id, id, memory_order_relaxed);
	counter_add(&counters->received, 1);
}

static void serve_packet(struct queue *queue, const struct snapshot *snapshot,
			 struct queue_packet *packet, const uint8_t *slot_end)
{
	struct queue_answer answer;
	size_t len;

	note_id(queue, be32toh(packet->id_be));
	if (!packet->payload) {
		counters_count_not_ip(queue->config.counters);
		accept_unchanged(queue, packet);
		return;
	}
	len = treat_packet(queue, snapshot, packet, (size_t)(slot_end - packet->payload), &answer);
	if (answer.payload || answer.tagged)
		accept_changed(queue, packet, &answer, len);
	else
		accept_unchanged(queue, packet);
}

/* Answers of the kernel to our verdicts: a packet it has dropped meanwhile (link gone, base chain
 * deleted) is unknown to it. Counted, never a reason to stop. A verdict refused for another reason
 * leaves its packet waiting: one batch verdict more is tried for it. */
static void note_error(struct queue *queue, const struct queue_error *error)
{
	if (error->error == 0) {
		queue->drained |= error->sequence == SEQUENCE_DRAIN;
		return;
	}
	counter_add(&queue->config.counters->verdict_errors, 1);
	if (error->error == -ENOENT)
		return;
	counter_add(&queue->config.counters->verdicts_refused, 1);
	if (!queue->has_run && error->sequence != queue->retried_be) {
		queue->run_last_be = error->sequence;
		queue->retried_be = error->sequence;
		queue->has_run = true;
	}
}

static void serve_message(struct queue *queue, const struct snapshot *snapshot, size_t slot)
{
	const struct mmsghdr *header = &queue->headers[slot];
	uint8_t *data = queue->slots + slot * SLOT_LEN;
	const uint8_t *slot_end = data + SLOT_LEN;
	size_t left = header->msg_len, used;
	bool whole = !(header->msg_hdr.msg_flags & MSG_TRUNC);
	struct queue_packet packet;
	struct queue_error error;

	do {
		switch (queue_msg_parse(data, left, whole, &packet, &error, &used)) {
		case QUEUE_MSG_PACKET:
			serve_packet(queue, snapshot, &packet,
				     used < left ? data + used : slot_end);
			break;
		case QUEUE_MSG_ERROR:
			note_error(queue, &error);
			break;
		case QUEUE_MSG_OTHER:
			counter_add(&queue->config.counters->malformed_messages, 1);
			break;
		}
		data += used;
		left -= used;
	} while (used > 0 && left > 0);
}

static enum queue_state receive_failed(struct queue *queue, int error)
{
	switch (error) {
	case EAGAIN:
		send_verdicts(queue); /* what an earlier failure left over */
		return atomic_load_explicit(&queue->draining, memory_order_relaxed) ? QUEUE_EMPTY :
										      QUEUE_IDLE;
	case EINTR:
		return QUEUE_IDLE;
	case ENOBUFS:
	case ENOMEM:
		counter_add(&queue->config.counters->receive_errors, 1);
		return QUEUE_BUSY;
	default:
		counter_add(&queue->config.counters->receive_errors, 1);
		return QUEUE_FAILED;
	}
}

static void note_depth(struct counters *counters, uint64_t packets)
{
	if (packets > counter_read(&counters->depth_peak))
		atomic_store_explicit(&counters->depth_peak, packets, memory_order_relaxed);
}

enum queue_state queue_serve(struct queue *queue)
{
	const struct snapshot *snapshot;
	uint64_t begin_ns = 0;
	int n;

	n = recvmmsg(queue->fd, queue->headers, BATCH_MAX,
		     queue->drained ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
	if (n <= 0)
		return receive_failed(queue, n < 0 ? errno : EAGAIN);
	if (queue->rounds++ % LATENCY_EVERY == 1)
		begin_ns = clock_monotonic_ns();

	snapshot = slot_enter(queue->config.slot, queue->config.reader);
	for (int i = 0; i < n; i++)
		serve_message(queue, snapshot, (size_t)i);
	slot_leave(queue->config.slot, queue->config.reader);
	send_verdicts(queue);

	if (begin_ns)
		counters_count_latency(queue->config.counters, clock_monotonic_ns() - begin_ns);
	note_depth(queue->config.counters, (uint64_t)n);
	return QUEUE_BUSY;
}
