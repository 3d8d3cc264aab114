/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * Messages of OpenVPN's two generic netlink families, each read as a peer and as an event of
 * either; then the peers are sorted. */
#include <errno.h>

#include "edge/peers/ovpn.h"
#include "fuzz_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct nlmsghdr *message, void *userdata)
{
	struct ovpn_reading *reading = userdata;
	size_t count = reading->peers->count;
	uint32_t number;
	int r = ovpn_parse_peer(message, reading);

	CHECK(r == 0 || r == -EBADMSG);
	CHECK(reading->peers->count <= count + (r == 0));
	if (reading->peers->count > count) {
		const struct peer *peer = &reading->peers->list[count];

		fuzz_check_peer(peer, ENCAP_OPENVPN);
		CHECK(ovpn_peer_number(peer->id, &number) == 0);
		CHECK(peer->allowed_count > 0 && peer->allowed_count <= FAMILY_COUNT);
	}
}

static void read_as(bool dco, const uint8_t *data, size_t size)
{
	struct ovpn_reading reading = { .peers = peer_list_new(), .ifindex = 3, .dco = dco };
	uint32_t last = 0, number;

	CHECK(reading.peers);
	fuzz_each_message(data, size, take, &reading);
	ovpn_sort_peers(&reading);
	for (size_t i = 0; i < reading.peers->count; i++) {
		CHECK(ovpn_peer_number(reading.peers->list[i].id, &number) == 0);
		CHECK(i == 0 || number > last);
		last = number;
	}
	CHECK(ovpn_append_unknown(&reading) == 0);
	peer_list_unref(reading.peers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(false, data, size);
	read_as(true, data, size);
	return 0;
}
