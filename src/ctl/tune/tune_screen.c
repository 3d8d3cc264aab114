/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/outfile.h"
#include "ctl/screen/output.h"
#include "ctl/screen/page.h"
#include "ctl/screen/table.h"
#include "ctl/tune/tune.h"

#define BAR_WIDTH 12
#define LINE_BYTES 640

static const struct table_column columns[] = {
	{ "WAY", false, 0 },        { "MSS", true, 0 },       { "THROUGHPUT", true, 0 },
	{ "", false, 1 },           { "SENT AGAIN", true, 0 }, { "FRAGMENTS", true, 0 },
	{ "WHAT", false, 0 },
};

/* "5.8 Gbit/s". */
static struct format_text format_bits(double bits)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
	struct format_text text;
	size_t unit = 0;

	while (bits >= 1000 && unit + 1 < COUNT(units)) {
		bits /= 1000;
		unit++;
	}
	snprintf(text.s, sizeof(text.s), "%.*f %s", bits < 10 && unit ? 1 : 0, bits, units[unit]);
	return text;
}

static double fastest(const json_t *runs)
{
	double best = 0;

	for (size_t i = 0; i < json_array_size(runs); i++) {
		double bits = field_real(json_array_get(runs, i), "bits_per_second", 0);

		best = bits > best ? bits : best;
	}
	return best;
}

/* Pieces made here when sending, put together here when receiving. */
static const json_t *fragments_of(const json_t *run)
{
	return json_object_get(run, field_is(run, "direction", "up") ? "fragments_made_total" :
								       "reassembled_total");
}

static void way_of(const json_t *run, char *text, size_t size)
{
	snprintf(text, size, "%s%s", field_string(run, "direction", "-"),
		 field_is(run, "where", "compare") ? " beside" : "");
}

static const char *mss_of(const json_t *run, struct format_text *text)
{
	*text = format_field_bytes(run, "mss_bytes");
	return json_is_null(json_object_get(run, "mss_bytes")) ? "as it is" : text->s;
}

static void add_run(const struct ctl *ctl, struct table *table, const json_t *run, double best)
{
	double bits = field_real(run, "bits_per_second", 0);
	char bar[4 * BAR_WIDTH + 1], way[32];
	struct format_text mss;

	way_of(run, way, sizeof(way));
	format_bar(bar, BAR_WIDTH, (uint64_t)bits, (uint64_t)best, ctl->utf8);
	table_add(table, way);
	table_add(table, mss_of(run, &mss));
	table_add(table, format_bits(bits).s);
	table_add(table, bar);
	table_add(table, format_json_count(json_object_get(run, "retransmissions_total")).s);
	table_add(table, format_json_count(fragments_of(run)).s);
	table_add(table, field_string(run, "verdict", "-"));
}

/* Who else thinks something of that path, and in which words. */
static const struct opinion {
	const char *who, *key, *value, *before, *behind;
} opinions[] = {
	{ "mssclampd", "daemon", "mss_bytes", "MSS", "" },
	{ "probe", "probe", "packet_bytes", "packets of", " bytes" },
};

/* "mssclampd: agrees, MSS 1360: both come to the same." */
static void describe_opinion(const struct opinion *of, const json_t *reply, char line[LINE_BYTES])
{
	const json_t *told = json_object_get(reply, of->key);
	const json_t *agrees = json_object_get(told, "agrees");
	const json_t *value = json_object_get(told, of->value);
	char number[64] = "";

	if (json_is_integer(value))
		snprintf(number, sizeof(number), ", %s %s%s", of->before,
			 format_json_bytes(value).s, of->behind);
	snprintf(line, LINE_BYTES, "%s: %s%s: %s.", of->who, json_is_null(agrees) ? "cannot tell" :
		 json_is_true(agrees) ? "agrees" : "differs", number,
		 field_string(told, "why", "-"));
}

static void print_words(const struct ctl *ctl, const json_t *reply)
{
	char line[LINE_BYTES];

	putchar('\n');
	output_wrapped(ctl, 0, 0, field_string(reply, "says", "-"));
	if (field_string(reply, "rule", NULL)) { /* to be copied: never broken */
		fputs("    ", stdout);
		output_text(ctl, field_string(reply, "rule", NULL));
		putchar('\n');
	}
	for (size_t i = 0; i < COUNT(opinions); i++) {
		describe_opinion(&opinions[i], reply, line);
		output_wrapped(ctl, 0, 0, line);
	}
	printf("Took %.0f s.\n", field_real(reply, "duration_seconds", 0));
}

int tune_print(const struct ctl *ctl, const json_t *reply)
{
	const json_t *runs = json_object_get(reply, "runs");
	double best = fastest(runs);
	struct table table;
	int r;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(runs); i++)
		add_run(ctl, &table, json_array_get(runs, i), best);
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	if (r == 0)
		print_words(ctl, reply);
	return r;
}

static void put_runs(FILE *out, const json_t *runs)
{
	struct page_bar bars[TUNE_RUNS_MAX];
	char labels[TUNE_RUNS_MAX][64], notes[TUNE_RUNS_MAX][160];
	size_t count = json_array_size(runs);

	if (count > TUNE_RUNS_MAX)
		count = TUNE_RUNS_MAX;
	for (size_t i = 0; i < count; i++) {
		const json_t *run = json_array_get(runs, i);
		double bits = field_real(run, "bits_per_second", 0);
		bool good = field_is(run, "verdict", "good");
		struct format_text mss;
		char way[32];

		way_of(run, way, sizeof(way));
		snprintf(labels[i], sizeof(labels[i]), "%s, MSS %s", way, mss_of(run, &mss));
		snprintf(notes[i], sizeof(notes[i]), "%s, %s", format_bits(bits).s,
			 field_string(run, "verdict", "-"));
		bars[i] = (struct page_bar){ labels[i], (uint64_t)bits, good ? 0 : (uint64_t)bits,
					     notes[i] };
	}
	page_element(out, "h2", NULL, "Throughput of each run (red: not clean)");
	page_bars(out, "Throughput of each run", bars, count);
}

static void put_table(FILE *out, const json_t *runs)
{
	static const char *const titles[] = { "Way", "MSS", ">Throughput", ">Sent again",
					      ">Fragments", "What", NULL };

	page_element(out, "h2", NULL, "Runs");
	page_table(out, titles);
	for (size_t i = 0; i < json_array_size(runs); i++) {
		const json_t *run = json_array_get(runs, i);
		struct format_text mss;
		char way[32];

		way_of(run, way, sizeof(way));
		fputs("<tr>", out);
		page_element(out, "td", NULL, way);
		page_element(out, "td", NULL, mss_of(run, &mss));
		page_element(out, "td", "n",
			     format_bits(field_real(run, "bits_per_second", 0)).s);
		page_element(out, "td", "n", format_json_count(json_object_get(run,
			     "retransmissions_total")).s);
		page_element(out, "td", "n", format_json_count(fragments_of(run)).s);
		page_element(out, "td", field_is(run, "verdict", "good") ? "good" : "bad",
			     field_string(run, "verdict", "-"));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void put_sentence(FILE *out, const char *element, const char *text, bool addresses)
{
	char *shorter = addresses ? NULL : page_shorten(text);

	page_element(out, element, NULL, addresses ? text : shorter ? shorter : "?");
	free(shorter);
}

/* What the screen says below the runs. */
static void put_words(FILE *out, const json_t *reply, bool addresses)
{
	const char *rule = field_string(reply, "rule", NULL);
	char line[LINE_BYTES];

	put_sentence(out, "p", field_string(reply, "says", "-"), addresses);
	if (rule)
		put_sentence(out, "pre", rule, addresses);
	for (size_t i = 0; i < COUNT(opinions); i++) {
		describe_opinion(&opinions[i], reply, line);
		put_sentence(out, "p", line, addresses);
	}
}

int tune_html_write(const char *path, const json_t *reply, bool addresses)
{
	const char *address = field_string(reply, "address", "-");
	char text[PAGE_ADDRESS_MAX], title[128];
	struct outfile out;
	int r = outfile_open(&out, path);

	if (r < 0)
		return r;
	snprintf(title, sizeof(title), "Which segments reach %s",
		 addresses ? address : page_short_address(address, text));
	page_begin(out.file, title);
	put_words(out.file, reply, addresses);
	if (!addresses)
		page_element(out.file, "p", NULL, "Addresses are shortened to their first parts.");
	put_runs(out.file, json_object_get(reply, "runs"));
	put_table(out.file, json_object_get(reply, "runs"));
	page_end(out.file);
	return outfile_commit(&out);
}
