/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/nft_kept.h"
#include "edge/offload/offload_digest.h"
#include "edge/offload/offload_rules.h"
#include "edge/offload/offload_text.h"

struct offload {
	struct offload_frame frame;
	struct offload_plan *plan; /* in force; NULL: none is */
	uint32_t generation;       /* of the rules when they were last seen to be ours */
	struct offload_digest digest; /* what they were then */
	uint64_t elements;         /* and the elements, where they are known */
	bool elements_known;
	struct offload_memory *memory; /* borrowed */
};

static const char *name_of(const json_t *entry, const char *kind)
{
	const json_t *object = json_object_get(entry, kind);
	const char *table = json_string_value(json_object_get(object, "table"));
	const char *family = json_string_value(json_object_get(object, "family"));
	const char *name = json_string_value(json_object_get(object, "name"));

	if (!table || !family || !name || strcmp(table, NFT_TABLE) != 0 ||
	    strcmp(family, "inet") != 0 ||
	    strncmp(name, OFFLOAD_PREFIX, strlen(OFFLOAD_PREFIX)) != 0)
		return NULL;
	return name;
}

/* One command for each chain or map of ours in the list; base chains are not deleted. */
static void write_each(const json_t *list, const char *kind, const char *verb, FILE *out)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *name = name_of(entry, kind);
		bool is_base = json_object_get(json_object_get(entry, kind), "hook");

		if (name && !(is_base && strcmp(verb, "delete") == 0))
			fprintf(out, "%s %s inet " NFT_TABLE " %s\n", verb, kind, name);
	}
}

static int list(const char *what, json_t **ret_root, char **ret_error)
{
	char *json = NULL;
	int r = nft_run(what, NFT_JSON | NFT_TERSE, &json, ret_error);

	if (r < 0)
		return r;
	*ret_root = json_loads(json, 0, NULL);
	free(json);
	if (!*ret_root)
		return text_fail(ret_error, -EBADMSG,
				 "offload: cannot understand what libnftables lists");
	return 0;
}

static int write_clearing(FILE *out, char **ret_error)
{
	json_t *chains = NULL, *maps = NULL, *sets = NULL;
	int r = list("list chains inet", &chains, ret_error);

	if (r == 0)
		r = list("list maps inet", &maps, ret_error);
	if (r == 0)
		r = list("list sets inet", &sets, ret_error);
	if (r == 0) {
		const json_t *all = json_object_get(chains, "nftables");

		write_each(all, "chain", "flush", out);
		write_each(all, "chain", "delete", out);
		write_each(json_object_get(maps, "nftables"), "map", "delete", out);
		write_each(json_object_get(sets, "nftables"), "set", "delete", out);
	}
	json_decref(chains);
	json_decref(maps);
	json_decref(sets);
	return r;
}

int offload_clear(char **ret_error)
{
	return nft_clear(write_clearing, ret_error);
}

int offload_new(const struct offload_config *config, struct offload **ret_offload)
{
	struct offload *offload = calloc(1, sizeof(*offload));

	if (!offload)
		return -ENOMEM;
	offload->frame = (struct offload_frame){
		.hooks = config->hooks,
		.queue_first = config->queue_first,
		.queue_count = config->queue_count,
		.per_source = config->per_source,
		.queue_is_given = !config->has_nft_queue,
	};
	offload->memory = config->memory;
	*ret_offload = offload;
	return 0;
}

void offload_free(struct offload *offload)
{
	if (!offload)
		return;
	offload_plan_free(offload->plan);
	free(offload);
}

const struct offload_plan *offload_applied(const struct offload *offload)
{
	return offload->plan;
}

/* The commands that lead from one plan to the next, as one transaction. */
static int run_step(const struct offload *offload, const struct offload_plan *from,
		    const struct offload_plan *to, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	offload_write(&offload->frame, from, to, script.out);
	return nft_script_run(&script, 0, ret_error);
}

static int run_base_chains(const struct offload *offload, char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	offload_write_base_chains(&offload->frame, script.out);
	return nft_script_run(&script, 0, ret_error);
}

/* All of ours are gone: what they had counted is past. */
static void forget_rules(struct offload_memory *memory)
{
	for (size_t i = 0; i < OFFLOAD_TOTALS; i++)
		memory->past[i] += memory->last[i];
	memset(memory->last, 0, sizeof(memory->last));
}

/* A table that somebody set dormant wakes by this, in a transaction of its own. */
static int load(struct offload *offload, const struct offload_plan *plan, char **ret_error)
{
	int r = nft_run("add table inet " NFT_TABLE, 0, NULL, ret_error);

	if (r == 0)
		r = offload_clear(ret_error);
	if (r == 0)
		forget_rules(offload->memory);
	if (r == 0)
		r = run_step(offload, NULL, plan, ret_error);
	if (r == 0 && offload->frame.queue_is_given) {
		r = offload_rules_add_queue(offload->frame.queue_first,
					    offload->frame.queue_count);
		if (r < 0)
			text_fail(ret_error, r, "offload: this kernel has neither nft queue nor "
				  "NFQUEUE for nft (nft_compat, xt_NFQUEUE): %s", strerror(-r));
	}
	if (r == 0)
		r = run_base_chains(offload, ret_error);
	return r;
}

/* How many rules the plan has. */
static int count_rules(const struct offload *offload, const struct offload_plan *plan,
		       size_t *ret_count, char **ret_error)
{
	static const char rule[] = "add rule ";
	size_t count = offload->frame.queue_is_given;
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	offload_write_rules(&offload->frame, plan, script.out);
	offload_write_base_chains(&offload->frame, script.out);
	r = nft_script_end(&script, ret_error);
	if (r < 0)
		return r;
	for (const char *line = script.text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += strncmp(line, rule, strlen(rule)) == 0;
	}
	free(script.text);
	*ret_count = count;
	return 0;
}

/* Remembers what the kernel has, so that a change by others is seen; one that has come in between
 * at once. */
static int remember(struct offload *offload, const struct offload_plan *plan, char **ret_error)
{
	size_t expected = 0;
	int r = nft_generation(&offload->generation);

	offload->elements_known = false;
	if (r == 0)
		r = offload_digest_read(&offload->digest);
	if (r < 0)
		return text_fail(ret_error, r, "offload: cannot read the rules back: %s",
				 strerror(-r));
	r = count_rules(offload, plan, &expected, ret_error);
	if (r < 0)
		return r;
	if (offload->digest.rules != expected)
		return text_fail(ret_error, -EBUSY, "offload: %zu rules were loaded, and the "
				 "kernel lists %zu: another program is changing them", expected,
				 offload->digest.rules);
	return 0;
}

static void take_plan(struct offload *offload, struct offload_plan *plan)
{
	if (offload->plan != plan)
		offload_plan_free(offload->plan);
	offload->plan = plan;
}

void offload_look_at_counts(struct offload_memory *memory)
{
	struct offload_counts counts = { 0 };

	if (offload_read_counts(memory, &counts) == 0)
		offload_counts_done(&counts);
}

int offload_load(struct offload *offload, struct offload_plan *plan, char **ret_error)
{
	char *ignored = NULL;
	int r;

	if (offload->plan) /* else what is there is of another process */
		offload_look_at_counts(offload->memory);
	r = load(offload, plan, ret_error);

	if (r == 0)
		r = remember(offload, plan, ret_error);
	if (r == 0)
		take_plan(offload, plan);
	else
		offload_clear(&ignored);
	free(ignored);
	return r;
}

/* As offload_is_changed, but for elements: cheap enough to ask before each change. */
static int has_other_rules(const struct offload *offload)
{
	struct offload_digest digest;
	uint32_t generation;
	int r = nft_generation(&generation);

	if (r < 0 || generation == offload->generation)
		return r;
	r = offload_digest_read(&digest);
	return r < 0 ? r : digest.value != offload->digest.value;
}

int offload_change(struct offload *offload, struct offload_plan *plan, char **ret_error)
{
	bool rewrite;
	int r;

	if (!offload->plan)
		return text_fail(ret_error, -ENOENT, "offload: no plan is in force");
	if (has_other_rules(offload) > 0)
		return text_fail(ret_error, -EBUSY, "offload: others have changed our rules");
	rewrite = !offload_keeps_rules(offload->plan, plan);
	if (rewrite)
		offload_look_at_counts(offload->memory);
	r = run_step(offload, offload->plan, plan, ret_error);
	if (r < 0 && offload_is_changed(offload) > 0)
		r = -EBUSY; /* others came first */
	if (r == 0 && rewrite)
		offload_look_at_counts(offload->memory);
	if (r == 0)
		r = remember(offload, plan, ret_error);
	if (r == 0)
		take_plan(offload, plan);
	return r;
}

int offload_reload(struct offload *offload, char **ret_error)
{
	return offload_load(offload, offload->plan, ret_error);
}

/* Elements are many: they are read when nothing has changed since they were written, and again when
 * somebody has changed anything. */
static int look_at_elements(struct offload *offload)
{
	uint64_t elements;
	int r = offload_digest_read_elements(offload->plan, &elements);

	if (r < 0)
		return r;
	if (offload->elements_known && elements != offload->elements)
		return 1;
	offload->elements = elements;
	offload->elements_known = true;
	return 0;
}

int offload_is_changed(struct offload *offload)
{
	struct offload_digest digest;
	uint32_t generation;
	int r = nft_generation(&generation);

	if (r < 0 || !offload->plan)
		return r;
	if (generation == offload->generation && offload->elements_known)
		return 0;
	r = offload_digest_read(&digest);
	if (r == 0 && digest.value != offload->digest.value)
		return 1;
	if (r == 0)
		r = look_at_elements(offload);
	if (r == 0)
		offload->generation = generation;
	return r;
}

int offload_read_counts(struct offload_memory *memory, struct offload_counts *ret_counts)
{
	int r = offload_rules_count(ret_counts);

	if (r < 0)
		return r;
	for (size_t i = 0; i < OFFLOAD_TOTALS; i++) {
		uint64_t now = ret_counts->totals[i];

		/* Less than before: of rules that were written anew meanwhile. */
		if (now < memory->last[i])
			memory->past[i] += memory->last[i] - now;
		memory->last[i] = now;
		ret_counts->totals[i] += memory->past[i];
	}
	return 0;
}
