/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: policy
 *
 * Any text as a filter: it is refused with a reason at a place in it, or it can be asked, and "not"
 * in front of it says the opposite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/capture/capture_filter.h"

#define require(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_capture_filter: broken: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t addresses[2][16] = { { 10, 0, 0, 1 }, { 0x20, 1, 0xd, 0xb8 } };

static void check_answers(const struct capture_filter *filter, const char *text)
{
	char *opposite, why[CAPTURE_FILTER_WHY_MAX];
	struct capture_filter other;
	size_t at;
	int r;

	require(asprintf(&opposite, "not(%s)", text) >= 0);
	r = capture_filter_parse(&other, opposite, why, &at);
	free(opposite);
	for (enum syn_result result = 0; result < SYN_RESULT_COUNT; result++) {
		const struct capture_facts facts = {
			.has_addresses = result % 3, .has_ports = result % 2,
			.family = result % 2 ? FAMILY_IPV4 : FAMILY_IPV6,
			.source = addresses[result % 2], .destination = addresses[1],
			.ports = { 443, (uint16_t)result }, .result = result,
			.tunnels = { "wg0" }, .peers = { "alice" },
		};
		bool matches = capture_filter_match(filter, &facts);

		require(r < 0 || capture_filter_match(&other, &facts) == !matches);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[CAPTURE_FILTER_WHY_MAX] = "";
	struct capture_filter *filter = malloc(sizeof(*filter)); /* its borders are watched */
	size_t at;
	int r;

	require(text && filter);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = capture_filter_parse(filter, text, why, &at);
	require(at <= strlen(text));
	require((r < 0) == (*why != '\0'));
	require(filter->count <= CAPTURE_FILTER_STEPS);
	if (r == 0 && filter->count > 0)
		check_answers(filter, text);
	free(filter);
	free(text);
	return 0;
}
