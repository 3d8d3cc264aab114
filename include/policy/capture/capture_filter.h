/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SYNs somebody wants to see: "peer alice and port 443", "host 10.8.0.0/16 not reason
 * already_small". Pure.
 *
 *   filter := term { ["and"] term | "or" term },  "and" binds tighter; "not" and ( ) as usual
 *   term   := "tunnel" NAME | "peer" NAME | ("host" | "net") ADDRESS[/LENGTH] | "port" NUMBER
 *           | "reason" RESULT,  where "left_alone" stands for every reason to leave a packet alone
 *
 * A NAME with blanks or parentheses stands in double quotes. An empty filter takes all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/prefix/prefix.h"

#define CAPTURE_FILTER_MAX 1000     /* bytes of its text */
#define CAPTURE_FILTER_STEPS 64     /* terms and words between them */
#define CAPTURE_FILTER_DEPTH 16     /* parentheses and "not"s inside each other */
#define CAPTURE_FILTER_WHY_MAX 256

enum capture_key {
	CAPTURE_TUNNEL,
	CAPTURE_PEER,
	CAPTURE_HOST,
	CAPTURE_PORT,
	CAPTURE_REASON,
	CAPTURE_KEYS
};

enum capture_step_kind { CAPTURE_TERM, CAPTURE_NOT, CAPTURE_AND, CAPTURE_OR };

/* In the order of a stack machine: operands first. */
struct capture_step {
	enum capture_step_kind kind;
	enum capture_key key; /* of a term, as all below */
	size_t at;            /* where its value begins in the text: bytes */
	size_t name_at;       /* CAPTURE_TUNNEL, CAPTURE_PEER: the name in the filter's text */
	char *peer_id;        /* CAPTURE_PEER: whom name means; the caller's to find and to free.
			       * NULL: name is the id */
	struct prefix host;
	uint16_t port;
	uint32_t results;     /* CAPTURE_REASON: a bit for each enum syn_result */
};

struct capture_filter {
	char text[CAPTURE_FILTER_MAX + 1]; /* cut into words */
	struct capture_step steps[CAPTURE_FILTER_STEPS];
	size_t count;
	bool asks[CAPTURE_KEYS]; /* there is such a term */
};

/* Reads text. Returns 0, or -EINVAL with the reason in why (CAPTURE_FILTER_WHY_MAX bytes) and
 * *ret_at, the byte of text that it is about. */
int capture_filter_parse(struct capture_filter *filter, const char *text, char *why,
			 size_t *ret_at);

/* Whether a name follows the word: "tunnel", "peer". */
bool capture_filter_takes_name(const char *word);

/* The name of a tunnel or peer, borrowed from the filter. */
static inline const char *capture_filter_name(const struct capture_filter *filter,
					      const struct capture_step *step)
{
	return filter->text + step->name_at;
}

#define CAPTURE_TUNNELS_MAX 3 /* the interfaces of both sides, and who decided */
#define CAPTURE_PEERS_MAX 2

/* What a filter asks about one packet. */
struct capture_facts {
	bool has_addresses;   /* those below, of one family */
	const uint8_t *source, *destination;
	enum family family;
	bool has_ports;
	uint16_t ports[2];
	enum syn_result result;
	const char *tunnels[CAPTURE_TUNNELS_MAX]; /* names, NULL without */
	const char *peers[CAPTURE_PEERS_MAX];     /* ids, NULL without */
};

bool capture_filter_match(const struct capture_filter *filter, const struct capture_facts *facts);
