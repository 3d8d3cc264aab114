/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer as one line, for tables that say what a message must become. Include cmocka.h first. */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/tunnel/peer.h"

#define PEER_TEXT_MAX 1024

static inline void peer_text_add(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline void peer_text_add(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	assert_in_range(vsnprintf(text + len, PEER_TEXT_MAX - len, format, args), 0,
			PEER_TEXT_MAX - len - 1);
	va_end(args);
}

static inline void peer_text_layer(char *text, const struct encap *layer)
{
	static const struct { enum encap_kind kind; const char *name; } kinds[] = {
		{ ENCAP_WIREGUARD, "wireguard" }, { ENCAP_AMNEZIAWG, "amneziawg" },
		{ ENCAP_OPENVPN, "openvpn" }, { ENCAP_L2TP2, "l2tp2" },
		{ ENCAP_L2TP3ETH, "l2tp3eth" },
	};
	static const struct { enum encap_key key; const char *name; } keys[] = {
		{ ENCAP_KEY_OUTER, "outer" }, { ENCAP_KEY_S4, "s4" }, { ENCAP_KEY_MODE, "mode" },
		{ ENCAP_KEY_PROTO, "proto" }, { ENCAP_KEY_DCO, "dco" }, { ENCAP_KEY_PPP, "ppp" },
		{ ENCAP_KEY_SEQ, "seq" }, { ENCAP_KEY_UDP, "udp" }, { ENCAP_KEY_COOKIE, "cookie" },
		{ ENCAP_KEY_L2SPEC, "l2spec" },
	};
	uint64_t told = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == layer->kind)
			peer_text_add(text, " %s", kinds[i].name);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!encap_has(layer, keys[i].key))
			continue;
		peer_text_add(text, " %s=%u", keys[i].name, layer->value[keys[i].key]);
		told |= UINT64_C(1) << keys[i].key;
	}
	assert_true(told == layer->given); /* no key that this cannot tell */
}

/* "42 link 7 openvpn outer=4 to 192.0.2.7 port 1194 from 192.0.2.1 sport 1195 protocol 17 mark 0x1
 * link 3 root allowed 10.8.0.2/32 at 1700000000: warning"; what is not there is not told. */
static inline const char *peer_text(const struct peer *peer, char text[PEER_TEXT_MAX])
{
	const struct path_question *way = &peer->way;
	char name[PREFIX_TEXT_MAX];

	text[0] = '\0';
	peer_text_add(text, "%s link %u", peer->id ? peer->id : "-", peer->ifindex);
	for (size_t i = 0; i < peer->layer_count; i++)
		peer_text_layer(text, &peer->layer[i]);
	if (peer->has_endpoint) {
		assert_int_equal(peer->endpoint_port, way->dport);
		peer_text_add(text, " to %s", address_format(&way->destination, name));
		if (way->dport)
			peer_text_add(text, " port %u", way->dport);
		if (way->has_source)
			peer_text_add(text, " from %s", address_format(&way->source, name));
		if (way->sport)
			peer_text_add(text, " sport %u", way->sport);
		peer_text_add(text, " protocol %u", way->protocol);
		if (way->mark)
			peer_text_add(text, " mark %#x", way->mark);
		if (way->oif)
			peer_text_add(text, " link %u", way->oif);
		if (way->has_uid)
			peer_text_add(text, way->uid ? " user %u" : " root", way->uid);
		assert_int_equal(way->iif, 0);
	} else {
		assert_int_equal(peer->endpoint_port, 0);
		if (way->mark)
			peer_text_add(text, " mark %#x", way->mark);
	}
	for (size_t i = 0; i < peer->allowed_count; i++)
		peer_text_add(text, "%s%s", i ? "," : " allowed ",
			      prefix_format(&peer->allowed[i], name));
	if (peer->handshake)
		peer_text_add(text, " at %" PRId64, peer->handshake);
	if (peer->warning)
		peer_text_add(text, ": %s", peer->warning);
	assert_false(peer->selector || peer->clear || peer->name || peer->tunnel);
	return text;
}

static inline void assert_peers(const struct peer_list *peers, size_t from,
				const char *const *lines, size_t count)
{
	char text[PEER_TEXT_MAX];

	assert_int_equal(peers->count - from, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(peer_text(&peers->list[from + i], text), lines[i]);
}
