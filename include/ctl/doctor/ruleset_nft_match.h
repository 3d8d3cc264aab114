/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule in nft's language asks of a packet, and what it says then. Pure. */
#pragma once

#include "ctl/doctor/ruleset_rule.h"

/* The words of a rule that are still to come. */
struct rule_words {
	struct ruleset_reading *reading;
	const char *at, *end;
};

static inline struct ruleset_word next_word(struct rule_words *words)
{
	return ruleset_word_next(&words->at, words->end);
}

static inline struct ruleset_word peek_word(const struct rule_words *words)
{
	const char *at = words->at;

	return ruleset_word_next(&at, words->end);
}

static inline bool take_if(struct rule_words *words, const char *word)
{
	if (!ruleset_word_is(peek_word(words), word))
		return false;
	next_word(words);
	return true;
}

/* A verdict map; known: its key is a condition that is understood. */
void ruleset_nft_take_map(struct rule_words *words, enum ruleset_asks asks, bool known);
/* VERDICT_UNKNOWN where the word is none; VERDICT_NONE for "continue". */
enum ruleset_verdict ruleset_nft_verdict(struct ruleset_word word);
/* Takes a condition by its first word. Returns whether it was one. */
bool ruleset_nft_take_condition(struct rule_words *words, struct ruleset_word word);
