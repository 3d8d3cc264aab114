/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static const struct bad_file bad[] = {
	{ "last queue past the end", "queues = { first = 65500;\ncount = 37; };",
	  "1: queues.first: the last of 37 queues from 65500 on is 65536, must be at most 65535" },
	{ "count 0 may be four", "queues = { first = 65533; };",
	  "1: queues.first: the last of 4 queues from 65533 on is 65536, must be at most 65535" },
};

static void test_settings_against_each_other(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

static void test_what_is_not_active(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(load_text(fixture,
		"offload = { backend = \"bpf\"; };\n"
		"fallback = true;\n"
		"rules = ( { mss = 1300;\n"
		"peer = \"alice\"; } );\n"
		"tunnels = ( { match = \"wg0\"; } );\n"
		"alerts = { for = \"2m\"; };\n"
		"hooks = [ \"input\" ];\n"), 0);
	assert_report(fixture, "", "",
		"main.conf:1: offload.backend: \"bpf\" is not active in this version, "
		"runs as 'nft'\n");
	assert_int_equal(load_text(fixture,
		"mode = \"mark\"; mark = { bits = 0xff; }; firewall = \"none\";"
		"insert_missing = true; tcp_ao = \"clamp\";\n"
		"queues = { count = 2; }; control = { group = \"adm\"; };"), 0);
	assert_report(fixture, "", "", "");
}

static void test_what_contradicts_itself(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(load_text(fixture,
		"mode = \"offload\";\nfirewall = \"none\";\n"
		"low_mss = { below4 = 537;\nbelow6 = 1220; action = \"raise\"; };"), 0);
	assert_report(fixture, "",
		"main.conf:1: mode: \"offload\" needs rules of our own, which firewall = \"none\" "
		"leaves to you\n"
		"main.conf:3: low_mss.below4: 537 is above 536, which is what a host means that says "
		"nothing: that is no attack\n", "");
	assert_int_equal(load_text(fixture, "low_mss = { below4 = 537; };"), 0);
	assert_report(fixture, "", "", "");
	assert_int_equal(load_text(fixture, "low_mss = { action = \"drop\"; };"), 0);
	assert_report(fixture, "",
		"main.conf:1: low_mss.action: nothing is done: low_mss.below4 and low_mss.below6 are "
		"0, so no MSS is below them; set one of them, 216 for example\n", "");
	assert_int_equal(load_text(fixture, "low_mss = { action = \"drop\"; below6 = 300; };"), 0);
	assert_report(fixture, "", "", "");
}

static void test_empty_and_missing_files(void **state)
{
	static const char *const texts[] = {
		"", "\n", "# nothing", "// nothing\r\n", "/* nothing */",
		"\xef\xbb\xbf# a byte order mark\n",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(load_text(fixture, texts[i]), 0);
		assert_report(fixture, "", "", "");
		assert_defaults(fixture->config);
		assert_int_equal(fixture->config->file_count, 1);
		assert_int_equal(json_object_size(fixture->config->effective), 0);
	}
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(load(fixture), 0);
	assert_report(fixture, "", "main.conf: does not exist, the defaults hold\n", "");
	assert_defaults(fixture->config);
	assert_int_equal(fixture->config->file_count, 0);
	forget(fixture);
	assert_int_equal(config_load(fixture->file, CONFIG_ABSENT_IS_FINE, &fixture->config,
				     &fixture->report), 0);
	assert_report(fixture, "", "", "");
	forget(fixture);
	assert_int_equal(config_load(fixture->file, CONFIG_ABSENT_FAILS, &fixture->config,
				     &fixture->report), -EINVAL);
	assert_report(fixture, "main.conf: does not exist; look at its name, or make it: an "
		      "empty file stands for the defaults\n", "", "");
	forget(fixture);
	assert_int_equal(config_load("/dev/null", CONFIG_ABSENT_WARNS, &fixture->config, &fixture->report), 0);
	assert_defaults(fixture->config);
}

static void test_all_settings(void **state)
{
	struct fixture *fixture = *state;
	const struct config *config;

	assert_int_equal(load_text(fixture,
		"mode = \"audit\"; firewall = \"iptables\"; hooks = [ \"input\", \"forward\" ];\n"
		"fallback = false; queues = { first = 0x10; count = 64; "
		"max_packets = 65535L; per_source = 1000000; };\n"
		"path = { probe = false; interval = 90; rate_pps = 1; floor4 = 68; "
		"floor6 = 1400;\n"
		"  set_route_mtu = true; state = \"/a\" \"b\"; };\n"
		"mark = { bits = 0xffffffff; }; offload = { backend = \"bpf\"; };\n"
		"insert_missing = TRUE; tcp_ao = \"clamp\";\n"
		"low_mss = { below4 = 500; below6 = 1000; action = \"drop\"; };\n"
		"alerts = { for = \"1500ms\"; fragments_per_second = 1e3; retransmit_percent = "
		".5;\n"
		"  fail_open_per_second = 2; command = \"x\"; };\n"
		"control = { socket = \"/c\"; group = \"g\"; admin_group = \"h\"; };\n"
		"metrics = { per_peer = false; max_peers = 0; };\n"
		"tunnels = ( { match = \"wg0\"; kind = \"esp\"; cipher = \"AES-CBC\";\n"
		"  auth = \"SHA1-96\";"
		"  status_file = \"/s\"; path_mtu = 1500; extra = 12; over = \"o\"; }, { match = "
		"\"*\"; } );\n"),
		0);
	config = fixture->config;
	assert_int_equal(config->mode, MODE_AUDIT);
	assert_int_equal(config->firewall, FIREWALL_IPTABLES);
	assert_int_equal(config->hooks, FIREWALL_FORWARD | FIREWALL_INPUT);
	assert_false(config->fallback);
	assert_int_equal(config->queue_first, 16);
	assert_int_equal(config->queue_count, 64);
	assert_int_equal(config->queue_max_packets, 65535);
	assert_int_equal(config->per_source, 1000000);
	assert_false(config->path.probe);
	assert_int_equal(config->path.interval_ns, 90 * NS_PER_SECOND);
	assert_int_equal(config->path.rate_pps, 1);
	assert_int_equal(config->path.floor4, 68);
	assert_int_equal(config->path.floor6, 1400);
	assert_true(config->path.set_route_mtu);
	assert_string_equal(config->path.state, "/ab");
	assert_int_equal(config->mark_bits, 0xffffffff);
	assert_string_equal(config->offload_backend, "bpf");
	assert_true(config->insert_missing);
	assert_true(config->clamp_tcp_ao);
	assert_int_equal(config->low_mss.below4, 500);
	assert_int_equal(config->low_mss.below6, 1000);
	assert_int_equal(config->low_mss.action, LOW_MSS_DROP);
	assert_int_equal(config->alerts.for_ns, 1500 * NS_PER_MS);
	assert_true(config->alerts.fragments_per_second == 1000.0);
	assert_true(config->alerts.retransmit_percent == 0.5);
	assert_true(config->alerts.fail_open_per_second == 2.0);
	assert_string_equal(config->alerts.command, "x");
	assert_string_equal(config->control.socket, "/c");
	assert_string_equal(config->control.group, "g");
	assert_string_equal(config->control.admin_group, "h");
	assert_false(config->metrics.per_peer);
	assert_int_equal(config->metrics.max_peers, 0);
	assert_int_equal(config->tunnel_count, 2);
	assert_string_equal(config->tunnels[0].match, "wg0");
	assert_string_equal(config->tunnels[0].kind, "esp");
	assert_string_equal(config->tunnels[0].cipher, "AES-CBC");
	assert_string_equal(config->tunnels[0].auth, "SHA1-96");
	assert_string_equal(config->tunnels[0].status_file, "/s");
	assert_int_equal(config->tunnels[0].path_mtu, 1500);
	assert_int_equal(config->tunnels[0].extra, 12);
	assert_string_equal(config->tunnels[0].over, "o");
	assert_string_equal(config->tunnels[1].match, "*");
	assert_null(config->tunnels[1].kind);
	assert_int_equal(config->tunnels[1].extra, 0);
}

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
		  "firewall queues.first queues.count " },
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
		config_test(test_settings_against_each_other),
		config_test(test_what_is_not_active),
		config_test(test_what_contradicts_itself),
		config_test(test_empty_and_missing_files),
		config_test(test_all_settings),
		config_test(test_diff),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
