/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/words/flow_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define FLOW_TEXT_MAX 200 /* two IPv6 addresses, an arrow and a port with room to spare */

/* Cuts the port off "A:443" or "[A]:443"; one colon alone can't be an IPv6 address. */
static int split_port(char *text, uint16_t *ret_port, char *why)
{
	char *colon = NULL, *end;
	uint64_t port;
	int r;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != ':' && end[1] != '\0')) {
			snprintf(why, FLOW_TEXT_WHY_MAX,
				 "\"%.80s\" is no [ADDRESS] and no [ADDRESS]:PORT", text);
			return -EINVAL;
		}
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
		memmove(text, text + 1, strlen(text + 1) + 1);
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		colon = strchr(text, ':');
		*colon = '\0';
	}
	if (!colon)
		return 0;
	r = text_parse_u64(colon + 1, 1, UINT16_MAX, &port);
	if (r == 0)
		*ret_port = (uint16_t)port;
	else
		snprintf(why, FLOW_TEXT_WHY_MAX, "\"%.80s\" is no port (1 to 65535)", colon + 1);
	return r;
}

static int parse_end(char *word, struct address *ret_address, uint16_t *ret_port, char *why)
{
	if (split_port(word, ret_port, why) < 0)
		return -EINVAL;
	if (address_parse(word, ret_address) < 0) {
		snprintf(why, FLOW_TEXT_WHY_MAX, "\"%.80s\" is no IPv4 or IPv6 address", word);
		return -EINVAL;
	}
	return 0;
}

/* As people write it, and as captures are printed. */
static bool is_arrow(const char *word)
{
	return strcmp(word, "->") == 0 || strcmp(word, ">") == 0;
}

int flow_text_parse(const char *text, struct flow_text *ret_flow, char *why)
{
	char copy[FLOW_TEXT_MAX], *words[2] = { NULL }, *rest = copy, *word, *arrow = NULL;
	struct flow_text flow = { 0 };
	uint16_t source_port = 0;
	size_t count = 0;

	if (strlen(text) >= sizeof(copy)) {
		snprintf(why, FLOW_TEXT_WHY_MAX, "longer than %zu characters", sizeof(copy) - 1);
		return -EINVAL;
	}
	strcpy(copy, text);
	while ((word = strsep(&rest, " \t"))) {
		if (*word == '\0')
			continue;
		if (count == 1 && !arrow && is_arrow(word)) {
			arrow = word;
			continue;
		}
		if (count == 2) {
			snprintf(why, FLOW_TEXT_WHY_MAX, "\"%.80s\" is one word too many", word);
			return -EINVAL;
		}
		words[count++] = word;
	}
	if (count == 0) {
		snprintf(why, FLOW_TEXT_WHY_MAX, "no address was given");
		return -EINVAL;
	}
	if (arrow && count == 1) {
		snprintf(why, FLOW_TEXT_WHY_MAX, "something is missing after \"%s\"", arrow);
		return -EINVAL;
	}
	flow.has_source = count == 2;
	if (parse_end(words[count - 1], &flow.destination, &flow.port, why) < 0 ||
	    (flow.has_source && parse_end(words[0], &flow.source, &source_port, why) < 0))
		return -EINVAL;
	if (flow.has_source && flow.source.family != flow.destination.family) {
		snprintf(why, FLOW_TEXT_WHY_MAX,
			 "source and destination are of different families");
		return -EINVAL;
	}
	if (!flow.has_source)
		flow.source.family = flow.destination.family;
	*ret_flow = flow;
	return 0;
}

const char *flow_text_family(enum family family)
{
	return family == FAMILY_IPV4 ? "ipv4" : "ipv6";
}
