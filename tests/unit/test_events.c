/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_fixture.h"

#include "base/clock.h"
#include "daemon/events/events.h"
#include "proto/varlink_idl.h"

static const char idl[] =
#include "idl.h"
	;

/* The parameters of the next reply, which follow the description. Owned. */
static json_t *next(struct fixture *f, int fd)
{
	struct received got = talk(f, fd);
	char field[VARLINK_FIELD_MAX];
	json_t *message, *parameters;

	assert_int_equal(count_messages(&got), 1);
	message = json_loads(got.bytes, 0, NULL);
	assert_non_null(message);
	assert_true(json_is_true(json_object_get(message, "continues")));
	parameters = json_incref(json_object_get(message, "parameters"));
	assert_int_equal(varlink_idl_check(idl, "Subscribe", VARLINK_REPLY, parameters, field), 0);
	json_decref(message);
	free(got.bytes);
	return parameters;
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	const json_t *value = json_object_get(object, key);

	if (text)
		assert_string_equal(json_string_value(value), text);
	else
		assert_true(json_is_null(value));
}

/* "2026-11-25T18:04:55.123Z", of right now. */
static void expect_now(const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "time")), *rest;
	struct tm parts = { 0 };
	struct timespec now; /* by the clock itself: time() lags behind it by up to a tick */
	time_t told;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	assert_non_null(text);
	assert_int_equal(strlen(text), 24);
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	assert_non_null(rest);
	assert_true(*rest == '.' && rest[4] == 'Z');
	told = timegm(&parts);
	assert_true(told <= now.tv_sec && told + 5 > now.tv_sec);
}

static void test_emit(void **state)
{
	struct fixture *f = *state;
	struct events events = { .control = f->control };
	struct event event = { .name = "peer_changed", .tunnel = "wg0", .peer = "KEY=", .why = "\xff" };
	int fd = connect_to(f->path);
	json_t *got;

	f->subscribe = SUBSCRIBE_SILENTLY;
	assert_false(events_wanted(&events));
	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	assert_true(events_wanted(&events));

	event.old = json_pack("{s:i}", "mss4_bytes", 1380);
	event.new = json_pack("{s:i}", "mss4_bytes", 1340);
	events_emit(&events, &event);
	got = next(f, fd);
	assert_int_equal(json_integer_value(json_object_get(got, "schema")), 1);
	expect_now(got);
	expect_text(got, "event", "peer_changed");
	expect_text(got, "tunnel", "wg0");
	expect_text(got, "peer", "KEY=");
	expect_text(got, "why", "?");
	expect_text(got, "message", "wg0: peer KEY=: MSS4 1380 -> 1340 (?)");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(got, "old"),
							    "mss4_bytes")), 1380);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(got, "new"),
							    "mss4_bytes")), 1340);
	json_decref(got);

	event = (struct event){ .name = "reloaded", .message = "it was" };
	events_emit(&events, &event);
	got = next(f, fd);
	expect_text(got, "message", "it was");
	expect_text(got, "tunnel", NULL);
	expect_text(got, "peer", NULL);
	expect_text(got, "old", NULL);
	expect_text(got, "new", NULL);
	expect_text(got, "why", NULL);
	json_decref(got);
	close(fd);
	pump(f);
	assert_false(events_wanted(&events));
}

/* Nobody hears it, and what is taken is freed: the sanitizer looks. */
static void test_nobody_listens(void **state)
{
	struct fixture *f = *state;
	struct events none = { 0 }, some = { .control = f->control };
	const struct events *all[] = { NULL, &none, &some };

	for (size_t i = 0; i < COUNT(all); i++) {
		struct event event = {
			.name = "peer_added",
			.peer = "x",
			.old = json_object(),
			.new = json_object(),
		};
		json_t *seen = json_incref(event.new);

		assert_false(events_wanted(all[i]));
		events_emit(all[i], &event);
		assert_int_equal(seen->refcount, 1);
		json_decref(seen);
	}
}

static void test_greeting(void **state)
{
	json_t *greeting = events_greeting();
	char field[VARLINK_FIELD_MAX];

	(void)state;
	assert_int_equal(varlink_idl_check(idl, "Subscribe", VARLINK_REPLY, greeting, field), 0);
	expect_text(greeting, "event", "subscribed");
	expect_now(greeting);
	json_decref(greeting);
}

/* Ten thousand peers that come at once reach a client that reads. */
static void test_burst(void **state)
{
	struct fixture *f = *state;
	struct events events = { .control = f->control };
	int fd = connect_to(f->path);
	char id[64], name[64];
	struct received got;

	f->subscribe = SUBSCRIBE_SILENTLY;
	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	for (int i = 0; i < 10000; i++) {
		struct event event = { .name = "peer_added", .tunnel = "wg0", .peer = id };

		snprintf(id, sizeof(id), "wgkeywgkeywgkeywgkeywgkeywgkeywgkeywgk%05d=", i);
		snprintf(name, sizeof(name), "somebody-%05d@example.com", i);
		event.new = json_pack(
			"{s:s, s:s, s:s, s:s, s:[s, s], s:i, s:s, s:s, s:i, s:i, s:i, s:n, s:[]}",
			"tunnel", "wg0", "peer", id, "name", name, "endpoint",
			"[2001:db8:1234:5678:9abc::1]:51820", "allowed_ips", "10.100.200.255/32",
			"2001:db8:ffff:ffff::255/128", "path_mtu_bytes", 1500, "path_source",
			"route", "confidence", "assumed", "inner_mtu_bytes", 1420, "mss4_bytes",
			1380, "mss6_bytes", 1360, "handshake_age_seconds", "warnings");
		assert_non_null(event.new);
		events_emit(&events, &event);
	}
	got = talk(f, fd);
	print_message("%zu bytes an event\n", got.len / 10000);
	assert_int_equal(count_messages(&got), 10000);
	assert_false(got.closed);
	free(got.bytes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_emit),
		WITH_SERVER(test_nobody_listens),
		cmocka_unit_test(test_greeting),
		WITH_SERVER(test_burst),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
