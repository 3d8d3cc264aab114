/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a pcapng file (draft-ietf-opsawg-pcapng) of IP packets: two interfaces, what came and what
 * left, times in nanoseconds, and what was done as a comment of each packet. Every block is whole
 * once it is written, so a file that ends early can be read up to there. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum pcapng_interface { PCAPNG_BEFORE, PCAPNG_AFTER };

#define PCAPNG_COMMENT_MAX 1000 /* bytes; what is longer is cut */

struct pcapng_packet {
	enum pcapng_interface interface;
	uint64_t time_ns;     /* since 1970 */
	const uint8_t *bytes; /* from the IP header on */
	size_t len;           /* of bytes */
	size_t whole_len;     /* of the packet, which may have more */
	const char *comment;  /* UTF-8, or NULL */
};

/* What stands in front of all packets. The stream tells what could not be written (ferror). */
void pcapng_write_header(FILE *out);
void pcapng_write_packet(FILE *out, const struct pcapng_packet *packet);
