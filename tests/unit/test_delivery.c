/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "notify/delivery.h"

static struct alarm_message message_of(unsigned int number, bool firing)
{
	struct alarm_message message = { .firing = firing };

	snprintf(message.alert, sizeof(message.alert), "a%u", number);
	return message;
}

static void test_a_newer_message_takes_the_place(void **state)
{
	struct deliveries all = { .count = 0 };
	struct alarm_message first = message_of(1, true), other = message_of(2, true);
	struct alarm_message over = message_of(1, false);

	(void)state;
	delivery_begin(&all, &first)->ran = true;
	delivery_begin(&all, &other)->mailed = true;
	assert_false(delivery_begin(&all, &over)->ran);
	assert_int_equal(all.count, 2);
	assert_string_equal(all.list[0].message.alert, "a2");
	assert_true(all.list[0].mailed);
	assert_false(all.list[1].message.firing);
	delivery_end(&all, &all.list[0]);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.list[0].message.alert, "a1");
}

static void test_the_oldest_gives_way(void **state)
{
	struct deliveries all = { .count = 0 };

	(void)state;
	for (unsigned int i = 0; i <= ALARMS_MAX; i++) {
		struct alarm_message message = message_of(i, true);

		delivery_begin(&all, &message);
	}
	assert_int_equal(all.count, ALARMS_MAX);
	assert_string_equal(all.list[0].message.alert, "a1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_newer_message_takes_the_place),
		cmocka_unit_test(test_the_oldest_gives_way),
	};

	return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
