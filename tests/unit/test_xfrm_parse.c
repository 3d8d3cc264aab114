/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/peers/xfrm.h"
#include "rtnl_message.h"
#include "xfrm_messages.h"

#define STATE_LEN sizeof(struct xfrm_usersa_info)
#define POLICY_LEN sizeof(struct xfrm_userpolicy_info)
#define GCM "rfc4106(gcm(aes))"
#define ESP IPPROTO_ESP
#define ANY4 "0.0.0.0/0 === 0.0.0.0/0"
#define ANY6 "::/0 === ::/0"

static const char *ends(const struct address *from, const struct address *to, char text[128])
{
	char a[PREFIX_TEXT_MAX], b[PREFIX_TEXT_MAX];

	snprintf(text, 128, "%s %s", address_format(from, a), address_format(to, b));
	return text;
}

/* "10.1.0.0/24 === 10.2.0.0/24", and what else is set. */
static const char *sides(const struct ipsec_selector *selector, char text[192])
{
	char a[PREFIX_TEXT_MAX], b[PREFIX_TEXT_MAX];
	int len = snprintf(text, 192, "%s === %s", prefix_format(&selector->local, a),
			   prefix_format(&selector->remote, b));

	if (selector->protocol)
		len += snprintf(text + len, 192 - (size_t)len, " %u", selector->protocol);
	if (selector->local_port_mask)
		len += snprintf(text + len, 192 - (size_t)len, " from %u/%x", selector->local_port,
				selector->local_port_mask);
	if (selector->remote_port_mask)
		len += snprintf(text + len, 192 - (size_t)len, " to %u/%x", selector->remote_port,
				selector->remote_port_mask);
	if (selector->ifindex)
		snprintf(text + len, 192 - (size_t)len, " dev %u", selector->ifindex);
	return text;
}

#define OUT "192.0.2.1 192.0.2.2"
#define OUT6 "2001:db8::1 2001:db8::2"
#define SPI .spi = 0xc0000001

static const struct {
	const uint8_t *bytes;
	size_t len;
	const char *ends, *selector; /* NULL: none */
	struct ipsec_state state;    /* but addresses, selector and time */
} states[] = {
	{ RECORDED(state_gcm), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_gcm_back), "192.0.2.2 192.0.2.1", ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, .spi = 0xc0000002, .reqid = 1, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_cbc_sha256), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .cipher = "cbc(aes)",
	    .auth = "hmac(sha256)", .icv_bits = 128 } },
	{ RECORDED(state_cbc_sha256_96), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .cipher = "cbc(aes)",
	    .auth = "hmac(sha256)", .icv_bits = 96 } },
	{ RECORDED(state_cbc_sha1), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .cipher = "cbc(aes)",
	    .auth = "hmac(sha1)", .icv_bits = 96 } },
	{ RECORDED(state_des3_md5), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .cipher = "cbc(des3_ede)",
	    .auth = "hmac(md5)", .icv_bits = 96 } },
	{ RECORDED(state_null_sha1), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .cipher = "ecb(cipher_null)",
	    .auth = "hmac(sha1)", .icv_bits = 96 } },
	{ RECORDED(state_chacha), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1,
	    .aead = "rfc7539esp(chacha20,poly1305)", .icv_bits = 128 } },
	{ RECORDED(state_ccm64), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = "rfc4309(ccm(aes))",
	    .icv_bits = 64 } },
	{ RECORDED(state_transport), OUT, "192.0.2.1/32 === 192.0.2.2/32 17 from 1701/ffff",
	  { .protocol = ESP, .mode = IPSEC_TRANSPORT, SPI, .reqid = 2, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_natt), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = GCM, .icv_bits = 128,
	    .encap = ENCAP_ESP_UDP, .encap_source_port = 4500, .encap_destination_port = 61000 } },
	{ RECORDED(state_ah), OUT, ANY4,
	  { .protocol = IPPROTO_AH, .mode = IPSEC_TRANSPORT, SPI, .reqid = 1,
	    .auth = "hmac(sha256)", .icv_bits = 128 } },
	{ RECORDED(state_ah_align4), OUT, ANY4,
	  { .protocol = IPPROTO_AH, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .align4 = true,
	    .auth = "hmac(sha256)", .icv_bits = 128 } },
	{ RECORDED(state_outer6), OUT6, ANY6,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_mixed), OUT6, NULL,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_if_id), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .if_id = 42, .aead = GCM,
	    .icv_bits = 128 } },
	{ RECORDED(state_vti), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .mark = { 42, UINT32_MAX },
	    .output_mark = { 0x10, 0xff }, .aead = GCM, .icv_bits = 128 } },
	{ RECORDED(state_rekey_new), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, .spi = 0xc0000003, .reqid = 1,
	    .cipher = "cbc(aes)", .auth = "hmac(sha256)", .icv_bits = 128 } },
	{ RECORDED(state_comp), OUT, ANY4,
	  { .protocol = IPPROTO_COMP, .mode = IPSEC_TUNNEL, .spi = 0x1234, .reqid = 1 } },
	{ RECORDED(state_beet), OUT, "10.1.0.1/32 === 10.2.0.1/32",
	  { .protocol = ESP, .mode = IPSEC_BEET, SPI, .reqid = 1, .aead = GCM, .icv_bits = 128 } },
	{ RECORDED(state_limits), OUT, ANY4,
	  { .protocol = ESP, .mode = IPSEC_TUNNEL, SPI, .reqid = 1, .aead = GCM,
	    .icv_bits = 128 } },
};

static void compare_states(const struct ipsec_state *state, const struct ipsec_state *expected)
{
	assert_int_equal(state->protocol, expected->protocol);
	assert_int_equal(state->mode, expected->mode);
	assert_int_equal(state->spi, expected->spi);
	assert_int_equal(state->reqid, expected->reqid);
	assert_int_equal(state->if_id, expected->if_id);
	assert_int_equal(state->mark.value, expected->mark.value);
	assert_int_equal(state->mark.mask, expected->mark.mask);
	assert_int_equal(state->output_mark.value, expected->output_mark.value);
	assert_int_equal(state->output_mark.mask, expected->output_mark.mask);
	assert_int_equal(state->inbound, expected->inbound);
	assert_int_equal(state->align4, expected->align4);
	assert_int_equal(state->dying, expected->dying);
	assert_int_equal(state->used, expected->used);
	assert_int_equal(state->encap, expected->encap);
	assert_int_equal(state->old_encap, expected->old_encap);
	assert_int_equal(state->encap_source_port, expected->encap_source_port);
	assert_int_equal(state->encap_destination_port, expected->encap_destination_port);
	assert_int_equal(state->padding, expected->padding);
	assert_string_equal(state->aead, expected->aead);
	assert_string_equal(state->cipher, expected->cipher);
	assert_string_equal(state->auth, expected->auth);
	assert_int_equal(state->icv_bits, expected->icv_bits);
}

/* Four bytes of it in a row, as the recorded keys have them. */
static bool has_key(const void *data, size_t len)
{
	return memmem(data, len, "\xee\xee\xee\xee", 4) || memmem(data, len, "\xe4\xe5\xe6\xe7", 4);
}

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		struct nlmsghdr *message = copy_message(states[i].bytes, states[i].len);
		struct ipsec_state_list list = { 0 };
		const struct ipsec_state *found;
		char text[192];

		assert_int_equal(xfrm_parse_state(message, &list), 0);
		assert_int_equal(list.count, 1);
		found = &list.list[0];
		compare_states(found, &states[i].state);
		assert_string_equal(ends(&found->source, &found->destination, text),
				    states[i].ends);
		assert_int_equal(found->has_selector, states[i].selector != NULL);
		if (states[i].selector)
			assert_string_equal(sides(&found->selector, text), states[i].selector);
		assert_true(found->add_time > 1700000000);
		assert_int_equal(has_key(states[i].bytes, states[i].len),
				 found->protocol != IPPROTO_COMP);
		assert_false(has_key(list.list, list.count * sizeof(*list.list)));
		ipsec_state_list_done(&list);
		free(message);
	}
}

static void test_time_tells_the_newer_one(void **state)
{
	struct nlmsghdr *newer = copy_message(RECORDED(state_rekey_new));
	struct nlmsghdr *older = copy_message(RECORDED(state_rekey_old));
	struct ipsec_state_list list = { 0 };

	(void)state;
	assert_int_equal(xfrm_parse_state(newer, &list), 0);
	assert_int_equal(xfrm_parse_state(older, &list), 0);
	assert_true(list.list[0].add_time > list.list[1].add_time);
	ipsec_state_list_done(&list);
	free(newer);
	free(older);
}

static struct xfrm_usersa_info *state_info(struct nlmsghdr *message)
{
	return NLMSG_DATA(message);
}

static void set_iptfs(struct nlmsghdr *message)
{
	state_info(message)->mode = 5;
}

static void set_route_optimization(struct nlmsghdr *message)
{
	state_info(message)->mode = XFRM_MODE_ROUTEOPTIMIZATION;
}

static void reach_bytes(struct nlmsghdr *message)
{
	state_info(message)->lft.soft_byte_limit = 1000;
	state_info(message)->curlft.bytes = 1000;
}

static void nearly_reach_bytes(struct nlmsghdr *message)
{
	state_info(message)->lft.soft_byte_limit = 1000;
	state_info(message)->curlft.bytes = 999;
}

static void reach_packets(struct nlmsghdr *message)
{
	state_info(message)->lft.soft_packet_limit = 5;
	state_info(message)->curlft.packets = 6;
}

static void pass(struct nlmsghdr *message)
{
	state_info(message)->curlft.use_time = 1795629950;
}

static void leave(struct nlmsghdr *message)
{
	(void)message;
}

/* struct xfrm_encap_tmpl, ports 4500 and 61001 */
#define ENCAP_OF(type) { type, 0, 0x11, 0x94, 0xee, 0x49 }
#define IN_TCP .encap = ENCAP_ESP_TCP, .encap_source_port = 4500, .encap_destination_port = 61001
#define IN_UDP .encap = ENCAP_ESP_UDP, .encap_source_port = 4500, .encap_destination_port = 61001

/* What Debian's kernel does not do: AES-GCM as recorded, changed or with an attribute more. */
static const struct {
	void (*change)(struct nlmsghdr *message);
	uint16_t type; /* 0: no attribute */
	uint8_t data[24];
	size_t len;
	struct ipsec_state state;
} variants[] = {
	{ leave, XFRMA_ENCAP, ENCAP_OF(TCP_ENCAP_ESPINTCP), 24, { IN_TCP } },
	{ leave, XFRMA_ENCAP, ENCAP_OF(UDP_ENCAP_ESPINUDP), 24, { IN_UDP } },
	{ leave, XFRMA_ENCAP, ENCAP_OF(UDP_ENCAP_ESPINUDP_NON_IKE), 24,
	  { IN_UDP, .old_encap = true } },
	{ leave, 33 /* XFRMA_SA_DIR in */, { 1 }, 1, { .inbound = true } },
	{ leave, 33 /* XFRMA_SA_DIR out */, { 2 }, 1, { .inbound = false } },
	{ leave, XFRMA_TFCPAD, { 0xdc, 5 }, 4, { .padding = 1500 } },
	{ leave, XFRMA_SET_MARK, { 0x10 }, 4, { .output_mark = { 0x10, UINT32_MAX } } },
	{ set_iptfs, 0, { 0 }, 0, { .mode = IPSEC_IPTFS } },
	{ set_route_optimization, 0, { 0 }, 0, { .mode = IPSEC_OTHER_MODE } },
	{ reach_bytes, 0, { 0 }, 0, { .dying = true } },
	{ nearly_reach_bytes, 0, { 0 }, 0, { .dying = false } },
	{ pass, 0, { 0 }, 0, { .used = true } },
	{ reach_packets, 0, { 0 }, 0, { .dying = true } },
};

/* A recorded message in a buffer with room for one attribute more. */
struct roomy {
	_Alignas(struct nlmsghdr) uint8_t bytes[1024];
};

static struct nlmsghdr *roomy_copy(struct roomy *roomy, const uint8_t *bytes, size_t len)
{
	assert_true(len + 128 <= sizeof(roomy->bytes));
	memcpy(roomy->bytes, bytes, len);
	return (struct nlmsghdr *)(void *)roomy->bytes;
}

static void test_variants(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variants); i++) {
		struct roomy roomy;
		struct nlmsghdr *message = roomy_copy(&roomy, RECORDED(state_gcm));
		struct ipsec_state expected = variants[i].state;
		struct ipsec_state_list list = { 0 };

		expected.protocol = ESP;
		if (expected.mode == IPSEC_TRANSPORT)
			expected.mode = IPSEC_TUNNEL;
		expected.spi = 0xc0000001;
		expected.reqid = 1;
		memcpy(expected.aead, GCM, sizeof(GCM));
		expected.icv_bits = 128;
		variants[i].change(message);
		if (variants[i].type)
			mnl_attr_put(message, variants[i].type, variants[i].len, variants[i].data);
		assert_int_equal(xfrm_parse_state(message, &list), 0);
		assert_int_equal(list.count, 1);
		compare_states(&list.list[0], &expected);
		ipsec_state_list_done(&list);
	}
}

static void set_wildcard(struct nlmsghdr *message)
{
	state_info(message)->flags |= XFRM_STATE_WILDRECV;
}

static void set_key_family(struct nlmsghdr *message)
{
	state_info(message)->family = AF_KEY;
}

static void be_update(struct nlmsghdr *message)
{
	message->nlmsg_type = XFRM_MSG_UPDSA;
}

static void test_states_that_are_none(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		void (*change)(struct nlmsghdr *message);
	} nothing[] = {
		{ RECORDED(state_larval), leave },
		{ RECORDED(state_comp_ipip), leave },
		{ RECORDED(policy_gcm), leave },
		{ RECORDED(state_gcm), set_wildcard },
		{ RECORDED(state_gcm), set_key_family },
		{ RECORDED(state_gcm), be_update },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(nothing); i++) {
		struct nlmsghdr *message = copy_message(nothing[i].bytes, nothing[i].len);
		struct ipsec_state_list list = { 0 };

		nothing[i].change(message);
		assert_int_equal(xfrm_parse_state(message, &list), 0);
		assert_int_equal(list.count, 0);
		ipsec_state_list_done(&list);
		free(message);
	}
}

static void test_names_are_printable(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(state_gcm));
	struct ipsec_state_list list = { 0 };
	char *name = (char *)message + NLMSG_HDRLEN + STATE_LEN + sizeof(struct nlattr);

	(void)state;
	assert_string_equal(name, GCM);
	name[0] = '\n';
	name[1] = (char)0xc3;
	name[2] = 0x7f;
	assert_int_equal(xfrm_parse_state(message, &list), 0);
	assert_string_equal(list.list[0].aead, "???4106(gcm(aes))");
	ipsec_state_list_done(&list);

	memset(name, 'a', IPSEC_NAME_MAX); /* no NUL */
	assert_int_equal(xfrm_parse_state(message, &list), -EBADMSG);
	assert_int_equal(list.count, 0);
	ipsec_state_list_done(&list);
	free(message);
}

static const char *const two =
	"108 192.0.2.1 192.0.2.2 reqid 1 mode 1; 50 0.0.0.0 0.0.0.0 reqid 1 mode 0";
#define ONE(ends) "50 " ends " reqid 1 mode 1"

static const struct {
	const uint8_t *bytes;
	size_t len;
	const char *selector, *templates;
	struct ipsec_policy policy; /* but those */
} policies[] = {
	{ RECORDED(policy_gcm), "10.1.0.0/24 === 10.2.0.0/24", ONE(OUT),
	  { .priority = 375423, .index = 1 } },
	{ RECORDED(policy_transport), "192.0.2.1/32 === 192.0.2.2/32 17 from 1701/ffff",
	  "50 0.0.0.0 0.0.0.0 reqid 2 mode 0", { .index = 1 } },
	{ RECORDED(policy_outer6), "fd01::/64 === fd02::/64", ONE(OUT6), { .index = 1 } },
	{ RECORDED(policy_mixed), "10.1.0.0/24 === 10.2.0.0/24", ONE(OUT6), { .index = 1 } },
	{ RECORDED(policy_if_id), ANY4, ONE(OUT), { .index = 1, .if_id = 42 } },
	{ RECORDED(policy_vti), ANY4, ONE(OUT), { .index = 1, .mark = { 42, UINT32_MAX } } },
	{ RECORDED(policy_comp), "10.1.0.0/24 === 10.2.0.0/24", NULL, { .index = 1 } },
	{ RECORDED(policy_bypass), "10.1.0.0/24 === 10.2.0.0/24", "",
	  { .priority = 100, .index = 1 } },
	{ RECORDED(policy_block), "10.1.0.0/24 === 0.0.0.0/0", "",
	  { .priority = 100, .index = 9, .block = true } },
	{ RECORDED(policy_wide), "10.1.0.0/24 === 10.0.0.0/8", ONE(OUT),
	  { .priority = 50, .index = 17 } },
	{ RECORDED(policy_bypass_ssh), "10.1.0.9/32 === 10.2.0.9/32 6 to 22/ffff", "",
	  { .priority = 1, .index = 25 } },
};

static const char *templates_of(const struct ipsec_policy *policy, char text[256])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < policy->template_count; i++) {
		const struct ipsec_template *template = &policy->templates[i];
		char addresses[128];

		len += (size_t)snprintf(text + len, 256 - len, "%s%u %s reqid %u mode %d",
					i ? "; " : "", template->protocol,
					ends(&template->source, &template->destination, addresses),
					template->reqid, (int)template->mode);
		assert_int_equal(template->spi, 0);
		assert_false(template->optional);
	}
	return text;
}

static void test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(policies); i++) {
		struct nlmsghdr *message = copy_message(policies[i].bytes, policies[i].len);
		const struct ipsec_policy *expected = &policies[i].policy, *policy;
		struct ipsec_policy_list list = { 0 };
		char text[256];

		assert_int_equal(xfrm_parse_policy(message, &list), 0);
		assert_int_equal(list.count, 1);
		policy = &list.list[0];
		assert_string_equal(sides(&policy->selector, text), policies[i].selector);
		assert_string_equal(templates_of(policy, text),
				    policies[i].templates ? policies[i].templates : two);
		assert_int_equal(policy->priority, expected->priority);
		assert_int_equal(policy->index, expected->index);
		assert_int_equal(policy->if_id, expected->if_id);
		assert_int_equal(policy->mark.value, expected->mark.value);
		assert_int_equal(policy->mark.mask, expected->mark.mask);
		assert_int_equal(policy->block, expected->block);
		ipsec_policy_list_done(&list);
		free(message);
	}
}

static struct xfrm_user_tmpl *first_template(struct nlmsghdr *message)
{
	return (void *)((uint8_t *)NLMSG_DATA(message) + POLICY_LEN + sizeof(struct nlattr));
}

static void test_template_details(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(policy_gcm));
	struct xfrm_userpolicy_info *info = NLMSG_DATA(message);
	struct ipsec_policy_list list = { 0 };
	const struct ipsec_policy *policy;

	(void)state;
	first_template(message)->id.spi = htonl(0x1234);
	first_template(message)->optional = 1;
	first_template(message)->family = AF_UNSPEC; /* that of the selector */
	info->sel.ifindex = 7;
	assert_int_equal(xfrm_parse_policy(message, &list), 0);
	policy = &list.list[0];
	assert_int_equal(policy->templates[0].spi, 0x1234);
	assert_true(policy->templates[0].optional);
	assert_int_equal(policy->templates[0].destination.family, FAMILY_IPV4);
	assert_int_equal(policy->selector.ifindex, 7);
	ipsec_policy_list_done(&list);
	free(message);
}

static void make_sub(struct nlmsghdr *message)
{
	/* the first byte of the last attribute, XFRMA_POLICY_TYPE */
	((uint8_t *)message)[message->nlmsg_len - 8] = XFRM_POLICY_TYPE_SUB;
}

static void test_policies_that_are_none(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		void (*change)(struct nlmsghdr *message);
	} nothing[] = {
		{ RECORDED(policy_gcm_in), leave },
		{ RECORDED(policy_gcm_fwd), leave },
		{ RECORDED(policy_socket), leave },
		{ RECORDED(policy_gcm), make_sub },
		{ RECORDED(state_gcm), leave },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(nothing); i++) {
		struct nlmsghdr *message = copy_message(nothing[i].bytes, nothing[i].len);
		struct ipsec_policy_list list = { 0 };

		nothing[i].change(message);
		assert_int_equal(xfrm_parse_policy(message, &list), 0);
		assert_int_equal(list.count, 0);
		ipsec_policy_list_done(&list);
		free(message);
	}
}

/* Each cut is refused but for those at the end of an attribute; then it is whole, if shorter. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = NLMSG_HDRLEN; len < sizeof(state_vti); len++) {
		struct nlmsghdr *message = copy_message(state_vti, len);
		bool whole = ends_with_attribute(state_vti, STATE_LEN, len);
		struct ipsec_state_list list = { 0 };

		assert_int_equal(xfrm_parse_state(message, &list), whole ? 0 : -EBADMSG);
		assert_int_equal(list.count, whole && len > NLMSG_HDRLEN + STATE_LEN);
		ipsec_state_list_done(&list);
		free(message);
	}
	for (size_t len = NLMSG_HDRLEN; len < sizeof(policy_vti); len++) {
		struct nlmsghdr *message = copy_message(policy_vti, len);
		bool whole = ends_with_attribute(policy_vti, POLICY_LEN, len);
		struct ipsec_policy_list list = { 0 };

		assert_int_equal(xfrm_parse_policy(message, &list), whole ? 0 : -EBADMSG);
		assert_int_equal(list.count, whole);
		ipsec_policy_list_done(&list);
		free(message);
	}
}

/* The fewest bytes that each attribute may have. */
static const struct { uint16_t type; size_t least; } state_attributes[] = {
	{ XFRMA_ALG_AEAD, 72 }, { XFRMA_ALG_AUTH_TRUNC, 72 }, { XFRMA_ALG_CRYPT, 64 },
	{ XFRMA_ALG_COMP, 64 }, { XFRMA_ENCAP, 24 }, { XFRMA_MARK, 8 }, { XFRMA_SET_MARK, 4 },
	{ XFRMA_SET_MARK_MASK, 4 }, { XFRMA_IF_ID, 4 }, { XFRMA_TFCPAD, 4 }, { 33, 1 },
};
static const struct { uint16_t type; size_t least; } policy_attributes[] = {
	{ XFRMA_POLICY_TYPE, 1 }, { XFRMA_MARK, 8 }, { XFRMA_IF_ID, 4 },
};

static void test_short_attributes(void **state)
{
	static const uint8_t zeroes[72];

	(void)state;
	for (size_t i = 0; i < COUNT(state_attributes) * 2; i++) {
		size_t least = state_attributes[i / 2].least, missing = i % 2;
		struct ipsec_state_list list = { 0 };
		struct nlmsghdr *message, *copy;
		struct roomy roomy;

		message = roomy_copy(&roomy, RECORDED(state_gcm));
		mnl_attr_put(message, state_attributes[i / 2].type, least - missing, zeroes);
		copy = copy_message(roomy.bytes, message->nlmsg_len);
		assert_int_equal(xfrm_parse_state(copy, &list), missing ? -EBADMSG : 0);
		assert_int_equal(list.count, !missing);
		ipsec_state_list_done(&list);
		free(copy);
	}
	for (size_t i = 0; i < COUNT(policy_attributes) * 2; i++) {
		size_t least = policy_attributes[i / 2].least, missing = i % 2;
		struct ipsec_policy_list list = { 0 };
		struct nlmsghdr *message, *copy;
		struct roomy roomy;

		message = roomy_copy(&roomy, RECORDED(policy_gcm));
		mnl_attr_put(message, policy_attributes[i / 2].type, least - missing, zeroes);
		copy = copy_message(roomy.bytes, message->nlmsg_len);
		assert_int_equal(xfrm_parse_policy(copy, &list), missing ? -EBADMSG : 0);
		assert_int_equal(list.count, !missing);
		ipsec_policy_list_done(&list);
		free(copy);
	}
}

static void test_templates_out_of_range(void **state)
{
	const struct { size_t len; uint16_t family; int result; } lengths[] = {
		{ 0, AF_INET, 0 },
		{ 6 * sizeof(struct xfrm_user_tmpl), AF_INET, 0 },
		{ 7 * sizeof(struct xfrm_user_tmpl), AF_INET, -EBADMSG },
		{ sizeof(struct xfrm_user_tmpl) - 4, AF_INET, -EBADMSG },
		{ sizeof(struct xfrm_user_tmpl) + 4, AF_INET, -EBADMSG },
		{ sizeof(struct xfrm_user_tmpl), AF_KEY, -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct xfrm_user_tmpl templates[7] = { 0 };
		struct ipsec_policy_list list = { 0 };
		struct nlmsghdr *message, *copy;
		struct roomy roomy;

		for (size_t j = 0; j < COUNT(templates); j++)
			templates[j].family = lengths[i].family;
		message = roomy_copy(&roomy, RECORDED(policy_bypass));
		mnl_attr_put(message, XFRMA_TMPL, lengths[i].len, templates);
		copy = copy_message(roomy.bytes, message->nlmsg_len);
		assert_int_equal(xfrm_parse_policy(copy, &list), lengths[i].result);
		assert_int_equal(list.count, lengths[i].result == 0);
		if (list.count)
			assert_int_equal(list.list[0].template_count,
					 lengths[i].len / sizeof(templates[0]));
		ipsec_policy_list_done(&list);
		free(copy);
	}
}

static void test_prefix_out_of_range(void **state)
{
	const struct { const uint8_t *bytes; size_t len; uint8_t longest; } messages[] = {
		{ RECORDED(state_gcm), 32 }, { RECORDED(state_outer6), 128 },
		{ RECORDED(policy_gcm), 32 }, { RECORDED(policy_outer6), 128 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(messages) * 4; i++) {
		struct nlmsghdr *message = copy_message(messages[i / 4].bytes,
							messages[i / 4].len);
		uint8_t length = (uint8_t)(messages[i / 4].longest + i % 2);
		struct xfrm_selector *selector = NLMSG_DATA(message); /* first in both */
		struct ipsec_state_list states_found = { 0 };
		struct ipsec_policy_list policies_found = { 0 };
		int r;

		*(i / 2 % 2 ? &selector->prefixlen_d : &selector->prefixlen_s) = length;
		r = xfrm_parse_state(message, &states_found);
		if (r == 0)
			r = xfrm_parse_policy(message, &policies_found);
		assert_int_equal(r, i % 2 ? -EBADMSG : 0);
		assert_int_equal(states_found.count + policies_found.count, i % 2 == 0);
		ipsec_state_list_done(&states_found);
		ipsec_policy_list_done(&policies_found);
		free(message);
	}
}

static void test_changes(void **state)
{
	const struct { uint16_t type; bool change; } types[] = {
		{ XFRM_MSG_NEWSA, true },       { XFRM_MSG_UPDSA, true },
		{ XFRM_MSG_DELSA, true },       { XFRM_MSG_EXPIRE, true },
		{ XFRM_MSG_FLUSHSA, true },     { XFRM_MSG_NEWPOLICY, true },
		{ XFRM_MSG_UPDPOLICY, true },   { XFRM_MSG_DELPOLICY, true },
		{ XFRM_MSG_POLEXPIRE, true },   { XFRM_MSG_FLUSHPOLICY, true },
		{ XFRM_MSG_MIGRATE, true },     { XFRM_MSG_MAPPING, true },
		{ XFRM_MSG_ACQUIRE, false },    { XFRM_MSG_NEWAE, false },
		{ XFRM_MSG_REPORT, false },     { XFRM_MSG_GETSA, false },
		{ XFRM_MSG_NEWSADINFO, false }, { 0xffff, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct nlmsghdr message = { .nlmsg_len = NLMSG_HDRLEN,
					    .nlmsg_type = types[i].type };

		assert_int_equal(xfrm_is_change(&message), types[i].change);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_time_tells_the_newer_one),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_states_that_are_none),
		cmocka_unit_test(test_names_are_printable),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_template_details),
		cmocka_unit_test(test_policies_that_are_none),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_short_attributes),
		cmocka_unit_test(test_templates_out_of_range),
		cmocka_unit_test(test_prefix_out_of_range),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
