/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the SYNs that arrive on a link, by AF_PACKET. Commands come by stdin, each is answered in a
 * line:
 *
 *   open NAME LIMIT4 LIMIT6   -> ok     begins to count what arrives there
 *   close                     -> JSON   what arrived since
 *
 * "clamped" has an MSS up to the limit of its family. A latency is the time from the stamp that
 * `generator` put into a SYN to when the kernel handed it to this program's ring; "changes" are the
 * first SYNs, of all flows, with another MSS than the one before. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "frames.h"

enum { BLOCK = 1 << 18, BLOCKS = 128, RETIRE_MS = 50, SAMPLES = 1 << 21, CHANGES = 256 };

struct change {
	uint64_t time_ns;
	uint16_t mss;
};

struct sink {
	int fd;
	uint8_t *ring;
	unsigned block;
	uint16_t limit[2];
	uint64_t packets, clamped, bad_checksums, lost;
	uint32_t mss[65536], of_flow[65536]; /* packets by MSS, by source port */
	uint32_t *latency_ns;
	size_t latencies;
	struct change changes[CHANGES];
	size_t change_count;
	uint16_t last_mss[2];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void open_link(struct sink *sink, const char *name)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct tpacket_req3 request = { .tp_block_size = BLOCK, .tp_block_nr = BLOCKS,
					.tp_frame_size = 2048, .tp_frame_nr = BLOCK / 2048 * BLOCKS,
					.tp_retire_blk_tov = RETIRE_MS };
	int version = TPACKET_V3;

	where.sll_ifindex = (int)if_nametoindex(name);
	sink->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (where.sll_ifindex == 0 || sink->fd < 0 ||
	    setsockopt(sink->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(sink->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
		fail(name);
	sink->ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, sink->fd, 0);
	if (sink->ring == MAP_FAILED || bind(sink->fd, (struct sockaddr *)&where, sizeof(where)) < 0)
		fail(name);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* A SYN as frames.c makes them; its options stand where they stood. */
static void note_syn(struct sink *sink, const uint8_t *ip, const uint8_t *tcp, uint64_t time_ns)
{
	bool six = ip[0] >> 4 == 6;
	uint16_t mss = get16(tcp + 22);
	uint32_t sum = frame_sum(ip + (six ? 8 : 12), six ? 32 : 8, IPPROTO_TCP + 40);
	uint32_t stamp = (uint32_t)get16(tcp + 4) << 16 | get16(tcp + 6);

	sink->packets++;
	sink->clamped += mss <= sink->limit[six];
	sink->bad_checksums += frame_sum(tcp, 40, sum) != 0xffff;
	sink->mss[mss]++;
	sink->of_flow[get16(tcp)]++;
	if (sink->latencies < SAMPLES)
		sink->latency_ns[sink->latencies++] = (uint32_t)time_ns - stamp;
	if (mss != sink->last_mss[six] && sink->change_count < CHANGES)
		sink->changes[sink->change_count++] = (struct change){ time_ns, mss };
	sink->last_mss[six] = mss;
}

static void note_packet(struct sink *sink, const struct tpacket3_hdr *packet)
{
	const uint8_t *ip = (const uint8_t *)packet + packet->tp_net;
	uint64_t time_ns = (uint64_t)packet->tp_sec * 1000000000u + packet->tp_nsec;
	size_t at = ip[0] >> 4 == 6 ? 40 : 20;

	if (packet->tp_snaplen == at + 40 && ip[at == 40 ? 6 : 9] == IPPROTO_TCP && ip[at + 13] == 2)
		note_syn(sink, ip, ip + at, time_ns);
}

/* Counts what lies in whole blocks; returns how many there were. */
static int read_blocks(struct sink *sink)
{
	for (int done = 0;; done++) {
		struct tpacket_block_desc *block =
			(void *)(sink->ring + (size_t)sink->block * BLOCK);
		uint8_t *at = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

		if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return done;
		for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
			const struct tpacket3_hdr *packet = (void *)at;

			note_packet(sink, packet);
			at += packet->tp_next_offset;
		}
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		sink->block = (sink->block + 1) % BLOCKS;
	}
}

static int by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t quantile(const struct sink *sink, double part)
{
	size_t at = (size_t)(part * (double)sink->latencies);

	return sink->latencies ? sink->latency_ns[at] : 0;
}

static void print_latency(struct sink *sink)
{
	qsort(sink->latency_ns, sink->latencies, sizeof(uint32_t), by_size);
	printf("\"p50_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u", quantile(sink, 0.5), quantile(sink, 0.99),
	       quantile(sink, 0.999));
}

static void print_report(struct sink *sink)
{
	const char *comma = "";
	uint32_t flows = 0;

	for (int i = 0; i < 65536; i++)
		flows += sink->of_flow[i] > 0;
	printf("{\"packets\":%llu,\"clamped\":%llu,\"bad_checksums\":%llu,\"lost\":%llu,\"flows\":%u,",
	       (unsigned long long)sink->packets, (unsigned long long)sink->clamped,
	       (unsigned long long)sink->bad_checksums, (unsigned long long)sink->lost, flows);
	print_latency(sink);
	printf(",\"mss\":{");
	for (int i = 0; i < 65536; i++) {
		if (sink->mss[i] == 0)
			continue;
		printf("%s\"%d\":%u", comma, i, sink->mss[i]);
		comma = ",";
	}
	printf("},\"changes\":[");
	for (size_t i = 0; i < sink->change_count; i++)
		printf("%s[%llu,%u]", i ? "," : "", (unsigned long long)sink->changes[i].time_ns,
		       sink->changes[i].mss);
	printf("]}\n");
}

static void close_link(struct sink *sink)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);

	usleep(2 * RETIRE_MS * 1000); /* what came last lies in a block that a timer closes */
	read_blocks(sink);
	if (getsockopt(sink->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		fail("PACKET_STATISTICS");
	sink->lost = stats.tp_drops;
	print_report(sink);
	munmap(sink->ring, (size_t)BLOCK * BLOCKS);
	close(sink->fd);
	sink->fd = -1;
}

static void begin(struct sink *sink, const char *name, uint16_t limit4, uint16_t limit6)
{
	uint32_t *latency_ns = sink->latency_ns;

	memset(sink, 0, sizeof(*sink));
	sink->latency_ns = latency_ns;
	sink->limit[0] = limit4;
	sink->limit[1] = limit6;
	open_link(sink, name);
	puts("ok");
}

static void answer(struct sink *sink, const char *line)
{
	unsigned limit4, limit6;
	char name[IF_NAMESIZE];

	if (sscanf(line, "open %15s %u %u", name, &limit4, &limit6) == 3 && sink->fd < 0)
		begin(sink, name, (uint16_t)limit4, (uint16_t)limit6);
	else if (strcmp(line, "close\n") == 0 && sink->fd >= 0)
		close_link(sink);
	else
		fail(line);
	fflush(stdout);
}

int main(void)
{
	static struct sink sink = { .fd = -1 };
	struct pollfd ready[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	char line[64];

	sink.latency_ns = zeroed(SAMPLES, sizeof(uint32_t));
	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		ready[1].fd = sink.fd; /* a negative one is left out */
		if (poll(ready, 2, -1) < 0)
			fail("poll");
		if (ready[1].revents)
			read_blocks(&sink);
		if (ready[0].revents && !fgets(line, sizeof(line), stdin))
			return 0;
		if (ready[0].revents)
			answer(&sink, line);
	}
}
