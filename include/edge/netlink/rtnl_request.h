/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An rtnetlink request under construction. */
#pragma once

#include <libmnl/libmnl.h>
#include <stdint.h>

/* Bytes; the largest is RTM_GETROUTE: headers 28, two IPv6 addresses 40, seven numbers 56. */
#define REQUEST_SIZE 128

struct request {
	_Alignas(struct nlmsghdr) uint8_t bytes[REQUEST_SIZE];
};

static inline struct nlmsghdr *request_init(struct request *request, uint16_t type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);

	message->nlmsg_type = type;
	return message;
}
