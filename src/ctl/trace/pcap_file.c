/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/pcap_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Describes what is wrong. Returns code. */
static int fail(struct pcap_reader *reader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct pcap_reader *reader, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->error, sizeof(reader->error), format, args);
	va_end(args);
	return code;
}

/* Reads up to len bytes. Returns 0 with how many came, or -errno. */
static int read_some(struct pcap_reader *reader, uint8_t *buffer, size_t len, size_t *ret_got)
{
	errno = 0;
	*ret_got = fread(buffer, 1, len, reader->file);
	reader->offset += *ret_got;
	if (*ret_got < len && ferror(reader->file)) {
		int error = errno ? errno : EIO;

		return fail(reader, -error, "cannot be read on from byte %" PRIu64 ": %s",
			    reader->offset, strerror(error));
	}
	return 0;
}

/* The text for a file header that is not ours. */
static int refuse_header(struct pcap_reader *reader, size_t got)
{
	const char *advice = NULL;
	const char *name = pcap_foreign_name(reader->header, got, &advice);

	if (name)
		return fail(reader, -EPROTONOSUPPORT, "is %s, not classic pcap; %s", name, advice);
	if (got < PCAP_HEADER_LEN)
		return fail(reader, -EPROTONOSUPPORT,
			    "ends at byte %zu, within the file header of %d bytes: no capture",
			    got, PCAP_HEADER_LEN);
	return fail(reader, -EPROTONOSUPPORT,
		    "is no capture: it starts with %02x%02x%02x%02x, which neither pcap nor pcapng "
		    "does",
		    reader->header[0], reader->header[1], reader->header[2], reader->header[3]);
}

int pcap_reader_open(struct pcap_reader *reader, FILE *file)
{
	size_t got;
	int r;

	*reader = (struct pcap_reader){ .file = file };
	r = read_some(reader, reader->header, PCAP_HEADER_LEN, &got);
	if (r < 0)
		return r;
	if (got == 0)
		return fail(reader, -EPROTONOSUPPORT, "is empty: no capture");
	if (got < PCAP_HEADER_LEN)
		return refuse_header(reader, got);
	switch (pcap_parse_header(reader->header, &reader->format)) {
	case PCAP_OK:
		return 0;
	case PCAP_FOREIGN:
		return refuse_header(reader, got);
	case PCAP_VERSION:
		break;
	}
	return fail(reader, -EPROTONOSUPPORT,
		    "is a pcap file of another version than 2.4 (bytes 4 to 7 tell it); "
		    "convert it first: tcpdump -r IN -w OUT");
}

/* Reads the part of a record that starts at reader->offset and has to be there as a whole. */
static int read_part(struct pcap_reader *reader, const char *part, uint8_t *buffer, size_t len)
{
	size_t got;
	int r = read_some(reader, buffer, len, &got);

	if (r < 0 || got == len)
		return r;
	return fail(reader, -EBADMSG,
		    "is cut short at byte %" PRIu64 ", in the %s of record %" PRIu64
		    ": %zu of its %zu bytes are there",
		    reader->offset, part, reader->records + 1, got, len);
}

bool pcap_is_at_end(FILE *file)
{
	int c = getc(file);

	if (c == EOF)
		return !ferror(file);
	ungetc(c, file);
	return false;
}

int pcap_reader_next(struct pcap_reader *reader, struct pcap_frame *ret_frame, uint8_t *buffer)
{
	struct pcap_frame frame;
	uint64_t start = reader->offset;
	int r;

	if (pcap_is_at_end(reader->file))
		return 0;
	r = read_part(reader, "header", frame.header, PCAP_RECORD_LEN);
	if (r < 0)
		return r;
	frame.record = pcap_parse_record(&reader->format, frame.header);
	if (frame.record.frame_len > PCAP_FRAME_MAX)
		return fail(reader, -EBADMSG,
			    "is damaged at byte %" PRIu64 ": record %" PRIu64
			    " says it holds %u bytes, more than the %d a frame may have",
			    start, reader->records + 1, frame.record.frame_len, PCAP_FRAME_MAX);
	r = read_part(reader, "frame", buffer, frame.record.frame_len);
	if (r < 0)
		return r;
	reader->records++;
	*ret_frame = frame;
	return 1;
}

static int write_all(FILE *file, const void *bytes, size_t len)
{
	errno = 0;
	if (fwrite(bytes, 1, len, file) == len)
		return 0;
	return errno ? -errno : -EIO;
}

int pcap_write_header(FILE *file, const uint8_t header[PCAP_HEADER_LEN])
{
	return write_all(file, header, PCAP_HEADER_LEN);
}

int pcap_write_frame(FILE *file, const struct pcap_frame *frame, const uint8_t *bytes)
{
	int r = write_all(file, frame->header, PCAP_RECORD_LEN);

	return r < 0 ? r : write_all(file, bytes, frame->record.frame_len);
}
