/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overhead of L2TP and PPP, of what lies below IP, and of what is no tunnel but makes packets
 * smaller. */
#include "policy/overhead/overhead_table.h"

#define BIT(name) (UINT64_C(1) << ENCAP_KEY_##name)
/* What the rows of one family all take. */
#define L2TP_KEYS                                                                      \
	(BIT(PPP) | BIT(LENGTH) | BIT(SEQ) | BIT(UDP) | BIT(L2SPEC) | BIT(COOKIE) |      \
	 BIT(ACK) | BIT(MPPE) | BIT(OUTER))
#define LINK_KEYS                                                                         \
	(BIT(SCI) | BIT(ICV) | BIT(LABELS) | BIT(TAGS) | BIT(METHOD) | BIT(TAP) | BIT(MTU) | \
	 BIT(OUTER))

#define USE_PPP \
	{ ENCAP_KEY_PPP, "bytes: 1 or 2 of protocol, 0 or 2 of address and control", NULL }
#define USE_MPPE { ENCAP_KEY_MPPE, "encrypted by MPPE: count 2 and protocol 2", NULL }
#define TERM_PPP { "PPP header", 1, ENCAP_KEY_PPP, NULL }
#define TERM_MPPE { "MPPE", 4, ENCAP_KEY_MPPE, NULL }
#define ASSUME_PPP { ENCAP_KEY_PPP, NULL, "the PPP header is not counted (ppp: 1 to 4 bytes)" }

static const struct overhead_use no_uses[] = { { 0 } };
static const struct overhead_term no_terms[] = { { 0 } };

const struct overhead_row overhead_none = {
	.title = "no tunnel",
	.summary = "nothing",
	.source = "",
	.uses = no_uses,
	.terms = no_terms,
};

static const struct overhead_use l2tp2_uses[] = {
	USE_OUTER,
	USE_PPP,
	{ ENCAP_KEY_LENGTH, "length field (2)", NULL },
	{ ENCAP_KEY_SEQ, "sequence numbers Ns and Nr (4)", NULL },
	USE_MPPE,
	{ 0 },
};

static const struct overhead_term l2tp2_terms[] = {
	TERM_OUTER,
	{ "UDP header", 8, TERM_ALWAYS, NULL },
	{ "L2TP header", 6, TERM_ALWAYS, NULL },
	{ "L2TP length", 2, ENCAP_KEY_LENGTH, NULL },
	{ "L2TP sequence numbers", 4, ENCAP_KEY_SEQ, NULL },
	TERM_PPP,
	TERM_MPPE,
	{ 0 },
};

static const struct overhead_assumption ppp_assumes[] = { ASSUME_PPP, { 0 } };

const struct overhead_row overhead_l2tp2 = {
	.title = "L2TP version 2",
	.summary = "IP, UDP 8, L2TP 6, length 2, sequence numbers 4, PPP",
	.source = "RFC 2661 section 3.1, net/l2tp/l2tp_core.c",
	.uses = l2tp2_uses,
	.ignored = BIT(UDP) | BIT(L2SPEC) | BIT(COOKIE) | BIT(ACK),
	.terms = l2tp2_terms,
	.has_outer = true,
	.assumes = ppp_assumes,
};

static const struct overhead_term l2tp2_kernel_terms[] = {
	{ "IP, UDP, L2TP and PPP headers as Linux reckons them", 40, TERM_ALWAYS, NULL },
	{ 0 },
};

static const struct overhead_assumption l2tp2_kernel_assumes[] = {
	{ TERM_ALWAYS, NULL, "40 whatever the outer IP version and the options" },
	{ 0 },
};

const struct overhead_row overhead_l2tp2_kernel = {
	.title = "L2TP version 2 as Linux reckons",
	.summary = "always 40",
	.source = "net/l2tp/l2tp_ppp.c PPPOL2TP_HEADER_OVERHEAD",
	.uses = no_uses,
	.ignored = L2TP_KEYS,
	.terms = l2tp2_kernel_terms,
	.has_outer = true,
	.assumes = l2tp2_kernel_assumes,
};

static const struct overhead_use l2tp3eth_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_UDP, "in UDP: 8, and 4 of L2TP; else in IP", NULL },
	{ ENCAP_KEY_COOKIE, "bytes: 0, 4 or 8", NULL },
	{ ENCAP_KEY_L2SPEC, "the sublayer that has the sequence number (4)", NULL },
	{ 0 },
};

static const struct overhead_term l2tp3eth_terms[] = {
	TERM_OUTER,
	{ "UDP header", 8, ENCAP_KEY_UDP, NULL },
	{ "L2TP flags and version", 4, ENCAP_KEY_UDP, NULL },
	{ "L2TP session id", 4, TERM_ALWAYS, NULL },
	{ "L2TP cookie", 1, ENCAP_KEY_COOKIE, NULL },
	{ "L2TP specific sublayer", 4, ENCAP_KEY_L2SPEC, NULL },
	{ "Ethernet header inside", 14, TERM_ALWAYS, NULL },
	{ 0 },
};

static const struct overhead_assumption l2tp3eth_assumes[] = {
	{ ENCAP_KEY_L2SPEC, NULL, "no L2 specific sublayer (Linux: yes; l2spec adds 4)" },
	{ 0 },
};

const struct overhead_row overhead_l2tp3eth = {
	.title = "Ethernet over L2TP version 3",
	.summary = "IP, in UDP 8 + 4, session id 4, cookie, sublayer 4, Ethernet inside 14",
	.source = "RFC 3931, net/l2tp/l2tp_core.c l2tp_session_set_header_len, net/l2tp/l2tp_eth.c",
	.uses = l2tp3eth_uses,
	.ignored = BIT(PPP) | BIT(LENGTH) | BIT(SEQ) | BIT(ACK) | BIT(MPPE),
	.terms = l2tp3eth_terms,
	.has_outer = true,
	.assumes = l2tp3eth_assumes,
};

static const struct overhead_use pptp_uses[] = {
	USE_OUTER,
	USE_PPP,
	{ ENCAP_KEY_ACK, "an acknowledgement rides along (4); any packet may have one", NULL },
	USE_MPPE,
	{ 0 },
};

static const struct overhead_term pptp_terms[] = {
	TERM_OUTER,
	{ "GRE header with key and sequence number", 12, TERM_ALWAYS, NULL },
	{ "GRE acknowledgement", 4, ENCAP_KEY_ACK, NULL },
	TERM_PPP,
	TERM_MPPE,
	{ 0 },
};

static const struct overhead_assumption pptp_assumes[] = {
	{ ENCAP_KEY_ACK, NULL, "no acknowledgement rides along (ack adds 4)" },
	ASSUME_PPP,
	{ 0 },
};

const struct overhead_row overhead_pptp = {
	.title = "PPTP",
	.summary = "IP, GRE 12, acknowledgement 4, PPP, MPPE 4",
	.source = "RFC 2637 section 4.1, RFC 3078, drivers/net/ppp/pptp.c, ppp_mppe.c",
	.uses = pptp_uses,
	.ignored = BIT(LENGTH) | BIT(SEQ) | BIT(UDP) | BIT(L2SPEC) | BIT(COOKIE),
	.terms = pptp_terms,
	.has_outer = true,
	.assumes = pptp_assumes,
};

/* RFC 2516 section 4: the protocol is always sent whole, unless somebody says what else. */
static uint32_t size_pppoe_ppp(const struct encap *encap)
{
	return encap_has(encap, ENCAP_KEY_PPP) ? encap->value[ENCAP_KEY_PPP] : 2;
}

static const struct overhead_use pppoe_uses[] = {
	{ ENCAP_KEY_PPP, "bytes of the PPP protocol; default: 2", NULL },
	USE_MPPE,
	{ 0 },
};

static const struct overhead_term pppoe_terms[] = {
	{ "PPPoE header", 6, TERM_ALWAYS, NULL },
	{ "PPP protocol", 0, TERM_ALWAYS, size_pppoe_ppp },
	TERM_MPPE,
	{ 0 },
};

const struct overhead_row overhead_pppoe = {
	.title = "PPPoE",
	.summary = "PPPoE 6, PPP 2",
	.source = "RFC 2516, drivers/net/ppp/pppoe.c",
	.uses = pppoe_uses,
	.ignored = L2TP_KEYS & ~(BIT(PPP) | BIT(MPPE)),
	.terms = pppoe_terms,
};

static const struct overhead_use macsec_uses[] = {
	{ ENCAP_KEY_SCI, "the SecTAG has the secure channel identifier (8)", NULL },
	{ ENCAP_KEY_ICV, "bytes: 8 to 16, Linux has 16", NULL },
	{ 0 },
};

static const struct overhead_term macsec_terms[] = {
	{ "MACsec SecTAG", 8, TERM_ALWAYS, NULL },
	{ "secure channel identifier", 8, ENCAP_KEY_SCI, NULL },
	{ "ICV", 1, ENCAP_KEY_ICV, NULL },
	{ 0 },
};

static const struct overhead_assumption macsec_assumes[] = {
	{ ENCAP_KEY_SCI, NULL, "no SCI in the SecTAG (Linux sends it unless told; sci adds 8)" },
	{ ENCAP_KEY_ICV, NULL, "no ICV is counted (icv: 16 in Linux)" },
	{ 0 },
};

const struct overhead_row overhead_macsec = {
	.title = "MACsec",
	.summary = "SecTAG 8, with SCI 16, ICV",
	.source = "IEEE 802.1AE, drivers/net/macsec.c",
	.uses = macsec_uses,
	.ignored = LINK_KEYS & ~(BIT(SCI) | BIT(ICV)),
	.terms = macsec_terms,
	.assumes = macsec_assumes,
};

static const struct overhead_use mpls_uses[] = {
	{ ENCAP_KEY_LABELS, "labels, 4 bytes each (labels alone: 1)", NULL },
	{ 0 },
};

static const struct overhead_term mpls_terms[] = {
	{ "MPLS labels", 4, ENCAP_KEY_LABELS, NULL },
	{ 0 },
};

static const struct overhead_assumption mpls_assumes[] = {
	{ ENCAP_KEY_LABELS, NULL, "no label (labels adds 4 each)" },
	{ 0 },
};

const struct overhead_row overhead_mpls = {
	.title = "MPLS",
	.summary = "4 a label",
	.source = "RFC 3032",
	.uses = mpls_uses,
	.ignored = LINK_KEYS & ~BIT(LABELS),
	.terms = mpls_terms,
	.assumes = mpls_assumes,
};

static const struct overhead_use vlan_uses[] = {
	{ ENCAP_KEY_TAGS, "tags that take room of the path, 4 bytes each (tags alone: 1)", NULL },
	{ 0 },
};

static const struct overhead_term vlan_terms[] = {
	{ "VLAN tags", 4, ENCAP_KEY_TAGS, NULL },
	{ 0 },
};

static const struct overhead_assumption vlan_assumes[] = {
	{ ENCAP_KEY_TAGS, NULL, "the tag has room beside the path MTU (tags takes 4 each off)" },
	{ 0 },
};

const struct overhead_row overhead_vlan = {
	.title = "VLAN",
	.summary = "4 a tag",
	.source = "IEEE 802.1Q",
	.uses = vlan_uses,
	.ignored = LINK_KEYS & ~BIT(TAGS),
	.terms = vlan_terms,
	.assumes = vlan_assumes,
};

static const struct overhead_term translate46_terms[] = {
	{ "IPv6 header in place of an IPv4 header", 20, TERM_ALWAYS, NULL },
	{ 0 },
};

const struct overhead_row overhead_translate46 = {
	.title = "IPv4 translated to IPv6 (464XLAT, MAP-T, NAT64)",
	.summary = "20: an IPv6 header is 40, an IPv4 header 20; carries IPv4 alone",
	.source = "RFC 7915, RFC 6877",
	.uses = no_uses,
	.ignored = LINK_KEYS,
	.terms = translate46_terms,
	.has_outer = true,
	.outer_fixed = 6,
	.only = { [FAMILY_IPV4] = true },
};

static void finish_route(const struct encap *encap, struct overhead_sum *sum)
{
	uint32_t mtu = overhead_value(encap, ENCAP_KEY_MTU);

	if (mtu && mtu < sum->left)
		overhead_take(sum, sum->left - mtu, "route MTU %u", mtu);
}

static const struct overhead_use route_uses[] = {
	{ ENCAP_KEY_MTU, "the most the route lets through", NULL },
	{ 0 },
};

static const struct overhead_assumption route_assumes[] = {
	{ ENCAP_KEY_MTU, NULL, "the route has no MTU of its own" },
	{ 0 },
};

const struct overhead_row overhead_route = {
	.title = "route MTU",
	.summary = "no header: the smaller of what comes and mtu",
	.source = "ip-route(8), mtu",
	.uses = route_uses,
	.ignored = LINK_KEYS & ~BIT(MTU),
	.terms = no_terms,
	.finish = finish_route,
	.assumes = route_assumes,
};
