/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as the tools print them, what each says of the packets that matter, and what becomes of
 * those. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/ruleset.h"

/* Match of a packet as a letter: no, maybe, likely, yes. */
static const char letters[] = { [MATCH_NO] = 'n', [MATCH_MAYBE] = 'm', [MATCH_LIKELY] = 'l',
				[MATCH_YES] = 'y' };

/* too big 4, too big 6, SYN 4, SYN 6, fragment 4, fragment 6 */
static const struct {
	const char *rule, *matches;
	uint32_t does, value;
	enum ruleset_verdict verdict; /* of the first packet that is taken, else of the first */
} nft_rules[] = {
	{ "accept", "yyyyyy", 0, 0, VERDICT_ACCEPT },
	{ "counter packets 12 bytes 720 drop", "yyyyyy", RULE_COUNTS, 0, VERDICT_DROP },
	{ "icmp type destination-unreachable drop", "ynnnnn", RULE_NAMES_ICMP, 0, VERDICT_DROP },
	{ "icmp type 3 icmp code frag-needed drop", "ynnnnn", RULE_NAMES_ICMP, 0, VERDICT_DROP },
	{ "icmp code 1 drop", "nnnnnn", 0, 0, VERDICT_DROP },
	{ "icmp type echo-request accept", "nnnnnn", 0, 0, VERDICT_ACCEPT },
	{ "icmp type { destination-unreachable, time-exceeded } accept", "ynnnnn", RULE_NAMES_ICMP,
	  0, VERDICT_ACCEPT },
	{ "icmp type != { destination-unreachable } drop", "nnnnmn", 0, 0,
	  VERDICT_DROP },
	{ "icmp type 0-8 accept", "ynnnnn", RULE_NAMES_ICMP, 0, VERDICT_ACCEPT },
	{ "icmpv6 type packet-too-big drop", "nynnnn", RULE_NAMES_ICMP, 0, VERDICT_DROP },
	{ "meta l4proto { icmp, ipv6-icmp } accept", "yynnmm", 0, 0,
	  VERDICT_ACCEPT },
	{ "ip protocol icmp accept", "ynnnmn", 0, 0, VERDICT_ACCEPT },
	{ "ip6 nexthdr ipv6-icmp accept", "nynnnm", 0, 0, VERDICT_ACCEPT },
	{ "meta l4proto != 1 drop", "nyyymm", 0, 0, VERDICT_DROP },
	{ "meta nfproto ipv6 drop", "nynyny", 0, 0, VERDICT_DROP },
	{ "ct state established,related accept", "yynnmm", 0, 0, VERDICT_ACCEPT },
	{ "ct state { established, related } accept", "yynnmm", 0, 0, VERDICT_ACCEPT },
	{ "ct state established accept", "nnnnmm", 0, 0, VERDICT_ACCEPT },
	{ "ct state invalid drop", "nnnnmm", 0, 0, VERDICT_DROP },
	{ "ct state new accept", "nnyymm", 0, 0, VERDICT_ACCEPT },
	{ "ct state vmap { established : accept, related : drop, new : return }", "yyyymm", 0, 0,
	  VERDICT_DROP },
	{ "ct mark 0x1 accept", "mmmmmm", 0, 0, VERDICT_ACCEPT },
	{ "meta mark set 0x1", "yyyyyy", 0, 0, VERDICT_NONE },
	{ "iifname \"lo\" accept", "nnnnnn", RULE_IN, 0, VERDICT_ACCEPT },
	{ "iif \"lo\" accept", "nnnnnn", RULE_IN, 0, VERDICT_ACCEPT },
	{ "iifname \"wan\" accept", "mmmmmm", RULE_IN, 0, VERDICT_ACCEPT },
	{ "iifname \"wan\" icmp type 3 accept", "lnnnnn", RULE_IN | RULE_NAMES_ICMP, 0,
	  VERDICT_ACCEPT },
	{ "ip saddr 192.0.2.0/24 drop", "mnmnmn", 0, 0, VERDICT_DROP },
	{ "ip saddr @banned drop", "mnmnmn", 0, 0, VERDICT_DROP },
	{ "ip frag-off & 0x1fff != 0 drop", "nnnnyn", RULE_NAMES_FRAGMENTS, 0, VERDICT_DROP },
	{ "ip frag-off & 16383 != 0 drop", "nnnnyn", RULE_NAMES_FRAGMENTS, 0, VERDICT_DROP },
	{ "ip frag-off & 8191 > 0 drop", "nnnnyn", RULE_NAMES_FRAGMENTS, 0, VERDICT_DROP },
	{ "ip frag-off 1-8191 counter packets 3 bytes 9 drop", "nnnnyn",
	  RULE_NAMES_FRAGMENTS | RULE_COUNTS, 0, VERDICT_DROP },
	{ "ip frag-off & 8191 != 0 counter packets 3 bytes 9 drop", "nnnnyn",
	  RULE_NAMES_FRAGMENTS | RULE_COUNTS, 0, VERDICT_DROP },
	{ "exthdr frag exists drop", "nnnnny", RULE_NAMES_FRAGMENTS, 0, VERDICT_DROP },
	{ "tcp dport 22 accept", "nnmmnn", 0, 0, VERDICT_ACCEPT },
	{ "udp dport 51820 accept", "nnnnnn", 0, 0, VERDICT_ACCEPT },
	{ "udp sport 67 udp dport 68 accept", "nnnnnn", 0, 0, VERDICT_ACCEPT },
	{ "udp dport { 500, 4500 } counter packets 3 bytes 9 accept", "nnnnnn", RULE_COUNTS, 0,
	  VERDICT_ACCEPT },
	{ "ip saddr 192.0.2.0/24 udp dport @ports accept", "nnnnnn", 0, 0, VERDICT_ACCEPT },
	{ "udp dport != 53 drop", "nnnnnn", 0, 0, VERDICT_DROP },
	{ "udp dport vmap { 53 : accept, 67 : drop }", "nnnnnn", 0, 0, VERDICT_UNKNOWN },
	{ "iifname \"wan\" udp dport 51820-51830 accept", "nnnnnn", RULE_IN, 0, VERDICT_ACCEPT },
	{ "tcp dport { 22, 443 } accept", "nnmmnn", 0, 0, VERDICT_ACCEPT },
	{ "esp spi 1-4294967295 accept", "nnnnnn", 0, 0, VERDICT_ACCEPT },
	{ "meta l4proto { tcp, udp } th dport 53 accept", "nnmmmm", 0, 0, VERDICT_ACCEPT },
	{ "th dport 53 accept", "mmmmmm", 0, 0, VERDICT_ACCEPT },
	{ "tcp flags syn tcp option maxseg size set 1360", "nnyynn", RULE_CLAMPS, 1360,
	  VERDICT_NONE },
	{ "tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu", "nnyynn",
	  RULE_CLAMPS, 0, VERDICT_NONE },
	{ "oifname \"wg0\" tcp flags syn / syn,rst counter packets 4 bytes 240 tcp option maxseg "
	  "size set rt mtu", "nnllnn", RULE_CLAMPS | RULE_OUT | RULE_COUNTS, 0, VERDICT_NONE },
	{ "tcp flags & (syn | rst) == rst drop", "nnmmnn", 0, 0, VERDICT_DROP },
	{ "tcp flags != syn drop", "nnmmnn", 0, 0, VERDICT_DROP },
	{ "tcp option maxseg size <= 500 drop", "nnmmnn", 0, 0, VERDICT_DROP },
	{ "limit rate over 10/second burst 5 packets drop", "mmmmmm", RULE_LIMITED, 0,
	  VERDICT_DROP },
	{ "log prefix \"drop accept \" level info drop", "yyyyyy", 0, 0, VERDICT_DROP },
	{ "accept comment \"icmp type 3 drop\"", "yyyyyy", 0, 0, VERDICT_ACCEPT },
	{ "reject with icmpx admin-prohibited", "yyyyyy", 0, 0, VERDICT_DROP },
	{ "queue flags bypass,fanout to 5000-5001", "yyyyyy", RULE_QUEUES | RULE_BYPASSES, 5000,
	  VERDICT_UNKNOWN },
	{ "meta l4proto tcp queue num 77", "nnyymm", RULE_QUEUES, 77, VERDICT_UNKNOWN },
	{ "ip protocol tcp flow add @ft", "nnynmn", RULE_OFFLOADS, 0, VERDICT_NONE },
	{ "jump elsewhere", "yyyyyy", 0, 0, VERDICT_JUMP },
	{ "tcp dport vmap { 22 : accept, 80 : drop }", "nnmmnn", 0, 0, VERDICT_UNKNOWN },
	{ "counter", "yyyyyy", 0, 0, VERDICT_NONE },
	{ "something { nobody knows", "mmmmmm", 0, 0, VERDICT_NONE },
};

static const struct {
	const char *rule, *matches;
	uint32_t does, value;
	enum ruleset_verdict verdict;
	enum family family;
} save_rules[] = {
	{ "-j ACCEPT", "ynynyn", 0, 0, VERDICT_ACCEPT, FAMILY_IPV4 },
	{ "-j DROP", "nynyny", 0, 0, VERDICT_DROP, FAMILY_IPV6 },
	{ "-p icmp -j DROP", "ynnnmn", 0, 0, VERDICT_DROP, FAMILY_IPV4 },
	{ "-p icmp -m icmp --icmp-type any -j DROP", "ynnnnn", 0, 0, VERDICT_DROP, FAMILY_IPV4 },
	{ "-p icmp -m icmp --icmp-type 3/4 -j DROP", "ynnnnn", RULE_NAMES_ICMP, 0, VERDICT_DROP,
	  FAMILY_IPV4 },
	{ "-p icmp -m icmp --icmp-type 3/1 -j DROP", "nnnnnn", 0, 0, VERDICT_DROP,
	  FAMILY_IPV4 },
	{ "-p icmp -m icmp --icmp-type 8 -j ACCEPT", "nnnnnn", 0, 0, VERDICT_ACCEPT,
	  FAMILY_IPV4 },
	{ "-p icmp -m icmp ! --icmp-type 8 -j DROP", "ynnnmn", 0, 0, VERDICT_DROP,
	  FAMILY_IPV4 },
	{ "-p ipv6-icmp -m icmp6 --icmpv6-type 2 -j REJECT", "nynnnn", RULE_NAMES_ICMP, 0,
	  VERDICT_DROP, FAMILY_IPV6 },
	{ "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "ynnnmn", 0, 0, VERDICT_ACCEPT,
	  FAMILY_IPV4 },
	{ "-m state --state ESTABLISHED -j ACCEPT", "nnnnmn", 0, 0, VERDICT_ACCEPT, FAMILY_IPV4 },
	{ "-i lo -j ACCEPT", "nnnnnn", RULE_IN, 0, VERDICT_ACCEPT, FAMILY_IPV4 },
	{ "! -i lo -j DROP", "ynynyn", RULE_IN, 0, VERDICT_DROP, FAMILY_IPV4 },
	{ "-i wan -p icmp -j ACCEPT", "lnnnmn", RULE_IN, 0, VERDICT_ACCEPT,
	  FAMILY_IPV4 },
	{ "-s 192.0.2.0/24 -j DROP", "mnmnmn", 0, 0, VERDICT_DROP, FAMILY_IPV4 },
	{ "-f -j DROP", "nnnnyn", RULE_NAMES_FRAGMENTS, 0, VERDICT_DROP, FAMILY_IPV4 },
	{ "! -f -j ACCEPT", "ynynnn", 0, 0, VERDICT_ACCEPT, FAMILY_IPV4 },
	{ "-p tcp -m tcp --dport 22 -j ACCEPT", "nnmnmn", 0, 0, VERDICT_ACCEPT, FAMILY_IPV4 },
	{ "-o tun0 -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", "nnlnnn",
	  RULE_CLAMPS | RULE_OUT, 0, VERDICT_NONE, FAMILY_IPV4 },
	{ "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1300", "nnynnn", RULE_CLAMPS,
	  1300, VERDICT_NONE, FAMILY_IPV4 },
	{ "-p tcp -j NFQUEUE --queue-balance 5000:5003 --queue-bypass", "nnynmn",
	  RULE_QUEUES | RULE_BYPASSES, 5000, VERDICT_UNKNOWN, FAMILY_IPV4 },
	{ "-p tcp -j NFQUEUE --queue-num 77", "nnynmn", RULE_QUEUES, 77, VERDICT_UNKNOWN,
	  FAMILY_IPV4 },
	{ "-m limit --limit 5/sec -j ACCEPT", "mnmnmn", RULE_LIMITED, 0, VERDICT_ACCEPT,
	  FAMILY_IPV4 },
	{ "-m comment --comment \"-j DROP all\" -j ACCEPT", "ynynyn", 0, 0, VERDICT_ACCEPT,
	  FAMILY_IPV4 },
	{ "-j LOG --log-prefix \"x -p icmp\"", "ynynyn", 0, 0, VERDICT_JUMP, FAMILY_IPV4 },
	{ "-g other", "ynynyn", 0, 0, VERDICT_GOTO, FAMILY_IPV4 },
	{ "-p tcp -j FLOWOFFLOAD --hw", "nnynmn", RULE_OFFLOADS, 0, VERDICT_NONE, FAMILY_IPV4 },
};

static void check_rule(const struct ruleset *set, const char *matches, uint32_t does,
		       uint32_t value, enum ruleset_verdict verdict)
{
	const struct ruleset_rule *rule = &set->rules[0];
	char got[PACKETS + 1] = "";
	size_t first = 0;

	assert_int_equal(set->rule_count, 1);
	for (size_t i = 0; i < PACKETS; i++)
		got[i] = letters[rule->match[i]];
	for (size_t i = PACKETS; i-- > 0;)
		if (rule->match[i] != MATCH_NO)
			first = i;
	assert_string_equal(got, matches);
	assert_int_equal(rule->does, does);
	assert_int_equal(rule->value, value);
	assert_int_equal(rule->verdict[first], verdict);
}

/* Owned. */
static char *around(const char *before, const char *text, const char *behind)
{
	char *result;

	assert_true(asprintf(&result, "%s%s%s", before, text, behind) >= 0);
	return result;
}

static void test_nft_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nft_rules) / sizeof(nft_rules[0]); i++) {
		struct ruleset set;

		print_message("%s\n", nft_rules[i].rule);
		ruleset_init(&set);
		assert_int_equal(ruleset_read_nft(&set, around("table inet t {\n\tchain c {\n"
				 "\t\ttype filter hook input priority filter; policy accept;\n\t\t",
				 nft_rules[i].rule, "\n\t}\n}\n"), 0), 0);
		assert_int_equal(ruleset_finish(&set), 0);
		check_rule(&set, nft_rules[i].matches, nft_rules[i].does, nft_rules[i].value,
			   nft_rules[i].verdict);
		ruleset_done(&set);
	}
}

static void test_save_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(save_rules) / sizeof(save_rules[0]); i++) {
		struct ruleset set;

		print_message("%s\n", save_rules[i].rule);
		ruleset_init(&set);
		assert_int_equal(ruleset_read_iptables(&set, around("*filter\n:INPUT DROP [1:2]\n"
				 "-A INPUT ", save_rules[i].rule, "\nCOMMIT\n"),
				 save_rules[i].family), 0);
		assert_int_equal(ruleset_finish(&set), 0);
		check_rule(&set, save_rules[i].matches, save_rules[i].does, save_rules[i].value,
			   save_rules[i].verdict);
		ruleset_done(&set);
	}
}

static void test_counters(void **state)
{
	struct ruleset set;

	(void)state;
	ruleset_init(&set);
	assert_int_equal(ruleset_read_iptables(&set, strdup("*filter\n:INPUT ACCEPT [0:0]\n"
			 "[12:720] -A INPUT -p icmp -j DROP\nCOMMIT\n"), FAMILY_IPV4), 0);
	assert_int_equal(ruleset_read_nft(&set, strdup("table ip x {\n\tchain c {\n\t\tcounter "
			 "packets 7 bytes 1 drop\n\t}\n}\n"), 0), 0);
	assert_int_equal(set.rule_count, 2);
	assert_int_equal(set.rules[0].packets, 12);
	assert_true(set.rules[0].does & RULE_COUNTS);
	assert_int_equal(set.rules[1].packets, 7);
	assert_memory_equal(set.rules[0].text, "-A INPUT -p icmp -j DROP", set.rules[0].len);
	ruleset_done(&set);
}

#define INPUT "\t\ttype filter hook input priority 0; policy accept;\n"
#define INPUT_DROP "\t\ttype filter hook input priority 0; policy drop;\n"

/* Bodies of table inet t: what becomes of a too big of each family that comes in. */
static const struct {
	const char *name, *table;
	enum ruleset_fate four, six;
} fates[] = {
	{ "no rule", "", FATE_PASSES, FATE_PASSES },
	{ "accepting policy", "\tchain c {\n" INPUT "\t}\n", FATE_PASSES, FATE_PASSES },
	{ "dropping policy", "\tchain c {\n" INPUT_DROP "\t}\n", FATE_DROPPED, FATE_DROPPED },
	{ "not of this hook", "\tchain c {\n\t\ttype filter hook output priority 0; policy drop;\n\t}\n",
	  FATE_PASSES, FATE_PASSES },
	{ "related passes", "\tchain c {\n" INPUT_DROP "\t\tct state related accept\n\t}\n",
	  FATE_PASSES, FATE_PASSES },
	{ "established alone does not help",
	  "\tchain c {\n" INPUT_DROP "\t\tct state established accept\n\t}\n", FATE_DROPPED,
	  FATE_DROPPED },
	{ "one family", "\tchain c {\n" INPUT_DROP "\t\tip protocol icmp accept\n\t}\n",
	  FATE_PASSES, FATE_DROPPED },
	{ "dropped by type", "\tchain c {\n" INPUT "\t\ticmp type destination-unreachable drop\n\t}\n",
	  FATE_DROPPED, FATE_PASSES },
	{ "accepted before it is dropped", "\tchain c {\n" INPUT "\t\tct state related accept\n"
	  "\t\ticmp type destination-unreachable drop\n\t}\n", FATE_PASSES, FATE_PASSES },
	{ "by name, from one side", "\tchain c {\n" INPUT_DROP
	  "\t\tiifname \"wan\" icmp type 3 accept\n\t}\n", FATE_LIKELY, FATE_DROPPED },
	{ "from one side, whatever it is", "\tchain c {\n" INPUT_DROP
	  "\t\tiifname \"wan\" accept\n\t}\n", FATE_UNKNOWN, FATE_UNKNOWN },
	{ "limited drop", "\tchain c {\n" INPUT
	  "\t\ticmp type 3 limit rate over 10/second drop\n\t}\n", FATE_PASSES, FATE_PASSES },
	{ "jump and fall through", "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t}\n\tchain d {\n"
	  "\t\ttcp dport 22 accept\n\t}\n", FATE_DROPPED, FATE_DROPPED },
	{ "WireGuard's and IKE's ports", "\tchain c {\n" INPUT_DROP "\t\tudp dport 51820 accept\n"
	  "\t\tudp dport { 500, 4500 } accept\n\t\tct state established accept\n\t}\n",
	  FATE_DROPPED, FATE_DROPPED },
	{ "jump and accept", "\tchain d {\n\t\tmeta l4proto { icmp, ipv6-icmp } accept\n\t}\n"
	  "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t}\n", FATE_PASSES, FATE_PASSES },
	{ "goto does not come back", "\tchain c {\n" INPUT_DROP "\t\tgoto d\n\t\taccept\n\t}\n"
	  "\tchain d {\n\t}\n", FATE_DROPPED, FATE_DROPPED },
	{ "return goes on behind the jump", "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t\taccept\n\t}\n"
	  "\tchain d {\n\t\treturn\n\t\tdrop\n\t}\n", FATE_PASSES, FATE_PASSES },
	{ "jump by interface", "\tchain c {\n" INPUT_DROP "\t\tiifname \"wan\" jump d\n\t}\n"
	  "\tchain d {\n\t\taccept\n\t}\n", FATE_UNKNOWN, FATE_UNKNOWN },
	{ "a circle", "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t}\n\tchain d {\n\t\tjump d\n\t}\n",
	  FATE_UNKNOWN, FATE_UNKNOWN },
	{ "verdict map by state", "\tchain c {\n" INPUT_DROP
	  "\t\tct state vmap { established : accept, related : accept, invalid : drop }\n\t}\n",
	  FATE_PASSES, FATE_PASSES },
	{ "a map nobody knows", "\tchain c {\n" INPUT_DROP "\t\tiifname vmap @zones\n\t}\n",
	  FATE_UNKNOWN, FATE_UNKNOWN },
	{ "a second chain drops", "\tchain b {\n" INPUT "\t\taccept\n\t}\n\tchain c {\n" INPUT
	  "\t\ticmpv6 type 2 drop\n\t}\n", FATE_PASSES, FATE_DROPPED },
	{ "a set with braces in lines", "\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1,\n"
	  "\t\t\t     192.0.2.2 }\n\t}\n\tchain c {\n" INPUT_DROP "\t}\n", FATE_DROPPED,
	  FATE_DROPPED },
};

static void test_fates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
		struct ruleset set;

		print_message("%s\n", fates[i].name);
		ruleset_init(&set);
		assert_int_equal(ruleset_read_nft(&set, around("table inet t {\n", fates[i].table, "}\n"), 0), 0);
		assert_int_equal(ruleset_finish(&set), 0);
		assert_int_equal(ruleset_ask(&set, HOOK_INPUT, PACKET_TOO_BIG4).fate,
				 fates[i].four);
		assert_int_equal(ruleset_ask(&set, HOOK_INPUT, PACKET_TOO_BIG6).fate,
				 fates[i].six);
		ruleset_done(&set);
	}
}

/* The rule of which it is not known is named: the first, and the one that jumps where the jump is
 * what nobody understands. */
static void test_unclear(void **state)
{
	static const struct { const char *table, *rule, *chain; } rows[] = {
		{ "\tchain c {\n" INPUT_DROP "\t\tudp dport 51820 accept\n"
		  "\t\tip saddr 192.0.2.1 accept\n\t\tiifname \"wan\" accept\n\t}\n",
		  "ip saddr 192.0.2.1 accept", "c" },
		{ "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t}\n"
		  "\tchain d {\n\t\tip saddr @s accept\n\t}\n", "ip saddr @s accept", "d" },
		{ "\tchain c {\n" INPUT_DROP "\t\tiifname \"wan\" jump d\n\t}\n"
		  "\tchain d {\n\t\taccept\n\t}\n", "iifname \"wan\" jump d", "c" },
		{ "\tchain c {\n" INPUT_DROP "\t\tiifname vmap @zones\n\t}\n",
		  "iifname vmap @zones", "c" },
		{ "\tchain c {\n" INPUT_DROP "\t\tjump d\n\t}\n"
		  "\tchain d {\n\t\tjump d\n\t}\n", "jump d", "d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ruleset_answer answer;
		struct ruleset set;

		print_message("%s\n", rows[i].rule);
		ruleset_init(&set);
		assert_int_equal(ruleset_read_nft(&set, around("table inet t {\n", rows[i].table,
							       "}\n"), 0), 0);
		assert_int_equal(ruleset_finish(&set), 0);
		answer = ruleset_ask(&set, HOOK_INPUT, PACKET_TOO_BIG4);
		assert_int_equal(answer.fate, FATE_UNKNOWN);
		assert_non_null(answer.rule);
		assert_int_equal(answer.rule->len, strlen(rows[i].rule));
		assert_memory_equal(answer.rule->text, rows[i].rule, answer.rule->len);
		assert_memory_equal(answer.chain->name, rows[i].chain, answer.chain->name_len);
		ruleset_done(&set);
	}
}

/* Where a rule that clamps stands, and whether a SYN gets there. */
static const struct {
	const char *name, *table;
	enum ruleset_reach reach;
	int32_t priority; /* of the base chain, with REACH_YES */
} reaches[] = {
	{ "first", "\tchain c {\n\t\ttype filter hook forward priority mangle; policy accept;\n"
	  "\t\ttcp option maxseg size set 1300\n\t}\n", REACH_YES, -150 },
	{ "behind what accepts all", "\tchain c {\n\t\ttype filter hook forward priority filter; "
	  "policy accept;\n\t\taccept\n\t\ttcp option maxseg size set 1300\n\t}\n", REACH_NEVER, 0 },
	{ "behind what accepts ICMP", "\tchain c {\n\t\ttype filter hook forward priority "
	  "filter + 5; policy accept;\n\t\ticmp type 3 accept\n\t\ttcp option maxseg size set 1300\n"
	  "\t}\n", REACH_YES, 5 },
	{ "behind what accepts some", "\tchain c {\n\t\ttype filter hook forward priority -10; "
	  "policy accept;\n\t\tiifname \"a\" accept\n\t\ttcp option maxseg size set 1300\n\t}\n",
	  REACH_YES, -10 },
	{ "in a chain that is jumped to", "\tchain d {\n\t\ttcp option maxseg size set 1300\n\t}\n"
	  "\tchain c {\n\t\ttype filter hook forward priority mangle - 1; policy accept;\n"
	  "\t\toifname \"a\" jump d\n\t}\n", REACH_YES, -151 },
	{ "in a chain nothing leads to", "\tchain d {\n\t\ttcp option maxseg size set 1300\n\t}\n",
	  REACH_UNKNOWN, 0 },
};

static void test_reach(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++) {
		const struct ruleset_chain *base;
		const struct ruleset_rule *rule = NULL;
		struct ruleset set;

		print_message("%s\n", reaches[i].name);
		ruleset_init(&set);
		assert_int_equal(ruleset_read_nft(&set, around("table inet t {\n", reaches[i].table, "}\n"), 0), 0);
		assert_int_equal(ruleset_finish(&set), 0);
		for (size_t r = 0; r < set.rule_count; r++)
			if (set.rules[r].does & RULE_CLAMPS)
				rule = &set.rules[r];
		assert_non_null(rule);
		assert_int_equal(ruleset_reach(&set, rule, PACKET_SYN4, &base), reaches[i].reach);
		if (reaches[i].reach == REACH_YES)
			assert_int_equal(base->priority, reaches[i].priority);
		ruleset_done(&set);
	}
}

/* What iptables-nft-save tells is not read once more from nft. */
static void test_covered(void **state)
{
	static const char save[] = "# made by hand\n*mangle\n:FORWARD ACCEPT [0:0]\n"
				   "-A FORWARD -j TCPMSS --set-mss 1300\nCOMMIT\n";
	static const char nft[] = "table ip mangle {\n\tchain FORWARD {\n\t\taccept\n\t}\n}\n"
				  "table ip6 mangle {\n\tchain FORWARD {\n\t\taccept\n\t}\n}\n"
				  "table inet mssclamp {\n\tchain forward {\n\t\taccept\n\t}\n}\n";
	uint32_t covered = ruleset_covered(save, FAMILY_IPV4);
	struct ruleset set;

	(void)state;
	ruleset_init(&set);
	assert_int_equal(ruleset_read_iptables(&set, strdup(save), FAMILY_IPV4), 0);
	assert_int_equal(ruleset_read_nft(&set, strdup(nft), covered), 0);
	assert_int_equal(set.chain_count, 3);
	assert_int_equal(set.rule_count, 3);
	assert_false(set.chains[0].ours || set.chains[1].ours);
	assert_true(set.chains[2].ours);
	ruleset_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nft_rules), cmocka_unit_test(test_save_rules),
		cmocka_unit_test(test_counters),  cmocka_unit_test(test_fates),
		cmocka_unit_test(test_reach),	  cmocka_unit_test(test_covered),
		cmocka_unit_test(test_unclear),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
