/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that go to strangers: an address does not stay whole.
 * layer: ctl */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/screen/page.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char *text = malloc(size + 1), *shorter;

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	shorter = page_shorten(text);
	CHECK(shorter);
	if (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
		CHECK(strcmp(text, shorter) != 0 && strchr(shorter, 'x'));
	free(shorter);
	free(text);
	return 0;
}
