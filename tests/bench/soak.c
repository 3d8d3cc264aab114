/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs as nobody should send them, through a gateway, each compared with the oracle byte for byte:
 *
 *   soak CLIENT_NETNS LINK MAC SERVER_NETNS LINK SEED LIMIT4 LIMIT6
 *
 * A line "send COUNT" on stdin sends so many more, and is answered by a line of JSON: what arrived of
 * them, and how often the oracle says what. No more than WINDOW are on their way, so that no queue
 * overflows. "not_queued" are those that are no SYNs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/oracle.h"
#include "base/clock.h"
#include "bench.h"
#include "soak_packet.h"

enum {
	WINDOW = 1024,  /* packets on their way */
	BATCH = 64,
	RESULTS_MAX = 32,
	LOST_MS = 15000, /* what has not arrived then does not */
	SHOWN = 3,      /* mismatches that are printed */
};

struct result {
	const char *name;
	uint64_t count;
};

struct soak {
	int out, in;
	struct ethhdr header[2]; /* IPv4, IPv6 */
	uint32_t seed, next;     /* number of the next packet */
	struct oracle_options options;
	uint8_t *seen;           /* a bit for each number */
	uint64_t sent, arrived, wrong, twice;
	struct result results[RESULTS_MAX];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void count_result(struct soak *soak, const char *name)
{
	struct result *result = soak->results;

	while (result->name && strcmp(result->name, name) != 0)
		result++;
	result->name = name;
	result->count++;
}

static void show(const char *what, const uint8_t *bytes, size_t len)
{
	fprintf(stderr, "%s ", what);
	for (size_t i = 0; i < len; i++)
		fprintf(stderr, "%02x", bytes[i]);
	fputc('\n', stderr);
}

/* The number of a packet that is one of ours, or UINT32_MAX. */
static uint32_t number_of(const struct soak *soak, const uint8_t *ip, size_t len)
{
	size_t at = len < 40 ? 0 : ip[0] >> 4 == 4 ? (size_t)(ip[0] & 15) * 4 : 40;
	uint8_t next = len < 40 ? 0 : ip[ip[0] >> 4 == 4 ? 9 : 6];
	uint32_t n;

	while (at >= 40 && (next == 0 || next == 60) && at + 8 <= len) {
		next = ip[at];
		at += 8;
	}
	if (at == 0 || at + 20 > len || next != IPPROTO_TCP)
		return UINT32_MAX;
	n = (uint32_t)ip[at + 4] << 24 | (uint32_t)ip[at + 5] << 16 | (uint32_t)ip[at + 6] << 8 |
	    ip[at + 7];
	return n < soak->next ? n : UINT32_MAX;
}

static void check(struct soak *soak, const uint8_t *ip, size_t len)
{
	uint32_t n = number_of(soak, ip, len);
	struct oracle_answer answer;
	struct soak_packet packet;
	bool queued;

	if (n == UINT32_MAX)
		return;
	if (soak->seen[n / 8] & 1 << n % 8) {
		soak->twice++;
		return;
	}
	soak->seen[n / 8] |= (uint8_t)(1 << n % 8);
	soak->arrived++;
	soak_packet_make(&packet, soak->seed, n);
	soak_packet_forward(&packet);
	queued = (packet.ip[packet.tcp_at + 13] & 0x07) == 0x02; /* the rules take SYNs alone */
	answer = oracle_clamp(packet.ip, packet.len, packet.len, &soak->options);
	count_result(soak, queued ? answer.result : "not_queued");
	if (len == answer.len && memcmp(ip, packet.ip, len) == 0)
		return;
	if (soak->wrong++ < SHOWN) {
		fprintf(stderr, "packet %u, %s:\n", n, answer.result);
		show("expected", packet.ip, answer.len);
		show("arrived ", ip, len);
	}
}

static void take_arrivals(struct soak *soak, int wait_ms)
{
	static uint8_t room[BATCH][SOAK_PACKET_MAX * 2];
	struct pollfd ready = { .fd = soak->in, .events = POLLIN };
	int count = BATCH;

	if (wait_ms > 0 && poll(&ready, 1, wait_ms) <= 0)
		return;
	while (count == BATCH) {
		struct mmsghdr messages[BATCH] = { 0 };
		struct iovec parts[BATCH];

		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ room[i], sizeof(room[i]) };
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		count = recvmmsg(soak->in, messages, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < count; i++)
			check(soak, room[i], messages[i].msg_len);
	}
}

/* Until one of ours has arrived, or LOST_MS have passed: other frames come too, such as those of
 * neighbour discovery. Returns whether one has. */
static bool await_arrivals(struct soak *soak)
{
	const uint64_t before = soak->arrived;
	const uint64_t end_ms = clock_monotonic_ns() / NS_PER_MS + LOST_MS;
	uint64_t now_ms;

	while (soak->arrived == before && (now_ms = clock_monotonic_ns() / NS_PER_MS) < end_ms)
		take_arrivals(soak, (int)(end_ms - now_ms));
	return soak->arrived > before;
}

static void send_some(struct soak *soak, uint32_t count)
{
	struct soak_packet packets[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH][2];
	int sent;

	for (uint32_t i = 0; i < count; i++) {
		soak_packet_make(&packets[i], soak->seed, soak->next + i);
		parts[i][0].iov_base = &soak->header[packets[i].ip[0] >> 4 == 6];
		parts[i][0].iov_len = ETH_HLEN;
		parts[i][1].iov_base = packets[i].ip;
		parts[i][1].iov_len = packets[i].len;
		messages[i].msg_hdr.msg_iov = parts[i];
		messages[i].msg_hdr.msg_iovlen = 2;
	}
	soak->next += count; /* they arrive before sendmmsg returns */
	for (uint32_t done = 0; done < count; done += (uint32_t)sent) {
		sent = sendmmsg(soak->out, messages + done, count - done, 0);
		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
			fail("sendmmsg");
		sent = sent < 0 ? 0 : sent;
		if (sent == 0)
			usleep(100);
	}
	soak->sent += count;
}

static void print_report(const struct soak *soak)
{
	printf("{\"sent\":%llu,\"arrived\":%llu,\"wrong\":%llu,\"twice\":%llu,\"results\":{",
	       (unsigned long long)soak->sent, (unsigned long long)soak->arrived,
	       (unsigned long long)soak->wrong, (unsigned long long)soak->twice);
	for (const struct result *result = soak->results; result->name; result++)
		printf("%s\"%s\":%llu", result == soak->results ? "" : ",", result->name,
		       (unsigned long long)result->count);
	printf("}}\n");
	fflush(stdout);
}

/* What is on its way, without what was lost before. */
static uint64_t count_missing(const struct soak *soak, uint64_t lost_before)
{
	return soak->sent - soak->arrived - lost_before;
}

/* Sends so many more and waits until they have arrived, or none has for LOST_MS. */
static void carry_out(struct soak *soak, uint32_t count)
{
	const uint64_t lost_before = soak->sent - soak->arrived;
	uint32_t end = soak->next + count;

	soak->seen = realloc(soak->seen, end / 8 + 1);
	if (!soak->seen)
		fail("realloc");
	memset(soak->seen + (soak->next + 7) / 8, 0, end / 8 + 1 - (soak->next + 7) / 8);
	do {
		while (soak->next < end && count_missing(soak, lost_before) <= WINDOW - BATCH) {
			send_some(soak, end - soak->next < BATCH ? end - soak->next : BATCH);
			take_arrivals(soak, 0);
		}
	} while ((count_missing(soak, lost_before) == 0 || await_arrivals(soak)) &&
		 (soak->next < end || count_missing(soak, lost_before) > 0));
	print_report(soak);
}

static int open_packets(const char *namespace, const char *link, struct sockaddr_ll *ret_where)
{
	const int size = 32 << 20;
	struct sockaddr_ll where = { .sll_family = AF_PACKET };
	socklen_t len = sizeof(where);
	int ns = open(namespace, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		fail(namespace);
	close(ns);
	where.sll_ifindex = (int)if_nametoindex(link);
	where.sll_protocol = ret_where->sll_protocol;
	fd = socket(AF_PACKET, ret_where->sll_protocol ? SOCK_DGRAM : SOCK_RAW, 0);
	if (where.sll_ifindex == 0 || fd < 0 ||
	    bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&where, &len) < 0)
		fail(link);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	*ret_where = where;
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll from = { 0 }, to = { .sll_protocol = htons(ETH_P_ALL) };
	static struct soak soak;
	const struct ether_addr *mac;
	char line[64];
	unsigned int count;

	mac = argc == 9 ? ether_aton(argv[3]) : NULL;
	if (!mac) {
		fprintf(stderr, "usage: soak CLIENT_NETNS LINK MAC SERVER_NETNS LINK SEED LIMIT4 "
				"LIMIT6\n");
		return 2;
	}
	soak.out = open_packets(argv[1], argv[2], &from);
	soak.in = open_packets(argv[4], argv[5], &to);
	for (int i = 0; i < 2; i++) {
		memcpy(soak.header[i].h_dest, mac, ETH_ALEN);
		memcpy(soak.header[i].h_source, from.sll_addr, ETH_ALEN);
		soak.header[i].h_proto = htons(i ? ETH_P_IPV6 : ETH_P_IP);
	}
	soak.seed = (uint32_t)atoi(argv[6]);
	soak.options.limit4 = (uint32_t)atoi(argv[7]);
	soak.options.limit6 = (uint32_t)atoi(argv[8]);
	while (fgets(line, sizeof(line), stdin) && sscanf(line, "send %u", &count) == 1)
		carry_out(&soak, count);
	return 0;
}
