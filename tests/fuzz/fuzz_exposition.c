/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of tunnels and peers as strangers choose them, in the text of metrics: one line a sample,
 * no two with the same labels, all of it UTF-8. layer: daemon
 * The input: lines of "tunnel\0id\0name\n", the first byte how many peers have a label. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exposition.h"
#include "base/text.h"
#include "daemon/metrics/peer_labels.h"

#define PEERS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int right)
{
	if (!right)
		abort();
}

/* Cuts the text at the byte; what is behind it, or "". */
static char *cut(char *text, char *end, char at)
{
	char *found = text < end ? memchr(text, at, (size_t)(end - text)) : NULL;

	if (!found)
		return end;
	*found = 0;
	return found + 1;
}

static size_t read_peers(char *text, char *end, struct peer_label peers[PEERS_MAX])
{
	size_t count = 0;

	while (count < PEERS_MAX && text < end) {
		char *line = text;

		text = cut(line, end, '\n');
		peers[count].tunnel = line;
		peers[count].id = cut(line, text, 0);
		for (char *at = line; *at; at++) /* tunnels come out of JSON */
			*at &= 0x7f;
		peers[count].name = cut((char *)(uintptr_t)peers[count].id, text, 0);
		peers[count].place = count;
		count++;
	}
	return count;
}

/* name{a="...",b="..."} number: the first quote that no backslash escapes ends a value. */
static const char *check_label(const char *at)
{
	check(strncmp(at, "tunnel=\"", 8) == 0 || strncmp(at, "peer=\"", 6) == 0);
	at = strchr(at, '"') + 1;
	while (*at != '"') {
		size_t len = text_utf8_decode(at, NULL);

		check(len > 0 && *at != '\n' && *at != 0);
		if (*at == '\\') {
			check(at[1] == '\\' || at[1] == '"' || at[1] == 'n');
			at++;
			len = 1;
		}
		at += len;
	}
	return at + 1;
}

static const char *check_line(const char *at)
{
	check(strncmp(at, "x{", 2) == 0);
	at = check_label(at + 2);
	check(*at == ',');
	at = check_label(at + 1);
	check(strncmp(at, "} 1\n", 4) == 0);
	return at + 4;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_text(char *text, size_t expected)
{
	const char *lines[PEERS_MAX];
	const char *at = text;
	size_t count = 0;

	if (expected) {
		check(strncmp(text, "# HELP x \n# TYPE x gauge\n", 25) == 0);
		at += 25;
	}
	while (*at) {
		check(count < PEERS_MAX);
		lines[count++] = at;
		at = check_line(at);
	}
	check(count == expected);
	for (char *newline = text; (newline = strchr(newline, '\n'));)
		*newline++ = 0;
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 1; i < count; i++)
		check(strcmp(lines[i - 1], lines[i]) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct exposition_metric metric = { "x", EXPOSITION_GAUGE, "" };
	struct peer_label peers[PEERS_MAX];
	struct exposition out;
	size_t count, labelled = 0, len = 0;
	char *text = NULL, *copy;

	if (size == 0)
		return 0;
	copy = malloc(size + 1);
	check(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = 0;
	count = read_peers(copy + 1, copy + size, peers);
	check(peer_labels_make(peers, count, data[0]) == 0);
	out.out = open_memstream(&text, &len);
	check(out.out != NULL);
	exposition_begin(&out, &metric);
	for (size_t i = 0; i < count; i++) {
		if (!peers[i].label)
			continue;
		labelled++;
		exposition_count(&out, EXPOSITION_LABELS({ "tunnel", peers[i].tunnel },
							 { "peer", peers[i].label }), 1);
	}
	check(fclose(out.out) == 0);
	check(labelled == (count < data[0] ? count : data[0]));
	check_text(text, labelled);
	peer_labels_done(peers, count);
	free(text);
	free(copy);
	return 0;
}
