/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No half message is taken and none is told, whichever allocation fails. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "failing_memory.h"
#include "proto/json_memory.h"
#include "proto/varlink.h"

#define LONG_NAME "a_name_that_is_longer_than_what_a_buffer_begins_with"

static const char message[] =
	"{\"method\":\"org.mssclamp.Explain\",\"" LONG_NAME "\":{\"flow\":\"192.0.2.2 > 198.18.0.1\","
	"\"numbers\":[1,2.5,1234567890123],\"state\":\"" LONG_NAME "\"}}";

/* Returns -ENOMEM, or 0 with the very message. */
static int take(void)
{
	char why[VARLINK_WHY_MAX], *text;
	struct varlink_input input;
	json_t *taken = NULL;
	int r;

	varlink_input_init(&input, VARLINK_MESSAGE_MAX);
	r = varlink_input_add(&input, message, sizeof(message));
	if (r == 0)
		r = varlink_input_next(&input, &taken, why);
	memory_left = INT_MAX;
	varlink_input_done(&input);
	if (r < 0)
		return r;
	assert_int_equal(r, 1);
	text = json_dumps(taken, JSON_COMPACT);
	assert_string_equal(text, message);
	free(text);
	json_decref(taken);
	return 0;
}

static int tell(json_t *told)
{
	struct varlink_output output = { 0 };
	int r = varlink_output_add(&output, told);

	memory_left = INT_MAX;
	if (r == 0)
		assert_string_equal(output.data, message);
	else
		assert_int_equal(varlink_output_waiting(&output), 0);
	varlink_output_done(&output);
	return r;
}

static void test_take(void **state)
{
	int failed = 0;

	(void)state;
	for (int n = 0; n < 200; n++) {
		unsigned long before = json_memory_failures();
		int r;

		memory_left = n;
		r = take();
		assert_true(r == 0 || r == -ENOMEM);
		assert_true(r < 0 || json_memory_failures() == before);
		failed += r < 0;
	}
#ifndef __SANITIZE_ADDRESS__
	assert_true(failed > 10);
#endif
	assert_int_equal(take(), 0);
}

static void test_tell(void **state)
{
	json_t *told = json_loads(message, 0, NULL);

	(void)state;
	for (int n = 0; n < 100; n++) {
		int r;

		memory_left = n;
		r = tell(told);
		assert_true(r == 0 || r == -ENOMEM);
	}
	assert_int_equal(tell(told), 0);
	json_decref(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_tell),
	};

	json_memory_watch();
	return cmocka_run_group_tests_name("json_memory", tests, NULL, NULL);
}
