/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overhead of IPsec, as net/xfrm/xfrm_state.c xfrm_state_mtu reckons it. */
#include "policy/overhead/overhead_table.h"

#define ESP_ALIGN 4     /* RFC 4303 section 2.4 */
#define ESP_TRAILER 2   /* pad length 1 + next header 1 */
#define AH_FIXED 12     /* RFC 4302 section 2 */
#define AH_ICV_USUAL 12 /* HMAC-SHA1-96, RFC 2404 */

static bool is_transport(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_MODE) == ENCAP_MODE_TRANSPORT;
}

static bool is_tunnel(const struct encap *encap)
{
	return !is_transport(encap);
}

/* In transport mode the packet keeps its own header. */
static uint32_t size_outer(const struct encap *encap)
{
	return is_transport(encap) ? 0 : overhead_ip_bytes(encap);
}

static uint32_t size_udp(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_ENCAP) == ENCAP_ESP_UDP ? 8 : 0;
}

static uint32_t size_tcp_length(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_ENCAP) == ENCAP_ESP_TCP ? 2 : 0;
}

/* Payload and trailer fill up to blocks, of at least 4; the IP header that transport mode leaves in
 * front is no payload. */
static void finish_esp(const struct encap *encap, struct overhead_sum *sum)
{
	uint32_t block = overhead_value(encap, ENCAP_KEY_BLOCK);
	uint32_t outside = is_transport(encap) ? overhead_ip_bytes(encap) : 0;

	block = (block + ESP_ALIGN - 1) / ESP_ALIGN * ESP_ALIGN;
	if (!block)
		block = ESP_ALIGN;
	if (sum->left <= outside) {
		overhead_take(sum, sum->left, "no room for payload");
		return;
	}
	overhead_take(sum, (sum->left + ESP_TRAILER - outside) % block,
		      "padding: payload and these %d come to a multiple of %u", ESP_TRAILER,
		      block);
}

static const char *const ip_modes[] = { "tunnel", "transport", NULL };
static const char *const encaps[] = { "none", "udp", "tcp", NULL };

static const struct overhead_use esp_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_CIPHER, "name: AES-GCM-16 (12, 8), AES-CCM-16 (12, 8), CHACHA20-POLY1305, "
			    "AES-GMAC, AES-CBC, AES-CTR, 3DES-CBC, CAMELLIA-CBC, NULL, ...", NULL },
	{ ENCAP_KEY_AUTH, "name: SHA1-96, SHA256-128, SHA256-96, SHA384-192, SHA512-256, MD5-96, "
			  "AES-XCBC-96, none, ...", NULL },
	{ ENCAP_KEY_ENCAP, "none, udp (NAT traversal, 8) or tcp (2); default: none", encaps },
	{ ENCAP_KEY_MODE, "tunnel or transport; default: tunnel", ip_modes },
	{ ENCAP_KEY_IV, "bytes, instead of cipher", NULL },
	{ ENCAP_KEY_BLOCK, "bytes, instead of cipher", NULL },
	{ ENCAP_KEY_HMAC, "bytes of the ICV, instead of cipher and auth", NULL },
	{ 0 },
};

static const struct overhead_term esp_terms[] = {
	{ NULL, 0, TERM_ALWAYS, size_outer },
	{ "UDP header (NAT traversal)", 0, TERM_ALWAYS, size_udp },
	{ "packet length in the stream", 0, TERM_ALWAYS, size_tcp_length },
	{ "ESP header", 8, TERM_ALWAYS, NULL },
	{ "IV", 1, ENCAP_KEY_IV, NULL },
	{ "ICV", 1, ENCAP_KEY_HMAC, NULL },
	{ "pad length and next header", ESP_TRAILER, TERM_ALWAYS, NULL },
	{ 0 },
};

static bool is_nameless(const struct encap *encap)
{
	return !encap_has(encap, ENCAP_KEY_BLOCK);
}

static bool is_in_tcp(const struct encap *encap)
{
	return overhead_value(encap, ENCAP_KEY_ENCAP) == ENCAP_ESP_TCP;
}

static const struct overhead_assumption esp_assumes[] = {
	{ ENCAP_KEY_IV, is_nameless, "no cipher given: no IV, and padding to 4 alone" },
	{ ENCAP_KEY_HMAC, NULL, "no ICV: nothing is authenticated" },
	{ TERM_ALWAYS, is_transport, "transport mode: the packet keeps its IP header, which has no "
				     "options" },
	{ TERM_ALWAYS, is_in_tcp, "as Linux reckons: 2 bytes of length, no TCP header" },
	{ TERM_ALWAYS, NULL, "no traffic flow confidentiality padding and no IP-TFS" },
	{ 0 },
};

const struct overhead_row overhead_esp = {
	.title = "IPsec ESP",
	.summary = "IP (tunnel mode), UDP 8 (NAT traversal), ESP 8, IV, ICV, 2; fills up to blocks",
	.source = "RFC 4303, RFC 3948, RFC 9329, net/xfrm/xfrm_state.c xfrm_state_mtu",
	.uses = esp_uses,
	.terms = esp_terms,
	.finish = finish_esp,
	.has_outer = true,
	.assumes = esp_assumes,
};

/* Length of the header: a multiple of 8; over IPv4 one of 4 would do (RFC 4302 section 2.2), which
 * Linux does where the SA says so. */
static uint32_t size_ah(const struct encap *encap)
{
	bool four = overhead_value(encap, ENCAP_KEY_ALIGN4) && overhead_outer_version(encap) == 4;
	uint32_t align = four ? 4 : 8, icv = AH_ICV_USUAL;

	if (encap_has(encap, ENCAP_KEY_ICV))
		icv = encap->value[ENCAP_KEY_ICV];
	else if (encap_has(encap, ENCAP_KEY_HMAC))
		icv = encap->value[ENCAP_KEY_HMAC];
	return (AH_FIXED + icv + align - 1) / align * align;
}

static const struct overhead_use ah_uses[] = {
	USE_OUTER,
	{ ENCAP_KEY_MODE, "tunnel or transport; default: tunnel", ip_modes },
	{ ENCAP_KEY_AUTH, "name: SHA1-96, SHA256-128, SHA384-192, SHA512-256, MD5-96, ...; SHA1-96 "
			  "without", NULL },
	{ ENCAP_KEY_ICV, "bytes, instead of auth", NULL },
	{ ENCAP_KEY_HMAC, "the same as icv", NULL },
	{ ENCAP_KEY_ALIGN4, "over IPv4 the header fills up to 4, not to 8", NULL },
	{ 0 },
};

static const struct overhead_term ah_terms[] = {
	{ NULL, 0, TERM_ALWAYS, size_outer },
	{ "AH header with its ICV", 0, TERM_ALWAYS, size_ah },
	{ 0 },
};

static bool has_no_icv(const struct encap *encap)
{
	return !encap_has(encap, ENCAP_KEY_ICV) && !encap_has(encap, ENCAP_KEY_HMAC);
}

static const struct overhead_assumption ah_assumes[] = {
	{ TERM_ALWAYS, has_no_icv, "an ICV of 12 bytes (HMAC-SHA1-96)" },
	{ ENCAP_KEY_MODE, is_tunnel, "tunnel mode" },
	{ 0 },
};

const struct overhead_row overhead_ah = {
	.title = "IPsec AH",
	.summary = "IP (tunnel mode), 12 and the ICV, filled up to 8",
	.source = "RFC 4302, net/ipv4/ah4.c, net/ipv6/ah6.c",
	.uses = ah_uses,
	.terms = ah_terms,
	.has_outer = true,
	.ignored = UINT64_C(1) << ENCAP_KEY_KEY | UINT64_C(1) << ENCAP_KEY_CSUM |
		   UINT64_C(1) << ENCAP_KEY_SEQ | UINT64_C(1) << ENCAP_KEY_ENCAP_LIMIT |
		   UINT64_C(1) << ENCAP_KEY_VERSION | UINT64_C(1) << ENCAP_KEY_FOU |
		   UINT64_C(1) << ENCAP_KEY_GUE,
	.assumes = ah_assumes,
};
