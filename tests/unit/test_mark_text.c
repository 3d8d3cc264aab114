/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall.h"
#include "edge/firewall/mark_text.h"

static const struct mark_entry entries[] = { { 1340, 0x00010000 }, { 1360, 0x80020001 } };

static void test_text(void **state)
{
	static const char want[] =
		"add table inet mssclamp\n"
		"add map inet mssclamp mark_mss { typeof meta mark : tcp option maxseg size; }\n"
		"flush map inet mssclamp mark_mss\n"
		"add element inet mssclamp mark_mss { 0x00010000 : 1340, 0x80020001 : 1360 }\n"
		"add map inet mssclamp mark_mss_output { typeof meta priority : tcp option maxseg "
		"size; }\n"
		"flush map inet mssclamp mark_mss_output\n"
		"add element inet mssclamp mark_mss_output { 1:0 : 1340, 8002:1 : 1360 }\n"
		"add chain inet mssclamp mark_forward { type filter hook forward priority -149; "
		"policy accept; }\n"
		"flush chain inet mssclamp mark_forward\n"
		"add rule inet mssclamp mark_forward meta mark & 0x80ff0001 == 0 return\n"
		"add rule inet mssclamp mark_forward tcp flags & (fin|syn|rst) != syn return\n"
		"add rule inet mssclamp mark_forward tcp option maxseg size set meta mark & "
		"0x80ff0001 map @mark_mss\n"
		"add rule inet mssclamp mark_forward meta mark set meta mark & 0x7f00fffe\n"
		"add chain inet mssclamp mark_output { type filter hook output priority -149; "
		"policy accept; }\n"
		"flush chain inet mssclamp mark_output\n"
		"add rule inet mssclamp mark_output meta priority & 0x80ff0001 == 0 return\n"
		"add rule inet mssclamp mark_output tcp flags & (fin|syn|rst) != syn return\n"
		"add rule inet mssclamp mark_output tcp option maxseg size set meta priority & "
		"0x80ff0001 map @mark_mss_output\n"
		"add rule inet mssclamp mark_output meta priority set meta priority & "
		"0x7f00fffe\n";
	const struct mark_plan plan = { FIREWALL_FORWARD | FIREWALL_OUTPUT, 0x80ff0001,
					entries, 2 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	mark_print(&plan, out);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

/* Long lists come in several commands, whole ones. */
static void test_many_elements(void **state)
{
	for (size_t count = 0; count <= 1501; count += count % 500 == 1 ? 499 : 1) {
		struct mark_entry *list = calloc(count + 1, sizeof(*list));
		size_t size, commas = 0, commands = 0;
		char *text = NULL;
		FILE *out = open_memstream(&text, &size);

		(void)state;
		mark_text_elements(&mark_hooks[0], list, count, out);
		fclose(out);
		for (size_t i = 0; i < size; i++) {
			commas += text[i] == ',';
			commands += text[i] == '\n';
		}
		assert_int_equal(commands, (count + 499) / 500);
		assert_int_equal(commas + commands, count);
		free(text);
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_many_elements),
	};

	return cmocka_run_group_tests_name("mark_text", tests, NULL, NULL);
}
