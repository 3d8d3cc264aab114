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
#include "base/clock.h"
#include "daemon/explain/probe_json.h"

static char wg0[] = "wg0", none[] = "", id[] = "w8KxPeer=", carol[] = "carol";

/* A peer of WireGuard that was measured from second 10 to second 12, and all that is told of it at
 * second 14. */
struct reply {
	struct probe_target target;
	struct probe_report report;
	struct probe_told told;
	struct trace_result trace;
};

static void begin(struct reply *reply)
{
	*reply = (struct reply){
		.target = {
			.tunnel = wg0, .peer = id, .name = carol, .assumed = 1500,
			.endpoint_port = 51820, .layer = { { .kind = ENCAP_WIREGUARD } },
			.layer_count = 1, .link_mtu = 1420, .inside_count = 2,
			.way.destination = { FAMILY_IPV4, { 192, 0, 2, 7 } },
			.inside = { { .address = { FAMILY_IPV4, { 10, 8, 0, 1 } } },
				    { .address = { FAMILY_IPV4, { 10, 8, 0, 2 } } } },
		},
		.report = {
			.finished = true, .result = PROBE_BLACK_HOLE, .mtu = 1400, .old_mtu = 1500,
			.answers = { true, true }, .method = { PROBE_UDP, PROBE_PING },
			.inside = 1, .fragmented = 0, .icmp_seen = true,
			.router = { FAMILY_IPV4, { 198, 51, 100, 1 } },
			.sizes = { { PROBE_OUTSIDE, 96, 96, 3, 2, 0, false },
				   { PROBE_INSIDE, 1340, 1400, 1, 1, 0, true },
				   { PROBE_OUTSIDE, 1500, 1500, 3, 0, 1400, false } },
			.size_count = 3, .begin_ns = 10 * NS_PER_SECOND,
			.end_ns = 12 * NS_PER_SECOND + 500 * NS_PER_MS,
		},
		.told = { .asked = carol, .interval_ns = 600 * NS_PER_SECOND,
			  .old_mss = { .mss = { 1380, 1360 } }, .mss = { .mss = { 1300, 1280 } },
			  .now_ns = 14 * NS_PER_SECOND },
		.trace = {
			.count = 4, .narrow_after = 2,
			.hops = { { .answered = true, .large = true,
				    .address = { FAMILY_IPV4, { 192, 0, 2, 1 } } },
				  { .answered = true, .large = true, .mtu = 1400,
				    .address = { FAMILY_IPV4, { 198, 51, 100, 1 } } },
				  { .answered = false },
				  { .target = true, .address = { FAMILY_IPV4, { 192, 0, 2, 7 } } } },
		},
	};
	reply->report.target = &reply->target;
	reply->told.trace = &reply->trace;
}

static void as_it_is(struct reply *r) { (void)r; }
static void going_on(struct reply *r) { r->report.finished = false; r->told.trace = NULL; }
static void going_on_silent(struct reply *r)
{
	going_on(r);
	r->report.answers[0] = r->report.answers[1] = false;
}
static void silent(struct reply *r)
{
	r->report.result = PROBE_NO_ANSWER;
	r->report.answers[0] = r->report.answers[1] = false;
	r->report.fragmented = -1;
	r->report.icmp_seen = false;
	r->report.size_count = 0;
	r->report.mtu = 1500;
	r->told.mss = (struct peer_mss){ .mss = { 1380, 0 } };
	r->trace.count = 0;
	r->trace.narrow_after = -1;
}
static void nobodys(struct reply *r)
{
	r->target.tunnel = none;
	r->target.name = NULL;
	r->target.endpoint_port = 0;
	r->target.inside_count = 0;
	r->target.layer_count = 0;
	r->told = (struct probe_told){ .asked = carol, .now_ns = 12 * NS_PER_SECOND };
}
static void device(struct reply *r)
{
	r->target.peer = none;
	r->target.name = NULL;
	r->target.way.destination = (struct address){ FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8, [15] = 7 } };
	r->report.fragmented = 1;
}
static void refused(struct reply *r)
{
	silent(r);
	r->report.refused_total = 6;
	r->report.refusal = -ENOBUFS;
}
static void refused_outside(struct reply *r)
{
	refused(r);
	r->report.sizes[0] = (struct probe_size){ .side = PROBE_INSIDE, .size = 96, .sent = 2 };
	r->report.size_count = 1;
}
static void by_icmp(struct reply *r) { r->report.result = PROBE_LIMITED_BY_ICMP; }
static void fine(struct reply *r) { r->report.result = PROBE_OK; }
static void first_hop(struct reply *r) { r->trace.narrow_after = 0; }
static void narrow_router(struct reply *r)
{
	r->trace.hops[2] = (struct trace_hop){
		.answered = true, .address = { FAMILY_IPV4, { 203, 0, 113, 9 } }
	};
}
static void nothing_fits(struct reply *r) { r->report.mtu = 50; }
static void bad_words(struct reply *r) { r->told.asked = "\xff!"; }

#define SIZES "[{'side':'outside','size_bytes':96,'outer_bytes':96,'sent':3,'answered':2," \
	      "'icmp_mtu_bytes':null,'fragmented':false}," \
	      "{'side':'inside','size_bytes':1340,'outer_bytes':1400,'sent':1,'answered':1," \
	      "'icmp_mtu_bytes':null,'fragmented':true}," \
	      "{'side':'outside','size_bytes':1500,'outer_bytes':1500,'sent':3,'answered':0," \
	      "'icmp_mtu_bytes':1400,'fragmented':false}]"
#define HOP(ttl, address, mtu, how) \
	"{'ttl':" #ttl ",'address':" address ",'mtu_bytes':" #mtu ",'how':'" how "'}"
#define HOP1 HOP(1, "'192.0.2.1'", null, "answered")
#define HOP2 HOP(2, "'198.51.100.1'", 1400, "answered")
#define HOP3 HOP(3, "null", null, "silent")
#define HOP4 HOP(4, "'192.0.2.7'", null, "target")

/* JSON in single quotes. */
static const struct {
	const char *name;
	void (*make)(struct reply *reply);
	const char *member, *value;
} members[] = {
	{ "schema",       as_it_is, "schema", "1" },
	{ "over",         as_it_is, "finished", "true" },
	{ "going on",     going_on, "finished", "false" },
	{ "the word",     as_it_is, "target", "'carol'" },
	{ "black hole",   as_it_is, "result", "'black_hole'" },
	{ "ok",           fine,     "result", "'ok'" },
	{ "by a router",  by_icmp,  "result", "'limited_by_icmp'" },
	{ "silent",       silent,   "result", "'no_answer'" },
	{ "going on",     going_on, "result", "null" },
	{ "a peer's",     as_it_is, "tunnel", "'wg0'" },
	{ "nobody's",     nobodys,  "tunnel", "null" },
	{ "a peer",       as_it_is, "peer", "'w8KxPeer='" },
	{ "a device",     device,   "peer", "null" },
	{ "nobody",       nobodys,  "peer", "null" },
	{ "a name",       as_it_is, "name", "'carol'" },
	{ "without",      device,   "name", "null" },
	{ "with a port",  as_it_is, "endpoint", "'192.0.2.7:51820'" },
	{ "without",      nobodys,  "endpoint", "'192.0.2.7'" },
	{ "IPv6",         device,   "endpoint", "'[2001:db8::7]:51820'" },
	{ "the one that answered", as_it_is, "inside_address", "'10.8.0.2'" },
	{ "nothing inside", nobodys, "inside_address", "null" },
	{ "found",        as_it_is, "path_mtu_bytes", "1400" },
	{ "not known",    silent,   "path_mtu_bytes", "null" },
	{ "not yet",      going_on, "path_mtu_bytes", "null" },
	{ "of an address", nobodys, "path_mtu_bytes", "1400" },
	{ "before",       as_it_is, "old_path_mtu_bytes", "1500" },
	{ "before",       going_on, "old_path_mtu_bytes", "1500" },
	{ "WireGuard's 60, to 16 bytes", as_it_is, "inner_mtu_bytes", "1328" },
	{ "not known",    silent,   "inner_mtu_bytes", "null" },
	{ "not yet",      going_on, "inner_mtu_bytes", "null" },
	{ "no tunnel",    nobodys,  "inner_mtu_bytes", "null" },
	{ "none",         nothing_fits, "inner_mtu_bytes", "null" },
	{ "IPv4 now",     as_it_is, "mss4_bytes", "1300" },
	{ "IPv6 now",     as_it_is, "mss6_bytes", "1280" },
	{ "IPv4 before",  as_it_is, "old_mss4_bytes", "1380" },
	{ "IPv6 before",  as_it_is, "old_mss6_bytes", "1360" },
	{ "does not pass", silent,  "mss6_bytes", "null" },
	{ "no tunnel",    nobodys,  "mss4_bytes", "null" },
	{ "no tunnel",    nobodys,  "old_mss4_bytes", "null" },
	{ "each size",    as_it_is, "sizes", SIZES },
	{ "none yet",     silent,   "sizes", "[]" },
	{ "both",         as_it_is, "answers", "{'outside':true,'inside':true}" },
	{ "neither",      silent,   "answers", "{'outside':false,'inside':false}" },
	{ "not yet",      going_on_silent, "answers", "{'outside':null,'inside':null}" },
	{ "already",      going_on, "answers", "{'outside':true,'inside':true}" },
	{ "nothing inside", nobodys, "answers", "{'outside':true,'inside':null}" },
	{ "each its own", as_it_is, "methods", "{'outside':'udp','inside':'ping'}" },
	{ "nothing inside", nobodys, "methods", "{'outside':'udp','inside':null}" },
	{ "whole",        as_it_is, "fragmented_outside", "false" },
	{ "in pieces",    device,   "fragmented_outside", "true" },
	{ "not known",    silent,   "fragmented_outside", "null" },
	{ "not yet",      going_on, "fragmented_outside", "null" },
	{ "one told",     as_it_is, "router", "'198.51.100.1'" },
	{ "none did",     silent,   "router", "null" },
	{ "each hop",     as_it_is, "hops", "[" HOP1 "," HOP2 "," HOP3 "," HOP4 "]" },
	{ "a narrow one", narrow_router, "hops",
	  "[" HOP1 "," HOP2 "," HOP(3, "'203.0.113.9'", null, "narrow") "," HOP4 "]" },
	{ "not asked for", going_on, "hops", "[]" },
	{ "nobody spoke", silent,   "hops", "[]" },
	{ "behind two",   as_it_is, "narrow_after_ttl", "2" },
	{ "this host",    first_hop, "narrow_after_ttl", "0" },
	{ "cannot tell",  silent,   "narrow_after_ttl", "null" },
	{ "not asked for", going_on, "narrow_after_ttl", "null" },
	{ "by itself",    as_it_is, "interval_seconds", "600.0" },
	{ "never again",  nobodys,  "interval_seconds", "null" },
	{ "until told",   as_it_is, "duration_seconds", "4.0" },
	{ "so far",       going_on, "duration_seconds", "4.0" },
	{ "all sent",     silent,   "refused_total", "0" },
	{ "all sent",     silent,   "refused_error", "null" },
	{ "all sent",     silent,   "refused_hint", "null" },
	{ "none sent",    refused,  "answers", "{'outside':null,'inside':null}" },
	{ "some sent",    refused_outside, "answers", "{'outside':null,'inside':false}" },
	{ "none sent",    refused,  "refused_total", "6" },
	{ "none sent",    refused,  "refused_error", "'No buffer space available'" },
	{ "no UTF-8",     bad_words, "target", "'?!'" },
};

static json_t *make(void (*change)(struct reply *reply))
{
	struct reply reply;
	json_t *json;

	begin(&reply);
	change(&reply);
	json = probe_json(&reply.report, &reply.told);
	assert_non_null(json);
	return json;
}

static json_t *parse(const char *quoted)
{
	char text[1024];
	json_t *json;

	assert_true(strlen(quoted) < sizeof(text));
	strcpy(text, quoted);
	for (char *at = text; (at = strchr(at, '\''));)
		*at = '"';
	json = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(json);
	return json;
}

static void test_each_member(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		json_t *json = make(members[i].make), *value = parse(members[i].value);
		json_t *got = json_object_get(json, members[i].member);
		char *text;

		if (!got || !json_equal(got, value)) {
			text = json_dumps(got, JSON_ENCODE_ANY);
			fail_msg("%s, %s: %s", members[i].member, members[i].name, text);
		}
		json_decref(value);
		json_decref(json);
	}
}

/* Each reply has all members, and each of them a row above. */
static void test_no_member_is_left_out(void **state)
{
	void (*const makes[])(struct reply *) = { as_it_is, going_on, silent, nobodys, device };

	(void)state;
	for (size_t i = 0; i < COUNT(makes); i++) {
		json_t *json = make(makes[i]), *value;
		const char *key;

		assert_int_equal(json_object_size(json), 28);
		json_object_foreach(json, key, value) {
			size_t k = 0;

			while (k < COUNT(members) && strcmp(members[k].member, key) != 0)
				k++;
			if (k == COUNT(members))
				fail_msg("%s has no row", key);
		}
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_member),
		cmocka_unit_test(test_no_member_is_left_out),
	};

	return cmocka_run_group_tests_name("probe_json", tests, NULL, NULL);
}
