/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "ctl/tune/tune.h"

static const char reply_text[] =
	"{\"address\": \"198.51.100.2\", \"result\": \"limited\", \"largest_mss_bytes\": 1360,"
	" \"says\": \"Packets above 1400 bytes vanish; mssclampctl probe 198.51.100.2 tells.\","
	" \"rule\": \"rules = ( { prefix = \\\"198.51.100.2/32\\\"; mtu = 1400; } );\","
	" \"daemon\": {\"mss_bytes\": 1460, \"agrees\": false, \"why\": \"it allows <more>\"},"
	" \"probe\": {\"packet_bytes\": 1400, \"agrees\": true, \"why\": \"both the same\"},"
	" \"runs\": [], \"duration_seconds\": 1.0}";

/* What the screen says, with addresses and without. */
static const struct { const char *full, *shortened; } sentences[] = {
	{ "<p>Packets above 1400 bytes vanish; mssclampctl probe 198.51.100.2 tells.</p>",
	  "<p>Packets above 1400 bytes vanish; mssclampctl probe 198.51.x.x tells.</p>" },
	{ "<pre>rules = ( { prefix = &quot;198.51.100.2/32&quot;; mtu = 1400; } );</pre>",
	  "<pre>rules = ( { prefix = &quot;198.51.x.x/32&quot;; mtu = 1400; } );</pre>" },
	{ "<p>mssclampd: differs, MSS 1460: it allows &lt;more&gt;.</p>",
	  "<p>mssclampd: differs, MSS 1460: it allows &lt;more&gt;.</p>" },
	{ "<p>probe: agrees, packets of 1400 bytes: both the same.</p>",
	  "<p>probe: agrees, packets of 1400 bytes: both the same.</p>" },
};

static void test_the_page_says_what_the_screen_says(void **state)
{
	json_t *reply = json_loads(reply_text, 0, NULL);

	(void)state;
	assert_non_null(reply);
	for (int addresses = 0; addresses < 2; addresses++) {
		char path[] = "/tmp/test_tune_screen.XXXXXX", page[16384];
		int fd = mkstemp(path);
		ssize_t len;

		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(tune_html_write(path, reply, addresses), 0);
		fd = open(path, O_RDONLY);
		assert_true(fd >= 0);
		len = read(fd, page, sizeof(page) - 1);
		assert_true(len > 0);
		page[len] = '\0';
		close(fd);
		unlink(path);
		for (size_t i = 0; i < COUNT(sentences); i++) {
			const char *wanted = addresses ? sentences[i].full : sentences[i].shortened;

			if (!strstr(page, wanted))
				fail_msg("%s is not in %s", wanted, page);
		}
		assert_int_equal(strstr(page, "198.51.100.2") != NULL, addresses);
	}
	json_decref(reply);
}

/* The runs as the system makes them, by the path and beside it. */
static const struct { enum tune_verdict path, beside; const char *says; } compared[] = {
	{ TUNE_GOOD, TUNE_GOOD, "nothing to do. Beside it, by eth0, all arrives, too." },
	{ TUNE_GOOD, TUNE_LOSS, " Beside it, by eth0, not all arrives: the trouble is there." },
	{ TUNE_STALLED, TUNE_GOOD, "clean both ways. Beside it, by eth0, all arrives: the trouble "
				   "is the tunnel's, or lies on the way of its packets. " },
	{ TUNE_STALLED, TUNE_STALLED, "clean both ways. Beside it, by eth0, it is no better: the "
				      "trouble is not this way's alone. " },
};

static void test_what_lies_beside(void **state)
{
	const struct tune_options options = { .host = "h", .port = "5201", .compare = "eth0" };

	(void)state;
	for (size_t i = 0; i < COUNT(compared); i++) {
		bool good = compared[i].path == TUNE_GOOD;
		struct tune_report report = {
			.runs = { { .verdict = compared[i].path, .down = true },
				  { .verdict = compared[i].beside, .compare = true },
				  { .verdict = TUNE_STALLED, .asked = 1400 } },
			.count = good ? 2 : 3, .remote = "192.0.2.1", .baseline_mss = 1460,
			.largest_mss = good ? 1460 : 1360,
			.outcome = good ? TUNE_ALL_PASS : TUNE_LIMITED,
		};
		json_t *reply = tune_to_json(&options, &report);
		const char *says = json_string_value(json_object_get(reply, "says"));

		if (!strstr(says, compared[i].says))
			fail_msg("%s is not in %s", compared[i].says, says);
		json_decref(reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_says_what_the_screen_says),
		cmocka_unit_test(test_what_lies_beside),
	};

	return cmocka_run_group_tests_name("tune_screen", tests, NULL, NULL);
}
