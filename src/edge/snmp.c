/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/snmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Linux 6.18 has 1,600 and 5,000 bytes; the lines that are wanted stand at the front. */
#define SNMP_TEXT_MAX 16384

/* A stretch of the text. */
struct word {
	const char *begin;
	size_t len;
};

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

/* Two lines that begin with "Ip:": names, and below each its value. */
uint64_t snmp_parse_ipv4(const char *text, size_t len)
{
	struct word rest = { text, len }, names, values, name, value;

	while (next_line(&rest, &names)) {
		if (!next_word(&names, &name) || !word_is(&name, "Ip:"))
			continue;
		if (!next_line(&rest, &values) || !next_word(&values, &value) ||
		    !word_is(&value, "Ip:"))
			break;
		while (next_word(&names, &name) && next_word(&values, &value)) {
			if (word_is(&name, "ReasmOKs"))
				return number(&value);
		}
		break;
	}
	return SNMP_UNKNOWN;
}

/* A line for each counter: its name, and the value. */
uint64_t snmp_parse_ipv6(const char *text, size_t len)
{
	struct word rest = { text, len }, line, name, value;

	while (next_line(&rest, &line)) {
		if (next_word(&line, &name) && word_is(&name, "Ip6ReasmOKs") &&
		    next_word(&line, &value))
			return number(&value);
	}
	return SNMP_UNKNOWN;
}

static const struct {
	const char *path;
	uint64_t (*parse)(const char *text, size_t len);
} files[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { "/proc/net/snmp", snmp_parse_ipv4 },
	[FAMILY_IPV6] = { "/proc/net/snmp6", snmp_parse_ipv6 },
};

void snmp_init(struct snmp *snmp)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		snmp->fd[family] = -1;
}

void snmp_done(struct snmp *snmp)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		if (snmp->fd[family] >= 0)
			close(snmp->fd[family]);
	}
	snmp_init(snmp);
}

static uint64_t read_one(struct snmp *snmp, enum family family)
{
	char text[SNMP_TEXT_MAX];
	ssize_t n;

	if (snmp->fd[family] < 0)
		snmp->fd[family] = open(files[family].path, O_RDONLY | O_CLOEXEC);
	if (snmp->fd[family] < 0)
		return family == FAMILY_IPV6 && errno == ENOENT ? 0 : SNMP_UNKNOWN;
	n = pread(snmp->fd[family], text, sizeof(text), 0);
	return n > 0 ? files[family].parse(text, (size_t)n) : SNMP_UNKNOWN;
}

uint64_t snmp_reassembled(struct snmp *snmp)
{
	uint64_t four = read_one(snmp, FAMILY_IPV4), six = read_one(snmp, FAMILY_IPV6);

	return four == SNMP_UNKNOWN || six == SNMP_UNKNOWN ? SNMP_UNKNOWN : four + six;
}
