/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc_print.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define RUNG_MAX 60  /* columns */
#define RUNG_MIN 12
#define RUNG_LABEL 26 /* columns beside a rung: its number, its borders, its name */

static void add_step(struct table *table, const char *layer, const char *what, uint32_t bytes,
		     uint32_t left)
{
	char number[16] = "", rest[16];

	if (bytes)
		snprintf(number, sizeof(number), "-%u", bytes);
	snprintf(rest, sizeof(rest), "%u", left);
	table_add(table, layer);
	table_add(table, what);
	table_add(table, number);
	table_add(table, rest);
}

static int print_steps(const struct ctl *ctl, const struct calc_sum *sum)
{
	static const struct table_column columns[] = {
		{ "LAYER", false, 0 },
		{ "WHAT", false, 0 },
		{ "BYTES", true, 0 },
		{ "LEFT", true, 0 },
	};
	struct table table;
	int r;

	table_init(&table, columns, COUNT(columns));
	add_step(&table, "path", "largest IP packet", 0, sum->path_mtu);
	for (size_t l = 0; l < sum->count; l++) {
		const struct calc_sum_layer *layer = &sum->layers[l];
		const char *name = encap_kind_name(layer->encap->kind);

		if (!layer->steps.count)
			add_step(&table, name, "adds nothing", 0, layer->before);
		for (size_t i = 0; i < layer->steps.count; i++) {
			const struct overhead_step *step = &layer->steps.list[i];

			add_step(&table, i ? "" : name, step->what, step->bytes, step->left);
		}
	}
	r = table_print(&table, stdout, 0, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	return r;
}

static char *put(char *text, const char *sign, unsigned int times)
{
	for (; times; times--)
		text = stpcpy(text, sign);
	return text;
}

/* One rung of the ladder, `width` columns wide, into text (4 * width + 1 bytes): what lies outside
 * is blank, the layer's own bytes are shaded, what it leaves is full; `path` bytes fill the width.
 * *from is the column where the layer begins and becomes the one where the next does: a layer takes
 * at least one column while there is room. */
static void draw_rung(char *text, unsigned int width, uint32_t path, uint32_t left,
		      unsigned int *from, bool utf8)
{
	unsigned int begin = *from < width ? *from : width, end;

	/* What is gone so far, rounded to the nearest column. */
	end = (unsigned int)(((uint64_t)(path > left ? path - left : 0) * width + path / 2) / path);
	if (end <= begin && left < path)
		end = begin + 1;
	if (end > width)
		end = width;
	*text = '\0';
	text = put(text, " ", begin);
	if (end > begin)
		text = put(text, utf8 ? "▒" : "-", end - begin);
	else
		end = begin;
	put(text, utf8 ? "█" : "#", width - end);
	*from = end;
}

static void print_rung(const struct ctl *ctl, uint32_t left, const char *bar, const char *name,
		       uint32_t bytes)
{
	const char *border = ctl->utf8 ? "│" : "|";

	printf("%5u %s%s%s %s", left, border, bar, border, name);
	if (bytes)
		printf(" %u", bytes);
	putchar('\n');
}

/* The stack from the wire inwards, to scale as far as columns allow. */
static void print_ladder(const struct ctl *ctl, const struct calc_sum *sum)
{
	unsigned int width = ctl->width > RUNG_LABEL ? ctl->width - RUNG_LABEL : 0, from = 0;
	char bar[4 * RUNG_MAX + 1];

	if (width > RUNG_MAX)
		width = RUNG_MAX;
	if (width < RUNG_MIN)
		width = RUNG_MIN;
	draw_rung(bar, width, sum->path_mtu, sum->path_mtu, &from, ctl->utf8);
	print_rung(ctl, sum->path_mtu, bar, "path", 0);
	for (size_t l = 0; l < sum->count; l++) {
		const struct calc_sum_layer *layer = &sum->layers[l];
		uint32_t left = layer->overhead.inner_mtu;
		uint32_t taken = layer->before > left ? layer->before - left : 0;

		if (!taken)
			continue;
		draw_rung(bar, width, sum->path_mtu, left, &from, ctl->utf8);
		print_rung(ctl, left, bar, encap_kind_name(layer->encap->kind), taken);
	}
}

static void print_mss(const struct ctl *ctl, const struct calc_sum *sum)
{
	char text[FAMILY_COUNT][16] = { "-", "-" };

	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (sum->mss[i])
			snprintf(text[i], sizeof(text[i]), "%d", sum->mss[i]);
	printf("%sMSS %s (IPv4)  %s (IPv6)%s  inside MTU %u, headers %u\n",
	       output_paint(ctl, PAINT_BOLD), text[FAMILY_IPV4], text[FAMILY_IPV6],
	       output_paint(ctl, PAINT_END), sum->inner_mtu, sum->overhead);
}

int calc_print(const struct ctl *ctl, const struct calc_sum *sum)
{
	size_t i;
	json_t *text;

	if (print_steps(ctl, sum) < 0)
		return -1;
	putchar('\n');
	print_ladder(ctl, sum);
	putchar('\n');
	print_mss(ctl, sum);
	if (!json_array_size(sum->assumes))
		return 0;
	puts("\nAssumed:");
	json_array_foreach(sum->assumes, i, text)
		printf("  %s\n", json_string_value(text));
	return 0;
}
