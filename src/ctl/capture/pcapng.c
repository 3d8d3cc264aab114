/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/capture/pcapng.h"

#include <string.h>

#include "base/text.h"

#define LINKTYPE_RAW 101 /* an IPv4 or IPv6 header; its version says which */
#define SECTION_LENGTH_UNKNOWN UINT64_MAX

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	MAGIC = 0x1a2b3c4d, /* says the order of the bytes, which is ours */
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_RESOLUTION = 9,
};

static size_t padding(size_t len)
{
	return (4 - len % 4) % 4;
}

static void put16(FILE *out, uint16_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put_padded(FILE *out, const void *bytes, size_t len)
{
	static const uint8_t zeros[4];

	fwrite(bytes, 1, len, out);
	fwrite(zeros, 1, padding(len), out);
}

/* An option, or the end of them: bytes it takes. */
static size_t option_size(size_t len)
{
	return 4 + len + padding(len);
}

static void put_option(FILE *out, uint16_t code, const void *value, size_t len)
{
	put16(out, code);
	put16(out, (uint16_t)len);
	put_padded(out, value, len);
}

static void put_text(FILE *out, uint16_t code, const char *text)
{
	put_option(out, code, text, strlen(text));
}

static void write_section(FILE *out)
{
	static const char application[] = "mssclampctl " VERSION;
	const uint64_t unknown = SECTION_LENGTH_UNKNOWN;
	uint32_t size = (uint32_t)(28 + option_size(strlen(application)) + option_size(0));

	put32(out, BLOCK_SECTION);
	put32(out, size);
	put32(out, MAGIC);
	put16(out, 1); /* version 1.0 */
	put16(out, 0);
	fwrite(&unknown, sizeof(unknown), 1, out);
	put_text(out, SECTION_APPLICATION, application);
	put_option(out, OPTION_END, "", 0);
	put32(out, size);
}

static void write_interface(FILE *out, const char *name, const char *description)
{
	const uint8_t nanoseconds = 9; /* 10^-9 s */
	uint32_t size = (uint32_t)(20 + option_size(strlen(name)) +
				   option_size(strlen(description)) +
				   option_size(sizeof(nanoseconds)) + option_size(0));

	put32(out, BLOCK_INTERFACE);
	put32(out, size);
	put16(out, LINKTYPE_RAW);
	put16(out, 0);
	put32(out, 0); /* no limit to a packet's length */
	put_text(out, INTERFACE_NAME, name);
	put_text(out, INTERFACE_DESCRIPTION, description);
	put_option(out, INTERFACE_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	put_option(out, OPTION_END, "", 0);
	put32(out, size);
}

void pcapng_write_header(FILE *out)
{
	write_section(out);
	write_interface(out, "before", "SYNs as they came to mssclampd"); /* PCAPNG_BEFORE */
	write_interface(out, "after", "SYNs as they left it");            /* PCAPNG_AFTER */
}

void pcapng_write_packet(FILE *out, const struct pcapng_packet *packet)
{
	const char *comment = packet->comment ? packet->comment : "";
	size_t comment_len = text_utf8_cut(comment, strlen(comment), PCAPNG_COMMENT_MAX);
	size_t options = comment_len ? option_size(comment_len) + option_size(0) : 0;
	uint32_t size = (uint32_t)(32 + packet->len + padding(packet->len) + options);

	put32(out, BLOCK_PACKET);
	put32(out, size);
	put32(out, packet->interface);
	put32(out, (uint32_t)(packet->time_ns >> 32));
	put32(out, (uint32_t)packet->time_ns);
	put32(out, (uint32_t)packet->len);
	put32(out, (uint32_t)packet->whole_len);
	put_padded(out, packet->bytes, packet->len);
	if (comment_len) {
		put_option(out, OPTION_COMMENT, comment, comment_len);
		put_option(out, OPTION_END, "", 0);
	}
	put32(out, size);
}
