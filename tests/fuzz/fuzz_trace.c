/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a capture file, pcap or pcapng, that is reported on.
 * layer: ctl
 * Whatever is in it, the sums of the report agree, and so do its JSON and its page. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/trace/flow_explain.h"
#include "ctl/trace/report_html.h"
#include "ctl/trace/report_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_trace: not so: %s\n", what);
	abort();
}

static void check_sums(const struct report *report)
{
	uint64_t flows = 0, segments = 0;

	for (int i = 0; i < FLOW_VERDICT_COUNT; i++)
		flows += report->verdicts[i];
	require(flows == report->table.seen, "each flow has one verdict");
	for (int i = 0; i < REPORT_SIZES; i++) {
		require(report->sizes[i].resent <= report->sizes[i].sent,
			"what is sent again is sent");
		segments += report->sizes[i].sent;
	}
	require(segments <= report->tcp_packets || report->offloaded > 0,
		"a packet has one size");
	require(report->unsized <= report->offloaded, "what has no size is a piece");
	require(report->not_ip + report->unknown_link + report->tcp_packets <= report->packets,
		"a packet is counted once");
	require(report->syns.listed <= report->syns.count, "SYNs are counted");
	require(report->flow_listed <= report->table.seen, "flows are counted");
}

/* No value is taken back that was not counted. */
static void check_syns(const struct report_syns *syns)
{
	uint64_t came = syns->no_mss, left = 0;

	for (int i = 0; i < 2; i++) {
		for (int mss = 0; mss <= UINT16_MAX; mss++) {
			came += syns->kinds[i].came[mss];
			left += syns->kinds[i].left[mss];
			require(syns->kinds[i].left[mss] <= syns->count, "a SYN left once");
		}
		require(syns->kinds[i].changed + syns->kinds[i].stayed <= syns->count,
			"a SYN stays or not");
	}
	require(came <= syns->count && left <= syns->count, "each SYN counts once");
	require(syns->over_limit <= left, "a SYN above the limit is one that left");
}

static void check_flows(const struct report *report)
{
	for (size_t i = 0; i < report->flow_listed; i++) {
		const struct report_flow *entry = &report->flows[i];
		char text[512] = "x";

		flow_explain(&entry->flow, &entry->finding, text, sizeof(text));
		require((entry->finding.verdict == FLOW_OK) == (text[0] == '\0'),
			"what is not well is explained");
		require(strlen(text) < sizeof(text) - 1, "an explanation is whole");
		require(i == 0 || entry[-1].finding.verdict >= entry->finding.verdict,
			"the worst come first");
	}
}

/* All of the report, and what people see of it. */
static void check(struct report *report, const char *error)
{
	struct report_source source = { .file = "-", .format = "pcap", .error = error };
	json_t *json;
	char *text;

	report_finish(report);
	check_sums(report);
	check_syns(&report->syns);
	check_flows(report);
	json = report_to_json(report, &source);
	require(json != NULL, "there is memory");
	text = json_dumps(json, 0);
	require(text != NULL, "the report is JSON");
	require(report_html_write("/dev/null", json, false) == 0, "there is a page");
	free(text);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct report report; /* large */
	struct trace_reader reader;
	struct trace_frame frame;
	FILE *file;
	int r;

	if (size == 0)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "rb");
	require(file != NULL, "there is a stream in memory");
	r = trace_reader_open(&reader, file);
	require(r == 0 || trace_reader_error(&reader)[0], "an error has a text");
	if (r == 0) {
		require(report_init(&report, 1400) == 0, "there is memory");
		while ((r = trace_reader_next(&reader, &frame)) > 0)
			report_take(&report, &frame);
		require(r == 0 || r == -EBADMSG, "no other error happens in memory");
		check(&report, r < 0 ? trace_reader_error(&reader) : NULL);
		report_done(&report);
		trace_reader_done(&reader);
	}
	fclose(file);
	return 0;
}
