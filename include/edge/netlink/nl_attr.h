/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink attributes, read with every length checked (netlink(7), include/uapi/linux/netlink.h).
 * libmnl's own walk ends silently where an attribute overruns; this one says so. */
#pragma once

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

struct nl_attr {
	uint16_t type;       /* without the flags for nesting and byte order */
	size_t len;          /* bytes of data, without padding */
	const uint8_t *data; /* inside the message, at any alignment */
};

/* Takes one attribute: returns 0 to go on, -errno to end the walk with that. */
typedef int (*nl_attr_fn)(const struct nl_attr *attr, void *userdata);

/* Hands over each attribute of a nest, or of what lies in a message behind its fixed header of
 * header_len bytes. Returns 0, -EBADMSG (one overruns its surroundings), or what take returned. */
int nl_attr_walk_nest(const struct nl_attr *nest, nl_attr_fn take, void *userdata);
int nl_attr_walk_message(const struct nlmsghdr *message, size_t header_len, nl_attr_fn take,
			 void *userdata);

/* Copies the fixed header of a message. Returns 0, or -EBADMSG where the message is shorter. */
int nl_attr_get_header(const struct nlmsghdr *message, void *ret_header, size_t header_len);

/* A number in host order. Returns 0, or -EBADMSG where there are fewer bytes. */
int nl_attr_get_u32(const struct nl_attr *attr, uint32_t *ret_value);
int nl_attr_get_u8(const struct nl_attr *attr, uint8_t *ret_value);

/* The first len bytes: a number of another size, an address. Returns 0, or -EBADMSG as above. */
int nl_attr_get_bytes(const struct nl_attr *attr, void *ret_bytes, size_t len);

/* A text that a NUL or the attribute ends. Returns 0, or -EBADMSG where it and its NUL need more
 * than size bytes. */
int nl_attr_get_text(const struct nl_attr *attr, char *ret_text, size_t size);
/* The same, cut to fit, but never inside a UTF-8 character. */
void nl_attr_get_text_cut(const struct nl_attr *attr, char *ret_text, size_t size);
