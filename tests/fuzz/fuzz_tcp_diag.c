/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A datagram of answers of sock_diag: TCP connections. */
#include <linux/inet_diag.h>

#include "edge/netlink/tcp_diag.h"
#include "fuzz_messages.h"
#include "fuzz_mutate_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct nlmsghdr *message, void *userdata)
{
	static const uint8_t zero[ADDRESS_MAX - 4];
	struct tcp_diag connection;

	(void)userdata;
	if (!tcp_diag_parse(message, &connection))
		return;
	CHECK(message->nlmsg_len >= NLMSG_HDRLEN + sizeof(struct inet_diag_msg));
	CHECK(connection.remote.family == FAMILY_IPV6 ||
	      memcmp(connection.remote.bytes + 4, zero, sizeof(zero)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_each_message(data, size, take, NULL);
	return 0;
}

static size_t header_len(uint16_t type)
{
	(void)type;
	return sizeof(struct inet_diag_msg);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_netlink(data, size, max, seed, 0, header_len);
}
