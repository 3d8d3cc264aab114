/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/net/snmp and snmp6.
 * layer: edge */
#include <stdlib.h>
#include <string.h>

#include "edge/snmp.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a whole text says stays true where more comes behind it. */
static void check_longer(uint64_t (*parse)(const char *text, size_t len), const uint8_t *data,
			 size_t size)
{
	static const char more[] = "\nIp: ReasmOKs\nIp: 7\nIp6ReasmOKs 7\n";
	char *text = malloc(size + sizeof(more));
	uint64_t whole = parse((const char *)data, size);

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	memcpy(text + size, more, sizeof(more));
	if (whole != SNMP_UNKNOWN)
		CHECK(parse(text, size + sizeof(more) - 1) == whole);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_longer(snmp_parse_ipv4, data, size);
	check_longer(snmp_parse_ipv6, data, size);
	return 0;
}
