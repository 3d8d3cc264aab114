/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `nft list ruleset` prints: tables of chains of rules, one rule a line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/doctor/ruleset_nft_rule.h"
#include "ctl/doctor/ruleset_rule.h"
#include "edge/firewall/nft.h"

struct nft_reader {
	struct ruleset *set;
	uint32_t covered;
	struct ruleset_chain chain; /* of the table that is being read */
	uint32_t place;  /* of the open chain, RULESET_NONE outside of one */
	bool in_chain, skip, failed;
	unsigned int depth; /* of braces */
};

static const char *const iptables_tables[] = { "filter", "mangle", "raw", "nat", "security" };

static uint32_t table_bit(struct ruleset_word name, enum family family)
{
	for (size_t i = 0; i < COUNT(iptables_tables); i++)
		if (ruleset_word_is(name, iptables_tables[i]))
			return 1u << (i + (family == FAMILY_IPV6 ? COUNT(iptables_tables) : 0));
	return 0;
}

uint32_t ruleset_covered(const char *text, enum family family)
{
	uint32_t covered = 0;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (*line == '*')
			covered |= table_bit((struct ruleset_word){ line + 1, len - 1 }, family);
		line += len + (line[len] == '\n');
	}
	return covered;
}

/* "table inet filter {". */
static void open_table(struct nft_reader *reader, const char *at, const char *end)
{
	struct ruleset_word family = ruleset_word_next(&at, end);
	struct ruleset_word name = ruleset_word_next(&at, end);
	struct ruleset_chain chain = {
		.tool = TOOL_NFT,
		.table = family.text,
		.table_len = (uint32_t)((name.text - family.text) + (ptrdiff_t)name.len),
		.table_id = reader->set->table_count++,
	};

	if (ruleset_word_is(family, "ip") || ruleset_word_is(family, "inet"))
		chain.families |= 1;
	if (ruleset_word_is(family, "ip6") || ruleset_word_is(family, "inet"))
		chain.families |= 2;
	chain.ours = ruleset_word_is(family, "inet") && ruleset_word_is(name, NFT_TABLE);
	reader->chain = chain;
	reader->skip = false;
	if (chain.families == 1)
		reader->skip = reader->covered & table_bit(name, FAMILY_IPV4);
	else if (chain.families == 2)
		reader->skip = reader->covered & table_bit(name, FAMILY_IPV6);
}

static enum ruleset_hook hook_of(struct ruleset_word word)
{
	for (enum ruleset_hook hook = HOOK_PREROUTING; hook <= HOOK_INGRESS; hook++)
		if (ruleset_word_is(word, ruleset_hook_name(hook)))
			return hook;
	return HOOK_NONE;
}

/* The names that nft gives to priorities, and "mangle + 1". */
static int32_t priority_of(const char **at, const char *end)
{
	static const struct {
		const char *name;
		int32_t priority;
	} names[] = {
		{ "raw", -300 }, { "mangle", -150 }, { "dstnat", -100 },
		{ "filter", 0 }, { "security", 50 }, { "srcnat", 100 },
	};
	struct ruleset_word word = ruleset_word_next(at, end), sign;
	int64_t priority = 0;
	uint64_t number = 0;
	bool minus = word.len && *word.text == '-';
	const char *behind;

	if (minus) {
		word.text++;
		word.len--;
	}
	if (ruleset_word_number(word, &number))
		return number > INT32_MAX ? 0 : (int32_t)number * (minus ? -1 : 1);
	for (size_t i = 0; i < COUNT(names); i++)
		if (ruleset_word_begins(word, names[i].name))
			priority = names[i].priority;
	behind = *at;
	sign = ruleset_word_next(&behind, end);
	if ((ruleset_word_is(sign, "+") || ruleset_word_is(sign, "-")) &&
	    ruleset_word_number(ruleset_word_next(&behind, end), &number) && number < 100000)
		priority += *sign.text == '+' ? (int64_t)number : -(int64_t)number;
	return (int32_t)priority;
}

/* "type filter hook forward priority mangle; policy accept;". */
static void take_base(struct nft_reader *reader, const char *at, const char *end)
{
	struct ruleset_chain *chain = &reader->set->chains[reader->place];
	struct ruleset_word word;

	while ((word = ruleset_word_next(&at, end)).len) {
		if (ruleset_word_is(word, "nat"))
			chain->nat = true;
		else if (ruleset_word_is(word, "hook"))
			chain->hook = hook_of(ruleset_word_next(&at, end));
		else if (ruleset_word_is(word, "priority"))
			chain->priority = priority_of(&at, end);
		else if (ruleset_word_is(word, "policy"))
			chain->drops = ruleset_word_begins(ruleset_word_next(&at, end), "drop");
	}
}

static void open_chain(struct nft_reader *reader, const char *at, const char *end)
{
	struct ruleset_word name = ruleset_word_next(&at, end);
	struct ruleset_chain chain = reader->chain;

	chain.name = name.text;
	chain.name_len = (uint32_t)name.len;
	reader->in_chain = true;
	reader->place = RULESET_NONE;
	if (reader->skip)
		return;
	reader->place = ruleset_add_chain(reader->set, &chain);
	if (reader->place == RULESET_NONE && !reader->set->truncated)
		reader->failed = true;
}

static void take_rule(struct nft_reader *reader, const char *line, const char *end)
{
	struct ruleset_reading reading = { 0 };

	if (reader->place == RULESET_NONE)
		return;
	ruleset_nft_read_rule(&reading, line, end);
	if (ruleset_add_rule(reader->set, reader->place, &reading.rule) == RULESET_NONE &&
	    !reader->set->truncated)
		reader->failed = true;
}

static bool ends_with(const char *line, const char *end, char c)
{
	return end > line && end[-1] == c;
}

/* A line inside of a table: depth is 1, in a chain or set 2, in an element list more. */
static void take_inside(struct nft_reader *reader, struct ruleset_word word, const char *line,
			const char *at, const char *end)
{
	if (reader->depth == 1 && ruleset_word_is(word, "chain") && ends_with(line, end, '{')) {
		open_chain(reader, at, end);
	} else if (reader->depth == 2 && reader->in_chain) {
		if (!ruleset_word_is(word, "type"))
			take_rule(reader, line, end);
		else if (reader->place != RULESET_NONE)
			take_base(reader, at, end);
		return; /* braces in a rule are closed in it */
	}
	if (ends_with(line, end, '{'))
		reader->depth++;
}

static void take_line(struct nft_reader *reader, const char *line, const char *end)
{
	const char *at = line;
	struct ruleset_word word;

	while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	word = ruleset_word_next(&at, end);
	if (!word.len || *word.text == '#')
		return;
	if (ruleset_word_is(word, "}")) {
		if (reader->depth > 0)
			reader->depth--;
		if (reader->depth < 2)
			reader->in_chain = false;
	} else if (reader->depth == 0) {
		if (ruleset_word_is(word, "table") && ends_with(line, end, '{')) {
			open_table(reader, at, end);
			reader->depth = 1;
		}
	} else {
		take_inside(reader, word, word.text, at, end);
	}
}

int ruleset_read_nft(struct ruleset *set, char *text, uint32_t covered)
{
	struct nft_reader reader = { .set = set, .covered = covered, .place = RULESET_NONE };

	if (set->text_count >= RULESET_TEXTS_MAX)
		return -ENOMEM;
	for (const char *line = text; *line && !reader.failed;) {
		size_t len = strcspn(line, "\n");

		take_line(&reader, line, line + len);
		line += len + (line[len] == '\n');
	}
	if (reader.failed)
		return -ENOMEM;
	set->texts[set->text_count++] = text;
	return 0;
}
