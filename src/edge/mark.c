/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/mark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "edge/firewall.h"
#include "edge/mark_text.h"
#include "edge/nft.h"

#define READ_TRIES 3

/* What the kernel lists behind a change of ours is what it has to list later. */
struct mark {
	unsigned int hooks;    /* of the last plan that was put in force */
	char *expected;        /* lines */
	uint32_t generation;   /* of all rules when `expected` was last seen */
	bool seen;
};

int mark_open(struct mark **ret_mark, char **ret_error)
{
	struct mark *mark = calloc(1, sizeof(*mark));
	struct nft_script script;
	int r;

	if (!mark)
		return text_fail(ret_error, -ENOMEM, "nftables: out of memory");
	r = nft_script_begin(&script, ret_error);
	if (r == 0) {
		mark_text_try(script.out);
		r = nft_script_run(&script, NFT_TRY, ret_error);
	}
	if (r < 0) {
		free(mark);
		return r;
	}
	*ret_mark = mark;
	return 0;
}

void mark_close(struct mark *mark)
{
	if (!mark)
		return;
	free(mark->expected);
	free(mark);
}

static bool has_chain(const struct mark_hook *hook)
{
	char command[64], *text = NULL, *error = NULL;
	int r;

	snprintf(command, sizeof(command), "list chain inet " NFT_TABLE " %s", hook->chain);
	r = nft_run(command, NFT_PLAIN, &text, &error);
	free(text);
	free(error);
	return r == 0;
}

/* Each line without its handle, which says nothing. */
static char *without_handles(char *text)
{
	char *to = text, *from = text;

	while (*from) {
		char *end = from + strcspn(from, "\n");
		char *handle = memmem(from, (size_t)(end - from), " # handle ", 10);
		size_t len = (size_t)((handle ? handle : end) - from);

		memmove(to, from, len);
		to += len;
		if (*end)
			*to++ = *end++;
		from = end;
	}
	*to = '\0';
	return text;
}

/* Adds what the kernel has of one object. */
static int list_one(const char *kind, const char *name, FILE *out, char **ret_error)
{
	char command[64], *text = NULL;
	int r;

	snprintf(command, sizeof(command), "list %s inet " NFT_TABLE " %s", kind, name);
	r = nft_run(command, NFT_PLAIN, &text, ret_error);
	if (r == 0)
		fputs(without_handles(text), out);
	free(text);
	return r;
}

/* What the kernel has of ours, as text. One run for each: in one run for several libnftables 1.0.6
 * takes the maps of the second for unknown. */
static int list(const struct mark *mark, char **ret_text, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < MARK_HOOKS && r == 0; i++) {
		if (mark_text_has_own_map(i))
			r = list_one("map", mark_hooks[i].map, script.out, ret_error);
		if (r == 0 && mark->hooks & mark_hooks[i].hook)
			r = list_one("chain", mark_hooks[i].chain, script.out, ret_error);
	}
	if (r == 0)
		r = nft_script_end(&script, ret_error);
	else
		nft_script_drop(&script);
	if (r == 0)
		*ret_text = script.text;
	return r;
}

/* Keeps what is live behind a change of ours, made at generation `before`, as what has to be.
 * *ret_alone: nobody else has changed something in between, which may have been ours. */
static int keep(struct mark *mark, uint32_t before, bool *ret_alone, char **ret_error)
{
	uint32_t after = before;
	char *text = NULL;
	int r = list(mark, &text, ret_error);

	if (r == 0)
		r = nft_generation(&after);
	if (r < 0) {
		free(text);
		return r;
	}
	free(mark->expected);
	mark->expected = text;
	mark->generation = after;
	mark->seen = true;
	*ret_alone = after == before + 1;
	return 0;
}

/* Carries out a change, again where somebody got in between. */
static int change(struct mark *mark, const char *commands, char **ret_error)
{
	bool alone = false;
	int r = 0;

	for (int tries = 0; tries < READ_TRIES && r == 0 && !alone; tries++) {
		uint32_t before;

		r = nft_generation(&before);
		if (r == 0)
			r = nft_run(commands, 0, NULL, ret_error);
		if (r == 0)
			r = keep(mark, before, &alone, ret_error);
	}
	return r;
}

static void write_plan(const struct mark_plan *plan, bool anew, FILE *out)
{
	static const char *const table = "add table inet " NFT_TABLE "\n";

	if (anew)
		fputs(table, out);
	for (size_t i = 0; i < MARK_HOOKS; i++) {
		const char *chain = mark_hooks[i].chain;

		if (anew && plan->hooks & mark_hooks[i].hook)
			fprintf(out, "add chain inet " NFT_TABLE " %s\n"
				"flush chain inet " NFT_TABLE " %s\n"
				"delete chain inet " NFT_TABLE " %s\n", chain, chain, chain);
		else if (!(plan->hooks & mark_hooks[i].hook) && has_chain(&mark_hooks[i]))
			fprintf(out, "flush chain inet " NFT_TABLE " %s\n", chain);
	}
	mark_print(plan, out);
}

static int apply(struct mark *mark, const struct mark_plan *plan, bool anew, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	write_plan(plan, anew, script.out);
	r = nft_script_end(&script, ret_error);
	if (r < 0)
		return r;
	r = change(mark, script.text, ret_error);
	free(script.text);
	return r;
}

/* A chain of ours that hangs elsewhere cannot be moved, only made anew. */
int mark_apply(struct mark *mark, const struct mark_plan *plan, char **ret_error)
{
	char *error = NULL;
	int r;

	mark->hooks = plan->hooks;
	r = apply(mark, plan, false, &error);
	if (r == -EEXIST || r == -EOPNOTSUPP || r == -EBUSY) {
		log_warning("nftables: a chain mark_* of our table has another hook or priority "
			    "than ours and is made anew; with a chain the kernel drops the SYNs "
			    "that wait in queues, their senders repeat them (%s)",
			    error ? error : "out of memory");
		free(error);
		error = NULL;
		r = apply(mark, plan, true, &error);
	}
	if (r < 0)
		*ret_error = error;
	else
		free(error);
	return r;
}

/* The lines of one text that the other lacks. */
static void print_missing(const char *text, const char *other, char sign, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *at = other ? memmem(other, strlen(other), text, len) : NULL;
		const char *line = text + strspn(text, "\t");

		if (!at && len > (size_t)(line - text))
			fprintf(out, "%c %.*s\n", sign, (int)(len - (size_t)(line - text)), line);
		text += len + (text[len] == '\n');
	}
}

int mark_check(struct mark *mark, bool *ret_ok, FILE *diff, char **ret_error)
{
	uint32_t generation;
	char *live = NULL, *error = NULL;
	int r;

	*ret_ok = mark->seen && !mark_is_news(mark);
	if (*ret_ok)
		return 0;
	r = nft_generation(&generation);
	if (r < 0)
		return text_fail(ret_error, r, "nftables: %s", strerror(-r));
	r = list(mark, &live, &error);
	free(error);
	if (r < 0 && r != -ENOENT)
		return text_fail(ret_error, r, "nftables: cannot list the rules of mark mode: %s",
				 strerror(-r));
	*ret_ok = r == 0 && mark->expected && strcmp(live, mark->expected) == 0;
	if (*ret_ok) {
		mark->generation = generation;
		mark->seen = true;
	} else if (diff && mark->expected) {
		print_missing(mark->expected, live, '-', diff);
		print_missing(live ? live : "", mark->expected, '+', diff);
	}
	free(live);
	return 0;
}

bool mark_is_news(const struct mark *mark)
{
	uint32_t generation;

	return nft_generation(&generation) < 0 || generation != mark->generation;
}

int mark_clear(char **ret_error)
{
	struct nft_script script;
	bool found;
	int r = nft_has_table("inet", NFT_TABLE, &found, ret_error);

	if (r < 0 || !found)
		return r;
	r = nft_script_begin(&script, ret_error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < MARK_HOOKS; i++) {
		if (has_chain(&mark_hooks[i]))
			fprintf(script.out, "flush chain inet " NFT_TABLE " %s\n",
				mark_hooks[i].chain);
	}
	return nft_script_run(&script, 0, ret_error);
}
