/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard and AmneziaWG that run in user space, asked over their sockets in /var/run/wireguard
 * and /var/run/amneziawg. Their answers hold the private key: what is read is wiped. */
#pragma once

#include <stdint.h>

#include "base/log.h"
#include "facts/change.h"
#include "proto/facts.h"

/* One that does not answer in time is left alone: for 2 s, then 4, up to 32. */
#define WIREGUARD_ANSWER_MS 1000

struct wireguard_pause;

struct wireguard {
	struct facts facts; /* wireguard */
	RECORD_LIST(struct wireguard_pause) pauses;
	struct log_ratelimit broken; /* says that an answer could not be used */
};

/* Asks every device of the question that has a socket. folder: "/var/run" outside of tests.
 * Returns a change, or -ENOMEM. */
int wireguard_refresh(struct wireguard *wireguard, const struct facts_question *question,
		      const char *folder, uint64_t now_ns);
void wireguard_done(struct wireguard *wireguard);
