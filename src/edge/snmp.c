/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/snmp.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Linux 6.18 has 1,600 and 5,000 bytes; the lines that are wanted stand at the front. */
#define SNMP_TEXT_MAX 16384

struct snmp {
	int fd[FAMILY_COUNT]; /* -1: there is no such file */
};

/* A stretch of the text. */
struct word {
	const char *begin;
	size_t len;
};

static const struct snmp_fragments unknown = { SNMP_UNKNOWN, SNMP_UNKNOWN, SNMP_UNKNOWN };

/* Takes the next line, without its newline, off the text. Returns false where no whole one is
 * left. */
static bool next_line(struct word *text, struct word *ret_line)
{
	const char *end = text->len ? memchr(text->begin, '\n', text->len) : NULL;

	if (!end)
		return false;
	*ret_line = (struct word){ text->begin, (size_t)(end - text->begin) };
	text->len -= ret_line->len + 1;
	text->begin = end + 1;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off the line. */
static bool next_word(struct word *line, struct word *ret_word)
{
	size_t len = 0;

	while (line->len > 0 && is_blank(*line->begin)) {
		line->begin++;
		line->len--;
	}
	while (len < line->len && !is_blank(line->begin[len]))
		len++;
	*ret_word = (struct word){ line->begin, len };
	line->begin += len;
	line->len -= len;
	return len > 0;
}

static bool word_is(const struct word *word, const char *text)
{
	return word->len == strlen(text) && memcmp(word->begin, text, word->len) == 0;
}

static uint64_t number(const struct word *word)
{
	uint64_t value = 0;

	for (size_t i = 0; i < word->len; i++) {
		uint64_t digit = (uint64_t)(word->begin[i] - '0');

		if (word->begin[i] < '0' || word->begin[i] > '9' ||
		    value > (UINT64_MAX - digit) / 10)
			return SNMP_UNKNOWN;
		value = value * 10 + digit;
	}
	return value;
}

static void take(struct snmp_fragments *fragments, const struct word *name,
		 const struct word *value)
{
	if (word_is(name, "ReasmOKs"))
		fragments->reassembled = number(value);
	else if (word_is(name, "ReasmFails"))
		fragments->reassembly_failed = number(value);
	else if (word_is(name, "FragCreates"))
		fragments->created = number(value);
}

/* Two lines that begin with "Ip:": names, and below each its value. */
struct snmp_fragments snmp_parse_ipv4(const char *text, size_t len)
{
	struct word rest = { text, len }, names, values, name, value;
	struct snmp_fragments fragments = unknown;

	while (next_line(&rest, &names)) {
		if (!next_word(&names, &name) || !word_is(&name, "Ip:"))
			continue;
		if (!next_line(&rest, &values) || !next_word(&values, &value) ||
		    !word_is(&value, "Ip:"))
			break;
		while (next_word(&names, &name) && next_word(&values, &value))
			take(&fragments, &name, &value);
		break;
	}
	return fragments;
}

/* A line for each counter: "Ip6" and its name, and the value. */
struct snmp_fragments snmp_parse_ipv6(const char *text, size_t len)
{
	struct word rest = { text, len }, line, name, value;
	struct snmp_fragments fragments = unknown;

	while (next_line(&rest, &line)) {
		if (!next_word(&line, &name) || !next_word(&line, &value) || name.len < 3 ||
		    memcmp(name.begin, "Ip6", 3) != 0)
			continue;
		name.begin += 3;
		name.len -= 3;
		take(&fragments, &name, &value);
	}
	return fragments;
}

struct snmp *snmp_open(void)
{
	struct snmp *snmp = malloc(sizeof(*snmp));

	if (!snmp)
		return NULL;
	snmp->fd[FAMILY_IPV4] = open("/proc/net/snmp", O_RDONLY | O_CLOEXEC);
	snmp->fd[FAMILY_IPV6] = open("/proc/net/snmp6", O_RDONLY | O_CLOEXEC);
	return snmp;
}

static size_t read_text(int fd, char text[SNMP_TEXT_MAX])
{
	ssize_t n = fd < 0 ? 0 : pread(fd, text, SNMP_TEXT_MAX, 0);

	return n > 0 ? (size_t)n : 0;
}

struct snmp_counters snmp_read(const struct snmp *snmp)
{
	struct snmp_counters counters;
	char text[SNMP_TEXT_MAX];
	size_t len = read_text(snmp->fd[FAMILY_IPV4], text);

	counters.family[FAMILY_IPV4] = snmp_parse_ipv4(text, len);
	len = read_text(snmp->fd[FAMILY_IPV6], text);
	counters.family[FAMILY_IPV6] = snmp_parse_ipv6(text, len);
	return counters;
}

void snmp_close(struct snmp *snmp)
{
	if (!snmp)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (snmp->fd[family] >= 0)
			close(snmp->fd[family]);
	}
	free(snmp);
}
