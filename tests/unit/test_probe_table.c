/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/array.h"
#include "edge/probe/probe_table.h"

static struct probe_awaited make_probe(uint64_t id, bool udp, uint16_t number)
{
	const uint8_t far[4] = { 198, 51, 100, 2 };
	struct probe_awaited probe = { .id = id, .size = 1400, .udp = udp, .number = number };

	probe.destination = address_from_bytes(FAMILY_IPV4, far);
	memcpy(probe.nonce, &id, sizeof(id));
	probe.nonce[PROBE_NONCE_MAX - 1] = 1;
	return probe;
}

/* A time exceeded about the probe, with that many bytes of its nonce. */
static struct probe_message make_error(const struct probe_awaited *probe, size_t nonce_len)
{
	return (struct probe_message){
		.family = FAMILY_IPV4, .udp = probe->udp, .error = true, .type = 11,
		.has_number = true, .number = probe->number, .from = probe->destination,
		.to = probe->destination, .nonce = probe->nonce, .nonce_len = nonce_len,
	};
}

static bool take(struct probe_table *table, const struct probe_awaited *probe, size_t nonce_len)
{
	struct probe_message message = make_error(probe, nonce_len);
	enum probe_heard_kind kind;
	struct probe_awaited found;

	if (!probe_table_take(table, &message, &found, &kind))
		return false;
	assert_int_equal(found.id, probe->id);
	assert_int_equal(kind, PROBE_HEARD_TIME_EXCEEDED);
	return true;
}

/* Port unreachable of the far end itself, with all of the nonce. */
static bool answer(struct probe_table *table, const struct probe_awaited *probe)
{
	struct probe_message message = make_error(probe, PROBE_NONCE_MAX);
	enum probe_heard_kind kind;
	struct probe_awaited found;

	message.type = message.code = 3;
	return probe_table_take(table, &message, &found, &kind) && kind == PROBE_HEARD_ANSWER &&
	       found.id == probe->id;
}

/* An error that has the nonce is heard once; the answer is waited for all the same. */
static void test_nonce(void **state)
{
	struct probe_awaited first = make_probe(1, true, 40000);
	struct probe_awaited second = make_probe(2, true, 40001);
	struct probe_table table = { 0 };

	(void)state;
	assert_false(take(&table, &first, PROBE_NONCE_MAX));
	probe_table_add(&table, &first);
	probe_table_add(&table, &second);
	assert_true(take(&table, &first, PROBE_NONCE_MAX));
	assert_false(take(&table, &first, PROBE_NONCE_MAX));
	assert_false(take(&table, &first, 0));
	assert_true(answer(&table, &first));
	assert_false(answer(&table, &first));
	assert_true(take(&table, &second, PROBE_NONCE_MAX));
	assert_false(take(&table, &second, PROBE_NONCE_MAX));
}

/* Who has the number alone is heard once, and does not end the waiting. */
static void test_number(void **state)
{
	struct probe_awaited probe = make_probe(1, false, 7);
	struct probe_table table = { 0 };

	(void)state;
	probe_table_add(&table, &probe);
	assert_true(take(&table, &probe, 0));
	assert_false(take(&table, &probe, 0));
	assert_true(take(&table, &probe, PROBE_NONCE_MAX));
	assert_false(take(&table, &probe, PROBE_NONCE_MAX));
}

/* The number alone, but of a packet to somebody else, in another family or by another method. */
static void test_number_of_another(void **state)
{
	struct probe_awaited probe = make_probe(1, true, 40000), found;
	struct probe_table table = { 0 };
	enum probe_heard_kind kind;

	(void)state;
	probe_table_add(&table, &probe);
	for (int i = 0; i < 4; i++) {
		struct probe_message message = make_error(&probe, 0);

		if (i == 0)
			message.to.bytes[3] ^= 1;
		else if (i == 1)
			message.family = FAMILY_IPV6;
		else if (i == 2)
			message.udp = false;
		else
			message.has_number = false;
		if (probe_table_take(&table, &message, &found, &kind))
			fail_msg("message %d", i);
	}
	assert_true(take(&table, &probe, 0));
}

/* What was answered has made room; without room the oldest gives way. */
static void test_full(void **state)
{
	struct probe_awaited probes[PROBE_OUTSTANDING_MAX + 2];
	struct probe_table table = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(probes); i++)
		probes[i] = make_probe(i + 1, true, (uint16_t)(40000 + i));
	for (size_t i = 0; i < PROBE_OUTSTANDING_MAX; i++)
		probe_table_add(&table, &probes[i]);
	assert_true(answer(&table, &probes[100]));
	probe_table_add(&table, &probes[PROBE_OUTSTANDING_MAX]);
	assert_true(take(&table, &probes[0], 0));
	probe_table_add(&table, &probes[PROBE_OUTSTANDING_MAX + 1]);
	assert_false(take(&table, &probes[0], PROBE_NONCE_MAX));
	for (size_t i = 1; i < COUNT(probes); i++) {
		if (i != 100 && !take(&table, &probes[i], PROBE_NONCE_MAX))
			fail_msg("probe %zu is gone", i);
	}
}

static const struct {
	const char *name;
	bool udp;
	uint32_t random;
	uint16_t number;
} picks[] = {
	{ "the first port",       true,  0,                   33434 },
	{ "the last port",        true,  65535 - 33434,       65535 },
	{ "around",               true,  65535 - 33434 + 1,   33434 },
	{ "a large number",       true,  UINT32_MAX,          UINT32_MAX % 32102 + 33434 },
	{ "a port of a ping",     true,  40001 - 33434,       40001 },
	{ "a port that is taken", true,  40000 - 33434,       40001 },
	{ "the last of pings",    false, 65535,               65535 },
	{ "one that is taken",    false, 40001,               40003 },
	{ "one of UDP",           false, 40000,               40000 },
};

static void test_numbers(void **state)
{
	static const struct { bool udp; uint16_t number; } taken[] = {
		{ true, 40000 }, { false, 40001 }, { false, 40002 },
	};
	struct probe_table table = { 0 };
	struct probe_awaited probe;

	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		probe = make_probe(i + 1, taken[i].udp, taken[i].number);
		probe_table_add(&table, &probe);
	}
	for (size_t i = 0; i < COUNT(picks); i++) {
		uint16_t number = probe_table_pick_number(&table, picks[i].udp, picks[i].random);

		if (number != picks[i].number)
			fail_msg("%s: %u", picks[i].name, number);
	}
}

/* Whatever the random numbers are, no two probes of a method have the same. */
static void test_numbers_are_different(void **state)
{
	struct probe_table table = { 0 };

	(void)state;
	for (size_t i = 0; i < PROBE_OUTSTANDING_MAX; i++) {
		uint16_t number = probe_table_pick_number(&table, true, UINT16_MAX - 33434);
		struct probe_awaited probe = make_probe(i + 1, true, number);

		assert_int_equal(number, i == 0 ? 65535 : 33434 + i - 1);
		probe_table_add(&table, &probe);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonce),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_number_of_another),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_are_different),
	};

	return cmocka_run_group_tests_name("probe_table", tests, NULL, NULL);
}
