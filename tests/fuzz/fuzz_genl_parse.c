/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A datagram of messages of generic netlink's controller: families that are looked for. */
#include "edge/netlink/genl.h"
#include "fuzz_messages.h"
#include "fuzz_mutate_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct nlmsghdr *message, void *userdata)
{
	struct genl_family families[] = {
		{ .name = "l2tp", .group = "l2tp" }, { .name = "wireguard" },
		{ .name = "nlctrl", .group = "notify" },
	};
	size_t written = 0;
	int r = genl_parse_family(message, families, sizeof(families) / sizeof(families[0]));

	(void)userdata;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		CHECK(families[i].id == 0 || families[i].id >= NLMSG_MIN_TYPE);
		CHECK(families[i].id > 0 || families[i].group_id == 0);
		written += families[i].id > 0;
	}
	CHECK(written <= (r == 0));
	CHECK(written == 0 || genl_is_family_event(message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_each_message(data, size, take, NULL);
	return 0;
}

static size_t header_len(uint16_t type)
{
	(void)type;
	return sizeof(struct genlmsghdr);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_netlink(data, size, max, seed, 0, header_len);
}
