/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statements of one nft rule, from the left: conditions, counters, verdict. What is not known
 * is stepped over word by word and makes the rule a "maybe". */
#include "base/array.h"
#include "ctl/doctor/ruleset_nft_match.h"
#include "ctl/doctor/ruleset_nft_rule.h"

static void take_counter(struct rule_words *words)
{
	struct ruleset_rule *rule = &words->reading->rule;

	if (take_if(words, "packets")) {
		if (ruleset_word_number(next_word(words), &rule->packets))
			rule->does |= RULE_COUNTS;
		if (take_if(words, "bytes"))
			next_word(words);
	} else if (take_if(words, "name")) {
		next_word(words);
	}
}

/* "log prefix "x" level info": pairs, up to something else. */
static void take_log(struct rule_words *words)
{
	static const char *const keys[] = { "prefix", "level", "group", "snaplen",
					    "queue-threshold", "flags" };
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < COUNT(keys); i++) {
			if (take_if(words, keys[i])) {
				next_word(words);
				more = true;
			}
		}
	}
}

/* "limit rate over 5/second burst 5 packets". */
static void take_limit(struct rule_words *words)
{
	words->reading->rule.does |= RULE_LIMITED;
	ruleset_reading_weaken(words->reading);
	if (!take_if(words, "rate"))
		return;
	(void)take_if(words, "over");
	next_word(words);
	if (ruleset_word_begins(peek_word(words), "bytes") ||
	    ruleset_word_begins(peek_word(words), "kbytes") ||
	    ruleset_word_begins(peek_word(words), "mbytes"))
		next_word(words);
	if (take_if(words, "burst")) {
		next_word(words);
		next_word(words);
	}
}

/* "queue flags bypass,fanout to 5000-5003", "queue num 0-3 bypass". */
static void take_queue(struct rule_words *words)
{
	struct ruleset_reading *reading = words->reading;
	struct ruleset_word word;

	reading->rule.does |= RULE_QUEUES;
	ruleset_reading_set_verdict(reading, VERDICT_UNKNOWN);
	while ((word = peek_word(words)).len && *word.text != '"' &&
	       !ruleset_word_is(word, "comment")) {
		struct ruleset_word part;

		next_word(words);
		ruleset_reading_set_queues(reading, word);
		while (ruleset_word_split(&word, ",", &part))
			if (ruleset_word_is(part, "bypass"))
				reading->rule.does |= RULE_BYPASSES;
	}
}

/* "flow add @ft", in older words "flow offload @ft". */
static void take_flow(struct rule_words *words)
{
	words->reading->rule.does |= RULE_OFFLOADS;
	next_word(words);
	next_word(words);
}

static void take_verdict(struct rule_words *words, enum ruleset_verdict verdict)
{
	struct ruleset_rule *rule = &words->reading->rule;
	struct ruleset_word target;

	ruleset_reading_set_verdict(words->reading, verdict);
	if (verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) {
		target = next_word(words);
		rule->target_name = target.text;
		rule->target_len = (uint32_t)target.len;
	}
	if (verdict == VERDICT_DROP) /* "reject with icmpx type admin-prohibited" */
		words->at = words->end;
}

static void take_statement(struct rule_words *words, struct ruleset_word word)
{
	enum ruleset_verdict verdict = ruleset_nft_verdict(word);

	if (verdict != VERDICT_UNKNOWN)
		take_verdict(words, verdict);
	else if (ruleset_word_is(word, "counter"))
		take_counter(words);
	else if (ruleset_word_is(word, "log"))
		take_log(words);
	else if (ruleset_word_is(word, "limit"))
		take_limit(words);
	else if (ruleset_word_is(word, "queue"))
		take_queue(words);
	else if (ruleset_word_is(word, "flow"))
		take_flow(words);
	else if (ruleset_word_is(word, "vmap"))
		ruleset_nft_take_map(words, ASKS_STATE, false);
	else if (ruleset_word_is(word, "comment"))
		next_word(words);
	else if (!ruleset_word_is(word, "notrack"))
		ruleset_reading_weaken(words->reading);
}

void ruleset_nft_read_rule(struct ruleset_reading *reading, const char *line, const char *end)
{
	struct rule_words words = { reading, line, end };
	struct ruleset_word word;

	ruleset_reading_begin(reading, line, (size_t)(end - line));
	while ((word = next_word(&words)).len)
		if (!ruleset_nft_take_condition(&words, word))
			take_statement(&words, word);
	ruleset_reading_end(reading);
}
