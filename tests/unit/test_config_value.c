/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

#define SIXTY_LESS_ONE "12345678901234567890123456789012345678901234567890123456789"

static const struct bad_file bad[] = {
	{ "text for an integer", "queues = { first = \"5000\"; };",
	  "1: queues.first: \"5000\" is a string, must be an integer, 0 to 65535" },
	{ "fraction for an integer", "queues = { count = 2.0; };",
	  "1: queues.count: 2 is a number with a fraction, must be an integer, 0 to 64 queues" },
	{ "truth value for an integer", "queues = { count = true; };",
	  "1: queues.count: true is a truth value, must be an integer, 0 to 64 queues" },
	{ "integer for a truth value", "insert_missing = 1;",
	  "1: insert_missing: 1 is an integer, must be true or false" },
	{ "text for a truth value", "insert_missing = \"yes\";",
	  "1: insert_missing: \"yes\" is a string, must be true or false" },
	{ "integer for a word", "tcp_ao = 1;",
	  "1: tcp_ao: 1 is an integer, must be one of \"leave\", \"clamp\"" },
	{ "text for an array", "hooks = \"input\";",
	  "1: hooks: \"input\" is a string, must be an array of \"forward\", \"output\", "
	  "\"input\"" },
	{ "list for an array", "hooks = ( \"input\" );",
	  "1: hooks: ( ... ) is a list, must be an array of \"forward\", \"output\", \"input\"" },
	{ "array for a text", "control = { group = [ \"a\" ]; };",
	  "1: control.group: [ ... ] is an array, must be a string, 1 to 32 bytes of text" },
	{ "group for a number", "alerts = { retransmit_percent = { }; };",
	  "1: alerts.retransmit_percent: { ... } is a group, must be a number, 0 to 100 percent" },
	{ "fraction for a duration", "path = { interval = 1.5; };",
	  "1: path.interval: 1.5 is a number with a fraction, must be a duration like \"10m\", "
	  "10s to 7d" },
	{ "above the range", "rules = ( { mss = 1300; }, { mss = 1300; },\n\n{ mss = 70000; } );",
	  "3: rules[2].mss: 70000 is out of range, must be 88 to 65495 bytes" },
	{ "below the range", "rules = ( { mss = 87; } );",
	  "1: rules[0].mss: 87 is out of range, must be 88 to 65495 bytes" },
	{ "mtu above the range", "rules = ( { mtu = 65536; } );",
	  "1: rules[0].mtu: 65536 is out of range, must be 128 to 65535 bytes" },
	{ "mtu below the range", "rules = ( { mtu = 127; } );",
	  "1: rules[0].mtu: 127 is out of range, must be 128 to 65535 bytes" },
	{ "negative", "queues = { first = -1; };",
	  "1: queues.first: -1 is out of range, must be 0 to 65535" },
	{ "5000 in the low 32 bits", "queues = { first = 4294972296; };",
	  "1: queues.first: 4294972296 is out of range, must be 0 to 65535" },
	{ "the same in hexadecimal", "queues = { first = 0x100001388; };",
	  "1: queues.first: 0x100001388 is out of range, must be 0 to 65535" },
	{ "fewer packets than 16", "queues = { max_packets = 15; };",
	  "1: queues.max_packets: 15 is out of range, must be 16 to 65535 packets" },
	{ "percent above 100", "alerts = { retransmit_percent = 100.5; };",
	  "1: alerts.retransmit_percent: 100.5 is out of range, must be 0 to 100 percent" },
	{ "infinite", "alerts = { fragments_per_second = 1e999; };",
	  "1: alerts.fragments_per_second: inf is out of range, must be 0 to 1000000000 a second" },
	{ "no mark bits", "mark = { bits = 0; };",
	  "1: mark.bits: 0 is out of range, must be 0x1 to 0xffffffff" },
	{ "a short interval", "path = { interval = \"9s\"; };",
	  "1: path.interval: \"9s\" is out of range, must be 10s to 7d" },
	{ "a long interval", "path = { interval = 604801; };",
	  "1: path.interval: 604801 is out of range, must be 10s to 7d" },
	{ "no duration", "path = { interval = \"5 minutes\"; };",
	  "1: path.interval: \"5 minutes\" is no duration, must be digits and ms, s, m, h or d: "
	  "10s to 7d" },
	{ "unknown word, near one", "mode = \"queu\";",
	  "1: mode: \"queu\" is unknown, did you mean 'queue'? Known are \"queue\", "
	  "\"offload\", \"mark\", \"audit\"" },
	{ "unknown word, near none", "firewall = \"pf\";",
	  "1: firewall: \"pf\" is unknown, known are \"auto\", \"nftables\", \"iptables\", "
	  "\"none\"" },
	{ "words have their case", "tcp_ao = \"Leave\";",
	  "1: tcp_ao: \"Leave\" is unknown, did you mean 'leave'? Known are \"leave\", \"clamp\"" },
	{ "a hook twice", "hooks = [ \"input\", \"output\", \"input\" ];",
	  "1: hooks: \"input\" stands twice, must stand once" },
	{ "two wrong hooks", "hooks = [ \"inptu\", \"output\", \"x\" ];",
	  "1: hooks: \"inptu\" is unknown, did you mean 'input'? Known are \"forward\", "
	  "\"output\", \"input\"; \"x\" is unknown, known are \"forward\", \"output\", \"input\"" },
	{ "no hooks", "hooks = [ ];",
	  "1: hooks: [ ] is empty, must name at least one; for none at all write firewall = "
	  "\"none\"" },
	{ "unknown kind", "tunnels = ( { match = \"wg0\"; kind = \"l2tp\"; } );",
	  "1: tunnels[0].kind: \"l2tp\" is unknown, did you mean 'l2tp2'? Known are "
	  "\"wireguard\", \"amneziawg\", \"openvpn\", \"esp\", \"ah\", \"gre\", \"gretap\", "
	  "\"erspan\", \"ipip\", \"sit\", \"ip6tnl\", \"vxlan\", \"geneve\", \"bareudp\", "
	  "\"gtpu\", \"l2tp2\", \"l2tp2_kernel\", \"l2tp3eth\", \"pptp\", \"pppoe\", "
	  "\"macsec\", \"mpls\", \"vlan\", \"fastd\", \"translate46\", \"route\"" },
	{ "relative path", "path = { state = \"paths\"; };",
	  "1: path.state: \"paths\" is relative, must be an absolute path of at most 4095 bytes" },
	{ "empty path", "control = { socket = \"\"; };",
	  "1: control.socket: \"\" is empty, must be an absolute path of at most 107 bytes" },
	{ "long path", "control = { socket = "
	  "\"/2345678901234567890123456789012345678901234567890"
	  "1234567890123456789012345678901234567890123456789012345678\"; };",
	  "1: control.socket: "
	  "\"/23456789012345678901234567890123456789012345678901234567890...\" is too long, "
	  "must be an absolute path of at most 107 bytes" },
	{ "cut between characters", "mode = \"" SIXTY_LESS_ONE "\xc3\xa9" "b\";",
	  "1: mode: \"" SIXTY_LESS_ONE "...\" is unknown, known are \"queue\", \"offload\", "
	  "\"mark\", \"audit\"" },
	{ "not cut at 60 bytes", "mode = \"a" SIXTY_LESS_ONE "\";",
	  "1: mode: \"a" SIXTY_LESS_ONE "\" is unknown, known are \"queue\", \"offload\", "
	  "\"mark\", \"audit\"" },
	{ "control character", "control = { group = \"a\\x1bb\"; };",
	  "1: control.group: \"a?b\" has control characters or is no UTF-8, must be readable "
	  "text" },
	{ "no UTF-8", "control = { group = \"\xc3\x28\"; };",
	  "1: control.group: \"\xc3\x28\" has control characters or is no UTF-8, must be "
	  "readable text" },
	{ "no prefix", "rules = ( { prefix = \"10.9/16\"; mss = 1300; } );",
	  "1: rules[0].prefix: \"10.9/16\" is no prefix, must be an address or prefix like "
	  "\"10.9.0.0/16\" or \"2001:db8::/32\"" },
	{ "bits behind the length", "rules = ( { prefix = \"10.9.0.1/16\"; mss = 1300; } );",
	  "1: rules[0].prefix: \"10.9.0.1/16\" is no prefix, must be an address or prefix like "
	  "\"10.9.0.0/16\" or \"2001:db8::/32\"; bits are set after the length, did you mean "
	  "'10.9.0.0/16'?" },
	{ "mark outside its mask", "rules = ( { mark = \"0x100/0xff\"; mss = 1300; } );",
	  "1: rules[0].mark: \"0x100/0xff\" matches no mark, must be a value of 32 bits, or "
	  "value and mask like \"0x1/0xff\", the value inside the mask" },
	{ "mark of 33 bits", "rules = ( { mark = 0x100000000; mss = 1300; } );",
	  "1: rules[0].mark: 0x100000000 is out of range, must be a value of 32 bits, or value "
	  "and mask like \"0x1/0xff\"" },
};

static void test_bad_values(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_bad_values),
	};

	return cmocka_run_group_tests_name("config_value", tests, NULL, NULL);
}
