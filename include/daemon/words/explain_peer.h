/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer that somebody means by one word. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/control.h"
#include "policy/tunnel/tunnel_set.h"

#define EXPLAIN_ID_PART_MIN 6 /* characters of an id that stand for all of it */

/* Whether text can be meant as a peer only: one word, and no try at an address. */
bool explain_peer_is_word(const char *text);

/* By its id or name, or by the head of its id as `peers` shows it ("hztepTLZOJmx6..."), where it
 * is no other's. Returns 0, -ENOENT (nobody), or -ENOTUNIQ with *ret_count, the ids it fits. */
int explain_peer_find(const struct tunnel_set *set, const char *text, uint32_t *ret_place,
		      size_t *ret_count);

/* Tells the call why explain_peer_find gave r for a word: nobody, several, or no peer but a tunnel
 * or another interface. Returns r. */
int explain_peer_refuse(struct control_call *call, const struct tunnel_set *set, const char *word,
			int r, size_t count);

/* Whether the link is WireGuard and its peers are known: what none of them is allowed it drops. */
bool explain_peer_drops_others(const struct tunnel_set *set, uint32_t ifindex);
