/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "facts/wireguard/uapi.h"

#define HEX_SECRET "e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a"
#define HEX_A "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33"
#define HEX_B "58402e695ba1772b1cc9309755f043251ea77fdcf10fbe63989ceb7e19321376"
#define KEY_A "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="
#define KEY_B "WEAuaVuhdyscyTCXVfBDJR6nf9zxD75jmJzrfhkyE3Y="

/* As wireguard-go answers. */
static const char answer[] =
	"private_key=" HEX_SECRET "\n"
	"listen_port=12912\n"
	"fwmark=51820\n"
	"public_key=" HEX_A "\n"
	"preshared_key=" HEX_SECRET "\n"
	"protocol_version=1\n"
	"endpoint=[2001:db8::7]:51820\n"
	"last_handshake_time_sec=1795630079\n"
	"last_handshake_time_nsec=51\n"
	"tx_bytes=38333\n"
	"rx_bytes=2224\n"
	"persistent_keepalive_interval=111\n"
	"allowed_ip=192.168.4.4/32\n"
	"allowed_ip=fd00::/64\n"
	"public_key=" HEX_B "\n"
	"preshared_key=" HEX_SECRET "\n"
	"endpoint=192.0.2.7:51821\n"
	"endpoint=192.0.2.8:51822\n"
	"last_handshake_time_sec=0\n"
	"errno=0\n"
	"\n";

static void test_answer(void **state)
{
	struct facts_wireguard device;
	const struct facts_wg_peer *peer;

	(void)state;
	assert_int_equal(uapi_parse(answer, strlen(answer), &device), 0);
	assert_int_equal(device.listen_port, 12912);
	assert_int_equal(device.fwmark, 51820);
	assert_int_equal(device.s4, 0);
	assert_int_equal(device.peers.count, 2);
	peer = &device.peers.list[0];
	assert_string_equal(peer->key, KEY_A);
	assert_string_equal(peer->endpoint, "2001:db8::7");
	assert_int_equal(peer->port, 51820);
	assert_int_equal(peer->handshake, 1795630079);
	assert_int_equal(peer->allowed.count, 2);
	assert_string_equal(peer->allowed.list[1], "fd00::/64");
	peer = &device.peers.list[1];
	assert_string_equal(peer->key, KEY_B);
	assert_string_equal(peer->endpoint, "192.0.2.8");
	assert_int_equal(peer->port, 51822);
	assert_int_equal(peer->allowed.count, 0);
	record_done(&facts_wireguard_shape, &device);
}

static const struct { const char *name, *text; int result; } cases[] = {
	{ "a device without peers", "errno=0\n\n", 0 },
	{ "AmneziaWG's own keys", "jc=4\ns1=15\ns4=32\nh1=1-5\ni1=<b 0x00>\nerrno=0\n\n", 0 },
	{ "an error", "errno=22\n\n", -EIO },
	{ "nothing", "", -EAGAIN },
	{ "no empty line", "listen_port=5\nerrno=0\n", -EAGAIN },
	{ "half a line", "listen_port=5", -EAGAIN },
	{ "no key", "hello\n\n", -EBADMSG },
	{ "a port that is none", "listen_port=65536\nerrno=0\n\n", -EBADMSG },
	{ "s4 that is none", "s4=-1\nerrno=0\n\n", -EBADMSG },
	{ "a public key that is too short", "public_key=abcd\nerrno=0\n\n", -EBADMSG },
	{ "an endpoint without a peer", "endpoint=192.0.2.1:5\nerrno=0\n\n", -EBADMSG },
	{ "an address without a peer", "allowed_ip=192.0.2.1/32\nerrno=0\n\n", -EBADMSG },
	{ "an address that is none", "public_key=" HEX_A "\nallowed_ip=x\nerrno=0\n\n", -EBADMSG },
	{ "a name for an endpoint", "public_key=" HEX_A "\nendpoint=x:5\nerrno=0\n\n", -EBADMSG },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts_wireguard device = { 0 };

		print_message("  %s\n", cases[i].name);
		assert_int_equal(uapi_parse(cases[i].text, strlen(cases[i].text), &device),
				 cases[i].result);
		record_done(&facts_wireguard_shape, &device);
	}
}

static void test_s4(void **state)
{
	static const char text[] = "s4=32\nerrno=0\n\n";
	struct facts_wireguard device;

	(void)state;
	assert_int_equal(uapi_parse(text, strlen(text), &device), 0);
	assert_int_equal(device.s4, 32);
	record_done(&facts_wireguard_shape, &device);
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(answer); len++) {
		struct facts_wireguard device = { 0 };
		char *text = malloc(len + 1);

		assert_non_null(text);
		memcpy(text, answer, len);
		assert_int_equal(uapi_parse(text, len, &device), -EAGAIN);
		assert_null(device.peers.list);
		free(text);
	}
}

/* The values of secret keys are not even looked at: they may be anything. */
static void test_secrets_are_not_read(void **state)
{
	char text[] = "private_key=?\npublic_key=" HEX_A "\npreshared_key=?\nerrno=0\n\n";
	struct facts_wireguard device;
	json_t *message;
	char *told;

	(void)state;
	memset(strchr(text, '?'), 0xff, 1);
	assert_int_equal(uapi_parse(text, strlen(text), &device), 0);
	message = record_format(&facts_wireguard_shape, &device);
	told = json_dumps(message, JSON_COMPACT);
	assert_string_equal(told, "{\"peers\":[{\"key\":\"" KEY_A "\"}]}");
	free(told);
	json_decref(message);
	record_done(&facts_wireguard_shape, &device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_s4),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_secrets_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
