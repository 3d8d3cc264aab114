/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the packet core over a capture file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/packet.h"

#define REWRITE_ERROR_MAX 1024 /* bytes that hold any error text */

struct rewrite_options {
	const char *in, *out;         /* paths, or "-" */
	uint32_t limit[FAMILY_COUNT]; /* MSS in bytes; MSS_NONE leaves the family unchanged */
	bool insert_missing;          /* add the option where it is missing */
};

/* What became of the records of a capture. */
struct rewrite_report {
	uint64_t packets;                  /* records read whole, and written */
	uint64_t result[SYN_RESULT_COUNT]; /* of each, so they sum up to packets; a snapped one is
					    * SYN_TRUNCATED_COPY, one without IP SYN_NOT_IP */
	uint32_t grown_len;     /* longest frame an option was added to: bytes, 0 without */
	bool snaplen_outgrown;  /* OUT can't be corrected: its header says less than grown_len */
};

/* Copies the capture IN to OUT with the MSS options of its SYNs lowered (doc/design.md, the packet
 * contract). OUT has the byte order, time unit, link type and records of IN; a frame that an option
 * was added to is four bytes longer in both its lengths, and where the snap length in the file
 * header is less than that, it is raised. What is snapped (incl_len below orig_len) or not IP is
 * copied as it is, bytes behind an IP packet too.
 *
 * Returns 0, or with a text in error that names file, place and reason:
 *   -EBADMSG          IN is cut short or damaged: OUT holds the records before that place
 *   -EPROTONOSUPPORT  not classic pcap, or frames of a kind we don't know: no OUT
 *   -EEXIST           IN and OUT are the same file: it is untouched
 *   other -errno      a file can't be opened, read (OUT holds the records before) or written (no
 *                     OUT)
 * ret_report is written with 0 and with -EBADMSG. */
int rewrite_file(const struct rewrite_options *options, struct rewrite_report *ret_report,
		 char *error, size_t error_size);

/* The same between two open files, whose names stand in options for the error text. Where a frame
 * outgrew the snap length, the file header in `out` still has the old one. For fuzzers. */
int rewrite_stream(const struct rewrite_options *options, FILE *in, FILE *out,
		   struct rewrite_report *ret_report, char *error, size_t error_size);
