/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/queue_answer.h"
#include "edge/queue_msg.h"
#include "edge/queue_setup.h"

/* Packets taken in one go. One when idle, so nothing waits; with 64 the two system calls of a batch
 * are 2 % of its cost, more would only lengthen the tail of the latency (doc/hot_path.md). */
#define BATCH_MAX 64

/* One batch in 16 is timed, from the second on: the first one runs over cold pages. */
#define LATENCY_EVERY 16

#define SEND_TRIES 3

struct queue {
	struct queue_config config;
	int fd;
	uint32_t receive_buffer;   /* bytes, as SO_RCVBUF tells */
	atomic_bool draining;      /* set by the control thread, relaxed: it orders nothing */
	uint64_t rounds;
	struct queue_answer answer;
	struct mmsghdr headers[BATCH_MAX];
	struct iovec vectors[BATCH_MAX];
	uint8_t *slots;            /* BATCH_MAX x QUEUE_SLOT_LEN */
};

int queue_open(const struct queue_config *config, struct queue **ret_queue)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int r = -ENOMEM;

	if (!queue)
		return log_error(-ENOMEM, "queue %u", config->number);
	queue->config = *config;
	queue->fd = -1;
	queue->slots = aligned_alloc(64, (size_t)BATCH_MAX * QUEUE_SLOT_LEN);
	if (!queue->slots || queue_answer_init(&queue->answer, &queue->config) < 0) {
		log_error(r, "queue %u", config->number);
		goto fail;
	}
	for (size_t i = 0; i < BATCH_MAX; i++) {
		queue->vectors[i].iov_base = queue->slots + i * QUEUE_SLOT_LEN;
		queue->vectors[i].iov_len = QUEUE_SLOT_LEN;
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
	queue_answer_done(&queue->answer);
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
	len = queue_msg_put_settings(message, queue->config.number, QUEUE_SEQUENCE_DRAIN,
				     &pass_all);
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
	len = queue_msg_put_settings(message, queue->config.number, QUEUE_SEQUENCE_RESIZE,
				     &settings);
	return send(queue->fd, message, len, 0) < 0 ? -errno : 0;
}

/* All verdicts so far in one send, in packet order. A send that fails as a whole did nothing and is
 * tried again; what fails three times is let pass by the next batch verdict. */
static void send_verdicts(struct queue *queue)
{
	struct queue_answer *answer = &queue->answer;
	int tries;

	queue_answer_flush(answer);
	if (answer->len == 0)
		return;
	for (tries = 0; tries < SEND_TRIES; tries++) {
		if (send(queue->fd, answer->out, answer->len, 0) >= 0)
			break;
		counter_add(&queue->config.counters->send_errors, 1);
	}
	queue_answer_sent(answer, tries < SEND_TRIES);
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
	uint64_t begin_ns = 0;
	size_t done = 0;
	int n;

	n = recvmmsg(queue->fd, queue->headers, BATCH_MAX,
		     queue->answer.drained ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
	if (n <= 0)
		return receive_failed(queue, n < 0 ? errno : EAGAIN);
	if (queue->rounds++ % LATENCY_EVERY == 1)
		begin_ns = clock_monotonic_ns();

	while (done < (size_t)n) {
		done += queue_answer_messages(&queue->answer, &queue->headers[done],
					      (size_t)n - done);
		send_verdicts(queue);
	}
	if (begin_ns)
		counters_count_latency(queue->config.counters, clock_monotonic_ns() - begin_ns);
	note_depth(queue->config.counters, (uint64_t)n);
	return QUEUE_BUSY;
}
