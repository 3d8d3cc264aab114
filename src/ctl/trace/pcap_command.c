/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampctl pcap: the report on a capture file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"
#include "ctl/trace/linktype.h"
#include "ctl/trace/report_html.h"
#include "ctl/trace/report_json.h"
#include "ctl/trace/report_screen.h"

#define HINT_USAGE "mssclampctl pcap FILE|- [--limit N] [--html FILE] [--addresses]"
#define LIMIT_MIN 68     /* bytes: the smallest MTU of IPv4 (RFC 791) */
#define LIMIT_MAX 65535
#define BUFFER_BYTES (1 << 20) /* read at a time */

/* One run over one capture. */
struct run {
	const struct ctl *ctl;
	const char *file;
	uint32_t limit; /* bytes, 0: none */
	const char *html; /* where to write the page, or NULL */
	bool addresses; /* show them in full there */
	struct trace_reader reader;
	struct report report;
	int read_result; /* 0, or why the file could not be read to its end */
};

static const char *shown_name(const struct run *run)
{
	return strcmp(run->file, "-") == 0 ? "standard input" : run->file;
}

static int read_arguments(struct run *run, char **argv)
{
	const char *limit = options_value(argv, "--limit");
	uint64_t bytes = 0;

	run->file = options_words(argv, NULL)[0];
	run->html = options_value(argv, "--html");
	run->addresses = options_value(argv, "--addresses") != NULL;
	if (limit && text_parse_u64(limit, LIMIT_MIN, LIMIT_MAX, &bytes) < 0)
		return output_fail(run->ctl, CTL_USAGE, HINT_USAGE,
				   "--limit: \"%s\" is no size of a packet: give bytes from %d to "
				   "%d, IP header included", limit, LIMIT_MIN, LIMIT_MAX);
	if (run->addresses && !run->html)
		return output_fail(run->ctl, CTL_USAGE, HINT_USAGE,
				   "--addresses is for the page of --html; elsewhere they are "
				   "shown in any case");
	if (run->html && strcmp(run->html, "-") == 0 && run->ctl->json)
		return output_fail(run->ctl, CTL_USAGE,
				   "name a file for --html, or leave --json out",
				   "page and JSON cannot both go to standard output");
	run->limit = (uint32_t)bytes;
	return CTL_OK;
}

/* All frames, to the end or to where it breaks off. */
static int read_all(struct run *run, FILE *file)
{
	struct trace_frame frame;
	int r = trace_reader_open(&run->reader, file);

	if (r < 0)
		return output_fail(run->ctl, CTL_FAILED, NULL, "%s %s", shown_name(run),
				   trace_reader_error(&run->reader));
	while ((r = trace_reader_next(&run->reader, &frame)) > 0)
		report_take(&run->report, &frame);
	run->read_result = r;
	report_finish(&run->report);
	return CTL_OK;
}

static void warn(const struct run *run)
{
	const struct report *report = &run->report;
	uint32_t type = report->unknown_link_type;
	const char *name = linktype_name(type);

	if (run->read_result < 0)
		output_warn(run->ctl, "%s %s; the report is about what stands before it",
			    shown_name(run), trace_reader_error(&run->reader));
	else if (report->packets == 0)
		output_warn(run->ctl, "%s has no packets: nobody can tell what passed; did the "
			    "filter of the capture take any?", shown_name(run));
	if (report->unknown_link)
		output_warn(run->ctl,
			    "%" PRIu64 " of %" PRIu64 " packets have link type %u (%s), in which "
			    "IP packets cannot be found: they were not looked at",
			    report->unknown_link, report->packets, type, name ? name : "unknown");
}

static int write_page(const struct run *run, const json_t *report)
{
	int r = report_html_write(run->html, report, run->addresses);

	return r < 0 ? output_fail(run->ctl, CTL_FAILED, NULL, "%s: cannot be written: %s",
				   run->html, strerror(-r)) : CTL_OK;
}

/* The page, and what goes to standard output beside it. */
static int tell(const struct run *run)
{
	struct report_source source = {
		.file = run->file,
		.format = run->reader.pcapng ? "pcapng" : "pcap",
		.error = run->read_result < 0 ? trace_reader_error(&run->reader) : NULL,
	};
	json_t *report = report_to_json(&run->report, &source);
	int code = CTL_OK;

	if (!report)
		return output_fail(run->ctl, CTL_FAILED, NULL, "out of memory");
	warn(run);
	if (run->html)
		code = write_page(run, report);
	if (code == CTL_OK && run->ctl->json)
		output_json(run->ctl, report);
	else if (code == CTL_OK && (!run->html || strcmp(run->html, "-") != 0) &&
		 report_screen_print(run->ctl, report) < 0)
		code = output_fail(run->ctl, CTL_FAILED, NULL, "out of memory");
	json_decref(report);
	return code;
}

static int run_file(struct run *run, FILE *file)
{
	int code;

	if (report_init(&run->report, run->limit) < 0)
		return output_fail(run->ctl, CTL_FAILED, NULL, "out of memory");
	setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
	code = read_all(run, file);
	if (code == CTL_OK) {
		code = tell(run);
		if (code == CTL_OK && run->read_result < 0)
			code = CTL_FAILED;
		if (code == CTL_OK && report_has_problem(&run->report))
			code = CTL_FOUND;
		if (code == CTL_OK && run->report.unknown_link == run->report.packets)
			code = CTL_UNKNOWN;
		trace_reader_done(&run->reader);
	}
	report_done(&run->report);
	return code;
}

int command_pcap(const struct ctl *ctl, int argc, char **argv)
{
	struct run run = { .ctl = ctl };
	bool from_stdin;
	FILE *file;
	int code;

	(void)argc;
	code = read_arguments(&run, argv);
	if (code != CTL_OK)
		return code;
	from_stdin = strcmp(run.file, "-") == 0;
	file = from_stdin ? stdin : fopen(run.file, "re");
	if (!file)
		return output_fail(ctl, CTL_FAILED, NULL, "%s: cannot be opened: %s", run.file,
				   strerror(errno));
	code = run_file(&run, file);
	if (!from_stdin)
		fclose(file);
	return code;
}
