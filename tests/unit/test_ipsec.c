/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies and states into peers, each peer as a line of text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ipsec_make.h"

#define OUT ENDS("192.0.2.1", "192.0.2.2")
#define BACK ENDS("192.0.2.2", "192.0.2.1")
#define OUT6 ENDS("2001:db8::1", "2001:db8::2")
#define ANYS ENDS("0.0.0.0", "0.0.0.0")
#define NETS "10.1.0.0/24", "10.2.0.0/24"
#define PAIR "10.1.0.0/24 === 10.2.0.0/24"
#define HOSTS "192.0.2.1/32", "192.0.2.2/32"
#define TRANSPORT .transport = true
#define COMP { .protocol = IPPROTO_COMP }
#define UDP_PORTS .encap = ENCAP_ESP_UDP, .encap_source_port = 4500, .encap_destination_port = 61000

static const struct {
	const char *name;
	struct state_row states[STATES_MAX];
	struct policy_row policy;
	const char *peer; /* NULL: none */
} joins[] = {
	{ "AES-GCM, tunnel",
	  { { OUT, .state = { AES_GCM } }, { BACK, .state = { AES_GCM } } },
	  { NETS, .policy = { .priority = 375423 }, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, priority 375423, esp4 tunnel 8+1+16" },
	{ "NAT-T",
	  { { OUT, .state = { AES_GCM, UDP_PORTS } } }, { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 17 4500 61000, esp4 tunnel 8+1+16 udp" },
	{ "in TCP",
	  { { OUT, .state = { AES_GCM, .encap = ENCAP_ESP_TCP, .encap_source_port = 4500,
			      .encap_destination_port = 4501 } } },
	  { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 6 4500 4501, esp4 tunnel 8+1+16 tcp" },
	{ "output mark",
	  { { OUT, .state = { AES_GCM, .output_mark = { 0x1234, 0xff } } } },
	  { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50 mark 0x34, esp4 tunnel 8+1+16" },
	{ "IPv4 in IPv6",
	  { { OUT6, .state = { AES_GCM } } }, { NETS, .templates = { { OUT6 } } },
	  PAIR ", ipsec:2001:db8::2, 2001:db8::1 > 2001:db8::2 50, esp6 tunnel 8+1+16" },
	{ "rekey to another cipher, both there",
	  { { OUT, .state = { AES_SHA256, .add_time = 20 } },
	    { OUT, .state = { AES_GCM, .add_time = 10 } },
	    { BACK, .state = { AES_SHA256, .add_time = 20 } },
	    { BACK, .state = { AES_GCM, .add_time = 10 } } },
	  { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, at 20, esp4 tunnel 16+16+16" },
	{ "rekey, the new one arrives first",
	  { { OUT, .state = { AES_GCM, .add_time = 10 } },
	    { BACK, .state = { AES_SHA256, .add_time = 20 } },
	    { BACK, .state = { AES_GCM, .add_time = 10 } } },
	  { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, at 10, esp4 tunnel 8+1+16" },
	{ "the ends differ",
	  { { OUT, .state = { AES_GCM } },
	    { BACK, .state = { AES_SHA256, .encap = ENCAP_ESP_UDP } } },
	  { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, esp4 tunnel 8+1+16 [the ends differ: "
	  "sent with rfc4106(gcm(aes))/128, received with cbc(aes) hmac(sha256)/128 over UDP]" },
	{ "the ends differ in NAT-T alone",
	  { { OUT, .state = { AES_GCM, .encap = ENCAP_ESP_UDP } }, { BACK, .state = { AES_GCM } } },
	  { NETS, .templates = { { ENDS("0.0.0.0", "192.0.2.2") } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 17 0 0, esp4 tunnel 8+1+16 udp [the ends "
	  "differ: sent with rfc4106(gcm(aes))/128 over UDP, "
	  "received with rfc4106(gcm(aes))/128]" },
	{ "no state yet",
	  { { 0 } }, { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 0, esp4 tunnel 16+16+32 udp [no state "
	  "yet: counted as cbc(aes) hmac(sha512)/256 over UDP]" },
	{ "no state yet but for the way back",
	  { { BACK, .state = { AES_SHA256 } } }, { NETS, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 0, esp4 tunnel 16+16+16" },
	{ "no state and no gateway yet",
	  { { "192.0.2.1", "10.2.0.7", .state = { AES_GCM } } },
	  { NETS, .templates = { { ANYS } } },
	  PAIR ", ipsec:%any, esp4 tunnel 16+16+32 udp [no state yet: counted as cbc(aes) "
	  "hmac(sha512)/256 over UDP]" },
	{ "an optional template without a state",
	  { { 0 } }, { NETS, .templates = { { OUT, { .optional = true } } } }, "clear " PAIR },
	{ "an optional template with a state",
	  { { OUT, .state = { AES_GCM } } },
	  { NETS, .templates = { { OUT, { .optional = true } } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, esp4 tunnel 8+1+16" },
	{ "IPComp inside",
	  { { OUT, .state = COMP }, { OUT, .state = { AES_GCM }, TRANSPORT } },
	  { NETS, .templates = { { OUT, COMP }, { ANYS, TRANSPORT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, esp4 transport 8+1+16 < ipip4" },
	{ "AH around ESP",
	  { { OUT, .state = { AES_GCM }, TRANSPORT },
	    { OUT, .state = { .protocol = IPPROTO_AH, .auth = "hmac(sha1)", .icv_bits = 96 },
	      TRANSPORT } },
	  { HOSTS, .templates = { { ANYS, TRANSPORT },
				  { ANYS, { .protocol = IPPROTO_AH }, TRANSPORT } } },
	  "192.0.2.1/32 === 192.0.2.2/32, ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 51, "
	  "ah4 transport 12 < esp4 transport 8+1+16" },
	{ "a tunnel in a tunnel of the other family",
	  { { OUT6, .state = { AES_GCM } }, { OUT, .state = { AES_SHA256 } } },
	  { NETS, .templates = { { OUT6 }, { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, "
	  "esp4 tunnel 16+16+16 < esp6 tunnel 8+1+16" },
	{ "more than a peer holds",
	  { { OUT, .state = { AES_GCM } }, { OUT, .state = { AES_SHA256 }, TRANSPORT } },
	  { NETS, .templates = { { OUT }, { ANYS, TRANSPORT }, { ANYS, TRANSPORT },
				 { ANYS, TRANSPORT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, esp4 transport 16+16+16 < "
	  "esp4 transport 16+16+16 < esp4 transport 16+16+16 "
	  "[of 4 transforms only the outer 3 are counted]" },
	{ "transport, L2TP",
	  { { OUT, .state = { AES_GCM }, TRANSPORT } },
	  { HOSTS, .policy = { .selector = { .protocol = 17, .local_port = 1701,
					     .local_port_mask = 0xffff } },
	    .templates = { { ANYS, TRANSPORT } } },
	  "192.0.2.1/32[udp/1701] === 192.0.2.2/32[udp], ipsec:192.0.2.2, "
	  "192.0.2.1 > 192.0.2.2 50, protocol 17, narrow, esp4 transport 8+1+16" },
	{ "by one link",
	  { { OUT, .state = { AES_GCM } } },
	  { NETS, .policy = { .selector = { .ifindex = 3 } }, .templates = { { OUT } } },
	  PAIR ", ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, narrow, esp4 tunnel 8+1+16" },
	{ "transport between networks",
	  { { "10.1.0.1", "10.2.0.1", .state = { AES_GCM }, TRANSPORT } },
	  { NETS, .templates = { { ANYS, TRANSPORT } } },
	  PAIR ", ipsec:%any, esp4 transport 8+1+16" },
	{ "IPComp alone, transport",
	  { { OUT, .state = COMP, TRANSPORT } },
	  { HOSTS, .templates = { { ANYS, COMP, TRANSPORT } } },
	  "clear 192.0.2.1/32 === 192.0.2.2/32" },
	{ "in the clear",
	  { { 0 } }, { NETS, .policy = { .priority = 3 } }, "clear " PAIR ", priority 3" },
	{ "in the clear for a protocol",
	  { { 0 } }, { NETS, .policy = { .selector = { .protocol = 1 } } },
	  "clear " PAIR ", protocol 1" },
	{ "in the clear for a port", { { 0 } },
	  { NETS, .policy = { .selector = { .protocol = 6, .remote_port = 22,
					    .remote_port_mask = 0xffff } } }, NULL },
	{ "in the clear from a port", { { 0 } },
	  { NETS, .policy = { .selector = { .protocol = 6, .local_port = 22,
					    .local_port_mask = 0xffff } } }, NULL },
	{ "in the clear by one link", { { 0 } },
	  { NETS, .policy = { .selector = { .ifindex = 3 } } }, NULL },
	{ "dropped", { { 0 } }, { NETS, .policy = { .block = true } }, NULL },
	{ "ports",
	  { { OUT, .state = { AES_GCM } } },
	  { NETS, .policy = { .selector = { .protocol = 6, .local_port = 1024,
					    .local_port_mask = 0xfc00, .remote_port = 443,
					    .remote_port_mask = 0xffff } },
	    .templates = { { OUT } } },
	  "10.1.0.0/24[tcp/1024-2047] === 10.2.0.0/24[tcp/443], ipsec:192.0.2.2, "
	  "192.0.2.1 > 192.0.2.2 50, protocol 6, narrow, esp4 tunnel 8+1+16" },
	{ "a protocol without a name",
	  { { OUT, .state = { AES_GCM } } },
	  { NETS, .policy = { .selector = { .protocol = 253 } }, .templates = { { OUT } } },
	  "10.1.0.0/24[253] === 10.2.0.0/24[253], ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, "
	  "protocol 253, esp4 tunnel 8+1+16" },
	{ "a mark of no link",
	  { { OUT, .state = { AES_GCM } } },
	  { NETS, .policy = { .mark = { 0x2b, 0xff } }, .templates = { { OUT } } },
	  PAIR " mark 0x2b/0xff, ipsec:192.0.2.2, 192.0.2.1 > 192.0.2.2 50, if mark 0x2b/0xff, "
	  "esp4 tunnel 8+1+16" },
	{ "xfrm link",
	  { { OUT, .state = { AES_GCM, .if_id = 7 } } },
	  { "0.0.0.0/0", "0.0.0.0/0", .policy = { .if_id = 7 }, .templates = { { OUT } } },
	  "0.0.0.0/0 === 0.0.0.0/0, link 10, 192.0.2.1 > 192.0.2.2 50, esp4 tunnel 8+1+16" },
	{ "xfrm link that is not there",
	  { { OUT, .state = { AES_GCM, .if_id = 8 } } },
	  { NETS, .policy = { .if_id = 8 }, .templates = { { OUT } } }, NULL },
	{ "xfrm link, in the clear",
	  { { 0 } }, { NETS, .policy = { .if_id = 7 } }, NULL },
	{ "vti",
	  { { OUT, .state = { AES_GCM, .mark = { 42, UINT32_MAX } } } },
	  { "0.0.0.0/0", "0.0.0.0/0", .policy = { .mark = { 42, UINT32_MAX } },
	    .templates = { { OUT } } },
	  "0.0.0.0/0 === 0.0.0.0/0, link 12, 192.0.2.1 > 192.0.2.2 50, esp4 tunnel 8+1+16" },
	{ "vti, two notes",
	  { { OUT, .state = { .aead = "new(x)", .icv_bits = 128, .padding = 99 } } },
	  { NETS, .policy = { .mark = { 42, UINT32_MAX } }, .templates = { { OUT } } },
	  PAIR ", link 12, 192.0.2.1 > 192.0.2.2 50, esp4 tunnel 16+16+16 [new(x) is not known: "
	  "counted like AES-CBC; TFC padding: packets are filled up to 99 bytes]" },
};

/* A rekey on a kernel that may stay with the old state: which cipher is counted. */
static const struct {
	const char *name;
	struct state_row states[STATES_MAX];
	bool sticky;
	uint16_t icv;
} rekeys[] = {
	{ "the newer one on older kernels",
	  { { OUT, .state = { AES_GCM, .add_time = 2 } },
	    { OUT, .state = { AES_SHA512, .add_time = 1, .used = true } } }, false, 16 },
	{ "the one in use is larger",
	  { { OUT, .state = { AES_GCM, .add_time = 2 } },
	    { OUT, .state = { AES_SHA512, .add_time = 1, .used = true } } }, true, 32 },
	{ "the newer one is larger",
	  { { OUT, .state = { AES_SHA512, .add_time = 2 } },
	    { OUT, .state = { AES_GCM, .add_time = 1, .used = true } } }, true, 32 },
	{ "the newer one is in use",
	  { { OUT, .state = { AES_GCM, .add_time = 2, .used = true } },
	    { OUT, .state = { AES_SHA512, .add_time = 1, .used = true } } }, true, 16 },
	{ "the older one was never in use",
	  { { OUT, .state = { AES_GCM, .add_time = 2 } },
	    { OUT, .state = { AES_SHA512, .add_time = 1 } } }, true, 16 },
	{ "the one in use is over UDP",
	  { { OUT, .state = { AES_SHA512, .add_time = 2 } },
	    { OUT, .state = { .cipher = "cbc(aes)", .auth = "hmac(sha384)", .icv_bits = 224,
			      .encap = ENCAP_ESP_UDP, .add_time = 1, .used = true } } }, true, 28 },
	{ "the one in use is over TCP",
	  { { OUT, .state = { AES_SHA512, .add_time = 2 } },
	    { OUT, .state = { .cipher = "cbc(aes)", .auth = "hmac(sha384)", .icv_bits = 224,
			      .encap = ENCAP_ESP_TCP, .add_time = 1, .used = true } } }, true, 32 },
};

static void test_rekey(void **state)
{
	const struct policy_row row = { NETS, .templates = { { OUT } } };
	struct ipsec_policy policy = make_policy(&row);
	struct ipsec_policy_list policies = { .list = &policy, .count = 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(rekeys); i++) {
		struct ipsec_state_list states = make_states(rekeys[i].states, STATES_MAX);
		struct peer_list *peers = peer_list_new();

		states.sticky = rekeys[i].sticky;
		assert_int_equal(ipsec_peers(&states, &policies, NULL, 0, peers), 0);
		assert_int_equal(peers->count, 1);
		if (peers->list[0].layer[0].value[ENCAP_KEY_HMAC] != rekeys[i].icv)
			fail_msg("%s: ICV %u", rekeys[i].name,
				 peers->list[0].layer[0].value[ENCAP_KEY_HMAC]);
		peer_list_unref(peers);
		ipsec_state_list_done(&states);
	}
}

static struct link xfrm_and_vti[2] = {
	{ .ifindex = 10, .kind = "xfrm", .if_id = 7 },
	{ .ifindex = 12, .kind = "vti", .out_key = 42, .has_local = true, .has_remote = true },
};

/* The peer's own words for its sides, which must be those of the policy. */
static void check_sides(const struct peer *peer, const struct policy_row *row)
{
	struct prefix remote = prefix_of(row->remote), local = prefix_of(row->local);

	assert_int_equal(peer->allowed_count, 1);
	assert_int_equal(prefix_compare(&peer->allowed[0], &remote), 0);
	assert_int_equal(prefix_compare(&peer->local, &local), 0);
}

static void append(char text[512], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char text[512], const char *format, ...)
{
	size_t len = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + len, 512 - len, format, arguments);
	va_end(arguments);
}

static void describe_way(const struct peer *peer, char text[512])
{
	const struct path_question *way = &peer->way;
	char address[PREFIX_TEXT_MAX];

	assert_int_equal(peer->endpoint_port, way->dport);
	append(text, ", ");
	if (way->has_source)
		append(text, "%s > ", address_format(&way->source, address));
	append(text, "%s %u", address_format(&way->destination, address), way->protocol);
	if (way->protocol == IPPROTO_UDP || way->protocol == IPPROTO_TCP)
		append(text, " %u %u", way->sport, way->dport);
	if (way->mark)
		append(text, " mark 0x%x", way->mark);
}

static void describe(const struct peer *peer, const struct policy_row *row, char text[512])
{
	text[0] = '\0';
	if (peer->clear) {
		assert_null(peer->id);
		append(text, "clear %s === %s", row->local, row->remote);
	} else {
		append(text, "%s", peer->id);
	}
	if (peer->tunnel)
		append(text, ", %s", peer->tunnel);
	if (peer->ifindex)
		append(text, ", link %u", peer->ifindex);
	if (peer->has_endpoint)
		describe_way(peer, text);
	if (peer->handshake)
		append(text, ", at %d", (int)peer->handshake);
	if (peer->selector && peer->priority)
		append(text, ", priority %u", peer->priority);
	if (peer->selector && peer->mark_mask)
		append(text, ", if mark 0x%x/0x%x", peer->mark_value, peer->mark_mask);
	if (peer->protocol)
		append(text, ", protocol %u", peer->protocol);
	if (peer->narrow && peer->selector)
		append(text, ", narrow");
	for (size_t i = 0; i < peer->layer_count; i++) {
		append(text, "%s", i ? " < " : ", ");
		describe_layer(&peer->layer[i], text, 512);
	}
	if (peer->warning)
		append(text, " [%s]", peer->warning);
}

static void test_join(void **state)
{
	(void)state;
	xfrm_and_vti[1].local = address_of("192.0.2.1");
	xfrm_and_vti[1].remote = address_of("192.0.2.2");
	for (size_t i = 0; i < COUNT(joins); i++) {
		struct ipsec_state_list states = make_states(joins[i].states, STATES_MAX);
		struct ipsec_policy policy = make_policy(&joins[i].policy);
		struct ipsec_policy_list policies = { .list = &policy, .count = 1 };
		struct peer_list *peers = peer_list_new();

		assert_int_equal(ipsec_peers(&states, &policies, xfrm_and_vti, 2, peers), 0);
		if (peers->count != (joins[i].peer != NULL))
			fail_msg("%s: %zu peers", joins[i].name, peers->count);
		if (peers->count) {
			const struct peer *peer = &peers->list[0];
			char text[512];

			describe(peer, &joins[i].policy, text);
			if (strcmp(text, joins[i].peer) != 0)
				fail_msg("%s:\n%s\ninstead of\n%s", joins[i].name, text,
					 joins[i].peer);
			check_sides(peer, &joins[i].policy);
			assert_int_equal(peer->selector, peer->ifindex == 0);
			assert_true(peer->narrow || peer->selector);
		}
		peer_list_unref(peers);
		ipsec_state_list_done(&states);
	}
}

/* Policies in their order, behind what the list has. */
static void test_order(void **state)
{
	const struct policy_row rows[] = {
		{ NETS, .templates = { { OUT } } },
		{ NETS, .policy = { .block = true } },
		{ "10.1.0.0/24", "10.3.0.0/24", .templates = { { OUT } } },
		{ "10.1.0.0/24", "10.4.0.0/24", .policy = { .priority = 1 } },
	};
	const struct state_row one = { OUT, .state = { AES_GCM } };
	const char *const ids[] = { "before", PAIR, "10.1.0.0/24 === 10.3.0.0/24", NULL };
	struct ipsec_state_list states = make_states(&one, 1);
	struct ipsec_policy_list policies = { 0 };
	struct peer_list *peers = peer_list_new();
	struct peer before = { .id = strdup("before") };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ipsec_policy policy = make_policy(&rows[i]);

		assert_int_equal(ipsec_policy_list_append(&policies, &policy), 0);
	}
	assert_int_equal(peer_list_append(peers, &before), 0);
	assert_int_equal(ipsec_peers(&states, &policies, NULL, 0, peers), 0);
	assert_int_equal(peers->count, COUNT(ids));
	for (size_t i = 0; i < COUNT(ids); i++) {
		const char *id = peers->list[i].id;

		assert_string_equal(id ? id : "none", ids[i] ? ids[i] : "none");
	}
	assert_string_equal(peers->list[1].tunnel, peers->list[2].tunnel);
	peer_list_unref(peers);
	ipsec_policy_list_done(&policies);
	ipsec_state_list_done(&states);
}

#define MANY 5000

static void set_number(struct address *address, size_t number)
{
	address->bytes[1] = (uint8_t)(number >> 16);
	address->bytes[2] = (uint8_t)(number >> 8);
	address->bytes[3] = (uint8_t)number;
}

/* Each policy has its gateway or its reqid, and two states the way out and two the way back, and
 * finds its own. Were it quadratic, this test would be the one that takes a minute. */
static void test_many(void **state)
{
	const struct state_row out = { OUT, .state = { AES_GCM } };
	const struct state_row back = { BACK, .state = { AES_GCM } };
	const struct policy_row row = { NETS, .templates = { { OUT } } };

	(void)state;
	for (unsigned int same_gateway = 0; same_gateway < 2; same_gateway++) {
		struct ipsec_state_list states = { 0 };
		struct ipsec_policy_list policies = { 0 };
		struct peer_list *peers = peer_list_new();

		for (size_t i = 0; i < MANY * 4; i++) {
			struct ipsec_state made = make_state(i % 2 ? &out : &back);

			made.icv_bits = i / 4 % 3 ? 128 : 64;
			made.add_time = i % 4 / 2;
			if (same_gateway)
				made.reqid = (uint32_t)(i / 4);
			else
				set_number(i % 2 ? &made.destination : &made.source, i / 4);
			assert_int_equal(ipsec_state_list_append(&states, &made), 0);
		}
		for (size_t i = 0; i < MANY; i++) {
			struct ipsec_policy policy = make_policy(&row);

			set_number(&policy.selector.remote.address, i << 8);
			if (same_gateway)
				policy.templates[0].reqid = (uint32_t)i;
			else
				set_number(&policy.templates[0].destination, i);
			assert_int_equal(ipsec_policy_list_append(&policies, &policy), 0);
		}
		assert_int_equal(ipsec_peers(&states, &policies, NULL, 0, peers), 0);
		assert_int_equal(peers->count, MANY);
		for (size_t i = 0; i < MANY; i++) {
			const struct peer *peer = &peers->list[i];

			assert_int_equal(peer->layer[0].value[ENCAP_KEY_HMAC], i % 3 ? 16 : 8);
			assert_int_equal(peer->handshake, 1);
			assert_null(peer->warning);
		}
		peer_list_unref(peers);
		ipsec_policy_list_done(&policies);
		ipsec_state_list_done(&states);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
