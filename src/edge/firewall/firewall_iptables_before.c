/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of others that leave ours no SYN. Told only where no condition is left open. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "edge/firewall/firewall_backend.h"

/* What is left of a rule: words with spaces between them, in double quotes where they have some. */
struct words {
	const char *at, *end;
};

struct word {
	const char *at;
	size_t len;
};

static struct word next_word(struct words *words)
{
	struct word word = { words->at, 0 };
	bool quoted = false;

	for (; words->at < words->end && (quoted || *words->at != ' '); words->at++) {
		if (*words->at == '\\' && words->at + 1 < words->end)
			words->at++;
		else if (*words->at == '"')
			quoted = !quoted;
	}
	word.len = (size_t)(words->at - word.at);
	if (words->at < words->end)
		words->at++;
	return word;
}

static bool is_word(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static bool is_one_of(struct word word, const char *const texts[])
{
	while (*texts && !is_word(word, *texts))
		texts++;
	return *texts != NULL;
}

/* Whether "MASK FLAGS" holds for each packet with SYN, but without FIN and RST. */
static bool takes_flags(struct words *words)
{
	static const char *const with[] = { "SYN", "FIN,SYN", "SYN,RST", "FIN,SYN,RST", NULL };
	static const char *const without[] = { "FIN", "RST", "FIN,RST", NULL };
	struct word mask = next_word(words), flags = next_word(words);

	return (is_one_of(mask, with) && is_word(flags, "SYN")) ||
	       (is_one_of(mask, without) && is_word(flags, "NONE"));
}

/* Whether a rule, from behind its chain on, ends the way of each SYN there. */
static bool takes_each_syn(struct words words)
{
	static const char *const protocols[] = { "tcp", "6", "all", NULL };
	static const char *const harmless[] = { "tcp", "comment", NULL };
	static const char *const ends[] = { "ACCEPT", "RETURN", "DROP", NULL };
	bool is_open = false;

	while (!is_open && words.at < words.end) {
		struct word word = next_word(&words);

		if (is_word(word, "-j"))
			return is_one_of(next_word(&words), ends) && words.at >= words.end;
		if (is_word(word, "-p"))
			is_open = !is_one_of(next_word(&words), protocols);
		else if (is_word(word, "-m"))
			is_open = !is_one_of(next_word(&words), harmless);
		else if (is_word(word, "--comment"))
			(void)next_word(&words);
		else
			is_open = !is_word(word, "--tcp-flags") || !takes_flags(&words);
	}
	return false;
}

struct before {
	struct word taker[FIREWALL_HOOKS]; /* the hook chain's first rule that takes each SYN */
	bool jumped[FIREWALL_HOOKS];       /* one that leads to us has come */
};

/* The place of the hook in whose chain a rule stands, and its words behind that; -1: none. */
static int hook_of(struct word rule, struct words *ret_words)
{
	struct words words = { rule.at, rule.at + rule.len };
	struct word chain;

	if (!is_word(next_word(&words), "-A"))
		return -1;
	chain = next_word(&words);
	*ret_words = words;
	for (int i = 0; i < FIREWALL_HOOKS; i++)
		if (is_word(chain, firewall_hooks[i].iptables))
			return i;
	return -1;
}

static int note_rule(struct before *before, struct word rule, const struct firewall_line *model,
		     struct firewall_lines *ret_lines)
{
	struct words words;
	int i = hook_of(rule, &words), r = 0;

	if (i < 0 || before->jumped[i])
		return 0;
	if (firewall_iptables_leads_to_us(rule.at, rule.len)) {
		before->jumped[i] = true;
		if (before->taker[i].len)
			r = firewall_lines_add(ret_lines, model, "%s -t mangle %.*s",
					       model->family ? "ip6tables" : "iptables",
					       (int)before->taker[i].len, before->taker[i].at);
	} else if (!before->taker[i].len && takes_each_syn(words)) {
		before->taker[i] = rule;
	}
	return r;
}

int firewall_iptables_before(const char *save, size_t family, struct firewall_lines *lines)
{
	const struct firewall_line model = { .kind = FIREWALL_IS_RULE, .family = family };
	struct before before = { 0 };
	int r = 0;

	for (const char *next; *save && r == 0; save = next) {
		struct words words = { save, save + strcspn(save, "\n") };

		next = words.end + (*words.end == '\n');
		if (*save == '[') /* counters */
			(void)next_word(&words);
		r = note_rule(&before, (struct word){ words.at, (size_t)(words.end - words.at) },
			      &model, lines);
	}
	return r;
}

void firewall_iptables_tell_before(struct firewall *firewall, struct firewall_lines *now)
{
	for (size_t i = 0; i < now->count; i++) {
		bool known = false;

		for (size_t j = 0; j < firewall->before.count && !known; j++)
			known = strcmp(now->line[i].text, firewall->before.line[j].text) == 0;
		if (!known)
			log_warning("firewall: a rule of somebody else takes each SYN before ours "
				    "do: %s; \"mssclampctl doctor\" tells more (MSS031)",
				    now->line[i].text);
	}
	if (firewall->before.count && !now->count)
		log_notice("firewall: no rule takes each SYN before ours do any more");
	firewall_lines_done(&firewall->before);
	firewall->before = *now;
	*now = (struct firewall_lines){ 0 };
}
