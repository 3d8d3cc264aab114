/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs from the top of the tree: the shipped file is what it looks at. */
#include "config_fixture.h"

#include "daemon/config/config_row.h"

#define SHIPPED "conf/mssclamp.conf"

static void read_shipped(char *text, size_t size)
{
	FILE *in = fopen(SHIPPED, "r");
	size_t n;

	assert_non_null(in);
	n = fread(text, 1, size - 1, in);
	text[n] = '\0';
	fclose(in);
	assert_true(n < size - 1);
}

static void test_shipped_file_names_all_settings_and_sets_none(void **state)
{
	struct fixture *fixture = *state;
	char text[32768];

	read_shipped(text, sizeof(text));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(*line == '#' || *line == '\n');
	for (size_t i = 0; i < config_row_count; i++)
		assert_non_null(strstr(text, config_row_name(&config_rows[i])));
	assert_int_equal(load_text(fixture, text), 0);
	assert_report(fixture, "", "", "");
	assert_defaults(fixture->config);
}

/* Without its first column of '#' the file says what holds without it, and gives sound examples. */
static void test_shipped_file_without_comment_signs(void **state)
{
	struct fixture *fixture = *state;
	char text[32768];
	char *to = text;

	read_shipped(text, sizeof(text));
	for (const char *from = text; *from; ) {
		size_t len = strcspn(from, "\n") + 1;
		bool setting = from[0] == '#' && from[1] != ' ';

		memmove(to, from + setting, len - setting);
		to += len - setting;
		from += len;
	}
	*to = '\0';
	assert_int_equal(load_text(fixture, text), 0);
	assert_int_equal(fixture->report.warning_count, 0);
	assert_int_equal(fixture->config->rules->count, 6);
	assert_int_equal(fixture->config->tunnel_count, 3);
	for (size_t i = 0; i < config_row_count; i++)
		assert_non_null(json_object_get(fixture->config->effective, config_rows[i].path));
	fixture->config->rules->count = 0;
	fixture->config->tunnel_count = 0;
	assert_defaults(fixture->config);
	fixture->config->rules->count = 6;
	fixture->config->tunnel_count = 3;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_shipped_file_names_all_settings_and_sets_none),
		config_test(test_shipped_file_without_comment_signs),
	};

	return cmocka_run_group_tests_name("config_table", tests, NULL, NULL);
}
