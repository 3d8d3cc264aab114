/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/net/snmp and snmp6.
 * layer: edge */
#include <stdlib.h>
#include <string.h>

#include "edge/probe/snmp.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a whole text says stays true where more comes behind it. */
static void check_longer(void (*parse)(const char *text, size_t len, struct snmp_counts *counts),
			 const uint8_t *data, size_t size)
{
	static const char more[] = "\nIp: ReasmOKs\nIp: 7\nIp6ReasmOKs 7\n";
	char *text = malloc(size + sizeof(more));
	struct snmp_counts whole = { 0 }, longer = { 0 };

	parse((const char *)data, size, &whole);
	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	memcpy(text + size, more, sizeof(more));
	parse(text, size + sizeof(more) - 1, &longer);
	for (enum snmp_counter i = 0; i < SNMP_COUNTERS; i++)
		CHECK(whole.value[i] == SNMP_UNKNOWN || longer.value[i] == whole.value[i]);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_longer(snmp_parse_ipv4, data, size);
	check_longer(snmp_parse_ipv6, data, size);
	(void)snmp_find((const char *)data, size, "TcpExt:", "IPReversePathFilter");
	return 0;
}
