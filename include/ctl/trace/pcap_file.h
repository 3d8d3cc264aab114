/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes classic pcap files record by record. One pass, memory for one frame. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/trace/pcap.h"

#define PCAP_ERROR_MAX 320 /* bytes of an error text */

/* A capture that is being read. */
struct pcap_reader {
	FILE *file;       /* borrowed */
	uint64_t offset;  /* bytes read so far: where the next thing starts */
	uint64_t records; /* whole records read so far */
	struct pcap_format format;
	uint8_t header[PCAP_HEADER_LEN]; /* as it stands in the file */
	char error[PCAP_ERROR_MAX];      /* what is wrong and where, once a call failed */
};

/* One record but for its bytes, which are in the caller's buffer. */
struct pcap_frame {
	uint8_t header[PCAP_RECORD_LEN]; /* as it stands in the file, time included */
	struct pcap_record record;       /* its lengths */
};

/* Reads the file header of `file`, which it borrows until the last read.
 * Returns 0; -EPROTONOSUPPORT (not classic pcap 2.4, or too short for its header); -errno of a
 * failed read. Errors are described in reader->error. */
int pcap_reader_open(struct pcap_reader *reader, FILE *file);

/* Whether the file ends here, between two records; false where it cannot be read. */
bool pcap_is_at_end(FILE *file);

/* Reads the next record and its frame into buffer, which holds PCAP_FRAME_MAX bytes.
 * Returns 1; 0 at the end of the file; -EBADMSG where the file ends within the record or its
 * length can't be; -errno of a failed read. reader->error then tells the byte and the number of the
 * record, and reader->records how many were whole. */
int pcap_reader_next(struct pcap_reader *reader, struct pcap_frame *ret_frame, uint8_t *buffer);

/* Append the file header or one record. Return 0 or -errno. */
int pcap_write_header(FILE *file, const uint8_t header[PCAP_HEADER_LEN]);
int pcap_write_frame(FILE *file, const struct pcap_frame *frame, const uint8_t *bytes);
