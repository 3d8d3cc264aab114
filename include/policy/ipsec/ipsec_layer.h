/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one state or template of IPsec puts around a packet, as a layer of policy/overhead/encap. */
#pragma once

#include <stdbool.h>

#include "policy/ipsec/ipsec.h"

#define IPSEC_NOTES_MAX 512

/* What is odd, for people: parts with "; " between them. */
struct ipsec_notes {
	char text[IPSEC_NOTES_MAX]; /* "" where nothing is; cut where it would not fit */
};

void ipsec_notes_add(struct ipsec_notes *notes, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* inner is the family of the packets inside. Writes the layer and returns true, or false where
 * nothing is added: IPComp in transport mode makes a packet smaller or leaves it as it is
 * (net/xfrm/xfrm_ipcomp.c), in tunnel mode it is the outer header alone. An unknown algorithm is
 * noted and taken for the largest. notes may be NULL. */
bool ipsec_layer_of_state(const struct ipsec_state *state, enum family inner,
			  struct encap *ret_layer, struct ipsec_notes *notes);

/* The same where there is no state yet: AES-CBC with SHA2-512 over UDP, which is the largest that
 * is common. outer is the family of the outer header. */
bool ipsec_layer_assumed(const struct ipsec_template *template, enum family inner,
			 enum family outer, struct encap *ret_layer, struct ipsec_notes *notes);

#define IPSEC_SUITE_MAX 160
/* "rfc4106(gcm(aes))/128 over UDP", "cbc(aes) hmac(sha256)/128". Returns text. */
const char *ipsec_suite_format(const struct ipsec_state *state, char text[IPSEC_SUITE_MAX]);
