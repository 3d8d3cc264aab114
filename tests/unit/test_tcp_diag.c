/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the kernel as bytes, and a connection of our own that it tells of. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/netlink/tcp_diag.h"

static const struct {
	const char *name;
	uint16_t type;
	uint8_t family, options;
	uint16_t attribute;
	size_t info_bytes;
	const char *remote;
	bool told, timestamps;
} rows[] = {
	/* clang-format off */
	{ "IPv4, timestamps",      SOCK_DIAG_BY_FAMILY, AF_INET,  7, INET_DIAG_INFO, 104, "192.0.2.7", true, true },
	{ "IPv4, none",            SOCK_DIAG_BY_FAMILY, AF_INET,  6, INET_DIAG_INFO, 104, "192.0.2.7", true, false },
	{ "IPv6",                  SOCK_DIAG_BY_FAMILY, AF_INET6, 1, INET_DIAG_INFO, 104, "2001:db8::7", true, true },
	{ "IPv4 as IPv6",          SOCK_DIAG_BY_FAMILY, AF_INET6, 1, INET_DIAG_INFO, 104, "::ffff:192.0.2.7", true, true },
	{ "an old, short answer",  SOCK_DIAG_BY_FAMILY, AF_INET,  1, INET_DIAG_INFO, 6,   "192.0.2.7", true, true },
	{ "too short",             SOCK_DIAG_BY_FAMILY, AF_INET,  1, INET_DIAG_INFO, 5,   "192.0.2.7", false, false },
	{ "another attribute",     SOCK_DIAG_BY_FAMILY, AF_INET,  1, INET_DIAG_CONG, 104, "192.0.2.7", false, false },
	{ "another family",        SOCK_DIAG_BY_FAMILY, AF_UNIX,  1, INET_DIAG_INFO, 104, "192.0.2.7", false, false },
	{ "another message",       NLMSG_ERROR,         AF_INET,  1, INET_DIAG_INFO, 104, "192.0.2.7", false, false },
	/* clang-format on */
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[512] = { 0 };
		struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
		struct inet_diag_msg *head;
		struct tcp_diag connection;
		uint8_t info[104] = { [offsetof(struct tcp_info, tcpi_options)] = rows[i].options };
		bool told;

		message->nlmsg_type = rows[i].type;
		head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
		head->idiag_family = rows[i].family;
		inet_pton(rows[i].family == AF_INET6 ? AF_INET6 : AF_INET, rows[i].remote,
			  head->id.idiag_dst);
		mnl_attr_put(message, rows[i].attribute, rows[i].info_bytes, info);
		told = tcp_diag_parse(message, &connection);
		if (told != rows[i].told || (told && connection.timestamps != rows[i].timestamps))
			fail_msg("%s", rows[i].name);
		if (told) {
			struct address expected;
			const char *text = rows[i].remote;

			text += strncmp(text, "::ffff:", 7) == 0 ? 7 : 0;
			assert_int_equal(address_parse(text, &expected), 0);
			assert_true(address_equal(&connection.remote, &expected));
		}
	}
}

/* A header that is cut, whatever its attributes. */
static void test_cut(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[512] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct tcp_diag connection;

	(void)state;
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	mnl_nlmsg_put_extra_header(message, sizeof(struct inet_diag_msg) - 4);
	assert_false(tcp_diag_parse(message, &connection));
}

static void test_our_own(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(to), info_len;
	struct tcp_diag list[TCP_DIAG_MAX];
	struct tcp_info info = { 0 };
	size_t count = 0;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&to, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, len), 0);
	info_len = sizeof(info);
	assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &info_len), 0);
	assert_int_equal(tcp_diag_read(ntohs(to.sin_port), list, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].remote.bytes[0], 127);
	assert_true(list[0].timestamps == ((info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0));
	close(client);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_our_own),
	};

	return cmocka_run_group_tests_name("tcp_diag", tests, NULL, NULL);
}
