/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/ruleset_rule.h"

#include <string.h>
#include <strings.h>

bool ruleset_word_is(struct ruleset_word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

bool ruleset_word_is_any_case(struct ruleset_word word, const char *text)
{
	return word.len == strlen(text) && strncasecmp(word.text, text, word.len) == 0;
}

bool ruleset_word_begins(struct ruleset_word word, const char *text)
{
	size_t len = strlen(text);

	return word.len >= len && memcmp(word.text, text, len) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ruleset_word_number(struct ruleset_word word, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < word.len && is_digit(word.text[i]); i++) {
		uint64_t digit = (uint64_t)(word.text[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (i == 0)
		return false;
	*ret_number = number;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct ruleset_word ruleset_word_next(const char **at, const char *end)
{
	struct ruleset_word word;
	const char *p = *at;

	while (p < end && is_blank(*p))
		p++;
	word.text = p;
	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\' && p + 1 < end)
				p++;
		if (p < end)
			p++;
	} else {
		while (p < end && !is_blank(*p))
			p++;
	}
	word.len = (size_t)(p - word.text);
	*at = p;
	return word;
}

bool ruleset_word_split(struct ruleset_word *word, const char *separators,
			struct ruleset_word *ret_part)
{
	size_t len = 0;

	while (word->len > 0 && strchr(separators, *word->text)) {
		word->text++;
		word->len--;
	}
	while (len < word->len && !strchr(separators, word->text[len]))
		len++;
	*ret_part = (struct ruleset_word){ word->text, len };
	word->text += len;
	word->len -= len;
	return len > 0;
}

/* Whether a word is that name, that number, or a range of numbers with it inside. */
static bool means(struct ruleset_word word, const char *name, uint64_t number)
{
	const char *dash = word.len ? memchr(word.text, '-', word.len) : NULL;
	uint64_t low, high;

	if (ruleset_word_is_any_case(word, name))
		return true;
	if (!ruleset_word_number(word, &low))
		return false;
	high = low;
	if (dash) {
		size_t skip = (size_t)(dash - word.text) + 1;

		if (!ruleset_word_number((struct ruleset_word){ dash + 1, word.len - skip }, &high))
			return false;
	}
	return number >= low && number <= high;
}

/* "3/4": type and code in one. */
static bool means_type(struct ruleset_word word, const char *name, uint64_t type, uint64_t code)
{
	struct ruleset_word part;

	if (ruleset_word_is(word, "any"))
		return true;
	if (!ruleset_word_split(&word, "/", &part) || !means(part, name, type))
		return false;
	return !ruleset_word_split(&word, "/", &part) || means(part, "", code);
}

static bool is_too_big(enum ruleset_packet packet)
{
	return packet == PACKET_TOO_BIG4 || packet == PACKET_TOO_BIG6;
}

static bool is_syn(enum ruleset_packet packet)
{
	return packet == PACKET_SYN4 || packet == PACKET_SYN6;
}

static bool is_fragment(enum ruleset_packet packet)
{
	return packet == PACKET_FRAGMENT4 || packet == PACKET_FRAGMENT6;
}

static bool protocol_is(enum ruleset_packet packet, struct ruleset_word value)
{
	if (ruleset_word_is(value, "all") || ruleset_word_is(value, "0"))
		return true;
	if (packet == PACKET_TOO_BIG4)
		return means(value, "icmp", 1);
	if (packet == PACKET_TOO_BIG6)
		return means(value, "ipv6-icmp", 58) || ruleset_word_is(value, "icmpv6");
	return is_syn(packet) && means(value, "tcp", 6);
}

static enum ruleset_match value_is(enum ruleset_asks asks, enum ruleset_packet packet,
				   struct ruleset_word value)
{
	bool is = false;

	switch (asks) {
	case ASKS_PROTOCOL:
		if (is_fragment(packet))
			return MATCH_MAYBE;
		is = protocol_is(packet, value);
		break;
	case ASKS_FAMILY:
		is = ruleset_packet_family(packet) == FAMILY_IPV4 ? means(value, "ipv4", 2) :
								    means(value, "ipv6", 10);
		break;
	case ASKS_TYPE4:
		is = packet == PACKET_TOO_BIG4 &&
		     means_type(value, "destination-unreachable", 3, 4);
		break;
	case ASKS_TYPE6:
		is = packet == PACKET_TOO_BIG6 && means_type(value, "packet-too-big", 2, 0);
		break;
	case ASKS_CODE4:
		is = packet == PACKET_TOO_BIG4 && means(value, "frag-needed", 4);
		break;
	case ASKS_CODE6:
		is = packet == PACKET_TOO_BIG6 && means(value, "no-route", 0);
		break;
	case ASKS_STATE:
		if (is_fragment(packet))
			return MATCH_MAYBE;
		is = ruleset_word_is_any_case(value, is_too_big(packet) ? "related" : "new");
		break;
	case ASKS_FRAGMENT:
		is = is_fragment(packet);
		break;
	case ASKS_SYN:
		is = is_syn(packet);
		break;
	}
	return is ? MATCH_YES : MATCH_NO;
}

void ruleset_condition_begin(struct ruleset_condition *condition, enum ruleset_asks asks)
{
	*condition = (struct ruleset_condition){ .asks = asks };
}

void ruleset_condition_add(struct ruleset_condition *condition, struct ruleset_word value)
{
	condition->any |= ruleset_word_is(value, "any");
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
		enum ruleset_match is = value_is(condition->asks, packet, value);

		if (is > (enum ruleset_match)condition->holds[packet])
			condition->holds[packet] = (uint8_t)is;
	}
}

void ruleset_reading_begin(struct ruleset_reading *reading, const char *text, size_t len)
{
	*reading = (struct ruleset_reading){
		.rule = { .text = text, .len = (uint32_t)len, .target = RULESET_NONE },
	};
}

static bool asks_icmp_type(enum ruleset_asks asks)
{
	return asks >= ASKS_TYPE4 && asks <= ASKS_CODE6;
}

/* A condition that this kind of packet was written into by name. */
static void note_name(struct ruleset_reading *reading, const struct ruleset_condition *condition,
		      enum ruleset_packet packet)
{
	enum ruleset_asks asks = condition->asks;

	if (is_too_big(packet) &&
	    (asks == ASKS_PROTOCOL || asks_icmp_type(asks) || asks == ASKS_STATE))
		reading->named[packet] = true;
	if (is_too_big(packet) && asks_icmp_type(asks) && !condition->any)
		reading->rule.does |= RULE_NAMES_ICMP;
	if (is_syn(packet) && asks == ASKS_SYN)
		reading->named[packet] = true;
	if (is_fragment(packet) && asks == ASKS_FRAGMENT) {
		reading->named[packet] = true;
		reading->rule.does |= RULE_NAMES_FRAGMENTS;
	}
}

void ruleset_reading_take(struct ruleset_reading *reading,
			  const struct ruleset_condition *condition, bool negated)
{
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
		enum ruleset_match holds = (enum ruleset_match)condition->holds[packet];

		if (holds == MATCH_MAYBE)
			reading->weak[packet] = true;
		else if ((holds == MATCH_YES) == negated)
			reading->refused[packet] = true;
		else if (!negated)
			note_name(reading, condition, packet);
	}
}

void ruleset_reading_only(struct ruleset_reading *reading, bool ipv4, bool ipv6)
{
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
		bool is4 = ruleset_packet_family(packet) == FAMILY_IPV4;

		if (is4 ? !ipv4 : !ipv6)
			reading->refused[packet] = true;
	}
}

void ruleset_reading_only_tcp(struct ruleset_reading *reading)
{
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++)
		if (!is_syn(packet))
			reading->refused[packet] = true;
}

void ruleset_reading_weaken(struct ruleset_reading *reading)
{
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++)
		reading->weak[packet] = true;
}

void ruleset_reading_refuse(struct ruleset_reading *reading)
{
	ruleset_reading_only(reading, false, false);
}

void ruleset_reading_set_verdict(struct ruleset_reading *reading, enum ruleset_verdict verdict)
{
	memset(reading->rule.verdict, (int)verdict, sizeof(reading->rule.verdict));
}

static uint32_t clipped(uint64_t number)
{
	return number > UINT16_MAX ? UINT16_MAX : (uint32_t)number;
}

void ruleset_reading_set_queues(struct ruleset_reading *reading, struct ruleset_word numbers)
{
	struct ruleset_word part;
	uint64_t first, last;

	if (!ruleset_word_split(&numbers, "-:", &part) || !ruleset_word_number(part, &first))
		return;
	last = first;
	if (ruleset_word_split(&numbers, "-:", &part))
		(void)ruleset_word_number(part, &last);
	reading->rule.value = clipped(first);
	reading->rule.value2 = clipped(last);
}

void ruleset_reading_end(struct ruleset_reading *reading)
{
	for (enum ruleset_packet packet = 0; packet < PACKETS; packet++) {
		enum ruleset_match match = MATCH_YES;

		if (reading->refused[packet])
			match = MATCH_NO;
		else if (reading->weak[packet])
			match = reading->named[packet] ? MATCH_LIKELY : MATCH_MAYBE;
		reading->rule.match[packet] = (uint8_t)match;
	}
}
