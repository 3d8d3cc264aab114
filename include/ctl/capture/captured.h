/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet of Capture's replies: what it says, its bytes. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/options/ctl.h"

#define CAPTURED_BYTES_MAX 65535

struct captured_packet {
	uint8_t *bytes;   /* owned */
	size_t len, whole_len;
};

/* The packet before or after (key) of a CapturedSyn. Returns 0 and its bytes, -ENOENT where there
 * is none, -EBADMSG where it makes no sense, or -ENOMEM. */
int captured_read_packet(const json_t *syn, const char *key, struct captured_packet *ret_packet);

/* Nanoseconds since 1970 of an RFC 3339 time in UTC with any number of digits. Returns 0 or
 * -EBADMSG. */
int captured_read_time(const char *text, uint64_t *ret_ns);

/* What became of it, in words: "mss 1460 -> 1368, peer alice of wg0, 11 us". Owned, as it came: not
 * cleaned for a terminal. NULL: out of memory. */
char *captured_verdict(const json_t *syn);

/* Prints it: a line where the screen has room, else two and more. */
void captured_print(const struct ctl *ctl, const json_t *syn);
