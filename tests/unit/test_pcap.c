/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "ctl/trace/pcap.h"

/* Magic a1b2c3d4, version 2.4, no time zone, snap length 262144, link type 1. */
static const uint8_t little[PCAP_HEADER_LEN] = {
	0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
};
static const uint8_t big[PCAP_HEADER_LEN] = {
	0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1,
};

static const struct {
	const char *name;
	const uint8_t *header;
	uint8_t at, value; /* one byte that is changed */
	enum pcap_verdict verdict;
	struct pcap_format format;
} cases[] = {
	{ "little endian", little, 0, 0xd4, PCAP_OK, { false, false, 262144, 1 } },
	{ "big endian", big, 0, 0xa1, PCAP_OK, { true, false, 262144, 1 } },
	{ "big endian, link type 257", big, 22, 1, PCAP_OK, { true, false, 262144, 257 } },
	{ "little endian, link type 257", little, 21, 1, PCAP_OK, { false, false, 262144, 257 } },
	{ "no snap length", little, 18, 0, PCAP_OK, { false, false, 0, 1 } },
	{ "check sequence of 4 bytes", little, 23, 0x24, PCAP_OK, { false, false, 262144, 1 } },
	{ "link type 65537", little, 22, 1, PCAP_OK, { false, false, 262144, 65537 } },
	{ "version 2.3", little, 6, 3, PCAP_VERSION, { 0 } },
	{ "version 3.4", big, 5, 3, PCAP_VERSION, { 0 } },
	{ "another magic", little, 1, 0xc4, PCAP_FOREIGN, { 0 } },
	{ "another magic, big endian", big, 3, 0xd5, PCAP_FOREIGN, { 0 } },
};

static void test_header(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pcap_format *want = &cases[i].format;
		struct pcap_format got = { 0 };
		uint8_t header[PCAP_HEADER_LEN];

		memcpy(header, cases[i].header, sizeof(header));
		header[cases[i].at] = cases[i].value;
		if (pcap_parse_header(header, &got) != cases[i].verdict)
			fail_msg("%s: another verdict", cases[i].name);
		if (got.big_endian != want->big_endian || got.nanoseconds != want->nanoseconds ||
		    got.snaplen != want->snaplen || got.link_type != want->link_type)
			fail_msg("%s: snap length %u, link type %u", cases[i].name, got.snaplen,
				 got.link_type);
	}
}

static void test_nanoseconds(void **unused)
{
	uint8_t header[PCAP_HEADER_LEN];
	struct pcap_format format;

	(void)unused;
	memcpy(header, little, sizeof(header));
	memcpy(header, "\x4d\x3c\xb2\xa1", 4);
	assert_int_equal(pcap_parse_header(header, &format), PCAP_OK);
	assert_true(format.nanoseconds && !format.big_endian);
	memcpy(header, big, sizeof(header));
	memcpy(header, "\xa1\xb2\x3c\x4d", 4);
	assert_int_equal(pcap_parse_header(header, &format), PCAP_OK);
	assert_true(format.nanoseconds && format.big_endian);
}

static void test_record(void **unused)
{
	static const struct { bool big_endian; uint8_t header[PCAP_RECORD_LEN + 1]; } rows[] = {
		{ false, "\x01\x02\x03\x04\x05\x06\x07\x08\x2c\x01\0\0\x2d\x01\0\0" },
		{ true, "\x01\x02\x03\x04\x05\x06\x07\x08\0\0\x01\x2c\0\0\x01\x2d" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pcap_format format = { .big_endian = rows[i].big_endian };
		struct pcap_record record = pcap_parse_record(&format, rows[i].header);
		uint8_t header[PCAP_RECORD_LEN];

		assert_int_equal(record.frame_len, 300);
		assert_int_equal(record.original_len, 301);
		memcpy(header, rows[i].header, sizeof(header));
		memset(header + 8, 0xff, 8);
		pcap_put_record(&format, header, &record);
		assert_memory_equal(header, rows[i].header, sizeof(header));
	}
}

static void test_snaplen(void **unused)
{
	uint8_t header[PCAP_HEADER_LEN];
	struct pcap_format format;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		const uint8_t *original = i ? big : little;

		memcpy(header, original, sizeof(header));
		assert_int_equal(pcap_parse_header(header, &format), PCAP_OK);
		pcap_put_snaplen(&format, header, 65);
		assert_int_equal(pcap_parse_header(header, &format), PCAP_OK);
		assert_int_equal(format.snaplen, 65);
		pcap_put_snaplen(&format, header, 262144);
		assert_memory_equal(header, original, sizeof(header));
	}
}

static void test_foreign_names(void **unused)
{
	static const struct { const char *start; size_t len; const char *name; } rows[] = {
		{ "\x0a\x0d\x0d\x0a", 4, "a pcapng file" },
		{ "\x0a\x0d\x0d", 3, NULL },
		{ "\x34\xcd\xb2\xa1", 4, "a modified pcap file (magic a1b2cd34)" },
		{ "\xa1\xb2\xcd\x34", 4, "a modified pcap file (magic a1b2cd34)" },
		{ "\x1f\x8b", 2, "a file packed by gzip" },
		{ "snoop\0\0\0", 8, "a snoop file" },
		{ "snoopy", 6, NULL },
		{ "", 0, NULL },
		{ "hello!", 6, NULL },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *advice = NULL;
		const char *name = pcap_foreign_name((const uint8_t *)rows[i].start, rows[i].len,
						     &advice);

		if (!rows[i].name) {
			assert_null(name);
			continue;
		}
		assert_non_null(name);
		assert_string_equal(name, rows[i].name);
		assert_non_null(advice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_nanoseconds),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_snaplen),
		cmocka_unit_test(test_foreign_names),
	};

	return cmocka_run_group_tests_name("pcap", tests, NULL, NULL);
}
