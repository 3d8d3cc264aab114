/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of an nft rule, and its verdict maps. */
#include "ctl/doctor/ruleset_nft_match.h"

#include "base/array.h"

enum ruleset_verdict ruleset_nft_verdict(struct ruleset_word word)
{
	static const struct {
		const char *word;
		enum ruleset_verdict verdict;
	} verdicts[] = {
		{ "accept", VERDICT_ACCEPT }, { "drop", VERDICT_DROP },
		{ "reject", VERDICT_DROP },   { "return", VERDICT_RETURN },
		{ "jump", VERDICT_JUMP },     { "goto", VERDICT_GOTO },
		{ "continue", VERDICT_NONE },
	};

	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (ruleset_word_is(word, verdicts[i].word))
			return verdicts[i].verdict;
	return VERDICT_UNKNOWN;
}

/* The entries of "{ established : accept, related : drop }": each kind of packet gets its own. */
void ruleset_nft_take_map(struct rule_words *words, enum ruleset_asks asks, bool known)
{
	struct ruleset_rule *rule = &words->reading->rule;
	struct ruleset_condition all;
	struct ruleset_word word;

	ruleset_condition_begin(&all, asks);
	if (!take_if(words, "{") || !known) {
		while ((word = next_word(words)).len && *word.text != '@' &&
		       !ruleset_word_is(word, "}"))
			;
		ruleset_reading_set_verdict(words->reading, VERDICT_UNKNOWN);
		return;
	}
	while ((word = next_word(words)).len && !ruleset_word_is(word, "}")) {
		struct ruleset_condition one;
		struct ruleset_word verdict;

		ruleset_condition_begin(&one, asks);
		ruleset_condition_add(&one, word);
		ruleset_condition_add(&all, word);
		if (!take_if(words, ":"))
			continue;
		verdict = next_word(words);
		if (verdict.len && verdict.text[verdict.len - 1] == ',')
			verdict.len--;
		for (enum ruleset_packet packet = 0; packet < PACKETS; packet++)
			if (one.holds[packet] == MATCH_YES)
				rule->verdict[packet] = (uint8_t)ruleset_nft_verdict(verdict);
	}
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
		enum ruleset_verdict verdict = (enum ruleset_verdict)rule->verdict[packet];

		if (verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) /* several targets */
			rule->verdict[packet] = VERDICT_UNKNOWN;
	}
	ruleset_reading_take(words->reading, &all, false);
}

/* The values of a condition: "3", "!= 3", "{ 3, 11 }", "related,established". */
static void take_values(struct rule_words *words, enum ruleset_asks asks)
{
	bool negated = take_if(words, "!=");
	struct ruleset_condition condition;
	struct ruleset_word word, part;

	(void)take_if(words, "==");
	if (take_if(words, "vmap")) {
		ruleset_nft_take_map(words, asks, true);
		return;
	}
	ruleset_condition_begin(&condition, asks);
	word = next_word(words);
	if (!word.len || *word.text == '@' || *word.text == '&') {
		ruleset_reading_weaken(words->reading);
		return;
	}
	if (ruleset_word_is(word, "{")) {
		while ((word = next_word(words)).len && !ruleset_word_is(word, "}"))
			while (ruleset_word_split(&word, ",", &part))
				ruleset_condition_add(&condition, part);
	} else {
		while (ruleset_word_split(&word, ",", &part))
			ruleset_condition_add(&condition, part);
	}
	ruleset_reading_take(words->reading, &condition, negated);
}

static void take_flag(struct rule_words *words, enum ruleset_asks asks)
{
	struct ruleset_condition condition;

	ruleset_condition_begin(&condition, asks);
	ruleset_condition_add(&condition, (struct ruleset_word){ "", 0 });
	ruleset_reading_take(words->reading, &condition, false);
}

/* The name of an interface: lo is where none of the packets asked about passes. */
static void take_interface(struct rule_words *words, bool in)
{
	bool negated = take_if(words, "!=");
	struct ruleset_word word = peek_word(words);

	words->reading->rule.does |= in ? RULE_IN : RULE_OUT;
	if (ruleset_word_is(word, "vmap")) /* a statement of its own */
		return;
	next_word(words);
	if (ruleset_word_is(word, "\"lo\"") || ruleset_word_is(word, "lo") ||
	    (ruleset_word_is(word, "1") && word.len == 1)) {
		if (!negated)
			ruleset_reading_refuse(words->reading);
		return;
	}
	ruleset_reading_weaken(words->reading);
}

/* "meta l4proto 1", "meta mark 0x1", "meta mark set 0x1". */
static void take_meta(struct rule_words *words)
{
	struct ruleset_word key = next_word(words);

	if (ruleset_word_is(key, "l4proto"))
		take_values(words, ASKS_PROTOCOL);
	else if (ruleset_word_is(key, "nfproto"))
		take_values(words, ASKS_FAMILY);
	else if (ruleset_word_is(key, "iifname") || ruleset_word_is(key, "iif"))
		take_interface(words, true);
	else if (ruleset_word_is(key, "oifname") || ruleset_word_is(key, "oif"))
		take_interface(words, false);
	else if (take_if(words, "set"))
		next_word(words);
	else
		ruleset_reading_weaken(words->reading);
}

/* "& 0x1fff != 0", "& 0x3fff > 0", "1-8191": a later fragment; other masks ask for a flag. */
static void take_fragment_offset(struct rule_words *words)
{
	struct ruleset_word mask;
	bool masked = take_if(words, "&"), later;

	mask = next_word(words);
	if (!masked && (ruleset_word_is(mask, "1-8191") || ruleset_word_is(mask, "1-0x1fff"))) {
		take_flag(words, ASKS_FRAGMENT);
		return;
	}
	later = ruleset_word_is(mask, "8191") || ruleset_word_is(mask, "0x1fff") ||
		ruleset_word_is(mask, "16383") || ruleset_word_is(mask, "0x3fff");
	if (later && (take_if(words, "!=") || take_if(words, ">")) && take_if(words, "0"))
		take_flag(words, ASKS_FRAGMENT);
	else
		ruleset_reading_weaken(words->reading);
}

static void take_ip(struct rule_words *words, bool is6)
{
	struct ruleset_word key = next_word(words);

	ruleset_reading_only(words->reading, !is6, is6);
	if (ruleset_word_is(key, is6 ? "nexthdr" : "protocol")) {
		take_values(words, ASKS_PROTOCOL);
	} else if (ruleset_word_is(key, "frag-off")) {
		take_fragment_offset(words);
	} else if (take_if(words, "set")) {
		next_word(words);
	} else {
		ruleset_reading_weaken(words->reading);
	}
}

static void take_icmp(struct rule_words *words, bool is6)
{
	struct ruleset_word key = next_word(words);
	struct ruleset_condition condition;

	ruleset_reading_only(words->reading, !is6, is6);
	ruleset_condition_begin(&condition, ASKS_PROTOCOL);
	ruleset_condition_add(&condition, (struct ruleset_word){ is6 ? "58" : "1", is6 ? 2 : 1 });
	ruleset_reading_take(words->reading, &condition, false);
	if (ruleset_word_is(key, "type"))
		take_values(words, is6 ? ASKS_TYPE6 : ASKS_TYPE4);
	else if (ruleset_word_is(key, "code"))
		take_values(words, is6 ? ASKS_CODE6 : ASKS_CODE4);
	else
		ruleset_reading_weaken(words->reading);
}

/* "maxseg size set 1360", "maxseg size set rt mtu"; else a condition. */
static void take_tcp_option(struct rule_words *words)
{
	struct ruleset_rule *rule = &words->reading->rule;
	bool maxseg = take_if(words, "maxseg") && take_if(words, "size");
	uint64_t value;

	if (!maxseg || !take_if(words, "set")) {
		ruleset_reading_weaken(words->reading);
		return;
	}
	rule->does |= RULE_CLAMPS;
	if (ruleset_word_number(peek_word(words), &value)) {
		rule->value = value > UINT16_MAX ? UINT16_MAX : (uint32_t)value;
		next_word(words);
	} else if (take_if(words, "rt")) {
		next_word(words);
	}
}

/* Flags of TCP have no end of their own. Returns whether a word is among them; *ret_syn whether it
 * has a SYN. */
static bool is_flag_word(struct ruleset_word word, bool *ret_syn)
{
	static const char *const flags[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ecn",
					     "cwr" };
	struct ruleset_word part;
	uint64_t number;

	*ret_syn = false;
	if (!word.len)
		return false;
	while (ruleset_word_split(&word, "(),|&/=!{}", &part)) {
		bool known = ruleset_word_number(part, &number);

		*ret_syn |= ruleset_word_is(part, "syn");
		for (size_t i = 0; i < COUNT(flags); i++)
			known |= ruleset_word_is(part, flags[i]);
		if (!known)
			return false;
	}
	return true;
}

/* "syn", "& (fin | syn | rst) == syn", "syn / syn,rst": a SYN has to be in what is asked for. */
static void take_tcp_flags(struct rule_words *words)
{
	bool asked = false, closed = false, negated = false, syn;
	struct ruleset_word word;

	while (is_flag_word(word = peek_word(words), &syn)) {
		next_word(words);
		if (ruleset_word_is(word, "==") || ruleset_word_is(word, "!="))
			asked = false;
		negated |= ruleset_word_is(word, "!=");
		closed |= ruleset_word_is(word, "/");
		asked |= syn && !closed;
	}
	if (asked && !negated)
		take_flag(words, ASKS_SYN);
	else
		ruleset_reading_weaken(words->reading);
}

static void take_tcp(struct rule_words *words)
{
	struct ruleset_word key = next_word(words);

	ruleset_reading_only_tcp(words->reading);
	if (ruleset_word_is(key, "option"))
		take_tcp_option(words);
	else if (ruleset_word_is(key, "flags"))
		take_tcp_flags(words);
	else
		ruleset_reading_weaken(words->reading);
}

/* Headers of other protocols, whatever is asked of them. Of a later fragment the kernel reads no
 * such header (nft_payload_eval). */
static bool is_other_protocol(struct ruleset_word word)
{
	static const char *const headers[] = { "udp", "udplite", "sctp", "dccp", "esp", "ah",
					       "comp", "igmp" };

	for (size_t i = 0; i < COUNT(headers); i++)
		if (ruleset_word_is(word, headers[i]))
			return true;
	return false;
}

static void take_ct(struct rule_words *words)
{
	struct ruleset_word key = next_word(words);

	if (ruleset_word_is(key, "state"))
		take_values(words, ASKS_STATE);
	else if (take_if(words, "set"))
		next_word(words);
	else
		ruleset_reading_weaken(words->reading);
}

bool ruleset_nft_take_condition(struct rule_words *words, struct ruleset_word word)
{
	if (ruleset_word_is(word, "meta"))
		take_meta(words);
	else if (ruleset_word_is(word, "iifname") || ruleset_word_is(word, "iif"))
		take_interface(words, true);
	else if (ruleset_word_is(word, "oifname") || ruleset_word_is(word, "oif"))
		take_interface(words, false);
	else if (ruleset_word_is(word, "ip") || ruleset_word_is(word, "ip6"))
		take_ip(words, word.len == 3);
	else if (ruleset_word_is(word, "icmp") || ruleset_word_is(word, "icmpv6"))
		take_icmp(words, word.len == 6);
	else if (ruleset_word_is(word, "tcp"))
		take_tcp(words);
	else if (is_other_protocol(word))
		ruleset_reading_refuse(words->reading);
	else if (ruleset_word_is(word, "ct"))
		take_ct(words);
	else if (ruleset_word_is(word, "exthdr") || ruleset_word_is(word, "frag")) {
		ruleset_reading_only(words->reading, false, true);
		if (word.len == 4 || (take_if(words, "frag") && take_if(words, "exists")))
			take_flag(words, ASKS_FRAGMENT);
		else
			ruleset_reading_weaken(words->reading);
	} else {
		return false;
	}
	return true;
}
