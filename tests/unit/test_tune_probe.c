/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/array.h"
#include "ctl/tune/tune.h"
#include "ctl/tune/tune_probe.h"

#define NUMBERS(result, path, inner, endpoint)                                                     \
	"{\"result\":\"" result "\",\"path_mtu_bytes\":" #path ",\"inner_mtu_bytes\":" #inner            \
	",\"endpoint\":" endpoint ",\"fragmented_outside\":null}"

static const struct {
	const char *name, *reply, *address;
	enum tune_probe_state state;
	uint32_t mtu;
	bool outside;
} answers[] = {
	/* clang-format off */
	{ "a host inside",      NUMBERS("ok", 1400, 1328, "\"198.51.100.2:51820\""), "10.8.0.2", TUNE_PROBE_MEASURED, 1328, false },
	{ "the endpoint",       NUMBERS("ok", 1400, 1328, "\"198.51.100.2:51820\""), "198.51.100.2", TUNE_PROBE_MEASURED, 1400, true },
	{ "begins like it",     NUMBERS("ok", 1400, 1328, "\"198.51.100.2:51820\""), "198.51.100.22", TUNE_PROBE_MEASURED, 1328, false },
	{ "it begins like it",  NUMBERS("ok", 1400, 1328, "\"198.51.100.22:7\""), "198.51.100.2", TUNE_PROBE_MEASURED, 1328, false },
	{ "of IPv6",            NUMBERS("ok", 1400, 1320, "\"[2001:db8::2]:51820\""), "2001:db8::2", TUNE_PROBE_MEASURED, 1400, true },
	{ "nobody's host",      NUMBERS("black_hole", 1400, null, "null"), "198.51.100.2", TUNE_PROBE_MEASURED, 1400, true },
	{ "no answer",          NUMBERS("no_answer", 1500, null, "null"), "198.51.100.2", TUNE_PROBE_NO_ANSWER, 1500, true },
	{ "could not be asked", "{\"refused_total\": 3, " "\"result\": \"no_answer\"}", "198.51.100.2", TUNE_PROBE_FAILED, 0, true },
	{ "nothing known",      NUMBERS("ok", null, null, "null"), "198.51.100.2", TUNE_PROBE_FAILED, 0, true },
	/* clang-format on */
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		json_t *reply = json_loads(answers[i].reply, 0, NULL);
		struct tune_probe probe;

		assert_non_null(reply);
		if (json_is_string(json_object_get(reply, "endpoint")))
			json_object_set_new(reply, "tunnel", json_string("wg0"));
		tune_probe_read(reply, answers[i].address, &probe);
		if (probe.state != answers[i].state || probe.mtu != answers[i].mtu ||
		    probe.outside != answers[i].outside)
			fail_msg("%s: %u, %d", answers[i].name, probe.mtu, probe.outside);
		json_decref(reply);
	}
}

static const struct {
	const char *name;
	struct tune_probe probe;
	enum tune_outcome outcome;
	uint32_t mss; /* of IPv4: the packet has 40 more */
	enum tune_verdict trouble;
	const char *via;
	int agrees;
	const char *word; /* of why */
} comparisons[] = {
	/* clang-format off */
	{ "the same",          { TUNE_PROBE_MEASURED, 1400, false, false, false, "" }, TUNE_LIMITED, 1360, TUNE_STALLED, NULL, 1, "the same" },
	{ "all that is used",  { TUNE_PROBE_MEASURED, 9000, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, 1, "more would pass" },
	{ "loss under load",   { TUNE_PROBE_MEASURED, 1500, false, false, false, "" }, TUNE_LIMITED, 1360, TUNE_LOSS, NULL, 0, "under load" },
	{ "cut on the way",    { TUNE_PROBE_MEASURED, 1500, false, false, false, "" }, TUNE_LIMITED, 1360, TUNE_FRAGMENTS, NULL, 0, "fragments" },
	{ "TCP alone vanishes", { TUNE_PROBE_MEASURED, 1500, false, false, false, "" }, TUNE_LIMITED, 1360, TUNE_STALLED, NULL, 0, "vanish" },
	{ "another way",       { TUNE_PROBE_MEASURED, 1500, false, false, false, "" }, TUNE_LIMITED, 1360, TUNE_STALLED, "wg0", 0, "--via" },
	{ "a router's word",   { TUNE_PROBE_MEASURED, 1300, true, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, 0, "a router" },
	{ "pieces",            { TUNE_PROBE_MEASURED, 1300, false, true, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, 0, "counts as too large" },
	{ "less",              { TUNE_PROBE_MEASURED, 1300, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, 0, "rules" },
	{ "no size",           { TUNE_PROBE_MEASURED, 1300, false, false, false, "" }, TUNE_NONE_PASS, 0, TUNE_LOSS, NULL, -1, "no size" },
	{ "no daemon",         { TUNE_PROBE_NO_DAEMON, 0, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, -1, "no mssclampd answers" },
	{ "may not",           { TUNE_PROBE_DENIED, 0, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, -1, "root" },
	{ "no answer",         { TUNE_PROBE_NO_ANSWER, 1500, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, -1, "answers" },
	{ "failed",            { TUNE_PROBE_FAILED, 0, false, false, false, "" }, TUNE_ALL_PASS, 1460, TUNE_GOOD, NULL, -1, "could not" },
	/* clang-format on */
};

static void test_comparisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(comparisons); i++) {
		const struct tune_options options = { .via = comparisons[i].via };
		static struct tune_report report;
		const char *why = "";
		int agrees;

		report = (struct tune_report){
			.runs = { { .verdict = comparisons[i].trouble } }, .count = 1,
			.family = FAMILY_IPV4, .largest_mss = comparisons[i].mss,
			.outcome = comparisons[i].outcome, .probe = comparisons[i].probe,
		};
		agrees = tune_probe_compare(&options, &report, &why);
		if (agrees != comparisons[i].agrees || !strstr(why, comparisons[i].word))
			fail_msg("%s: %d, %s", comparisons[i].name, agrees, why);
	}
}

/* Of the way by a tunnel what fits in it counts: more arrives, and in pieces. */
static void test_behind_a_tunnel(void **state)
{
	static const struct {
		const char *name;
		struct probe_around around;
		uint32_t mtu; /* then */
		bool pieces, outside;
	} rows[] = {
		{ "no tunnel", { .inner_mtu = 1350 }, 1450, false, true },
		{ "wider", { .through = true, .tunnel = "vx0", .inner_mtu = 1500 }, 1450, false, false },
		{ "narrower", { .through = true, .tunnel = "vx0", .inner_mtu = 1350 }, 1350, true, false },
		{ "unknown", { .through = true, .tunnel = "vx0" }, 1450, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tune_probe probe = { .state = TUNE_PROBE_MEASURED, .mtu = 1450,
					    .outside = true };

		tune_probe_note_way(&rows[i].around, &probe);
		if (probe.mtu != rows[i].mtu || probe.in_pieces != rows[i].pieces ||
		    probe.outside != rows[i].outside || strcmp(probe.tunnel, rows[i].around.tunnel))
			fail_msg("%s: %u", rows[i].name, probe.mtu);
	}
}

/* What is said above does not contradict what stands below. */
static void test_sentences(void **state)
{
	static const struct {
		const char *name;
		struct tune_probe probe;
		enum tune_outcome outcome;
		uint32_t daemon;
		const char *says, *not;
		bool rule;
	} rows[] = {
		{ "all agree", { TUNE_PROBE_MEASURED, 1400, false, false, false, "" }, TUNE_ALL_PASS,
		  1360, "nothing to do", "see below", false },
		{ "probe says less", { TUNE_PROBE_MEASURED, 1300, false, false, false, "" },
		  TUNE_ALL_PASS, 1360, "Not all agree: see below", "nothing to do", false },
		{ "mssclampd allows more", { TUNE_PROBE_MEASURED, 1400, false, false, false, "" },
		  TUNE_ALL_PASS, 1460, "Not all agree: see below", "nothing to do", false },
		{ "a far end", { TUNE_PROBE_MEASURED, 1400, false, false, false, "" }, TUNE_LIMITED,
		  1460, "mssclampctl probe 10.8.0.2 finds it", "this rule", false },
		{ "an endpoint", { TUNE_PROBE_MEASURED, 1400, false, false, true, "" }, TUNE_LIMITED,
		  1460, "No tunnel leads there", "mssclampctl probe", true },
		{ "behind a tunnel", { TUNE_PROBE_MEASURED, 1400, false, false, false, "vx0" },
		  TUNE_LIMITED, 1460, "mssclampctl probe vx0 finds it", "probe 10.8", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tune_options options = { .host = "h", .port = "1" };
		static struct tune_report report;
		const char *says;
		json_t *json;

		report = (struct tune_report){
			.runs = { { .verdict = TUNE_STALLED } }, .count = 1, .remote = "10.8.0.2",
			.family = FAMILY_IPV4, .largest_mss = 1360, .outcome = rows[i].outcome,
			.probe = rows[i].probe, .daemon_asked = true, .daemon_mss = rows[i].daemon,
		};
		json = tune_to_json(&options, &report);
		says = json_string_value(json_object_get(json, "says"));
		if (!strstr(says, rows[i].says) || strstr(says, rows[i].not) ||
		    json_is_string(json_object_get(json, "rule")) != rows[i].rule)
			fail_msg("%s: %s", rows[i].name, says);
		json_decref(json);
	}
}

/* Only where it does not run is it said to. */
static const struct {
	enum ctl_exit code;
	char message[16];
	enum tune_probe_state state;
	const char *why;
} errors[] = {
	{ CTL_NOT_RUNNING, "cannot reach",  TUNE_PROBE_NO_DAEMON, "no mssclampd answers here" },
	{ CTL_DENIED,      "not permitted", TUNE_PROBE_DENIED,
	  "it may be asked by root and the group of its socket alone" },
	{ CTL_UNKNOWN,     "no answer",     TUNE_PROBE_FAILED, "no answer" },
	{ CTL_FAILED,      "no such flow",  TUNE_PROBE_FAILED, "no such flow" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		static struct tune_report report;
		char message[16];
		struct client_error error = { .code = errors[i].code, .message = message };
		struct tune_options options = { .host = "h", .port = "1" };
		json_t *json;

		memcpy(message, errors[i].message, sizeof(message));
		tune_probe_note_error(&error, &report);
		assert_int_equal(report.probe.state, errors[i].state);
		json = tune_to_json(&options, &report);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(json, "daemon"), "why")),
				    errors[i].why);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_behind_a_tunnel),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("tune_probe", tests, NULL, NULL);
}
