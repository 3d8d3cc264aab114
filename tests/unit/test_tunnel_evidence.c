/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured of a path, and what the kernel was told of it, against what links and routes
 * promise. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tunnel_world.h"

#define AT_NS 1234567890123

/* wg0 and alice behind 192.0.2.7; eth0 carries 1500. */
static void alice(struct world *w)
{
	struct peer *peer;

	add_link(w, 7, "wg0", "wireguard", 1420);
	peer = add_peer(w, 7, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);
	free(peer->id);
	peer->id = strdup("alice");
}
static void hint(struct world *w) { alice(w); add_hint(w, "192.0.2.7", 2, 1400); }
static void forged(struct world *w) { alice(w); add_hint(w, "192.0.2.7", 2, 552); }
static void measured(struct world *w, uint32_t mtu, enum measure_how how)
{
	struct path_measure *measure = add_measure(w, "wg0", "alice", "192.0.2.7", mtu);

	measure->how = how;
	measure->at_ns = AT_NS;
}
static void nothing(struct world *w) { alice(w); }
static void below(struct world *w) { alice(w); measured(w, 1433, MEASURE_OUTSIDE); }
static void inside(struct world *w) { alice(w); measured(w, 1433, MEASURE_INSIDE); }
static void by_router(struct world *w) { alice(w); measured(w, 1433, MEASURE_ICMP); }
static void equal(struct world *w) { alice(w); measured(w, 1500, MEASURE_OUTSIDE); }
static void above(struct world *w) { alice(w); measured(w, 9000, MEASURE_OUTSIDE); }
static void zero(struct world *w) { alice(w); measured(w, 0, MEASURE_OUTSIDE); }
static void before_boot(struct world *w) { below(w); w->measures[0].at_ns = -AT_NS; }
static void roamed(struct world *w)
{
	alice(w);
	add_measure(w, "wg0", "alice", "192.0.2.8", 1300);
	add_measure(w, "wg0", "bob", "192.0.2.7", 1300);
	add_measure(w, "wg0", "", "192.0.2.7", 1300);
	add_measure(w, "wg1", "alice", "192.0.2.7", 1300);
}
static void below_metric(struct world *w)
{
	below(w);
	add_route(w, "192.0.2.0/24", 2)->mtu = 1400;
}
static void need_probe(struct world *w) { hint(w); w->hints_need_probe = true; }
static void forged_need_probe(struct world *w) { forged(w); w->hints_need_probe = true; }
static void hint_above_need_probe(struct world *w)
{
	need_probe(w);
	w->hints[0].mtu = 1500;
}
static void locked_need_probe(struct world *w)
{
	need_probe(w);
	w->routes[0].answer.mtu_locked = true;
}
static void hint_and_measure(struct world *w) { hint(w); measured(w, 1433, MEASURE_OUTSIDE); }
static void hint_confirmed(struct world *w)
{
	need_probe(w);
	measured(w, 1400, MEASURE_OUTSIDE);
}
static void fixed(struct world *w)
{
	hint_and_measure(w);
	add_override(w, "wg0")->path_mtu = 1300;
}
static void unknown_link(struct world *w) { below(w); w->links[0].mtu = 0; }
static void no_way(struct world *w) { below(w); w->route_count = 0; }

static const struct {
	const char *name;
	void (*make)(struct world *world);
	uint32_t outer, assumed, hint;
	enum path_source source;
	enum path_confidence confidence;
	int64_t measured_ns;
	const char *told; /* the line, or NULL: none of these */
	uint32_t value;   /* of that line */
} cases[] = {
	/* name           make      outer assumed hint  source     confidence */
	{ "nothing heard", nothing,  1500, 1500, 0,    PATH_LINK, CONFIDENCE_ASSUMED, 0, NULL, 0 },
	{ "less",          below,    1433, 1500, 0,    PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe to the endpoint", 1433 },
	{ "by the tunnel", inside,   1433, 1500, 0,    PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe through the tunnel", 1433 },
	{ "by a router",   by_router, 1433, 1500, 0,   PATH_PROBE, CONFIDENCE_HINT, AT_NS,
	  "outside: probe, told by a router", 1433 },
	{ "as the link",   equal,    1500, 1500, 0,    PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe to the endpoint", 1500 },
	{ "more",          above,    1500, 1500, 0,    PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe to the endpoint", 1500 },
	{ "no size",       zero,     1500, 1500, 0,    PATH_LINK, CONFIDENCE_ASSUMED, 0, NULL, 0 },
	{ "before boot",   before_boot, 1433, 1500, 0, PATH_PROBE, CONFIDENCE_MEASURED, -AT_NS,
	  "outside: probe to the endpoint", 1433 },
	{ "of others",     roamed,   1500, 1500, 0,    PATH_LINK, CONFIDENCE_ASSUMED, 0, NULL, 0 },
	{ "metric below",  below_metric, 1400, 1400, 0, PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe to the endpoint", 1400 },
	{ "hint",          hint,     1400, 1500, 1400, PATH_HINT, CONFIDENCE_HINT, 0,
	  "outside: kernel path MTU exception, unconfirmed", 1400 },
	{ "hint below floor", forged, 1280, 1500, 552, PATH_HINT, CONFIDENCE_HINT, 0,
	  "outside: kernel path MTU exception of 552, unconfirmed: no further than 1280", 1280 },
	{ "hint, a probe decides", need_probe, 1500, 1500, 1400, PATH_LINK, CONFIDENCE_ASSUMED, 0,
	  "outside: kernel path MTU exception of 1400, unconfirmed: ignored, a probe decides", 0 },
	{ "below floor, a probe decides", forged_need_probe, 1500, 1500, 552, PATH_LINK,
	  CONFIDENCE_ASSUMED, 0,
	  "outside: kernel path MTU exception of 552, unconfirmed: ignored, a probe decides", 0 },
	{ "hint no less",  hint_above_need_probe, 1500, 1500, 0, PATH_LINK, CONFIDENCE_ASSUMED, 0,
	  NULL, 0 },
	{ "locked metric", locked_need_probe, 1500, 1500, 0, PATH_LINK, CONFIDENCE_ASSUMED, 0, NULL,
	  0 },
	{ "probe against hint", hint_and_measure, 1433, 1500, 1400, PATH_PROBE, CONFIDENCE_MEASURED,
	  AT_NS, "outside: kernel path MTU exception of 1400: ignored, the probe got further", 0 },
	{ "hint confirmed", hint_confirmed, 1400, 1500, 1400, PATH_PROBE, CONFIDENCE_MEASURED,
	  AT_NS, "outside: probe to the endpoint", 1400 },
	{ "path_mtu",      fixed,    1300, 0, 0,       PATH_CONFIG, CONFIDENCE_ASSUMED, 0,
	  "outside: path_mtu of wg0 in tunnels", 1300 },
	{ "links tell nothing", unknown_link, 1433, 0, 0, PATH_PROBE, CONFIDENCE_MEASURED, AT_NS,
	  "outside: probe to the endpoint", 1433 },
	{ "no way there",  no_way,   0, 0, 0,          PATH_UNKNOWN, CONFIDENCE_ASSUMED, 0,
	  "outside: no route leads to the endpoint", 0 },
};

/* The last line of a story that speaks of the path outside and no link; NULL without. */
static const struct tunnel_step *find_evidence(const struct tunnel_steps *steps)
{
	const struct tunnel_step *found = NULL;

	for (size_t i = 0; i < steps->count; i++) {
		const char *what = steps->list[i].what;

		if (strncmp(what, "outside:", 8) == 0 && !strstr(what, " link MTU of ") &&
		    !strstr(what, "route metric"))
			found = &steps->list[i];
	}
	return found;
}

static void expect_story(size_t row, const struct tunnel_set *set)
{
	const struct tunnel_step *step;
	struct tunnel_steps steps;

	tunnel_set_explain_peer(set, 0, &steps);
	step = find_evidence(&steps);
	if (!step && !cases[row].told)
		return;
	if (!step || !cases[row].told || strcmp(step->what, cases[row].told) != 0 ||
	    step->value != cases[row].value)
		fail_msg("%s: it says \"%s\", %u", cases[row].name, step ? step->what : "nothing",
			 step ? step->value : 0);
	if (strstr(step->what, "outside: probe")) {
		assert_string_equal(step->source, "probe");
		assert_true(step->at_ns == cases[row].measured_ns);
	} else {
		assert_true(step->at_ns == 0);
	}
}

static void test_evidence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct tunnel_limit *limit;
		struct world world;

		open_world(&world);
		cases[i].make(&world);
		build(&world);
		limit = &world.set->limits[0];
		if (limit->outer_mtu != cases[i].outer || limit->assumed_mtu != cases[i].assumed ||
		    limit->hint_mtu != cases[i].hint || limit->source != cases[i].source ||
		    limit->confidence != cases[i].confidence ||
		    (cases[i].source == PATH_PROBE && limit->measured_ns != cases[i].measured_ns))
			fail_msg("%s: outer %u, assumed %u, hint %u, source %d, %s, at %lld",
				 cases[i].name, limit->outer_mtu, limit->assumed_mtu,
				 limit->hint_mtu, limit->source,
				 path_confidence_name(limit->confidence),
				 (long long)limit->measured_ns);
		expect_story(i, world.set);
		close_world(&world);
	}
}

/* The set outlives what it was built from. */
static void test_measures_are_borrowed_for_the_build(void **state)
{
	struct tunnel_steps steps;
	struct world world;

	(void)state;
	open_world(&world);
	below(&world);
	build(&world);
	memset(world.measures, 0xa5, sizeof(world.measures));
	tunnel_set_explain_peer(world.set, 0, &steps);
	assert_string_equal(find_evidence(&steps)->what, "outside: probe to the endpoint");
	assert_int_equal(world.set->limits[0].outer_mtu, 1433);
	close_world(&world);
}

/* A device with one far end has none of its peers' names. */
static void gre(struct world *w)
{
	struct link *link = add_link(w, 7, "gre1", "gre", 1476);

	link->encap.kind = ENCAP_GRE;
	link->has_remote = true;
	link->remote = address("192.0.2.7");
	add_measure(w, "gre1", "", "192.0.2.7", 1400)->at_ns = AT_NS;
}
/* The same, which alice's tunnel goes through. */
static void around(struct world *w)
{
	gre(w);
	add_link(w, 8, "wg0", "wireguard", 1420);
	add_route(w, "10.9.0.0/24", 7);
	add_peer(w, 8, "10.9.0.1", "10.8.0.7/32", ENCAP_WIREGUARD);
}
static void around_metric_below(struct world *w)
{
	around(w);
	w->routes[w->route_count - 1].answer.mtu = 1300;
}
static void policies(struct world *w)
{
	add_policy(w, "10.1.0.0/24", "10.20.0.0/16", "203.0.113.9", false);
	add_policy(w, "10.1.0.0/24", "10.30.0.0/16", "203.0.113.9", false);
	add_measure(w, "ipsec:203.0.113.9", "", "203.0.113.9", 1400)->at_ns = AT_NS;
}

/* link: of which link, or NULL: of the last peer. */
static const struct {
	const char *name;
	void (*make)(struct world *world);
	const char *link;
	uint32_t outer, assumed;
	enum path_source source;
	enum path_confidence confidence;
} others[] = {
	{ "device",        gre,      "gre1", 1400, 1500, PATH_PROBE, CONFIDENCE_MEASURED },
	{ "tunnel around", around,   NULL,   1376, 1376, PATH_PROBE, CONFIDENCE_MEASURED },
	{ "route below the tunnel around", around_metric_below, NULL, 1300, 1300, PATH_ROUTE,
	  CONFIDENCE_ASSUMED },
	{ "all policies of a gateway", policies, NULL, 1400, 1500, PATH_PROBE,
	  CONFIDENCE_MEASURED },
};

static void test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct tunnel_limit *limit;
		struct world world;

		open_world(&world);
		others[i].make(&world);
		build(&world);
		limit = others[i].link ? link_limit(&world, others[i].link) :
					 &world.set->limits[world.set->peer_count - 1];
		if (limit->outer_mtu != others[i].outer || limit->assumed_mtu != others[i].assumed ||
		    limit->source != others[i].source ||
		    limit->confidence != others[i].confidence)
			fail_msg("%s: outer %u, assumed %u, source %d, %s", others[i].name,
				 limit->outer_mtu, limit->assumed_mtu, limit->source,
				 path_confidence_name(limit->confidence));
		if (limit->source == PATH_PROBE)
			assert_true(limit->measured_ns == AT_NS);
		close_world(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_measures_are_borrowed_for_the_build),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("tunnel_evidence", tests, NULL, NULL);
}
