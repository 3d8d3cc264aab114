/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: daemon
 *
 * Words of a client in the parameters of its calls: flows, numbers, durations, marks, prefixes. What
 * is read is written again and read once more: it has to be the same; and numbers are those that a
 * second, plain reader finds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/words/flow_text.h"
#include "policy/prefix/prefix.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_flow(const char *text)
{
	char why[FLOW_TEXT_WHY_MAX] = "", source[PREFIX_TEXT_MAX], destination[PREFIX_TEXT_MAX];
	char again[2 * PREFIX_TEXT_MAX + 32];
	struct flow_text flow = { 0 }, other = { 0 };

	if (flow_text_parse(text, &flow, why) < 0) {
		CHECK(strlen(why) > 0 && strlen(why) < FLOW_TEXT_WHY_MAX);
		return;
	}
	CHECK(flow.source.family == flow.destination.family);
	address_format(&flow.source, source);
	address_format(&flow.destination, destination);
	snprintf(again, sizeof(again), "%s%s[%s]", flow.has_source ? source : "",
		 flow.has_source ? " -> " : "", destination);
	if (flow.port)
		snprintf(again + strlen(again), 8, ":%u", flow.port);
	CHECK(flow_text_parse(again, &other, why) == 0);
	CHECK(flow.has_source == other.has_source && flow.port == other.port);
	CHECK(memcmp(&flow.source, &other.source, sizeof(flow.source)) == 0);
	CHECK(memcmp(&flow.destination, &other.destination, sizeof(flow.destination)) == 0);
}

/* The value of digits by the C library, which takes more than we do. */
static void check_number(const char *text)
{
	uint64_t value = 7;
	char *end;
	int r = text_parse_u64(text, 0, UINT64_MAX, &value);
	unsigned long long plain;

	errno = 0;
	plain = strtoull(text, &end, 0);
	if (r < 0) {
		CHECK(value == 7 && (r == -EINVAL || (r == -ERANGE && errno == ERANGE)));
		return;
	}
	CHECK(errno == 0 && *end == '\0' && value == plain);
	CHECK(text_parse_u64(text, value, value, &value) == 0);
	if (value > 0)
		CHECK(text_parse_u64(text, 0, value - 1, &value) == -ERANGE);
}

static void check_others(const char *text)
{
	uint32_t value = 0, mask = 0;
	struct prefix prefix, again;
	char written[PREFIX_TEXT_MAX];
	uint64_t ns = 0;

	if (text_parse_duration(text, &ns) == 0)
		CHECK(text[0] >= '0' && text[0] <= '9' && ns % 1000000 == 0);
	if (text_parse_mark(text, &value, &mask) == 0)
		CHECK((value & ~mask) == 0);
	if (prefix_parse(text, &prefix) == 0) {
		CHECK(prefix.length <= address_bits(prefix.address.family));
		CHECK(prefix_parse(prefix_format(&prefix, written), &again) == 0);
		CHECK(prefix_compare(&prefix, &again) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_flow(text);
	check_number(text);
	check_others(text);
	free(text);
	return 0;
}
