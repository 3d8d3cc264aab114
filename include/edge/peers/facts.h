/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of mssclamp-facts (proto/facts): a connection that is kept, and what it told.
 * Without it the daemon works as before and knows less. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "policy/tunnel/tunnel.h"
#include "proto/facts.h"

#define FACTS_SOCKET "/run/mssclamp/facts"
#define FACTS_RETRY_NS (5 * NS_PER_SECOND)
#define FACTS_RETRY_MAX_NS (40 * NS_PER_SECOND) /* who cannot even be started in time */
#define FACTS_SILENT_NS (20 * NS_PER_SECOND)   /* it is asked again after that */
#define FACTS_PATIENCE_NS (10 * NS_PER_SECOND) /* a question is answered within that */
#define FACTS_SETTLE_NS NS_PER_SECOND /* a program that makes a link is known within that */
#define FACTS_LOOK_NS (3 * NS_PER_SECOND)

struct facts_reader;

/* What `tunnels` of the configuration says beside discovery; texts may be NULL and are borrowed
 * for the call. */
struct facts_source {
	const char *match;       /* interface glob */
	const char *kind;        /* "openvpn", or NULL */
	const char *status_file; /* OpenVPN's, a whole path */
	const char *cipher, *auth;
};

/* Starts a mssclamp-facts of our own in the place of the last one, which is ended. Returns 0 and
 * the owned, not blocking socket to it, or -errno: behind -ETIME the pause is doubled. */
struct facts_starter {
	int (*start)(void *userdata, int *ret_fd);
	void *userdata;
};

/* socket: the unit's socket (FACTS_SOCKET); starter: for hosts without the unit, copied, or NULL.
 * Returns owned, or NULL (out of memory). Does nothing yet: facts_connect does. */
struct facts_reader *facts_new(const char *socket, const struct facts_starter *starter);
/* Closes; one that was started ends by that. NULL is fine. */
void facts_free(struct facts_reader *reader);

/* Connects if there is no connection and the last try is FACTS_RETRY_NS ago: to the socket, or,
 * where nobody listens there and there is a starter, to one that it starts. Blocks at most for
 * that. Returns true when there is a new connection: facts_fd is another one, and the last question
 * has been sent again. Why there is none is said once, and so is its return, which is an answer. */
bool facts_connect(struct facts_reader *reader, uint64_t now_ns);
/* News come when there are any, so silence tells nothing: asks again after FACTS_SILENT_NS of it. A
 * connection on which a question has brought nothing for FACTS_PATIENCE_NS is closed, which is said
 * once. What has arrived is to be read before. Returns 0, or -EPIPE: closed. */
int facts_check(struct facts_reader *reader, uint64_t now_ns);
/* CLOCK_BOOTTIME of the next try (facts_connect) or check; UINT64_MAX without a question. */
uint64_t facts_due(const struct facts_reader *reader);
/* Whether the last question has no answer yet, be it that nothing is known. */
bool facts_is_waiting(const struct facts_reader *reader);
/* Whether an answer about links that have just come is still to be expected: FACTS_SETTLE_NS after
 * another question, FACTS_LOOK_NS where it has no answer at all, never where nobody answers. */
bool facts_is_looking(const struct facts_reader *reader, uint64_t now_ns);
/* What it means that nobody answers, a sentence for people, or NULL: somebody does. */
const char *facts_absence(const struct facts_reader *reader);
/* To be watched for input; -1 without a connection. */
int facts_fd(const struct facts_reader *reader);

/* Asks about these links if the answer may differ from the last one: devices of kind tun, ovpn,
 * ovpn-dco and ppp, and the sources' status files. Returns 0, also without a connection, or
 * -ENOMEM. */
int facts_ask(struct facts_reader *reader, const struct link *links, size_t count,
	      const struct facts_source *sources, size_t source_count);

/* Takes what has arrived; never blocks. Returns 1: facts_current has changed; 0; or -EPIPE: the
 * connection is closed (facts_fd is -1 now, what was known stays, the last of it perhaps just
 * come). A message that is not right is dropped whole, counted and said once an hour. */
int facts_read(struct facts_reader *reader);

/* What is known, borrowed until the next facts_read; all empty at first. */
const struct facts *facts_current(const struct facts_reader *reader);
uint64_t facts_malformed_total(const struct facts_reader *reader);

/* Pure. One message, as proto/varlink split it, into facts. Returns 0, or -EBADMSG with ret_why
 * (RECORD_WHY_MAX bytes) or -ENOMEM, and *ret_facts is all 0. */
int facts_parse(const json_t *message, struct facts *ret_facts, char *ret_why);
