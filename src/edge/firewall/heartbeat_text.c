/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/heartbeat_text.h"

#include "edge/firewall/firewall.h"
#include "edge/firewall/heartbeat.h"
#include "edge/firewall/nft.h"

#define PRIORITY (-149)
/* Before whatever could drop, mark or track the datagram: NF_IP_PRI_CONNTRACK_DEFRAG is -400. */
#define BEAT_PRIORITY (-450)

const struct heartbeat_hook heartbeat_hook_rows[HEARTBEAT_HOOKS] = {
	{ FIREWALL_FORWARD, "forward", "fallback_forward" },
	{ FIREWALL_OUTPUT, "output", "fallback_output" },
};

/* More room than two families need: what has expired is counted until it is swept. */
static void print_set(const char *table, FILE *out)
{
	fprintf(out, "add set inet %s " HEARTBEAT_SET " { type nf_proto; size 64; "
		"flags dynamic,timeout; timeout %us; }\n", table, HEARTBEAT_SECONDS);
}

static void print_beat(const char *table, const char *chain, FILE *out)
{
	fprintf(out, "add rule inet %s %s meta mark 0x%08x udp dport %u update @" HEARTBEAT_SET
		" { meta nfproto timeout %us } drop\n", table, chain, HEARTBEAT_MARK,
		HEARTBEAT_PORT, HEARTBEAT_SECONDS);
}

/* TCP-AO (29) may cover the option: a SYN that was changed would be thrown away. For the loopback
 * device, of 65,536 bytes, the kernel would say 536 (nft_rt.c, get_tcpmss). */
static void print_rules(const char *table, const char *chain, FILE *out)
{
	fprintf(out, "add rule inet %s %s meta nfproto @" HEARTBEAT_SET " return\n", table, chain);
	fprintf(out, "add rule inet %s %s tcp flags & (fin|syn|rst) == syn @th,160,16 0x0204 "
		"tcp option 29 missing meta oiftype != loopback counter tcp option maxseg size "
		"set rt mtu\n", table, chain);
}

static void print_chain(const char *chain, const char *hook, int priority, FILE *out)
{
	fprintf(out, "add chain inet " NFT_TABLE " %s { type filter hook %s priority %d; policy "
		"accept; }\n"
		"flush chain inet " NFT_TABLE " %s\n", chain, hook, priority, chain);
}

unsigned int heartbeat_hooks(unsigned int hooks)
{
	return hooks & (FIREWALL_FORWARD | FIREWALL_OUTPUT);
}

void heartbeat_print(unsigned int hooks, FILE *out)
{
	fputs("add table inet " NFT_TABLE "\n", out);
	print_set(NFT_TABLE, out);
	print_chain(HEARTBEAT_CHAIN, "output", BEAT_PRIORITY, out);
	print_beat(NFT_TABLE, HEARTBEAT_CHAIN, out);
	for (size_t i = 0; i < HEARTBEAT_HOOKS; i++) {
		const struct heartbeat_hook *row = &heartbeat_hook_rows[i];

		if (!(hooks & row->hook))
			continue;
		print_chain(row->chain, row->name, PRIORITY, out);
		print_rules(NFT_TABLE, row->chain, out);
	}
}

/* In a table that is never made, with a chain that hangs nowhere: to register one, even in a dry
 * run that takes it back, makes the kernel drop what waits in every queue. */
void heartbeat_text_try(FILE *out)
{
	fputs("add table inet " NFT_TABLE "_try\n"
	      "add chain inet " NFT_TABLE "_try try\n", out);
	print_set(NFT_TABLE "_try", out);
	print_beat(NFT_TABLE "_try", "try", out);
	print_rules(NFT_TABLE "_try", "try", out);
}
