/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a capture file of either kind, classic pcap or pcapng, frame by frame. One pass, memory for
 * one frame and for the interfaces of one section. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/trace/pcap_file.h"
#include "ctl/trace/pcapng_read.h"

/* A capture that is being read. */
struct trace_reader {
	bool pcapng;
	struct pcap_reader classic;    /* also where file, offset, records and error of both are */
	struct pcapng_section section;
	uint8_t *buffer; /* owned: PCAP_FRAME_MAX bytes, the frame of the last call */
};

struct trace_frame {
	uint64_t time_ns; /* since 1970 */
	bool has_time;
	uint32_t link_type;
	uint32_t len;          /* bytes there are of it */
	uint32_t original_len; /* bytes it had on the wire */
	bool before, after;    /* as it came to mssclampd; the same once more, as it left */
	const uint8_t *bytes;  /* borrowed from the reader until the next call */
};

/* Begins to read `file`, which is borrowed until trace_reader_done. Returns 0; -EPROTONOSUPPORT (no
 * capture that we know, or too short for its header); -ENOMEM; -errno of a failed read. After an
 * error of this or the next call trace_reader_error says what and where. */
int trace_reader_open(struct trace_reader *reader, FILE *file);
void trace_reader_done(struct trace_reader *reader);

/* The next frame. Returns 1; 0 at the end; -EBADMSG where the file is cut short or damaged;
 * -ENOMEM; -errno of a failed read. */
int trace_reader_next(struct trace_reader *reader, struct trace_frame *ret_frame);

const char *trace_reader_error(const struct trace_reader *reader);
