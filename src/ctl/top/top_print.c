/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/top/top.h"
#include "ctl/top/top_parts.h"

#define PARTS_MAX 8

static __attribute__((format(printf, 1, 2))) char *make_text(const char *format, ...)
{
	va_list list;
	char *text;
	int r;

	va_start(list, format);
	r = vasprintf(&text, format, list);
	va_end(list);
	return r < 0 ? NULL : text;
}

static uint64_t sum_queues(const struct top *top, const char *key)
{
	const json_t *queues = json_object_get(top->now.stats, "queues");
	uint64_t sum = 0;

	for (size_t i = 0; i < json_array_size(queues); i++)
		sum += field_count(json_array_get(queues, i), key);
	return sum;
}

static void print_head(const struct top *top, FILE *out)
{
	time_t now = time(NULL);
	char *parts[PARTS_MAX], clock[16] = "";
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	parts[0] = make_text("mssclamp %s", clock);
	if (!top->now.stats) {
		top_print_parts(top, out, parts, 1);
		free(parts[0]);
		return;
	}
	parts[1] = make_text("SYN %s/s", format_rate(top->rows.syn).s);
	parts[2] = make_text("%s %s/s (%s)", top->audit ? "would clamp" : "clamped",
			     format_rate(top->rows.clamped).s,
			     top_percent(top->rows.clamped, top->rows.syn).s);
	parts[3] = make_text("queue %s", format_count(sum_queues(top, "depth")).s);
	parts[4] = make_text("fail-open %s", format_count(sum_queues(top, "fail_open_total")).s);
	parts[5] = make_text("dropped %s", format_count(sum_queues(top, "dropped_total")).s);
	top_print_parts(top, out, parts, 6);
	for (size_t i = 0; i < 6; i++)
		free(parts[i]);
}

static void print_offload(const struct top *top, FILE *out)
{
	static char *const parts[] = { "Mode offload: these are the queue's SYNs;",
				       "the kernel's: mssclampctl offload" };

	top_print_parts(top, out, parts, 2);
}

static void print_tunnels(const struct top *top, FILE *out)
{
	char *parts[2] = {
		make_text("%zu %s", top->rows.count, top->rows.count == 1 ? "row" : "rows"),
		make_text("%s", top_sort_title(top->sort, top->reverse)),
	};

	top_print_parts(top, out, parts, 2);
	free(parts[0]);
	free(parts[1]);
	if (top->rows.count == 0)
		fputs("No tunnel found, and no SYN has come.\n", out);
	else
		top_print_rows(top, out, top->first, top_page_rows(top), top->moved);
}

static void print_trouble(const struct top *top, FILE *out)
{
	char *clean = format_clean(top->trouble, top->ctl.utf8, false);
	const char *rest = clean ? clean : "?";

	while (*rest) {
		size_t len = format_break(rest, top->ctl.width ? top->ctl.width : 80);

		fprintf(out, "%.*s\n", (int)len, rest);
		rest += len;
		rest += strspn(rest, " ");
	}
	fputs("Trying again.\n", out);
	free(clean);
}

/* Lines that are no rows: head, what the page is, titles, and where there are keys, theirs. */
static size_t lines_around(const struct top *top)
{
	size_t lines = top->page == TOP_PEERS && top->tunnel ? 6 : 4;

	return lines + (top->offload ? 1 : 0);
}

size_t top_page_rows(const struct top *top)
{
	size_t around = lines_around(top);

	if (!top->lines)
		return SIZE_MAX;
	return top->lines > around ? top->lines - around : 1;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void print_keys(const struct top *top, FILE *out)
{
	static char *const keys[][8] = {
		[TOP_TUNNELS] = { "q quit", "h help", "s sort", "r reverse", "Enter peers",
				  "p all peers", "t tunnels" },
		[TOP_PEERS] = { "q quit", "h help", "s sort", "r reverse", "p all peers",
				"t tunnels" },
		[TOP_HELP] = { "q quit", "any other key back" },
	};

	top_print_parts(top, out, keys[top->page], 8);
}

static void print_page(const struct top *top, FILE *out)
{
	print_head(top, out);
	if (top->offload && top->now.stats)
		print_offload(top, out);
	if (top->page == TOP_HELP)
		top_print_help(top, out);
	else if (top->trouble)
		print_trouble(top, out);
	else if (top->page == TOP_PEERS)
		top_print_peers(top, out);
	else
		print_tunnels(top, out);
}

/* The keys stand in the last line, whatever is above them. */
void top_print(const struct top *top, FILE *out, bool keys)
{
	char *page = NULL;
	size_t len, lines;
	FILE *stream;

	if (!keys) {
		print_page(top, out);
		return;
	}
	stream = open_memstream(&page, &len);
	if (!stream)
		return;
	print_page(top, stream);
	fclose(stream);
	lines = count_lines(page);
	for (const char *at = page; *at && top->lines > 1;) {
		size_t line = strcspn(at, "\n");

		if (at != page && count_lines(page) - count_lines(at) + 1 >= top->lines)
			break;
		fprintf(out, "%.*s\n", (int)line, at);
		at += line + (at[line] == '\n');
	}
	for (; lines + 1 < top->lines; lines++)
		fputc('\n', out);
	print_keys(top, out);
	free(page);
}
