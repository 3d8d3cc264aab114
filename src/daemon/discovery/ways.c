/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/ways.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"

#define EMPTY UINT32_MAX
#define WAYS_MAX 200000 /* then all are forgotten: who roams leaves his old ways behind */

struct ways {
	struct nl *nl; /* borrowed */
	struct path_question *questions;
	struct path_answer *answers;
	size_t question_capacity, answer_capacity;
	size_t count, answered; /* those from answered on are still to be asked */
	uint32_t *places;       /* hash of questions, at most half full */
	size_t mask;
};

struct ways *ways_new(struct nl *nl)
{
	struct ways *ways = calloc(1, sizeof(*ways));

	if (ways)
		ways->nl = nl;
	return ways;
}

void ways_free(struct ways *ways)
{
	if (!ways)
		return;
	free(ways->questions);
	free(ways->answers);
	free(ways->places);
	free(ways);
}

void ways_forget(struct ways *ways)
{
	ways->count = 0;
	ways->answered = 0;
	if (ways->places)
		memset(ways->places, 0xff, (ways->mask + 1) * sizeof(*ways->places));
}

/* FNV-1a over what path_question_equal compares. */
static uint32_t mix(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * UINT32_C(16777619);
}

static size_t hash_question(const struct path_question *question)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < ADDRESS_MAX; i++)
		hash = mix(hash, question->destination.bytes[i]);
	for (size_t i = 0; question->has_source && i < ADDRESS_MAX; i++)
		hash = mix(hash, question->source.bytes[i]);
	hash = mix(hash, question->oif);
	hash = mix(hash, question->mark);
	hash = mix(hash, (uint32_t)question->sport << 16 | question->dport);
	return hash ^ hash >> 15;
}

/* Where the question stands, or the free place for it. */
static size_t find_place(const struct ways *ways, const struct path_question *question)
{
	size_t at = hash_question(question) & ways->mask;

	while (ways->places[at] != EMPTY &&
	       !path_question_equal(&ways->questions[ways->places[at]], question))
		at = (at + 1) & ways->mask;
	return at;
}

static int grow(struct ways *ways)
{
	size_t size = ways->places ? 2 * (ways->mask + 1) : 256;
	uint32_t *places;

	if (ways->places && 2 * (ways->count + 1) <= ways->mask + 1)
		return 0;
	places = malloc(size * sizeof(*places));
	if (!places)
		return -ENOMEM;
	memset(places, 0xff, size * sizeof(*places));
	free(ways->places);
	ways->places = places;
	ways->mask = size - 1;
	for (size_t i = 0; i < ways->count; i++)
		ways->places[find_place(ways, &ways->questions[i])] = (uint32_t)i;
	return 0;
}

/* Makes a place for a question that is new. Returns 0 or -ENOMEM. */
static int add(struct ways *ways, const struct path_question *question)
{
	void *questions = ways->questions, *answers = ways->answers;
	size_t at;
	int r;

	r = grow(ways);
	if (r < 0)
		return r;
	at = find_place(ways, question);
	if (ways->places[at] != EMPTY)
		return 0;
	r = array_reserve(&questions, &ways->question_capacity, ways->count + 1,
			  sizeof(*ways->questions));
	ways->questions = questions;
	if (r == 0)
		r = array_reserve(&answers, &ways->answer_capacity, ways->count + 1,
				  sizeof(*ways->answers));
	ways->answers = answers;
	if (r < 0)
		return r;
	ways->questions[ways->count] = *question;
	ways->answers[ways->count] = (struct path_answer){ 0 };
	ways->places[at] = (uint32_t)ways->count++;
	return 0;
}

/* Asks for all that have no answer yet. */
static int ask(struct ways *ways)
{
	size_t first = ways->answered;
	int r = 0;

	if (first < ways->count)
		r = rtnl_get_ways(ways->nl, &ways->questions[first], &ways->answers[first],
				  ways->count - first);
	if (r < 0) /* what was not answered is no way until the kernel's answers are forgotten */
		memset(&ways->answers[first], 0, (ways->count - first) * sizeof(*ways->answers));
	ways->answered = ways->count;
	return r;
}

int ways_prepare(struct ways *ways, const struct peer_list *peers)
{
	int r = 0;

	if (ways->count > WAYS_MAX)
		ways_forget(ways);
	for (size_t i = 0; i < peers->count && r == 0; i++) {
		if (peers->list[i].has_endpoint)
			r = add(ways, &peers->list[i].way);
	}
	return r < 0 ? r : ask(ways);
}

bool ways_find(void *userdata, const struct path_question *question,
	       struct path_answer *ret_answer)
{
	struct ways *ways = userdata;

	if (add(ways, question) < 0 || ask(ways) < 0)
		return false;
	*ret_answer = ways->answers[ways->places[find_place(ways, question)]];
	return true;
}
