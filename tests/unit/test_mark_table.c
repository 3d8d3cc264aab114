/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "mark_tables.h"

static void test_room(void **state)
{
	static const struct { uint32_t bits; size_t indices; } rows[] = {
		{ 0x00ff0000, 255 }, { 0x80000001, 3 }, { 1, 1 }, { 0, 0 }, { 0xfffe0000, 32767 },
		{ 0xffff0000, 65535 }, { 0xffffffff, 65535 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mark_indices(rows[i].bits), rows[i].indices);
}

static void test_tags(void **state)
{
	static const struct { uint32_t bits, index, tag; } rows[] = {
		{ 0x00ff0000, 1, 0x00010000 },   { 0x00ff0000, 255, 0x00ff0000 },
		{ 0x80000101, 1, 0x00000001 },   { 0x80000101, 2, 0x00000100 },
		{ 0x80000101, 5, 0x80000001 },   { 0x80000101, 7, 0x80000101 },
		{ 0xffffffff, 65535, 0x0000ffff }, { 0x10, 1, 0x10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mark_tag(rows[i].bits, rows[i].index), rows[i].tag);
}

/* The largest that is not above, against a walk over all. */
static void test_find(void **state)
{
	static const struct mark_entry entries[] = { { 536, 9 }, { 1200, 3 }, { 1201, 1 },
						     { 1460, 2 }, { 65535, 4 } };
	struct mark_table *table = make_marks(0xff, entries, 5);

	(void)state;
	for (uint32_t limit = 0; limit <= 65535; limit++) {
		const struct mark_entry *found = mark_table_find(table, limit), *want = NULL;

		for (size_t i = 0; i < 5 && table->entries[i].mss <= limit; i++)
			want = &table->entries[i];
		assert_ptr_equal(found, want);
	}
	table->count = 0;
	assert_null(mark_table_find(table, 1460));
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("mark_table", tests, NULL, NULL);
}
