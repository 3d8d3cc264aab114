/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static void test_diff(void **state)
{
	static const struct { const char *name, *before, *after, *changes, *restart; } cases[] = {
		{ "nothing", "", "", "", "" },
		{ "a default said aloud",
		  "", "mode = \"queue\"; queues = { first = 5000; };", "", "" },
		{ "one duration, two ways",
		  "path = { interval = \"10m\"; };", "path = { interval = 600; };", "", "" },
		{ "hooks in another order", "hooks = [ \"input\", \"output\" ];",
		  "hooks = [ \"output\", \"input\" ];", "", "" },
		{ "set", "", "\ninsert_missing = true;", "insert_missing false -> true :2\n", "" },
		{ "set back",
		  "insert_missing = true;", "", "insert_missing true -> false :0\n", "" },
		{ "a rule more", "rules = ( { mss = 1300; } );",
		  "rules = ( { mss = 1300; },\n{ interface = \"a\"; mss = 1400; } );",
		  "rules[1].interface null -> \"a\" :2\nrules[1].mss null -> 1400 :2\n", "" },
		{ "a rule less", "rules = ( { mss = 1300; }, { mtu = 1400; } );",
		  "rules = ( { mss = 1300; } );", "rules[1].mtu 1400 -> null :0\n", "" },
		{ "what needs a restart",
		  "", "queues = { first = 1; count = 2; max_packets = 100; }; firewall = "
		  "\"none\";\n"
		  "control = { socket = \"/s\"; group = \"g\"; admin_group = \"a\"; }; tcp_ao = "
		  "\"clamp\";",
		  "firewall \"auto\" -> \"none\" :1\n"
		  "queues.first 5000 -> 1 :1\n"
		  "queues.count 0 -> 2 :1\n"
		  "queues.max_packets 8192 -> 100 :1\n"
		  "tcp_ao \"leave\" -> \"clamp\" :2\n"
		  "control.socket \"/run/mssclamp/control\" -> \"/s\" :2\n"
		  "control.group \"mssclamp\" -> \"g\" :2\n"
		  "control.admin_group \"mssclamp-admin\" -> \"a\" :2\n",
		  "firewall queues.first queues.count queues.max_packets " },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *before;
		json_t *changes, *paths, *row;
		char text[1024] = "";
		size_t at, len = 0;

		print_message("%s\n", cases[i].name);
		assert_int_equal(load_text(fixture, cases[i].before), 0);
		before = fixture->config;
		fixture->config = NULL;
		assert_int_equal(load_text(fixture, cases[i].after), 0);
		changes = config_diff(before, fixture->config);
		json_array_foreach(changes, at, row) {
			char *old_text = json_dumps(json_object_get(row, "old"), JSON_ENCODE_ANY);
			char *new_text = json_dumps(json_object_get(row, "new"), JSON_ENCODE_ANY);

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s -> %s :%d\n",
				json_string_value(json_object_get(row, "path")), old_text, new_text,
				(int)json_integer_value(json_object_get(row, "line")));
			free(old_text);
			free(new_text);
		}
		assert_string_equal(text, cases[i].changes);
		paths = config_needs_restart(before, fixture->config);
		text[0] = '\0';
		json_array_foreach(paths, at, row) {
			strcat(text, json_string_value(row));
			strcat(text, " ");
		}
		assert_string_equal(text, cases[i].restart);
		json_decref(changes);
		json_decref(paths);
		config_free(before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_diff),
	};

	return cmocka_run_group_tests_name("config_diff", tests, NULL, NULL);
}
