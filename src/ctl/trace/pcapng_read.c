/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/pcapng_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "core/wire.h"

#define MAGIC 0x1a2b3c4d

enum {
	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
	INTERFACE_FIXED = 8,     /* link type 2, reserved 2, snap length 4 */
	PACKET_FIXED = 20,       /* interface 4, time 8, lengths 4 + 4; the old one: 2 + 2 drops */
	PACKET_SIMPLE_FIXED = 4, /* the length on the wire */
	RESOLUTION_DEFAULT = 6,  /* microseconds */
};

static uint16_t get16(const struct pcapng_section *section, const uint8_t *pos)
{
	uint16_t value = wire_get16(pos);

	return section->big_endian ? value : __builtin_bswap16(value);
}

uint32_t pcapng_get32(const struct pcapng_section *section, const uint8_t *pos)
{
	uint32_t value = wire_get32(pos);

	return section->big_endian ? value : __builtin_bswap32(value);
}

bool pcapng_read_order(const uint8_t magic[4], bool *ret_big_endian)
{
	uint32_t value = wire_get32(magic);

	if (value != MAGIC && value != __builtin_bswap32(MAGIC))
		return false;
	*ret_big_endian = value == MAGIC;
	return true;
}

void pcapng_section_reset(struct pcapng_section *section, bool big_endian)
{
	section->big_endian = big_endian;
	section->count = 0;
}

void pcapng_section_done(struct pcapng_section *section)
{
	free(section->interfaces);
	*section = (struct pcapng_section){ .count = 0 };
}

static bool is_text(const uint8_t *pos, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(pos, text, size) == 0;
}

static void read_name(const uint8_t *pos, size_t size, struct pcapng_interface *interface)
{
	interface->before = is_text(pos, size, "before");
	interface->after = is_text(pos, size, "after");
}

/* Takes what we know of the options of an interface; a length that does not fit ends them. */
static void read_options(const struct pcapng_section *section, const uint8_t *pos, size_t len,
			 struct pcapng_interface *interface)
{
	while (len >= 4) {
		uint16_t code = get16(section, pos), size = get16(section, pos + 2);
		size_t padded = ((size_t)size + 3) & ~(size_t)3;

		if (code == OPTION_END || padded > len - 4)
			return;
		if (code == OPTION_NAME)
			read_name(pos + 4, size, interface);
		if (code == OPTION_TSRESOL && size == 1)
			interface->resolution = pos[4];
		if (code == OPTION_TSOFFSET && size == 8) {
			uint64_t value = wire_get64(pos + 4);

			interface->offset_seconds = (int64_t)(section->big_endian ?
							      value : __builtin_bswap64(value));
		}
		pos += 4 + padded;
		len -= 4 + padded;
	}
}

int pcapng_add_interface(struct pcapng_section *section, const uint8_t *body, size_t len)
{
	struct pcapng_interface interface = { .resolution = RESOLUTION_DEFAULT };
	int r;

	if (len < INTERFACE_FIXED)
		return -EBADMSG;
	if (section->count == PCAPNG_INTERFACES_MAX)
		return -ENOSPC;
	r = array_reserve((void **)&section->interfaces, &section->capacity, section->count + 1,
			  sizeof(interface));
	if (r < 0)
		return r;
	interface.link_type = get16(section, body);
	interface.snaplen = pcapng_get32(section, body + 4);
	read_options(section, body + INTERFACE_FIXED, len - INTERFACE_FIXED, &interface);
	section->interfaces[section->count++] = interface;
	return 0;
}

/* Nanoseconds of `ticks` of which there are 10^power or 2^power a second. */
static unsigned __int128 ticks_to_ns(uint64_t ticks, uint8_t resolution)
{
	unsigned int power = resolution & 0x7f;
	unsigned __int128 ns = ticks;

	if (resolution & 0x80) {
		ns *= NS_PER_SECOND;
		return ns >> power;
	}
	for (; power < 9; power++)
		ns *= 10;
	for (; power > 9 && ns > 0; power--)
		ns /= 10;
	return ns;
}

/* A time that fits no 64 bits is none. */
static bool read_time(const struct pcapng_interface *interface, uint64_t ticks, uint64_t *ret_ns)
{
	__int128 ns = (__int128)ticks_to_ns(ticks, interface->resolution);

	ns += (__int128)interface->offset_seconds * (int64_t)NS_PER_SECOND;
	if (ns < 0 || ns > INT64_MAX)
		return false;
	*ret_ns = (uint64_t)ns;
	return true;
}

bool pcapng_is_packet(uint32_t type, size_t *ret_fixed_len)
{
	switch (type) {
	case PCAPNG_PACKET:
	case PCAPNG_PACKET_OLD:
		*ret_fixed_len = PACKET_FIXED;
		return true;
	case PCAPNG_PACKET_SIMPLE:
		*ret_fixed_len = PACKET_SIMPLE_FIXED;
		return true;
	default:
		return false;
	}
}

/* A simple packet has no length of its own: it ends with its block, or where its interface cuts. */
static int read_simple(const struct pcapng_section *section, const uint8_t *body, size_t body_len,
		       struct pcapng_captured *ret_packet)
{
	uint32_t original = pcapng_get32(section, body), len = original;

	if (section->count == 0)
		return -ENOENT;
	if (section->interfaces[0].snaplen != 0 && len > section->interfaces[0].snaplen)
		len = section->interfaces[0].snaplen;
	if (len > body_len - PACKET_SIMPLE_FIXED)
		return -EBADMSG;
	*ret_packet = (struct pcapng_captured){ .len = len, .original_len = original };
	return 0;
}

int pcapng_read_packet(const struct pcapng_section *section, uint32_t type, const uint8_t *body,
		       size_t body_len, struct pcapng_captured *ret_packet)
{
	struct pcapng_captured packet = { 0 };
	uint64_t ticks;

	if (type == PCAPNG_PACKET_SIMPLE)
		return body_len < PACKET_SIMPLE_FIXED ?
			       -EBADMSG : read_simple(section, body, body_len, ret_packet);
	if (body_len < PACKET_FIXED)
		return -EBADMSG;
	packet.interface = type == PCAPNG_PACKET ? pcapng_get32(section, body) :
						   get16(section, body);
	packet.len = pcapng_get32(section, body + 12);
	packet.original_len = pcapng_get32(section, body + 16);
	if (packet.len > body_len - PACKET_FIXED)
		return -EBADMSG;
	if (packet.interface >= section->count)
		return -ENOENT;
	ticks = (uint64_t)pcapng_get32(section, body + 4) << 32 | pcapng_get32(section, body + 8);
	packet.has_time = read_time(&section->interfaces[packet.interface], ticks, &packet.time_ns);
	*ret_packet = packet;
	return 0;
}
