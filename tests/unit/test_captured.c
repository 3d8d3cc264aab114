/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/capture/captured.h"

static const struct { const char *text; int r; uint64_t ns; } times[] = {
	{ "1970-01-01T00:00:00Z",           0,        0 },
	{ "1970-01-01T00:00:01.5Z",         0,        UINT64_C(1500000000) },
	{ "2026-11-26T12:44:01.201000007Z", 0,        UINT64_C(1795697041201000007) },
	{ "2026-11-26T12:44:01.0000000009Z", 0,       UINT64_C(1795697041000000000) },
	{ "2026-11-26T12:44:01",            -EBADMSG, 0 },
	{ "2026-11-26T12:44:01.2",          -EBADMSG, 0 },
	{ "2026-11-26T12:44:01.2Zx",        -EBADMSG, 0 },
	{ "1969-12-31T00:00:00Z",           -EBADMSG, 0 },
	{ "9999-12-31T00:00:00Z",           -EBADMSG, 0 },
	{ "yesterday",                      -EBADMSG, 0 },
	{ "",                               -EBADMSG, 0 },
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t ns = 0;

		if (captured_read_time(times[i].text, &ns) != times[i].r || ns != times[i].ns)
			fail_msg("%s: %llu", times[i].text, (unsigned long long)ns);
	}
}

static const struct { const char *packet; int r; size_t len; } read_rows[] = {
	{ "{\"length_bytes\":2,\"bytes\":\"45ff\"}",  0,        2 },
	{ "{\"length_bytes\":900,\"bytes\":\"45ff\"}", 0,       2 },
	{ "{\"length_bytes\":0,\"bytes\":\"\"}",      0,        0 },
	{ "null",                                     -ENOENT,  0 },
	{ "{\"length_bytes\":1,\"bytes\":\"45ff\"}",  -EBADMSG, 0 },
	{ "{\"length_bytes\":2,\"bytes\":\"45f\"}",   -EBADMSG, 0 },
	{ "{\"length_bytes\":2,\"bytes\":\"45fg\"}",  -EBADMSG, 0 },
	{ "{\"length_bytes\":2,\"bytes\":\"45FF\"}",  -EBADMSG, 0 },
	{ "{\"length_bytes\":5000000000,\"bytes\":\"45\"}", -EBADMSG, 0 },
	{ "{\"length_bytes\":2,\"bytes\":7}",         -EBADMSG, 0 },
	{ "[]",                                       -EBADMSG, 0 },
};

static void test_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_rows) / sizeof(read_rows[0]); i++) {
		json_t *syn = json_pack("{s:o}", "before",
					json_loads(read_rows[i].packet, JSON_DECODE_ANY, NULL));
		struct captured_packet packet = { .bytes = NULL };

		if (captured_read_packet(syn, "before", &packet) != read_rows[i].r ||
		    packet.len != read_rows[i].len)
			fail_msg("%s", read_rows[i].packet);
		if (packet.len)
			assert_memory_equal(packet.bytes, "\x45\xff", 2);
		free(packet.bytes);
		json_decref(syn);
	}
}

static const struct { const char *syn, *verdict; } verdicts[] = {
	{ "{\"reason\":\"clamped\",\"mss_before_bytes\":1460,\"mss_after_bytes\":1368,"
	  "\"limit_bytes\":1368,\"decided_by\":\"peer alice of wg0\",\"took_seconds\":0.000011}",
	  "mss 1460 -> 1368, peer alice of wg0, 11 us" },
	{ "{\"reason\":\"clamped\",\"mss_before_bytes\":1460,\"mss_after_bytes\":1368,"
	  "\"audit\":true}", "mss 1460 stays (audit), would be 1368, -" },
	{ "{\"reason\":\"already_small\",\"mss_before_bytes\":1000,\"mss_after_bytes\":1000,"
	  "\"limit_bytes\":1360,\"decided_by\":\"link MTU of wan\",\"took_seconds\":2}",
	  "mss 1000 stays, limit 1360: link MTU of wan, 2.0 s" },
	{ "{\"reason\":\"raised\",\"mss_before_bytes\":40,\"mss_after_bytes\":536}",
	  "mss 40 -> 536, raised, -" },
	{ "{\"reason\":\"inserted\",\"mss_after_bytes\":536}", "no mss -> 536, -" },
	{ "{\"reason\":\"dropped\",\"mss_before_bytes\":40}", "mss 40, dropped, -" },
	{ "{\"reason\":\"dropped\",\"mss_before_bytes\":40,\"audit\":true}",
	  "mss 40, would be dropped, -" },
	{ "{\"reason\":\"no_mss\"}", "no mss, -" },
	{ "{\"reason\":\"no_limit\",\"mss_before_bytes\":1460}", "mss 1460, no limit, -" },
	{ "{\"reason\":\"fragment\"}", "left alone: fragment, -" },
	{ "{\"reason\":\"tcp_ao\",\"mss_before_bytes\":1460,\"decided_by\":\"x\"}", "mss 1460 left alone: tcp_ao, -" },
	{ "{}", "left alone: -, -" },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		json_t *syn = json_loads(verdicts[i].syn, 0, NULL);
		char *text = captured_verdict(syn);

		assert_string_equal(text, verdicts[i].verdict);
		free(text);
		json_decref(syn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times), cmocka_unit_test(test_packets),
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
