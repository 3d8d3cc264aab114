/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static const struct bad_file bad[] = {
	{ "unknown setting, near one", "moode = \"queue\";",
	  "1: moode: unknown name, did you mean 'mode'?" },
	{ "unknown setting, near none", "\nxyzzy = 1;",
	  "2: xyzzy: unknown name, known here: mode, firewall, hooks, fallback, queues, path, "
	  "mark, offload, insert_missing, tcp_ao, low_mss, alerts, control, metrics, rules, "
	  "tunnels" },
	{ "unknown member, near one", "queues = { frist = 1; };",
	  "1: queues.frist: unknown name, did you mean 'first'?" },
	{ "unknown member, near none", "queues = { xyzzy = 1; };",
	  "1: queues.xyzzy: unknown name, known here: first, count, max_packets, per_source" },
	{ "a member outside its group", "probe = true;",
	  "1: probe: unknown name, did you mean 'path.probe'?" },
	{ "unknown key of a rule", "rules = ( { mss = 1300; famly = \"ipv4\"; } );",
	  "1: rules[0].famly: unknown name, did you mean 'family'?" },
	{ "unknown key of a tunnel", "tunnels = ( { match = \"wg0\"; extar = 12; } );",
	  "1: tunnels[0].extar: unknown name, did you mean 'extra'?" },
	{ "a group that is none", "queues = 5;",
	  "1: queues: is no group, must be { NAME = VALUE; ... }" },
	{ "a list that is a group", "rules = { mss = 1300; };",
	  "1: rules: is no list, must be ( { KEY = VALUE; ... }, { ... } )" },
	{ "a list that is an array", "rules = [ ];",
	  "1: rules: is no list, must be ( { KEY = VALUE; ... }, { ... } )" },
	{ "an entry that is no group", "rules = ( { mss = 1300; },\n5 );",
	  "2: rules[1]: is no group, must be { KEY = VALUE; ... }" },
	{ "unclosed group", "queues = { first = 1;\n",
	  "1: syntax error: in \"queues = { first = 1;\", look here and one line up for a "
	  "missing ; \" ) ] or }, or a text without quotes" },
	{ "no quotes", "mode = audit;",
	  "1: syntax error: in \"mode = audit;\", look here and one line up for a missing ; \" "
	  ") ] or }, or a text without quotes" },
	{ "a dot in a name", "\n\nqueues.first = 1;",
	  "3: syntax error: in \"queues.first = 1;\", look here and one line up for a missing ; "
	  "\" ) ] or }, or a text without quotes" },
	{ "a setting twice", "mode = \"audit\";\nmode = \"queue\";",
	  "2: duplicate setting name: in \"mode = \"queue\";\", it stands further up in the "
	  "same group, keep one" },
};

static void test_bad_trees(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_bad_trees),
	};

	return cmocka_run_group_tests_name("config_walk", tests, NULL, NULL);
}
