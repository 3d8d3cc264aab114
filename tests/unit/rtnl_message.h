/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink messages for tests: cut, and built with attributes of any length. Include cmocka.h first. */
#pragma once

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RECORDED(bytes) bytes, sizeof(bytes)

/* A copy of the first len bytes, as long as it says it is: a sanitizer sees what reads further. */
static inline struct nlmsghdr *copy_message(const uint8_t *bytes, size_t len)
{
	struct nlmsghdr *message = malloc(len);

	assert_non_null(message);
	memcpy(message, bytes, len);
	message->nlmsg_len = (uint32_t)len;
	return message;
}

/* Whether a message cut to len ends where an attribute does, with or without its padding. */
static inline bool ends_with_attribute(const uint8_t *bytes, size_t header_len, size_t len)
{
	size_t at = NLMSG_HDRLEN + header_len;

	while (at < len) {
		const struct nlattr *attr = (const struct nlattr *)(const void *)(bytes + at);

		if (len < at + attr->nla_len)
			return false;
		at += NLMSG_ALIGN((size_t)attr->nla_len);
	}
	return len >= NLMSG_HDRLEN + header_len;
}

#define NESTS 3

/* An attribute by its place in the nests, types from the outside in, 0 behind the last. */
struct attribute_path {
	uint16_t type[NESTS + 1];
};

/* Ends a message under construction with that attribute and exactly len bytes of fill inside, and
 * returns a copy of the message. */
static inline struct nlmsghdr *end_with_attribute(struct nlmsghdr *message,
						  const struct attribute_path *path, size_t len,
						  int fill)
{
	struct nlattr *nests[NESTS];
	uint8_t data[64];
	size_t depth = 0;

	assert_true(len <= sizeof(data));
	memset(data, fill, sizeof(data));
	for (; path->type[depth + 1]; depth++)
		nests[depth] = mnl_attr_nest_start(message, path->type[depth]);
	mnl_attr_put(message, path->type[depth], len, data);
	while (depth > 0)
		mnl_attr_nest_end(message, nests[--depth]);
	return copy_message((const uint8_t *)message, message->nlmsg_len);
}
