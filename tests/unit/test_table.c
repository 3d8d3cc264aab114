/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "ctl/screen/table.h"

#define CELLS_MAX 8

static const struct table_column titled[] = {
	{ "NAME", false, 0 },
	{ "MTU", true, 1 },
	{ "KIND", false, 2 },
};
static const struct table_column untitled[] = {
	{ "", false, 0 },
	{ "", true, 0 },
	{ "", false, 0 },
};

/* Tables of three columns. */
static const struct {
	const char *name;
	const struct table_column *columns;
	const char *cells[CELLS_MAX];
	size_t cell_count;
	unsigned int width;
	const char *printed;
} tables[] = {
	{ "no row", titled, { 0 }, 0, 80, "NAME  MTU  KIND\n" },
	{ "aligned", titled, { "wg0", "1420", "wireguard", "tunnel7", "80", "gre" }, 6, 80,
	  "NAME      MTU  KIND\n"
	  "wg0      1420  wireguard\n"
	  "tunnel7    80  gre\n" },
	{ "unknown is a dash", titled, { "wg0", NULL, NULL }, 3, 80,
	  "NAME  MTU  KIND\n"
	  "wg0     -  -\n" },
	{ "letters of others take a column each", titled,
	  { "b\xc3\xbcro", "1", "x", "ab", "2", "y" }, 6, 80,
	  "NAME  MTU  KIND\n"
	  "b\xc3\xbcro    1  x\n"
	  "ab      2  y\n" },
	{ "just wide enough", titled, { "wg0", "1420", "wireguard" }, 3, 21,
	  "NAME   MTU  KIND\n"
	  "wg0   1420  wireguard\n" },
	{ "too narrow: the highest goes first", titled, { "wg0", "1420", "wireguard" }, 3, 20,
	  "NAME   MTU\n"
	  "wg0   1420\n" },
	{ "narrower: the next one", titled, { "wg0", "1420", "wireguard" }, 3, 9,
	  "NAME\n"
	  "wg0\n" },
	{ "the next one was the wide one: the first comes back", titled,
	  { "wg0", "123456789012", "gre" }, 3, 12,
	  "NAME  KIND\n"
	  "wg0   gre\n" },
	{ "what may not go stays", titled, { "wg0", "1420", "wireguard" }, 3, 2,
	  "NAME\n"
	  "wg0\n" },
	{ "no border", titled, { "wg0", "1420", "wireguard" }, 3, 0,
	  "NAME   MTU  KIND\n"
	  "wg0   1420  wireguard\n" },
	{ "no titles, no blanks at the end", untitled, { "a", "1", "", "bb", "22", "x" }, 6, 80,
	  "a    1\n"
	  "bb  22  x\n" },
	{ "an empty cell in between", untitled, { "a", "", "x", "bb", "22", "y" }, 6, 80,
	  "a       x\n"
	  "bb  22  y\n" },
	{ "half a row is not shown", untitled, { "a", "1", "x", "b" }, 4, 80, "a  1  x\n" },
};

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct table table;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		print_message("%s\n", tables[i].name);
		table_init(&table, tables[i].columns, 3);
		for (size_t c = 0; c < tables[i].cell_count; c++)
			table_add(&table, tables[i].cells[c]);
		assert_int_equal(table_print(&table, out, tables[i].width, "", ""), 0);
		fclose(out);
		assert_string_equal(text, tables[i].printed);
		free(text);
		table_done(&table);
	}
}

static void test_codes_and_strangers(void **state)
{
	struct table table;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	table_init(&table, titled, 3);
	table_add_clean(&table, "w\033g", true);
	table_add_clean(&table, NULL, true);
	table_add_clean(&table, "b\xc3\xbc", false);
	assert_int_equal(table_print(&table, out, 80, "<", ">"), 0);
	fclose(out);
	assert_string_equal(text, "<NAME  MTU  KIND>\n"
				  "w?g     -  b?\n");
	free(text);
	table_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_codes_and_strangers),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
