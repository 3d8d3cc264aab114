/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/doctor_words.h"

#include <stdio.h>

#include "base/text.h"

#define RULE_MAX 100 /* bytes of a rule that are quoted */
#define NAME_MAX_SHOWN 40

struct doctor_text doctor_rule_text(const struct ruleset_rule *rule)
{
	struct doctor_text text;
	size_t len = text_utf8_cut(rule->text, rule->len, RULE_MAX);

	snprintf(text.s, sizeof(text.s), "%.*s%s", (int)len, rule->text,
		 len < rule->len ? "..." : "");
	return text;
}

static const char *tool_name(const struct ruleset_chain *chain)
{
	if (chain->tool == TOOL_NFT)
		return "nft";
	return chain->families == 2 ? "ip6tables" : "iptables";
}

static int shown(const char *name, uint32_t len)
{
	return (int)text_utf8_cut(name, len, NAME_MAX_SHOWN);
}

struct doctor_text doctor_chain_text(const struct ruleset_chain *chain)
{
	struct doctor_text text;

	snprintf(text.s, sizeof(text.s), "%s: table %.*s, chain %.*s", tool_name(chain),
		 shown(chain->table, chain->table_len), chain->table,
		 shown(chain->name, chain->name_len), chain->name);
	return text;
}

struct doctor_text doctor_chain_command(const struct ruleset_chain *chain)
{
	struct doctor_text text;

	if (chain->tool == TOOL_NFT)
		snprintf(text.s, sizeof(text.s), "nft -a list chain %.*s %.*s",
			 shown(chain->table, chain->table_len), chain->table,
			 shown(chain->name, chain->name_len), chain->name);
	else
		snprintf(text.s, sizeof(text.s), "%s -t %.*s -vnL %.*s --line-numbers",
			 tool_name(chain), shown(chain->table, chain->table_len), chain->table,
			 shown(chain->name, chain->name_len), chain->name);
	return text;
}
