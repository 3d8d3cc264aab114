/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: daemon
 *
 * Any bytes as the file that keeps what was measured: measures that make sense, in order, and as
 * many when they are written and read again. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/paths/path_memory.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())
#define SECOND INT64_C(1000000000)
#define DAYS_NS (PATH_MEMORY_DAYS * 24 * 3600 * SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct path_memory_clock now = { 7200 * SECOND, 1795632720 * SECOND };

static void check(const struct path_memory *memory)
{
	CHECK(memory->count <= PATH_MEMORY_MAX);
	for (size_t i = 0; i < memory->count; i++) {
		const struct path_measure *one = &memory->list[i];

		CHECK(one->tunnel[0] && strlen(one->tunnel) <= PATH_MEMORY_TEXT_MAX);
		CHECK(strlen(one->peer) <= PATH_MEMORY_TEXT_MAX);
		CHECK(one->mtu >= 68 && one->mtu <= 65535);
		CHECK(one->at_ns <= now.boot_ns && now.boot_ns - one->at_ns <= DAYS_NS);
		CHECK(path_measure_find(memory->list, memory->count, one->tunnel, one->peer,
					&one->endpoint) == one);
		CHECK(i == 0 || path_measure_compare(one - 1, one) <= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *text;
	struct path_memory memory, again;
	size_t len;

	CHECK(copy);
	memcpy(copy, data, size);
	if (path_memory_parse(copy, size, &now, &memory, NULL) == 0) {
		check(&memory);
		text = path_memory_format(memory.list, memory.count, &now, &len);
		CHECK(text && path_memory_parse(text, len, &now, &again, NULL) == 0);
		check(&again);
		CHECK(again.count == memory.count);
		for (size_t i = 0; i < again.count; i++)
			CHECK(again.list[i].at_ns == memory.list[i].at_ns);
		free(text);
		path_memory_done(&memory);
		path_memory_done(&again);
	}
	free(copy);
	return 0;
}
