/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of a pcapng file as bytes (draft-ietf-opsawg-pcapng). Pure: ctl/trace/trace_file.h reads
 * them. All values are host order, whatever the section's is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_BLOCK_HEAD 8     /* block type 4 + total length 4 */
#define PCAPNG_BLOCK_MIN 12     /* the head and the total length once more at the end */
#define PCAPNG_INTERFACES_MAX 65536 /* of one section */

enum pcapng_type {
	PCAPNG_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
	PCAPNG_INTERFACE = 1,
	PCAPNG_PACKET_OLD = 2,
	PCAPNG_PACKET_SIMPLE = 3,
	PCAPNG_PACKET = 6,
};

struct pcapng_interface {
	uint32_t link_type;
	uint32_t snaplen;       /* bytes, 0: no limit */
	uint8_t resolution;     /* if_tsresol as it stands in the file */
	int64_t offset_seconds; /* if_tsoffset */
	bool before, after;     /* its packets are SYNs as they came to mssclampd, or the same once
				 * more as they left it: ctl/capture/pcapng.c writes both */
};

/* What holds within one section. */
struct pcapng_section {
	bool big_endian;
	struct pcapng_interface *interfaces; /* owned */
	size_t count, capacity;
};

/* A packet that a block tells of. */
struct pcapng_captured {
	uint32_t interface;
	uint64_t time_ns; /* since 1970, 0 where the block has none */
	bool has_time;
	uint32_t len, original_len; /* bytes captured, bytes on the wire */
};

/* Order of a section by the magic number, the first 4 bytes of its body. False: neither. */
bool pcapng_read_order(const uint8_t magic[4], bool *ret_big_endian);

/* A number of the file in the section's order. */
uint32_t pcapng_get32(const struct pcapng_section *section, const uint8_t *pos);

/* Begins a section anew: no interfaces. Frees those of the one before. */
void pcapng_section_reset(struct pcapng_section *section, bool big_endian);
void pcapng_section_done(struct pcapng_section *section);

/* Reads an interface block's body. Returns 0; -EBADMSG where it is too short, -ENOSPC with
 * PCAPNG_INTERFACES_MAX of them, -ENOMEM. */
int pcapng_add_interface(struct pcapng_section *section, const uint8_t *body, size_t len);

/* Whether blocks of that type hold a packet, and how many bytes of their body stand before it. */
bool pcapng_is_packet(uint32_t type, size_t *ret_fixed_len);

/* Reads what stands in front of a packet. body: the fixed part; body_len: bytes of the whole body.
 * Returns 0; -EBADMSG where its lengths do not fit the block, -ENOENT where its interface was
 * never described. */
int pcapng_read_packet(const struct pcapng_section *section, uint32_t type, const uint8_t *body,
		       size_t body_len, struct pcapng_captured *ret_packet);
