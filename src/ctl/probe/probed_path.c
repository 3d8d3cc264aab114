/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/probe/probed_path.h"

#include <stdio.h>
#include <string.h>

#include "ctl/screen/field.h"

/* Hops that the list steps over are silent ones. Returns false behind the target. */
static bool add_hop(struct probed_path *path, const json_t *hop)
{
	uint64_t ttl = field_count(hop, "ttl");

	if (ttl <= path->count || ttl > PROBE_STOPS_MAX + 1)
		return true;
	path->whole = field_is(hop, "how", "target");
	if (path->whole) {
		path->count = ttl - 1;
		return false;
	}
	if (ttl > PROBE_STOPS_MAX)
		return true;
	path->count = ttl;
	path->stops[ttl].address = field_string(hop, "address", NULL);
	path->stops[ttl].said_bytes = field_count(hop, "mtu_bytes");
	return true;
}

bool probed_path_is_silent(const struct probed_path *path, size_t stop)
{
	return !path->stops[stop].address && !path->stops[stop].said_bytes;
}

uint64_t probed_path_largest(const json_t *sizes, const char *counted)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < json_array_size(sizes); i++) {
		const json_t *size = json_array_get(sizes, i);
		uint64_t outer = field_count(size, "outer_bytes");

		if (field_count(size, counted) && outer > largest)
			largest = outer;
	}
	return largest;
}

uint64_t probed_path_sent(const json_t *sizes)
{
	uint64_t sent = 0;

	for (size_t i = 0; i < json_array_size(sizes); i++)
		sent += field_count(json_array_get(sizes, i), "sent");
	return sent;
}

/* Nobody can know that packets reach a hop that says nothing, or one behind the target. */
static int narrow_stop(const struct probed_path *path, const json_t *after)
{
	json_int_t ttl = json_integer_value(after);

	if (!json_is_integer(after) || ttl < 0)
		return -1;
	if (ttl > (json_int_t)path->count)
		return path->whole ? -1 : (int)path->count;
	return (int)ttl;
}

void probed_path_read(const json_t *reply, struct probed_path *ret_path)
{
	const json_t *hops = json_object_get(reply, "hops");
	struct probed_path path = {
		.largest_bytes = probed_path_largest(json_object_get(reply, "sizes"), "sent"),
	};

	for (size_t i = 0; i < json_array_size(hops); i++)
		if (!add_hop(&path, json_array_get(hops, i)))
			break;
	while (!path.whole && path.count && probed_path_is_silent(&path, path.count))
		path.count--;
	path.narrow = narrow_stop(&path, json_object_get(reply, "narrow_after_ttl"));
	*ret_path = path;
}

char *probed_path_place(const struct probed_path *path)
{
	const struct probe_stop *stop = &path->stops[path->narrow < 0 ? 0 : path->narrow];
	char *place;
	int r;

	if (path->narrow < 0)
		return NULL;
	if (path->narrow == 0)
		r = asprintf(&place, "on the first link");
	else if (stop->address)
		r = asprintf(&place, "behind %s", stop->address);
	else
		r = asprintf(&place, "behind hop %d", path->narrow);
	return r < 0 ? NULL : place;
}
