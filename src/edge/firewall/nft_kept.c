/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/nft_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "edge/firewall/nft.h"

#define READ_TRIES 3

void nft_kept_done(struct nft_kept *kept)
{
	free(kept->expected);
	*kept = (struct nft_kept){ 0 };
}

int nft_write_chain_empty(const char *chain, FILE *out, char **ret_error)
{
	char command[64], *text = NULL, *error = NULL;
	int r;

	snprintf(command, sizeof(command), "list chain inet " NFT_TABLE " %s", chain);
	r = nft_run(command, NFT_PLAIN | NFT_TERSE, &text, &error);
	if (r == 0)
		fprintf(out, "flush chain inet " NFT_TABLE " %s\n", chain);
	free(text);
	if (r == -ENOENT)
		r = 0;
	if (r < 0 && ret_error)
		*ret_error = error;
	else
		free(error);
	return r;
}

void nft_write_chain_end(const char *chain, FILE *out)
{
	fprintf(out, "add chain inet " NFT_TABLE " %s\n"
		"flush chain inet " NFT_TABLE " %s\n"
		"delete chain inet " NFT_TABLE " %s\n", chain, chain, chain);
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
static int list_one(const struct nft_object *object, FILE *out, char **ret_error)
{
	char command[64], *text = NULL;
	int r;

	snprintf(command, sizeof(command), "list %s inet " NFT_TABLE " %s", object->kind,
		 object->name);
	r = nft_run(command, NFT_PLAIN | object->flags, &text, ret_error);
	if (r == 0)
		fputs(without_handles(text), out);
	free(text);
	return r;
}

/* Adds an object's part of the table's text. */
static int cut_one(const struct nft_object *object, const char *table, FILE *out)
{
	char head[64];
	const char *begin, *end;

	snprintf(head, sizeof(head), "\n\t%s %s {", object->kind, object->name);
	begin = strstr(table, head);
	end = begin ? strstr(begin, "\n\t}") : NULL;
	if (!end)
		return -ENOENT;
	fprintf(out, "%.*s\n\t}\n", (int)(end - begin), begin);
	return 0;
}

/* The whole table in one run, without elements, and of that the objects. */
static int list_terse(const struct nft_object *objects, size_t count, FILE *out, char **ret_error)
{
	char *table = NULL;
	int r = nft_run("list table inet " NFT_TABLE, NFT_PLAIN | NFT_TERSE, &table, ret_error);

	if (r == 0)
		without_handles(table);
	for (size_t i = 0; i < count && r == 0; i++)
		r = cut_one(&objects[i], table, out);
	if (r == -ENOENT && !*ret_error)
		text_fail(ret_error, r, "nftables: part of our table is gone");
	free(table);
	return r;
}

static bool all_terse(const struct nft_object *objects, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(objects[i].flags & NFT_TERSE))
			return false;
	return true;
}

/* What the kernel has of ours, as text. With elements it is one run for each: in one run for
 * several libnftables 1.0.6 takes the maps of the second for unknown. */
static int list(const struct nft_object *objects, size_t count, char **ret_text, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	if (all_terse(objects, count))
		r = list_terse(objects, count, script.out, ret_error);
	else
		for (size_t i = 0; i < count && r == 0; i++)
			r = list_one(&objects[i], script.out, ret_error);
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
static int keep(struct nft_kept *kept, uint32_t before, const struct nft_object *objects,
		size_t count, bool *ret_alone, char **ret_error)
{
	uint32_t after = before;
	char *text = NULL;
	int r = list(objects, count, &text, ret_error);

	if (r == 0)
		r = nft_generation(&after);
	if (r < 0) {
		free(text);
		return r;
	}
	free(kept->expected);
	kept->expected = text;
	kept->generation = after;
	kept->seen = true;
	*ret_alone = after == before + 1;
	return 0;
}

/* Again where somebody got in between. */
static int change(struct nft_kept *kept, const char *commands, const struct nft_object *objects,
		  size_t count, char **ret_error)
{
	bool alone = false;
	int r = 0;

	for (int tries = 0; tries < READ_TRIES && r == 0 && !alone; tries++) {
		uint32_t before;

		r = nft_generation(&before);
		if (r == 0)
			r = nft_run(commands, 0, NULL, ret_error);
		if (r == 0)
			r = keep(kept, before, objects, count, &alone, ret_error);
	}
	return r;
}

static int apply(struct nft_kept *kept, nft_write_fn write, const void *plan, bool anew,
		 const struct nft_object *objects, size_t count, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	write(plan, anew, script.out);
	r = nft_script_end(&script, ret_error);
	if (r < 0)
		return r;
	r = change(kept, script.text, objects, count, ret_error);
	free(script.text);
	return r;
}

int nft_kept_apply(struct nft_kept *kept, const char *what, nft_write_fn write, const void *plan,
		   const struct nft_object *objects, size_t count, char **ret_error)
{
	char *error = NULL;
	int r = apply(kept, write, plan, false, objects, count, &error);

	if (r == -EEXIST || r == -EOPNOTSUPP || r == -EBUSY) {
		log_warning("nftables: a chain %s of our table has another hook or priority than "
			    "ours and is recreated; with a chain the kernel drops the SYNs that "
			    "wait in queues, their senders repeat them (%s)", what,
			    error ? error : "out of memory");
		free(error);
		error = NULL;
		r = apply(kept, write, plan, true, objects, count, &error);
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

int nft_kept_check(struct nft_kept *kept, const char *what, const struct nft_object *objects,
		   size_t count, bool *ret_ok, FILE *diff, char **ret_error)
{
	uint32_t generation;
	char *live = NULL, *error = NULL;
	int r;

	*ret_ok = kept->seen && !nft_kept_is_news(kept);
	if (*ret_ok)
		return 0;
	r = nft_generation(&generation);
	if (r < 0)
		return text_fail(ret_error, r, "nftables: %s", strerror(-r));
	r = list(objects, count, &live, &error);
	if (r < 0 && r != -ENOENT)
		text_fail(ret_error, r, "cannot list the rules of %s: %s", what,
			  error ? error : strerror(-r));
	free(error);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_ok = r == 0 && kept->expected && strcmp(live, kept->expected) == 0;
	if (*ret_ok) {
		kept->generation = generation;
		kept->seen = true;
	} else if (diff && kept->expected) {
		print_missing(kept->expected, live, '-', diff);
		print_missing(live ? live : "", kept->expected, '+', diff);
	}
	free(live);
	return 0;
}

bool nft_kept_is_news(const struct nft_kept *kept)
{
	uint32_t generation;

	return nft_generation(&generation) < 0 || generation != kept->generation;
}

int nft_clear(int (*write)(FILE *out, char **ret_error), char **ret_error)
{
	struct nft_script script;
	bool found;
	int r = nft_has_table("inet", NFT_TABLE, &found, ret_error);

	if (r < 0 || !found)
		return r;
	r = nft_script_begin(&script, ret_error);
	if (r < 0)
		return r;
	r = write(script.out, ret_error);
	if (r < 0) {
		nft_script_drop(&script);
		return r;
	}
	return nft_script_run(&script, 0, ret_error);
}
