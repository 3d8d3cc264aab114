/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: facts
 *
 * OpenVPN's status file: clients have names of text and addresses that the protocol takes, and a
 * file that was cut is never used. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "facts/openvpn/openvpn_status.h"
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts_status status = { 0 }, copy;
	int r = openvpn_status_parse((const char *)data, size, &status);

	require(r == 0 || r == -EAGAIN || r == -EBADMSG, "no other result");
	if (r < 0) {
		require(!status.clients.list && !status.version, "nothing is half applied");
		return 0;
	}
	require(memmem(data, size, "END", 3), "a file without END is not whole");
	for (size_t i = 0; i < status.clients.count; i++)
		require(strcmp(status.clients.list[i].name, "UNDEF") != 0, "nobody unnamed");
	status.file = strdup("/f");
	require_passes(&facts_status_shape, &status, &copy);
	record_done(&facts_status_shape, &status);
	return 0;
}
