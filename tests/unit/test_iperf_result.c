/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as iperf 3.12 gave them, shortened to what is read; whole ones are seeds of the fuzzer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ctl/tune/iperf_result.h"

#define START(mss) "{\"start\":{\"connected\":[{\"remote_host\":\"198.51.100.2\"}]," mss "}"
#define PMTU(bytes) ",\"intervals\":[{\"streams\":[{\"pmtu\":1500}]},{\"streams\":[{\"pmtu\":" bytes "}]}]"
#define END(sent, received) \
	",\"end\":{\"sum_sent\":{" sent "},\"sum_received\":{" received "}}}"

static const struct {
	const char *name, *text;
	int result;
	uint32_t mss;
	uint64_t retransmissions;
	double bits;
	const char *why;
	uint32_t path_mtu;
} rows[] = {
	{ "as the system has it",
	  START("\"tcp_mss_default\":1448")
	  END("\"bytes\":737017856,\"retransmits\":4", "\"bits_per_second\":5770680096.9,\"seconds\":1.0"),
	  0, 1448, 4, 5770680096.9, "", 0 },
	{ "as it was told",
	  START("\"tcp_mss\":1360") END("\"retransmits\":0", "\"bits_per_second\":12"), 0, 1360, 0, 12,
	  "", 0 },
	{ "a path that was told",
	  START("\"tcp_mss_default\":1448") PMTU("1400")
	  END("\"retransmits\":0", "\"bits_per_second\":12"), 0, 1448, 0, 12, "", 1400 },
	{ "a path that cannot be",
	  START("\"tcp_mss_default\":1448") PMTU("70000")
	  END("\"retransmits\":0", "\"bits_per_second\":12"), 0, 1448, 0, 12, "", 0 },
	{ "a system that does not count",
	  START("\"tcp_mss\":1360") END("\"bytes\":1", "\"bits_per_second\":12"), 0, 1360,
	  IPERF_UNKNOWN, 12, "", 0 },
	{ "nothing arrived",
	  START("\"tcp_mss_default\":1448") END("\"retransmits\":2", "\"bits_per_second\":0"), 0, 1448,
	  2, 0, "", 0 },
	{ "numbers that cannot be",
	  START("\"tcp_mss\":70000") END("\"retransmits\":-1", "\"bits_per_second\":-5"), 0, 0,
	  IPERF_UNKNOWN, 0, "", 0 },
	{ "refused", "{\"error\":\"unable to connect to server: Connection refused\"}", -EREMOTEIO, 0, 0,
	  0, "unable to connect to server: Connection refused", 0 },
	{ "no sums", "{\"start\":{},\"end\":{}}", -EBADMSG, 0, 0, 0, "no sums", 0 },
	{ "text", "iperf3: parameter error", -EBADMSG, 0, 0, 0, "no JSON object", 0 },
	{ "a list", "[]", -EBADMSG, 0, 0, 0, "no JSON object", 0 },
	{ "nothing", "", -EBADMSG, 0, 0, 0, "no JSON object", 0 },
};

static void test_answers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct iperf_result result = { .mss = 7 };
		char why[256] = "";

		if (iperf_result_parse(rows[i].text, &result, why, sizeof(why)) != rows[i].result ||
		    !strstr(why, rows[i].why))
			fail_msg("%s: %s", rows[i].name, why);
		if (rows[i].result < 0) {
			assert_int_equal(result.mss, 7);
			continue;
		}
		if (result.mss != rows[i].mss || result.retransmissions != rows[i].retransmissions ||
		    result.received_bits_per_second != rows[i].bits ||
		    result.path_mtu != rows[i].path_mtu)
			fail_msg("%s: MSS %u, %g bits", rows[i].name, result.mss,
				 result.received_bits_per_second);
		assert_string_equal(result.remote, "198.51.100.2");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
