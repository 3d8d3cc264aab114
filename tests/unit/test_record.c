/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs through JSON and back, with the tables of proto/facts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "proto/facts.h"

#define KEY "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="

/* Every field of every record. */
static const char whole[] =
	"{\"tunnels\":[{\"ifname\":\"tun0\",\"program\":\"openvpn\",\"pid\":7,\"uid\":65534,"
	"\"openvpn\":[{\"role\":\"server\",\"proto\":\"udp\",\"family\":4,\"local\":\"192.0.2.1\","
	"\"local_port\":1194,\"remotes\":[{\"address\":\"2001:db8::1\",\"port\":5,\"proto\":\"tcp\"}],"
	"\"ciphers\":[\"AES-256-GCM\",\"AES-256-CBC\"],\"auth\":\"SHA256\",\"tap\":true,\"comp\":true,"
	"\"fragment\":true,\"socks\":true,\"static_key\":true,\"dco_off\":true,\"tun_mtu\":1400,"
	"\"mssfix\":1300,\"mark\":4294967295,\"version\":\"2.6\",\"unread\":true,"
	"\"status\":[{\"file\":\"/run/s\",\"version\":\"2.6\",\"dco\":true,\"clients\":[{\"name\":\"a\","
	"\"endpoint\":\"192.0.2.7\",\"port\":1,\"proto\":\"udp\",\"peer_id\":3,\"has_peer_id\":true,"
	"\"cipher\":\"AES-256-GCM\",\"addresses\":[\"10.8.0.2/32\",\"fd00::/64\"],\"seen\":9}]}]}]}],"
	"\"status\":[{\"file\":\"/x\"}],"
	"\"wireguard\":[{\"ifname\":\"wg0\",\"kind\":\"amneziawg\",\"listen_port\":1,\"fwmark\":2,"
	"\"s4\":3,\"peers\":[{\"key\":\"" KEY "\",\"endpoint\":\"192.0.2.7\",\"port\":4,"
	"\"allowed\":[\"0.0.0.0/0\"],\"handshake\":5}]}],"
	"\"ppp\":[{\"ifname\":\"ppp0\",\"kind\":\"pptp\",\"pid\":8,\"uid\":1,\"device\":\"eth0\","
	"\"remote\":\"192.0.2.8\",\"mppe\":true}],"
	"\"names\":[{\"key\":\"" KEY "\",\"name\":\"alice\"}],\"warnings\":[\"w\"]}";

static int parse(const char *text, struct facts *ret_facts, char *ret_why)
{
	json_t *message = json_loads(text, JSON_DECODE_ANY, NULL);
	int r;

	assert_non_null(message);
	r = record_parse(&facts_shape, message, ret_facts, ret_why);
	json_decref(message);
	return r;
}

static void test_there_and_back(void **state)
{
	char why[RECORD_WHY_MAX], *told;
	struct facts facts, copy;
	json_t *message;

	(void)state;
	assert_int_equal(parse(whole, &facts, why), 0);
	message = record_format(&facts_shape, &facts);
	told = json_dumps(message, JSON_COMPACT);
	assert_string_equal(told, whole);
	assert_int_equal(record_copy(&facts_shape, &facts, &copy), 0);
	assert_true(record_equal(&facts_shape, &facts, &copy, true));
	free(told);
	json_decref(message);
	record_done(&facts_shape, &facts);
	record_done(&facts_shape, &copy);
}

/* What must be refused, why, and nothing of it stays. */
static const struct { const char *name, *text, *why; } refused[] = {
	{ "no object", "[]", "an element is no object" },
	{ "a list that is none", "{\"tunnels\":{}}", "\"tunnels\" is no array" },
	{ "an element that is none", "{\"names\":[1]}", "an element is no object" },
	{ "a field is missing", "{\"tunnels\":[{\"ifname\":\"tun0\",\"pid\":1}]}",
	  "\"program\" is missing" },
	{ "a text that is none", "{\"warnings\":[1]}", "\"warnings\" is no text" },
	{ "a number that is none", "{\"tunnels\":[{\"ifname\":\"a\",\"program\":\"b\",\"pid\":\"1\"}]}",
	  "\"pid\" is no whole number" },
	{ "a number with a fraction", "{\"tunnels\":[{\"ifname\":\"a\",\"program\":\"b\",\"pid\":1.0}]}",
	  "\"pid\" is no whole number" },
	{ "a number out of range", "{\"tunnels\":[{\"ifname\":\"a\",\"program\":\"b\",\"pid\":0}]}",
	  "\"pid\" is out of range" },
	{ "a flag that is none", "{\"status\":[{\"file\":\"/a\",\"dco\":1}]}",
	  "\"dco\" is neither true nor false" },
	{ "too many", "{\"tunnels\":[{\"ifname\":\"a\",\"program\":\"b\",\"pid\":1,\"openvpn\":["
	  "{\"role\":\"p2p\",\"proto\":\"udp\"},{\"role\":\"p2p\",\"proto\":\"udp\"}]}]}",
	  "\"openvpn\" has too many elements" },
#define MAY_NOT " holds a text that may not stand there"
	{ "a name of a link that is none", "{\"tunnels\":[{\"ifname\":\"a/b\"}]}",
	  "\"ifname\"" MAY_NOT },
	{ "a name that is too long", "{\"tunnels\":[{\"ifname\":\"0123456789abcdef\"}]}",
	  "\"ifname\"" MAY_NOT },
	{ "a relative path", "{\"status\":[{\"file\":\"x\"}]}", "\"file\"" MAY_NOT },
	{ "a key that is none", "{\"names\":[{\"key\":\"abc\"}]}", "\"key\"" MAY_NOT },
	{ "a kind that is none", "{\"wireguard\":[{\"ifname\":\"a\",\"kind\":\"x\"}]}",
	  "\"kind\"" MAY_NOT },
#define CLIENT(field) "{\"status\":[{\"file\":\"/a\",\"clients\":[{\"name\":\"a\"," field "}]}]}"
	{ "an address that is none", CLIENT("\"endpoint\":\"example.com\""),
	  "\"endpoint\"" MAY_NOT },
	{ "a port out of range", CLIENT("\"port\":65536"), "\"port\" is out of range" },
	{ "a prefix without a length", CLIENT("\"addresses\":[\"10.0.0.1\"]"),
	  "\"addresses\"" MAY_NOT },
	{ "a prefix that is too long", CLIENT("\"addresses\":[\"10.0.0.1/33\"]"),
	  "\"addresses\"" MAY_NOT },
	{ "a prefix with another sign", CLIENT("\"addresses\":[\"10.0.0.1/+1\"]"),
	  "\"addresses\"" MAY_NOT },
	{ "a protocol that is none", CLIENT("\"proto\":\"sctp\""), "\"proto\"" MAY_NOT },
};

static void test_refused(void **state)
{
	static const struct facts nothing;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		char why[RECORD_WHY_MAX] = "";
		struct facts facts;

		print_message("  %s\n", refused[i].name);
		assert_int_equal(parse(refused[i].text, &facts, why), -EBADMSG);
		assert_string_equal(why, refused[i].why);
		assert_memory_equal(&facts, &nothing, sizeof(facts));
	}
}

static void test_unknown_and_null_are_stepped_over(void **state)
{
	char why[RECORD_WHY_MAX];
	struct facts facts;

	(void)state;
	assert_int_equal(parse("{\"later\":[1],\"names\":null}", &facts, why), 0);
	assert_int_equal(facts.names.count, 0);
}

static const struct { const char *name, *a, *b; bool equal, equal_but_quiet; } pairs[] = {
	{ "nothing", "{}", "{}", true, true },
	{ "one more", "{}", "{\"warnings\":[\"a\"]}", false, false },
	{ "another text", "{\"warnings\":[\"b\"]}", "{\"warnings\":[\"a\"]}", false, false },
	{ "a flag", CLIENT("\"has_peer_id\":true"), CLIENT("\"has_peer_id\":false"), false, false },
	{ "an optional text", CLIENT("\"cipher\":\"x\""), CLIENT("\"port\":0"), false, false },
	{ "a quiet number", CLIENT("\"seen\":1"), CLIENT("\"seen\":2"), false, true },
	{ "a number", CLIENT("\"port\":1"), CLIENT("\"port\":2"), false, false },
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char why[RECORD_WHY_MAX];
		struct facts a, b;

		print_message("  %s\n", pairs[i].name);
		assert_int_equal(parse(pairs[i].a, &a, why), 0);
		assert_int_equal(parse(pairs[i].b, &b, why), 0);
		assert_int_equal(record_equal(&facts_shape, &a, &b, true), pairs[i].equal);
		assert_int_equal(record_equal(&facts_shape, &a, &b, false),
				 pairs[i].equal_but_quiet);
		record_done(&facts_shape, &a);
		record_done(&facts_shape, &b);
	}
}

/* Names come from strangers: what is no UTF-8 is told nevertheless. */
static void test_text_that_is_no_utf8(void **state)
{
	struct facts_name name = { .key = strdup(KEY), .name = strdup("a\xff" "b\n\xc3\xa4") };
	json_t *message;
	char *told;

	(void)state;
	message = record_format(&facts_name_shape, &name);
	told = json_dumps(message, JSON_COMPACT);
	assert_string_equal(told, "{\"key\":\"" KEY "\",\"name\":\"a?b\\n\xc3\xa4\"}");
	free(told);
	json_decref(message);
	record_done(&facts_name_shape, &name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown_and_null_are_stepped_over),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_text_that_is_no_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
