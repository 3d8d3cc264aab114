/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/report_html.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/outfile.h"
#include "ctl/screen/page.h"
#include "ctl/trace/report_screen.h"

#define BARS_SHOWN 16

/* What the page is made with. */
struct view {
	FILE *out;
	const json_t *report;
	bool addresses;
};

static const char *address(const struct view *view, const json_t *object, const char *key,
			   char text[PAGE_ADDRESS_MAX])
{
	const char *whole = field_string(object, key, "-");

	return view->addresses ? whole : page_short_address(whole, text);
}

static void put_label(const struct view *view, const json_t *flow, char *text, size_t size)
{
	char src[PAGE_ADDRESS_MAX], dst[PAGE_ADDRESS_MAX];

	snprintf(text, size, "%s port %u > %s port %u", address(view, flow, "src", src),
		 (unsigned int)field_count(flow, "src_port"), address(view, flow, "dst", dst),
		 (unsigned int)field_count(flow, "dst_port"));
}

static void put_summary(const struct view *view)
{
	const json_t *verdicts = json_object_get(view->report, "verdicts");
	const json_t *clamping = json_object_get(view->report, "clamping");
	const json_t *seen = json_object_get(clamping, "seen");
	uint64_t holes = field_count(verdicts, "black_hole");
	char line[640];

	snprintf(line, sizeof(line), "Packets: %s in %.1f s. TCP connections: %s.",
		 format_count(field_count(view->report, "packets_total")).s,
		 field_real(view->report, "seconds", 0),
		 format_count(field_count(view->report, "flows_total")).s);
	page_element(view->out, "p", NULL, line);
	if (field_string(view->report, "error", NULL)) {
		snprintf(line, sizeof(line), "The file %s. This is about what stands before it.",
			 field_string(view->report, "error", ""));
		page_element(view->out, "p", "warn", line);
	}
	snprintf(line, sizeof(line), "Suspected PMTU black holes: %s", format_count(holes).s);
	page_element(view->out, "p", holes ? "bad" : "good", line);
	snprintf(line, sizeof(line), "Clamped by somebody between here and there: %s. %s",
		 json_is_null(seen) ? "can't tell" : json_is_true(seen) ? "yes" : "no",
		 field_string(clamping, "why", ""));
	page_element(view->out, "p", NULL, line);
}

static void put_evidence(const struct view *view)
{
	const json_t *flows = json_object_get(view->report, "flows");
	bool any = false;

	for (size_t i = 0; i < json_array_size(flows); i++) {
		const json_t *flow = json_array_get(flows, i);
		const json_t *stuck = json_object_get(flow, "stuck");
		char label[192];

		if (!json_is_object(stuck))
			break;
		if (!any)
			page_element(view->out, "h2", NULL, "What stands still");
		any = true;
		put_label(view, flow, label, sizeof(label));
		fputs("<p>", view->out);
		page_element(view->out, "span",
			     field_is(flow, "verdict", "black_hole") ? "bad" : "warn",
			     report_verdict_words(flow));
		page_text(view->out, label);
		fputs("<br>", view->out);
		page_text(view->out, field_is(stuck, "sent_by", "src") ? "From the first: " :
									 "From the second: ");
		page_text(view->out, field_string(flow, "evidence", ""));
		fputs("</p>\n", view->out);
	}
}

static void put_histogram(const struct view *view, const char *name, const char *key,
			  const char *title)
{
	const json_t *histogram = json_object_get(view->report, name);
	struct page_bar bars[BARS_SHOWN];
	struct format_text labels[BARS_SHOWN], notes[BARS_SHOWN];
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(histogram) && count < BARS_SHOWN; i++) {
		const json_t *row = json_array_get(histogram, i);
		uint64_t times = field_count(row, key);

		if (!times)
			continue;
		labels[count] = format_field_bytes(row, "mss_bytes");
		notes[count] = format_count(times);
		bars[count] = (struct page_bar){ labels[count].s, times, 0, notes[count].s };
		count++;
	}
	if (!count)
		return;
	page_element(view->out, "h2", NULL, title);
	page_bars(view->out, title, bars, count);
}

static void put_histograms(const struct view *view)
{
	bool both = report_left_otherwise(view->report);

	put_histogram(view, "mss_histogram", "syns_total",
		      both ? "MSS in SYNs, as they came" : "MSS in SYNs");
	put_histogram(view, "mss_histogram", "syn_acks_total",
		      both ? "MSS in SYN-ACKs, as they came" : "MSS in SYN-ACKs");
	if (!both)
		return;
	put_histogram(view, "mss_histogram_after", "syns_total", "MSS in SYNs, as they left");
	put_histogram(view, "mss_histogram_after", "syn_acks_total",
		      "MSS in SYN-ACKs, as they left");
}

static void put_sizes(const struct view *view)
{
	const json_t *sizes = json_object_get(view->report, "sizes");
	struct page_bar bars[BARS_SHOWN];
	char labels[BARS_SHOWN][80], notes[BARS_SHOWN][128];
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(sizes) && count < BARS_SHOWN; i++) {
		const json_t *row = json_array_get(sizes, i);
		const json_t *to = json_object_get(row, "to_bytes");
		uint64_t sent = field_count(row, "sent_total");
		uint64_t resent = field_count(row, "retransmitted_total");

		if (!sent)
			continue;
		snprintf(labels[count], sizeof(labels[count]), "%llu to %s",
			 (unsigned long long)field_count(row, "from_bytes"),
			 json_is_null(to) ? "more" : format_json_bytes(to).s);
		snprintf(notes[count], sizeof(notes[count]), "%s, sent again %s",
			 format_count(sent).s, format_count(resent).s);
		bars[count] = (struct page_bar){ labels[count], sent, resent, notes[count] };
		count++;
	}
	if (!count)
		return;
	page_element(view->out, "h2", NULL,
		     "Segments by size of their packets, and those sent again (red)");
	page_bars(view->out, "Segments by size", bars, count);
}

static void put_counts(const struct view *view)
{
	static const struct {
		const char *key, *what;
	} rows[] = {
		{ "limit_bytes", "the limit that was given, bytes" },
		{ "oversize_packets_total", "packets larger than that" },
		{ "largest_packet_bytes", "largest packet, bytes" },
		{ "fragments_total", "IP fragments" },
		{ "icmp_too_big_total", "ICMP messages \"too big\"" },
		{ "retransmissions_total", "segments sent again" },
		{ "reordered_total", "segments out of order" },
		{ "offloaded_packets_total", "pieces captured before the network card cuts them, "
					     "or joined after" },
		{ "offloaded_unsized_total", "of which hold segments of unknown size, which are "
					     "not counted above" },
		{ "captured_twice_total", "captured twice on their way" },
		{ "in_tunnels_total", "inside of other packets" },
		{ "snapped_total", "packets of which only the start was captured" },
	};
	static const char *const titles[] = { "What", ">How many", NULL };

	page_element(view->out, "h2", NULL, "Counted");
	page_table(view->out, titles);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const json_t *value = json_object_get(view->report, rows[i].key);

		if (json_is_null(value))
			continue;
		fputs("<tr>", view->out);
		page_element(view->out, "td", NULL, rows[i].what);
		page_element(view->out, "td", "n", format_json_count(value).s);
		fputs("</tr>\n", view->out);
	}
	fputs("</table>\n", view->out);
}

static void put_flow(const struct view *view, const json_t *flow)
{
	const json_t *there = json_object_get(flow, "from_src");
	const json_t *back = json_object_get(flow, "from_dst");
	const char *verdict = field_string(flow, "verdict", "-");
	char text[192];

	fputs("<tr>", view->out);
	put_label(view, flow, text, sizeof(text));
	page_element(view->out, "td", NULL, text);
	snprintf(text, sizeof(text), "%s / %s",
		 format_field_bytes(there, "mss_bytes").s,
		 format_field_bytes(back, "mss_bytes").s);
	page_element(view->out, "td", NULL, text);
	page_element(view->out, "td", "n",
		     format_count(field_count(there, "payload_bytes") +
				  field_count(back, "payload_bytes")).s);
	page_element(view->out, "td", "n",
		     format_count(field_count(there, "retransmissions_total") +
				  field_count(back, "retransmissions_total")).s);
	page_element(view->out, "td", strcmp(verdict, "black_hole") == 0 ? "bad" : NULL,
		     strcmp(verdict, "black_hole") == 0 ? "black hole?" : verdict);
	fputs("</tr>\n", view->out);
}

static void put_flows(const struct view *view)
{
	static const char *const titles[] = { "Connection", "MSS", ">Bytes", ">Sent again",
					      "Verdict", NULL };
	const json_t *flows = json_object_get(view->report, "flows");

	if (json_array_size(flows) == 0)
		return;
	page_element(view->out, "h2", NULL, "Connections");
	page_table(view->out, titles);
	for (size_t i = 0; i < json_array_size(flows); i++)
		put_flow(view, json_array_get(flows, i));
	fputs("</table>\n", view->out);
	if (field_count(view->report, "flows_left_out_total"))
		page_element(view->out, "p", "small", "More connections are not listed.");
	if (!view->addresses)
		page_element(view->out, "p", "small",
			     "Addresses are shortened to their first parts.");
}

static void put_page(const struct view *view)
{
	page_begin(view->out, "Report on a capture");
	put_summary(view);
	put_evidence(view);
	put_sizes(view);
	put_histograms(view);
	put_counts(view);
	put_flows(view);
	page_end(view->out);
}

int report_html_write(const char *path, const json_t *report, bool addresses)
{
	struct view view = { .report = report, .addresses = addresses };
	struct outfile out;
	int r = outfile_open(&out, path);

	if (r < 0)
		return r;
	view.out = out.file;
	put_page(&view);
	return outfile_commit(&out);
}
