/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/trace_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Describes what is wrong. Returns code. */
static int fail(struct trace_reader *reader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct trace_reader *reader, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->classic.error, sizeof(reader->classic.error), format, args);
	va_end(args);
	return code;
}

const char *trace_reader_error(const struct trace_reader *reader)
{
	return reader->classic.error;
}

/* Reads exactly len bytes of what is named. */
static int read_exact(struct trace_reader *reader, const char *what, void *bytes, size_t len)
{
	struct pcap_reader *in = &reader->classic;
	size_t got;

	errno = 0;
	got = fread(bytes, 1, len, in->file);
	in->offset += got;
	if (got == len)
		return 0;
	if (ferror(in->file)) {
		int error = errno ? errno : EIO;

		return fail(reader, -error, "cannot be read on from byte %" PRIu64 ": %s",
			    in->offset, strerror(error));
	}
	return fail(reader, -EBADMSG,
		    "is cut short at byte %" PRIu64 ", in the %s after packet %" PRIu64,
		    in->offset, what, in->records);
}

/* Steps over bytes, however many they are said to be. */
static int skip(struct trace_reader *reader, const char *what, uint64_t len)
{
	while (len > 0) {
		size_t part = len < PCAP_FRAME_MAX ? (size_t)len : PCAP_FRAME_MAX;
		int r = read_exact(reader, what, reader->buffer, part);

		if (r < 0)
			return r;
		len -= part;
	}
	return 0;
}

static int damaged(struct trace_reader *reader, uint64_t at, const char *why)
{
	return fail(reader, -EBADMSG,
		    "is damaged at byte %" PRIu64 ", after packet %" PRIu64 ": %s", at,
		    reader->classic.records, why);
}

/* One block that is being read. */
struct block {
	uint64_t start;    /* where it stands in the file */
	uint32_t type;
	uint64_t body_len; /* bytes between its head and the length at its end */
	uint64_t done;     /* of them */
};

/* The rest of a block, and the length at its end, which has to be that of its head. */
static int finish_block(struct trace_reader *reader, struct block *block)
{
	uint8_t end[4];
	int r = skip(reader, "rest of a block", block->body_len - block->done);

	if (r == 0)
		r = read_exact(reader, "end of a block", end, sizeof(end));
	if (r < 0)
		return r;
	if (pcapng_get32(&reader->section, end) != block->body_len + PCAPNG_BLOCK_MIN)
		return damaged(reader, block->start, "a block's two lengths differ");
	return 0;
}

/* A section's byte order stands behind its length, so it comes first. */
static int begin_section(struct trace_reader *reader, struct block *block, uint8_t magic[4])
{
	bool big_endian;
	int r = read_exact(reader, "section header", magic, 4);

	if (r < 0)
		return r;
	if (!pcapng_read_order(magic, &big_endian))
		return damaged(reader, block->start, "a section of no known byte order");
	pcapng_section_reset(&reader->section, big_endian);
	block->done = 4;
	return 0;
}

static int read_head(struct trace_reader *reader, struct block *block)
{
	uint8_t head[PCAPNG_BLOCK_HEAD], magic[4];
	uint32_t total;
	int r;

	*block = (struct block){ .start = reader->classic.offset };
	r = read_exact(reader, "head of a block", head, sizeof(head));
	if (r < 0)
		return r;
	block->type = pcapng_get32(&reader->section, head);
	if (block->type == PCAPNG_SECTION)
		r = begin_section(reader, block, magic);
	if (r < 0)
		return r;
	total = pcapng_get32(&reader->section, head + 4);
	if (total < PCAPNG_BLOCK_MIN + block->done || total % 4 != 0)
		return damaged(reader, block->start, "a block's length cannot be");
	block->body_len = total - PCAPNG_BLOCK_MIN;
	return 0;
}

static int read_interface(struct trace_reader *reader, struct block *block)
{
	int r;

	if (block->body_len > PCAP_FRAME_MAX)
		return damaged(reader, block->start, "an interface of more than 256 KiB");
	r = read_exact(reader, "description of an interface", reader->buffer,
		       (size_t)block->body_len);
	if (r < 0)
		return r;
	block->done = block->body_len;
	r = pcapng_add_interface(&reader->section, reader->buffer, (size_t)block->body_len);
	if (r == -ENOMEM)
		return fail(reader, r, "needs more memory than there is");
	if (r == -ENOSPC)
		return damaged(reader, block->start, "more interfaces than we count");
	return r < 0 ? damaged(reader, block->start, "an interface block that is too short") : 0;
}

/* The packet of a block into the buffer; what is too long for it is stepped over. */
static int read_packet(struct trace_reader *reader, struct block *block, size_t fixed,
		       struct trace_frame *ret_frame)
{
	struct pcapng_captured packet;
	size_t fixed_len = block->body_len < fixed ? (size_t)block->body_len : fixed;
	uint8_t body[32] = { 0 };
	int r = read_exact(reader, "header of a packet", body, fixed_len);

	if (r < 0)
		return r;
	block->done = fixed_len;
	r = pcapng_read_packet(&reader->section, block->type, body, (size_t)block->body_len,
			       &packet);
	if (r < 0)
		return damaged(reader, block->start, r == -ENOENT ?
			       "a packet of an interface that was never described" :
			       "a packet's length does not fit its block");
	if (packet.len > PCAP_FRAME_MAX)
		return damaged(reader, block->start, "a packet of more than 256 KiB");
	r = read_exact(reader, "frame of a packet", reader->buffer, packet.len);
	if (r < 0)
		return r;
	block->done += packet.len;
	*ret_frame = (struct trace_frame){
		.time_ns = packet.time_ns,
		.has_time = packet.has_time,
		.link_type = reader->section.interfaces[packet.interface].link_type,
		.len = packet.len,
		.original_len = packet.original_len,
		.before = reader->section.interfaces[packet.interface].before,
		.after = reader->section.interfaces[packet.interface].after,
		.bytes = reader->buffer,
	};
	return 1;
}

/* Skipping writes into the buffer, so what follows a packet is read in front of the next block. */
static int finish_packet(struct trace_reader *reader, struct block *block)
{
	uint8_t rest[64];

	while (block->done < block->body_len) {
		uint64_t left = block->body_len - block->done;
		size_t part = left < sizeof(rest) ? (size_t)left : sizeof(rest);
		int r = read_exact(reader, "rest of a packet", rest, part);

		if (r < 0)
			return r;
		block->done += part;
	}
	return finish_block(reader, block);
}

/* Blocks until one has a packet. A packet counts once its block is whole. */
static int next_pcapng(struct trace_reader *reader, struct trace_frame *ret_frame)
{
	struct trace_frame frame;
	struct block block;
	size_t fixed;
	int r;

	while (!pcap_is_at_end(reader->classic.file)) {
		r = read_head(reader, &block);
		if (r < 0)
			return r;
		if (pcapng_is_packet(block.type, &fixed)) {
			r = read_packet(reader, &block, fixed, &frame);
			if (r > 0)
				r = finish_packet(reader, &block);
			if (r < 0)
				return r;
			reader->classic.records++;
			*ret_frame = frame;
			return 1;
		}
		if (block.type == PCAPNG_INTERFACE)
			r = read_interface(reader, &block);
		if (r == 0)
			r = finish_block(reader, &block);
		if (r < 0)
			return r;
	}
	return 0;
}

static int next_classic(struct trace_reader *reader, struct trace_frame *ret_frame)
{
	struct pcap_frame frame;
	int r = pcap_reader_next(&reader->classic, &frame, reader->buffer);

	if (r > 0)
		*ret_frame = (struct trace_frame){
			.time_ns = frame.record.time_ns,
			.has_time = true,
			.link_type = reader->classic.format.link_type,
			.len = frame.record.frame_len,
			.original_len = frame.record.original_len,
			.bytes = reader->buffer,
		};
	return r;
}

int trace_reader_next(struct trace_reader *reader, struct trace_frame *ret_frame)
{
	int r = reader->pcapng ? next_pcapng(reader, ret_frame) : next_classic(reader, ret_frame);

	/* What was cut off a frame cannot make it shorter than what is here. */
	if (r > 0 && ret_frame->original_len < ret_frame->len)
		ret_frame->original_len = ret_frame->len;
	return r;
}

/* The first block, whose type was seen by its first byte alone. */
static int open_pcapng(struct trace_reader *reader)
{
	struct block block;
	int r = read_head(reader, &block);

	if (r < 0 && r != -EBADMSG)
		return r;
	if (r < 0 || block.type != PCAPNG_SECTION)
		return fail(reader, -EPROTONOSUPPORT,
			    "is no capture: neither pcap nor pcapng, or shorter than the header "
			    "of one");
	return finish_block(reader, &block);
}

int trace_reader_open(struct trace_reader *reader, FILE *file)
{
	int first, r;

	*reader = (struct trace_reader){ .classic.file = file };
	reader->buffer = malloc(PCAP_FRAME_MAX);
	if (!reader->buffer)
		return fail(reader, -ENOMEM, "needs more memory than there is");
	first = getc(file);
	if (first != EOF)
		ungetc(first, file);
	reader->pcapng = first == (PCAPNG_SECTION & 0xff);
	r = reader->pcapng ? open_pcapng(reader) : pcap_reader_open(&reader->classic, file);
	if (r < 0)
		trace_reader_done(reader);
	return r;
}

void trace_reader_done(struct trace_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
	pcapng_section_done(&reader->section);
}
