/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/ipsec/ipsec_layer.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of an algorithm that nobody knows: the largest in use. */
#define LARGEST_IV 16    /* bytes: AES-CBC */
#define LARGEST_BLOCK 16 /* bytes: AES-CBC */
#define LARGEST_ICV 32   /* bytes: SHA2-512, half of it */

#define OLD_ENCAP_ZEROES 8 /* bytes: the non-IKE marker behind UDP (net/ipv4/esp4.c) */
#define IPTFS_HEADER 4     /* bytes: RFC 9347 6.1, without congestion control */
#define ESP_BLOCK_MIN 4    /* bytes: RFC 4303 2.4 */

void ipsec_notes_add(struct ipsec_notes *notes, const char *format, ...)
{
	size_t len;
	va_list arguments;

	if (!notes)
		return;
	len = strlen(notes->text);
	if (len > 0)
		snprintf(notes->text + len, sizeof(notes->text) - len, "; ");
	len = strlen(notes->text);
	va_start(arguments, format);
	vsnprintf(notes->text + len, sizeof(notes->text) - len, format, arguments);
	va_end(arguments);
}

const char *ipsec_suite_format(const struct ipsec_state *state, char text[IPSEC_SUITE_MAX])
{
	static const char *const ways[] = {
		[ENCAP_ESP_PLAIN] = "",
		[ENCAP_ESP_UDP] = " over UDP",
		[ENCAP_ESP_TCP] = " over TCP",
	};
	const char *way = ways[state->encap];

	if (state->aead[0])
		snprintf(text, IPSEC_SUITE_MAX, "%s/%u%s", state->aead, state->icv_bits, way);
	else if (state->auth[0])
		snprintf(text, IPSEC_SUITE_MAX, "%s%s%s/%u%s", state->cipher,
			 state->cipher[0] ? " " : "", state->auth, state->icv_bits, way);
	else
		snprintf(text, IPSEC_SUITE_MAX, "%s%s", state->cipher, way);
	return text;
}

/* Bytes of a number of bits, at most what a key of encap can hold. */
static uint16_t bytes_of_bits(uint32_t bits)
{
	uint32_t bytes = bits / 8 + (bits % 8 ? 1 : 0);

	return bytes <= UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;
}

static void assume_cipher(struct encap *layer, const char *name, struct ipsec_notes *notes)
{
	encap_set(layer, ENCAP_KEY_IV, LARGEST_IV);
	encap_set(layer, ENCAP_KEY_BLOCK, LARGEST_BLOCK);
	ipsec_notes_add(notes, "%s is not known: counted like AES-CBC", name);
}

static void set_auth(struct encap *layer, const struct ipsec_state *state,
		     struct ipsec_notes *notes)
{
	uint16_t icv = bytes_of_bits(state->icv_bits);

	if (!state->auth[0]) {
		encap_set(layer, ENCAP_KEY_HMAC, 0);
		return;
	}
	if (encap_set_kernel_auth(layer, state->auth, state->icv_bits) == 0)
		return;
	/* The kernel tells the length whatever the algorithm is. */
	encap_set(layer, ENCAP_KEY_HMAC, icv > 0 ? icv : LARGEST_ICV);
	if (icv == 0)
		ipsec_notes_add(notes, "%s is not known: counted like SHA2-512", state->auth);
}

static void set_algorithms(struct encap *layer, const struct ipsec_state *state,
			   struct ipsec_notes *notes)
{
	if (state->aead[0]) {
		if (encap_set_kernel_aead(layer, state->aead, state->icv_bits) == 0)
			return;
		assume_cipher(layer, state->aead, notes);
		encap_set(layer, ENCAP_KEY_HMAC, bytes_of_bits(state->icv_bits));
		return;
	}
	if (encap_set_kernel_cipher(layer, state->cipher) < 0)
		assume_cipher(layer, state->cipher, notes);
	set_auth(layer, state, notes);
}

/* A BEET packet has the outer header in place of the inner one, so it is as large as in transport
 * mode; where the outer header is the larger one, counting a tunnel is on the safe side. */
static enum encap_ip_mode mode_of(enum ipsec_mode mode, enum family inner, enum family outer)
{
	switch (mode) {
	case IPSEC_TRANSPORT:
	case IPSEC_OTHER_MODE:
		return ENCAP_MODE_TRANSPORT;
	case IPSEC_BEET:
		return inner == FAMILY_IPV4 && outer == FAMILY_IPV6 ? ENCAP_MODE_TUNNEL :
								      ENCAP_MODE_TRANSPORT;
	case IPSEC_TUNNEL:
	case IPSEC_IPTFS:
		break;
	}
	return ENCAP_MODE_TUNNEL;
}

static void begin(struct encap *layer, enum encap_kind kind, enum family outer)
{
	*layer = (struct encap){ .kind = kind };
	encap_set(layer, ENCAP_KEY_OUTER, outer == FAMILY_IPV4 ? 4 : 6);
}

static void add_bytes(struct encap *layer, enum encap_key key, uint16_t bytes)
{
	uint32_t sum = (uint32_t)layer->value[key] + bytes;

	encap_set(layer, key, sum <= UINT16_MAX ? (uint16_t)sum : UINT16_MAX);
}

/* The header of IPTFS lies inside the padding; a whole block more for the trailer takes off at
 * least as much. */
static void add_iptfs(struct encap *layer)
{
	uint16_t block = layer->value[ENCAP_KEY_BLOCK];

	_Static_assert(IPTFS_HEADER <= ESP_BLOCK_MIN, "a block is enough");
	add_bytes(layer, ENCAP_KEY_HMAC, block > ESP_BLOCK_MIN ? block : ESP_BLOCK_MIN);
}

static void make_esp(const struct ipsec_state *state, enum family inner, struct encap *layer,
		     struct ipsec_notes *notes)
{
	enum family outer = state->destination.family;

	begin(layer, ENCAP_ESP, outer);
	encap_set(layer, ENCAP_KEY_MODE, (uint16_t)mode_of(state->mode, inner, outer));
	encap_set(layer, ENCAP_KEY_ENCAP, (uint16_t)state->encap);
	set_algorithms(layer, state, notes);
	if (state->old_encap)
		add_bytes(layer, ENCAP_KEY_IV, OLD_ENCAP_ZEROES);
	if (state->mode == IPSEC_IPTFS)
		add_iptfs(layer);
	if (state->padding > 0)
		ipsec_notes_add(notes, "TFC padding: packets are filled up to %u bytes",
				state->padding);
}

static void make_ah(const struct ipsec_state *state, enum family inner, struct encap *layer,
		    struct ipsec_notes *notes)
{
	enum family outer = state->destination.family;

	begin(layer, ENCAP_AH, outer);
	encap_set(layer, ENCAP_KEY_MODE, (uint16_t)mode_of(state->mode, inner, outer));
	set_auth(layer, state, notes);
	encap_set(layer, ENCAP_KEY_ALIGN4, state->align4 && outer == FAMILY_IPV4);
}

/* IPComp leaves a packet alone that does not shrink; a tunnel then is IP in IP. */
static bool make_comp(enum ipsec_mode mode, enum family inner, enum family outer,
		      struct encap *layer)
{
	if (mode_of(mode, inner, outer) == ENCAP_MODE_TRANSPORT)
		return false;
	if (outer == FAMILY_IPV6) {
		begin(layer, ENCAP_IP6TNL, outer);
		encap_set(layer, ENCAP_KEY_ENCAP_LIMIT, 0);
	} else {
		begin(layer, inner == FAMILY_IPV4 ? ENCAP_IPIP : ENCAP_SIT, outer);
	}
	return true;
}

bool ipsec_layer_of_state(const struct ipsec_state *state, enum family inner,
			  struct encap *ret_layer, struct ipsec_notes *notes)
{
	switch (state->protocol) {
	case IPPROTO_ESP:
		make_esp(state, inner, ret_layer, notes);
		return true;
	case IPPROTO_AH:
		make_ah(state, inner, ret_layer, notes);
		return true;
	case IPPROTO_COMP:
		return make_comp(state->mode, inner, state->destination.family, ret_layer);
	default:
		ipsec_notes_add(notes, "a transform of protocol %u is not counted",
				state->protocol);
		return false;
	}
}

bool ipsec_layer_assumed(const struct ipsec_template *template, enum family inner,
			 enum family outer, struct encap *ret_layer, struct ipsec_notes *notes)
{
	struct ipsec_state state = {
		.destination.family = outer, .protocol = template->protocol,
		.mode = template->mode, .encap = ENCAP_ESP_UDP,
		.cipher = "cbc(aes)", .auth = "hmac(sha512)", .icv_bits = 256,
	};
	char suite[IPSEC_SUITE_MAX];

	if (!ipsec_layer_of_state(&state, inner, ret_layer, notes))
		return false;
	if (template->protocol == IPPROTO_ESP)
		ipsec_notes_add(notes, "no state yet: counted as %s",
				ipsec_suite_format(&state, suite));
	else if (template->protocol == IPPROTO_AH)
		ipsec_notes_add(notes, "no state yet: counted as %s/%u", state.auth,
				state.icv_bits);
	return true;
}
