/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS020 to MSS029: path MTUs, ICMP, fragments, what is sent again, black holes. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "ctl/doctor/check.h"
#include "ctl/doctor/doctor_words.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "edge/probe/snmp.h"

#define LOW4 1280 /* bytes: honest IPv4 paths below are rare, forged ones are not */
#define FRAGMENTS_PER_SECOND 5.0
#define REASSEMBLY_PER_SECOND 1.0
#define SEGMENTS_LEAST 1000      /* fewer tell nothing; the share below is 30 of them */
#define RETRANSMITTED_PERCENT 3.0

void doctor_check_exceptions(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	char text[PREFIX_TEXT_MAX];

	if (!facts->has_hints) {
		doctor_say(finding, DOCTOR_UNKNOWN, "the kernel's cache cannot be read");
		return;
	}
	for (size_t i = 0; i < facts->hints.count; i++) {
		const struct path_hint *hint = &facts->hints.list[i];

		if (hint->mtu >= LOW4 && !hint->locked)
			continue;
		doctor_tell(finding, DOCTOR_WARN, "%s: %u bytes%s; an ICMP message said so, and "
			    "anybody can send one", address_format(&hint->destination, text),
			    hint->mtu, hint->locked ? " or less" : "");
		doctor_see(finding, "mssclampctl probe %s",
			   address_format(&hint->destination, text));
		doctor_fix(finding, hint->destination.family == FAMILY_IPV6 ?
			   "ip -6 route flush cache" : "ip route flush cache");
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "%zu known", facts->hints.count);
}

static void say_dropped(const struct ruleset_answer *answer, enum ruleset_hook hook,
			enum ruleset_packet packet, struct doctor_finding *finding)
{
	const struct ruleset_chain *chain = answer->chain;
	bool four = packet == PACKET_TOO_BIG4;

	doctor_tell(finding, DOCTOR_FAIL, "dropped at %s by %s (%s)", ruleset_hook_name(hook),
		    answer->rule ? doctor_rule_text(answer->rule).s :
				   "the policy: nothing accepts it", doctor_chain_text(chain).s);
	if (chain->tool == TOOL_NFT)
		doctor_fix(finding, "nft insert rule %.*s %.*s %s accept", (int)chain->table_len,
			   chain->table, (int)chain->name_len, chain->name,
			   four ? "icmp type destination-unreachable" :
				  "icmpv6 type packet-too-big");
	else
		doctor_fix(finding, "%s -t %.*s -I %.*s -p %s -j ACCEPT",
			   four ? "iptables" : "ip6tables", (int)chain->table_len, chain->table,
			   (int)chain->name_len, chain->name,
			   four ? "icmp --icmp-type fragmentation-needed" :
				  "icmpv6 --icmpv6-type packet-too-big");
}

/* Who knows the rule knows more than nothing. */
static void say_unclear(const struct ruleset_answer *answer, enum ruleset_hook hook,
			struct doctor_finding *finding)
{
	if (!answer->rule) {
		doctor_tell(finding, DOCTOR_UNKNOWN, "at %s it depends on rules that could not "
			    "all be read", ruleset_hook_name(hook));
		return;
	}
	doctor_tell(finding, DOCTOR_UNKNOWN, "at %s it depends on a rule that is not understood "
		    "here: %s (%s)", ruleset_hook_name(hook), doctor_rule_text(answer->rule).s,
		    doctor_chain_text(answer->chain).s);
}

/* Where a "too big" must get through: to this host, whose own tunnels need it, and past it. */
static void check_too_big(const struct doctor_facts *facts, enum ruleset_packet packet,
			  struct doctor_finding *finding)
{
	static const enum ruleset_hook hooks[] = { HOOK_PREROUTING, HOOK_INPUT, HOOK_FORWARD,
						   HOOK_OUTPUT, HOOK_POSTROUTING };
	for (size_t i = 0; i < COUNT(hooks); i++) {
		struct ruleset_answer answer = ruleset_ask(&facts->ruleset, hooks[i], packet);

		if (answer.fate == FATE_DROPPED)
			say_dropped(&answer, hooks[i], packet, finding);
		else if (answer.fate == FATE_UNKNOWN)
			say_unclear(&answer, hooks[i], finding);
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "no rule of this host drops them");
}

void doctor_check_too_big4(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	check_too_big(facts, PACKET_TOO_BIG4, finding);
}

void doctor_check_too_big6(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	check_too_big(facts, PACKET_TOO_BIG6, finding);
}

/* Whether a rule drops a packet that it names: not one that it drops along with all others. */
static bool drops(const struct ruleset_rule *rule, uint32_t names, enum ruleset_packet first,
		  enum ruleset_packet second)
{
	return rule->does & names && !(rule->does & RULE_LIMITED) &&
	       ((rule->verdict[first] == VERDICT_DROP && rule->match[first] != MATCH_NO) ||
		(rule->verdict[second] == VERDICT_DROP && rule->match[second] != MATCH_NO));
}

static uint64_t moved(const struct doctor_facts *facts, size_t place)
{
	uint64_t before = facts->ruleset.rules[place].packets;

	return facts->later && facts->later[place] > before ? facts->later[place] - before : 0;
}

void doctor_check_icmp_counters(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t rules = 0, counting = 0;

	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];

		if (!drops(rule, RULE_NAMES_ICMP, PACKET_TOO_BIG4, PACKET_TOO_BIG6))
			continue;
		rules++;
		counting += (rule->does & RULE_COUNTS) != 0;
		if (!rule->packets && !moved(facts, i))
			continue;
		doctor_tell(finding, moved(facts, i) ? DOCTOR_FAIL : DOCTOR_WARN,
			    "%s dropped by \"%s\"%s",
			    format_count(rule->packets + moved(facts, i)).s,
			    doctor_rule_text(rule).s,
			    moved(facts, i) ? ", and it goes on" : "");
		doctor_see(finding, "%s",
			   doctor_chain_command(&facts->ruleset.chains[rule->chain]).s);
	}
	if (finding->count)
		return;
	if (!rules)
		doctor_say(finding, DOCTOR_OK, "none would");
	else
		doctor_say(finding, counting < rules ? DOCTOR_UNKNOWN : DOCTOR_OK,
			   counting < rules ?
			   "%zu rule%s would, and a counter is missing" :
			   "%zu rule%s would, and none has", rules, text_plural(rules));
}

void doctor_check_fragment_rules(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];
		uint64_t count = rule->packets + moved(facts, i);

		if (!drops(rule, RULE_NAMES_FRAGMENTS, PACKET_FRAGMENT4, PACKET_FRAGMENT6))
			continue;
		doctor_tell(finding, moved(facts, i) ? DOCTOR_FAIL : DOCTOR_WARN,
			    "\"%s\" drops fragments%s%s%s", doctor_rule_text(rule).s,
			    rule->does & RULE_COUNTS ? ", " : "",
			    rule->does & RULE_COUNTS ? format_count(count).s : "",
			    moved(facts, i)	  ? " so far, and it goes on" :
			    rule->does & RULE_COUNTS ? " so far" :
						       "");
		doctor_see(finding, "%s",
			   doctor_chain_command(&facts->ruleset.chains[rule->chain]).s);
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "none");
}

/* How much a counter rose a second; negative where nobody knows. */
static double rate(const struct doctor_facts *facts, enum doctor_counter counter)
{
	uint64_t before = facts->before[counter], after = facts->after[counter];

	if (before == SNMP_UNKNOWN || after == SNMP_UNKNOWN || after < before ||
	    facts->seconds <= 0)
		return -1;
	return (double)(after - before) / facts->seconds;
}

/* Events that two counters have, of IPv4 and IPv6. */
struct rate_check {
	enum doctor_counter counter4, counter6;
	double most;      /* a second */
	const char *much; /* what it means where it is more */
	const char *see;
};

/* IPv6 may be absent: its files too, and then there is nothing to count. */
static void check_rates(const struct doctor_facts *facts, const struct rate_check *check,
			struct doctor_finding *finding)
{
	double rate4 = rate(facts, check->counter4), rate6 = rate(facts, check->counter6);
	bool much = rate4 >= check->most || rate6 >= check->most;

	if (rate4 < 0) {
		doctor_say(finding, DOCTOR_UNKNOWN, "/proc/net/snmp cannot be read");
		return;
	}
	doctor_say(finding, much ? DOCTOR_WARN : DOCTOR_OK, "%.1f a second by IPv4, %.1f by IPv6%s",
		   rate4, rate6 < 0 ? 0 : rate6, much ? check->much : "");
	if (much)
		doctor_see(finding, "%s", check->see);
}

void doctor_check_fragments(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	static const struct rate_check check = {
		COUNTER_FRAGMENTS4, COUNTER_FRAGMENTS6, FRAGMENTS_PER_SECOND,
		": this host cuts packets that are larger than the link or path they leave by; "
		"most often it is a tunnel whose interface takes more than fits (MSS010)",
		"mssclampctl tunnels",
	};

	check_rates(facts, &check, finding);
}

void doctor_check_reassembly(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	static const struct rate_check check = {
		COUNTER_REASSEMBLY4, COUNTER_REASSEMBLY6, REASSEMBLY_PER_SECOND,
		": packets of which a fragment never came, so that nothing of them is used",
		"nstat -az IpReasmFails IpReasmTimeout Ip6ReasmFails Ip6ReasmTimeout",
	};

	check_rates(facts, &check, finding);
}

/* How much a counter rose; 0 where nobody knows. */
static double rise(const struct doctor_facts *facts, enum doctor_counter counter)
{
	double a_second = rate(facts, counter);

	return a_second < 0 ? 0 : a_second * facts->seconds;
}

/* SYN-ACKs that a scanner lets unanswered say nothing of the path. */
void doctor_check_retransmissions(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	double sent = rise(facts, COUNTER_SEGMENTS), again = rise(facts, COUNTER_RETRANSMITTED);
	double syns = rise(facts, COUNTER_SYNS_RETRANSMITTED), percent;

	if (rate(facts, COUNTER_SEGMENTS) < 0 || rate(facts, COUNTER_RETRANSMITTED) < 0) {
		doctor_say(finding, DOCTOR_UNKNOWN, "/proc/net/snmp cannot be read");
		return;
	}
	again = again > syns ? again - syns : 0;
	if (sent + again < SEGMENTS_LEAST) {
		doctor_say(finding, DOCTOR_OK, "this host itself sends too few to tell");
		return;
	}
	percent = 100 * again / (sent + again);
	doctor_say(finding, percent >= RETRANSMITTED_PERCENT ? DOCTOR_WARN : DOCTOR_OK,
		   "%.1f%% of what this host itself sends", percent);
	if (finding->result == DOCTOR_WARN)
		doctor_see(finding, "ss -ti '( not dst 127.0.0.0/8 )'");
}

/* Nobody here can mend them. Where a tunnel's interface takes more than arrives MSS010 warns. */
void doctor_check_black_holes(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *probes = json_object_get(facts->stats, "probes");
	uint64_t paths = field_count(probes, "black_hole_paths");
	bool audit = field_is(facts->status, "mode", "audit");

	if (!json_is_integer(json_object_get(probes, "black_hole_paths")))
		doctor_say(finding, DOCTOR_UNKNOWN, "mssclampd does not tell of its probes");
	else if (!field_count(probes, "answered_total"))
		doctor_say(finding, DOCTOR_OK, "no probe was answered so far, so none is known");
	else if (!paths)
		doctor_say(finding, DOCTOR_OK, "none on a path that was measured");
	else
		doctor_say(finding, audit ? DOCTOR_WARN : DOCTOR_OK, "%s measured path%s swallow%s "
			   "larger packets and no router says so; %s", format_count(paths).s,
			   text_plural(paths), paths == 1 ? "s" : "", audit ?
			   "mode audit leaves each MSS as it is, so that TCP may hang there" :
			   "what mssclampd allows fits");
	if (finding->result != DOCTOR_WARN)
		return;
	doctor_fix_setting(finding, "MSS028", "mode = \"queue\";");
	doctor_fix(finding, "mssclampctl reload");
}

static void add_commands(const json_t *list,
			 void (*add)(struct doctor_finding *finding, const char *format, ...),
			 struct doctor_finding *finding)
{
	const json_t *command;
	size_t i;

	json_array_foreach(list, i, command)
		add(finding, "%s", json_is_string(command) ? json_string_value(command) : "-");
}

/* Written where it lies, by whom, and what mends it: mssclampd knows. */
void doctor_check_state_file(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *state = json_object_get(facts->status, "state_file");
	const json_t *ok = json_object_get(state, "ok");
	const char *path = field_string(state, "path", "-");

	if (json_is_true(ok)) {
		doctor_say(finding, DOCTOR_OK, "kept over a restart in %s", path);
	} else if (json_is_null(ok)) {
		doctor_say(finding, DOCTOR_OK, "not tried yet: nothing was measured "
			   "that had to be kept");
	} else if (json_is_false(ok)) {
		doctor_say(finding, DOCTOR_WARN, "%s: cannot be written since %s: %s; after a "
			   "restart each path is measured again", path,
			   field_string(state, "failing_since", "-"),
			   field_string(state, "error", "-"));
		add_commands(json_object_get(state, "fix"), doctor_fix, finding);
		add_commands(json_object_get(state, "see"), doctor_see, finding);
	} else {
		doctor_say(finding, DOCTOR_UNKNOWN, "mssclampd does not tell of it");
	}
}
