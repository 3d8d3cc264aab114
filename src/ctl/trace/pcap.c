/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/pcap.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "core/wire.h"

#define MAGIC_MICROSECONDS 0xa1b2c3d4
#define MAGIC_NANOSECONDS 0xa1b23c4d
#define VERSION_MAJOR 2
#define VERSION_MINOR 4

enum {
	VERSION_MAJOR_AT = 4,
	VERSION_MINOR_AT = 6,
	SNAPLEN_AT = 16,
	LINK_TYPE_AT = 20,
	FRACTION_AT = 4,
	FRAME_LEN_AT = 8,
	ORIGINAL_LEN_AT = 12,
};

/* libpcap's LT_LINKTYPE: the six bits above say whether frames end in a check sequence. */
#define LINK_TYPE_MASK 0x03ffffff

#define ADVICE_UNPACK "unpack it first"
#define ADVICE_CONVERT "convert it first: editcap -F pcap IN OUT, or tcpdump -r IN -w OUT"

static const struct {
	const char *magic;
	size_t len;
	const char *name;
	const char *advice;
} foreign[] = {
	{ "\x0a\x0d\x0d\x0a", 4, "a pcapng file", ADVICE_CONVERT },
	{ "\xa1\xb2\xcd\x34", 4, "a modified pcap file (magic a1b2cd34)", ADVICE_CONVERT },
	{ "\x34\xcd\xb2\xa1", 4, "a modified pcap file (magic a1b2cd34)", ADVICE_CONVERT },
	{ "snoop", 6, "a snoop file", ADVICE_CONVERT },
	{ "\x1f\x8b", 2, "a file packed by gzip", ADVICE_UNPACK },
	{ "BZh", 3, "a file packed by bzip2", ADVICE_UNPACK },
	{ "\xfd" "7zXZ", 6, "a file packed by xz", ADVICE_UNPACK },
	{ "\x28\xb5\x2f\xfd", 4, "a file packed by zstd", ADVICE_UNPACK },
};

static uint16_t get16(bool big_endian, const uint8_t *pos)
{
	uint16_t value = wire_get16(pos);

	return big_endian ? value : __builtin_bswap16(value);
}

static uint32_t get32(bool big_endian, const uint8_t *pos)
{
	uint32_t value = wire_get32(pos);

	return big_endian ? value : __builtin_bswap32(value);
}

static void put32(bool big_endian, uint8_t *pos, uint32_t value)
{
	wire_put32(pos, big_endian ? value : __builtin_bswap32(value));
}

/* Whether the magic number is one of ours when it is read in that order. */
static bool is_magic(bool big_endian, const uint8_t *header, bool *ret_nanoseconds)
{
	uint32_t magic = get32(big_endian, header);

	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return false;
	*ret_nanoseconds = magic == MAGIC_NANOSECONDS;
	return true;
}

enum pcap_verdict pcap_parse_header(const uint8_t header[PCAP_HEADER_LEN],
				    struct pcap_format *ret_format)
{
	struct pcap_format format = { .big_endian = true };

	if (!is_magic(true, header, &format.nanoseconds)) {
		format.big_endian = false;
		if (!is_magic(false, header, &format.nanoseconds))
			return PCAP_FOREIGN;
	}
	if (get16(format.big_endian, header + VERSION_MAJOR_AT) != VERSION_MAJOR ||
	    get16(format.big_endian, header + VERSION_MINOR_AT) != VERSION_MINOR)
		return PCAP_VERSION;
	format.snaplen = get32(format.big_endian, header + SNAPLEN_AT);
	format.link_type = get32(format.big_endian, header + LINK_TYPE_AT) & LINK_TYPE_MASK;
	*ret_format = format;
	return PCAP_OK;
}

const char *pcap_foreign_name(const uint8_t *start, size_t len, const char **ret_advice)
{
	for (size_t i = 0; i < COUNT(foreign); i++) {
		if (len >= foreign[i].len && memcmp(start, foreign[i].magic, foreign[i].len) == 0) {
			*ret_advice = foreign[i].advice;
			return foreign[i].name;
		}
	}
	return NULL;
}

struct pcap_record pcap_parse_record(const struct pcap_format *format,
				     const uint8_t header[PCAP_RECORD_LEN])
{
	uint64_t seconds = get32(format->big_endian, header);
	uint64_t fraction = get32(format->big_endian, header + FRACTION_AT);

	return (struct pcap_record){
		.time_ns = seconds * NS_PER_SECOND + fraction * (format->nanoseconds ? 1 : 1000),
		.frame_len = get32(format->big_endian, header + FRAME_LEN_AT),
		.original_len = get32(format->big_endian, header + ORIGINAL_LEN_AT),
	};
}

void pcap_put_record(const struct pcap_format *format, uint8_t header[PCAP_RECORD_LEN],
		     const struct pcap_record *record)
{
	put32(format->big_endian, header + FRAME_LEN_AT, record->frame_len);
	put32(format->big_endian, header + ORIGINAL_LEN_AT, record->original_len);
}

void pcap_put_snaplen(const struct pcap_format *format, uint8_t header[PCAP_HEADER_LEN],
		      uint32_t snaplen)
{
	put32(format->big_endian, header + SNAPLEN_AT, snaplen);
}
