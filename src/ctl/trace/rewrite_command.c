/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/mss.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"
#include "ctl/trace/rewrite.h"
#include "proto/varlink.h"

#define HINT_USAGE "mssclampctl rewrite IN OUT --mss4 N --mss6 N [--insert]"

/* Reads --mss4 or --mss6. Not given means no limit for that family. */
static int read_limit(const struct ctl *ctl, char **argv, const char *name, uint32_t *ret_limit)
{
	const char *text = options_value(argv, name);
	uint64_t limit = MSS_NONE;

	if (text && text_parse_u64(text, 1, MSS_MAX, &limit) < 0)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "%s: \"%s\" is no MSS: give bytes from 1 to %d", name, text,
				   MSS_MAX);
	*ret_limit = (uint32_t)limit;
	return CTL_OK;
}

static int read_arguments(const struct ctl *ctl, char **argv, struct rewrite_options *ret_options)
{
	struct rewrite_options options = { .insert_missing = options_value(argv, "--insert") };
	size_t count;
	char *const *words = options_words(argv, &count);
	int code;

	if (count != 2)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "rewrite takes two files, IN and OUT, not %zu", count);
	options.in = words[0];
	options.out = words[1];
	code = read_limit(ctl, argv, "--mss4", &options.limit[FAMILY_IPV4]);
	if (code == CTL_OK)
		code = read_limit(ctl, argv, "--mss6", &options.limit[FAMILY_IPV6]);
	if (code != CTL_OK)
		return code;
	if (!options.limit[FAMILY_IPV4] && !options.limit[FAMILY_IPV6])
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "rewrite needs a limit: --mss4, --mss6 or both");
	if (ctl->json && strcmp(options.out, "-") == 0)
		return output_fail(ctl, CTL_USAGE, "name a file as OUT, or leave --json out",
				   "capture and JSON summary cannot both go to standard output");
	*ret_options = options;
	return CTL_OK;
}

/* Whether a result is a reason for leaving a packet alone, and so stands in left_alone. */
static bool is_reason(size_t result)
{
	return result >= SYN_LEFT_ALONE_FIRST;
}

static bool is_syn(size_t result)
{
	return !is_reason(result) || result == SYN_MALFORMED_OPTION || result == SYN_TCP_AO;
}

static uint64_t sum_results(const struct rewrite_report *report, bool (*wanted)(size_t))
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		sum += wanted(i) ? report->result[i] : 0;
	return sum;
}

static void set_number(json_t *object, const char *name, uint64_t number)
{
	json_object_set_new(object, name, json_integer((json_int_t)number));
}

/* The counters as `stats` shows them. Returns owned. */
static json_t *counts_to_json(const struct rewrite_report *report)
{
	json_t *counts = json_object(), *reasons = json_object();
	char name[64];

	set_number(counts, "seen_total", report->packets);
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++) {
		const char *result = syn_result_name((enum syn_result)i);

		snprintf(name, sizeof(name), "%s_total", result);
		if (is_reason(i))
			set_number(reasons, result, report->result[i]);
		else
			set_number(counts, name, report->result[i]);
	}
	set_number(counts, "left_alone_total", sum_results(report, is_reason));
	json_object_set_new(counts, "left_alone", reasons);
	return counts;
}

static void print_json(const struct ctl *ctl, const struct rewrite_options *options,
		       const struct rewrite_report *report)
{
	json_t *object = json_object();

	set_number(object, "schema", CTL_SCHEMA);
	json_object_set_new(object, "input", varlink_string(options->in));
	json_object_set_new(object, "output", varlink_string(options->out));
	set_number(object, "packets_total", report->packets);
	set_number(object, "not_ip_total", report->result[SYN_NOT_IP]);
	set_number(object, "snapped_total", report->result[SYN_TRUNCATED_COPY]);
	set_number(object, "syns_total", sum_results(report, is_syn));
	json_object_set_new(object, "syn", counts_to_json(report));
	output_json(ctl, object);
	json_decref(object);
}

/* One line on stderr: standard output may be the capture. */
static void print_summary(const struct rewrite_report *report)
{
	const char *separator = ": ";

	fprintf(stderr, "%" PRIu64 " packets, %" PRIu64 " SYNs, %" PRIu64 " clamped, %" PRIu64
			" inserted, %" PRIu64 " unchanged",
		report->packets, sum_results(report, is_syn), report->result[SYN_CLAMPED],
		report->result[SYN_INSERTED],
		report->packets - report->result[SYN_CLAMPED] - report->result[SYN_INSERTED]);
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++) {
		if (i == SYN_CLAMPED || i == SYN_INSERTED || report->result[i] == 0)
			continue;
		fprintf(stderr, "%s%s %" PRIu64, separator, syn_result_name((enum syn_result)i),
			report->result[i]);
		separator = ", ";
	}
	fputc('\n', stderr);
}

static const char *hint_for(int error)
{
	switch (error) {
	case -EBADMSG:
		return "capture or copy the file once more if you need what came after that place";
	case -EEXIST:
		return HINT_USAGE;
	default:
		return NULL;
	}
}

int command_rewrite(const struct ctl *ctl, int argc, char **argv)
{
	struct rewrite_options options = { .in = NULL };
	struct rewrite_report report = { .packets = 0 };
	char error[REWRITE_ERROR_MAX];
	int code, r;

	(void)argc;
	code = read_arguments(ctl, argv, &options);
	if (code != CTL_OK)
		return code;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report, like a full disk */
	r = rewrite_file(&options, &report, error, sizeof(error));
	if (r == 0 || r == -EBADMSG) {
		if (!ctl->quiet && !ctl->json)
			print_summary(&report);
		if (report.snaplen_outgrown)
			output_warn(ctl,
				    "frames grew to %u bytes, but the header that went ahead says "
				    "less: readers may cut them; write to a file instead",
				    report.grown_len);
	}
	if (r < 0)
		return output_fail(ctl, r == -EEXIST ? CTL_USAGE : CTL_FAILED, hint_for(r), "%s",
				   error);
	if (ctl->json)
		print_json(ctl, &options, &report);
	return CTL_OK;
}
