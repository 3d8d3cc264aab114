/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker makes of the messages it received: bytes in, bytes of its verdicts out. No socket
 * and no system call, so that it can be replayed and counted (tests/bench/replay.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "edge/queue/queue.h"
#include "edge/queue/queue_msg.h"
#include "policy/again.h"
#include "policy/capture/tap.h"
#include "policy/snapshot/snapshot.h"

/* One received message: a full jumbo frame (9000 bytes and the message's attributes around it).
 * 153 cache lines, an odd number, so that the slots don't fall on the same sets of the cache. */
#define QUEUE_SLOT_LEN 9792

/* Verdicts are sent at this length at the latest: the kernel refuses a send over its send buffer
 * (212,992 bytes by default), and only jumbo SYNs with data ever come here. */
#define QUEUE_OUT_FULL (64 * 1024)
/* How much longer than a message its verdict may be: 32 bytes for the run before, 8 for a mark, 4
 * for an option that is added. */
#define QUEUE_VERDICT_EXTRA 44
/* Full, and the datagram that makes it so: its bytes, and the extra ones of as many messages as fit
 * in it: of 40 bytes, for one without any payload has no verdict of its own. */
#define QUEUE_OUT_LEN (QUEUE_OUT_FULL + QUEUE_SLOT_LEN + QUEUE_SLOT_LEN / 40 * QUEUE_VERDICT_EXTRA)

#define QUEUE_SEQUENCE_LAST 0 /* ids, the sequences of verdicts, begin with 1 */
#define QUEUE_SEQUENCE_RESIZE UINT32_MAX
#define QUEUE_SEQUENCE_SWEEP (UINT32_MAX - 1) /* a verdict for whatever there may be */

/* So many messages are read before the first of them is decided: while one waits for memory that
 * its look-up needs, that of the others is fetched too. */
#define QUEUE_ITEMS 16

/* A message that was read. */
struct queue_item {
	enum queue_msg_kind kind;
	struct queue_error error;   /* of QUEUE_MSG_ERROR; the rest is of QUEUE_MSG_PACKET */
	struct queue_packet packet;
	const uint8_t *end;         /* of the room that its payload may grow into */
	bool is_syn;                /* syn and lookup are set, else reason is */
	enum syn_result reason;
	struct syn syn;
	struct flow flow;           /* without a SYN the family alone, FAMILY_COUNT: neither */
	struct snapshot_lookup lookup;
};

/* The worker's alone. */
struct queue_answer {
	const struct queue_config *config; /* borrowed */
	bool has_last;         /* the kernel has acknowledged QUEUE_SEQUENCE_LAST */
	bool has_id;           /* last_id is of a packet */
	bool has_run;          /* packets up to run_last_be are still to be accepted */
	uint32_t last_id;      /* host order */
	uint32_t run_last_be;  /* id of the newest packet of a run to accept as it is */
	uint32_t retried_be;   /* id a refused verdict was tried for once more */
	size_t len;            /* bytes of verdicts in out */
	uint8_t *out;          /* owned */
	struct tap_ring *ring; /* borrowed, where what is decided now is to be told; else NULL */
	struct again *again;   /* owned */
	size_t item_count;
	size_t item_bytes;     /* what their verdicts may add to out */
	struct queue_item items[QUEUE_ITEMS];
};

/* The packets to come have later ids than that one. */
void queue_answer_go_on(struct queue_answer *answer, uint32_t last_id);

/* Borrows the configuration until queue_answer_done. Returns 0 or -ENOMEM. */
int queue_answer_init(struct queue_answer *answer, const struct queue_config *config);
void queue_answer_done(struct queue_answer *answer);

/* Decides about received messages, under one snapshot, and appends their verdicts to out, in order.
 * headers  as recvmmsg filled them; the payload of changed packets is edited in place, with room of
 *          QUEUE_SLOT_LEN in the one buffer of each
 * Returns how many messages were taken: fewer than count only when out is full. */
size_t queue_answer_messages(struct queue_answer *answer, const struct mmsghdr *headers,
			     size_t count);

/* Closes the run of packets to accept as they are. out is then ready to be sent. */
void queue_answer_flush(struct queue_answer *answer);

/* Empties out: its verdicts were sent, or, where they could not be, all of them are to be let pass
 * by the next one. */
void queue_answer_sent(struct queue_answer *answer, bool sent);
