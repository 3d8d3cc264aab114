/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a capture, and where; files that cannot be read on or written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/trace/pcap_file.h"

#define MAGIC "\xd4\xc3\xb2\xa1"
#define HEADER MAGIC "\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0"
#define RECORD(captured, whole) "\1\0\0\0\2\0\0\0" captured whole
#define FOUR "\4\0\0\0"
#define ROW(text) text, sizeof(text) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	int opened; /* what opening says */
	int frames; /* whole ones */
	int last;   /* what is said behind them */
	const char *error; /* a part of the text */
} cases[] = {
	/* clang-format off */
	{ "an empty file",       ROW(""),              -EPROTONOSUPPORT, 0, 0, "is empty" },
	{ "a word",              ROW("GIF"),           -EPROTONOSUPPORT, 0, 0, "ends at byte 3" },
	{ "a cut file header",   ROW(MAGIC "\2\0"),    -EPROTONOSUPPORT, 0, 0, "ends at byte 6" },
	{ "another kind of file", ROW("GIF89a..................."), -EPROTONOSUPPORT, 0, 0,
	  "starts with 47494638" },
	{ "another version",     ROW(MAGIC "\3\0\4\0................"), -EPROTONOSUPPORT, 0, 0,
	  "version" },
	{ "no frame",            ROW(HEADER),                            0, 0, 0, "" },
	{ "a frame",             ROW(HEADER RECORD(FOUR, FOUR) "abcd"),  0, 1, 0, "" },
	{ "a cut record header", ROW(HEADER RECORD(FOUR, FOUR) "abcd\1"), 0, 1, -EBADMSG, "byte" },
	{ "a cut frame",         ROW(HEADER RECORD(FOUR, FOUR) "abc"),   0, 0, -EBADMSG, "byte" },
	{ "4 GiB and no more",   ROW(HEADER RECORD("\xff\xff\xff\xff", "\xff\xff\xff\xff") "abcd"),
	  0, 0, -EBADMSG, "4294967295" },
	{ "2 GiB",               ROW(HEADER RECORD("\0\0\0\x80", "\0\0\0\x80") "abcd"),
	  0, 0, -EBADMSG, "2147483648" },
	/* clang-format on */
};

static void test_cases(void **state)
{
	uint8_t *buffer = malloc(PCAP_FRAME_MAX);

	(void)state;
	assert_non_null(buffer);
	for (size_t i = 0; i < COUNT(cases); i++) {
		FILE *file = cases[i].len > 0 ?
			fmemopen((void *)(uintptr_t)cases[i].bytes, cases[i].len, "r") : tmpfile();
		struct pcap_reader reader;
		struct pcap_frame frame;
		int frames = 0, r = 0;

		print_message("  %s\n", cases[i].name);
		assert_int_equal(pcap_reader_open(&reader, file), cases[i].opened);
		while (cases[i].opened == 0 && (r = pcap_reader_next(&reader, &frame, buffer)) == 1)
			frames++;
		assert_int_equal(frames, cases[i].frames);
		assert_int_equal(r, cases[i].last);
		if (*cases[i].error && !strstr(reader.error, cases[i].error))
			fail_msg("'%s' is not in '%s'", cases[i].error, reader.error);
		fclose(file);
	}
	free(buffer);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): what fopencookie takes */
static ssize_t refuse_read(void *cookie, char *bytes, size_t len)
{
	(void)cookie, (void)bytes, (void)len;
	errno = EIO;
	return -1;
}

static ssize_t refuse_write(void *cookie, const char *bytes, size_t len)
{
	(void)cookie, (void)bytes, (void)len;
	errno = ENOSPC;
	return 0;
}

static void test_broken_disk(void **state)
{
	FILE *in = fopencookie(NULL, "r", (cookie_io_functions_t){ .read = refuse_read });
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = refuse_write });
	const uint8_t header[PCAP_HEADER_LEN] = { 0 };
	const struct pcap_frame frame = { .record.frame_len = 4 };
	struct pcap_reader reader;

	(void)state;
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(pcap_reader_open(&reader, in), -EIO);
	assert_non_null(strstr(reader.error, "cannot be read on from byte 0"));
	assert_int_equal(pcap_write_header(out, header), -ENOSPC);
	assert_int_equal(pcap_write_frame(out, &frame, header), -ENOSPC);
	fclose(in);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_broken_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
