/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule while it is read, whatever tool printed it: its conditions, and what they say of each
 * kind of packet. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor/ruleset.h"

/* A word of a line, not NUL-terminated; a quoted one has its quotes. len 0: none. */
struct ruleset_word {
	const char *text;
	size_t len;
};
bool ruleset_word_is(struct ruleset_word word, const char *text);
/* Upper and lower case are alike. */
bool ruleset_word_is_any_case(struct ruleset_word word, const char *text);
bool ruleset_word_begins(struct ruleset_word word, const char *text);
/* Decimal digits from the start of the word; false without any, or where they are too many. */
bool ruleset_word_number(struct ruleset_word word, uint64_t *ret_number);
/* The next word of a line that ends at `end`; *at moves behind it. */
struct ruleset_word ruleset_word_next(const char **at, const char *end);
/* Takes the head up to one of the separators off the word; false where nothing is left. */
bool ruleset_word_split(struct ruleset_word *word, const char *separators,
			struct ruleset_word *ret_part);

enum ruleset_asks {
	ASKS_PROTOCOL, /* "icmp", "6", "all" */
	ASKS_FAMILY,   /* "ipv4" */
	ASKS_TYPE4,    /* of ICMP: "3", "3/4", "destination-unreachable" */
	ASKS_TYPE6,
	ASKS_CODE4,
	ASKS_CODE6,
	ASKS_STATE,    /* of the connection: "related" */
	ASKS_FRAGMENT, /* a later fragment; no value */
	ASKS_SYN       /* flags of TCP, a SYN among them; no value */
};

/* One condition: any of its values. */
struct ruleset_condition {
	enum ruleset_asks asks;
	bool any;               /* one of them is iptables' word for all of a kind */
	uint8_t holds[PACKETS]; /* enum ruleset_match, never MATCH_LIKELY */
};
void ruleset_condition_begin(struct ruleset_condition *condition, enum ruleset_asks asks);
void ruleset_condition_add(struct ruleset_condition *condition, struct ruleset_word value);

struct ruleset_reading {
	struct ruleset_rule rule; /* match is written at the end */
	bool refused[PACKETS], weak[PACKETS], named[PACKETS];
};
void ruleset_reading_begin(struct ruleset_reading *reading, const char *text, size_t len);
void ruleset_reading_take(struct ruleset_reading *reading,
			  const struct ruleset_condition *condition, bool negated);
/* Packets of other families or protocols than these do not fit; of those that do nobody knows. */
void ruleset_reading_only(struct ruleset_reading *reading, bool ipv4, bool ipv6);
void ruleset_reading_only_tcp(struct ruleset_reading *reading);
/* Something that is not understood. */
void ruleset_reading_weaken(struct ruleset_reading *reading);
/* What crosses only lo, or is of another protocol, is none of the packets asked about. */
void ruleset_reading_refuse(struct ruleset_reading *reading);
void ruleset_reading_set_verdict(struct ruleset_reading *reading, enum ruleset_verdict verdict);
/* "5000-5003" or "5000". */
void ruleset_reading_set_queues(struct ruleset_reading *reading, struct ruleset_word numbers);
void ruleset_reading_end(struct ruleset_reading *reading);
