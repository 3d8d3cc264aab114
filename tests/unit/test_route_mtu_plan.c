/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/routes/route_mtu_plan.h"
#include "tunnel_set_fixture.h"

#define MOST 8
#define WG 7     /* a tunnel of 1420 bytes */
#define GRE 8    /* another one of 1476 bytes, which has a limit of its own */
#define ETHER 2  /* no tunnel, 1500 bytes */

/* A route of somebody else: in table main by WG unless said otherwise. */
struct word {
	const char *prefix; /* NULL: no more */
	uint32_t ifindex, table, priority, mtu, locks;
	uint8_t type, protocol;
	bool broken;        /* cannot be said again */
};

struct plan_case {
	const char *name;
	struct fixture_peer peers[MOST];
	struct word routes[MOST];
	const char *wanted;  /* prefix, table, link, metric, MTU, "L" where it is locked */
	uint32_t gre;        /* limit of GRE itself, bytes */
	const char *endpoint; /* of the first peer */
};

#define BOB(...) { { "bob", .ifindex = WG, .allowed = { __VA_ARGS__ }, .inner_mtu = 1328 } }

#define TO(...) { .prefix = __VA_ARGS__ }

static const struct plan_case cases[] = {
	{ .name = "a wider route leads there", BOB("10.8.0.2/32"), { TO("10.8.0.0/24") },
	  "10.8.0.2/32 254 7 4077 1328, " },
	{ .name = "a route of its own", BOB("10.8.0.2/32"), { TO("10.8.0.2/32") },
	  "10.8.0.2/32 254 7 0 1328, " },
	{ .name = "its metric", BOB("10.8.0.2/32"), { TO("10.8.0.2/32", .priority = 30) },
	  "10.8.0.2/32 254 7 30 1328, " },
	{ .name = "the smallest metric is taken", BOB("10.8.0.2/32"),
	  { TO("10.8.0.2/32", .priority = 30),
	    TO("10.8.0.2/32", .ifindex = ETHER, .priority = 20) }, "" },
	{ .name = "of equal ones the first", BOB("10.8.0.2/32"),
	  { TO("10.8.0.2/32"),
	    TO("10.8.0.2/32", .ifindex = ETHER) }, "10.8.0.2/32 254 7 0 1328, " },
	{ .name = "IPv6: the next smaller metric", BOB("fd00::2/128"),
	  { TO("fd00::2/128", .priority = 1024) },
	  "fd00::2/128 254 7 1023 1328 L, " },
	{ .name = "IPv6: none is smaller", BOB("fd00::2/128"),
	  { TO("fd00::2/128", .priority = 1) }, "" },
	{ .name = "IPv6: a wider route", BOB("fd00::2/128"), { TO("fd00::/64", .priority = 1) },
	  "fd00::2/128 254 7 4077 1328 L, " },
	{ .name = "IPv6: the kernel's own prefix", BOB("fd00::/64"),
	  { TO("fd00::/64", .priority = 256, .protocol = RTPROT_KERNEL) },
	  "fd00::/65 254 7 4077 1328 L, fd00::8000:0:0:0/65 254 7 4077 1328 L, " },
	{ .name = "IPv6: the kernel's own host", BOB("fd00::2/128"),
	  { TO("fd00::2/128", .priority = 256, .protocol = RTPROT_KERNEL) }, "" },
	{ .name = "IPv4: the kernel's own prefix", BOB("10.8.0.0/24"),
	  { TO("10.8.0.0/24", .protocol = RTPROT_KERNEL) },
	  "10.8.0.0/25 254 7 4077 1328, 10.8.0.128/25 254 7 4077 1328, " },
	{ .name = "halves, one of which is somebody's", BOB("10.8.0.0/24"),
	  { TO("10.8.0.0/24"), TO("10.8.0.128/25", .ifindex = ETHER) },
	  "10.8.0.0/25 254 7 4077 1328, " },
	{ .name = "halves, both somebody's", BOB("10.8.0.0/24"),
	  { TO("10.8.0.0/24"), TO("10.8.0.0/25", .type = RTN_THROW), TO("10.8.0.128/25") },
	  "10.8.0.128/26 254 7 4077 1328, 10.8.0.192/26 254 7 4077 1328, " },
	{ .name = "IPv6: everything", BOB("::/0"), { TO("::/0", .priority = 1024) },
	  "::/0 254 7 1023 1328 L, " },
	{ .name = "IPv6 needs 1280",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.2/32", "fd00::2/128" },
	      .inner_mtu = 1200 } },
	  { TO("10.8.0.0/24"), TO("fd00::/64", .priority = 1024) },
	  "10.8.0.2/32 254 7 4077 1200, fd00::2/128 254 7 4077 1280 L, " },
	{ .name = "each table", BOB("10.8.0.2/32"),
	  { TO("10.8.0.0/24"), TO("0.0.0.0/0", .table = 51820) },
	  "10.8.0.2/32 254 7 4077 1328, 10.8.0.2/32 51820 7 4077 1328, " },
	{ .name = "no route there", BOB("10.8.0.2/32"), { TO("0.0.0.0/0", .ifindex = ETHER) }, "" },
	{ .name = "a longer one elsewhere", BOB("10.8.0.2/32"),
	  { TO("10.8.0.0/16"), TO("10.8.0.0/24", .ifindex = ETHER) },
	  "" },
	{ .name = "a longer one to nowhere", BOB("10.8.0.2/32"),
	  { TO("10.8.0.0/16"), TO("10.8.0.0/24", .type = RTN_BLACKHOLE) }, "" },
	{ .name = "routes inside of what is allowed", BOB("10.0.0.0/8"),
	  { TO("0.0.0.0/0", .ifindex = ETHER), TO("10.8.0.0/24"),
	    TO("10.9.0.0/24", .ifindex = ETHER) },
	  "10.8.0.0/25 254 7 4077 1328, 10.8.0.128/25 254 7 4077 1328, " },
	{ .name = "both", BOB("0.0.0.0/0"), { TO("0.0.0.0/0"), TO("10.8.0.0/24") },
	  "0.0.0.0/0 254 7 0 1328, 10.8.0.0/25 254 7 4077 1328, 10.8.0.128/25 254 7 4077 1328, " },
	{ .name = "as small already", BOB("10.8.0.2/32"), { TO("10.8.0.2/32", .mtu = 1328) }, "" },
	{ .name = "larger", BOB("10.8.0.2/32"), { TO("10.8.0.2/32", .mtu = 1329) },
	  "10.8.0.2/32 254 7 0 1328, " },
	{ .name = "IPv6: smaller", BOB("fd00::2/128"), { TO("fd00::/64", .mtu = 1300) }, "" },
	{ .name = "IPv6: its locks too", BOB("fd00::2/128"),
	  { TO("fd00::/64", .mtu = 1400, .locks = 1 << RTAX_ADVMSS) },
	  "fd00::2/128 254 7 4077 1328 L, " },
	{ .name = "cannot be said again", BOB("10.8.0.2/32"),
	  { TO("10.8.0.2/32", .broken = true) }, "" },
	{ .name = "ours is no reason", BOB("10.8.0.2/32"),
	  { TO("10.8.0.2/32", .mtu = 1000, .protocol = ROUTE_MTU_PROTOCOL), TO("10.8.0.0/24") },
	  "10.8.0.2/32 254 7 4077 1328, " },
	{ .name = "link-local", BOB("fe80::/64", "169.254.0.0/16", "224.0.0.0/4", "ff02::/16"),
	  { TO("fe80::/64"), TO("0.0.0.0/0"), TO("ff00::/8") }, "" },
	{ .name = "as wide as the link", { { "bob", .ifindex = WG, .allowed = { "10.8.0.2/32" },
				     .inner_mtu = 1420 } },
	  { TO("10.8.0.0/24") }, "" },
	{ .name = "nobody knows", { { "bob", .ifindex = WG, .allowed = { "10.8.0.2/32" } } },
	  { TO("10.8.0.0/24") }, "" },
	{ .name = "one who is not known hides a wider one",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.0/16" }, .inner_mtu = 1328 },
	    { "eve", .ifindex = WG, .allowed = { "10.8.7.0/24" } } },
	  { TO("10.8.0.0/16"), TO("10.8.7.0/25") }, "10.8.0.0/17 254 7 4077 1328, 10.8.7.0/24 254 7 4077 1420, "
	  "10.8.128.0/17 254 7 4077 1328, " },
	{ .name = "one with a wide path inside of a wider one",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.0/16", "fd00::/32" }, .inner_mtu = 1328 },
	    { "ann", .ifindex = WG, .allowed = { "10.8.7.0/24" }, .inner_mtu = 1420 },
	    { "eve", .ifindex = WG, .allowed = { "10.8.7.7/32", "fd00::7/128" },
	      .inner_mtu = 1440 } },
	  { TO("0.0.0.0/0"), TO("10.8.7.7/32"), TO("::/0") },
	  "10.8.0.0/16 254 7 4077 1328, 10.8.7.0/24 254 7 4077 1420, "
	  "fd00::/32 254 7 4077 1328 L, fd00::7/128 254 7 4077 1420 L, " },
	{ .name = "of two with one prefix the smaller",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.2/32" }, .inner_mtu = 1328 },
	    { "eve", .ifindex = WG, .allowed = { "10.8.0.2/32" }, .inner_mtu = 1300 },
	    { "ann", .ifindex = WG, .allowed = { "10.8.0.2/32" } } },
	  { TO("10.8.0.0/24") }, "10.8.0.2/32 254 7 4077 1300, " },
	{ .name = "a narrow one, and who is around it",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.0/24" }, .inner_mtu = 1300 },
	    { "eve", .ifindex = WG, .allowed = { "10.8.0.2/32" }, .inner_mtu = 1328,
	      .narrow = true } },
	  { TO("10.0.0.0/8") }, "10.8.0.0/24 254 7 4077 1300, 10.8.0.2/32 254 7 4077 1300, " },
	{ .name = "a policy without interface",
	  { { "net", .allowed = { "10.8.0.0/24" }, .local = "10.1.0.0/16", .inner_mtu = 1300 } },
	  { TO("10.8.0.0/24") }, "" },
	{ .name = "one family alone",
	  { { "bob", .ifindex = WG, .allowed = { "10.8.0.2/32", "fd00::2/128" },
	      .inner_mtu = 1328, .carries = 4 } },
	  { TO("10.8.0.0/24"), TO("fd00::/64") }, "10.8.0.2/32 254 7 4077 1328, " },
	{ .name = "the link itself", { { .id = NULL } },
	  { TO("10.9.0.0/24", .ifindex = GRE), TO("0.0.0.0/0", .ifindex = ETHER),
	    TO("fd09::/64", .ifindex = GRE, .priority = 9) },
	  "10.9.0.0/25 254 8 4077 1400, 10.9.0.128/25 254 8 4077 1400, fd09::/65 254 8 4077 1400 L, fd09::8000:0:0:0/65 254 8 4077 1400 L, ", .gre = 1400 },
	{ .name = "the link itself and a peer",
	  { { "far", .ifindex = GRE, .allowed = { "10.9.0.7/32" }, .inner_mtu = 1390 },
	    { "wide", .ifindex = GRE, .allowed = { "10.9.0.8/32" }, .inner_mtu = 1410 } },
	  { TO("10.9.0.0/24", .ifindex = GRE) },
	  "10.9.0.0/25 254 8 4077 1400, 10.9.0.7/32 254 8 4077 1390, 10.9.0.8/32 254 8 4077 1400, 10.9.0.128/25 254 8 4077 1400, ",
	  .gre = 1400 },
	{ .name = "a link that is no tunnel",
	  { { "x", .ifindex = ETHER, .allowed = { "10.7.0.0/24" } } },
	  { TO("10.7.0.0/24", .ifindex = ETHER) }, "" },
	{ .name = "the endpoint's own table", BOB("0.0.0.0/0"),
	  { TO("128.0.0.0/1"), TO("203.0.113.7/32", .ifindex = ETHER), TO("0.0.0.0/1"),
	    TO("0.0.0.0/0", .table = 51820) },
	  "0.0.0.0/0 51820 7 0 1328, 0.0.0.0/2 254 7 4077 1328, 64.0.0.0/2 254 7 4077 1328, ", .endpoint = "203.0.113.7" },
	{ .name = "the endpoint of a route elsewhere", BOB("203.0.112.0/22"),
	  { TO("203.0.112.0/22"),
	    TO("203.0.113.0/24", .ifindex = ETHER) }, "", .endpoint = "203.0.113.7" },
	{ .name = "the endpoint of another tunnel",
	  { { "far", .ifindex = GRE, .allowed = { "10.9.0.7/32" }, .inner_mtu = 1390 },
	    { "bob", .ifindex = WG, .allowed = { "203.0.112.0/22" }, .inner_mtu = 1328 } },
	  { TO("203.0.112.0/22"), TO("203.0.113.0/24", .ifindex = ETHER) },
	  "203.0.112.0/23 254 7 4077 1328, 203.0.114.0/23 254 7 4077 1328, ",
	  .endpoint = "203.0.113.7" },
};

/* Three links, and on them the case's peers. */
static struct tunnel_set *make_set(const struct plan_case *row)
{
	static const uint32_t ifindexes[] = { ETHER, WG, GRE };
	struct tunnel_set *set;
	size_t count = 0;

	while (count < MOST && row->peers[count].id)
		count++;
	set = fixture_set_of(row->peers, count, ifindexes, COUNT(ifindexes));
	set->links[0].mtu = 1500;
	set->links[1].mtu = 1420;
	strcpy(set->links[1].kind, "wireguard");
	set->links[2].mtu = 1476;
	strcpy(set->links[2].kind, "gre");
	set->link_limits[0].inner_mtu = 1000; /* of a port, say: it is no tunnel */
	set->link_limits[2].inner_mtu = row->gre;
	if (row->endpoint) {
		struct peer *peer = &set->lists[0]->list[0];

		peer->has_endpoint = true;
		assert_int_equal(address_parse(row->endpoint, &peer->way.destination), 0);
	}
	return set;
}

static void make_routes(const struct word *words, struct mtu_route_list *ret_list)
{
	for (size_t i = 0; i < MOST && words[i].prefix; i++) {
		struct mtu_route route = {
			.ifindex = words[i].ifindex ? words[i].ifindex : WG,
			.table = words[i].table ? words[i].table : RT_TABLE_MAIN,
			.priority = words[i].priority, .mtu = words[i].mtu,
			.locks = words[i].locks,
			.type = words[i].type ? words[i].type : RTN_UNICAST,
			.protocol = words[i].protocol ? words[i].protocol : RTPROT_BOOT,
			.whole = !words[i].broken, .scope = RT_SCOPE_LINK, .onlink = true,
			.attributes_len = 8, .metrics_len = 16, .extra = 100 * i, .place = i,
		};

		assert_int_equal(prefix_parse(words[i].prefix, &route.prefix), 0);
		assert_int_equal(mtu_route_list_append(ret_list, &route), 0);
	}
}

/* One line, and what is repeated of the route that leads there. */
static size_t tell(const struct mtu_route *route, char *text, size_t size)
{
	char prefix[PREFIX_TEXT_MAX];

	assert_int_equal(route->type, RTN_UNICAST);
	assert_int_equal(route->protocol, ROUTE_MTU_PROTOCOL);
	assert_int_equal(route->scope, RT_SCOPE_LINK);
	assert_true(route->onlink && route->whole);
	assert_int_equal(route->attributes_len, 8);
	assert_int_equal(route->metrics_len, 16);
	assert_int_equal(route->extra % 100, 0);
	return (size_t)snprintf(text, size, "%s %u %u %u %u%s, ",
				prefix_format(&route->prefix, prefix), route->table,
				route->ifindex, route->priority, route->mtu,
				route->locks >> RTAX_MTU & 1 ? " L" : "");
}

static void test_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tunnel_set *set = make_set(&cases[i]);
		struct mtu_route_list routes = { 0 }, wanted;
		struct needs needs;
		char text[512] = "";
		size_t len = 0;

		make_routes(cases[i].routes, &routes);
		assert_int_equal(needs_make(set, &needs), 0);
		assert_int_equal(route_mtu_plan(set, &needs, &routes, &wanted), 0);
		for (size_t k = 0; k < wanted.count; k++)
			len += tell(&wanted.list[k], text + len, sizeof(text) - len);
		if (strcmp(text, cases[i].wanted) != 0)
			fail_msg("%s: %s", cases[i].name, text);
		mtu_route_list_done(&wanted);
		mtu_route_list_done(&routes);
		needs_done(&needs);
		tunnel_set_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_plan) };

	return cmocka_run_group_tests_name("route_mtu_plan", tests, NULL, NULL);
}
