/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classic pcap files as bytes (draft-ietf-opsawg-pcap): the file header and a record's header.
 * Pure: ctl/trace/pcap_file.h reads and writes. All values are host order, whatever the file's
 * is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAP_HEADER_LEN 24
#define PCAP_RECORD_LEN 16
#define PCAP_FRAME_MAX 262144 /* bytes of one frame: MAXIMUM_SNAPLEN of libpcap */

struct pcap_format {
	bool big_endian;    /* order of every field of the file headers */
	bool nanoseconds;   /* unit of the second half of a time; else microseconds */
	uint32_t snaplen;   /* bytes, 0: not told */
	uint32_t link_type; /* number of ctl/trace/linktype.h, without the bits above it */
};

struct pcap_record {
	uint32_t frame_len;    /* bytes of the frame that follow: incl_len */
	uint32_t original_len; /* bytes the frame had on the wire: orig_len */
	uint64_t time_ns;      /* when it was captured: nanoseconds since 1970; read only */
};

enum pcap_verdict {
	PCAP_OK,
	PCAP_FOREIGN,    /* another format: pcap_foreign_name may know it */
	PCAP_VERSION,    /* classic pcap of a version other than 2.4 */
};

/* Reads the file header. Writes *ret_format only with PCAP_OK. */
enum pcap_verdict pcap_parse_header(const uint8_t header[PCAP_HEADER_LEN],
				    struct pcap_format *ret_format);

/* The name of a known format that is not classic pcap by the first len bytes of a file, with what
 * to do about it in *ret_advice; NULL where it is unknown. */
const char *pcap_foreign_name(const uint8_t *start, size_t len, const char **ret_advice);

/* Reads a record's header. */
struct pcap_record pcap_parse_record(const struct pcap_format *format,
				     const uint8_t header[PCAP_RECORD_LEN]);

/* Writes the lengths into a record's header; the time in it stays. */
void pcap_put_record(const struct pcap_format *format, uint8_t header[PCAP_RECORD_LEN],
		     const struct pcap_record *record);

/* Writes the snap length into a file header; everything else stays. */
void pcap_put_snaplen(const struct pcap_format *format, uint8_t header[PCAP_HEADER_LEN],
		      uint32_t snaplen);
