/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints doc/man/mssclamp-overhead.7 from the rows of the overhead table. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/calc/calc.h"
#include "ctl/calc/calc_stack.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "policy/overhead/overhead_table.h"

#define PAGE_WIDTH 78

static const char head[] =
	"'\\\" t\n" /* has a table */
	".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	".\\\" Made by tests/lib/print_overhead.c: run make man.\n"
	".TH MSSCLAMP-OVERHEAD 7 2026-11-25 mssclampd\n"
	".SH NAME\n"
	"mssclamp-overhead \\- what tunnels take from a packet\n"
	".SH DESCRIPTION\n"
	"mssclampd reckons the largest TCP segment that fits through a tunnel from the\n"
	"path MTU outside and from what the tunnel adds.\n"
	".B mssclampctl calc\n"
	"shows the same sums, for any stack of tunnels.\n"
	".PP\n"
	"A layer is\n"
	".IR kind [: key = value ,...];\n"
	"layers stand from the wire inwards.\n"
	"A flag is true, false, 1 or 0, or stands alone.\n"
	"Keys that are not given add nothing, unless their line says so.\n"
	"The MTU inside one layer is the path MTU of the next.\n"
	"The MSS is the MTU inside minus 40 for IPv4, minus 60 for IPv6: options are not\n"
	"counted (RFC 9293, section 3.7.1).\n";

static const char tail[] =
	".SH EXAMPLES\n"
	".EX\n"
	"mssclampctl calc \\-\\-path 1500 pppoe wireguard:outer=6,ifmtu=1420\n"
	"mssclampctl calc \\-\\-stack stack.json\n"
	"mssclampctl calc \\-\\-table \\-\\-path 1492\n"
	".EE\n"
	".PP\n"
	"A stack as JSON:\n"
	".PP\n"
	".EX\n"
	"{\"path_mtu\":1500,\"layers\":[{\"type\":\"pppoe\"},\n"
	"  {\"type\":\"wireguard\",\"outer\":6,\"ifmtu\":1420}]}\n"
	".EE\n"
	".SH SEE ALSO\n"
	".BR ip (8),\n"
	".BR nft (8)\n";

/* Escapes what roff would obey. */
static void print_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

/* A paragraph, broken between words. */
static void print_paragraph(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " "), printed = len;
		char word[128];

		for (size_t i = 0; i < len; i++)
			printed += text[i] == '-'; /* \- */

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (column && column + printed > PAGE_WIDTH) {
			putchar('\n');
			column = 0;
		} else if (column) {
			putchar(' ');
		}
		print_text(word);
		column += printed + 1;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

static bool ends_with_dots(const char *text)
{
	size_t len = strlen(text);

	return len >= 3 && strcmp(text + len - 3, "...") == 0;
}

static void print_key(const struct overhead_use *use)
{
	const struct overhead_key *key = overhead_key(use->key);
	char text[256];

	printf(".TP\n.B %s\n", key->name);
	if (key->type == OVERHEAD_BYTES && key->max == 65535)
		snprintf(text, sizeof(text), "%s (%u to %u bytes).", use->help, key->min,
			 key->max);
	else if (key->type == OVERHEAD_BYTES)
		snprintf(text, sizeof(text), "%s (up to %u).", use->help, key->max);
	else
		snprintf(text, sizeof(text), "%s%s", use->help,
			 ends_with_dots(use->help) ? "" : ".");
	print_paragraph(text);
}

static void print_assumption(const struct overhead_assumption *assumption)
{
	printf(".IP \\(bu 2\n");
	print_paragraph(assumption->text);
}

static void print_kind(enum encap_kind kind)
{
	const struct overhead_row *row = overhead_row(kind);
	char text[256];

	printf(".SS %s\n", encap_kind_name(kind));
	snprintf(text, sizeof(text), "%s: %s.", row->title, row->summary);
	print_paragraph(text);
	snprintf(text, sizeof(text), "Source: %s.", row->source);
	puts(".PP");
	print_paragraph(text);
	for (const struct overhead_use *use = row->uses; use->help; use++)
		print_key(use);
	if (!row->assumes)
		return;
	puts(".PP\nWhat calc may have to assume:");
	for (const struct overhead_assumption *at = row->assumes; at->text; at++)
		print_assumption(at);
}

static int print_table(void)
{
	json_t *table = calc_table_make(CALC_PATH_DEFAULT);
	const json_t *rows = json_object_get(table, "rows");
	const char *before = "";

	if (!table)
		return 1;
	printf(".SH WHAT IS LEFT\nThe MTU inside and the MSS of IPv4 and of IPv6, for a path MTU "
	       "of %d.\nA dash: that family is not carried.\n.PP\n"
	       ".TS\nl l r r r.\nVPN\tOuter\tMTU\tMSS4\tMSS6\n",
	       CALC_PATH_DEFAULT);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const json_t *outer = json_object_get(row, "outer");
		const char *name = field_string(row, "name", "");

		print_text(strcmp(name, before) == 0 ? "" : name);
		if (json_is_integer(outer))
			printf("\tIPv%d\t", (int)json_integer_value(outer));
		else
			fputs("\t\t", stdout);
		printf("%s\t", format_json_bytes(json_object_get(row, "inner_mtu_bytes")).s);
		print_text(format_json_bytes(json_object_get(row, "mss4_bytes")).s);
		putchar('\t');
		print_text(format_json_bytes(json_object_get(row, "mss6_bytes")).s);
		putchar('\n');
		before = name;
	}
	puts(".TE");
	json_decref(table);
	return 0;
}

int main(void)
{
	fputs(head, stdout);
	puts(".SH KINDS");
	for (size_t kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		print_kind((enum encap_kind)kind);
	if (print_table())
		return 1;
	fputs(tail, stdout);
	return 0;
}
