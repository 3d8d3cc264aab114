/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * The messages of a dump of a WireGuard and of an AmneziaWG device: what one message leaves behind
 * is what the next one finds. */
#include <errno.h>

#include "edge/peers/wg.h"
#include "fuzz_messages.h"
#include "fuzz_mutate_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct nlmsghdr *message, void *userdata)
{
	struct wg_reading *reading = userdata, was = *reading;
	size_t count = reading->peers->count;
	size_t allowed = count ? reading->peers->list[count - 1].allowed_count : 0;
	int r = wg_parse_device(message, reading);

	CHECK(r == 0 || r == -EBADMSG);
	CHECK(reading->peers->count >= count);
	if (r < 0) {
		CHECK(reading->peers->count == count && reading->port == was.port &&
		      reading->mark == was.mark && reading->junk == was.junk);
		CHECK(count == 0 || reading->peers->list[count - 1].allowed_count == allowed);
	}
	for (size_t i = count; i < reading->peers->count; i++) {
		const struct peer *peer = &reading->peers->list[i];

		fuzz_check_peer(peer, reading->kind);
		CHECK(strlen(peer->id) == WG_ID_LEN && peer->id[WG_ID_LEN - 1] == '=');
		CHECK(i == 0 || strcmp(peer->id, peer[-1].id) != 0);
	}
}

static void read_as(enum encap_kind kind, const uint8_t *data, size_t size)
{
	struct wg_reading reading = { .peers = peer_list_new(), .ifindex = 3, .kind = kind };

	CHECK(reading.peers);
	fuzz_each_message(data, size, take, &reading);
	peer_list_unref(reading.peers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(ENCAP_WIREGUARD, data, size);
	read_as(ENCAP_AMNEZIAWG, data, size);
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
