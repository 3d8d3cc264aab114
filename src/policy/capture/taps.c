/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/capture/taps.h"

#include <stdlib.h>

struct entry {
	struct tap *tap;
	uint64_t place;     /* of its oldest event at the last look; UINT64_MAX before */
	unsigned int looks; /* that this one waits for */
};

struct taps {
	uint64_t horizon_ns; /* of this look: what is later waits */
	struct tap *oldest;  /* whose event was given last */
	size_t count;
	struct entry list[];
};

struct taps *taps_new(struct tap *const *list, size_t count)
{
	struct taps *taps = calloc(1, sizeof(*taps) + count * sizeof(taps->list[0]));

	if (!taps)
		return NULL;
	taps->count = count;
	for (size_t i = 0; i < count; i++)
		taps->list[i] = (struct entry){ list[i], UINT64_MAX, 0 };
	return taps;
}

void taps_free(struct taps *taps)
{
	free(taps);
}

int taps_open(struct taps *taps)
{
	int r = 0;

	for (size_t i = 0; i < taps->count && r == 0; i++)
		r = tap_open(taps->list[i].tap);
	if (r < 0)
		taps_close(taps);
	return r;
}

void taps_close(struct taps *taps)
{
	for (size_t i = 0; i < taps->count; i++) {
		tap_close(taps->list[i].tap);
		taps->list[i].place = UINT64_MAX;
	}
}

size_t taps_reclaim(struct taps *taps)
{
	size_t held = 0;

	for (size_t i = 0; i < taps->count; i++)
		held += tap_reclaim(taps->list[i].tap);
	return held;
}

uint64_t taps_lost(const struct taps *taps)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < taps->count; i++)
		lost += tap_lost(taps->list[i].tap);
	return lost;
}

/* Whether its oldest event has waited for long enough. */
static bool is_overdue(struct entry *entry)
{
	uint64_t place = tap_taken_count(entry->tap);
	bool waits = tap_next(entry->tap) && place == entry->place;

	entry->looks = waits ? entry->looks + 1 : 0;
	entry->place = place;
	return entry->looks >= TAPS_WAIT_LOOKS;
}

void taps_look(struct taps *taps, uint64_t now_ns)
{
	bool overdue = false;

	taps->horizon_ns = now_ns;
	for (size_t i = 0; i < taps->count; i++) {
		uint64_t horizon_ns = tap_horizon(taps->list[i].tap, now_ns);

		if (horizon_ns < taps->horizon_ns)
			taps->horizon_ns = horizon_ns;
	}
	for (size_t i = 0; i < taps->count; i++)
		overdue |= is_overdue(&taps->list[i]);
	if (overdue)
		taps->horizon_ns = UINT64_MAX;
}

const struct tap_event *taps_next(struct taps *taps, size_t *ret_tap, uint64_t *ret_place)
{
	const struct tap_event *oldest = NULL;

	for (size_t i = 0; i < taps->count; i++) {
		const struct tap_event *event = tap_next(taps->list[i].tap);

		if (!event || event->time_ns > taps->horizon_ns ||
		    (oldest && event->time_ns >= oldest->time_ns))
			continue;
		oldest = event;
		*ret_tap = i;
	}
	if (!oldest)
		return NULL;
	taps->oldest = taps->list[*ret_tap].tap;
	*ret_place = tap_taken_count(taps->oldest);
	return oldest;
}

void taps_taken(struct taps *taps)
{
	tap_taken(taps->oldest);
}

size_t taps_count(const struct taps *taps)
{
	return taps->count;
}

uint64_t taps_kept_count(const struct taps *taps, size_t tap)
{
	return tap_kept_count(taps->list[tap].tap);
}
