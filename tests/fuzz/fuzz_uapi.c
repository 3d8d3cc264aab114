/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: facts
 *
 * What a WireGuard in user space answers. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "facts/wireguard/uapi.h"
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts_wireguard device = { 0 }, copy;
	int r = uapi_parse((const char *)data, size, &device);

	require(r == 0 || r == -EAGAIN || r == -EBADMSG || r == -EIO, "no other result");
	if (r < 0) {
		require(!device.peers.list, "nothing is half applied");
		return 0;
	}
	device.ifname = strdup("wg0");
	device.kind = strdup("wireguard");
	require_passes(&facts_wireguard_shape, &device, &copy);
	record_done(&facts_wireguard_shape, &device);
	return 0;
}
