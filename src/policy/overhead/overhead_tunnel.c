/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overhead of the tunnels that only put headers in front: GRE and its family, IP in IP, and what
 * travels in UDP. Each row is a sum of headers, without padding. */
#include "policy/overhead/overhead_table.h"

#define BIT(name) (UINT64_C(1) << ENCAP_KEY_##name)
/* What the rows of one family all take. */
#define UDP_FAMILY (BIT(OUTER) | BIT(GPE) | BIT(INNER_VLAN) | BIT(OPTS) | BIT(L3) | BIT(MPLS))

#define USE_FOU { ENCAP_KEY_FOU, "bytes of UDP around it (fou alone: 8)", NULL }
#define USE_GUE { ENCAP_KEY_GUE, "bytes of UDP and GUE around it (gue alone: 12 = 8 + 4)", NULL }
#define USE_LIMIT \
	{ ENCAP_KEY_ENCAP_LIMIT, "IPv6 option that limits nesting (8; Linux adds it unless told)", \
	  NULL }
#define TERM_FOU { "UDP header (FOU)", 1, ENCAP_KEY_FOU, NULL }
#define TERM_GUE { "UDP and GUE headers", 1, ENCAP_KEY_GUE, NULL }
#define TERM_LIMIT { "tunnel encapsulation limit option", 0, TERM_ALWAYS, size_limit }
/* RFC 2784, RFC 2890 */
#define TERMS_GRE \
	{ "GRE header", 4, TERM_ALWAYS, NULL }, { "GRE checksum", 4, ENCAP_KEY_CSUM, NULL }, \
	{ "GRE key", 4, ENCAP_KEY_KEY, NULL }, { "GRE sequence number", 4, ENCAP_KEY_SEQ, NULL }
#define TERM_ETHERNET { "Ethernet header inside", 14, TERM_ALWAYS, NULL }
#define ASSUME_LIMIT \
	{ ENCAP_KEY_ENCAP_LIMIT, is_outer6, "no encapsulation limit option (encap_limit adds 8)" }

static bool is_outer6(const struct encap *encap)
{
	return overhead_outer_version(encap) == 6;
}

/* A destination option of IPv6, RFC 2473 section 4.1.1; IPv4 has none. */
static uint32_t size_limit(const struct encap *encap)
{
	return is_outer6(encap) && overhead_value(encap, ENCAP_KEY_ENCAP_LIMIT) ? 8 : 0;
}

static const struct overhead_use gre_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_KEY, "key field (4)", NULL },
	{ ENCAP_KEY_CSUM, "checksum field (4)", NULL },
	{ ENCAP_KEY_SEQ, "sequence number (4)", NULL },
	USE_LIMIT,
	USE_FOU,
	USE_GUE,
	{ 0 },
};

static const struct overhead_assumption limit_assumes[] = { ASSUME_LIMIT, { 0 } };

static const struct overhead_term gre_terms[] = {
	TERM_OUTER,
	TERM_LIMIT,
	TERM_FOU,
	TERM_GUE,
	TERMS_GRE,
	{ 0 },
};

const struct overhead_row overhead_gre = {
	.title = "GRE",
	.summary = "IP, GRE 4, key, checksum and sequence number 4 each",
	.source = "RFC 2784, RFC 2890, net/ipv4/ip_gre.c, net/ipv6/ip6_gre.c",
	.uses = gre_uses,
	.ignored = BIT(VERSION),
	.terms = gre_terms,
	.has_outer = true,
	.assumes = limit_assumes,
};

static const struct overhead_term gretap_terms[] = {
	TERM_OUTER,
	TERM_LIMIT,
	TERM_FOU,
	TERM_GUE,
	TERMS_GRE,
	TERM_ETHERNET,
	{ 0 },
};

const struct overhead_row overhead_gretap = {
	.title = "Ethernet over GRE",
	.summary = "as gre, and the Ethernet header inside 14",
	.source = "RFC 2784, RFC 2890, net/ipv4/ip_gre.c, net/ipv6/ip6_gre.c",
	.uses = gre_uses,
	.ignored = BIT(VERSION),
	.terms = gretap_terms,
	.has_outer = true,
	.assumes = limit_assumes,
};

/* Versions 1 and 2 number their packets, version 0 has a bare GRE header. */
static uint32_t size_erspan_seq(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_VERSION) ? 4 : 0;
}

static uint32_t size_erspan(const struct encap *encap)
{
	static const uint8_t bytes[] = { 0, 8, 12 }; /* base 4, index 4, or 8 */

	return bytes[overhead_value(encap, ENCAP_KEY_VERSION)];
}

static const struct overhead_use erspan_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_VERSION, "0 (type I), 1 (type II) or 2 (type III); default: 0", NULL },
	USE_LIMIT,
	USE_FOU,
	USE_GUE,
	{ 0 },
};

static const struct overhead_term erspan_terms[] = {
	TERM_OUTER,
	TERM_LIMIT,
	TERM_FOU,
	TERM_GUE,
	{ "GRE header", 4, TERM_ALWAYS, NULL },
	{ "GRE sequence number", 0, TERM_ALWAYS, size_erspan_seq },
	{ "ERSPAN header", 0, TERM_ALWAYS, size_erspan },
	TERM_ETHERNET,
	{ 0 },
};

static const struct overhead_assumption erspan_assumes[] = {
	{ ENCAP_KEY_VERSION, NULL, "version 0, a GRE header alone (Linux: 1 unless told)" },
	ASSUME_LIMIT,
	{ 0 },
};

const struct overhead_row overhead_erspan = {
	.title = "ERSPAN",
	.summary = "IP, GRE 4 (version 0) or 8, ERSPAN 0, 8 or 12, Ethernet inside 14",
	.source = "net/ipv4/ip_gre.c erspan_tunnel_init, include/net/erspan.h",
	.uses = erspan_uses,
	.ignored = BIT(KEY) | BIT(CSUM) | BIT(SEQ),
	.terms = erspan_terms,
	.has_outer = true,
	.assumes = erspan_assumes,
};

static const struct overhead_use ip_uses[] = { USE_OUTER, USE_LIMIT, USE_FOU, USE_GUE, { 0 } };

static const struct overhead_term ip_terms[] = {
	TERM_OUTER, TERM_LIMIT, TERM_FOU, TERM_GUE, { 0 },
};

const struct overhead_row overhead_ipip = {
	.title = "IPv4 in IP",
	.summary = "IP; carries IPv4 alone",
	.source = "RFC 2003, net/ipv4/ipip.c",
	.uses = ip_uses,
	.ignored = BIT(KEY) | BIT(CSUM) | BIT(SEQ) | BIT(VERSION),
	.terms = ip_terms,
	.has_outer = true,
	.only = { [FAMILY_IPV4] = true },
	.assumes = limit_assumes,
};

const struct overhead_row overhead_sit = {
	.title = "IPv6 in IP (6in4, 6to4, 6rd)",
	.summary = "IP; carries IPv6 alone",
	.source = "RFC 4213, net/ipv6/sit.c",
	.uses = ip_uses,
	.ignored = BIT(KEY) | BIT(CSUM) | BIT(SEQ) | BIT(VERSION),
	.terms = ip_terms,
	.has_outer = true,
	.only = { [FAMILY_IPV6] = true },
	.assumes = limit_assumes,
};

static const struct overhead_use ip6tnl_uses[] = { USE_LIMIT, USE_FOU, USE_GUE, { 0 } };

const struct overhead_row overhead_ip6tnl = {
	.title = "IPv4 or IPv6 in IPv6 (DS-Lite, MAP-E)",
	.summary = "IPv6 40, encapsulation limit 8",
	.source = "RFC 2473, net/ipv6/ip6_tunnel.c",
	.uses = ip6tnl_uses,
	.ignored = BIT(OUTER) | BIT(KEY) | BIT(CSUM) | BIT(SEQ) | BIT(VERSION),
	.terms = ip_terms,
	.has_outer = true,
	.outer_fixed = 6,
	.assumes = limit_assumes,
};

#define TERM_UDP { "UDP header", 8, TERM_ALWAYS, NULL }
#define TERM_MPLS { "MPLS labels", 4, ENCAP_KEY_MPLS, NULL }
#define TERM_OPTS { "options", 1, ENCAP_KEY_OPTS, NULL }
#define USE_MPLS { ENCAP_KEY_MPLS, "MPLS labels inside, 4 bytes each (mpls alone: 1)", NULL }
#define USE_VLAN { ENCAP_KEY_INNER_VLAN, "a VLAN tag inside (4)", NULL }

/* GPE tells what follows and needs no Ethernet header for it. */
static uint32_t size_inner_ethernet(const struct encap *encap)
{
	if (overhead_value(encap, ENCAP_KEY_L3) || overhead_value(encap, ENCAP_KEY_GPE))
		return 0;
	return 14;
}

static const struct overhead_use vxlan_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_GPE, "generic protocol extension, no Ethernet header inside", NULL },
	{ ENCAP_KEY_L3, "no Ethernet header inside", NULL },
	USE_VLAN,
	{ ENCAP_KEY_OPTS, "bytes of further headers", NULL },
	USE_MPLS,
	{ 0 },
};

static const struct overhead_term vxlan_terms[] = {
	TERM_OUTER,
	TERM_UDP,
	{ "VXLAN header", 8, TERM_ALWAYS, NULL },
	TERM_OPTS,
	{ "Ethernet header inside", 0, TERM_ALWAYS, size_inner_ethernet },
	{ "VLAN tag inside", 4, ENCAP_KEY_INNER_VLAN, NULL },
	TERM_MPLS,
	{ 0 },
};

const struct overhead_row overhead_vxlan = {
	.title = "VXLAN",
	.summary = "IP, UDP 8, VXLAN 8, the Ethernet header inside 14",
	.source = "RFC 7348, include/net/vxlan.h vxlan_headroom",
	.uses = vxlan_uses,
	.terms = vxlan_terms,
	.has_outer = true,
};

static const struct overhead_use geneve_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_OPTS, "bytes of options; each packet may have its own", NULL },
	{ ENCAP_KEY_L3, "no Ethernet header inside", NULL },
	USE_VLAN,
	USE_MPLS,
	{ 0 },
};

static uint32_t size_geneve_ethernet(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_L3) ? 0 : 14;
}

static const struct overhead_term geneve_terms[] = {
	TERM_OUTER,
	TERM_UDP,
	{ "Geneve header", 8, TERM_ALWAYS, NULL },
	TERM_OPTS,
	{ "Ethernet header inside", 0, TERM_ALWAYS, size_geneve_ethernet },
	{ "VLAN tag inside", 4, ENCAP_KEY_INNER_VLAN, NULL },
	TERM_MPLS,
	{ 0 },
};

static const struct overhead_assumption geneve_assumes[] = {
	{ ENCAP_KEY_OPTS, NULL, "no Geneve options (opts adds their bytes)" },
	{ 0 },
};

const struct overhead_row overhead_geneve = {
	.title = "Geneve",
	.summary = "IP, UDP 8, Geneve 8 and its options, the Ethernet header inside 14",
	.source = "RFC 8926, drivers/net/geneve.c",
	.uses = geneve_uses,
	.ignored = BIT(GPE),
	.terms = geneve_terms,
	.has_outer = true,
	.assumes = geneve_assumes,
};

static const struct overhead_use bareudp_uses[] = {
	USE_OUTER,
	USE_MPLS,
	{ ENCAP_KEY_OPTS, "bytes of further headers", NULL },
	{ 0 },
};

static const struct overhead_term bareudp_terms[] = {
	TERM_OUTER, TERM_UDP, TERM_OPTS, TERM_MPLS, { 0 },
};

const struct overhead_row overhead_bareudp = {
	.title = "bare UDP (MPLS or IP)",
	.summary = "IP, UDP 8, MPLS labels 4 each",
	.source = "drivers/net/bareudp.c, RFC 7510",
	.uses = bareudp_uses,
	.ignored = UDP_FAMILY & ~(BIT(OUTER) | BIT(MPLS) | BIT(OPTS)),
	.terms = bareudp_terms,
	.has_outer = true,
};

static const struct overhead_use gtpu_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_OPTS, "bytes of optional fields and extension headers", NULL },
	{ 0 },
};

static const struct overhead_term gtpu_terms[] = {
	TERM_OUTER, TERM_UDP, { "GTP-U header", 8, TERM_ALWAYS, NULL }, TERM_OPTS, { 0 },
};

const struct overhead_row overhead_gtpu = {
	.title = "GTP-U",
	.summary = "IP, UDP 8, GTP 8",
	.source = "3GPP TS 29.281, drivers/net/gtp.c",
	.uses = gtpu_uses,
	.ignored = UDP_FAMILY & ~(BIT(OUTER) | BIT(OPTS)),
	.terms = gtpu_terms,
	.has_outer = true,
};
