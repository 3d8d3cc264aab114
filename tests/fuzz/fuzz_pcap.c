/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a capture file that is rewritten, with and without adding options.
 * layer: ctl
 * What comes out is the same file but for what the packet contract allows, up to where the input
 * breaks off. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/oracle.h"
#include "core/mss.h"
#include "ctl/trace/rewrite.h"

#define LIMIT4 1300
#define LIMIT6 1280
#define HEADER_LEN 24
#define RECORD_LEN 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A capture in memory, and how far it was read. */
struct bytes {
	char *data;
	size_t len, at;
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static uint32_t number(const uint8_t *at, bool big_endian)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | at[big_endian ? i : 3 - i];
	return value;
}

/* Whether the frame became what it is by the oracle's hand, with its IP packet at some place where
 * a link header of that type may end. */
static bool is_explained(uint32_t link_type, const uint8_t *before, size_t before_len,
			 const uint8_t *after, size_t after_len, bool insert)
{
	struct oracle_options options = { LIMIT4, LIMIT6, insert, false, 0, false };
	bool raw = link_type != 1 && link_type != 113 && link_type != 276;
	size_t first = raw ? 0 : link_type == 1 ? 14 : link_type == 113 ? 16 : 20;
	uint8_t *copy = malloc(before_len + 4);
	bool same = false;

	require(copy, "there is memory");
	for (size_t at = first; at < before_len && !same; at += raw ? before_len : 4) {
		struct oracle_answer answer;

		memcpy(copy, before, before_len);
		answer = oracle_clamp(copy + at, before_len - at, before_len + 4 - at, &options);
		same = at + answer.len == after_len && memcmp(copy, after, after_len) == 0;
	}
	free(copy);
	return same;
}

/* Compares the next record of both and steps behind them. */
static void compare_record(struct bytes *in, struct bytes *out, uint32_t link_type, bool big_endian,
			   bool insert)
{
	const uint8_t *before = (const uint8_t *)in->data + in->at;
	const uint8_t *after = (const uint8_t *)out->data + out->at;
	uint32_t before_len, after_len, grown;
	bool same;

	require(out->len - out->at >= RECORD_LEN, "a record has a header");
	require(memcmp(before, after, 8) == 0, "a time stays");
	before_len = number(before + 8, big_endian);
	after_len = number(after + 8, big_endian);
	grown = after_len - before_len;
	require(grown == 0 || (insert && grown == 4), "a frame stays as long, or grows by 4");
	require(number(after + 12, big_endian) - number(before + 12, big_endian) == grown,
		"both lengths grow together");
	require(out->len - out->at - RECORD_LEN >= after_len, "a frame is whole");
	same = grown == 0 && memcmp(before + RECORD_LEN, after + RECORD_LEN, after_len) == 0;
	require(same || before_len >= number(before + 12, big_endian), "a snapped frame stays");
	require(same || is_explained(link_type, before + RECORD_LEN, before_len, after + RECORD_LEN,
				     after_len, insert), "a frame changes as the contract says");
	if (same && before_len > 0 && (link_type == 101 || link_type == 12 || link_type == 14) &&
	    before_len >= number(before + 12, big_endian))
		require(is_explained(link_type, before + RECORD_LEN, before_len,
				     after + RECORD_LEN, after_len, insert),
			"a frame that had to change has changed");
	in->at += RECORD_LEN + before_len;
	out->at += RECORD_LEN + after_len;
}

static void compare(struct bytes *in, struct bytes *out, const struct rewrite_report *report,
		    bool insert)
{
	bool big_endian = (uint8_t)in->data[0] == 0xa1;
	uint32_t link_type;
	uint64_t sum = 0;

	require(out->len >= HEADER_LEN && memcmp(in->data, out->data, HEADER_LEN) == 0,
		"the file header stays");
	link_type = number((const uint8_t *)in->data + 20, big_endian) & 0x03ffffff;
	in->at = out->at = HEADER_LEN;
	for (uint64_t i = 0; i < report->packets; i++)
		compare_record(in, out, link_type, big_endian, insert);
	require(out->at == out->len, "nothing comes after the last record");
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		sum += report->result[i];
	require(sum == report->packets, "each packet is counted once");
}

/* Rewrites in. Returns what rewrite_stream does; out is owned by the caller. */
static int rewrite(const struct bytes *in, bool insert, struct bytes *out,
		   struct rewrite_report *report)
{
	struct rewrite_options options = { "-", "-", { LIMIT4, LIMIT6 }, insert };
	char error[REWRITE_ERROR_MAX] = "";
	FILE *from = fmemopen(in->data, in->len, "rb");
	FILE *to = open_memstream(&out->data, &out->len);
	int r;

	require(from && to, "there are streams in memory");
	r = rewrite_stream(&options, from, to, report, error, sizeof(error));
	require((r < 0) == (error[0] != '\0'), "an error has a text, and only an error");
	require(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT,
		"no other error happens in memory");
	fclose(from);
	fclose(to);
	require(r != -EPROTONOSUPPORT || out->len == 0, "nothing is written of what is refused");
	return r;
}

static void run(struct bytes *in, bool insert)
{
	struct bytes out = { 0 }, again = { 0 };
	struct rewrite_report report;
	int r = rewrite(in, insert, &out, &report);

	if (r != -EPROTONOSUPPORT) {
		compare(in, &out, &report, insert);
		require((in->at == in->len) == (r == 0), "all was read, or an error says why not");
		require(rewrite(&out, insert, &again, &report) == 0,
			"what was written can be read");
		require(again.len == out.len && memcmp(again.data, out.data, out.len) == 0,
			"a second pass changes nothing");
	}
	free(out.data);
	free(again.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { .len = size };

	if (size == 0)
		return 0;
	in.data = malloc(size);
	require(in.data, "there is memory");
	memcpy(in.data, data, size);
	run(&in, false);
	run(&in, true);
	free(in.data);
	return 0;
}
