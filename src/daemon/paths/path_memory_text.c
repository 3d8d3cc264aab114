/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures of paths to and from JSON, without a file. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/paths/path_memory.h"

#define SCHEMA 1
#define MTU_LEAST 68 /* RFC 791 */
#define MTU_MOST 65535
#define SECOND_NS ((int64_t)NS_PER_SECOND)
#define HOUR_NS (3600 * SECOND_NS)
#define AGE_MOST_NS (PATH_MEMORY_DAYS * 24 * HOUR_NS)
#define AGE_UNKNOWN_NS (PATH_MEMORY_UNKNOWN_HOURS * HOUR_NS)
#define SKEW_NS (60 * SECOND_NS) /* clocks are set by small steps all the time */
#define TIME_MAX 24              /* "2026-11-25T18:52:00Z" and its end */
#define YEAR_LAST 2200           /* what still fits into 64 bits of nanoseconds, with room */

static void measure_done(struct path_measure *measure)
{
	free((char *)(uintptr_t)measure->tunnel);
	free((char *)(uintptr_t)measure->peer);
}

void path_memory_done(struct path_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		measure_done(&memory->list[i]);
	free(memory->list);
	*memory = (struct path_memory){ 0 };
}

/* jansson has seen to it that it is UTF-8 without NUL. */
static bool is_text(const char *text, size_t least)
{
	size_t len = text ? strlen(text) : 0;

	if (!text || len < least || len > PATH_MEMORY_TEXT_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return true;
}

/* RFC 3339, UTC, whole seconds, as it is written below. Returns 0 or -EINVAL. */
static int parse_time(const char *text, int64_t *ret_wall_ns)
{
	char again[TIME_MAX];
	struct tm parts = { 0 };
	const char *end;
	time_t seconds;

	end = text ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts) : NULL;
	if (!end || *end != '\0' || parts.tm_year < 70 || parts.tm_year > YEAR_LAST - 1900)
		return -EINVAL;
	seconds = timegm(&parts);
	/* There is one way to write a time; the 31st of June is none. */
	if (strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0 ||
	    strcmp(again, text) != 0)
		return -EINVAL;
	*ret_wall_ns = (int64_t)seconds * SECOND_NS;
	return 0;
}

/* From a time of the file to one of this machine's run. Returns false where it is too old. */
static bool place_in_time(int64_t wall_ns, const struct path_memory_clock *now, int64_t *ret_at_ns)
{
	int64_t age_ns = now->wall_ns - wall_ns;

	if (age_ns < -SKEW_NS)
		age_ns = AGE_UNKNOWN_NS;
	else if (age_ns < 0)
		age_ns = 0;
	*ret_at_ns = now->boot_ns - age_ns;
	return age_ns <= AGE_MOST_NS;
}

/* An entry of the file. */
struct entry {
	const char *tunnel, *peer, *endpoint, *how, *measured;
	json_int_t mtu;
};

/* Returns 1 and the measure with texts of its own, 0 where it is too old, -EINVAL where it is none,
 * or -ENOMEM. */
static int read_entry(json_t *value, const struct path_memory_clock *now,
		      struct path_measure *ret_measure)
{
	struct path_measure measure = { 0 };
	struct entry entry = { 0 };
	int64_t wall_ns;

	if (json_unpack(value, "{s:s, s:s, s:s, s:I, s:s, s:s}", "tunnel", &entry.tunnel, "peer",
			&entry.peer, "endpoint", &entry.endpoint, "path_mtu_bytes", &entry.mtu,
			"how", &entry.how, "measured", &entry.measured) < 0)
		return -EINVAL;
	if (!is_text(entry.tunnel, 1) || !is_text(entry.peer, 0) ||
	    address_parse(entry.endpoint, &measure.endpoint) < 0 || entry.mtu < MTU_LEAST ||
	    entry.mtu > MTU_MOST || measure_how_parse(entry.how, &measure.how) < 0 ||
	    parse_time(entry.measured, &wall_ns) < 0)
		return -EINVAL;
	if (!place_in_time(wall_ns, now, &measure.at_ns))
		return 0;
	measure.mtu = (uint32_t)entry.mtu;
	measure.tunnel = strdup(entry.tunnel);
	measure.peer = strdup(entry.peer);
	if (!measure.tunnel || !measure.peer) {
		measure_done(&measure);
		return -ENOMEM;
	}
	*ret_measure = measure;
	return 1;
}

/* Takes the measure. */
static int append(struct path_memory *memory, struct path_measure *measure)
{
	void *list = memory->list;
	int r = array_reserve(&list, &memory->capacity, memory->count + 1, sizeof(*measure));

	if (r < 0) {
		measure_done(measure);
		return r;
	}
	memory->list = list;
	memory->list[memory->count++] = *measure;
	return 0;
}

static int compare_ages(const void *a, const void *b)
{
	int64_t x = ((const struct path_measure *)a)->at_ns;
	int64_t y = ((const struct path_measure *)b)->at_ns;

	return (x < y) - (x > y); /* the newest first */
}

static bool same_path(const struct path_measure *a, const struct path_measure *b)
{
	return path_measure_compare(a, b) == 0 && address_equal(&a->endpoint, &b->endpoint);
}

/* By path, the newest of one path first. */
static int compare_paths(const void *a, const void *b)
{
	const struct path_measure *x = a, *y = b;
	int order = path_measure_compare(x, y);

	if (order == 0)
		order = address_compare(&x->endpoint, &y->endpoint);
	return order ? order : compare_ages(a, b);
}

/* One measure a path, no more than there may be, in order. */
static void tidy(struct path_memory *memory)
{
	size_t kept = 0;

	if (memory->count == 0)
		return;
	qsort(memory->list, memory->count, sizeof(*memory->list), compare_paths);
	for (size_t i = 0; i < memory->count; i++) {
		if (kept > 0 && same_path(&memory->list[kept - 1], &memory->list[i]))
			measure_done(&memory->list[i]);
		else
			memory->list[kept++] = memory->list[i];
	}
	memory->count = kept;
	if (kept <= PATH_MEMORY_MAX)
		return;
	qsort(memory->list, memory->count, sizeof(*memory->list), compare_ages);
	while (memory->count > PATH_MEMORY_MAX)
		measure_done(&memory->list[--memory->count]);
	qsort(memory->list, memory->count, sizeof(*memory->list), compare_paths);
}

static int read_paths(const json_t *paths, const struct path_memory_clock *now,
		      struct path_memory *memory, size_t *strange)
{
	size_t count = json_array_size(paths);
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		struct path_measure measure;

		r = read_entry(json_array_get(paths, i), now, &measure);
		if (r > 0)
			r = append(memory, &measure);
		if (r == -EINVAL) {
			++*strange;
			r = 0;
		}
	}
	return r < 0 ? r : 0;
}

int path_memory_parse(const char *text, size_t len, const struct path_memory_clock *now,
		      struct path_memory *ret_memory, size_t *ret_strange)
{
	json_t *root = json_loadb(text, len, 0, NULL);
	const json_t *paths = json_object_get(root, "paths");
	struct path_memory memory = { 0 };
	size_t strange = 0;
	int r = -EBADMSG;

	if (json_is_array(paths) && json_integer_value(json_object_get(root, "schema")) == SCHEMA)
		r = read_paths(paths, now, &memory, &strange);
	json_decref(root);
	if (r < 0) {
		path_memory_done(&memory);
		return r;
	}
	tidy(&memory);
	*ret_memory = memory;
	if (ret_strange)
		*ret_strange = strange;
	return 0;
}

/* A measure as one line; owned, or NULL: no memory, or it cannot be named. */
static char *format_entry(const struct path_measure *measure, const struct path_memory_clock *now)
{
	int64_t wall_ns = now->wall_ns - (now->boot_ns - measure->at_ns);
	time_t seconds = wall_ns > 0 ? (time_t)(wall_ns / SECOND_NS) : 0;
	char endpoint[PREFIX_TEXT_MAX], measured[TIME_MAX];
	struct tm parts;
	json_t *value;
	char *line;

	gmtime_r(&seconds, &parts);
	strftime(measured, sizeof(measured), "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (!is_text(measure->tunnel, 1) || !is_text(measure->peer, 0))
		return NULL;
	value = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "tunnel", measure->tunnel, "peer",
			  measure->peer, "endpoint", address_format(&measure->endpoint, endpoint),
			  "path_mtu_bytes", (json_int_t)measure->mtu, "how",
			  measure_how_name(measure->how), "measured", measured);
	line = value ? json_dumps(value, 0) : NULL;
	json_decref(value);
	return line;
}

/* The newest first, up to what the file may have. */
static void write_entries(FILE *out, const struct path_measure *measures, size_t count,
			  const struct path_memory_clock *now, size_t room)
{
	const char *before = "\n";

	for (size_t i = 0; i < count; i++) {
		char *line = format_entry(&measures[i], now);
		size_t len = line ? strlen(line) + 2 : 0;

		if (line && len > room) {
			free(line);
			return;
		}
		if (line)
			fprintf(out, "%s%s", before, line);
		before = line ? ",\n" : before;
		room -= len;
		free(line);
	}
}

char *path_memory_format(const struct path_measure *measures, size_t count,
			 const struct path_memory_clock *now, size_t *ret_len)
{
	struct path_measure *sorted = calloc(count + 1, sizeof(*sorted));
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (sorted && out) {
		if (count > 0)
			memcpy(sorted, measures, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare_ages);
		fputs("{\"schema\": 1, \"paths\": [", out);
		write_entries(out, sorted, count < PATH_MEMORY_MAX ? count : PATH_MEMORY_MAX, now,
			      PATH_MEMORY_BYTES_MAX - 64);
		fputs("\n]}\n", out);
	}
	if (out && fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	if (!sorted) {
		free(text);
		text = NULL;
	}
	free(sorted);
	return text;
}
