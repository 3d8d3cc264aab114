/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "edge/queue/queue_answer.h"
#include "edge/queue/queue_kept.h"
#include "edge/queue/queue_msg.h"
#include "edge/queue/queue_setup.h"

/* Packets taken in one go. One when idle, so nothing waits; with 64 the two system calls of a batch
 * are 2 % of its cost, more would only lengthen the tail of the latency (doc/hot_path.md). */
#define BATCH_MAX 64

/* One batch in 16 is timed, from the second on: the first one runs over cold pages. */
#define LATENCY_EVERY 16

#define SEND_TRIES 3

/* A socket that brings errors and nothing else is tried so many times, with a pause that makes no
 * load; to try it takes nothing from the packets that wait, and to close it does. */
#define ERRORS_MAX 2000
#define ERROR_PAUSE_NS NS_PER_MS

/* What the worker is asked for. */
enum ending {
	ENDING_NONE,
	ENDING_DRAINED,  /* the kernel lets pass what comes: answer what waits */
	ENDING_RELEASED, /* somebody else goes on behind what was read */
};

struct queue {
	struct queue_config config;
	int fd;
	uint32_t receive_buffer;   /* bytes, as SO_RCVBUF tells */
	atomic_uint ending;        /* set by the control thread, relaxed: it orders nothing */
	atomic_bool told;          /* the kernel knows of it; the same */
	uint64_t rounds;
	unsigned int errors;       /* of receiving, since it last brought something */
	struct queue_answer answer;
	struct mmsghdr headers[BATCH_MAX];
	struct iovec vectors[BATCH_MAX];
	uint8_t *slots;            /* BATCH_MAX x QUEUE_SLOT_LEN */
};

/* Everything but the socket. Returns owned, or NULL; logged. */
static struct queue *queue_new(const struct queue_config *config)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		goto fail;
	queue->config = *config;
	queue->fd = -1;
	queue->slots = aligned_alloc(64, (size_t)BATCH_MAX * QUEUE_SLOT_LEN);
	if (!queue->slots || queue_answer_init(&queue->answer, &queue->config) < 0)
		goto fail;
	for (size_t i = 0; i < BATCH_MAX; i++) {
		queue->vectors[i].iov_base = queue->slots + i * QUEUE_SLOT_LEN;
		queue->vectors[i].iov_len = QUEUE_SLOT_LEN;
		queue->headers[i].msg_hdr.msg_iov = &queue->vectors[i];
		queue->headers[i].msg_hdr.msg_iovlen = 1;
	}
	return queue;
fail:
	log_error(-ENOMEM, "queue %u", config->number);
	queue_close(queue);
	return NULL;
}

int queue_open(const struct queue_config *config, struct queue **ret_queue)
{
	struct queue *queue = queue_new(config);
	int r;

	if (!queue)
		return -ENOMEM;
	r = queue_setup(config, &queue->fd, &queue->receive_buffer);
	if (r < 0) {
		queue_close(queue);
		return r;
	}
	queue_warn_of_buffer(config, queue->receive_buffer);
	*ret_queue = queue;
	return 0;
}

int queue_go_on(struct queue *queue)
{
	struct queue_kept kept;
	int r = queue_kept_adopt(queue->fd, &queue->config, &kept);

	if (r < 0)
		return r;
	queue->receive_buffer = kept.receive_buffer;
	queue_answer_go_on(&queue->answer, kept.last_id);
	return 0;
}

int queue_adopt(const struct queue_config *config, int fd, struct queue **ret_queue)
{
	struct queue *queue = queue_new(config);
	int r;

	if (!queue)
		return -ENOMEM;
	queue->fd = fd;
	r = queue_go_on(queue);
	if (r < 0) {
		queue->fd = -1;
		queue_close(queue);
		return r;
	}
	queue_warn_of_buffer(config, queue->receive_buffer);
	*ret_queue = queue;
	return 0;
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

int queue_lock_memory(struct queue *queue)
{
	const int of_queue = memory_lock(queue, sizeof(*queue));
	const int of_slots = memory_lock(queue->slots, (size_t)BATCH_MAX * QUEUE_SLOT_LEN);
	const int of_out = memory_lock(queue->answer.out, QUEUE_OUT_LEN);

	return of_queue < 0 ? of_queue : of_slots < 0 ? of_slots : of_out;
}

uint16_t queue_number(const struct queue *queue)
{
	return queue->config.number;
}

int queue_descriptor(const struct queue *queue)
{
	return queue->fd;
}

/* The acknowledgement comes behind all packets that wait, and wakes the worker, perhaps before send
 * returns. Where it is lost, for the socket is full, packets wake the worker: one that is to drain
 * ends when a second was silent, which it may do only once the kernel was told; one that is
 * released ends behind any batch. */
static int request_end(struct queue *queue, enum ending ending, uint32_t max_packets)
{
	int r;

	atomic_store_explicit(&queue->ending, ending, memory_order_relaxed);
	r = queue_send_settings(queue->fd, queue->config.number, QUEUE_SEQUENCE_LAST, max_packets);
	atomic_store_explicit(&queue->told, true, memory_order_relaxed);
	return r;
}

int queue_request_drain(struct queue *queue)
{
	return request_end(queue, ENDING_DRAINED, 0);
}

int queue_request_release(struct queue *queue)
{
	return request_end(queue, ENDING_RELEASED, queue_length(queue->config.max_packets));
}

void queue_keep(struct queue *queue)
{
	atomic_store_explicit(&queue->ending, ENDING_NONE, memory_order_relaxed);
	atomic_store_explicit(&queue->told, false, memory_order_relaxed);
}

int queue_let_pass(struct queue *queue)
{
	return queue_send_let_pass(queue->fd, queue->config.number);
}

int queue_resize(struct queue *queue, uint32_t max_packets)
{
	int r = queue_set_receive_buffer(queue->fd, max_packets, &queue->receive_buffer);

	if (r < 0)
		return r;
	queue->config.max_packets = max_packets;
	return queue_send_settings(queue->fd, queue->config.number, QUEUE_SEQUENCE_RESIZE,
				   queue_length(max_packets));
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

static enum ending ending_of(struct queue *queue)
{
	return atomic_load_explicit(&queue->ending, memory_order_relaxed);
}

/* Whether what comes now is behind the last packet that the worker is to answer. An acknowledgement
 * that nobody asks for was an earlier reader's, or its request was taken back. */
static bool has_last(struct queue *queue)
{
	if (!queue->answer.has_last)
		return false;
	queue->answer.has_last = ending_of(queue) != ENDING_NONE;
	return queue->answer.has_last;
}

static enum queue_state receive_failed(struct queue *queue, int error)
{
	const struct timespec pause = { .tv_nsec = ERROR_PAUSE_NS };

	if (error == EAGAIN) {
		queue->errors = 0;
		send_verdicts(queue); /* what an earlier failure left over */
		return atomic_load_explicit(&queue->told, memory_order_relaxed) ? QUEUE_EMPTY :
										  QUEUE_IDLE;
	}
	if (error != EINTR)
		counter_add(&queue->config.counters->receive_errors, 1);
	if (++queue->errors > ERRORS_MAX)
		return QUEUE_FAILED;
	if (queue->errors > 1) /* a single one is nothing */
		nanosleep(&pause, NULL);
	return QUEUE_BUSY;
}

static void note_depth(struct counters *counters, uint64_t packets)
{
	if (packets > counter_read(&counters->depth_peak))
		counter_set(&counters->depth_peak, packets);
}

/* What is decided from now on is told, where somebody watches. */
static void begin_to_tell(struct queue *queue)
{
	struct tap *tap = queue->config.tap;

	if (!tap || !tap_is_watched(tap))
		return;
	queue->answer.ring = tap_enter(tap);
	if (queue->answer.ring)
		tap_date(queue->answer.ring, clock_realtime_ns());
}

static void end_to_tell(struct queue *queue)
{
	if (!queue->answer.ring)
		return;
	tap_leave(queue->config.tap, queue->answer.ring, clock_realtime_ns());
	queue->answer.ring = NULL;
}

enum queue_state queue_serve(struct queue *queue)
{
	uint64_t begin_ns = 0;
	size_t done = 0;
	int n;

	n = recvmmsg(queue->fd, queue->headers, BATCH_MAX,
		     has_last(queue) ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
	if (n <= 0)
		return receive_failed(queue, n < 0 ? errno : EAGAIN);
	queue->errors = 0;
	if (queue->rounds++ % LATENCY_EVERY == 1)
		begin_ns = clock_monotonic_ns();
	begin_to_tell(queue);
	while (done < (size_t)n) {
		done += queue_answer_messages(&queue->answer, &queue->headers[done],
					      (size_t)n - done);
		send_verdicts(queue);
	}
	end_to_tell(queue);
	if (begin_ns)
		counters_count_latency(queue->config.counters, clock_monotonic_ns() - begin_ns);
	note_depth(queue->config.counters, (uint64_t)n);
	return ending_of(queue) == ENDING_RELEASED ? QUEUE_EMPTY : QUEUE_BUSY;
}
