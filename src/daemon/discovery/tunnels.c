/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/tunnels.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/json.h"

#define LINES_MAX 20 /* of one look in the log; the events have them all */

/* A tunnel and what only this file knows of it; tunnel comes first: names are compared by it. */
struct tunnel_entry {
	struct tunnel tunnel;
	bool seen; /* in the look that is going on */
	uint32_t path; /* outside at the last look where no peer has one of its own; 0 unknown */
};

struct tunnels {
	struct workers *workers; /* borrowed */
	const struct events *events;   /* borrowed */
	struct tunnel_entry **list;     /* place + 1 is the id */
	size_t count, capacity;
	void *by_name;           /* tsearch tree of the same entries */
	size_t lines;            /* what was told in the look that is going on */
	uint64_t path_falls;     /* since the start */
	bool full;               /* said that there is no room for more */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct tunnel *)a)->name, ((const struct tunnel *)b)->name);
}

struct tunnels *tunnels_new(struct workers *workers, const struct events *events)
{
	struct tunnels *tunnels = calloc(1, sizeof(*tunnels));

	if (!tunnels)
		return NULL;
	tunnels->workers = workers;
	tunnels->events = events;
	return tunnels;
}

static void free_entry(void *data)
{
	struct tunnel_entry *entry = data;

	free(entry->tunnel.name);
	free(entry);
}

void tunnels_free(struct tunnels *tunnels)
{
	if (!tunnels)
		return;
	tdestroy(tunnels->by_name, free_entry); /* the entries themselves */
	free(tunnels->list);
	free(tunnels);
}

/* Once: names are kept for good, so that it stays so until a restart. */
static void say_full(struct tunnels *tunnels, const char *name)
{
	if (tunnels->full)
		return;
	tunnels->full = true;
	log_warning("%s: no counters of its own, nor for other tunnels of new names: there were "
		    "%zu since the start; they are clamped and counted as _none until a restart",
		    name, tunnels->count);
}

/* Room in the counters of every worker. */
static bool reserve_counters(struct tunnels *tunnels, uint32_t id, const char *name)
{
	for (size_t i = 0; i < workers_count(tunnels->workers); i++) {
		int r = counters_reserve_tunnel(workers_counters(tunnels->workers, i), id);

		if (r == -E2BIG)
			say_full(tunnels, name);
		if (r < 0)
			return false;
	}
	return true;
}

/* Makes room for one more everywhere, then adds it. NULL where there is none. */
static struct tunnel_entry *add_entry(struct tunnels *tunnels, const char *name)
{
	uint32_t id = (uint32_t)tunnels->count + 1;
	struct tunnel_entry *entry;

	if (!reserve_counters(tunnels, id, name))
		return NULL;
	if (array_reserve((void **)&tunnels->list, &tunnels->capacity, id,
			  sizeof(struct tunnel_entry *)) < 0)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->tunnel.name = strdup(name);
	entry->tunnel.id = id;
	if (!entry->tunnel.name || !tsearch(entry, &tunnels->by_name, compare_names)) {
		free_entry(entry);
		return NULL;
	}
	tunnels->list[tunnels->count++] = entry;
	return entry;
}

static struct tunnel_entry *find_entry(const struct tunnels *tunnels, const char *name)
{
	const struct tunnel wanted = { .name = (char *)(uintptr_t)name };
	struct tunnel_entry *const *found = tfind(&wanted, &tunnels->by_name, compare_names);

	return found ? *found : NULL;
}

void tunnels_begin(struct tunnels *tunnels)
{
	for (size_t i = 0; i < tunnels->count; i++)
		tunnels->list[i]->seen = false;
	tunnels->lines = 0;
}

/* Whether anybody hears of one more change: the log gets the first few, listeners get all. Ten
 * thousand gateways that come with the first look would fill it. */
static bool may_tell(struct tunnels *tunnels, int *ret_priority)
{
	*ret_priority = tunnels->lines++ < LINES_MAX ? LOG_INFO : 0;
	return *ret_priority || events_wanted(tunnels->events);
}

/* The path outside is there to tell why the inner MTU is what it is. */
static json_t *view_json(const struct tunnel_view *view, uint32_t mtu)
{
	return json_pack("{s:s?, s:o, s:o, s:o, s:s?}", "kind", view->kind, "interface_mtu_bytes",
			 json_bytes(mtu), "inner_mtu_bytes", json_bytes(view->inner_mtu),
			 "outer_path_mtu_bytes", json_bytes(view->outer_mtu), "source",
			 view->outer_mtu ? path_source_name(view->source) : NULL);
}

static void tell_new(struct tunnels *tunnels, const struct tunnel_view *view, uint32_t mtu)
{
	char message[160];
	int priority;

	if (!may_tell(tunnels, &priority))
		return;
	if (mtu)
		snprintf(message, sizeof(message), "%s: new tunnel (%s), MTU %u bytes", view->name,
			 view->kind, mtu);
	else
		snprintf(message, sizeof(message), "%s: new tunnel (%s)", view->name, view->kind);
	events_emit(tunnels->events, &(struct event){
		.name = "tunnel_added", .tunnel = view->name, .message = message,
		.new = view_json(view, mtu), .priority = priority,
	});
}

static void tell_change(struct tunnels *tunnels, const struct tunnel *tunnel,
			const struct tunnel_view *view, uint32_t mtu)
{
	const struct tunnel_view was = {
		.kind = view->kind, .inner_mtu = tunnel->inner_mtu,
		.outer_mtu = tunnel->outer_mtu, .source = tunnel->source,
	};
	int priority;

	if (!may_tell(tunnels, &priority))
		return;
	events_emit(tunnels->events, &(struct event){
		.name = "tunnel_changed", .tunnel = view->name, .old = view_json(&was, tunnel->mtu),
		.new = view_json(view, mtu), .priority = priority,
	});
}

static void tell_gone(struct tunnels *tunnels, const struct tunnel *tunnel)
{
	int priority;

	if (may_tell(tunnels, &priority))
		events_emit(tunnels->events, &(struct event){
			.name = "tunnel_removed", .tunnel = tunnel->name, .priority = priority });
}

static void note_change(struct tunnels *tunnels, struct tunnel *tunnel,
			const struct tunnel_view *view, uint32_t mtu)
{
	if (!tunnel->present)
		tell_new(tunnels, view, mtu);
	else if (tunnel->mtu != mtu || tunnel->inner_mtu != view->inner_mtu)
		tell_change(tunnels, tunnel, view, mtu);
	else
		return;
	tunnel->present = true;
	tunnel->mtu = mtu;
	tunnel->inner_mtu = view->inner_mtu;
	tunnel->outer_mtu = view->outer_mtu;
	tunnel->source = view->source;
	tunnel->since_ns = clock_boottime_ns();
}

/* Peers with an id count by themselves (peer_changes). What was not known before has not fallen. */
static void note_path(struct tunnels *tunnels, struct tunnel_entry *entry,
		      const struct tunnel_view *view)
{
	uint32_t path = view->peer_count == 0 ? view->outer_mtu : 0;

	if (entry->tunnel.present && path != 0 && path < entry->path)
		tunnels->path_falls++;
	entry->path = path;
}

uint32_t tunnels_note(struct tunnels *tunnels, const struct tunnel_view *view, uint32_t mtu)
{
	struct tunnel_entry *entry = find_entry(tunnels, view->name);

	if (!entry)
		entry = add_entry(tunnels, view->name);
	if (!entry)
		return TUNNEL_ID_NONE;
	/* Two whose names differ only in bytes that are no text share one: the first tells. */
	if (!entry->seen) {
		note_path(tunnels, entry, view);
		note_change(tunnels, &entry->tunnel, view, mtu);
	}
	entry->seen = true;
	return entry->tunnel.id;
}

void tunnels_end(struct tunnels *tunnels)
{
	for (size_t i = 0; i < tunnels->count; i++) {
		struct tunnel_entry *entry = tunnels->list[i];

		if (!entry->tunnel.present || entry->seen)
			continue;
		entry->tunnel.present = false;
		tell_gone(tunnels, &entry->tunnel);
	}
	if (tunnels->lines > LINES_MAX)
		log_info("and %zu more changes of tunnels", tunnels->lines - LINES_MAX);
}

uint64_t tunnels_path_falls(const struct tunnels *tunnels)
{
	return tunnels->path_falls;
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
