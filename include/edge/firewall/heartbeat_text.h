/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dead-man switch in nft's language, and its set in netlink's: for
 * src/edge/firewall/heartbeat*.c and their tests. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HEARTBEAT_MARK 0x6d737363u   /* "mssc": of the datagrams that are signs of life */
#define HEARTBEAT_PORT 9u            /* discard: where one goes when its rule is gone */
#define HEARTBEAT_SECONDS 5u         /* a sign of life is good for that long */
#define HEARTBEAT_WRITTEN_SECONDS 15u /* one that had to be written */
#define HEARTBEAT_SET "alive"
#define HEARTBEAT_CHAIN "heartbeat"
#define HEARTBEAT_HOOKS 2

struct heartbeat_hook {
	unsigned int hook;  /* FIREWALL_* bit */
	const char *name;   /* nft's */
	const char *chain;  /* ours there */
};
extern const struct heartbeat_hook heartbeat_hook_rows[HEARTBEAT_HOOKS];

/* What can be tried in a dry run. */
void heartbeat_text_try(FILE *out);

#define HEARTBEAT_MSG_MAX 1024 /* bytes of the longest of these messages */

/* A batch that leaves each of those families (NFPROTO_*) alive for HEARTBEAT_WRITTEN_SECONDS,
 * whatever was there: an element that exists is not refreshed by adding it. The last message asks
 * for an acknowledgement. Returns the length. */
size_t heartbeat_msg_refresh(void *buffer, const uint8_t *families, size_t count);
/* A batch that empties the set. */
size_t heartbeat_msg_stop(void *buffer);
