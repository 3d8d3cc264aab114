/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/rule_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fnv.h"
#include "base/search.h"

/* Told apart by one number, names are compared rarely. */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = FNV_OFFSET;

	fnv_add(&hash, text, strlen(text));
	return hash;
}

/* Whether fnmatch would do more than compare. */
static bool is_glob(const char *interface)
{
	return strpbrk(interface, "*?[\\");
}

static void add_place(struct place_list *list, size_t place)
{
	list->places[list->count++] = (uint32_t)place;
}

static void note_plain(struct rule_index *index, const struct rule *rule, size_t place)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		if (index->plain[family] == RULE_NONE &&
		    (!rule->has_family || rule->family == family))
			index->plain[family] = (uint32_t)place;
	}
}

/* Which list a rule belongs to. */
static void add_rule(struct rule_index *index, const struct rule *rule, size_t place)
{
	if (rule->has_mark || (rule->peer && rule->has_prefix))
		add_place(&index->slow, place);
	else if (rule->peer)
		index->named[index->named_count++] = (struct named_rule){
			.hash = hash_text(rule->peer),
			.rule = (uint32_t)place,
		};
	else if (rule->interface)
		add_place(is_glob(rule->interface) ? &index->glob : &index->literal, place);
	else if (rule->has_prefix)
		add_place(&index->prefixed, place);
	else
		note_plain(index, rule, place);
}

static int compare_literal(const void *a, const void *b, void *userdata)
{
	const struct rule *list = userdata;

	return strcmp(list[*(const uint32_t *)a].interface, list[*(const uint32_t *)b].interface);
}

static int compare_named(const void *a, const void *b, void *userdata)
{
	const struct rule *list = userdata;
	const struct named_rule *x = a, *y = b;
	int order;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	order = strcmp(list[x->rule].peer, list[y->rule].peer);
	return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static void sort_lists(struct rule_index *index)
{
	struct rule *list = index->rules->list;

	if (index->literal.count > 1)
		qsort_r(index->literal.places, index->literal.count, sizeof(uint32_t),
			compare_literal, list);
	if (index->named_count > 1)
		qsort_r(index->named, index->named_count, sizeof(*index->named), compare_named,
			list);
	for (size_t i = 0; i < index->named_count; i++)
		index->named[i].last = i + 1 == index->named_count ||
				       strcmp(list[index->named[i].rule].peer,
					      list[index->named[i + 1].rule].peer) != 0;
}

int rule_index_init(struct rule_index *index, const struct rules *rules)
{
	struct rule_index made = { .rules = rules, .plain = { RULE_NONE, RULE_NONE } };
	struct place_list *const lists[] = { &made.prefixed, &made.literal, &made.glob,
					     &made.slow };

	for (size_t i = 0; i < COUNT(lists); i++) {
		lists[i]->places = calloc(rules->count + 1, sizeof(uint32_t));
		if (!lists[i]->places)
			goto fail;
	}
	made.named = calloc(rules->count + 1, sizeof(*made.named));
	if (!made.named)
		goto fail;
	for (size_t i = 0; i < rules->count; i++)
		add_rule(&made, &rules->list[i], i);
	sort_lists(&made);
	*index = made;
	return 0;
fail:
	rule_index_done(&made);
	return -ENOMEM;
}
_Static_assert(FAMILY_COUNT == 2, "plain has an initializer for each family");

void rule_index_done(struct rule_index *index)
{
	free(index->prefixed.places);
	free(index->literal.places);
	free(index->glob.places);
	free(index->slow.places);
	free(index->named);
}

/* The first of literal whose interface is not before this one. */
static size_t find_literal(const struct rule_index *index, const char *interface)
{
	const struct rule *rules = index->rules->list;
	const uint32_t *places = index->literal.places;
	size_t low;

	SEARCH_FIRST(low, index->literal.count, i,
		     strcmp(rules[places[i]].interface, interface) < 0);
	return low;
}

size_t rule_index_of_interface(const struct rule_index *index, const char *interface,
			       uint32_t *ret_places)
{
	const struct rule *list = index->rules->list;
	size_t n = 0;

	if (!interface)
		return 0;
	for (size_t i = find_literal(index, interface);
	     i < index->literal.count &&
	     strcmp(list[index->literal.places[i]].interface, interface) == 0;
	     i++)
		ret_places[n++] = index->literal.places[i];
	for (size_t i = 0; i < index->glob.count; i++) {
		if (rule_covers_interface(&list[index->glob.places[i]], interface))
			ret_places[n++] = index->glob.places[i];
	}
	return n;
}

uint32_t rule_index_find_named(const struct rule_index *index, const char *text)
{
	size_t low;
	uint64_t hash;

	if (!text || index->named_count == 0)
		return RULE_NONE;
	hash = hash_text(text);
	SEARCH_FIRST(low, index->named_count, i, index->named[i].hash < hash);
	for (; low < index->named_count && index->named[low].hash == hash; low++) {
		if (strcmp(index->rules->list[index->named[low].rule].peer, text) == 0)
			return (uint32_t)low;
	}
	return RULE_NONE;
}

uint32_t rule_index_first_named(const struct rule_index *index, uint32_t named,
				const char *interface, enum family family, uint32_t best)
{
	if (named == RULE_NONE)
		return best;
	for (const struct named_rule *at = &index->named[named]; at->rule < best; at++) {
		const struct rule *rule = &index->rules->list[at->rule];

		if ((!rule->has_family || rule->family == family) &&
		    rule_covers_interface(rule, interface))
			return at->rule;
		if (at->last)
			break;
	}
	return best;
}
