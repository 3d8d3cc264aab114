/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends SYNs by AF_PACKET: generator FLOWS PEERS. Commands come by stdin, each is answered in a line:
 *
 *   link NAME MAC                  -> ok N           a link and who lives at its other end
 *   send N COUNT RATE GROUP STAMP  -> SENT CPU_NS WALL_NS
 *
 * RATE 0 is as fast as it goes. Else GROUP packets are sent together, RATE a second: with GROUP 1 it
 * spins between them and their distances are random (exponential), with more it sleeps. STAMP 1 puts
 * the lower 32 bits of CLOCK_REALTIME in nanoseconds into the sequence number.
 * A veth hands a packet on in a softirq of the CPU that sent it, at the end of the sending: CPU_NS has
 * the whole way through the gateway to the sink, or into a queue. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <math.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "bench.h"
#include "frames.h"

enum { LINKS = 64, BATCH = 64 };

struct link {
	int fd;
	struct ethhdr header[2]; /* IPv4, IPv6 */
};

/* One command. */
struct order {
	struct link *link;
	uint64_t count, rate_pps, group;
	bool stamp;
};

struct generator {
	struct link links[LINKS];
	int link_count;
	struct frame *frames;
	uint32_t flows, next, random;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int add_link(struct generator *generator, const char *name, const char *mac)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET };
	const struct ether_addr *to = ether_aton(mac);
	struct link *link = &generator->links[generator->link_count];
	socklen_t len = sizeof(where);

	where.sll_ifindex = (int)if_nametoindex(name);
	link->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (!to || where.sll_ifindex == 0 || generator->link_count == LINKS || link->fd < 0 ||
	    bind(link->fd, (struct sockaddr *)&where, sizeof(where)) < 0 ||
	    getsockname(link->fd, (struct sockaddr *)&where, &len) < 0)
		fail(name);
	for (int i = 0; i < 2; i++) {
		memcpy(link->header[i].h_dest, to, ETH_ALEN);
		memcpy(link->header[i].h_source, where.sll_addr, ETH_ALEN);
		link->header[i].h_proto = htons(i ? ETH_P_IPV6 : ETH_P_IP);
	}
	return generator->link_count++;
}

/* Sends the next `count` frames, BATCH at most; what the kernel did not take is not sent again. */
static uint64_t send_some(struct generator *generator, const struct order *order, uint64_t count)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH][2];
	int sent;

	for (uint64_t i = 0; i < count; i++) {
		struct frame *frame = &generator->frames[generator->next];

		generator->next = (generator->next + 1) % generator->flows;
		if (order->stamp)
			frame_stamp(frame, (uint32_t)clock_ns(CLOCK_REALTIME));
		parts[i][0].iov_base = &order->link->header[frame->ethertype_be == htons(ETH_P_IPV6)];
		parts[i][0].iov_len = ETH_HLEN;
		parts[i][1].iov_base = frame->ip;
		parts[i][1].iov_len = frame->len;
		messages[i].msg_hdr.msg_iov = parts[i];
		messages[i].msg_hdr.msg_iovlen = 2;
	}
	sent = sendmmsg(order->link->fd, messages, (unsigned)count, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		fail("sendmmsg");
	return sent < 0 ? 0 : (uint64_t)sent;
}

/* The distance to the next group. */
static uint64_t gap_ns(struct generator *generator, const struct order *order)
{
	double mean = 1e9 * (double)order->group / (double)order->rate_pps;

	if (order->group > 1)
		return (uint64_t)mean;
	generator->random = generator->random * 1664525u + 1013904223u;
	return (uint64_t)(-mean * log(((double)generator->random + 1) / 4294967296.0));
}

static void wait_until(uint64_t time_ns, bool spins)
{
	struct timespec time = { (time_t)(time_ns / 1000000000u), (long)(time_ns % 1000000000u) };

	if (!spins && clock_ns(CLOCK_MONOTONIC) < time_ns)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	while (spins && clock_ns(CLOCK_MONOTONIC) < time_ns)
		continue;
}

static uint64_t carry_out(struct generator *generator, const struct order *order)
{
	uint64_t due_ns = clock_ns(CLOCK_MONOTONIC), asked = 0, sent = 0;

	while (asked < order->count) {
		uint64_t group = order->rate_pps ? order->group : BATCH;

		if (group > order->count - asked)
			group = order->count - asked;
		if (order->rate_pps) {
			due_ns += gap_ns(generator, order);
			wait_until(due_ns, order->group == 1);
		}
		sent += send_some(generator, order, group);
		asked += group;
	}
	return sent;
}

static void answer_send(struct generator *generator, const char *line)
{
	unsigned long long count, rate, group;
	struct order order;
	uint64_t cpu, wall;
	int link, stamp;

	if (sscanf(line, "send %d %llu %llu %llu %d", &link, &count, &rate, &group, &stamp) != 5 ||
	    link < 0 || link >= generator->link_count || group < 1 || group > BATCH)
		fail(line);
	order = (struct order){ &generator->links[link], count, rate, group, stamp };
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = cpu_ns();
	count = carry_out(generator, &order);
	cpu = cpu_ns() - cpu;
	wall = clock_ns(CLOCK_MONOTONIC) - wall;
	printf("%llu %llu %llu\n", count, (unsigned long long)cpu, (unsigned long long)wall);
}

static void answer(struct generator *generator, const char *line)
{
	char name[IF_NAMESIZE], mac[18];

	if (sscanf(line, "link %15s %17s", name, mac) == 2)
		printf("ok %d\n", add_link(generator, name, mac));
	else
		answer_send(generator, line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct generator generator = { .random = 1 };
	uint32_t state = 1, peers = argc == 3 ? (uint32_t)atoi(argv[2]) : 0;
	char line[128];

	generator.flows = argc == 3 ? (uint32_t)atoi(argv[1]) : 0;
	if (generator.flows < 1 || generator.flows > FRAME_FLOWS_MAX || peers < 1) {
		fprintf(stderr, "usage: generator FLOWS PEERS\n");
		return 2;
	}
	generator.frames = zeroed(generator.flows, sizeof(struct frame));
	for (uint32_t n = 0; n < generator.flows; n++)
		frame_make(&generator.frames[n], n, peers, &state);
	prctl(PR_SET_TIMERSLACK, 1ul);
	while (fgets(line, sizeof(line), stdin))
		answer(&generator, line);
	return 0;
}
