/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/report_screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/bars.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define FLOWS_SHOWN 20 /* rows on the screen; --json has more */
#define FINDINGS_SHOWN 10
#define LINE_MAX_BYTES 640

static const char *const verdict_words[][2] = {
	{ "ok", "ok" },
	{ "reordering", "reordering" },
	{ "path_mtu_told", "told by ICMP" },
	{ "loss", "loss" },
	{ "unanswered", "no answer" },
	{ "refused", "no handshake" },
	{ "gap", "bytes never seen here" },
	{ "stalled", "stalled" },
	{ "black_hole", "suspected PMTU black hole" },
};

const char *report_verdict_words(const json_t *flow)
{
	const char *name = field_string(flow, "verdict", "-");

	for (size_t i = 0; i < COUNT(verdict_words); i++)
		if (strcmp(verdict_words[i][0], name) == 0)
			return verdict_words[i][1];
	return name;
}

/* "192.0.2.2:40000 > 198.51.100.2:80", IPv6 in brackets; of a flow, a SYN or an ICMP message.
 * Returns owned, or NULL. */
static char *label_of(const json_t *flow)
{
	bool v6 = field_is(flow, "family", "ipv6");
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
	char *label;

	if (asprintf(&label, "%s%s%s:%u > %s%s%s:%u", open, field_string(flow, "src", "-"), close,
		     (unsigned int)field_count(flow, "src_port"), open,
		     field_string(flow, "dst", "-"), close,
		     (unsigned int)field_count(flow, "dst_port")) < 0)
		return NULL;
	return label;
}

static void print_head(const struct ctl *ctl, const json_t *report)
{
	char line[LINE_MAX_BYTES];
	struct format_text packets = format_count(field_count(report, "packets_total"));
	struct format_text tcp = format_count(field_count(report, "tcp_packets_total"));
	struct format_text flows = format_count(field_count(report, "flows_total"));
	const char *name = field_string(report, "file", "-");

	printf("%s", output_paint(ctl, PAINT_BOLD));
	output_text(ctl, strcmp(name, "-") == 0 ? "standard input" : name);
	printf("%s\n", output_paint(ctl, PAINT_END));
	snprintf(line, sizeof(line), "%s, packets %s in %.1f s, TCP %s, connections %s",
		 field_string(report, "format", "-"), packets.s,
		 field_real(report, "seconds", 0), tcp.s, flows.s);
	output_wrapped(ctl, 0, 0, line);
}

/* A flow that stands: which, and why we think so. */
static int print_finding(const struct ctl *ctl, const json_t *flow)
{
	bool black_hole = field_is(flow, "verdict", "black_hole");
	char *label = label_of(flow), *text;

	if (!label)
		return -ENOMEM;
	if (asprintf(&text, "%s, sent by %s: %s", label,
		     field_string(flow, field_string(json_object_get(flow, "stuck"), "sent_by",
						     "src"), "-"),
		     field_string(flow, "evidence", "-")) < 0) {
		free(label);
		return -ENOMEM;
	}
	output_notice(ctl, black_hole ? PAINT_BAD : PAINT_WARN, report_verdict_words(flow), text);
	free(label);
	free(text);
	return 0;
}

static int print_findings(const struct ctl *ctl, const json_t *report)
{
	const json_t *flows = json_object_get(report, "flows"), *verdicts;
	size_t shown = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(flows); i++) {
		const json_t *flow = json_array_get(flows, i);

		if (!json_is_object(json_object_get(flow, "stuck")))
			break; /* the worst come first */
		if (shown++ < FINDINGS_SHOWN)
			r = print_finding(ctl, flow);
	}
	verdicts = json_object_get(report, "verdicts");
	if (shown > FINDINGS_SHOWN)
		printf("  and more like these: %s black holes, %s stalled; --json has them\n",
		       format_count(field_count(verdicts, "black_hole")).s,
		       format_count(field_count(verdicts, "stalled")).s);
	return r;
}

/* The histogram of one direction for bars_print. Returns owned. */
static json_t *one_direction(const json_t *histogram, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(histogram); i++) {
		const json_t *row = json_array_get(histogram, i);

		json_array_append_new(list, json_pack("{s:O, s:O}", "mss_bytes",
						      json_object_get(row, "mss_bytes"), "count",
						      json_object_get(row, key)));
	}
	return list;
}

bool report_left_otherwise(const json_t *report)
{
	const json_t *after = json_object_get(report, "mss_histogram_after");

	return json_is_array(after) && !json_equal(after, json_object_get(report, "mss_histogram"));
}

static void print_histogram(const struct ctl *ctl, const json_t *histogram, const char *syns_title,
			    const char *answers_title)
{
	json_t *syns = one_direction(histogram, "syns_total");
	json_t *answers = one_direction(histogram, "syn_acks_total");

	if (json_array_size(histogram) > 0)
		putchar('\n');
	bars_print_titled(ctl, syns_title, syns, answers_title, answers);
	json_decref(syns);
	json_decref(answers);
}

static void print_mss(const struct ctl *ctl, const json_t *report)
{
	const json_t *histogram = json_object_get(report, "mss_histogram");
	bool both = report_left_otherwise(report);
	const json_t *clamping = json_object_get(report, "clamping");
	const json_t *seen = json_object_get(clamping, "seen");
	const char *word = json_is_null(seen) ? "can't tell" : json_is_true(seen) ? "yes" : "no";
	char line[LINE_MAX_BYTES];

	print_histogram(ctl, histogram, both ? "MSS in SYNs, as they came" : "MSS in SYNs",
			both ? "MSS in SYN-ACKs, as they came" : "MSS in SYN-ACKs");
	if (both)
		print_histogram(ctl, json_object_get(report, "mss_histogram_after"),
				"MSS in SYNs, as they left", "MSS in SYN-ACKs, as they left");
	if (field_count(report, "no_mss_total"))
		printf("without MSS option: %s\n",
		       format_count(field_count(report, "no_mss_total")).s);
	snprintf(line, sizeof(line), "Clamped by somebody between here and there: %s. %s", word,
		 field_string(clamping, "why", ""));
	putchar('\n');
	output_wrapped(ctl, 0, 2, line);
}

static const struct table_column size_columns[] = {
	{ "PACKET SIZE", true, 0 }, { "SENT", true, 0 }, { "SENT AGAIN", true, 0 },
	{ "", true, 0 },
};

static int print_sizes(const struct ctl *ctl, const json_t *report)
{
	const json_t *sizes = json_object_get(report, "sizes");
	struct table table;
	int r;

	table_init(&table, size_columns, 4);
	for (size_t i = 0; i < json_array_size(sizes); i++) {
		const json_t *row = json_array_get(sizes, i);
		uint64_t sent = field_count(row, "sent_total");
		uint64_t resent = field_count(row, "retransmitted_total");
		const json_t *to = json_object_get(row, "to_bytes");
		char range[128];

		if (!sent)
			continue;
		snprintf(range, sizeof(range), "%s %s %s",
			 format_field_bytes(row, "from_bytes").s, json_is_null(to) ? "and" : "to",
			 json_is_null(to) ? "more" : format_json_bytes(to).s);
		table_add(&table, range);
		table_add(&table, format_count(sent).s);
		table_add(&table, format_count(resent).s);
		table_add(&table, resent ? format_percent(resent, sent).s : "");
	}
	if (table.cell_count)
		putchar('\n');
	r = table.cell_count ? table_print(&table, stdout, ctl->width,
					   output_paint(ctl, PAINT_BOLD),
					   output_paint(ctl, PAINT_END)) : 0;
	table_done(&table);
	return r;
}

static void print_count(const json_t *report, const char *key, const char *before,
			const char *after)
{
	uint64_t count = field_count(report, key);

	if (count)
		printf("%s%s%s\n", before, format_count(count).s, after);
}

static void print_counts(const json_t *report)
{
	const json_t *limit = json_object_get(report, "limit_bytes");
	const json_t *clamping = json_object_get(report, "clamping");

	putchar('\n');
	if (!json_is_null(limit))
		printf("Larger than the limit of %s bytes: %s packets; SYNs that allow such: %s\n",
		       format_json_bytes(limit).s,
		       format_count(field_count(report, "oversize_packets_total")).s,
		       format_count(field_count(clamping, "oversize_for_limit_total")).s);
	printf("Largest packet %s, IP fragments %s, ICMP too big %s\n",
	       format_field_bytes(report, "largest_packet_bytes").s,
	       format_count(field_count(report, "fragments_total")).s,
	       format_count(field_count(report, "icmp_too_big_total")).s);
	printf("Sent again %s, out of order %s\n",
	       format_count(field_count(report, "retransmissions_total")).s,
	       format_count(field_count(report, "reordered_total")).s);
	print_count(report, "offloaded_packets_total", "",
		    " pieces were captured before the network card cuts them, or joined after");
	print_count(report, "offloaded_unsized_total", "  of which ",
		    " hold segments of unknown size, which are not counted above");
	print_count(report, "captured_twice_total", "",
		    " packets were captured twice on their way and count once");
	print_count(report, "in_tunnels_total", "", " packets lie inside of others (tunnels)");
	print_count(report, "not_ip_total", "", " packets are not IP");
	print_count(report, "without_time_total", "", " packets have no time");
	print_count(report, "flows_pushed_out_total", "",
		    " connections left the table of 16,384 before their end");
}

static bool is_same_word(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "from", "src", "dst", "mtu_bytes" };
	bool same = true;

	for (size_t i = 0; i < COUNT(keys); i++)
		same = same && json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i]));
	return same;
}

/* Of those from place on: how many say the same; 0 where one before it does. */
static unsigned int count_same(const json_t *list, size_t place)
{
	const json_t *one = json_array_get(list, place);
	unsigned int count = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!is_same_word(one, json_array_get(list, i)))
			continue;
		if (i < place)
			return 0;
		count++;
	}
	return count;
}

/* Each once, however often it was said. */
static void print_icmp(const json_t *report)
{
	const json_t *list = json_object_get(report, "icmp_too_big");

	for (size_t i = 0, shown = 0; i < json_array_size(list) && shown < FINDINGS_SHOWN; i++) {
		const json_t *icmp = json_array_get(list, i);
		unsigned int count = count_same(list, i);
		char times[32] = "";

		if (!count)
			continue;
		shown++;
		if (count > 1)
			snprintf(times, sizeof(times), " (%u times)", count);
		printf("  %s says ", field_string(icmp, "from", "-"));
		if (field_count(icmp, "mtu_bytes"))
			printf("that %s bytes fit", format_field_bytes(icmp, "mtu_bytes").s);
		else
			fputs("\"too big\" and not what fits", stdout);
		printf(", to %s for %s%s\n", field_string(icmp, "src", "-"),
		       field_string(icmp, "dst", "-"), times);
	}
}

static const struct table_column flow_columns[] = {
	{ "CONNECTION", false, 0 }, { "MSS", false, 0 },    { "LARGEST", true, 2 },
	{ "AGAIN", true, 1 },       { "VERDICT", false, 0 },
};

static int add_flow(struct table *table, const json_t *flow)
{
	const json_t *there = json_object_get(flow, "from_src");
	const json_t *back = json_object_get(flow, "from_dst");
	uint64_t again = field_count(there, "retransmissions_total") +
			 field_count(back, "retransmissions_total");
	uint64_t largest = field_count(there, "largest_packet_bytes");
	char *label = label_of(flow), text[128];

	if (!label)
		return -ENOMEM;
	if (field_count(back, "largest_packet_bytes") > largest)
		largest = field_count(back, "largest_packet_bytes");
	table_add(table, label);
	free(label);
	snprintf(text, sizeof(text), "%s / %s",
		 format_field_bytes(there, "mss_bytes").s,
		 format_field_bytes(back, "mss_bytes").s);
	table_add(table, text);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)largest);
	table_add(table, text);
	table_add(table, format_count(again).s);
	table_add(table, field_is(flow, "verdict", "black_hole") ? "BLACK HOLE?" :
								   report_verdict_words(flow));
	return 0;
}

static int print_flows(const struct ctl *ctl, const json_t *report)
{
	const json_t *flows = json_object_get(report, "flows");
	size_t total = json_array_size(flows);
	struct table table;
	int r = 0;

	if (total == 0)
		return 0;
	putchar('\n');
	table_init(&table, flow_columns, 5);
	for (size_t i = 0; r == 0 && i < total && i < FLOWS_SHOWN; i++)
		r = add_flow(&table, json_array_get(flows, i));
	if (r == 0)
		r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
				output_paint(ctl, PAINT_END));
	table_done(&table);
	if (field_count(report, "flows_total") > FLOWS_SHOWN)
		printf("and %s more; --json lists up to 1,000\n",
		       format_count(field_count(report, "flows_total") - FLOWS_SHOWN).s);
	return r;
}

int report_screen_print(const struct ctl *ctl, const json_t *report)
{
	int r;

	print_head(ctl, report);
	r = print_findings(ctl, report);
	print_mss(ctl, report);
	if (r == 0)
		r = print_sizes(ctl, report);
	print_counts(report);
	print_icmp(report);
	return r < 0 ? r : print_flows(ctl, report);
}
