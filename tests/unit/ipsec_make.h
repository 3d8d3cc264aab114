/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States and policies for tests, from a row of a table. Include cmocka.h first. */
#pragma once

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/ipsec/ipsec.h"

#define STATES_MAX 6

/* A state: addresses, and a selector or NULL, as texts; what else it is as designated fields. */
struct state_row {
	const char *source, *destination;
	const char *local, *remote; /* of its selector, NULL without */
	struct ipsec_state state;   /* protocol 0 is ESP, mode is a tunnel unless said otherwise */
	bool transport;
};

/* Of a row of either kind. */
#define ENDS(from, to) .source = from, .destination = to

#define AES_GCM .aead = "rfc4106(gcm(aes))", .icv_bits = 128
#define AES_SHA256 .cipher = "cbc(aes)", .auth = "hmac(sha256)", .icv_bits = 128
#define AES_SHA512 .cipher = "cbc(aes)", .auth = "hmac(sha512)", .icv_bits = 256

static inline struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static inline struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static inline struct ipsec_state make_state(const struct state_row *row)
{
	struct ipsec_state state = row->state;

	state.source = address_of(row->source);
	state.destination = address_of(row->destination);
	if (row->local) {
		state.has_selector = true;
		state.selector.local = prefix_of(row->local);
		state.selector.remote = prefix_of(row->remote);
	}
	if (state.protocol == 0)
		state.protocol = IPPROTO_ESP;
	if (state.mode == IPSEC_TRANSPORT && !row->transport)
		state.mode = IPSEC_TUNNEL;
	return state;
}

/* Rows up to the first without an address. */
static inline struct ipsec_state_list make_states(const struct state_row *rows, size_t max)
{
	struct ipsec_state_list states = { 0 };

	for (size_t i = 0; i < max && rows[i].source; i++) {
		struct ipsec_state state = make_state(&rows[i]);

		assert_int_equal(ipsec_state_list_append(&states, &state), 0);
	}
	return states;
}

struct template_row {
	const char *source, *destination; /* NULL: none more */
	struct ipsec_template template;   /* as for states */
	bool transport;
};

struct policy_row {
	const char *local, *remote;
	struct ipsec_policy policy; /* but templates and the selector's prefixes */
	struct template_row templates[5];
};

static inline struct ipsec_policy make_policy(const struct policy_row *row)
{
	struct ipsec_policy policy = row->policy;

	policy.selector.local = prefix_of(row->local);
	policy.selector.remote = prefix_of(row->remote);
	for (size_t i = 0; i < COUNT(row->templates) && row->templates[i].source; i++) {
		const struct template_row *from = &row->templates[i];
		struct ipsec_template template = from->template;

		template.source = address_of(from->source);
		template.destination = address_of(from->destination);
		if (template.protocol == 0)
			template.protocol = IPPROTO_ESP;
		if (template.mode == IPSEC_TRANSPORT && !from->transport)
			template.mode = IPSEC_TUNNEL;
		policy.templates[policy.template_count++] = template;
	}
	return policy;
}

/* "esp4 tunnel 8+1+16 udp": IV, block and ICV; appends to text. */
static inline void describe_layer(const struct encap *layer, char *text, size_t size)
{
	static const char *const modes[] = { "tunnel", "transport" };
	static const char *const encaps[] = { "", " udp", " tcp" };
	size_t len = strlen(text);
	const uint16_t *value = layer->value;

	snprintf(text + len, size - len, "%s%u", encap_kind_name(layer->kind),
		 value[ENCAP_KEY_OUTER]);
	len = strlen(text);
	if (layer->kind == ENCAP_ESP)
		snprintf(text + len, size - len, " %s %u+%u+%u%s", modes[value[ENCAP_KEY_MODE]],
			 value[ENCAP_KEY_IV], value[ENCAP_KEY_BLOCK], value[ENCAP_KEY_HMAC],
			 encaps[value[ENCAP_KEY_ENCAP]]);
	else if (layer->kind == ENCAP_AH)
		snprintf(text + len, size - len, " %s %u%s", modes[value[ENCAP_KEY_MODE]],
			 value[ENCAP_KEY_HMAC], value[ENCAP_KEY_ALIGN4] ? " align4" : "");
	else if (encap_has(layer, ENCAP_KEY_ENCAP_LIMIT))
		snprintf(text + len, size - len, " limit %u", value[ENCAP_KEY_ENCAP_LIMIT]);
}
