/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/capture/pcapng.h"

static uint32_t get32(const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Walks the blocks: each tells its length at both ends. Returns how many there are; *ret_last is
 * where the last one begins. */
static size_t count_blocks(const char *file, size_t len, size_t *ret_last)
{
	size_t at = 0, count = 0, size;

	while (at < len) {
		assert_true(len - at >= 12);
		size = get32(file + at + 4);
		assert_true(size >= 12 && size % 4 == 0 && size <= len - at);
		assert_int_equal(get32(file + at + size - 4), size);
		*ret_last = at;
		at += size;
		count++;
	}
	return count;
}

/* A file of one packet, or none. */
static char *write_file(const struct pcapng_packet *packet, size_t *ret_len)
{
	char *file = NULL;
	FILE *out = open_memstream(&file, ret_len);

	pcapng_write_header(out);
	if (packet)
		pcapng_write_packet(out, packet);
	assert_int_equal(fclose(out), 0);
	return file;
}

static void test_header(void **state)
{
	size_t len, last;
	char *file = write_file(NULL, &len);

	(void)state;
	assert_int_equal(count_blocks(file, len, &last), 3);
	assert_int_equal(get32(file), 0x0a0d0d0a);
	assert_int_equal(get32(file + 8), 0x1a2b3c4d);
	assert_int_equal(get32(file + last), 1);      /* an interface, */
	assert_int_equal(get32(file + last + 8), 101); /* of IP packets */
	free(file);
}

static void test_packets(void **state)
{
	static const uint8_t bytes[] = { 0x45, 1, 2, 3, 4, 5, 6, 7, 8 };
	char comment[PCAPNG_COMMENT_MAX + 20];

	(void)state;
	memset(comment, 'c', sizeof(comment));
	comment[sizeof(comment) - 1] = '\0';
	for (size_t packet_len = 0; packet_len <= sizeof(bytes); packet_len++) {
		for (size_t i = 0; i < 7; i++) {
			static const size_t lengths[] = { 0, 1, 2, 3, 4, 999, PCAPNG_COMMENT_MAX + 9 };
			struct pcapng_packet packet = {
				.interface = PCAPNG_AFTER, .bytes = bytes, .len = packet_len,
				.whole_len = packet_len + 1000, .comment = comment,
				.time_ns = UINT64_C(0x0102030405060708),
			};
			size_t len, last, padded = (packet_len + 3) & ~(size_t)3;
			size_t said = lengths[i] < PCAPNG_COMMENT_MAX ? lengths[i] :
								       PCAPNG_COMMENT_MAX;
			char *file;

			comment[lengths[i]] = '\0';
			file = write_file(&packet, &len);
			assert_int_equal(count_blocks(file, len, &last), 4);
			assert_int_equal(get32(file + last), 6);
			assert_int_equal(get32(file + last + 8), PCAPNG_AFTER);
			assert_int_equal(get32(file + last + 12), 0x01020304);
			assert_int_equal(get32(file + last + 16), 0x05060708);
			assert_int_equal(get32(file + last + 20), packet_len);
			assert_int_equal(get32(file + last + 24), packet_len + 1000);
			assert_memory_equal(file + last + 28, bytes, packet_len);
			if (said > 0)
				assert_int_equal(get32(file + last + 28 + padded), said << 16 | 1);
			else
				assert_int_equal(len, last + 32 + padded);
			free(file);
			comment[lengths[i]] = 'c';
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header), cmocka_unit_test(test_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
