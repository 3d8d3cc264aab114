/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/capture/peer_rates.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct counted {
	const char *tunnel, *id; /* in the same block, where it is not a question */
	struct counted *next;
	uint64_t syn, clamped;   /* in this turn */
	struct peer_rate rate;   /* of the last one */
};

struct peer_rates {
	void *by_name;        /* tsearch tree of the same entries */
	struct counted *entries;
	size_t count;
	uint64_t turn_ns;     /* when this turn began */
	uint64_t uncounted;   /* in this turn */
	uint64_t lost;        /* as of its begin */
	double uncounted_rate; /* of the last one; below 0: there was none */
};

static int compare_entries(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : strcmp(x->tunnel, y->tunnel);
}

struct peer_rates *peer_rates_new(uint64_t now_ns, uint64_t lost)
{
	struct peer_rates *rates = calloc(1, sizeof(*rates));

	if (!rates)
		return NULL;
	rates->turn_ns = now_ns;
	rates->lost = lost;
	rates->uncounted_rate = -1;
	return rates;
}

static void keep_counted(void *entry)
{
	(void)entry; /* the list has it, too */
}

void peer_rates_free(struct peer_rates *rates)
{
	struct counted *next;

	if (!rates)
		return;
	tdestroy(rates->by_name, keep_counted);
	for (struct counted *entry = rates->entries; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	free(rates);
}

static struct counted *find_entry(const struct peer_rates *rates, const char *tunnel,
				  const char *id)
{
	const struct counted question = { .tunnel = tunnel, .id = id };
	struct counted *const *node = tfind(&question, &rates->by_name, compare_entries);

	return node ? *node : NULL;
}

static struct counted *add_entry(struct peer_rates *rates, const char *tunnel, const char *id)
{
	size_t tunnel_size = strlen(tunnel) + 1, id_size = strlen(id) + 1;
	struct counted *entry;
	char *text;

	if (rates->count >= PEER_RATES_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry) + tunnel_size + id_size);
	if (!entry)
		return NULL;
	text = (char *)(entry + 1);
	entry->tunnel = memcpy(text, tunnel, tunnel_size);
	entry->id = memcpy(text + tunnel_size, id, id_size);
	if (!tsearch(entry, &rates->by_name, compare_entries)) {
		free(entry);
		return NULL;
	}
	entry->next = rates->entries;
	rates->entries = entry;
	rates->count++;
	return entry;
}

/* As the counters of tunnels have it: what left with an MSS that it had not come with. */
static bool is_clamped(enum syn_result result)
{
	return result == SYN_CLAMPED || result == SYN_INSERTED || result == SYN_RAISED;
}

void peer_rates_count(struct peer_rates *rates, const char *tunnel, const char *id,
		      const struct clamp_outcome *outcome)
{
	struct counted *entry = find_entry(rates, tunnel, id);

	if (!entry)
		entry = add_entry(rates, tunnel, id);
	if (!entry) {
		rates->uncounted++;
		return;
	}
	entry->syn++;
	entry->clamped += is_clamped(outcome->result);
	if (!outcome->has_mss)
		return;
	entry->rate.mss_before = outcome->mss_before;
	entry->rate.mss_after = outcome->mss_after;
}

void peer_rates_turn(struct peer_rates *rates, uint64_t now_ns, uint64_t lost)
{
	double seconds;

	if (now_ns < rates->turn_ns + NS_PER_SECOND)
		return;
	seconds = clock_seconds(now_ns - rates->turn_ns);
	for (struct counted *entry = rates->entries; entry; entry = entry->next) {
		entry->rate.syn = (double)entry->syn / seconds;
		entry->rate.clamped = (double)entry->clamped / seconds;
		entry->syn = entry->clamped = 0;
	}
	rates->uncounted_rate = (double)(rates->uncounted + lost - rates->lost) / seconds;
	rates->uncounted = 0;
	rates->lost = lost;
	rates->turn_ns = now_ns;
}

bool peer_rates_find(const struct peer_rates *rates, const char *tunnel, const char *id,
		     struct peer_rate *ret_rate)
{
	const struct counted *entry;

	if (rates->uncounted_rate < 0)
		return false;
	entry = find_entry(rates, tunnel, id);
	*ret_rate = entry ? entry->rate : (struct peer_rate){ 0 };
	return true;
}

double peer_rates_uncounted(const struct peer_rates *rates)
{
	return rates->uncounted_rate;
}
