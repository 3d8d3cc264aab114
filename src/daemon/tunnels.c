/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tunnels.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"

/* A tunnel and what only this file knows of it; tunnel comes first: names are compared by it. */
struct tunnel_entry {
	struct tunnel tunnel;
	bool seen; /* in the look that is going on */
};

struct tunnels {
	struct workers *workers; /* borrowed */
	struct tunnel_entry **list;     /* place + 1 is the id */
	size_t count, capacity;
	void *by_name;           /* tsearch tree of the same entries */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct tunnel *)a)->name, ((const struct tunnel *)b)->name);
}

struct tunnels *tunnels_new(struct workers *workers)
{
	struct tunnels *tunnels = calloc(1, sizeof(*tunnels));

	if (tunnels)
		tunnels->workers = workers;
	return tunnels;
}

void tunnels_free(struct tunnels *tunnels)
{
	if (!tunnels)
		return;
	tdestroy(tunnels->by_name, free); /* the entries themselves */
	free(tunnels->list);
	free(tunnels);
}

/* Makes room for one more everywhere, then adds it. NULL where there is none. */
static struct tunnel_entry *add_entry(struct tunnels *tunnels, const char *name)
{
	uint32_t id = (uint32_t)tunnels->count + 1;
	struct tunnel_entry *entry;

	for (size_t i = 0; i < workers_count(tunnels->workers); i++) {
		if (counters_reserve_tunnel(workers_counters(tunnels->workers, i), id) < 0)
			return NULL;
	}
	if (array_reserve((void **)&tunnels->list, &tunnels->capacity, id,
			  sizeof(struct tunnel_entry *)) < 0)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	strcpy(entry->tunnel.name, name);
	entry->tunnel.id = id;
	if (!tsearch(entry, &tunnels->by_name, compare_names)) {
		free(entry);
		return NULL;
	}
	tunnels->list[tunnels->count++] = entry;
	return entry;
}

static struct tunnel_entry *find_entry(const struct tunnels *tunnels, const char *name)
{
	struct tunnel wanted = { 0 };
	struct tunnel_entry *const *found;

	if (strlen(name) >= sizeof(wanted.name))
		return NULL;
	strcpy(wanted.name, name);
	found = tfind(&wanted, &tunnels->by_name, compare_names);
	return found ? *found : NULL;
}

void tunnels_begin(struct tunnels *tunnels)
{
	for (size_t i = 0; i < tunnels->count; i++)
		tunnels->list[i]->seen = false;
}

/* What is new about a tunnel, in words. */
static void note_change(struct tunnel *tunnel, const struct link *link)
{
	if (!tunnel->present)
		log_info("%s: new tunnel (%s), MTU %u bytes", link->name, link_tunnel_kind(link),
			 link->mtu);
	else if (tunnel->mtu != link->mtu)
		log_info("%s: MTU %u -> %u bytes", link->name, tunnel->mtu, link->mtu);
	else
		return;
	tunnel->present = true;
	tunnel->mtu = link->mtu;
	tunnel->since_ns = clock_boottime_ns();
}

uint32_t tunnels_note(struct tunnels *tunnels, const struct link *link)
{
	struct tunnel_entry *entry = find_entry(tunnels, link->name);

	if (!entry)
		entry = add_entry(tunnels, link->name);
	if (!entry)
		return TUNNEL_ID_NONE;
	entry->seen = true;
	note_change(&entry->tunnel, link);
	return entry->tunnel.id;
}

void tunnels_end(struct tunnels *tunnels)
{
	for (size_t i = 0; i < tunnels->count; i++) {
		struct tunnel_entry *entry = tunnels->list[i];

		if (entry->tunnel.present && !entry->seen) {
			entry->tunnel.present = false;
			log_info("%s: tunnel gone", entry->tunnel.name);
		}
	}
}

const struct tunnel *tunnels_at(const struct tunnels *tunnels, size_t i)
{
	return &tunnels->list[i]->tunnel;
}

size_t tunnels_count(const struct tunnels *tunnels)
{
	return tunnels->count;
}

const struct tunnel *tunnels_find(const struct tunnels *tunnels, const char *name)
{
	struct tunnel_entry *entry = find_entry(tunnels, name);

	return entry ? &entry->tunnel : NULL;
}
