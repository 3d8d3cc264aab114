/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/paths/path_memory.h"

#define S INT64_C(1000000000)
#define HOUR (3600 * S)
#define DAY (24 * HOUR)

/* 2026-11-25T18:52:00Z, a machine that has run for two hours. */
static const struct path_memory_clock now = { .boot_ns = 2 * HOUR, .wall_ns = 1795632720 * S };

#define ENTRY(members) "{\"schema\": 1, \"paths\": [{" members "}]}"
#define WITH(tunnel, peer, endpoint, mtu, how, measured) \
	"\"tunnel\": " tunnel ", \"peer\": " peer ", \"endpoint\": " endpoint \
	", \"path_mtu_bytes\": " mtu ", \"how\": " how ", \"measured\": " measured
#define T "\"wg0\""
#define P "\"key=\""
#define E "\"192.0.2.7\""
#define H "\"inside\""
#define M "\"2026-11-25T18:51:20Z\""
#define WHOLE WITH(T, P, E, "1433", H, M)
#define GOOD "wg0 key= 192.0.2.7 1433 inside -40, "

static void tell(const struct path_memory *memory, int64_t boot_ns, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < memory->count && len < size; i++) {
		const struct path_measure *measure = &memory->list[i];
		char endpoint[PREFIX_TEXT_MAX];

		len += (size_t)snprintf(text + len, size - len, "%s %s %s %u %s %" PRId64 ", ",
					measure->tunnel, measure->peer,
					address_format(&measure->endpoint, endpoint), measure->mtu,
					measure_how_name(measure->how),
					(measure->at_ns - boot_ns) / S);
	}
}

static const struct {
	const char *name, *text, *told; /* seconds from now; NULL: -EBADMSG */
	size_t strange;
} texts[] = {
	{ "one", ENTRY(WHOLE), GOOD, 0 },
	{ "none", "{\"schema\": 1, \"paths\": []}", "", 0 },
	{ "members nobody knows", "{\"schema\": 1, \"boot_id\": \"x\", \"paths\": [{\"colour\": [7], "
	  WHOLE "}]}", GOOD, 0 },
	{ "IPv6, a link with one far end", ENTRY(WITH(T, "\"\"", "\"2001:db8::7\"", "1280", "\"icmp\"", M)),
	  "wg0  2001:db8::7 1280 icmp -40, ", 0 },
	{ "UTF-8", ENTRY(WITH("\"tunnel\\u00e9\"", "\"\\ud83d\\ude00\"", E, "1433", "\"outside\"", M)),
	  "tunnel\u00e9 \U0001F600 192.0.2.7 1433 outside -40, ", 0 },
	{ "least and most", "{\"schema\": 1, \"paths\": [{" WITH("\"a\"", P, E, "68", H, M) "}, {"
	  WITH("\"b\"", P, E, "65535", H, M) "}]}",
	  "a key= 192.0.2.7 68 inside -40, b key= 192.0.2.7 65535 inside -40, ", 0 },
	{ "in order", "{\"schema\": 1, \"paths\": [{" WITH("\"b\"", P, E, "1433", H, M) "}, {"
	  WITH("\"a\"", "\"y\"", E, "1433", H, M) "}, {" WITH("\"a\"", "\"x\"", E, "1433", H, M) "}]}",
	  "a x 192.0.2.7 1433 inside -40, a y 192.0.2.7 1433 inside -40, "
	  "b key= 192.0.2.7 1433 inside -40, ", 0 },
	{ "twice: the newer", "{\"schema\": 1, \"paths\": [{" WHOLE "}, {"
	  WITH(T, P, E, "1400", H, "\"2026-11-25T18:51:30Z\"") "}]}",
	  "wg0 key= 192.0.2.7 1400 inside -30, ", 0 },
	{ "two endpoints", "{\"schema\": 1, \"paths\": [{" WHOLE "}, {"
	  WITH(T, P, "\"192.0.2.8\"", "1400", H, M) "}]}",
	  GOOD "wg0 key= 192.0.2.8 1400 inside -40, ", 0 },
	/* times */
	{ "before the machine started", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T12:52:00Z\"")),
	  "wg0 key= 192.0.2.7 1433 inside -21600, ", 0 },
	{ "30 days", ENTRY(WITH(T, P, E, "1433", H, "\"2026-10-26T18:52:00Z\"")),
	  "wg0 key= 192.0.2.7 1433 inside -2592000, ", 0 },
	{ "30 days and a second", ENTRY(WITH(T, P, E, "1433", H, "\"2026-10-26T18:51:59Z\"")), "", 0 },
	{ "1970", ENTRY(WITH(T, P, E, "1433", H, "\"1970-01-01T00:00:00Z\"")), "", 0 },
	{ "a minute ahead", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T18:53:00Z\"")),
	  "wg0 key= 192.0.2.7 1433 inside 0, ", 0 },
	{ "further ahead", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T18:53:01Z\"")),
	  "wg0 key= 192.0.2.7 1433 inside -86400, ", 0 },
	{ "far ahead", ENTRY(WITH(T, P, E, "1433", H, "\"2200-12-31T23:59:59Z\"")),
	  "wg0 key= 192.0.2.7 1433 inside -86400, ", 0 },
	/* no measures */
	{ "one of three", "{\"schema\": 1, \"paths\": [7, {" WHOLE "}, {}]}", GOOD, 2 },
	{ "no tunnel", ENTRY(WITH("\"\"", P, E, "1433", H, M)), "", 1 },
	{ "a number for a name", ENTRY(WITH("7", P, E, "1433", H, M)), "", 1 },
	{ "null for a peer", ENTRY(WITH(T, "null", E, "1433", H, M)), "", 1 },
	{ "a line break", ENTRY(WITH("\"wg0\\n\"", P, E, "1433", H, M)), "", 1 },
	{ "no address", ENTRY(WITH(T, P, "\"localhost\"", "1433", H, M)), "", 1 },
	{ "a prefix", ENTRY(WITH(T, P, "\"192.0.2.0/24\"", "1433", H, M)), "", 1 },
	{ "too small", ENTRY(WITH(T, P, E, "67", H, M)), "", 1 },
	{ "too large", ENTRY(WITH(T, P, E, "65536", H, M)), "", 1 },
	{ "negative", ENTRY(WITH(T, P, E, "-1433", H, M)), "", 1 },
	{ "4294968729", ENTRY(WITH(T, P, E, "4294968729", H, M)), "", 1 },
	{ "no whole number", ENTRY(WITH(T, P, E, "1433.0", H, M)), "", 1 },
	{ "as nobody measures", ENTRY(WITH(T, P, E, "1433", "\"guess\"", M)), "", 1 },
	{ "no time", ENTRY(WITH(T, P, E, "1433", H, "\"yesterday\"")), "", 1 },
	{ "no zone", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T18:51:20\"")), "", 1 },
	{ "more behind it", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T18:51:20Z \"")), "", 1 },
	{ "the 31st of June", ENTRY(WITH(T, P, E, "1433", H, "\"2026-06-31T18:51:20Z\"")), "", 1 },
	{ "year 2201", ENTRY(WITH(T, P, E, "1433", H, "\"2201-01-01T00:00:00Z\"")), "", 1 },
	{ "1969", ENTRY(WITH(T, P, E, "1433", H, "\"1969-12-31T23:59:59Z\"")), "", 1 },
	{ "one digit", ENTRY(WITH(T, P, E, "1433", H, "\"2026-11-25T8:51:20Z\"")), "", 1 },
	/* no memory */
	{ "nothing", "", NULL, 0 },
	{ "another schema", "{\"schema\": 2, \"paths\": []}", NULL, 0 },
	{ "no schema", "{\"paths\": []}", NULL, 0 },
	{ "no paths", "{\"schema\": 1}", NULL, 0 },
	{ "paths as an object", "{\"schema\": 1, \"paths\": {}}", NULL, 0 },
	{ "a list", "[]", NULL, 0 },
	{ "two texts", "{\"schema\": 1, \"paths\": []}{}", NULL, 0 },
	{ "bytes that are no UTF-8", ENTRY(WITH("\"\xff\"", P, E, "1433", H, M)), NULL, 0 },
	{ "a NUL in a name", ENTRY(WITH("\"a\\u0000b\"", P, E, "1433", H, M)), NULL, 0 },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct path_memory memory = { 0 };
		size_t strange = 0;
		char told[512];
		int r = path_memory_parse(texts[i].text, strlen(texts[i].text), &now, &memory,
					  &strange);

		tell(&memory, now.boot_ns, told, sizeof(told));
		if (r != (texts[i].told ? 0 : -EBADMSG) || strange != texts[i].strange ||
		    strcmp(told, texts[i].told ? texts[i].told : "") != 0)
			fail_msg("%s: %d, %zu strange: %s", texts[i].name, r, strange, told);
		path_memory_done(&memory);
	}
}

static struct path_measure measure(const char *tunnel, const char *peer, const char *endpoint,
				   uint32_t mtu, int64_t at_ns)
{
	struct path_measure one = { .tunnel = tunnel, .peer = peer, .mtu = mtu,
				    .how = MEASURE_INSIDE, .at_ns = at_ns };

	assert_int_equal(address_parse(endpoint, &one.endpoint), 0);
	return one;
}

/* Two measures, one from before the machine started. Returns owned. */
static char *two(size_t *ret_len)
{
	const struct path_measure measures[] = {
		measure("wg0", "a \"key\"\\", "192.0.2.7", 1433, now.boot_ns - 40 * S),
		measure("wg0", "b", "2001:db8::7", 1280, -DAY),
	};
	char *text = path_memory_format(measures, COUNT(measures), &now, ret_len);

	assert_non_null(text);
	return text;
}

static void test_format(void **state)
{
	size_t len;
	char *text = two(&len);

	(void)state;
	assert_string_equal(text,
		"{\"schema\": 1, \"paths\": [\n"
		"{\"tunnel\": \"wg0\", \"peer\": \"a \\\"key\\\"\\\\\", \"endpoint\": \"192.0.2.7\", "
		"\"path_mtu_bytes\": 1433, \"how\": \"inside\", "
		"\"measured\": \"2026-11-25T18:51:20Z\"},\n"
		"{\"tunnel\": \"wg0\", \"peer\": \"b\", \"endpoint\": \"2001:db8::7\", "
		"\"path_mtu_bytes\": 1280, \"how\": \"inside\", "
		"\"measured\": \"2026-11-24T16:52:00Z\"}\n"
		"]}\n");
	assert_int_equal(len, strlen(text));
	free(text);
}

static void test_nothing(void **state)
{
	size_t len;
	char *text = path_memory_format(NULL, 0, &now, &len);
	struct path_memory memory;

	(void)state;
	assert_non_null(text);
	assert_int_equal(path_memory_parse(text, len, &now, &memory, NULL), 0);
	assert_int_equal(memory.count, 0);
	path_memory_done(&memory);
	free(text);
}

/* Cut anywhere it is damaged and gives nothing; the last line break alone does not matter. */
static void test_cut_anywhere(void **state)
{
	size_t len;
	char *text = two(&len);

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		struct path_memory memory = { 0 };
		char *copy = malloc(cut + 1);
		int r;

		assert_non_null(copy);
		memcpy(copy, text, cut);
		copy = realloc(copy, cut ? cut : 1);
		r = path_memory_parse(copy, cut, &now, &memory, NULL);
		assert_int_equal(r, cut + 1 >= len ? 0 : -EBADMSG);
		assert_int_equal(memory.count, r == 0 ? 2 : 0);
		path_memory_done(&memory);
		free(copy);
	}
	free(text);
}

/* What a measure is read as by a later machine: other clocks, and how old it is then. */
static const struct {
	const char *name;
	struct path_memory_clock later;
	int64_t age_s; /* -1: forgotten */
} clocks[] = {
	{ "at once",                         { 2 * HOUR, 1795632720 * S },              40 },
	{ "rebooted a minute later",         { 5 * S, 1795632780 * S },                100 },
	{ "rebooted a month later",          { 5 * S, 1795632720 * S + 31 * DAY },      -1 },
	{ "the clock is a year ahead",       { 5 * S, 1795632720 * S + 365 * DAY },     -1 },
	{ "the clock is an hour behind",     { 5 * S, 1795632720 * S - HOUR },       86400 },
	{ "the clock begins in 1970",        { 5 * S, 5 * S },                       86400 },
	{ "the clock is before 1970",        { 5 * S, -5 * S },                      86400 },
	{ "a second behind",                 { 5 * S, 1795632679 * S },                  0 },
};

static void test_other_clocks(void **state)
{
	const struct path_measure one = measure("wg0", "a", "192.0.2.7", 1433,
						now.boot_ns - 40 * S);
	size_t len;
	char *text = path_memory_format(&one, 1, &now, &len);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(clocks); i++) {
		struct path_memory memory;
		int64_t age_s;

		assert_int_equal(path_memory_parse(text, len, &clocks[i].later, &memory, NULL), 0);
		age_s = memory.count ? (clocks[i].later.boot_ns - memory.list[0].at_ns) / S : -1;
		if (age_s != clocks[i].age_s)
			fail_msg("%s: %" PRId64 " s", clocks[i].name, age_s);
		path_memory_done(&memory);
	}
	free(text);
}

/* A clock that lies from one start to the next keeps nobody young. */
static void test_no_eternal_youth(void **state)
{
	struct path_memory_clock lying = { .boot_ns = 60 * S, .wall_ns = 60 * S };
	struct path_measure one = measure("wg0", "a", "192.0.2.7", 1433, 50 * S);

	(void)state;
	for (int start = 0; start < 5; start++) {
		size_t len;
		char *text = path_memory_format(&one, 1, start ? &lying : &now, &len);
		struct path_memory memory;

		assert_non_null(text);
		assert_int_equal(path_memory_parse(text, len, &lying, &memory, NULL), 0);
		assert_int_equal(memory.count, 1);
		if (start == 0)
			assert_true(lying.boot_ns - memory.list[0].at_ns >= DAY);
		assert_true(memory.list[0].at_ns <= lying.boot_ns - 50 * S);
		one.at_ns = memory.list[0].at_ns;
		path_memory_done(&memory);
		free(text);
	}
}

static struct path_measure *many(size_t count, const char *tunnel, char (*ids)[24])
{
	struct path_measure *measures = calloc(count, sizeof(*measures));

	assert_non_null(measures);
	for (size_t i = 0; i < count; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%06zu", i);
		measures[i] = measure(tunnel, ids[i], "192.0.2.7", 1433, now.boot_ns - (int64_t)i * S);
	}
	return measures;
}

/* More than may be: the oldest are left out, when they are written and when they are read. */
static void test_too_many(void **state)
{
	const size_t count = PATH_MEMORY_MAX + 100;
	char (*ids)[24] = calloc(count, sizeof(*ids));
	struct path_measure *measures = many(count, "wg0", ids);
	struct path_memory memory;
	char *text, *more, *end;
	size_t len;

	(void)state;
	text = path_memory_format(measures, count, &now, &len);
	assert_non_null(text);
	assert_int_equal(path_memory_parse(text, len, &now, &memory, NULL), 0);
	assert_int_equal(memory.count, PATH_MEMORY_MAX);
	assert_string_equal(memory.list[0].peer, "000000");
	assert_string_equal(memory.list[PATH_MEMORY_MAX - 1].peer, "019999");
	path_memory_done(&memory);
	/* The same by hand: two newer ones behind the last. */
	more = malloc(len + 1024);
	assert_non_null(more);
	memcpy(more, text, len + 1);
	end = strstr(more, "\n]}");
	assert_non_null(end);
	strcpy(end, ",\n{" WITH("\"wg1\"", P, E, "1400", H, M) "},\n{"
		    WITH("\"wg2\"", P, E, "1400", H, M) "}]}");
	assert_int_equal(path_memory_parse(more, strlen(more), &now, &memory, NULL), 0);
	assert_int_equal(memory.count, PATH_MEMORY_MAX);
	assert_string_equal(memory.list[PATH_MEMORY_MAX - 3].peer, "019997");
	assert_string_equal(memory.list[PATH_MEMORY_MAX - 1].tunnel, "wg2");
	path_memory_done(&memory);
	free(more);
	free(text);
	free(measures);
	free(ids);
}

/* Long names: the file stays as small as it may be read. */
static void test_too_large(void **state)
{
	const size_t count = PATH_MEMORY_MAX;
	char (*ids)[24] = calloc(count, sizeof(*ids)), name[PATH_MEMORY_TEXT_MAX + 2];
	struct path_measure *measures;
	struct path_memory memory;
	char *text;
	size_t len;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[PATH_MEMORY_TEXT_MAX] = '\0';
	measures = many(count, name, ids);
	text = path_memory_format(measures, count, &now, &len);
	assert_non_null(text);
	assert_in_range(len, PATH_MEMORY_BYTES_MAX - 2048, PATH_MEMORY_BYTES_MAX);
	assert_int_equal(path_memory_parse(text, len, &now, &memory, NULL), 0);
	assert_in_range(memory.count, 7000, 8000);
	assert_string_equal(memory.list[0].peer, "000000");
	path_memory_done(&memory);
	free(text);
	/* One byte more is no name; neither is what is no UTF-8. */
	name[PATH_MEMORY_TEXT_MAX] = 'x';
	name[PATH_MEMORY_TEXT_MAX + 1] = '\0';
	measures[1].tunnel = "\xff";
	measures[2].tunnel = "wg0";
	text = path_memory_format(measures, 3, &now, &len);
	assert_non_null(text);
	assert_int_equal(path_memory_parse(text, len, &now, &memory, NULL), 0);
	assert_int_equal(memory.count, 1);
	path_memory_done(&memory);
	free(text);
	free(measures);
	free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_clocks),
		cmocka_unit_test(test_no_eternal_youth),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests_name("path_memory_text", tests, NULL, NULL);
}
