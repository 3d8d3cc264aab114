/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nft and iptables-save print, and what becomes of packets by that.
 * layer: ctl
 * The first byte: bit 0 iptables-save, bit 1 IPv6, the rest which tables are covered. */
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/doctor_words.h"
#include "ctl/doctor/ruleset.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(const struct ruleset *set, const char *text, size_t len)
{
	for (size_t i = 0; i < set->text_count; i++)
		if (text >= set->texts[i] && text + len <= set->texts[i] + strlen(set->texts[i]))
			return true;
	return false;
}

static void check_rule(const struct ruleset *set, const struct ruleset_rule *rule)
{
	CHECK(is_inside(set, rule->text, rule->len) && !memchr(rule->text, '\n', rule->len));
	CHECK(rule->chain < set->chain_count);
	CHECK(rule->target == RULESET_NONE || rule->target < set->chain_count);
	CHECK(rule->next == RULESET_NONE || rule->next < set->rule_count);
	CHECK(rule->value <= UINT16_MAX && rule->value2 <= UINT16_MAX);
	for (size_t i = 0; i < PACKETS; i++)
		CHECK(rule->match[i] <= MATCH_YES && rule->verdict[i] <= VERDICT_UNKNOWN);
	(void)doctor_rule_text(rule);
}

/* Of what is dropped the base chain is told, of what is not known the rule and its own chain. */
static void check_answer(const struct ruleset *set, const struct ruleset_answer *answer,
			 enum ruleset_hook hook, enum ruleset_packet packet)
{
	CHECK(answer->fate != FATE_DROPPED || (answer->chain && answer->chain->hook == hook));
	CHECK(answer->fate >= FATE_UNKNOWN || (!answer->chain && !answer->rule));
	if (!answer->rule)
		return;
	if (answer->fate == FATE_DROPPED) {
		CHECK(answer->rule->match[packet] == MATCH_YES);
		return;
	}
	CHECK(answer->rule->match[packet] != MATCH_NO);
	CHECK(answer->chain == &set->chains[answer->rule->chain]);
}

static void check_answers(const struct ruleset *set)
{
	for (enum ruleset_hook hook = HOOK_NONE; hook <= HOOK_INGRESS; hook++) {
		for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
			struct ruleset_answer answer;

			if (hook == HOOK_NONE)
				continue;
			answer = ruleset_ask(set, hook, packet);
			check_answer(set, &answer, hook, packet);
		}
	}
	for (size_t i = 0; i < set->rule_count && i < 8; i++) {
		const struct ruleset_chain *base;

		if (ruleset_reach(set, &set->rules[i], PACKET_SYN4, &base) == REACH_YES)
			CHECK(base && base->hook != HOOK_NONE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset set;
	char *text;
	int r;

	if (size < 1 || size > 4096) /* chains that call chains take their time */
		return 0;
	text = malloc(size);
	CHECK(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	ruleset_init(&set);
	(void)ruleset_covered(text, FAMILY_IPV4);
	if (data[0] & 1)
		r = ruleset_read_iptables(&set, text, data[0] & 2 ? FAMILY_IPV6 : FAMILY_IPV4);
	else
		r = ruleset_read_nft(&set, text, data[0] >> 2);
	CHECK(r == 0 && ruleset_finish(&set) == 0);
	for (size_t i = 0; i < set.rule_count; i++)
		check_rule(&set, &set.rules[i]);
	for (size_t i = 0; i < set.chain_count; i++) {
		(void)doctor_chain_text(&set.chains[i]);
		(void)doctor_chain_command(&set.chains[i]);
	}
	check_answers(&set);
	ruleset_done(&set);
	return 0;
}
