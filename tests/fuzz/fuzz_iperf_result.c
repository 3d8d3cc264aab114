/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iperf3 answers, or something in its place.
 * layer: ctl */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/tune/iperf_result.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iperf_result result = { .received_bits_per_second = -1 };
	char *text = malloc(size + 1), why[64] = "";
	int r;

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = iperf_result_parse(text, &result, why, sizeof(why));
	CHECK(r == 0 || r == -EREMOTEIO || r == -EBADMSG);
	CHECK(r == 0 ? result.received_bits_per_second >= 0 : result.received_bits_per_second < 0);
	CHECK(r != -EBADMSG || why[0]);
	if (r == 0) {
		CHECK(isfinite(result.received_bits_per_second));
		CHECK(result.received_bits_per_second >= 0);
		CHECK(result.mss <= UINT16_MAX);
		CHECK(memchr(result.remote, '\0', sizeof(result.remote)));
	}
	free(text);
	return 0;
}
