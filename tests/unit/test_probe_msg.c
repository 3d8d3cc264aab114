/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes alone; what real sockets make of them is in test_probe.c and test_probe_socket.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "base/array.h"
#include "core/wire.h"
#include "edge/probe/probe_msg.h"

static const uint8_t far[FAMILY_COUNT][ADDRESS_MAX] = {
	[FAMILY_IPV4] = { 198, 51, 100, 2 },
	[FAMILY_IPV6] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 },
};
static const uint8_t router[FAMILY_COUNT][ADDRESS_MAX] = {
	[FAMILY_IPV4] = { 192, 0, 2, 2 },
	[FAMILY_IPV6] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
};

static struct probe_awaited make_probe(enum family family, bool udp, uint32_t size)
{
	struct probe_awaited probe = { .size = size, .udp = udp, .number = 40000 };

	probe.destination = address_from_bytes(family, far[family]);
	for (size_t i = 0; i < PROBE_NONCE_MAX; i++)
		probe.nonce[i] = (uint8_t)(0xa0 + i);
	return probe;
}

static const struct { enum family family; bool udp; uint32_t size; size_t len; } builds[] = {
	/* IPv4 20 or IPv6 40, UDP 8 */
	{ FAMILY_IPV4, false, PROBE_SIZE_MIN4, 24    },
	{ FAMILY_IPV4, true,  PROBE_SIZE_MIN4, 16    },
	{ FAMILY_IPV6, false, PROBE_SIZE_MIN6, 24    },
	{ FAMILY_IPV6, true,  PROBE_SIZE_MIN6, 16    },
	{ FAMILY_IPV4, false, 1400,            1380  },
	{ FAMILY_IPV4, true,  1400,            1372  },
	{ FAMILY_IPV6, false, 1400,            1360  },
	{ FAMILY_IPV6, true,  1400,            1352  },
	{ FAMILY_IPV4, false, PROBE_MSG_MAX,   65515 },
	{ FAMILY_IPV6, true,  PROBE_MSG_MAX,   65487 },
};

static void test_build(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(builds); i++) {
		struct probe_awaited probe =
			make_probe(builds[i].family, builds[i].udp, builds[i].size);
		size_t header = builds[i].udp ? 0 : 8;
		uint8_t *bytes = malloc(PROBE_MSG_MAX);

		assert_non_null(bytes);
		memset(bytes, 0x55, PROBE_MSG_MAX);
		assert_int_equal(probe_msg_build(&probe, bytes), builds[i].len);
		assert_memory_equal(bytes + header, probe.nonce, PROBE_NONCE_MAX);
		if (!builds[i].udp) {
			assert_int_equal(bytes[0], builds[i].family == FAMILY_IPV4 ? 8 : 128);
			assert_int_equal(bytes[1], 0);
			assert_int_equal(wire_get16(bytes + 6), 40000);
		}
		for (size_t at = builds[i].len; at < PROBE_MSG_MAX; at++)
			assert_int_equal(bytes[at], 0x55);
		free(bytes);
	}
}

/* A tunnel that compresses would carry more than fits otherwise. All values are about as frequent,
 * no eight bytes come twice in a packet, and another packet has others. */
static void test_filler(void **state)
{
	struct probe_awaited probe = make_probe(FAMILY_IPV4, true, PROBE_MSG_MAX);
	uint8_t *bytes = malloc(PROBE_MSG_MAX), *other = malloc(PROBE_MSG_MAX);
	size_t seen[256] = { 0 }, len, same = 0;

	(void)state;
	assert_true(bytes && other);
	len = probe_msg_build(&probe, bytes);
	probe.nonce[0] ^= 1;
	probe_msg_build(&probe, other);
	for (size_t i = PROBE_NONCE_MAX; i < len; i++) {
		seen[bytes[i]]++;
		same += bytes[i] == other[i];
	}
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_in_range(seen[i], len / 256 * 2 / 3, len / 256 * 4 / 3);
	assert_in_range(same, 0, len / 256 * 2);
	for (size_t at = 0; at + 8 <= 1500; at++)
		assert_null(memmem(bytes + at + 1, 1500 - at - 1, bytes + at, 8));
	free(bytes);
	free(other);
}

/* What recvmsg gives, in buffers of exactly their size: a sanitizer sees what reads on. */
struct received {
	struct msghdr message;
	struct iovec vector;
	size_t len;
};

static void *copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static socklen_t put_name(enum family family, const uint8_t *address, uint16_t port,
			  struct sockaddr_storage *name)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memcpy(&four.sin_addr, address, 4);
	memcpy(&six.sin6_addr, address, 16);
	*name = (struct sockaddr_storage){ 0 };
	memcpy(name, family == FAMILY_IPV4 ? (void *)&four : (void *)&six,
	       family == FAMILY_IPV4 ? sizeof(four) : sizeof(six));
	return family == FAMILY_IPV4 ? sizeof(four) : sizeof(six);
}

/* A control message that means nothing to us, then the error. */
static size_t put_error(enum family family, const struct sock_extended_err *error,
			uint8_t control[128])
{
	struct sockaddr_storage offender;
	size_t offender_len = put_name(family, router[family], 0, &offender);
	struct cmsghdr header = { .cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_IP,
				  .cmsg_type = IP_TTL };
	uint8_t *pos = control + CMSG_SPACE(4);

	memset(control, 0, 128);
	memcpy(control, &header, sizeof(header));
	header.cmsg_len = CMSG_LEN(sizeof(*error) + offender_len);
	header.cmsg_level = family == FAMILY_IPV4 ? SOL_IP : SOL_IPV6;
	header.cmsg_type = family == FAMILY_IPV4 ? IP_RECVERR : IPV6_RECVERR;
	memcpy(pos, &header, sizeof(header));
	memcpy(pos + CMSG_LEN(0), error, sizeof(*error));
	memcpy(pos + CMSG_LEN(sizeof(*error)), &offender, offender_len);
	return CMSG_SPACE(4) + header.cmsg_len;
}

static void free_received(struct received *received)
{
	free(received->message.msg_name);
	free(received->message.msg_control);
	free(received->vector.iov_base);
}

/* What the kernel tells of a probe with the first `quoted` bytes of what was sent. */
static void make_error(struct received *received, const struct probe_awaited *probe,
		       const struct sock_extended_err *error, size_t quoted)
{
	enum family family = probe->destination.family;
	uint8_t bytes[PROBE_MSG_MAX], control[128];
	struct sockaddr_storage name;
	socklen_t name_len = put_name(family, far[family], probe->udp ? probe->number : 0, &name);
	size_t control_len = put_error(family, error, control);

	probe_msg_build(probe, bytes);
	received->len = quoted;
	received->vector = (struct iovec){ copy_of(bytes, quoted), quoted };
	received->message = (struct msghdr){
		.msg_name = copy_of(&name, name_len),
		.msg_namelen = name_len,
		.msg_control = copy_of(control, control_len),
		.msg_controllen = control_len,
	};
}

static int read_error(struct received *received, const struct probe_awaited *probe,
		      struct probe_message *ret_message)
{
	received->message.msg_iov = &received->vector;
	received->message.msg_iovlen = 1;
	return probe_msg_read_error(probe->destination.family, probe->udp, &received->message,
				    received->len, ret_message);
}

static const struct {
	const char *name;
	enum family family;
	bool udp;
	struct sock_extended_err error;
	size_t quoted; /* from the echo header on, or from behind the UDP header on */
	int result;
	size_t nonce_len;
} errors[] = {
	{ "IPv4 ping, too big", FAMILY_IPV4, false,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP, 3, 4, 0, 1400, { 0 } }, 500, 0, 16 },
	{ "IPv4 UDP, too big", FAMILY_IPV4, true,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP, 3, 4, 0, 1400, { 0 } }, 500, 0, 16 },
	{ "IPv6 ping, too big", FAMILY_IPV6, false,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP6, 2, 0, 0, 1400, { 0 } }, 24, 0, 16 },
	{ "IPv6 UDP, too big", FAMILY_IPV6, true,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP6, 2, 0, 0, 1400, { 0 } }, 16, 0, 16 },
	{ "IPv4 ping, half a nonce", FAMILY_IPV4, false,
	  { EHOSTUNREACH, SO_EE_ORIGIN_ICMP, 11, 0, 0, 0, { 0 } }, 23, 0, 15 },
	{ "IPv6 UDP, no nonce", FAMILY_IPV6, true,
	  { EHOSTUNREACH, SO_EE_ORIGIN_ICMP6, 3, 0, 0, 0, { 0 } }, 0, 0, 0 },
	{ "IPv4, this host", FAMILY_IPV4, true,
	  { EMSGSIZE, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 1500, { 0 } }, 0, -ENOENT, 0 },
	{ "IPv6, this host", FAMILY_IPV6, false,
	  { EMSGSIZE, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 1500, { 0 } }, 0, -ENOENT, 0 },
	{ "IPv4, of IPv6", FAMILY_IPV4, true,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP6, 3, 4, 0, 1400, { 0 } }, 16, -ENOENT, 0 },
	{ "a time stamp", FAMILY_IPV4, true,
	  { ENOMSG, SO_EE_ORIGIN_TIMESTAMPING, 3, 4, 0, 1400, { 0 } }, 16, -ENOENT, 0 },
	{ "IPv4, source quench", FAMILY_IPV4, false,
	  { EREMOTEIO, SO_EE_ORIGIN_ICMP, 4, 0, 0, 0, { 0 } }, 24, -ENOENT, 0 },
	{ "IPv4, redirect", FAMILY_IPV4, false,
	  { EREMOTEIO, SO_EE_ORIGIN_ICMP, 5, 1, 0, 0, { 0 } }, 24, -ENOENT, 0 },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct probe_awaited probe = make_probe(errors[i].family, errors[i].udp, 1400);
		struct address from =
			address_from_bytes(errors[i].family, router[errors[i].family]);
		struct probe_message message = { 0 };
		struct received received;
		int r;

		make_error(&received, &probe, &errors[i].error, errors[i].quoted);
		r = read_error(&received, &probe, &message);
		if (r != errors[i].result || message.nonce_len != errors[i].nonce_len)
			fail_msg("%s: %d, nonce of %zu", errors[i].name, r, message.nonce_len);
		if (r == 0) {
			assert_true(message.error && message.has_number);
			assert_int_equal(message.number, 40000);
			assert_int_equal(message.type, errors[i].error.ee_type);
			assert_int_equal(message.code, errors[i].error.ee_code);
			assert_int_equal(message.mtu, errors[i].error.ee_info);
			assert_memory_equal(message.nonce, probe.nonce, message.nonce_len);
			assert_memory_equal(&message.from, &from, sizeof(from));
			assert_memory_equal(&message.to, &probe.destination, sizeof(from));
		}
		free_received(&received);
	}
}

/* What an ICMP message can make, and what it cannot. */
static const struct {
	const char *name;
	enum family family;
	struct sock_extended_err error;
	bool refusal;
} refusals[] = {
	{ "IPv4, this host", FAMILY_IPV4,
	  { EMSGSIZE, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 1500, { 0 } }, true },
	{ "IPv6, this host", FAMILY_IPV6,
	  { EMSGSIZE, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 1500, { 0 } }, true },
	{ "IPv4, a router", FAMILY_IPV4,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP, 3, 4, 0, 1400, { 0 } }, false },
	{ "IPv6, a router", FAMILY_IPV6,
	  { EMSGSIZE, SO_EE_ORIGIN_ICMP6, 2, 0, 0, 1400, { 0 } }, false },
	{ "this host, another reason", FAMILY_IPV6,
	  { EACCES, SO_EE_ORIGIN_LOCAL, 0, 0, 0, 0, { 0 } }, false },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct probe_awaited probe = make_probe(refusals[i].family, true, 1400);
		struct received received;

		make_error(&received, &probe, &refusals[i].error, 0);
		if (probe_msg_is_refusal(refusals[i].family, &received.message) !=
		    refusals[i].refusal)
			fail_msg("%s", refusals[i].name);
		received.message.msg_controllen = 0;
		assert_false(probe_msg_is_refusal(refusals[i].family, &received.message));
		free_received(&received);
	}
}

static void shorten(void **bytes, size_t len)
{
	void *copy = copy_of(*bytes, len);

	free(*bytes);
	*bytes = copy;
}

/* Control messages and names that are cut anywhere say nothing; a quote may be. */
static void test_errors_cut_anywhere(void **state)
{
	enum { NAME, CONTROL, QUOTE };

	(void)state;
	for (size_t i = 0; i < 4 * 3; i++) {
		struct probe_awaited probe =
			make_probe(errors[i / 3].family, errors[i / 3].udp, 1400);
		struct probe_message message;
		struct received received;
		size_t len;

		make_error(&received, &probe, &errors[i / 3].error, 30);
		len = i % 3 == NAME    ? received.message.msg_namelen :
		      i % 3 == CONTROL ? received.message.msg_controllen :
					 received.len;
		free_received(&received);
		for (size_t cut = 0; cut < len; cut++) {
			int r;

			make_error(&received, &probe, &errors[i / 3].error,
				   i % 3 == QUOTE ? cut : 30);
			if (i % 3 == NAME) {
				received.message.msg_namelen = (socklen_t)cut;
				shorten(&received.message.msg_name, cut);
			} else if (i % 3 == CONTROL) {
				received.message.msg_controllen = cut;
				shorten(&received.message.msg_control, cut);
			}
			r = read_error(&received, &probe, &message);
			if (r != (i % 3 == QUOTE ? 0 : -EBADMSG))
				fail_msg("%s, part %zu cut to %zu: %d", errors[i / 3].name, i % 3,
					 cut, r);
			if (r == 0)
				assert_true(message.has_number == (probe.udp || cut >= 8));
			free_received(&received);
		}
	}
}

/* A length in a control message that lies. */
static void test_lengths_that_lie(void **state)
{
	static const size_t lengths[] = { 0, 1, CMSG_LEN(0) - 1, CMSG_LEN(0), CMSG_LEN(15),
					  CMSG_LEN(16), CMSG_LEN(33), 4096, SIZE_MAX };
	struct probe_awaited probe = make_probe(FAMILY_IPV4, true, 1400);

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(lengths); i++) {
		struct probe_message message;
		struct received received;
		uint8_t *control;

		make_error(&received, &probe, &errors[1].error, 30);
		control = received.message.msg_control;
		/* The first or the second one's. */
		memcpy(control + (i % 2 ? CMSG_SPACE(4) : 0), &lengths[i / 2], sizeof(size_t));
		assert_int_equal(read_error(&received, &probe, &message), -EBADMSG);
		free_received(&received);
	}
}

/* One change to the reply to a probe of 1400 bytes. */
static const struct {
	const char *name;
	bool udp;
	size_t at; /* of the byte to change */
	uint8_t value[FAMILY_COUNT];
	int result;
} replies[] = {
	{ "right",        false, 0, { 0,    129  }, 0       },
	{ "a request",    false, 0, { 8,    128  }, -ENOENT },
	{ "an extended",  false, 0, { 43,   161  }, -ENOENT }, /* RFC 8335 */
	{ "a code",       false, 1, { 1,    1    }, -ENOENT },
	{ "other family", false, 0, { 129,  0    }, -ENOENT },
	{ "a datagram",   true,  0, { 0,    129  }, -ENOENT },
};

static int read_reply(const struct probe_awaited *probe, uint8_t *bytes, size_t len, int flags,
		      struct probe_message *ret_message)
{
	enum family family = probe->destination.family;
	struct sockaddr_storage name;
	struct iovec vector = { bytes, len };
	struct msghdr received = { .msg_name = &name, .msg_iov = &vector, .msg_iovlen = 1,
				   .msg_flags = flags };

	received.msg_namelen = put_name(family, far[family], 0, &name);
	return probe_msg_read_reply(family, probe->udp, &received, len, ret_message);
}

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(replies); i++) {
		enum family family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct probe_awaited probe = make_probe(family, false, 1400);
		uint8_t bytes[PROBE_MSG_MAX];
		size_t len = probe_msg_build(&probe, bytes);
		struct probe_message message = { 0 };
		int r;

		bytes[0] = family == FAMILY_IPV4 ? 0 : 129;
		bytes[replies[i / 2].at] = replies[i / 2].value[family];
		probe.udp = replies[i / 2].udp;
		r = read_reply(&probe, bytes, len, 0, &message);
		if (r != replies[i / 2].result)
			fail_msg("%s: %d", replies[i / 2].name, r);
		if (r < 0)
			continue;
		assert_int_equal(message.size, 1400);
		assert_int_equal(message.number, 40000);
		assert_memory_equal(message.nonce, probe.nonce, PROBE_NONCE_MAX);
		assert_memory_equal(&message.from, &probe.destination, sizeof(message.from));
		assert_int_equal(read_reply(&probe, bytes, len, MSG_TRUNC, &message), -EBADMSG);
	}
}

static void test_replies_cut_anywhere(void **state)
{
	struct probe_awaited probe = make_probe(FAMILY_IPV4, false, 60);
	enum probe_heard_kind kind;
	uint8_t bytes[PROBE_MSG_MAX];
	size_t whole = probe_msg_build(&probe, bytes);

	(void)state;
	bytes[0] = 0;
	for (size_t len = 0; len <= whole; len++) {
		uint8_t *copy = copy_of(bytes, len);
		struct probe_message message;
		int r = read_reply(&probe, copy, len, 0, &message);

		assert_int_equal(r, len < 8 ? -EBADMSG : 0);
		if (r == 0)
			assert_int_equal(probe_msg_judge(&probe, &message, &kind),
					 len < whole ? PROBE_FIT_NONE : PROBE_FIT_NONCE);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_filler),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_errors_cut_anywhere),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_replies_cut_anywhere),
	};

	return cmocka_run_group_tests_name("probe_msg", tests, NULL, NULL);
}
