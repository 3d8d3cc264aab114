/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/workers/standstill.h"

#define S NS_PER_SECOND

static void test_what_counts(void **state)
{
	struct standstills standstills = { 0 };
	struct past past = { .next = 0 };
	const struct events events = { .past = &past };
	json_t *last = standstills_last_json(&standstills), *told;

	(void)state;
	assert_true(json_is_null(last));
	standstills_note(&standstills, 3 * S - 1, clock_boottime_ns(), &events);
	assert_int_equal(standstills.total, 0);
	standstills_note(&standstills, 7 * S, clock_boottime_ns(), &events);
	standstills_note(&standstills, 3 * S, clock_boottime_ns(), &events);
	assert_int_equal(standstills.total, 2);
	last = standstills_last_json(&standstills);
	assert_true(json_real_value(json_object_get(last, "seconds")) == 3.0);
	assert_int_equal(json_string_length(json_object_get(last, "ended")), 20);
	json_decref(last);
	told = past_to_json(&past);
	assert_int_equal(json_array_size(told), 2);
	last = json_object_get(json_array_get(told, 0), "new");
	assert_true(json_real_value(json_object_get(last, "seconds")) == 7.0);
	assert_int_equal(json_integer_value(json_object_get(last, "standstills_total")), 1);
	json_decref(told);
	past_done(&past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_counts),
	};

	return cmocka_run_group_tests_name("standstill", tests, NULL, NULL);
}
