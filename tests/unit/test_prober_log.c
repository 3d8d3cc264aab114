/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "captured_log.h"
#include "daemon/paths/prober_log.h"

/* What was logged since the last call. */
static const char *take(void)
{
	static char text[2048];

	capture_take(text, sizeof(text));
	return text;
}

static void expect(const char *name, const char *lines)
{
	const char *got = take();

	if (strcmp(got, lines) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", name, got, lines);
}

static char wg0[] = "wg0", none[] = "", id[] = "w8KxPeer=", carol[] = "carol";

/* Of a peer that was measured from second 10 to second 12. */
static struct probe_report report_of(struct probe_target *target)
{
	*target = (struct probe_target){
		.tunnel = wg0, .peer = id, .name = carol, .assumed = 1500, .endpoint_port = 51820,
		.way.destination = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, 7 } },
	};
	return (struct probe_report){
		.target = target, .finished = true, .mtu = 1400, .old_mtu = 1500,
		.result = PROBE_BLACK_HOLE, .fragmented = -1, .changed = true, .sent_total = 31,
		.router = { .family = FAMILY_IPV4, .bytes = { 198, 51, 100, 1 } },
		.begin_ns = 10 * NS_PER_SECOND, .end_ns = 12 * NS_PER_SECOND,
	};
}

static void black_hole(struct probe_report *r, struct probe_target *t) { (void)r; (void)t; }
static void by_id(struct probe_report *r, struct probe_target *t) { (void)r; t->name = NULL; }
static void device(struct probe_report *r, struct probe_target *t)
{
	(void)r;
	t->name = NULL;
	t->peer = none;
	t->endpoint_port = 0;
}
static void router(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->icmp_seen = true;
	r->fragmented = 1;
}
static void pieces(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->fragmented = 1;
}
static void raised(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->old_mtu = 1300;
}
static void raised_to_all(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->old_mtu = 1400;
	r->mtu = 1500;
	r->result = PROBE_OK;
}
static void as_before(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->old_mtu = r->mtu;
}
static void silent(struct probe_report *r, struct probe_target *t)
{
	(void)t;
	r->result = PROBE_NO_ANSWER;
	r->mtu = r->old_mtu;
}
static void not_sent(struct probe_report *r, struct probe_target *t)
{
	silent(r, t);
	r->refused_total = 3;
}
static void nobodys(struct probe_report *r, struct probe_target *t)
{
	(void)r;
	t->tunnel = none;
	t->name = NULL;
}

#define CHANGED "<5>wg0: path MTU 1500 -> 1400 bytes (probes to "
static const struct {
	const char *name;
	void (*make)(struct probe_report *report, struct probe_target *target);
	const char *line; /* in force; else nothing is said */
} reports[] = {
	{ "black hole", black_hole, CHANGED "carol at 192.0.2.7:51820: larger ones vanish, no "
				    "router says why)\n" },
	{ "by its id",  by_id, CHANGED "w8KxPeer= at 192.0.2.7:51820: larger ones vanish, no router "
			       "says why)\n" },
	{ "a device",   device, CHANGED "its far end at 192.0.2.7: larger ones vanish, no router "
				"says why)\n" },
	{ "a router",   router, CHANGED "carol at 192.0.2.7:51820: 198.51.100.1 says so)\n" },
	{ "in pieces",  pieces, CHANGED "carol at 192.0.2.7:51820: larger ones come in pieces)\n" },
	{ "raised",     raised, "<5>wg0: path MTU 1300 -> 1400 bytes (probes to carol at "
				"192.0.2.7:51820: larger ones vanish, no router says why)\n" },
	{ "all of it",  raised_to_all, "<5>wg0: path MTU 1400 -> 1500 bytes (probes to carol at "
				       "192.0.2.7:51820 were answered)\n" },
	{ "as before",  as_before, "" },
	{ "silent",     silent, "<6>wg0: peer carol answers no probe, neither ping nor UDP: its path "
				"MTU stays 1500 bytes\n" },
	{ "not sent",   not_sent, "" },
	{ "nobody's address", nobodys, "" },
};

static void test_each_report(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reports); i++) {
		struct prober_log log = { 0 };
		struct probe_target target;
		struct probe_report report = report_of(&target);

		reports[i].make(&report, &target);
		prober_log_report(&log, &report, true);
		expect(reports[i].name, reports[i].line);
		prober_log_report(&log, &report, false);
		expect(reports[i].name, "");
	}
}

static void test_every_report_for_who_wants_all(void **state)
{
	struct prober_log log = { 0 };
	struct probe_target target;
	struct probe_report report = report_of(&target);

	(void)state;
	log_set_max(LOG_DEBUG);
	prober_log_report(&log, &report, false);
	expect("peer", "<7>wg0: probes to carol at 192.0.2.7:51820: black_hole, path MTU 1400 bytes, "
		       "31 packets in 2.0 s\n");
	nobodys(&report, &target);
	prober_log_report(&log, &report, true);
	expect("nobody", "<7>no tunnel: probes to w8KxPeer= at 192.0.2.7:51820: black_hole, path MTU "
			 "1400 bytes, 31 packets in 2.0 s\n");
}

/* The limit is by the time of the report. */
static void test_silence_once_a_minute(void **state)
{
	struct prober_log log = { 0 };
	struct probe_target target;
	struct probe_report report = report_of(&target);

	(void)state;
	silent(&report, &target);
	prober_log_report(&log, &report, true);
	assert_null(strstr(take(), "more like this"));
	for (int i = 0; i < 3; i++) {
		report.end_ns += 19 * NS_PER_SECOND;
		prober_log_report(&log, &report, true);
		expect("within the minute", "");
	}
	report.end_ns += 19 * NS_PER_SECOND;
	prober_log_report(&log, &report, true);
	assert_non_null(strstr(take(), "(3 more like this before)\n"));
	/* What changes is said each time. */
	for (int i = 0; i < 3; i++) {
		report = report_of(&target);
		prober_log_report(&log, &report, true);
		assert_non_null(strstr(take(), "1500 -> 1400"));
	}
}

static const struct { int error; const char *why; } refusals[] = {
	{ -EPERM,       "Operation not permitted; a firewall rule of this host drops them: let ICMP "
			"echo and UDP go out to that address (\"nft list ruleset\" shows all rules)" },
	{ -ENETUNREACH, "Network is unreachable; no route leads there: \"ip route get\" with that "
			"address tells more" },
	{ -EXDEV,       "Invalid cross-device link; \"ip route get\" with that address tells more" },
};

static void test_refusals(void **state)
{
	const struct probe_packet packet = {
		.destination = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, 7 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct prober_log log = { 0 };
		char line[256];

		prober_log_refusal(&log, &packet, refusals[i].error);
		snprintf(line, sizeof(line), "<4>probes: cannot send to 192.0.2.7: %s\n",
			 refusals[i].why);
		expect("refused", line);
		prober_log_refusal(&log, &packet, -EPERM);
		prober_log_refusal(&log, &packet, -ENETUNREACH);
		expect("within the minute", "");
		/* A minute later. */
		log.refused.next_ns -= 60 * NS_PER_SECOND;
		prober_log_refusal(&log, &packet, refusals[i].error);
		assert_non_null(strstr(take(), "(2 more like this before)"));
	}
}

#define NOT_ALLOWED "<5>probes: ping sockets are not allowed here (net.ipv4.ping_group_range): far " \
		    "ends get UDP to closed ports instead\n"
#define NO_FILES4 "<5>probes: no IPv4 ping socket: Too many open files; UDP to closed ports instead\n"
#define NOW4 "<5>probes: IPv4 ping sockets are allowed now\n"
#define NOW6 "<5>probes: IPv6 ping sockets are allowed now\n"

/* One after the other, with one memory. */
static const struct { const char *name; int four, six; const char *lines; } pings[] = {
	{ "as it should be",    0,       0,             "" },
	{ "neither",            -EACCES, -EACCES,       NOT_ALLOWED },
	{ "neither again",      -EACCES, -EACCES,       "" },
	{ "one of them",        0,       -EACCES,       NOW4 },
	{ "both",               0,       0,             NOW6 },
	{ "another reason",     -EMFILE, 0,             NO_FILES4 },
	{ "over",               0,       0,             NOW4 },
	{ "no such family",     0,       -EAFNOSUPPORT, "" },
	{ "the other, and not", -EACCES, -EAFNOSUPPORT, NOT_ALLOWED },
	{ "the family is there", 0,      0,             NOW4 NOW6 },
};

static void test_ping(void **state)
{
	struct prober_log log = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(pings); i++) {
		const int errors[FAMILY_COUNT] = { pings[i].four, pings[i].six };

		prober_log_ping(&log, errors);
		expect(pings[i].name, pings[i].lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_report, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(test_every_report_for_who_wants_all, capture_begin,
						capture_end),
		cmocka_unit_test_setup_teardown(test_silence_once_a_minute, capture_begin,
						capture_end),
		cmocka_unit_test_setup_teardown(test_refusals, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(test_ping, capture_begin, capture_end),
	};

	return cmocka_run_group_tests_name("prober_log", tests, NULL, NULL);
}
