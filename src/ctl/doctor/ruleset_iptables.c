/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iptables-save -c and ip6tables-save -c print. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/doctor/ruleset_rule.h"
#include "edge/firewall/firewall_backend.h"

struct save_reader {
	struct ruleset *set;
	enum family family;
	struct ruleset_chain chain; /* of the table that is being read */
	size_t first_chain;         /* of that table */
	uint32_t last;              /* the chain of the rule before */
	bool open, failed;
};

static void open_table(struct save_reader *reader, const char *name, size_t len)
{
	reader->chain = (struct ruleset_chain){
		.tool = TOOL_IPTABLES,
		.table = name,
		.table_len = (uint32_t)len,
		.table_id = reader->set->table_count++,
		.families = reader->family == FAMILY_IPV4 ? 1 : 2,
		.nat = len == 3 && memcmp(name, "nat", 3) == 0,
	};
	reader->first_chain = reader->set->chain_count;
	reader->last = RULESET_NONE;
	reader->open = true;
}

static int32_t priority_of(const struct ruleset_chain *chain, enum ruleset_hook hook)
{
	static const struct {
		const char *table;
		int32_t priority;
	} tables[] = {
		{ "raw", -300 }, { "mangle", -150 }, { "filter", 0 }, { "security", 50 },
	};

	for (size_t i = 0; i < COUNT(tables); i++)
		if (ruleset_word_is((struct ruleset_word){ chain->table, chain->table_len },
				    tables[i].table))
			return tables[i].priority;
	return hook == HOOK_PREROUTING || hook == HOOK_OUTPUT ? -100 : 100; /* nat */
}

/* ":FORWARD ACCEPT [0:0]". */
static void add_chain(struct save_reader *reader, const char *at, const char *end)
{
	struct ruleset_word name = ruleset_word_next(&at, end);
	struct ruleset_word policy = ruleset_word_next(&at, end);
	struct ruleset_chain chain = reader->chain;

	chain.name = name.text;
	chain.name_len = (uint32_t)name.len;
	chain.ours = ruleset_word_is(name, FIREWALL_CHAIN);
	if (!ruleset_word_is(policy, "-")) { /* a chain of iptables itself */
		for (enum ruleset_hook hook = HOOK_PREROUTING; hook <= HOOK_POSTROUTING; hook++)
			if (ruleset_word_is_any_case(name, ruleset_hook_name(hook)))
				chain.hook = hook;
		chain.priority = priority_of(&chain, chain.hook);
		chain.drops = ruleset_word_is(policy, "DROP");
	}
	if (ruleset_add_chain(reader->set, &chain) == RULESET_NONE && !reader->set->truncated)
		reader->failed = true;
}

static bool is_chain(const struct save_reader *reader, uint32_t place, struct ruleset_word name)
{
	const struct ruleset_chain *chain = &reader->set->chains[place];

	return chain->name_len == name.len && memcmp(chain->name, name.text, name.len) == 0;
}

/* Rules of one chain stand together: mostly it is the chain of the rule before, or the next one. */
static uint32_t find_chain(struct save_reader *reader, struct ruleset_word name)
{
	size_t count = reader->set->chain_count, start = reader->first_chain;

	if (reader->last != RULESET_NONE)
		start = reader->last;
	for (size_t i = start; i < count; i++)
		if (is_chain(reader, (uint32_t)i, name))
			return (uint32_t)i;
	for (size_t i = reader->first_chain; i < start; i++)
		if (is_chain(reader, (uint32_t)i, name))
			return (uint32_t)i;
	return RULESET_NONE;
}

struct save_words {
	struct ruleset_reading *reading;
	const char *at, *end;
	enum family family;
	bool negated; /* by the "!" before */
};

static struct ruleset_word next(struct save_words *words)
{
	return ruleset_word_next(&words->at, words->end);
}

static void take_values(struct save_words *words, enum ruleset_asks asks)
{
	struct ruleset_word value = next(words), part;
	struct ruleset_condition condition;

	ruleset_condition_begin(&condition, asks);
	while (ruleset_word_split(&value, ",", &part))
		ruleset_condition_add(&condition, part);
	ruleset_reading_take(words->reading, &condition, words->negated);
}

static void take_flag(struct save_words *words, enum ruleset_asks asks)
{
	struct ruleset_condition condition;

	ruleset_condition_begin(&condition, asks);
	ruleset_condition_add(&condition, (struct ruleset_word){ "", 0 });
	ruleset_reading_take(words->reading, &condition, words->negated);
}

static void take_interface(struct save_words *words, bool in)
{
	words->reading->rule.does |= in ? RULE_IN : RULE_OUT;
	if (!ruleset_word_is(next(words), "lo"))
		ruleset_reading_weaken(words->reading);
	else if (!words->negated)
		ruleset_reading_refuse(words->reading);
}

static void take_target(struct save_words *words, bool is_goto)
{
	static const struct {
		const char *name;
		enum ruleset_verdict verdict;
		uint32_t does;
	} targets[] = {
		{ "ACCEPT", VERDICT_ACCEPT, 0 },     { "DROP", VERDICT_DROP, 0 },
		{ "REJECT", VERDICT_DROP, 0 },	     { "RETURN", VERDICT_RETURN, 0 },
		{ "TCPMSS", VERDICT_NONE, RULE_CLAMPS },
		{ "NFQUEUE", VERDICT_UNKNOWN, RULE_QUEUES },
		{ "FLOWOFFLOAD", VERDICT_NONE, RULE_OFFLOADS },
	};
	struct ruleset_rule *rule = &words->reading->rule;
	struct ruleset_word name = next(words);

	for (size_t i = 0; i < COUNT(targets); i++) {
		if (!ruleset_word_is(name, targets[i].name))
			continue;
		ruleset_reading_set_verdict(words->reading, targets[i].verdict);
		rule->does |= targets[i].does;
		return;
	}
	/* A chain, or a target such as LOG that goes on: then no chain has its name. */
	rule->target_name = name.text;
	rule->target_len = (uint32_t)name.len;
	ruleset_reading_set_verdict(words->reading, is_goto ? VERDICT_GOTO : VERDICT_JUMP);
}

static void take_number(struct save_words *words)
{
	uint64_t value;

	if (ruleset_word_number(next(words), &value))
		words->reading->rule.value = value > UINT16_MAX ? UINT16_MAX : (uint32_t)value;
}

/* Options of the target: they restrict nothing. Returns whether it was one. */
static bool take_of_target(struct save_words *words, struct ruleset_word word)
{
	uint32_t does = words->reading->rule.does;

	if (does & RULE_CLAMPS && ruleset_word_is(word, "--set-mss")) {
		take_number(words);
	} else if (does & RULE_QUEUES && (ruleset_word_is(word, "--queue-num") ||
					  ruleset_word_is(word, "--queue-balance"))) {
		ruleset_reading_set_queues(words->reading, next(words));
	} else if (does & RULE_QUEUES && ruleset_word_is(word, "--queue-bypass")) {
		words->reading->rule.does |= RULE_BYPASSES;
	}
	return true; /* "--log-prefix x", "--reject-with y": the target comes last */
}

/* Conditions that are understood. Returns whether it was one. */
static bool take_condition(struct save_words *words, struct ruleset_word word)
{
	bool is6 = words->family == FAMILY_IPV6;

	if (ruleset_word_is(word, "-p"))
		take_values(words, ASKS_PROTOCOL);
	else if (ruleset_word_is(word, "--icmp-type"))
		take_values(words, ASKS_TYPE4);
	else if (ruleset_word_is(word, "--icmpv6-type"))
		take_values(words, ASKS_TYPE6);
	else if (ruleset_word_is(word, "--ctstate") || ruleset_word_is(word, "--state"))
		take_values(words, ASKS_STATE);
	else if ((ruleset_word_is(word, "-f") && !is6) ||
		 ruleset_word_is(word, "--fragmore") || ruleset_word_is(word, "--fraglast"))
		take_flag(words, ASKS_FRAGMENT);
	else if (ruleset_word_is(word, "-i") || ruleset_word_is(word, "-o"))
		take_interface(words, word.text[1] == 'i');
	else
		return false;
	return true;
}

/* "--tcp-flags FIN,SYN,RST SYN", or something that is not understood. */
static void take_other(struct save_words *words, struct ruleset_word word)
{
	struct ruleset_word set;

	if (ruleset_word_is(word, "--tcp-flags")) {
		next(words);
		set = next(words);
		if (ruleset_word_is(set, "SYN") && !words->negated)
			take_flag(words, ASKS_SYN);
		else
			ruleset_reading_weaken(words->reading);
	} else if (ruleset_word_is(word, "--limit") || ruleset_word_is(word, "--hashlimit-upto")) {
		words->reading->rule.does |= RULE_LIMITED;
		ruleset_reading_weaken(words->reading);
	} else if (*word.text == '-') {
		ruleset_reading_weaken(words->reading);
	}
}

/* Matches by name; their options follow and say what they ask for. */
static void take_match(struct save_words *words)
{
	static const char *const harmless[] = { "tcp", "udp", "icmp", "icmp6", "conntrack", "state",
						"comment", "frag", "mark" };
	struct ruleset_word name = next(words);

	for (size_t i = 0; i < COUNT(harmless); i++)
		if (ruleset_word_is(name, harmless[i]))
			return;
	ruleset_reading_weaken(words->reading);
}

static void read_rule(struct save_words *words)
{
	struct ruleset_word word;
	bool target = false;

	while ((word = next(words)).len) {
		if (ruleset_word_is(word, "!")) {
			words->negated = true;
			continue;
		}
		if (target) {
			(void)take_of_target(words, word);
		} else if (ruleset_word_is(word, "-j") || ruleset_word_is(word, "-g")) {
			take_target(words, word.text[1] == 'g');
			target = true;
		} else if (ruleset_word_is(word, "-m")) {
			take_match(words);
		} else if (ruleset_word_is(word, "--comment")) {
			next(words);
		} else if (!take_condition(words, word)) {
			take_other(words, word);
		}
		words->negated = false;
	}
}

/* "[12:720] -A INPUT -p icmp -j DROP". */
static void add_rule(struct save_reader *reader, const char *line, const char *end)
{
	struct ruleset_reading reading;
	struct save_words words = { .reading = &reading, .at = line, .end = end,
				    .family = reader->family };
	struct ruleset_word word = next(&words), counter = { "", 0 };

	if (word.len && *word.text == '[') {
		counter = (struct ruleset_word){ word.text + 1, word.len - 1 };
		word = next(&words);
	}
	if (!ruleset_word_is(word, "-A"))
		return;
	ruleset_reading_begin(&reading, word.text, (size_t)(end - word.text));
	reader->last = find_chain(reader, next(&words));
	if (reader->last == RULESET_NONE)
		return;
	if (ruleset_word_number(counter, &reading.rule.packets))
		reading.rule.does |= RULE_COUNTS;
	ruleset_reading_only(&reading, reader->family == FAMILY_IPV4,
			     reader->family == FAMILY_IPV6);
	read_rule(&words);
	ruleset_reading_end(&reading);
	if (ruleset_add_rule(reader->set, reader->last, &reading.rule) == RULESET_NONE &&
	    !reader->set->truncated)
		reader->failed = true;
}

static void take_line(struct save_reader *reader, const char *line, size_t len)
{
	if (len == 0 || *line == '#')
		return;
	if (*line == '*')
		open_table(reader, line + 1, len - 1);
	else if (!reader->open)
		return;
	else if (*line == ':')
		add_chain(reader, line + 1, line + len);
	else
		add_rule(reader, line, line + len);
}

int ruleset_read_iptables(struct ruleset *set, char *text, enum family family)
{
	struct save_reader reader = { .set = set, .family = family };

	if (set->text_count >= RULESET_TEXTS_MAX)
		return -ENOMEM;
	for (const char *line = text; *line && !reader.failed;) {
		size_t len = strcspn(line, "\n");

		take_line(&reader, line, len);
		line += len + (line[len] == '\n');
	}
	if (reader.failed)
		return -ENOMEM;
	set->texts[set->text_count++] = text;
	return 0;
}
