/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "edge/peers/wg.h"
#include "peer_text.h"
#include "rtnl_message.h"
#include "wg_messages.h"

#define HEADER sizeof(struct genlmsghdr)
#define AMNEZIA_S4 20
#define AMNEZIA_HEADER_KEY 26
#define AMNEZIA_PADDING 27
#define MESSAGE_SIZE 32768

static struct wg_reading begin(enum encap_kind kind)
{
	struct wg_reading reading = { .peers = peer_list_new(), .ifindex = 3, .kind = kind };

	assert_non_null(reading.peers);
	return reading;
}

static const char *const device_lines[] = {
	"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= link 3 wireguard outer=4 to 192.0.2.7 "
	"port 51821 sport 51820 protocol 17 mark 0x1234 root "
	"allowed 10.0.0.1/32,10.1.0.0/16,2001:db8:1::/48",
	"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI= link 3 wireguard outer=6 to 2001:db8::7 "
	"port 51822 sport 51820 protocol 17 mark 0x1234 root allowed 10.0.0.2/32",
	"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM= link 3 wireguard mark 0x1234 "
	"allowed 0.0.0.0/0,::/0",
	/* told as ::ffff:192.0.2.8 */
	"BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ= link 3 wireguard outer=4 to 192.0.2.8 "
	"port 51823 sport 51820 protocol 17 mark 0x1234 root",
};

static void test_device(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(wg_device));
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	assert_int_equal(wg_parse_device(message, &reading), 0);
	assert_peers(reading.peers, 0, device_lines, COUNT(device_lines));
	peer_list_unref(reading.peers);
	free(message);
}

/* Cut inside: nothing is appended, whatever came before the cut. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = NLMSG_HDRLEN; len < sizeof(wg_device); len++) {
		bool whole = ends_with_attribute(wg_device, HEADER, len);
		struct nlmsghdr *message = copy_message(wg_device, len);
		struct wg_reading reading = begin(ENCAP_WIREGUARD);

		assert_int_equal(wg_parse_device(message, &reading), whole ? 0 : -EBADMSG);
		assert_int_equal(reading.peers->count, 0);
		peer_list_unref(reading.peers);
		free(message);
	}
}

static void test_other_commands(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(wg_device));
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	((struct genlmsghdr *)NLMSG_DATA(message))->cmd = 2; /* AmneziaWG's WG_CMD_UNKNOWN_PEER */
	assert_int_equal(wg_parse_device(message, &reading), 0);
	assert_int_equal(reading.peers->count, 0);
	peer_list_unref(reading.peers);
	free(message);
}

/* A message under construction. */
struct builder {
	struct nlmsghdr *message;
	struct nlattr *peers, *peer, *allowed;
};

static struct builder build(void *bytes)
{
	struct builder builder = { .message = mnl_nlmsg_put_header(bytes) };
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(builder.message, sizeof(*header));

	builder.message->nlmsg_type = 32;
	header->cmd = WG_CMD_GET_DEVICE;
	header->version = 1;
	return builder;
}

static void begin_peers(struct builder *builder)
{
	builder->peers = mnl_attr_nest_start(builder->message, WGDEVICE_A_PEERS);
}

static void begin_peer(struct builder *builder, uint32_t number)
{
	uint8_t key[WG_KEY_LEN] = { 0 };

	memcpy(key, &number, sizeof(number));
	builder->peer = mnl_attr_nest_start(builder->message, 0);
	mnl_attr_put(builder->message, WGPEER_A_PUBLIC_KEY, sizeof(key), key);
	builder->allowed = NULL;
}

static void put_endpoint(struct builder *builder, const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
	mnl_attr_put(builder->message, WGPEER_A_ENDPOINT, sizeof(in), &in);
}

static void put_allowed(struct builder *builder, uint32_t number)
{
	uint32_t address_be = htonl(0x0a000000 + number);
	struct nlattr *nest;

	if (!builder->allowed)
		builder->allowed = mnl_attr_nest_start(builder->message, WGPEER_A_ALLOWEDIPS);
	nest = mnl_attr_nest_start(builder->message, 0);
	mnl_attr_put_u8(builder->message, WGALLOWEDIP_A_CIDR_MASK, 32);
	mnl_attr_put_u16(builder->message, WGALLOWEDIP_A_FAMILY, AF_INET);
	mnl_attr_put(builder->message, WGALLOWEDIP_A_IPADDR, sizeof(address_be), &address_be);
	mnl_attr_nest_end(builder->message, nest);
}

static void end_peer(struct builder *builder)
{
	if (builder->allowed)
		mnl_attr_nest_end(builder->message, builder->allowed);
	mnl_attr_nest_end(builder->message, builder->peer);
}

static struct nlmsghdr *finish(struct builder *builder)
{
	if (builder->peers)
		mnl_attr_nest_end(builder->message, builder->peers);
	return copy_message((const uint8_t *)builder->message, builder->message->nlmsg_len);
}

static struct builder new_message(void *bytes)
{
	struct builder builder = build(bytes);

	begin_peers(&builder);
	return builder;
}

static int parse_and_free(struct nlmsghdr *message, struct wg_reading *reading)
{
	int r = wg_parse_device(message, reading);

	free(message);
	return r;
}

static const char *const long_lines[] = {
	"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= link 3 wireguard outer=4 to 192.0.2.1 "
	"port 5 sport 51820 protocol 17 mark 0x7 root allowed 10.0.0.1/32",
	"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= link 3 wireguard outer=4 to 192.0.2.2 "
	"port 5 sport 51820 protocol 17 mark 0x7 root "
	"allowed 10.0.0.2/32,10.0.0.3/32,10.0.0.4/32,10.0.0.5/32",
	"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= link 3 wireguard outer=4 to 192.0.2.3 "
	"port 5 sport 51820 protocol 17 mark 0x7 root",
};

/* The first of three messages; the port and the mark are told only there. */
static struct nlmsghdr *first_part(uint8_t *bytes)
{
	struct builder builder = build(bytes);

	mnl_attr_put_u16(builder.message, WGDEVICE_A_LISTEN_PORT, 51820);
	mnl_attr_put_u32(builder.message, WGDEVICE_A_FWMARK, 7);
	begin_peers(&builder);
	begin_peer(&builder, 1);
	put_endpoint(&builder, "192.0.2.1", 5);
	put_allowed(&builder, 1);
	end_peer(&builder);
	begin_peer(&builder, 2);
	put_endpoint(&builder, "192.0.2.2", 5);
	put_allowed(&builder, 2);
	put_allowed(&builder, 3);
	end_peer(&builder);
	return finish(&builder);
}

/* A peer goes on in a message that has nothing else; the last has the rest, and a new peer. */
static struct nlmsghdr *later_part(uint8_t *bytes, uint32_t allowed, bool last)
{
	struct builder builder = new_message(bytes);

	begin_peer(&builder, 2);
	put_allowed(&builder, allowed);
	end_peer(&builder);
	if (last) {
		begin_peer(&builder, 3);
		put_endpoint(&builder, "192.0.2.3", 5);
		end_peer(&builder);
	}
	return finish(&builder);
}

static void test_peer_over_messages(void **state)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[MESSAGE_SIZE];
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	assert_int_equal(parse_and_free(first_part(bytes), &reading), 0);
	assert_int_equal(parse_and_free(later_part(bytes, 4, false), &reading), 0);
	assert_int_equal(parse_and_free(later_part(bytes, 5, true), &reading), 0);
	assert_peers(reading.peers, 0, long_lines, COUNT(long_lines));
	peer_list_unref(reading.peers);
}

/* Another device's dump begins with the peer that the last one ended with: that is a new one. */
static void test_not_over_dumps(void **state)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[MESSAGE_SIZE];
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	assert_int_equal(parse_and_free(first_part(bytes), &reading), 0);
	reading.before = reading.peers->count;
	reading.ifindex = 4;
	assert_int_equal(parse_and_free(later_part(bytes, 4, false), &reading), 0);
	assert_int_equal(reading.peers->count, 3);
	assert_int_equal(reading.peers->list[1].allowed_count, 2);
	assert_int_equal(reading.peers->list[2].ifindex, 4);
	peer_list_unref(reading.peers);
}

/* A peer goes on, another is new, and the last has no key. */
static struct nlmsghdr *bad_part(uint8_t *bytes)
{
	struct builder builder = new_message(bytes);

	begin_peer(&builder, 2);
	put_allowed(&builder, 4);
	end_peer(&builder);
	begin_peer(&builder, 3);
	end_peer(&builder);
	builder.peer = mnl_attr_nest_start(builder.message, 0);
	end_peer(&builder);
	return finish(&builder);
}

/* A bad message leaves the peer that it would go on with as it was, and the rest too. */
static void test_bad_part_changes_nothing(void **state)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[MESSAGE_SIZE];
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	assert_int_equal(parse_and_free(first_part(bytes), &reading), 0);
	assert_int_equal(parse_and_free(bad_part(bytes), &reading), -EBADMSG);
	assert_int_equal(reading.peers->count, 2);
	assert_int_equal(reading.peers->list[1].allowed_count, 2);
	assert_int_equal(parse_and_free(later_part(bytes, 4, false), &reading), 0);
	assert_int_equal(parse_and_free(later_part(bytes, 5, true), &reading), 0);
	assert_peers(reading.peers, 0, long_lines, COUNT(long_lines));
	peer_list_unref(reading.peers);
}

static const struct {
	const char *name;
	enum encap_kind kind;
	bool has_s4, has_padding;
	uint16_t s4;
	uint32_t padding; /* most << 16 | least */
	const char *layer;
} junk[] = {
	{ "no junk told",      ENCAP_AMNEZIAWG, false, false, 0, 0, " amneziawg outer=4 " },
	{ "none",              ENCAP_AMNEZIAWG, true, true, 0, 0, " amneziawg outer=4 " },
	{ "in front",          ENCAP_AMNEZIAWG, true, false, 12, 0, " amneziawg outer=4 s4=12 " },
	{ "in front, behind",  ENCAP_AMNEZIAWG, true, true, 12, 0x00200004,
	  " amneziawg outer=4 s4=44 " },
	{ "more than there is", ENCAP_AMNEZIAWG, true, true, 65535, 0xffff0000,
	  " amneziawg outer=4 s4=65535 " },
	/* another family may use the numbers for anything */
	{ "not AmneziaWG",     ENCAP_WIREGUARD, true, true, 12, 0x00200004, " wireguard outer=4 " },
};

static void test_junk(void **state)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[MESSAGE_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(junk); i++) {
		struct wg_reading reading = begin(junk[i].kind);
		struct builder builder = build(bytes);
		char text[PEER_TEXT_MAX];

		if (junk[i].has_s4)
			mnl_attr_put_u16(builder.message, AMNEZIA_S4, junk[i].s4);
		if (junk[i].has_padding)
			mnl_attr_put_u32(builder.message, AMNEZIA_PADDING, junk[i].padding);
		begin_peers(&builder);
		begin_peer(&builder, 1);
		put_endpoint(&builder, "192.0.2.1", 5);
		end_peer(&builder);
		assert_int_equal(parse_and_free(finish(&builder), &reading), 0);
		if (!strstr(peer_text(&reading.peers->list[0], text), junk[i].layer))
			fail_msg("%s: %s", junk[i].name, text);
		peer_list_unref(reading.peers);
	}
}

/* Each attribute with fewer bytes than it needs, and with enough. */
static const struct {
	const char *name;
	struct attribute_path path;
	size_t least;
	enum encap_kind kind;
} attributes[] = {
	{ "LISTEN_PORT",   { { WGDEVICE_A_LISTEN_PORT } }, 2, ENCAP_WIREGUARD },
	{ "FWMARK",        { { WGDEVICE_A_FWMARK } },      4, ENCAP_WIREGUARD },
	{ "S4",            { { AMNEZIA_S4 } },             2, ENCAP_AMNEZIAWG },
	{ "padding",       { { AMNEZIA_PADDING } },        4, ENCAP_AMNEZIAWG },
	/* whatever WireGuard may mean by these one day */
	{ "no S4",         { { AMNEZIA_S4 } },             0, ENCAP_WIREGUARD },
	{ "no padding",    { { AMNEZIA_PADDING } },        0, ENCAP_WIREGUARD },
};

static void test_device_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= attributes[row].least + 4; len++) {
			_Alignas(struct nlmsghdr) uint8_t bytes[256];
			struct builder builder = build(bytes);
			struct nlmsghdr *message = end_with_attribute(
				builder.message, &attributes[row].path, len, 1);
			struct wg_reading reading = begin(attributes[row].kind);
			int r = parse_and_free(message, &reading);

			if (r != (len >= attributes[row].least ? 0 : -EBADMSG))
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			peer_list_unref(reading.peers);
		}
	}
}

/* One attribute of a peer behind its key, by type, with its bytes. */
static const struct {
	const char *name;
	uint16_t type;
	uint8_t data[32];
	size_t len;
	int result;
	const char *told; /* of the peer */
} peer_rows[] = {
	{ "key short",        WGPEER_A_PUBLIC_KEY, { 1 }, 31, -EBADMSG, NULL },
	{ "handshake",        WGPEER_A_LAST_HANDSHAKE_TIME, { 0, 0xf1, 0x53, 0x65 }, 16, 0,
	  " at 1700000000" },
	{ "handshake short",  WGPEER_A_LAST_HANDSHAKE_TIME, { 1 }, 7, -EBADMSG, NULL },
	{ "endpoint empty",   WGPEER_A_ENDPOINT, { 0 }, 0, -EBADMSG, NULL },
	{ "endpoint cut",     WGPEER_A_ENDPOINT, { AF_INET }, 15, -EBADMSG, NULL },
	{ "endpoint cut, v6", WGPEER_A_ENDPOINT, { AF_INET6 }, 27, -EBADMSG, NULL },
	{ "endpoint nowhere", WGPEER_A_ENDPOINT, { AF_INET, 0, 1, 1 }, 16, 0, "wireguard" },
	{ "of no family",     WGPEER_A_ENDPOINT, { AF_UNIX, 0, 'x' }, 16, 0, "wireguard" },
	{ "link-local",       WGPEER_A_ENDPOINT,
	  { AF_INET6, 0, 0, 9, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
	    8, 0, 0, 0 }, 28, 0, "wireguard outer=6 to fe80::5 port 9 protocol 17 link 8 root" },
	{ "nothing we know",  77, { 1 }, 5, 0, "wireguard" },
};

static void test_peer_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(peer_rows); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[256];
		struct builder builder = new_message(bytes);
		struct wg_reading reading = begin(ENCAP_WIREGUARD);
		char text[PEER_TEXT_MAX] = "";
		int r;

		begin_peer(&builder, 1);
		mnl_attr_put(builder.message, peer_rows[i].type, peer_rows[i].len,
			     peer_rows[i].data);
		end_peer(&builder);
		r = parse_and_free(finish(&builder), &reading);
		assert_int_equal(reading.peers->count, r == 0);
		if (r == 0)
			peer_text(&reading.peers->list[0], text);
		if (r != peer_rows[i].result ||
		    (r == 0 && strcmp(text + strlen(text) - strlen(peer_rows[i].told),
				      peer_rows[i].told) != 0))
			fail_msg("%s: %d, %s", peer_rows[i].name, r, text);
		peer_list_unref(reading.peers);
	}
}

static void test_peer_without_key(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct builder builder = new_message(bytes);
	struct wg_reading reading = begin(ENCAP_WIREGUARD);

	(void)state;
	builder.peer = mnl_attr_nest_start(builder.message, 0);
	put_endpoint(&builder, "192.0.2.1", 5);
	end_peer(&builder);
	assert_int_equal(parse_and_free(finish(&builder), &reading), -EBADMSG);
	peer_list_unref(reading.peers);
}

static const struct {
	const char *name;
	uint16_t family;
	uint8_t length;
	size_t address_len; /* bytes ff */
	int result;
	const char *allowed; /* NULL: none */
} allowed_rows[] = {
	{ "bits behind the length", AF_INET, 12, 4, 0, "255.240.0.0/12" },
	{ "IPv6",                   AF_INET6, 4, 16, 0, "f000::/4" },
	{ "too long",               AF_INET, 33, 4, -EBADMSG, NULL },
	{ "too long, IPv6",         AF_INET6, 129, 16, -EBADMSG, NULL },
	{ "address short",          AF_INET6, 64, 4, -EBADMSG, NULL },
	{ "no address",             AF_INET, 8, 0, -EBADMSG, NULL },
	{ "no family",              0, 8, 4, -EBADMSG, NULL },
	{ "unknown family",         AF_UNIX, 8, 4, 0, NULL },
};

static void test_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(allowed_rows); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[256];
		struct builder builder = new_message(bytes);
		struct wg_reading reading = begin(ENCAP_WIREGUARD);
		struct nlattr *nest;
		uint8_t address[16];
		char text[PREFIX_TEXT_MAX] = "";
		int r;

		memset(address, 0xff, sizeof(address));
		begin_peer(&builder, 1);
		builder.allowed = mnl_attr_nest_start(builder.message, WGPEER_A_ALLOWEDIPS);
		nest = mnl_attr_nest_start(builder.message, 0);
		mnl_attr_put_u8(builder.message, WGALLOWEDIP_A_CIDR_MASK, allowed_rows[i].length);
		mnl_attr_put_u16(builder.message, WGALLOWEDIP_A_FAMILY, allowed_rows[i].family);
		if (allowed_rows[i].address_len)
			mnl_attr_put(builder.message, WGALLOWEDIP_A_IPADDR,
				     allowed_rows[i].address_len, address);
		mnl_attr_nest_end(builder.message, nest);
		end_peer(&builder);
		r = parse_and_free(finish(&builder), &reading);
		if (r == 0 && reading.peers->list[0].allowed_count > 0)
			prefix_format(&reading.peers->list[0].allowed[0], text);
		if (r != allowed_rows[i].result ||
		    strcmp(text, allowed_rows[i].allowed ? allowed_rows[i].allowed : "") != 0)
			fail_msg("%s: %d, %s", allowed_rows[i].name, r, text);
		peer_list_unref(reading.peers);
	}
}

/* Puts an attribute whose data is one page, which nobody may read, and goes on behind it. */
static void put_forbidden_page(struct builder *builder, uint16_t type, size_t page)
{
	static const uint8_t zeros[8192];
	const uint8_t *end = mnl_nlmsg_get_payload_tail(builder->message);
	struct nlattr *attr;

	/* What is left of this page holds another attribute, which means nothing. */
	assert_in_range(page, 0, sizeof(zeros));
	mnl_attr_put(builder->message, 77, page - ((uintptr_t)end + 2 * sizeof(*attr)) % page,
		     zeros);
	attr = mnl_nlmsg_get_payload_tail(builder->message);
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(sizeof(*attr) + page);
	assert_int_equal((uintptr_t)(attr + 1) % page, 0);
	builder->message->nlmsg_len += attr->nla_len;
	assert_int_equal(mprotect(attr + 1, page, PROT_NONE), 0);
}

/* Reading one byte of a key ends this test by a signal. */
static void test_keys_are_not_read(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *bytes = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);
	struct wg_reading reading = begin(ENCAP_AMNEZIAWG);
	struct builder builder;
	char text[PEER_TEXT_MAX];

	(void)state;
	assert_true(bytes != MAP_FAILED);
	builder = build(bytes);
	put_forbidden_page(&builder, WGDEVICE_A_PRIVATE_KEY, page);
	put_forbidden_page(&builder, AMNEZIA_HEADER_KEY, page);
	begin_peers(&builder);
	begin_peer(&builder, 1);
	put_forbidden_page(&builder, WGPEER_A_PRESHARED_KEY, page);
	put_endpoint(&builder, "192.0.2.1", 5);
	put_allowed(&builder, 1);
	end_peer(&builder);
	mnl_attr_nest_end(builder.message, builder.peers);
	assert_int_equal(wg_parse_device(builder.message, &reading), 0);
	assert_string_equal(peer_text(&reading.peers->list[0], text),
			    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= link 3 amneziawg outer=4 "
			    "to 192.0.2.1 port 5 protocol 17 root allowed 10.0.0.1/32");
	peer_list_unref(reading.peers);
	munmap(bytes, 8 * page);
}

/* 10,000 peers with two addresses each, as the kernel cuts them into messages of 32 KiB: the whole
 * takes some milliseconds, and each peer is found again. */
#define MANY 10000u

static void test_many(void **state)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[MESSAGE_SIZE];
	struct wg_reading reading = begin(ENCAP_WIREGUARD);
	uint64_t spent = 0;
	uint32_t number = 0;

	(void)state;
	while (number < MANY) {
		struct builder builder = new_message(bytes);
		struct nlmsghdr *message;
		uint64_t before;

		while (number < MANY && builder.message->nlmsg_len < MESSAGE_SIZE - 256) {
			begin_peer(&builder, ++number);
			put_endpoint(&builder, "192.0.2.1", 5);
			put_allowed(&builder, 2 * number);
			put_allowed(&builder, 2 * number + 1);
			end_peer(&builder);
		}
		message = finish(&builder);
		before = clock_monotonic_ns();
		assert_int_equal(wg_parse_device(message, &reading), 0);
		spent += clock_monotonic_ns() - before;
		free(message);
	}
	assert_int_equal(reading.peers->count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(reading.peers->list[i].allowed_count, 2);
	print_message("%u peers in %.1f ms\n", MANY, (double)spent / 1e6);
	assert_in_range(spent, 0, 1000000000);
	peer_list_unref(reading.peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_commands),
		cmocka_unit_test(test_peer_over_messages),
		cmocka_unit_test(test_not_over_dumps),
		cmocka_unit_test(test_bad_part_changes_nothing),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_device_attributes_of_each_length),
		cmocka_unit_test(test_peer_attributes),
		cmocka_unit_test(test_peer_without_key),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_keys_are_not_read),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("wg_parse", tests, NULL, NULL);
}
