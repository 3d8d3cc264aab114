/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tries/try_list.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void try_done(struct try *one)
{
	free(one->tunnel);
	free(one->peer);
	free(one->name);
	*one = (struct try){ 0 };
}

/* Whether both are for the same interface, or for the same peer. */
static bool are_for_same(const struct try *a, const struct try *b)
{
	if (!a->peer || !b->peer)
		return !a->peer && !b->peer && strcmp(a->tunnel, b->tunnel) == 0;
	return strcmp(a->peer, b->peer) == 0;
}

size_t try_list_find(const struct try_list *tries, const struct try *like)
{
	size_t i = 0;

	while (i < tries->count && !are_for_same(&tries->list[i], like))
		i++;
	return i;
}

size_t try_list_find_interface(const struct try_list *tries, const char *name)
{
	size_t i = 0;

	while (i < tries->count &&
	       (tries->list[i].peer || strcmp(tries->list[i].tunnel, name) != 0))
		i++;
	return i;
}

static bool is_called(const struct try *one, const char *word)
{
	return one->peer && (strcmp(one->peer, word) == 0 ||
			     (one->name && strcmp(one->name, word) == 0));
}

size_t try_list_find_peer(const struct try_list *tries, const char *word)
{
	size_t i = 0;

	while (i < tries->count && !is_called(&tries->list[i], word))
		i++;
	return i;
}

size_t try_list_find_ended(const struct try_list *tries, uint64_t now_ns)
{
	size_t i = 0;

	while (i < tries->count && tries->list[i].until_ns > now_ns)
		i++;
	return i;
}

uint64_t try_list_next_end(const struct try_list *tries)
{
	uint64_t next_ns = UINT64_MAX;

	for (size_t i = 0; i < tries->count; i++) {
		if (tries->list[i].until_ns < next_ns)
			next_ns = tries->list[i].until_ns;
	}
	return next_ns;
}

struct try try_list_put(struct try_list *tries, struct try one)
{
	size_t place = try_list_find(tries, &one);
	struct try old = { 0 };

	if (place < tries->count) {
		old = tries->list[place];
	} else {
		assert(place < TRIES_MAX);
		tries->count++;
	}
	tries->list[place] = one;
	return old;
}

struct try try_list_take(struct try_list *tries, size_t place)
{
	struct try one = tries->list[place];

	tries->count--;
	memmove(&tries->list[place], &tries->list[place + 1],
		(tries->count - place) * sizeof(one));
	return one;
}

/* A glob (fnmatch) that fits this name alone, as interfaces may be called "w*". Owned, or NULL. */
static char *glob_of(const char *name)
{
	char *glob = malloc(2 * strlen(name) + 1), *out = glob;

	if (!glob)
		return NULL;
	for (; *name; name++) {
		if (strchr("*?[\\", *name))
			*out++ = '\\';
		*out++ = *name;
	}
	*out = '\0';
	return glob;
}

/* What was made is the caller's to free, also where memory is short. */
static bool make_rule(const struct try *one, struct rule *ret_rule)
{
	const char *key = one->peer ? "peer" : "interface";
	const char *who = one->name ? one->name : one->peer ? one->peer : one->tunnel;

	*ret_rule = (struct rule){
		.action = RULE_MSS,
		.value = one->mss,
		.until_ns = one->until_ns,
		.interface = one->peer ? NULL : glob_of(one->tunnel),
		.peer = one->peer ? strdup(one->peer) : NULL,
	};
	if (asprintf(&ret_rule->text, "try (%s=%s mss=%u)", key, who, one->mss) < 0)
		ret_rule->text = NULL;
	return ret_rule->text && (ret_rule->interface || ret_rule->peer);
}

/* Appends those of peers, or those of interfaces. */
static bool add_rules(struct rules *rules, const struct try_list *tries, bool peers)
{
	for (size_t i = 0; i < tries->count; i++) {
		if ((tries->list[i].peer != NULL) == peers &&
		    !make_rule(&tries->list[i], &rules->list[rules->count++]))
			return false;
	}
	return true;
}

struct rules *try_list_rules(const struct try_list *tries)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->list = calloc(tries->count + 1, sizeof(*rules->list));
	if (rules->list && add_rules(rules, tries, true) && add_rules(rules, tries, false))
		return rules;
	rules_free(rules);
	return NULL;
}
