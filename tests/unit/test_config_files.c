/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static void test_all_errors_in_one_run(void **state)
{
	struct fixture *fixture = *state;
	char folder[128];

	snprintf(folder, sizeof(folder), "%s.d", fixture->file);
	assert_int_equal(mkdir(folder, 0755), 0);
	write_text(fixture, "main.conf.d/10-b.conf", "rules = (\n"
		"  { mss = 1; },\n"
		"  { mtu = 1; } );\n");
	write_text(fixture, "main.conf.d/20-c.conf", "rules = ( { } );\ntcp_ao = 5;\nmode =\n");
	write_text(fixture, "main.conf.d/30-d.conf", "rules = ( { },\n{ interface = \n");
	assert_int_equal(load_text(fixture, "moode = \"queue\";\n"
		"queues = { count = 65;\n"
		"  frist = 1; };\n"),
			 -EINVAL);
	assert_report(fixture,
		"main.conf:1: moode: unknown name, did you mean 'mode'?\n"
		"main.conf:2: queues.count: 65 is out of range, must be 0 to 64 queues\n"
		"main.conf:3: queues.frist: unknown name, did you mean 'first'?\n"
		"main.conf.d/10-b.conf:2: rules[0].mss: 1 is out of range, must be 88 to 65495 "
		"bytes\n"
		"main.conf.d/10-b.conf:3: rules[1].mtu: 1 is out of range, must be 128 to 65535 "
		"bytes\n"
		"main.conf.d/20-c.conf:3: syntax error: in \"mode =\", look here and one line up "
		"for a missing ; \" ) ] or }, or a text without quotes\n"
		"main.conf.d/20-c.conf:1: rules[0]: has nothing to do, one of mss, mtu and "
		"ignore = true is needed\n"
		"main.conf.d/20-c.conf:2: tcp_ao: 5 is an integer, must be one of \"leave\", "
		"\"clamp\"\n"
		"main.conf.d/30-d.conf:2: syntax error: in \"{ interface = \", look here and one "
		"line up for a missing ; \" ) ] or }, or a text without quotes\n"
		"main.conf.d/30-d.conf:1: rules[0]: has nothing to do, one of mss, mtu and "
		"ignore = true is needed\n",
		"", "");
}

/* What config->effective says of a path: "VALUE FILE:LINE". */
static void assert_effective(const struct fixture *fixture, const char *path, const char *expected)
{
	const json_t *found = json_object_get(fixture->config->effective, path);
	const char *file = json_string_value(json_object_get(found, "file"));
	char *value = json_dumps(json_object_get(found, "value"), JSON_ENCODE_ANY);
	char text[256];

	assert_non_null(found);
	snprintf(text, sizeof(text), "%s %s:%d", value, file + strlen(fixture->folder) + 1,
		 (int)json_integer_value(json_object_get(found, "line")));
	free(value);
	assert_string_equal(text, expected);
}

static void test_drop_ins(void **state)
{
	struct fixture *fixture = *state;
	char folder[128];

	snprintf(folder, sizeof(folder), "%s.d", fixture->file);
	assert_int_equal(mkdir(folder, 0755), 0);
	write_text(fixture, "main.conf.d/b.conf", "queues = { count = 3; }; rules = ( { mss = "
		"1302; } );");
	write_text(fixture, "main.conf.d/B.conf", "queues = { count = 2; }; rules = ( { mss = "
		"1301; } );");
	write_text(fixture, "main.conf.d/c.conf", "hooks = [ \"output\" ];\n"
		"mode = \"audit\"; # read before d.conf~, which is none\n"
		"rules = ( { mss = 1303; } );");
	write_text(fixture, "main.conf.d/d.conf~", "broken");
	write_text(fixture, "main.conf.d/.e.conf", "broken");
	assert_int_equal(load_text(fixture,
		"hooks = [ \"input\", \"forward\" ];\n"
		"queues = { first = 7; count = 1; };\n"
		"rules = ( { mss = 1300; } );\n"
		"mode = \"queue\";"), 0);
	assert_report(fixture, "", "", "");
	assert_int_equal(fixture->config->file_count, 4);
	assert_int_equal(fixture->config->queue_first, 7);
	assert_int_equal(fixture->config->queue_count, 3);
	assert_int_equal(fixture->config->hooks, FIREWALL_OUTPUT);
	assert_int_equal(fixture->config->mode, MODE_AUDIT);
	assert_int_equal(fixture->config->rules->count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(fixture->config->rules->list[i].value, 1300 + i);
	assert_string_equal(fixture->config->rules->list[3].text, "rules[3] (mss=1303)");
	assert_effective(fixture, "queues.first", "7 main.conf:2");
	assert_effective(fixture, "queues.count", "3 main.conf.d/b.conf:1");
	assert_effective(fixture, "mode", "\"audit\" main.conf.d/c.conf:2");
	assert_effective(fixture, "rules[0].mss", "1300 main.conf:3");
	assert_effective(fixture, "rules[3].mss", "1303 main.conf.d/c.conf:3");
}

static void test_files_that_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	static char large[1024 * 1024 + 1];

	write_bytes(fixture, "main.conf", "mode = \"audit\";\nfallback\0 = true;", 33);
	assert_int_equal(load(fixture), -EINVAL);
	assert_report(fixture,
		"main.conf:2: syntax error: a NUL byte stands in this line, is this a text file?\n",
		"", "");
	memset(large, ' ', sizeof(large));
	write_bytes(fixture, "main.conf", large, sizeof(large));
	assert_int_equal(load(fixture), -EINVAL);
	assert_report(fixture, "main.conf: is larger than 1 MiB, make it smaller\n",
		      "", "");
	write_bytes(fixture, "main.conf", large, sizeof(large) - 1);
	assert_int_equal(load(fixture), 0);
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(mkfifo(fixture->file, 0644), 0);
	assert_int_equal(load(fixture), -EINVAL);
	assert_report(fixture, "main.conf: is no regular file, name one that is\n", "", "");
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(mkdir(fixture->file, 0755), 0);
	assert_int_equal(load(fixture), -EINVAL);
	assert_report(fixture, "main.conf: is no regular file, name one that is\n", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_all_errors_in_one_run),
		config_test(test_drop_ins),
		config_test(test_files_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("config_files", tests, NULL, NULL);
}
