/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses in a text that goes to strangers. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/screen/page.h"

#define ADDRESS_TEXT_MAX 64

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Bytes of the text that may be an address: none where it goes on as a name. */
static size_t candidate(const char *text, const char *set)
{
	size_t len = strspn(text, set);

	while (len > 0 && (text[len - 1] == '.' || (text[len - 1] == ':' &&
						    (len < 2 || text[len - 2] != ':'))))
		len--;
	return is_word(text[len]) ? 0 : len;
}

static bool is_of(int family, const char *text, size_t len)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char copy[ADDRESS_TEXT_MAX];

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(family, copy, bytes) == 1;
}

static bool is_mac(const char *text, size_t len)
{
	if (len != 17)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* The head of the text up to the count-th mark, that one included; all of it where there are
 * fewer. */
static size_t head(const char *text, size_t len, char mark, unsigned int count)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == mark && --count == 0)
			return i + 1;
	return len;
}

/* Whether this is what is left of an address in a text that was cut: "2001:db8:1:2...". */
static bool is_cut(const char *text, size_t len, char mark)
{
	return strncmp(text + len, "...", 3) == 0 && head(text, len, mark, 2) < len;
}

/* Writes the short form of an address that begins here. Returns its length in the text, 0 where
 * there is none. */
static size_t put_address(const char *text, FILE *out)
{
	size_t len = candidate(text, "0123456789.");

	if (is_of(AF_INET, text, len) || is_cut(text, len, '.')) {
		fprintf(out, "%.*sx.x", (int)head(text, len, '.', 2), text);
		return len;
	}
	len = candidate(text, "0123456789abcdefABCDEF:.");
	if (is_of(AF_INET6, text, len) || is_cut(text, len, ':')) {
		fprintf(out, "%.*sx", (int)head(text, len, ':', 2), text);
		return len;
	}
	if (is_mac(text, len)) {
		fprintf(out, "%.*sx", (int)head(text, len, ':', 3), text);
		return len;
	}
	return 0;
}

char *page_shorten(const char *text)
{
	char *shorter = NULL;
	size_t size;
	FILE *out = open_memstream(&shorter, &size);
	bool begins = true;

	if (!out)
		return NULL;
	while (*text) {
		size_t len = begins ? put_address(text, out) : 0;

		if (len == 0) {
			begins = !is_word(*text) && *text != '.';
			putc(*text, out);
			len = 1;
		}
		text += len;
	}
	if (fclose(out) != 0) {
		free(shorter);
		return NULL;
	}
	return shorter;
}
