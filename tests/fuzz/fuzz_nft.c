/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nf_tables says by netlink: rules with their counters, chains, tables, elements, generations,
 * and the events of transactions.
 * layer: edge
 * The first byte chooses the question; the rest is the kernel's. */
#include "fuzz_kernel.h"

#include <stdlib.h>

#include "edge/firewall/firewall_backend.h"
#include "edge/netlink/nl_socket.h"
#include "edge/offload/offload_digest.h"
#include "edge/offload/offload_rules.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_generation(void)
{
	uint32_t generation = 4711;

	CHECK(nft_generation(&generation) == 0 || generation == 4711);
}

static void read_digest(void)
{
	struct offload_digest digest = { .rules = SIZE_MAX };

	CHECK(offload_digest_read(&digest) == 0 ? digest.rules < 65536 : digest.rules == SIZE_MAX);
}

static void read_elements(void)
{
	struct offload_range range = { .mss = 1400 };
	struct offload_link link = { .ifindex = 7, .why = OFFLOAD_KNOWN, .mss = 1400 };
	struct offload_plan plan = { .links = &link, .count = 1 };
	uint64_t digest = 0;

	for (size_t kind = 0; kind < OFFLOAD_KINDS; kind++)
		link.ranges[kind] = (struct offload_ranges){ .list = &range, .count = 1 };
	(void)offload_digest_read_elements(&plan, &digest);
}

static void count_rules(void)
{
	struct offload_counts counts = { 0 };
	uint64_t sum = 0, totals = 0;

	if (offload_rules_count(&counts) < 0)
		return;
	for (size_t i = 0; i < counts.count; i++) {
		CHECK(memchr(counts.list[i].chain, '\0', OFFLOAD_CHAIN_MAX));
		sum += counts.list[i].packets;
	}
	for (size_t i = 0; i < OFFLOAD_TOTALS; i++)
		totals += counts.totals[i];
	CHECK(counts.count > 0 || (sum == 0 && totals == 0));
	offload_counts_done(&counts);
}

static void read_events(bool own, enum firewall_backend backend)
{
	struct firewall firewall = { .events = { .backend = backend, .own = own, .own_after = 2,
						 .own_upto = 5 } };
	char culprit[16];
	uint32_t pid;
	int r;

	CHECK(nl_open(NETLINK_NETFILTER, 0, &firewall.nl) == 0);
	r = firewall_read_events(&firewall, &pid, culprit);
	CHECK(r <= 2 && memchr(culprit, '\0', sizeof(culprit)));
	CHECK(pid > 0 || !*culprit);
	CHECK(r >= 1 || pid == 0);
	ASAN_UNPOISON_MEMORY_REGION(firewall.nl->buffer, NL_BUFFER_SIZE);
	nl_close(firewall.nl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	fuzz_kernel_begin(data + 1, size - 1);
	switch (data[0] % 8) {
	case 0:
		ask_generation();
		break;
	case 1:
		read_digest();
		break;
	case 2:
		read_elements();
		break;
	case 3:
		count_rules();
		break;
	default:
		read_events(data[0] & 1, data[0] & 2 ? FIREWALL_IPTABLES : FIREWALL_NFTABLES);
	}
	return 0;
}
