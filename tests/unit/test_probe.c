/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real packets through network namespaces of this process alone. Needs root, ip(8) and nft(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/clock.h"
#include "edge/probe/probe.h"
#include "probe_net.h"

/* Both families with both methods. */
static const struct way {
	const char *name;
	bool udp;
	int filtered; /* what a filter of this host makes of sending */
	uint32_t least;
	const char *near, *router, *far, *silent, *source;
} ways[] = {
	{ "IPv4 ping", false, -EPERM, PROBE_SIZE_MIN4, "192.0.2.1", "192.0.2.2", "198.51.100.2",
	  "203.0.113.7", "10.0.0.7" },
	{ "IPv4 UDP", true, -EPERM, PROBE_SIZE_MIN4, "192.0.2.1", "192.0.2.2", "198.51.100.2",
	  "203.0.113.7", "10.0.0.7" },
	{ "IPv6 ping", false, 0, PROBE_SIZE_MIN6, "2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::2",
	  "2001:db8:dead::7", "fd00::7" },
	{ "IPv6 UDP", true, -EPERM, PROBE_SIZE_MIN6, "2001:db8:1::1", "2001:db8:1::2",
	  "2001:db8:2::2", "2001:db8:dead::7", "fd00::7" },
};

static struct probe_packet packet_to(const struct way *way, const char *to, uint32_t size)
{
	static uint64_t id;

	return (struct probe_packet){ .id = ++id, .destination = address_of(to),
				      .udp = way->udp, .size = size };
}

static bool is_readable(const struct probe_sockets *sockets, int wait_ms)
{
	struct pollfd wait = { .fd = probe_fd(sockets), .events = POLLIN };

	return poll(&wait, 1, wait_ms) == 1;
}

/* The next thing that is heard; false: nothing for a while. */
static bool hear(struct probe_sockets *sockets, struct probe_heard *ret_heard)
{
	uint64_t end = clock_boottime_ns() + WAIT_MS * NS_PER_MS;

	while (clock_boottime_ns() < end) {
		if (is_readable(sockets, 100) && probe_receive(sockets, ret_heard) == 1)
			return true;
	}
	return false;
}

static void expect(struct probe_sockets *sockets, const struct probe_packet *packet,
		   const char *name, enum probe_heard_kind kind, const char *from, uint32_t mtu)
{
	struct probe_heard heard;
	char text[PREFIX_TEXT_MAX];

	if (!hear(sockets, &heard))
		fail_msg("%s, %u bytes: nothing is heard", name, packet->size);
	address_format(&heard.from, text);
	if (heard.id != packet->id || heard.kind != kind || strcmp(text, from) != 0 ||
	    heard.mtu != mtu)
		fail_msg("%s, %u bytes: id %d from here, kind %d from %s, MTU %u", name,
			 packet->size, (int)(heard.id - packet->id), heard.kind, text, heard.mtu);
	assert_true(heard.reassembled_known && heard.reassembled == 0);
}

static void test_no_ping_for_this_group(void **state)
{
	struct probe_packet refused = packet_to(&ways[0], ways[0].far, 100), packet;
	struct probe_sockets *sockets = probe_sockets_new();

	(void)state;
	assert_non_null(sockets);
	assert_int_equal(probe_can_ping(sockets, FAMILY_IPV4), -EACCES);
	assert_int_equal(probe_can_ping(sockets, FAMILY_IPV6), -EACCES);
	assert_int_equal(probe_send(sockets, &refused), -EACCES);
	packet = packet_to(&ways[1], ways[1].far, 100);
	assert_int_equal(probe_send(sockets, &packet), 0);
	expect(sockets, &packet, "UDP without ping", PROBE_HEARD_ANSWER, ways[1].far, 0);
	assert_int_equal(run_in(NEAR, "echo 0 0 >/proc/sys/net/ipv4/ping_group_range"), 0);
	/* Remembered until somebody asks. */
	assert_int_equal(probe_send(sockets, &refused), -EACCES);
	assert_int_equal(probe_can_ping(sockets, FAMILY_IPV4), 0);
	assert_int_equal(probe_can_ping(sockets, FAMILY_IPV6), 0);
	assert_int_equal(probe_send(sockets, &refused), 0);
	expect(sockets, &refused, "ping, allowed later", PROBE_HEARD_ANSWER, ways[0].far, 0);
	probe_sockets_free(sockets);
}

static const struct {
	uint32_t size; /* 0: the least */
	int result;
	enum probe_heard_kind kind;
	uint32_t mtu;
} sizes[] = {
	{ 0,     0,         PROBE_HEARD_ANSWER,  0    },
	{ 1400,  0,         PROBE_HEARD_ANSWER,  0    },
	{ 1401,  0,         PROBE_HEARD_TOO_BIG, 1400 },
	{ 1500,  0,         PROBE_HEARD_TOO_BIG, 1400 },
	{ 1501,  -EMSGSIZE, 0, 0 },
	{ 65535, -EMSGSIZE, 0, 0 },
	{ 65536, -EMSGSIZE, 0, 0 },
	{ UINT32_MAX, -EMSGSIZE, 0, 0 },
	{ 20,    -EINVAL,   0, 0 },
};

/* In the second round the kernel believes that the path takes 1400 bytes: nothing changes. */
static void test_sizes_to_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ways); i++) {
		const struct way *way = &ways[i % COUNT(ways)];
		struct probe_sockets *sockets = probe_sockets_new();
		int fd = watch("r0");

		for (size_t s = 0; s < COUNT(sizes); s++) {
			uint32_t size = sizes[s].size ? sizes[s].size : way->least;
			struct probe_packet packet = packet_to(way, way->far, size);
			int r = probe_send(sockets, &packet);
			struct seen seen;

			if (r != sizes[s].result)
				fail_msg("%s, %u bytes: %d", way->name, size, r);
			if (r < 0)
				continue;
			expect(sockets, &packet, way->name, sizes[s].kind,
			       sizes[s].mtu ? way->router : way->far, sizes[s].mtu);
			seen = look(fd);
			assert_int_equal(seen.len, size);
			assert_true(seen.udp == way->udp);
			/* Don't fragment; 64 is the usual ttl. */
			assert_true(seen.family == FAMILY_IPV6 || seen.bytes[6] == 0x40);
			assert_int_equal(seen.bytes[seen.family == FAMILY_IPV4 ? 8 : 7], 64);
		}
		assert_false(probe_receive(sockets, &(struct probe_heard){ 0 }));
		assert_false(is_readable(sockets, 0));
		assert_int_equal(probe_socket_totals(sockets).sent, 4);
		assert_int_equal(probe_socket_totals(sockets).strangers, 0);
		probe_sockets_free(sockets);
		close(fd);
	}
}

static void test_size_below_the_least(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, ways[i].least - 1);
		struct probe_sockets *sockets = probe_sockets_new();

		assert_int_equal(probe_send(sockets, &packet), -EINVAL);
		packet.size++;
		packet.has_source = true;
		packet.source = address_of(ways[(i + 2) % COUNT(ways)].near);
		assert_int_equal(probe_send(sockets, &packet), -EINVAL);
		probe_sockets_free(sockets);
	}
}

static void test_ttl(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, 1500);

		packet.ttl = 1;
		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_TIME_EXCEEDED, ways[i].router,
		       0);
		packet = packet_to(&ways[i], ways[i].far, 100);
		packet.ttl = 2;
		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_ANSWER, ways[i].far, 0);
		probe_sockets_free(sockets);
	}
}

/* More addresses than there are sockets for them. */
static void test_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		int fd = watch("r0");

		for (unsigned int n = 1; n <= 2 * 20; n++) {
			struct probe_packet packet = packet_to(&ways[i], ways[i].far, 100);
			struct address from;
			struct seen seen;
			char text[PREFIX_TEXT_MAX];

			snprintf(text, sizeof(text), i < 2 ? "10.0.0.%u" : "fd00::%u", n % 20 + 1);
			packet.has_source = true;
			packet.source = address_of(text);
			assert_int_equal(probe_send(sockets, &packet), 0);
			expect(sockets, &packet, ways[i].name, PROBE_HEARD_ANSWER, ways[i].far, 0);
			seen = look(fd);
			from = seen_address(&seen, false);
			if (memcmp(&from, &packet.source, sizeof(from)) != 0)
				fail_msg("%s: not from %s", ways[i].name, text);
		}
		close(fd);
		probe_sockets_free(sockets);
	}
}

/* Pings of IPv6 have 16 sockets for their sources. The one that was unused for longest gives way,
 * with what was answered there. */
static void test_sources_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		static const unsigned int sources[] = { 1, 2,  3,  4,  5,  6,  7,  8,  9,
							10, 11, 12, 13, 14, 15, 16, 1, 17 };
		const unsigned int lost = ways[i].udp || i < 2 ? 0 : 2;
		struct probe_sockets *sockets = probe_sockets_new();
		bool answered[COUNT(sources)] = { false };
		struct probe_heard heard;

		for (size_t n = 0; n < COUNT(sources); n++) {
			struct probe_packet packet = packet_to(&ways[i], ways[i].far, 100);
			char text[PREFIX_TEXT_MAX];

			snprintf(text, sizeof(text), i < 2 ? "10.0.0.%u" : "fd00::%u", sources[n]);
			packet.id = n;
			packet.has_source = true;
			packet.source = address_of(text);
			assert_int_equal(probe_send(sockets, &packet), 0);
		}
		for (size_t n = 0; n < COUNT(sources) - (lost > 0); n++) {
			assert_true(hear(sockets, &heard) && heard.id < COUNT(sources));
			assert_int_equal(heard.kind, PROBE_HEARD_ANSWER);
			answered[heard.id] = true;
		}
		for (size_t n = 0; n < COUNT(sources); n++) {
			if (answered[n] == (sources[n] == lost))
				fail_msg("%s: from %u", ways[i].name, sources[n]);
		}
		probe_sockets_free(sockets);
	}
}

static void test_source_that_is_not_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, 100);

		packet.has_source = true;
		packet.source = address_of(ways[i].silent);
		assert_true(probe_send(sockets, &packet) < 0);
		packet.source = address_of(ways[i].near);
		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_ANSWER, ways[i].far, 0);
		probe_sockets_free(sockets);
	}
}

static void test_interface(void **state)
{
	const char *const links[] = { "r0", "r2" };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ways); i++) {
		const struct way *way = &ways[i / 2];
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(way, way->silent, 100);
		int fd = watch(links[i % 2]);
		struct address to;
		struct seen seen;

		packet.ifindex = if_nametoindex(i % 2 ? "n1" : "n0");
		assert_int_equal(probe_send(sockets, &packet), 0);
		seen = look(fd);
		to = seen_address(&seen, true);
		assert_memory_equal(&to, &packet.destination, sizeof(to));
		close(fd);
		probe_sockets_free(sockets);
	}
}

/* A link-local address means something on a link alone. */
static void test_link_local(void **state)
{
	(void)state;
	assert_int_equal(run_in(ROUTER, "ip addr add fe80::2/64 dev r0"), 0);
	for (size_t i = 2; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], "fe80::2", 1500);

		packet.ifindex = if_nametoindex("n0");
		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_ANSWER, "fe80::2", 0);
		probe_sockets_free(sockets);
	}
}

static void test_mark(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, 100);

		packet.mark = 7; /* prohibited by an ip rule */
		assert_int_equal(probe_send(sockets, &packet), -EACCES);
		packet.mark = 8;
		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_ANSWER, ways[i].far, 0);
		probe_sockets_free(sockets);
	}
}

static void test_own_firewall(void **state)
{
	struct probe_heard heard;

	(void)state;
	assert_int_equal(run_in(NEAR, "nft 'add table inet t; add counter inet t seen; add chain "
				      "inet t out { type filter hook output priority 0; }; "
				      "add rule inet t out mark 9 counter name seen drop'"), 0);
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, 100);

		packet.mark = 9;
		assert_int_equal(probe_send(sockets, &packet), ways[i].filtered);
		assert_int_equal(probe_receive(sockets, &heard), 0);
		assert_int_equal(probe_socket_totals(sockets).sent, ways[i].filtered == 0);
		probe_sockets_free(sockets);
	}
	/* One packet each: it was not tried again. */
	assert_int_equal(run_in(NEAR, "nft list counter inet t seen | grep -q 'packets 4 '"), 0);
	assert_int_equal(run_in(NEAR, "nft delete table inet t"), 0);
}

/* What an ICMP error leaves at the socket is not taken for what became of the next packet. */
static void test_error_that_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet big = packet_to(&ways[i], ways[i].far, 1401);
		struct probe_packet small = packet_to(&ways[i], ways[i].far, 1400);

		assert_int_equal(probe_send(sockets, &big), 0);
		assert_true(is_readable(sockets, WAIT_MS));
		assert_int_equal(probe_send(sockets, &small), 0);
		expect(sockets, &big, ways[i].name, PROBE_HEARD_TOO_BIG, ways[i].router, 1400);
		expect(sockets, &small, ways[i].name, PROBE_HEARD_ANSWER, ways[i].far, 0);
		probe_sockets_free(sockets);
	}
}

/* A host that is not there: this host says so itself, or the router does. */
static void test_nobody_there(void **state)
{
	(void)state;
	assert_int_equal(run_in(ROUTER, "ip route add unreachable 203.0.114.0/24 && "
					"ip route add unreachable 2001:db8:beef::/64"), 0);
	for (size_t i = 0; i < COUNT(ways); i++) {
		const char *to = i < 2 ? "203.0.114.1" : "2001:db8:beef::1";
		struct probe_packet packet = packet_to(&ways[i], to, 1500);
		struct probe_sockets *sockets = probe_sockets_new();

		assert_int_equal(probe_send(sockets, &packet), 0);
		expect(sockets, &packet, ways[i].name, PROBE_HEARD_UNREACHABLE, ways[i].router, 0);
		probe_sockets_free(sockets);
	}
}

/* Answers of 1400 bytes that far cuts: nobody but the counters of this host can see it. */
static void test_answers_in_pieces(void **state)
{
	(void)state;
	assert_int_equal(run_in(FAR, "ip route change default via 198.51.100.1 mtu lock 1000 && "
				     "ip route change default via 2001:db8:2::1 mtu 1280"), 0);
	for (size_t i = 0; i < COUNT(ways); i += 2) {
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = packet_to(&ways[i], ways[i].far, 1400);
		struct probe_heard heard;

		assert_int_equal(probe_send(sockets, &packet), 0);
		assert_true(hear(sockets, &heard));
		assert_int_equal(heard.kind, PROBE_HEARD_ANSWER);
		assert_true(heard.reassembled_known);
		assert_int_equal(heard.reassembled, 1);
		probe_sockets_free(sockets);
	}
	assert_int_equal(run_in(FAR, "ip route change default via 198.51.100.1 && "
				     "ip route change default via 2001:db8:2::1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ping_for_this_group),
		cmocka_unit_test(test_sizes_to_the_byte),
		cmocka_unit_test(test_size_below_the_least),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_sources_at_once),
		cmocka_unit_test(test_source_that_is_not_ours),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_own_firewall),
		cmocka_unit_test(test_error_that_waits),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_answers_in_pieces),
	};

	return cmocka_run_group_tests_name("probe", tests, set_up_net, NULL);
}
