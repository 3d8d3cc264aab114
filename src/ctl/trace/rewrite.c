/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/rewrite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clamp.h"
#include "ctl/screen/outfile.h"
#include "ctl/trace/linktype.h"
#include "ctl/trace/pcap_file.h"

/* One run over one capture. */
struct rewrite {
	const struct rewrite_options *options;
	struct pcap_reader reader;
	struct rewrite_report report;
	uint8_t *frame; /* owned: PCAP_FRAME_MAX bytes */
	char *error;    /* the caller's, error_size bytes */
	size_t error_size;
};

static const char *input_name(const struct rewrite *run)
{
	return strcmp(run->options->in, "-") == 0 ? "standard input" : run->options->in;
}

static const char *output_name(const struct rewrite *run)
{
	return strcmp(run->options->out, "-") == 0 ? "standard output" : run->options->out;
}

static int fail_open(struct rewrite *run, int code)
{
	snprintf(run->error, run->error_size, "%s: cannot be opened: %s", input_name(run),
		 strerror(-code));
	return code;
}

static int fail_write(struct rewrite *run, int code)
{
	snprintf(run->error, run->error_size, "%s: cannot be written: %s", output_name(run),
		 strerror(-code));
	return code;
}

static int fail_link_type(struct rewrite *run)
{
	uint32_t type = run->reader.format.link_type;
	const char *name = linktype_name(type);
	char supported[256];

	linktype_list_supported(supported, sizeof(supported));
	snprintf(run->error, run->error_size,
		 "%s has link type %u (%s), where IP packets cannot be found; supported are %s",
		 input_name(run), type, name ? name : "unknown", supported);
	return -EPROTONOSUPPORT;
}

/* Reads the file header and looks whether its frames are of a kind we know. */
static int start(struct rewrite *run, FILE *in)
{
	int r = pcap_reader_open(&run->reader, in);

	if (r < 0) {
		snprintf(run->error, run->error_size, "%s %s", input_name(run), run->reader.error);
		return r;
	}
	return linktype_is_supported(run->reader.format.link_type) ? 0 : fail_link_type(run);
}

/* Edits one frame and its header in place. */
static enum syn_result rewrite_frame(struct rewrite *run, struct pcap_frame *frame)
{
	struct clamp_options clamp = { .insert_missing = run->options->insert_missing };
	struct pcap_record *record = &frame->record;
	struct clamp_outcome outcome;
	size_t ip;

	if (record->frame_len < record->original_len)
		return SYN_TRUNCATED_COPY;
	if (!linktype_find_ip(run->reader.format.link_type, run->frame, record->frame_len, &ip))
		return SYN_NOT_IP;
	outcome = clamp_packet(run->frame + ip, record->frame_len - ip, PCAP_FRAME_MAX - ip,
			       run->options->limit, &clamp);
	if (outcome.result == SYN_INSERTED) {
		record->frame_len += CLAMP_INSERT_LEN;
		record->original_len += CLAMP_INSERT_LEN;
		pcap_put_record(&run->reader.format, frame->header, record);
		if (record->frame_len > run->report.grown_len)
			run->report.grown_len = record->frame_len;
	}
	return outcome.result;
}

/* Copies record after record. Returns 0 or the -errno of a failed write; *ret_read is 0, or why the
 * input ended before its end. */
static int copy_records(struct rewrite *run, FILE *out, int *ret_read)
{
	struct pcap_frame frame;
	int r;

	while ((*ret_read = pcap_reader_next(&run->reader, &frame, run->frame)) > 0) {
		run->report.result[rewrite_frame(run, &frame)]++;
		run->report.packets++;
		r = pcap_write_frame(out, &frame, run->frame);
		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_all(struct rewrite *run, FILE *out, int *ret_read)
{
	uint32_t snaplen = run->reader.format.snaplen;
	int r = pcap_write_header(out, run->reader.header);

	if (r == 0)
		r = copy_records(run, out, ret_read);
	if (r == 0 && fflush(out) != 0)
		r = -errno;
	/* A snap length of 0 was never a limit. */
	run->report.snaplen_outgrown = snaplen != 0 && run->report.grown_len > snaplen;
	return r < 0 ? fail_write(run, r) : 0;
}

static int init(struct rewrite *run, const struct rewrite_options *options, char *error,
		size_t error_size)
{
	*run = (struct rewrite){ .options = options, .error = error, .error_size = error_size };
	run->frame = malloc(PCAP_FRAME_MAX);
	if (run->frame)
		return 0;
	snprintf(error, error_size, "no memory for a frame of %d bytes", PCAP_FRAME_MAX);
	return -ENOMEM;
}

/* The end of a run whose output is safe: says how the input ended. */
static int conclude(struct rewrite *run, int read_result, struct rewrite_report *ret_report)
{
	if (read_result < 0)
		snprintf(run->error, run->error_size,
			 "%s %s; the %" PRIu64 " records before it are in %s", input_name(run),
			 run->reader.error, run->reader.records, output_name(run));
	if (read_result == 0 || read_result == -EBADMSG)
		*ret_report = run->report;
	return read_result;
}

int rewrite_stream(const struct rewrite_options *options, FILE *in, FILE *out,
		   struct rewrite_report *ret_report, char *error, size_t error_size)
{
	struct rewrite run;
	int read_result = 0;
	int r;

	r = init(&run, options, error, error_size);
	if (r < 0)
		return r;
	r = start(&run, in);
	if (r == 0)
		r = copy_all(&run, out, &read_result);
	if (r == 0)
		r = conclude(&run, read_result, ret_report);
	free(run.frame);
	return r;
}

/* Whether both names lead to one regular file, which would be read while it is replaced. */
static bool is_same_file(const struct rewrite_options *options, FILE *in)
{
	struct stat from, to;

	if (fstat(fileno(in), &from) < 0 || !S_ISREG(from.st_mode))
		return false;
	if (strcmp(options->out, "-") == 0) {
		if (fstat(fileno(stdout), &to) < 0)
			return false;
	} else if (stat(options->out, &to) < 0) {
		return false;
	}
	return from.st_dev == to.st_dev && from.st_ino == to.st_ino;
}

/* Raises the snap length in the file header to what the longest grown frame needs. */
static int raise_snaplen(struct rewrite *run, struct outfile *out)
{
	uint8_t header[PCAP_HEADER_LEN];

	if (!run->report.snaplen_outgrown || !outfile_can_seek(out))
		return 0;
	memcpy(header, run->reader.header, sizeof(header));
	pcap_put_snaplen(&run->reader.format, header, run->report.grown_len);
	run->report.snaplen_outgrown = false;
	if (fseeko(out->file, 0, SEEK_SET) < 0)
		return -errno;
	return pcap_write_header(out->file, header);
}

/* From an open input with a good header to an output that is complete, or not there. */
static int write_output(struct rewrite *run, struct rewrite_report *ret_report)
{
	struct outfile out;
	int read_result = 0;
	int r;

	r = outfile_open(&out, run->options->out);
	if (r < 0)
		return fail_write(run, r);
	r = copy_all(run, out.file, &read_result);
	if (r < 0) {
		outfile_discard(&out);
		return r;
	}
	r = raise_snaplen(run, &out);
	if (r < 0) {
		outfile_discard(&out);
		return fail_write(run, r);
	}
	r = outfile_commit(&out);
	return r < 0 ? fail_write(run, r) : conclude(run, read_result, ret_report);
}

static int rewrite_open(struct rewrite *run, FILE *in, struct rewrite_report *ret_report)
{
	int r;

	if (is_same_file(run->options, in)) {
		snprintf(run->error, run->error_size,
			 "%s and %s are the same file; write to another one", input_name(run),
			 output_name(run));
		return -EEXIST;
	}
	r = start(run, in);
	return r < 0 ? r : write_output(run, ret_report);
}

int rewrite_file(const struct rewrite_options *options, struct rewrite_report *ret_report,
		 char *error, size_t error_size)
{
	bool from_stdin = strcmp(options->in, "-") == 0;
	struct rewrite run;
	FILE *in;
	int r;

	r = init(&run, options, error, error_size);
	if (r < 0)
		return r;
	in = from_stdin ? stdin : fopen(options->in, "re");
	r = in ? rewrite_open(&run, in, ret_report) : fail_open(&run, -errno);
	if (in && !from_stdin)
		fclose(in);
	free(run.frame);
	return r;
}
