/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: ctl
 *
 * Any JSON as a packet of Capture's replies, into a pcapng file: the file is whole blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/capture/capture_file.h"
#include "ctl/capture/captured.h"
#include "ctl/capture/pcapng.h"

#define require(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_captured: broken: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_blocks(const char *file, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint32_t block, again;

		require(len - at >= 12);
		memcpy(&block, file + at + 4, sizeof(block));
		require(block >= 12 && block % 4 == 0 && block <= len - at);
		memcpy(&again, file + at + block - 4, sizeof(again));
		require(again == block);
		at += block;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *syn = json_loadb((const char *)data, size, 0, NULL);
	struct capture_file file = { .path = "-" };
	char *bytes = NULL, *verdict;
	size_t len;

	if (!syn)
		return 0;
	verdict = captured_verdict(syn);
	require(verdict && strlen(verdict) > 0);
	free(verdict);
	file.out = open_memstream(&bytes, &len);
	require(file.out);
	pcapng_write_header(file.out);
	capture_file_add(&file, syn);
	require(fclose(file.out) == 0);
	check_blocks(bytes, len);
	free(bytes);
	json_decref(syn);
	return 0;
}
