/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SYNs the kernel may edit, and the chains that pick them out. */
#include "base/array.h"
#include "edge/firewall/firewall_backend.h"
#include "edge/offload/offload_text.h"

#define TABLE "inet " NFT_TABLE " "

/* Two options that fill four bytes, or one with what pads it (RFC 9293, RFC 7323, RFC 2018). */
#define SACK_TIMES { 24, 0xffffffff, 0x0402080a }
#define NOP_SCALE(byte) { byte, 0xffffff00, 0x01030300 }
#define NOPS_SACK(byte) { byte, 0xffffffff, 0x01010402 }
#define NOPS_TIMES(byte) { byte, 0xffffffff, 0x0101080a }

/* The most frequent first. */
const struct offload_layout offload_layouts[] = {
	{ "Linux",                    10, { SACK_TIMES, NOP_SCALE(36) } },
	{ "Linux, no timestamps",     8,  { NOPS_SACK(24), NOP_SCALE(28) } },
	{ "Windows",                  8,  { NOP_SCALE(24), NOPS_SACK(28) } },
	{ "FreeBSD",                  10, { NOP_SCALE(24), { 28, 0xffffffff, 0x0402080a } } },
	{ "macOS",                    11, { NOP_SCALE(24), NOPS_TIMES(28),
					    { 40, 0xffffffff, 0x04020000 } } },
	{ "OpenBSD",                  11, { NOPS_SACK(24), NOP_SCALE(28), NOPS_TIMES(32) } },
	{ "no scale",                 9,  { SACK_TIMES } },
	{ "Linux, no SACK",           10, { NOPS_TIMES(24), NOP_SCALE(36) } },
	{ "AIX",                      10, { NOP_SCALE(24), NOPS_TIMES(28) } },
	{ "timestamps alone",         9,  { NOPS_TIMES(24) } },
	{ "SACK alone",               7,  { NOPS_SACK(24) } },
	{ "scale alone",              7,  { NOP_SCALE(24) } },
	{ "no other option",          6,  { { 0 } } },
};
const size_t offload_layout_count = COUNT(offload_layouts);

static void write_layout(const struct offload_layout *layout, FILE *out)
{
	fprintf(out, "@th,96,32 & 0xf0070000 == 0x%x0020000 @th,160,16 0x0204 ",
		layout->data_offset);
	for (size_t i = 0; i < 3 && layout->words[i].byte > 0; i++) {
		fprintf(out, "@th,%u,32 ", layout->words[i].byte * 8);
		if (layout->words[i].mask != UINT32_MAX)
			fprintf(out, "& 0x%08x == ", layout->words[i].mask);
		fprintf(out, "0x%08x ", layout->words[i].value);
	}
}

/* More fragments, or an offset: a fragment. Another header between IPv6 and TCP: not for nft. */
static const char *const whole_packet[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "meta nfproto ipv4 @nh,32,32 & 0x00003fff == 0 "
			"goto " OFFLOAD_PREFIX "in4",
	[FAMILY_IPV6] = "meta nfproto ipv6 @nh,48,8 6 goto " OFFLOAD_PREFIX "in6",
};

/* The first layout comes here only behind an unusual header, so it is the last. */
void offload_write_syn_chains(FILE *out)
{
	for (size_t i = 1; i <= offload_layout_count; i++) {
		fputs("add rule " TABLE OFFLOAD_PREFIX "syn ", out);
		write_layout(&offload_layouts[i % offload_layout_count], out);
		fputs("goto " OFFLOAD_PREFIX "family\n", out);
	}
	fputs("add rule " TABLE OFFLOAD_PREFIX "syn counter goto " OFFLOAD_PREFIX "queue\n",
	      out);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "family %s\n",
			whole_packet[family]);
	fputs("add rule " TABLE OFFLOAD_PREFIX "family counter goto " OFFLOAD_PREFIX "queue\n",
	      out);
}

/* The usual header. nft loads what is aligned and has at most four bytes, masks what has four and
 * compares it without a call (nft_payload.c, nft_bitwise.c, nft_cmp.c). */
static const char *const usual_header[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "@nh,0,8 0x45 @nh,72,8 6 @nh,32,32 & 0x00003fff == 0",
	[FAMILY_IPV6] = "@nh,0,32 & 0xf0000000 == 0x60000000 @nh,48,8 6",
};

/* What is no SYN leaves first: most packets aren't. Then the most frequent SYNs, without a
 * detour; the family comes first, for a rule ends where it does not match. */
static void write_base_rules(const char *hook, FILE *out)
{
	fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "%s @th,96,32 & 0x00070000 != 0x00020000 "
		"accept\n", hook);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "%s %s ", hook,
			usual_header[family]);
		write_layout(&offload_layouts[0], out);
		fprintf(out, "goto " OFFLOAD_PREFIX "in%u\n", offload_version[family]);
	}
	fprintf(out, "add rule " TABLE OFFLOAD_PREFIX "%s meta l4proto tcp "
		"@th,96,32 & 0x00070000 == 0x00020000 goto " OFFLOAD_PREFIX "syn\n", hook);
}

void offload_write_base_chains(const struct offload_frame *frame, FILE *out)
{
	for (size_t i = 0; i < FIREWALL_HOOKS; i++) {
		const char *hook = firewall_hooks[i].nft;

		if (!(frame->hooks & firewall_hooks[i].hook))
			continue;
		fprintf(out, "add chain " TABLE OFFLOAD_PREFIX "%s { type filter hook %s priority "
			"%d; policy accept; }\n", hook, hook, OFFLOAD_PRIORITY);
		write_base_rules(hook, out);
	}
}
