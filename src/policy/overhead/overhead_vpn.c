/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overhead of VPNs in user space's terms: WireGuard, AmneziaWG, OpenVPN, fastd. */
#include "policy/overhead/overhead_table.h"

#define PADDING_WIREGUARD 16
#define PID_SHORT 4 /* packet id alone, with TLS */
#define PID_LONG 8  /* with a time or an epoch in front */

/* What an interface never sends more than. */
static void limit_to_interface(const struct encap *encap, struct overhead_sum *sum)
{
	uint32_t mtu = overhead_value(encap, ENCAP_KEY_IFMTU);

	if (mtu && mtu < sum->left)
		overhead_take(sum, sum->left - mtu, "interface MTU %u", mtu);
}

/* The plaintext is filled up to 16 bytes, but never beyond the MTU of the interface: a packet of
 * just that size has no padding (drivers/net/wireguard/send.c calculate_skb_padding). */
static void finish_wireguard(const struct encap *encap, struct overhead_sum *sum)
{
	uint32_t mtu = overhead_value(encap, ENCAP_KEY_IFMTU);

	if (mtu && mtu <= sum->left)
		limit_to_interface(encap, sum);
	else
		overhead_take(sum, sum->left % PADDING_WIREGUARD,
			      "round down to 16: WireGuard pads the plaintext");
}

static const struct overhead_use wireguard_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_IFMTU, "MTU of the interface; without it only the padding limits", NULL },
	{ ENCAP_KEY_S4, "bytes of junk in front of each packet, as AmneziaWG's S4 sets", NULL },
	{ 0 },
};

static const struct overhead_term wireguard_terms[] = {
	TERM_OUTER,
	{ "UDP header", 8, TERM_ALWAYS, NULL },
	{ "junk (S4)", 1, ENCAP_KEY_S4, NULL },
	{ "WireGuard header", 16, TERM_ALWAYS, NULL },
	{ "authentication tag", 16, TERM_ALWAYS, NULL },
	{ 0 },
};

static const struct overhead_assumption wireguard_assumes[] = {
	{ ENCAP_KEY_IFMTU, NULL, "no interface MTU: every packet is padded to a multiple of 16" },
	{ 0 },
};

const struct overhead_row overhead_wireguard = {
	.title = "WireGuard",
	.summary = "IP, UDP 8, header 16, tag 16; the packet fills up to 16, not beyond ifmtu",
	.source = "drivers/net/wireguard/messages.h, send.c calculate_skb_padding",
	.uses = wireguard_uses,
	.terms = wireguard_terms,
	.finish = finish_wireguard,
	.has_outer = true,
	.assumes = wireguard_assumes,
};

static const struct overhead_assumption amneziawg_assumes[] = {
	{ ENCAP_KEY_IFMTU, NULL, "no interface MTU: every packet is padded to a multiple of 16" },
	{ TERM_ALWAYS, NULL, "packets are not filled up at random" },
	{ 0 },
};

const struct overhead_row overhead_amneziawg = {
	.title = "AmneziaWG",
	.summary = "as wireguard, and s4 bytes of junk",
	.source = "AmneziaWG's messages.h, send.c",
	.uses = wireguard_uses,
	.terms = wireguard_terms,
	.finish = finish_wireguard,
	.has_outer = true,
	.assumes = amneziawg_assumes,
};

static enum encap_mode openvpn_mode(const struct encap *encap)
{
	if (overhead_value(encap, ENCAP_KEY_DCO))
		return ENCAP_MODE_AEAD; /* the kernel does no other */
	return (enum encap_mode)overhead_value(encap, ENCAP_KEY_MODE);
}

static bool is_tcp(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_PROTO) == ENCAP_PROTO_TCP;
}

static uint32_t size_udp(const struct encap *encap)
{
	return is_tcp(encap) ? 0 : 8;
}

static uint32_t size_tcp(const struct encap *encap)
{
	return is_tcp(encap) ? 20 : 0;
}

static uint32_t size_tcp_length(const struct encap *encap)
{
	return is_tcp(encap) ? 2 : 0;
}

static uint32_t size_socks(const struct encap *encap)
{
	return !is_tcp(encap) && overhead_value(encap, ENCAP_KEY_SOCKS) ? 10 : 0;
}

/* Static keys need no opcode: there is nothing but data. */
static uint32_t size_opcode(const struct encap *encap)
{
	if (overhead_value(encap, ENCAP_KEY_DCO))
		return 4;
	if (!overhead_unless_off(encap, ENCAP_KEY_TLS))
		return 0;
	return overhead_unless_off(encap, ENCAP_KEY_PEER_ID) ? 4 : 1;
}

static uint32_t pid_bytes(const struct encap *encap)
{
	return overhead_unless_off(encap, ENCAP_KEY_TLS) ? PID_SHORT : PID_LONG;
}

static uint32_t size_pid_outside(const struct encap *encap)
{
	switch (openvpn_mode(encap)) {
	case ENCAP_MODE_AEAD:
		if (overhead_value(encap, ENCAP_KEY_DCO))
			return PID_SHORT;
		return overhead_value(encap, ENCAP_KEY_EPOCH) ? PID_LONG : pid_bytes(encap);
	case ENCAP_MODE_PLAIN:
		return pid_bytes(encap);
	case ENCAP_MODE_CBC:
	case ENCAP_MODE_CFB:
		break;
	}
	return 0;
}

static uint32_t size_pid_inside(const struct encap *encap)
{
	return openvpn_mode(encap) == ENCAP_MODE_CBC ? pid_bytes(encap) : 0;
}

static uint32_t size_tag(const struct encap *encap)
{
	return openvpn_mode(encap) == ENCAP_MODE_AEAD ? 16 : 0;
}

static uint32_t size_hmac(const struct encap *encap)
{
	return openvpn_mode(encap) == ENCAP_MODE_AEAD ? 0 : overhead_value(encap, ENCAP_KEY_HMAC);
}

static uint32_t size_iv(const struct encap *encap)
{
	enum encap_mode mode = openvpn_mode(encap);

	if (mode != ENCAP_MODE_CBC && mode != ENCAP_MODE_CFB)
		return 0;
	return overhead_value(encap, ENCAP_KEY_IV);
}

/* What is encrypted along with the packet; the last four terms. */
static uint32_t size_plaintext(const struct encap *encap)
{
	return size_pid_inside(encap) + overhead_value(encap, ENCAP_KEY_COMP) +
	       4 * overhead_value(encap, ENCAP_KEY_FRAGMENT) +
	       14 * overhead_value(encap, ENCAP_KEY_TAP);
}

/* A stream cuts packets as it likes: what the interface takes gets through. */
static void set_stream(struct overhead_sum *sum, uint32_t mtu)
{
	if (sum->steps)
		sum->steps->count = 0;
	sum->left = mtu + 1;
	overhead_take(sum, 1, "interface MTU %u: a TCP stream takes packets of any size", mtu);
	if (sum->steps)
		sum->steps->list[0].bytes = sum->outer > mtu ? sum->outer - mtu : 0;
}

/* CBC fills up to whole blocks with at least one byte. */
static void finish_openvpn(const struct encap *encap, struct overhead_sum *sum)
{
	uint32_t mtu = overhead_value(encap, ENCAP_KEY_IFMTU);
	uint32_t block = overhead_value(encap, ENCAP_KEY_BLOCK);

	if (is_tcp(encap) && mtu) {
		set_stream(sum, mtu);
		return;
	}
	if (openvpn_mode(encap) == ENCAP_MODE_CBC)
		overhead_take(sum,
			      1 + (block ? (sum->left + size_plaintext(encap)) % block : 0),
			      "CBC padding: at least 1, encrypted in blocks of %u",
			      block ? block : 1);
	limit_to_interface(encap, sum);
}

static const char *const openvpn_modes[] = { "aead", "cbc", "none", "cfb", NULL };
static const char *const openvpn_protos[] = { "udp", "tcp", NULL };

static const struct overhead_use openvpn_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_IFMTU, "MTU of the interface (tun-mtu)", NULL },
	{ ENCAP_KEY_CIPHER, "name: AES-256-GCM, CHACHA20-POLY1305, AES-256-CBC, none, ...; sets "
			    "mode, iv, block and, with auth, hmac", NULL },
	{ ENCAP_KEY_AUTH, "name of the digest: SHA1 (OpenVPN's own default), SHA256, none", NULL },
	{ ENCAP_KEY_MODE, "aead, cbc, none, or cfb for CFB and OFB; default: aead", openvpn_modes },
	{ ENCAP_KEY_HMAC, "bytes of the HMAC, of any mode but aead", NULL },
	{ ENCAP_KEY_IV, "bytes of the IV, of cbc and cfb", NULL },
	{ ENCAP_KEY_BLOCK, "bytes of a block, of cbc", NULL },
	{ ENCAP_KEY_TLS, "off for static keys: no opcode, packet id 8, not 4; default: on", NULL },
	{ ENCAP_KEY_PEER_ID, "off: opcode 1 instead of 4; default: on", NULL },
	{ ENCAP_KEY_EPOCH, "epoch keys: packet id 8 instead of 4, of aead", NULL },
	{ ENCAP_KEY_COMP, "the byte of a compression that is negotiated (1)", NULL },
	{ ENCAP_KEY_FRAGMENT, "the header of --fragment (4)", NULL },
	{ ENCAP_KEY_TAP, "Ethernet inside (14)", NULL },
	{ ENCAP_KEY_SOCKS, "through a SOCKS proxy, of udp (10)", NULL },
	{ ENCAP_KEY_PROTO, "udp or tcp; default: udp", openvpn_protos },
	{ ENCAP_KEY_DCO, "data channel in the kernel: 24 bytes of header", NULL },
	{ 0 },
};

static const struct overhead_term openvpn_terms[] = {
	TERM_OUTER,
	{ "UDP header", 0, TERM_ALWAYS, size_udp },
	{ "TCP header", 0, TERM_ALWAYS, size_tcp },
	{ "SOCKS header", 0, TERM_ALWAYS, size_socks },
	{ "packet length in the stream", 0, TERM_ALWAYS, size_tcp_length },
	{ "opcode and peer id", 0, TERM_ALWAYS, size_opcode },
	{ "packet id", 0, TERM_ALWAYS, size_pid_outside },
	{ "authentication tag", 0, TERM_ALWAYS, size_tag },
	{ "HMAC", 0, TERM_ALWAYS, size_hmac },
	{ "IV", 0, TERM_ALWAYS, size_iv },
	{ "packet id, encrypted", 0, TERM_ALWAYS, size_pid_inside },
	{ "compression byte", 1, ENCAP_KEY_COMP, NULL },
	{ "fragment header", 4, ENCAP_KEY_FRAGMENT, NULL },
	{ "Ethernet header inside", 14, ENCAP_KEY_TAP, NULL },
	{ 0 },
};

static bool is_aead(const struct encap *encap)
{
	return openvpn_mode(encap) == ENCAP_MODE_AEAD;
}

static bool is_without_digest(const struct encap *encap)
{
	return !is_aead(encap);
}

static bool is_stream_within_mtu(const struct encap *encap)
{
	return is_tcp(encap) && overhead_value(encap, ENCAP_KEY_IFMTU);
}

static bool is_stream_within_segment(const struct encap *encap)
{
	return is_tcp(encap) && !overhead_value(encap, ENCAP_KEY_IFMTU);
}

static const struct overhead_assumption openvpn_assumes[] = {
	{ ENCAP_KEY_MODE, is_aead, "a cipher with a tag of its own (AES-GCM, CHACHA20-POLY1305)" },
	{ ENCAP_KEY_HMAC, is_without_digest, "no HMAC (auth none)" },
	{ TERM_ALWAYS, is_stream_within_segment,
	  "a TCP stream has no path MTU: one packet fills one segment, as mssfix has it; "
	  "ifmtu is the limit" },
	{ TERM_ALWAYS, is_stream_within_mtu, "a TCP stream has no path MTU: the interface limits" },
	{ 0 },
};

const struct overhead_row overhead_openvpn = {
	.title = "OpenVPN",
	.summary = "IP, UDP 8, opcode 4, packet id 4, then by mode: aead: tag 16; cbc: HMAC, IV, "
		   "padding",
	.source = "OpenVPN's mtu.c and crypto.c, drivers/net/ovpn/proto.h",
	.uses = openvpn_uses,
	.terms = openvpn_terms,
	.finish = finish_openvpn,
	.has_outer = true,
	.assumes = openvpn_assumes,
};

static const struct overhead_use fastd_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_METHOD, "bytes that the method adds (null: 1, most others: 24)", NULL },
	{ ENCAP_KEY_TAP, "Ethernet inside (14)", NULL },
	{ 0 },
};

static const struct overhead_term fastd_terms[] = {
	TERM_OUTER,
	{ "UDP header", 8, TERM_ALWAYS, NULL },
	{ "fastd method", 1, ENCAP_KEY_METHOD, NULL },
	{ "Ethernet header inside", 14, ENCAP_KEY_TAP, NULL },
	{ 0 },
};

static const struct overhead_assumption fastd_assumes[] = {
	{ ENCAP_KEY_METHOD, NULL, "the method adds nothing (give method)" },
	{ 0 },
};

const struct overhead_row overhead_fastd = {
	.title = "fastd",
	.summary = "IP, UDP 8, method, in tap mode the Ethernet header inside 14",
	.ignored = UINT64_C(1) << ENCAP_KEY_SCI | UINT64_C(1) << ENCAP_KEY_ICV |
		   UINT64_C(1) << ENCAP_KEY_LABELS | UINT64_C(1) << ENCAP_KEY_TAGS |
		   UINT64_C(1) << ENCAP_KEY_MTU,
	.source = "fastd's documentation, \"MTU configuration\"",
	.uses = fastd_uses,
	.terms = fastd_terms,
	.has_outer = true,
	.assumes = fastd_assumes,
};
