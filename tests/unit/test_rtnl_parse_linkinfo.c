/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h> /* before linux/if_tunnel.h, or the two quarrel */
#include <linux/if_tunnel.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_linkinfo.h"
#include "rtnl_message.h"
#include "rtnl_tunnels.h"

#define KEYS_MAX 6

/* The keys of struct encap that are given, in a row. */
struct given {
	enum encap_key key;
	uint16_t value;
};

#define OUTER(version) { ENCAP_KEY_OUTER, version }
#define LIMIT(flag) { ENCAP_KEY_ENCAP_LIMIT, flag }
#define CKS(csum, key, seq) \
	{ ENCAP_KEY_CSUM, csum }, { ENCAP_KEY_KEY, key }, { ENCAP_KEY_SEQ, seq }

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	enum encap_kind kind;
	struct given given[KEYS_MAX]; /* ENCAP_KEY_OUTER with 0 ends them */
	const char *local, *remote;   /* NULL: none */
	bool per_flow;
	struct link rest; /* port, fwmark, if_id, keys, lower, master, elsewhere */
} links[] = {
	{ "VXLAN over IPv4", RECORDED(link_vx_four), ENCAP_VXLAN,
	  { OUTER(4), { ENCAP_KEY_GPE, 0 } }, "192.0.2.2", "203.0.113.7", false,
	  { .remote_port = 4789, .lower_ifindex = 12 } },
	{ "VXLAN over IPv6", RECORDED(link_vx_six), ENCAP_VXLAN,
	  { OUTER(6), { ENCAP_KEY_GPE, 0 } }, "2001:db8::2", "2001:db8::7", false,
	  { .remote_port = 8472 } },
	{ "VXLAN, multicast group", RECORDED(link_vx_group), ENCAP_VXLAN,
	  { OUTER(4), { ENCAP_KEY_GPE, 0 } }, NULL, NULL, true,
	  { .remote_port = 4790, .lower_ifindex = 12 } },
	{ "VXLAN, no address", RECORDED(link_vx_any), ENCAP_VXLAN,
	  { OUTER(4), { ENCAP_KEY_GPE, 0 } }, NULL, NULL, true, { .remote_port = 4791 } },
	{ "VXLAN, external: any family", RECORDED(link_vx_external), ENCAP_VXLAN,
	  { { ENCAP_KEY_GPE, 0 } }, NULL, NULL, true, { .remote_port = 4792 } },
	{ "VXLAN-GPE", RECORDED(link_vx_gpe), ENCAP_VXLAN,
	  { { ENCAP_KEY_GPE, 1 } }, NULL, NULL, true, { .remote_port = 4793 } },
	{ "Geneve over IPv4", RECORDED(link_gn_four), ENCAP_GENEVE,
	  { OUTER(4), { ENCAP_KEY_L3, 0 } }, NULL, "203.0.113.7", false,
	  { .remote_port = 6081 } },
	{ "Geneve over IPv6", RECORDED(link_gn_six), ENCAP_GENEVE,
	  { OUTER(6), { ENCAP_KEY_L3, 0 } }, NULL, "2001:db8::7", false,
	  { .remote_port = 6082 } },
	{ "Geneve, external", RECORDED(link_gn_external), ENCAP_GENEVE,
	  { { ENCAP_KEY_L3, 0 } }, NULL, NULL, true, { .remote_port = 6083 } },
	{ "Geneve without Ethernet", RECORDED(link_gn_l3), ENCAP_GENEVE,
	  { OUTER(4), { ENCAP_KEY_L3, 1 } }, NULL, "203.0.113.8", false,
	  { .remote_port = 6084 } },
	{ "GRE", RECORDED(link_gr_plain), ENCAP_GRE, { OUTER(4), CKS(0, 0, 0) },
	  "192.0.2.2", "203.0.113.7", false, { .lower_ifindex = 12 } },
	{ "GRE, all options", RECORDED(link_gr_options), ENCAP_GRE, { OUTER(4), CKS(1, 1, 1) },
	  "192.0.2.2", "203.0.113.8", false, { .fwmark = 0x21 } },
	{ "GRE in FOU", RECORDED(link_gr_fou), ENCAP_GRE,
	  { OUTER(4), CKS(0, 0, 0), { ENCAP_KEY_FOU, 8 } },
	  "192.0.2.2", "203.0.113.9", false, { 0 } },
	{ "GRE in GUE", RECORDED(link_gr_gue), ENCAP_GRE,
	  { OUTER(4), CKS(0, 0, 0), { ENCAP_KEY_GUE, 12 } },
	  "192.0.2.2", "203.0.113.10", false, { 0 } },
	{ "GRE in GUE, remote checksum", RECORDED(link_gr_remcsum), ENCAP_GRE,
	  { OUTER(4), CKS(0, 0, 0), { ENCAP_KEY_GUE, 20 } },
	  "192.0.2.2", "203.0.113.11", false, { 0 } },
	{ "GRE to anybody", RECORDED(link_gr_any), ENCAP_GRE, { OUTER(4), CKS(0, 1, 0) },
	  "192.0.2.2", NULL, true, { 0 } },
	{ "GRE, external", RECORDED(link_gr_external), ENCAP_GRE, { OUTER(4), CKS(1, 1, 1) },
	  NULL, NULL, true, { 0 } },
	{ "GRE, moved to another namespace", RECORDED(link_gr_moved), ENCAP_GRE,
	  { OUTER(4), CKS(0, 0, 0) }, NULL, NULL, false, { .elsewhere = true } },
	{ "GRETAP", RECORDED(link_gt_key), ENCAP_GRETAP, { OUTER(4), CKS(0, 1, 0) },
	  "192.0.2.2", "203.0.113.7", false, { 0 } },
	{ "GRE over IPv6", RECORDED(link_g6_limit), ENCAP_GRE,
	  { OUTER(6), CKS(0, 0, 0), LIMIT(1) }, "2001:db8::2", "2001:db8::7", false, { 0 } },
	{ "GRE over IPv6, encaplimit none", RECORDED(link_g6_none), ENCAP_GRE,
	  { OUTER(6), CKS(0, 1, 0), LIMIT(0) }, "2001:db8::2", "2001:db8::8", false, { 0 } },
	{ "GRETAP over IPv6", RECORDED(link_g6_tap), ENCAP_GRETAP,
	  { OUTER(6), CKS(0, 0, 0), LIMIT(1) }, "2001:db8::2", "2001:db8::9", false, { 0 } },
	{ "GRETAP over IPv6, external", RECORDED(link_g6_external), ENCAP_GRETAP,
	  { OUTER(6), CKS(1, 1, 1), LIMIT(0) }, NULL, NULL, true, { 0 } },
	{ "ERSPAN 0", RECORDED(link_es_zero), ENCAP_ERSPAN,
	  { OUTER(4), { ENCAP_KEY_VERSION, 0 } }, "192.0.2.2", "203.0.113.7", false, { 0 } },
	{ "ERSPAN 1", RECORDED(link_es_one), ENCAP_ERSPAN,
	  { OUTER(4), { ENCAP_KEY_VERSION, 1 } }, "192.0.2.2", "203.0.113.8", false, { 0 } },
	{ "ERSPAN 2", RECORDED(link_es_two), ENCAP_ERSPAN,
	  { OUTER(4), { ENCAP_KEY_VERSION, 2 } }, "192.0.2.2", "203.0.113.9", false, { 0 } },
	{ "ERSPAN over IPv6", RECORDED(link_es_six), ENCAP_ERSPAN,
	  { OUTER(6), LIMIT(1), { ENCAP_KEY_VERSION, 1 } }, "2001:db8::2", "2001:db8::7", false,
	  { 0 } },
	{ "IPIP", RECORDED(link_ii_plain), ENCAP_IPIP, { OUTER(4) },
	  "192.0.2.2", "203.0.113.7", false, { 0 } },
	{ "IPIP to anybody", RECORDED(link_ii_any), ENCAP_IPIP, { OUTER(4) }, "192.0.2.2", NULL,
	  true, { 0 } },
	{ "IPIP in GUE", RECORDED(link_ii_gue), ENCAP_IPIP, { OUTER(4), { ENCAP_KEY_GUE, 12 } },
	  NULL, "203.0.113.9", false, { 0 } },
	{ "IPIP, external", RECORDED(link_ii_external), ENCAP_IPIP, { OUTER(4) }, NULL, NULL,
	  true, { 0 } },
	{ "SIT", RECORDED(link_si_plain), ENCAP_SIT, { OUTER(4), { ENCAP_KEY_ANY, 1 } },
	  "192.0.2.2", "203.0.113.7", false, { 0 } },
	{ "SIT, 6rd", RECORDED(link_si_6rd), ENCAP_SIT, { OUTER(4), { ENCAP_KEY_ANY, 1 } },
	  "192.0.2.2", NULL, true, { 0 } },
	{ "ip6tnl", RECORDED(link_i6_limit), ENCAP_IP6TNL, { OUTER(6), LIMIT(1) },
	  "2001:db8::2", "2001:db8::7", false, { 0 } },
	{ "ip6tnl, encaplimit none", RECORDED(link_i6_none), ENCAP_IP6TNL, { OUTER(6), LIMIT(0) },
	  "2001:db8::2", "2001:db8::8", false, { 0 } },
	{ "ip6tnl, external", RECORDED(link_i6_external), ENCAP_IP6TNL, { OUTER(6), LIMIT(0) },
	  NULL, NULL, true, { 0 } },
	{ "VTI", RECORDED(link_vt_four), ENCAP_NONE, { OUTER(4) }, "192.0.2.2", "203.0.113.7",
	  false, { .out_key = 11 } },
	{ "VTI over IPv6", RECORDED(link_vt_six), ENCAP_NONE, { OUTER(6) }, "2001:db8::2",
	  "2001:db8::7", false, { .out_key = 12 } },
	{ "XFRM", RECORDED(link_xf_id), ENCAP_NONE, { { 0 } }, NULL, NULL, false,
	  { .if_id = 42, .lower_ifindex = 12 } },
	{ "XFRM, external", RECORDED(link_xf_external), ENCAP_NONE, { { 0 } }, NULL, NULL, true,
	  { 0 } },
	{ "MACsec", RECORDED(link_ms_sci), ENCAP_MACSEC,
	  { { ENCAP_KEY_SCI, 1 }, { ENCAP_KEY_ICV, 16 } }, NULL, NULL, false,
	  { .lower_ifindex = 12 } },
	{ "MACsec, end station", RECORDED(link_ms_end), ENCAP_MACSEC,
	  { { ENCAP_KEY_SCI, 0 }, { ENCAP_KEY_ICV, 16 } }, NULL, NULL, false,
	  { .lower_ifindex = 12 } },
	{ "MACsec, SCI only with many receivers", RECORDED(link_ms_none), ENCAP_MACSEC,
	  { { ENCAP_KEY_SCI, 1 }, { ENCAP_KEY_ICV, 16 } }, NULL, NULL, false,
	  { .lower_ifindex = 12 } },
	{ "VLAN", RECORDED(link_vl_seven), ENCAP_VLAN, { { ENCAP_KEY_TAGS, 1 } }, NULL, NULL,
	  false, { .lower_ifindex = 12 } },
	{ "port of a bridge", RECORDED(link_p0), ENCAP_NONE, { { 0 } }, NULL, NULL, false,
	  { .lower_ifindex = 58, .master_ifindex = 57 } },
};

static struct encap encap_from(enum encap_kind kind, const struct given *given)
{
	struct encap encap = { .kind = kind };

	for (size_t i = 0; i < KEYS_MAX; i++) {
		if (given[i].key != ENCAP_KEY_OUTER || given[i].value != 0)
			encap_set(&encap, given[i].key, given[i].value);
	}
	return encap;
}

static void check_encap(const char *name, const struct encap *encap, const struct encap *expected)
{
	if (encap->kind != expected->kind || encap->given != expected->given)
		fail_msg("%s: kind %d, keys %llx instead of %llx", name, (int)encap->kind,
			 (unsigned long long)encap->given, (unsigned long long)expected->given);
	for (size_t key = 0; key < ENCAP_KEY_COUNT; key++) {
		if (encap->value[key] != expected->value[key])
			fail_msg("%s: key %zu is %u", name, key, encap->value[key]);
	}
}

static void check_address(const char *name, bool has, const struct address *address,
			  const char *expected)
{
	char text[PREFIX_TEXT_MAX];

	if (has != (expected != NULL))
		fail_msg("%s: has an address or none", name);
	if (has && strcmp(address_format(address, text), expected) != 0)
		fail_msg("%s: %s", name, text);
}

static void check_rest(const char *name, const struct link *link, const struct link *expected)
{
	if (link->remote_port != expected->remote_port || link->fwmark != expected->fwmark ||
	    link->if_id != expected->if_id || link->out_key != expected->out_key || link->lower_ifindex != expected->lower_ifindex ||
	    link->master_ifindex != expected->master_ifindex ||
	    link->elsewhere != expected->elsewhere)
		fail_msg("%s: port %u fwmark %u if_id %u key %u lower %u master %u elsewhere %d",
			 name, link->remote_port, link->fwmark, link->if_id,
			 link->out_key, link->lower_ifindex, link->master_ifindex, link->elsewhere);
}

static void test_tunnels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct nlmsghdr *message = copy_message(links[i].bytes, links[i].len);
		struct encap encap = encap_from(links[i].kind, links[i].given);
		struct link_list list = { 0 };
		const struct link *link;

		assert_int_equal(rtnl_parse_link(message, &list), 0);
		assert_int_equal(list.count, 1);
		link = &list.list[0];
		check_encap(links[i].name, &link->encap, &encap);
		check_address(links[i].name, link->has_local, &link->local, links[i].local);
		check_address(links[i].name, link->has_remote, &link->remote, links[i].remote);
		if (link->per_flow != links[i].per_flow)
			fail_msg("%s: per_flow %d", links[i].name, link->per_flow);
		check_rest(links[i].name, link, &links[i].rest);
		link_list_done(&list);
		free(message);
	}
}

static void test_tunnels_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		for (size_t len = NLMSG_HDRLEN; len < links[i].len; len++) {
			bool whole = ends_with_attribute(links[i].bytes, sizeof(struct ifinfomsg),
							 len);
			struct nlmsghdr *message = copy_message(links[i].bytes, len);
			struct link_list list = { 0 };
			int r = rtnl_parse_link(message, &list);

			if (r != (whole ? 0 : -EBADMSG) || list.count != whole)
				fail_msg("%s cut to %zu: %d", links[i].name, len, r);
			link_list_done(&list);
			free(message);
		}
	}
}

/* What only its kind is told of, by kernels that were not recorded. */
static const struct {
	const char *kind;
	enum encap_kind encap;
	struct given given[KEYS_MAX];
	bool per_flow;
} bare[] = {
	{ "wireguard",   ENCAP_WIREGUARD, { { 0 } },                          false },
	{ "amneziawg",   ENCAP_AMNEZIAWG, { { 0 } },                          false },
	{ "ovpn",        ENCAP_OPENVPN,   { { ENCAP_KEY_DCO, 1 } },           false },
	{ "ovpn-dco",    ENCAP_OPENVPN,   { { ENCAP_KEY_DCO, 1 } },           false },
	{ "gtp",         ENCAP_GTPU,      { { 0 } },                          true  },
	{ "bareudp",     ENCAP_BAREUDP,   { { ENCAP_KEY_MPLS, 0 } },          true  },
	{ "gre",         ENCAP_GRE,       { OUTER(4), CKS(0, 0, 0) },         true  },
	{ "ppp",         ENCAP_NONE,      { { 0 } },                          false },
	{ "tun",         ENCAP_NONE,      { { 0 } },                          false },
	{ "veth",        ENCAP_NONE,      { { 0 } },                          false },
	{ "netkit",      ENCAP_NONE,      { { 0 } },                          false },
	{ "macvlan",     ENCAP_NONE,      { { 0 } },                          false },
	{ "ipvlan",      ENCAP_NONE,      { { 0 } },                          false },
	{ "hsr",         ENCAP_NONE,      { { 0 } },                          false },
	{ "gre6",        ENCAP_NONE,      { { 0 } },                          false },
};

static void test_kinds_without_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bare); i++) {
		struct encap encap = encap_from(bare[i].encap, bare[i].given);
		const struct nl_attr none = { 0 };
		struct link link = { .ifindex = 7 };

		snprintf(link.kind, sizeof(link.kind), "%s", bare[i].kind);
		assert_int_equal(rtnl_parse_linkinfo(&none, &link), 0);
		check_encap(bare[i].kind, &link.encap, &encap);
		if (link.per_flow != bare[i].per_flow || link.has_remote || link.has_local)
			fail_msg("%s: per_flow %d", bare[i].kind, link.per_flow);
	}
}

/* Each attribute with each length: the fewest bytes, and what a field of all bits 1 comes to. */
static const struct {
	const char *kind;
	uint16_t type;
	size_t least;
} attributes[] = {
	{ "vxlan",   IFLA_VXLAN_GROUP,            4 }, { "vxlan",   IFLA_VXLAN_GROUP6,       16 },
	{ "vxlan",   IFLA_VXLAN_LOCAL,            4 }, { "vxlan",   IFLA_VXLAN_LOCAL6,       16 },
	{ "vxlan",   IFLA_VXLAN_LINK,             4 }, { "vxlan",   IFLA_VXLAN_PORT,          2 },
	{ "vxlan",   IFLA_VXLAN_COLLECT_METADATA, 1 }, { "vxlan",   IFLA_VXLAN_GPE,           0 },
	{ "geneve",  IFLA_GENEVE_REMOTE,          4 }, { "geneve",  IFLA_GENEVE_REMOTE6,     16 },
	{ "geneve",  IFLA_GENEVE_PORT,            2 }, { "gre",     IFLA_GRE_OFLAGS,          2 },
	{ "gre",     IFLA_GRE_LOCAL,              4 }, { "gre",     IFLA_GRE_REMOTE,          4 },
	{ "ip6gre",  IFLA_GRE_LOCAL,             16 }, { "ip6gre",  IFLA_GRE_REMOTE,         16 },
	{ "ip6gre",  IFLA_GRE_FLAGS,              4 }, { "gretap",  IFLA_GRE_ENCAP_TYPE,      2 },
	{ "gretap",  IFLA_GRE_ENCAP_FLAGS,        2 }, { "gretap",  IFLA_GRE_FWMARK,          4 },
	{ "erspan",  IFLA_GRE_ERSPAN_VER,         1 }, { "ipip",    IFLA_IPTUN_LOCAL,         4 },
	{ "sit",     IFLA_IPTUN_PROTO,            1 },
	{ "sit",     IFLA_IPTUN_REMOTE,           4 }, { "sit",     IFLA_IPTUN_FLAGS,         0 },
	{ "ip6tnl",  IFLA_IPTUN_REMOTE,          16 }, { "ip6tnl",  IFLA_IPTUN_FLAGS,         4 },
	{ "ip6tnl",  IFLA_IPTUN_FWMARK,           4 },
	{ "vti",     IFLA_VTI_OKEY,               4 }, { "vti6",    IFLA_VTI_REMOTE,         16 },
	{ "vti",     IFLA_VTI_FWMARK,             4 }, { "xfrm",    IFLA_XFRM_IF_ID,          4 },
	{ "macsec",  IFLA_MACSEC_ICV_LEN,         1 }, { "macsec",  IFLA_MACSEC_INC_SCI,      1 },
	{ "macsec",  IFLA_MACSEC_ES,              1 }, { "macsec",  IFLA_MACSEC_SCB,          1 },
	{ "bareudp", IFLA_BAREUDP_PORT,           2 }, { "bareudp", IFLA_BAREUDP_ETHERTYPE,   2 },
	{ "tun",     IFLA_TUN_TYPE,               1 }, { "vlan",    IFLA_VLAN_ID,             0 },
};

static int parse_one(const char *kind, uint16_t type, const uint8_t *data, size_t len,
		     struct link *link)
{
	struct nlattr header = { .nla_len = (uint16_t)(sizeof(header) + len), .nla_type = type };
	uint8_t *nest = malloc(sizeof(header) + len);
	struct nl_attr attr = { .len = sizeof(header) + len, .data = nest };
	int r;

	assert_non_null(nest);
	memcpy(nest, &header, sizeof(header));
	memcpy(nest + sizeof(header), data, len);
	*link = (struct link){ .ifindex = 7 };
	snprintf(link->kind, sizeof(link->kind), "%s", kind);
	r = rtnl_parse_linkinfo(&attr, link);
	free(nest);
	return r;
}

static void test_attributes_of_each_length(void **state)
{
	const uint8_t data[24] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(attributes); i++) {
		for (size_t len = 0; len <= attributes[i].least + 4; len++) {
			struct link link;
			int expected = len >= attributes[i].least ? 0 : -EBADMSG;
			int r = parse_one(attributes[i].kind, attributes[i].type, data, len, &link);

			if (r != expected)
				fail_msg("%s, attribute %u, %zu bytes: %d", attributes[i].kind,
					 attributes[i].type, len, r);
		}
	}
}

/* What a SIT device carries, by the protocol inside. */
static void test_inside_of_sit(void **state)
{
	static const struct { uint8_t protocol; enum encap_kind kind; bool any; } modes[] = {
		{ 41, ENCAP_SIT, false }, { 0, ENCAP_SIT, true }, { 4, ENCAP_IPIP, false },
		{ 137, ENCAP_SIT, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct link link;

		assert_int_equal(parse_one("sit", IFLA_IPTUN_PROTO, &modes[i].protocol, 1, &link), 0);
		assert_int_equal(link.encap.kind, modes[i].kind);
		assert_int_equal(encap_has(&link.encap, ENCAP_KEY_ANY), modes[i].any);
	}
}

/* Far ends that are no single host, and values that nothing above has. */
static void test_odd_values(void **state)
{
	const uint8_t group6[16] = { 0xff, 0x02, [15] = 1 }, any[16] = { 0 };
	const uint8_t mpls[2] = { 0x88, 0x47 }, on[1] = { 1 }, group4[4] = { 239, 1, 2, 3 };
	struct link link;

	(void)state;
	assert_int_equal(parse_one("vxlan", IFLA_VXLAN_GROUP6, group6, 16, &link), 0);
	assert_true(link.per_flow && !link.has_remote);
	assert_int_equal(link.encap.value[ENCAP_KEY_OUTER], 6);
	assert_int_equal(parse_one("gre", IFLA_GRE_REMOTE, group4, 4, &link), 0);
	assert_true(link.per_flow && !link.has_remote);
	assert_int_equal(parse_one("ip6tnl", IFLA_IPTUN_REMOTE, any, 16, &link), 0);
	assert_true(link.per_flow && !link.has_remote);
	assert_int_equal(parse_one("bareudp", IFLA_BAREUDP_ETHERTYPE, mpls, 2, &link), 0);
	assert_int_equal(link.encap.value[ENCAP_KEY_MPLS], 1);
	assert_int_equal(parse_one("macsec", IFLA_MACSEC_SCB, on, 1, &link), 0);
	assert_int_equal(link.encap.value[ENCAP_KEY_SCI], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_tunnels_cut_anywhere),
		cmocka_unit_test(test_kinds_without_data),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_inside_of_sit),
		cmocka_unit_test(test_odd_values),
	};

	return cmocka_run_group_tests_name("rtnl_parse_linkinfo", tests, NULL, NULL);
}
