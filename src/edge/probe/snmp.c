/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/probe/snmp.h"

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

/* Where each stands: of IPv4 the line and the column, of IPv6 the line alone. */
static const struct {
	enum family file;
	const char *line, *column;
} places[SNMP_COUNTERS] = {
	[SNMP_REASSEMBLED_IPV4]     = { FAMILY_IPV4, "Ip:", "ReasmOKs" },
	[SNMP_REASSEMBLED_IPV6]     = { FAMILY_IPV6, "Ip6ReasmOKs", NULL },
	[SNMP_NOT_REASSEMBLED_IPV4] = { FAMILY_IPV4, "Ip:", "ReasmFails" },
	[SNMP_NOT_REASSEMBLED_IPV6] = { FAMILY_IPV6, "Ip6ReasmFails", NULL },
	[SNMP_FRAGMENTS_IPV4]       = { FAMILY_IPV4, "Ip:", "FragCreates" },
	[SNMP_FRAGMENTS_IPV6]       = { FAMILY_IPV6, "Ip6FragCreates", NULL },
	[SNMP_TCP_SENT]             = { FAMILY_IPV4, "Tcp:", "OutSegs" },
	[SNMP_TCP_SENT_AGAIN]       = { FAMILY_IPV4, "Tcp:", "RetransSegs" },
};

/* Every counter of that file; what is found replaces it. */
static void set_all(struct snmp_counts *counts, enum family file, uint64_t value)
{
	for (enum snmp_counter i = 0; i < SNMP_COUNTERS; i++) {
		if (places[i].file == file)
			counts->value[i] = value;
	}
}

/* What is told first holds. */
static void found(struct snmp_counts *counts, enum snmp_counter counter, const struct word *value)
{
	if (counts->value[counter] == SNMP_UNKNOWN)
		counts->value[counter] = number(value);
}

/* The names and the values of one kind of packet, both behind their first word. */
static void take_columns(struct snmp_counts *counts, const struct word *line, struct word names,
			 struct word values)
{
	struct word name, value;

	while (next_word(&names, &name) && next_word(&values, &value)) {
		for (enum snmp_counter i = 0; i < SNMP_COUNTERS; i++) {
			if (places[i].file == FAMILY_IPV4 && word_is(line, places[i].line) &&
			    word_is(&name, places[i].column))
				found(counts, i, &value);
		}
	}
}

/* Two lines for each kind, which begin with the same word: names, and below each its value. */
void snmp_parse_ipv4(const char *text, size_t len, struct snmp_counts *counts)
{
	struct word rest = { text, len }, names, values, kind, same;

	set_all(counts, FAMILY_IPV4, SNMP_UNKNOWN);
	while (next_line(&rest, &names)) {
		if (!next_word(&names, &kind))
			continue;
		if (!next_line(&rest, &values) || !next_word(&values, &same) ||
		    same.len != kind.len || memcmp(same.begin, kind.begin, kind.len) != 0)
			break;
		take_columns(counts, &kind, names, values);
	}
}

uint64_t snmp_find(const char *text, size_t len, const char *line, const char *column)
{
	struct word rest = { text, len }, names, values, name, value;

	while (next_line(&rest, &names)) {
		if (!next_word(&names, &name) || !word_is(&name, line))
			continue;
		if (!next_line(&rest, &values) || !next_word(&values, &value) ||
		    !word_is(&value, line))
			break;
		while (next_word(&names, &name) && next_word(&values, &value))
			if (word_is(&name, column))
				return number(&value);
		break;
	}
	return SNMP_UNKNOWN;
}

/* A line for each counter: its name, and the value. */
void snmp_parse_ipv6(const char *text, size_t len, struct snmp_counts *counts)
{
	struct word rest = { text, len }, line, name, value;

	set_all(counts, FAMILY_IPV6, SNMP_UNKNOWN);
	while (next_line(&rest, &line)) {
		if (!next_word(&line, &name) || !next_word(&line, &value))
			continue;
		for (enum snmp_counter i = 0; i < SNMP_COUNTERS; i++) {
			if (places[i].file == FAMILY_IPV6 && word_is(&name, places[i].line))
				found(counts, i, &value);
		}
	}
}

static const struct {
	const char *path;
	void (*parse)(const char *text, size_t len, struct snmp_counts *counts);
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

static void read_one(struct snmp *snmp, enum family family, struct snmp_counts *counts)
{
	char text[SNMP_TEXT_MAX];
	ssize_t n;

	if (snmp->fd[family] < 0)
		snmp->fd[family] = open(files[family].path, O_RDONLY | O_CLOEXEC);
	if (snmp->fd[family] < 0) {
		set_all(counts, family,
			family == FAMILY_IPV6 && errno == ENOENT ? 0 : SNMP_UNKNOWN);
		return;
	}
	n = pread(snmp->fd[family], text, sizeof(text), 0);
	files[family].parse(text, n > 0 ? (size_t)n : 0, counts);
}

void snmp_read(struct snmp *snmp, struct snmp_counts *ret_counts)
{
	read_one(snmp, FAMILY_IPV4, ret_counts);
	read_one(snmp, FAMILY_IPV6, ret_counts);
}

uint64_t snmp_syns_of(const char *text, size_t len)
{
	return snmp_find(text, len, "TcpExt:", "TCPSynRetrans");
}

uint64_t snmp_syns_sent_again(void)
{
	int fd = open("/proc/net/netstat", O_RDONLY | O_CLOEXEC);
	char text[SNMP_TEXT_MAX];
	ssize_t n;

	if (fd < 0)
		return SNMP_UNKNOWN;
	n = pread(fd, text, sizeof(text), 0);
	close(fd);
	return snmp_syns_of(text, n > 0 ? (size_t)n : 0);
}

uint64_t snmp_sum(uint64_t one, uint64_t other)
{
	return one == SNMP_UNKNOWN || other == SNMP_UNKNOWN ? SNMP_UNKNOWN : one + other;
}

uint64_t snmp_reassembled(struct snmp *snmp)
{
	struct snmp_counts counts;

	snmp_read(snmp, &counts);
	return snmp_sum(counts.value[SNMP_REASSEMBLED_IPV4], counts.value[SNMP_REASSEMBLED_IPV6]);
}
