/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/far_end.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* Steps over "tcp4-server:" and the like. */
static const char *take_proto(const char *text, const char **ret_proto)
{
	const bool tcp = strncmp(text, "tcp", 3) == 0;
	const char *rest;

	if (!tcp && strncmp(text, "udp", 3) != 0)
		return text;
	rest = text + 3;
	if (*rest == '4' || *rest == '6')
		rest++;
	if (strncmp(rest, "-server", 7) == 0 || strncmp(rest, "-client", 7) == 0)
		rest += 7;
	if (*rest != ':')
		return text;
	*ret_proto = tcp ? "tcp" : "udp";
	return rest + 1;
}

/* ::ffff:192.0.2.1 is what a dual-stack socket calls 192.0.2.1. */
static void unmap(struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->family == FAMILY_IPV6 && memcmp(address->bytes, mapped, sizeof(mapped)) == 0)
		*address = address_from_bytes(FAMILY_IPV4, address->bytes + sizeof(mapped));
}

int far_end_parse(const char *text, struct far_end *ret_far_end)
{
	struct far_end endpoint = { 0 };
	char copy[PREFIX_TEXT_MAX + 24], *host = copy, *port = NULL;
	struct address address;
	uint64_t number = 0;

	text = take_proto(text, &endpoint.proto);
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	if (*host == '[') {
		char *end = strchr(++host, ']');

		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else if (strchr(host, ':') == strrchr(host, ':') && strchr(host, ':')) {
		port = strchr(host, ':') + 1;
		port[-1] = '\0';
	}
	host[strcspn(host, "%")] = '\0';
	if (port && text_parse_u64(port, 0, UINT16_MAX, &number) < 0)
		return -EINVAL;
	if (address_parse(host, &address) < 0)
		return -EINVAL;
	unmap(&address);
	address_format(&address, endpoint.address);
	endpoint.port = (uint16_t)number;
	*ret_far_end = endpoint;
	return 0;
}
