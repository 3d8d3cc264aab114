/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/nl_attr.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* What is still to be walked. */
struct stretch {
	const uint8_t *pos;
	size_t left;
};

/* Returns 1 and the next attribute, 0 at the end, or -EBADMSG. */
static int next(struct stretch *rest, struct nl_attr *ret_attr)
{
	struct nlattr header;
	size_t step;

	if (rest->left == 0)
		return 0;
	if (rest->left < sizeof(header))
		return -EBADMSG;
	memcpy(&header, rest->pos, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > rest->left)
		return -EBADMSG;
	ret_attr->type = header.nla_type & (uint16_t)NLA_TYPE_MASK;
	ret_attr->len = header.nla_len - sizeof(header);
	ret_attr->data = rest->pos + sizeof(header);
	step = NLMSG_ALIGN((size_t)header.nla_len);
	if (step > rest->left) /* the last one may come without its padding */
		step = rest->left;
	rest->pos += step;
	rest->left -= step;
	return 1;
}

static int walk(const uint8_t *data, size_t len, nl_attr_fn take, void *userdata)
{
	struct stretch rest = { data, len };
	struct nl_attr attr;
	int r;

	while ((r = next(&rest, &attr)) > 0) {
		r = take(&attr, userdata);
		if (r < 0)
			return r;
	}
	return r;
}

int nl_attr_walk_nest(const struct nl_attr *nest, nl_attr_fn take, void *userdata)
{
	return walk(nest->data, nest->len, take, userdata);
}

int nl_attr_walk_message(const struct nlmsghdr *message, size_t header_len, nl_attr_fn take,
			 void *userdata)
{
	size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	if (message->nlmsg_len <= before)
		return 0;
	return walk((const uint8_t *)message + before, message->nlmsg_len - before, take, userdata);
}

int nl_attr_get_header(const struct nlmsghdr *message, void *ret_header, size_t header_len)
{
	if (message->nlmsg_len < NLMSG_HDRLEN + header_len)
		return -EBADMSG;
	memcpy(ret_header, (const uint8_t *)message + NLMSG_HDRLEN, header_len);
	return 0;
}

int nl_attr_get_u32(const struct nl_attr *attr, uint32_t *ret_value)
{
	if (attr->len < sizeof(*ret_value))
		return -EBADMSG;
	memcpy(ret_value, attr->data, sizeof(*ret_value));
	return 0;
}

int nl_attr_get_u8(const struct nl_attr *attr, uint8_t *ret_value)
{
	if (attr->len < sizeof(*ret_value))
		return -EBADMSG;
	*ret_value = attr->data[0];
	return 0;
}

int nl_attr_get_bytes(const struct nl_attr *attr, void *ret_bytes, size_t len)
{
	if (attr->len < len)
		return -EBADMSG;
	memcpy(ret_bytes, attr->data, len);
	return 0;
}

int nl_attr_get_text(const struct nl_attr *attr, char *ret_text, size_t size)
{
	size_t len = strnlen((const char *)attr->data, attr->len);

	if (len >= size)
		return -EBADMSG;
	memcpy(ret_text, attr->data, len);
	ret_text[len] = '\0';
	return 0;
}

void nl_attr_get_text_cut(const struct nl_attr *attr, char *ret_text, size_t size)
{
	size_t len = strnlen((const char *)attr->data, attr->len);

	if (len >= size) {
		len = size - 1;
		/* A byte 10xxxxxx goes on with the character before it (RFC 3629). */
		while (len > 0 && (attr->data[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(ret_text, attr->data, len);
	ret_text[len] = '\0';
}
