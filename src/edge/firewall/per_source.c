/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/per_source.h"

#include <stdio.h>

#include "edge/firewall/nft.h"

#define BURST_LEAST 20
#define BURST_MOST 1000000 /* iptables: XT_HASHLIMIT_BURST_MAX */

#define FROM "syn", 0x02
#define TO "(syn|ack)", 0x12
#define NET6 "ffff:ffff:ffff:ffff::"

const struct per_source_row per_source_rows[PER_SOURCE_ROWS] = {
	{ "from4", "ipv4_addr", FROM, "ip", "saddr", NULL },
	{ "to4", "ipv4_addr", TO, "ip", "daddr", NULL },
	{ "from6", "ipv6_addr", FROM, "ip6", "saddr", NET6 },
	{ "to6", "ipv6_addr", TO, "ip6", "daddr", NET6 },
};

/* xt_hashlimit drops a packet for which its table has no room (hashlimit_mt_common, hotdrop), so
 * the table must never be full: no more than LOOKED_AT a second come to it, and their addresses
 * stay for the expiry and the time to the next cleaning, a second: 10,000 + 3 x 100,000 at most. */
#define LOOKED_AT "-m hashlimit --hashlimit-upto 100000/sec --hashlimit-burst 10000 "
#define TABLE_SIZE "--hashlimit-htable-size 65536 --hashlimit-htable-max 524288"

uint32_t per_source_burst(uint32_t rate_pps)
{
	uint32_t burst = 2 * rate_pps;

	return burst < BURST_LEAST ? BURST_LEAST : burst > BURST_MOST ? BURST_MOST : burst;
}

void per_source_nft_name(const struct per_source_row *row, const char *prefix, uint32_t rate_pps,
			 char ret_name[PER_SOURCE_NAME_MAX])
{
	snprintf(ret_name, PER_SOURCE_NAME_MAX, "%s%s_%u", prefix, row->name, rate_pps);
}

void per_source_nft_set(const char *name, const char *type, uint32_t size, uint32_t seconds,
			char ret_text[PER_SOURCE_TEXT_MAX])
{
	snprintf(ret_text, PER_SOURCE_TEXT_MAX, "set inet " NFT_TABLE " %s { type %s; size %u; "
		 "flags dynamic,timeout; timeout %us; }", name, type, size, seconds);
}

void per_source_nft_rule(const struct per_source_row *row, const char *name, uint32_t rate_pps,
			 uint32_t burst, char ret_text[PER_SOURCE_TEXT_MAX])
{
	snprintf(ret_text, PER_SOURCE_TEXT_MAX, "tcp flags & (fin|syn|rst|ack) == %s update @%s "
		 "{ %s %s%s%s limit rate over %u/second burst %u packets } counter accept",
		 row->flags, name, row->protocol, row->field, row->mask ? " and " : "",
		 row->mask ? row->mask : "", rate_pps, burst);
}

int per_source_try(char **ret_error)
{
	static const char commands[] =
		"add table inet " NFT_TABLE "_try\n"
		"add set inet " NFT_TABLE "_try try "
		"{ type ipv4_addr; size 1; flags dynamic,timeout; timeout 1s; }\n"
		"add chain inet " NFT_TABLE "_try try\n"
		"add rule inet " NFT_TABLE "_try try "
		"update @try { ip saddr limit rate over 1/second burst 1 packets }\n";

	return nft_run(commands, NFT_TRY, NULL, ret_error);
}

/* The kernel counts in whole millionths of a second, and iptables-save turns them back. */
static uint32_t rate_held(uint32_t rate_pps)
{
	enum { SCALE = 1000000 }; /* XT_HASHLIMIT_SCALE_v2 */

	return SCALE / (SCALE / rate_pps);
}

/* The table's name has the rate: one that exists keeps what it was made with. */
void per_source_iptables_rule(bool ipv6, bool answers, uint32_t rate_pps,
			      char ret_text[2 * PER_SOURCE_TEXT_MAX])
{
	const char *name = answers ? "to" : "from", *side = answers ? "dst" : "src";
	char mask[32] = "";

	if (ipv6)
		snprintf(mask, sizeof(mask), " --hashlimit-%smask 64", side);
	snprintf(ret_text, 2 * PER_SOURCE_TEXT_MAX,
		 "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK %s " LOOKED_AT "--hashlimit-name "
		 "mssclamp_%s -m hashlimit --hashlimit-above %u/sec --hashlimit-burst %u "
		 "--hashlimit-mode %sip --hashlimit-name mssclamp_%s_%u " TABLE_SIZE
		 " --hashlimit-htable-expire %u%s -j RETURN", answers ? "SYN,ACK" : "SYN", name,
		 rate_held(rate_pps), per_source_burst(rate_pps), side, name, rate_pps,
		 PER_SOURCE_SECONDS * 1000, mask);
}
