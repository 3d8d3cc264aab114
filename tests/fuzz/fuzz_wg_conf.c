/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: facts
 *
 * wg-quick's configuration, read for names: no name without a key. */
#include <stdint.h>
#include <string.h>

#include "facts/wireguard/wg_conf.h"
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts facts = { 0 }, copy;

	require(wg_conf_parse((const char *)data, size, &facts.names) == 0, "any file is read");
	for (size_t i = 0; i < facts.names.count; i++)
		require(*facts.names.list[i].name, "a name has letters");
	require_passes(&facts_shape, &facts, &copy);
	record_done(&facts_shape, &facts);
	return 0;
}
