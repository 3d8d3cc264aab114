/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "notify/alarm.h"

#define FIRED(name)                                                                                \
	"{\"event\":\"alert_fired\",\"message\":\"told\",\"new\":{\"alert\":\"" name              \
	"\",\"value\":12.5,\"threshold\":5}}"
#define CLEARED(name)                                                                              \
	"{\"event\":\"alert_cleared\",\"message\":\"over\",\"old\":{\"alert\":\"" name            \
	"\",\"value\":null,\"threshold\":5}}"

static json_t *load(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	if (!value)
		fail_msg("%s is no JSON", text);
	return value;
}

/* One after the other. */
static const struct {
	const char *name, *event;
	bool told, firing;
} course[] = {
	{ "fires",              FIRED("drops"), true, true },
	{ "again",              FIRED("drops"), false, false },
	{ "another",            FIRED("fail_open"), true, true },
	{ "something else",     "{\"event\":\"peer_changed\",\"new\":{\"alert\":\"x\"}}", false, false },
	{ "is over",            CLEARED("drops"), true, false },
	{ "is over again",      CLEARED("drops"), false, false },
	{ "never fired",        CLEARED("fragments_ipv4"), false, false },
	{ "no name",            FIRED(""), false, false },
	{ "a name of a command", FIRED("a;b"), false, false },
	{ "a name of two lines", FIRED("a\\nb"), false, false },
	{ "a long name",        FIRED("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false, false },
	{ "no object",          "{\"event\":\"alert_fired\",\"new\":7}", false, false },
	{ "no event",           "{}", false, false },
	{ "the other is over",  CLEARED("fail_open"), true, false },
};

static void test_events(void **state)
{
	struct alarms alarms = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(course); i++) {
		json_t *event = load(course[i].event);
		struct alarm_message message;
		bool told = alarms_note_event(&alarms, event, &message);

		if (told != course[i].told || (told && message.firing != course[i].firing))
			fail_msg("%s", course[i].name);
		json_decref(event);
	}
	assert_int_equal(alarms.count, 0);
}

static void test_a_message(void **state)
{
	struct alarms alarms = { .count = 0 };
	json_t *event = load("{\"event\":\"alert_fired\",\"message\":\"two\\nlines\",\"new\":"
			     "{\"alert\":\"drops\",\"value\":12.5,\"threshold\":5}}");
	struct alarm_message message;

	(void)state;
	assert_true(alarms_note_event(&alarms, event, &message));
	assert_string_equal(message.alert, "drops");
	assert_string_equal(message.text, "two lines");
	assert_true(message.value == 12.5 && message.threshold == 5);
	json_decref(event);
	event = load(CLEARED("drops"));
	assert_true(alarms_note_event(&alarms, event, &message));
	assert_true(message.value == -1); /* unknown */
	json_decref(event);
}

/* What a status makes of it where people know of "drops". */
static const struct {
	const char *name, *status;
	const char *told; /* NULL: nothing */
	bool waits;
} looks[] = {
	/* clang-format off */
	{ "goes on",        "{\"alerts\":[{\"alert\":\"drops\"}],\"alerts_settled\":[\"drops\"]}", NULL, false },
	{ "is over",        "{\"alerts\":[],\"alerts_settled\":[\"fail_open\",\"drops\"]}",
	                    "alert drops is over; when is not known", false },
	{ "not measured",   "{\"alerts\":[],\"alerts_settled\":[\"fail_open\"]}", NULL, true },
	{ "another daemon", "{\"alerts\":[]}", NULL, true },
	{ "no list",        "{\"alerts\":[],\"alerts_settled\":7}", NULL, true },
	{ "says nothing",   "{}", NULL, false },
	/* clang-format on */
};

static void test_what_a_status_tells(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct alarms alarms = { .firing = { "drops" }, .count = 1 };
		json_t *status = load(looks[i].status);
		struct alarm_message message = { .firing = true };
		bool told = alarms_note_status(&alarms, status, &message);

		if (told != !!looks[i].told || alarms.waits != looks[i].waits ||
		    alarms.count == told)
			fail_msg("%s", looks[i].name);
		if (told)
			assert_string_equal(message.text, looks[i].told);
		json_decref(status);
	}
}

static void test_what_was_missed(void **state)
{
	struct alarms alarms = { .firing = { "drops" }, .count = 1 };
	json_t *status = load("{\"alerts\":[{\"alert\":\"fail_open\",\"value\":2,\"threshold\":1,"
			      "\"unit\":\"SYNs\"},{\"alert\":\"../x\"},5],"
			      "\"alerts_settled\":[\"drops\",\"fail_open\"]}");
	struct alarm_message message;

	(void)state;
	assert_true(alarms_note_status(&alarms, status, &message));
	assert_false(message.firing);
	assert_true(alarms_note_status(&alarms, status, &message));
	assert_string_equal(message.text, "alert fail_open: 2.0 SYNs, threshold 1.0");
	assert_true(message.firing);
	assert_false(alarms_note_status(&alarms, status, &message));
	assert_int_equal(alarms.count, 1);
	json_decref(status);
}

/* Its counter has begun anew while it fires: the marker of that is no number for people. */
static void test_a_value_nobody_knows(void **state)
{
	struct alarms alarms = { .count = 0 };
	json_t *status = load("{\"alerts\":[{\"alert\":\"drops\",\"value\":null,\"threshold\":0.1,"
			      "\"unit\":\"SYNs a second\"}],\"alerts_settled\":[]}");
	struct alarm_message message;

	(void)state;
	assert_true(alarms_note_status(&alarms, status, &message));
	assert_string_equal(message.text, "alert drops: SYNs a second, threshold 0.1");
	assert_true(message.value == -1);
	json_decref(status);
}

static void test_what_could_not_be_told(void **state)
{
	struct alarms alarms = { .count = 0 };
	json_t *fired = load(FIRED("drops")), *cleared = load(CLEARED("drops"));
	struct alarm_message message;

	(void)state;
	assert_true(alarms_note_event(&alarms, fired, &message));
	alarms_undo(&alarms, &message);
	assert_int_equal(alarms.count, 0);
	assert_true(alarms_note_event(&alarms, fired, &message));
	assert_true(alarms_note_event(&alarms, cleared, &message));
	alarms_undo(&alarms, &message);
	assert_int_equal(alarms.count, 1);
	assert_true(alarms_note_event(&alarms, cleared, &message));
	assert_int_equal(alarms.count, 0);
	json_decref(fired);
	json_decref(cleared);
}

/* People know of "drops", and after an hour and a minute nothing more is to be learnt. */
static const struct {
	const char *name, *status;
	bool forgotten;
} ages[] = {
	/* clang-format off */
	{ "young",     "{\"alerts\":[],\"alerts_settled\":[],\"uptime_seconds\":3660}", false },
	{ "old",       "{\"alerts\":[],\"alerts_settled\":[\"x\"],\"uptime_seconds\":3660.5}", true },
	{ "another",   "{\"alerts\":[],\"uptime_seconds\":4000}", true },
	{ "fires",     "{\"alerts\":[{\"alert\":\"drops\"}],\"uptime_seconds\":4000}", false },
	{ "settled",   "{\"alerts\":[],\"alerts_settled\":[\"drops\"],\"uptime_seconds\":4000}", false },
	{ "no uptime", "{\"alerts\":[],\"alerts_settled\":[]}", false },
	{ "no alerts", "{\"uptime_seconds\":4000}", false },
	/* clang-format on */
};

static void test_what_never_settles_is_forgotten(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ages); i++) {
		struct alarms alarms = { .firing = { "drops" }, .count = 1 };
		json_t *status = load(ages[i].status);
		char name[ALARM_NAME_MAX] = "";

		if (alarms_forget(&alarms, status, 3660, name) != ages[i].forgotten ||
		    alarms.count == ages[i].forgotten ||
		    (ages[i].forgotten && strcmp(name, "drops") != 0))
			fail_msg("%s", ages[i].name);
		json_decref(status);
	}
}

static void test_kept(void **state)
{
	static const char *const damaged[] = {
		"", "7", "[]", "{", "{}", "{\"version\":1}", "{\"version\":2,\"firing\":[]}",
		"{\"version\":1,\"firing\":{}}", "{\"version\":1,\"firing\":[5]}",
		"{\"version\":1,\"firing\":[\"a\",\"a\"]}",
		"{\"version\":1,\"firing\":[\"a b\"]}", "{\"version\":1,\"firing\":[]}}",
	};
	struct alarms alarms = { .firing = { "drops", "fail_open" }, .count = 2 }, read;
	char *text = alarms_format(&alarms);

	(void)state;
	assert_string_equal(text, "{\"version\":1,\"firing\":[\"drops\",\"fail_open\"]}");
	assert_int_equal(alarms_parse(text, strlen(text), &read), 0);
	assert_int_equal(read.count, 2);
	assert_string_equal(read.firing[0], "drops");
	assert_string_equal(read.firing[1], "fail_open");
	for (size_t i = 0; i < COUNT(damaged); i++)
		if (alarms_parse(damaged[i], strlen(damaged[i]), &read) != -EBADMSG)
			fail_msg("%s", damaged[i]);
	assert_int_equal(read.count, 2);
	free(text);
}

static void test_no_more_than_there_is_room_for(void **state)
{
	struct alarms alarms = { .count = 0 };
	struct alarm_message message;
	unsigned int told = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char text[160], name[16];
		json_t *event;

		snprintf(name, sizeof(name), "a%d", i);
		snprintf(text, sizeof(text),
			 "{\"event\":\"alert_fired\",\"new\":{\"alert\":\"%s\"}}", name);
		event = load(text);
		told += alarms_note_event(&alarms, event, &message);
		json_decref(event);
	}
	assert_int_equal(told, ALARMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_a_message),
		cmocka_unit_test(test_what_a_status_tells),
		cmocka_unit_test(test_what_was_missed),
		cmocka_unit_test(test_a_value_nobody_knows),
		cmocka_unit_test(test_what_could_not_be_told),
		cmocka_unit_test(test_what_never_settles_is_forgotten),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
