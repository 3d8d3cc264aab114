/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of mark mode in nft's language. */
#include "edge/firewall/mark_text.h"

#include "edge/firewall/firewall.h"
#include "edge/firewall/nft.h"

#define PRIORITY (-149)
#define PER_COMMAND 500 /* elements; libnftables takes longer ones, people do not */

const struct mark_hook mark_hooks[MARK_HOOKS] = {
	{ FIREWALL_FORWARD, "forward", "mark_forward", "mark", "mark_mss" },
	{ FIREWALL_OUTPUT, "output", "mark_output", "priority", "mark_mss_output" },
	{ FIREWALL_INPUT, "input", "mark_input", "mark", "mark_mss" },
};

/* A packet without our bits costs the first line; one that is no SYN keeps what somebody else has
 * put there. The last line takes the bits off also where the map has not heard of them. */
static void print_rules(const struct mark_hook *hook, uint32_t bits, FILE *out)
{
	const char *const where = "add rule inet " NFT_TABLE;

	fprintf(out, "%s %s meta %s & 0x%08x == 0 return\n", where, hook->chain, hook->field, bits);
	fprintf(out, "%s %s tcp flags & (fin|syn|rst) != syn return\n", where, hook->chain);
	fprintf(out, "%s %s tcp option maxseg size set meta %s & 0x%08x map @%s\n", where,
		hook->chain, hook->field, bits, hook->map);
	fprintf(out, "%s %s meta %s set meta %s & 0x%08x\n", where, hook->chain, hook->field,
		hook->field, ~bits);
}

static void print_chain(const struct mark_hook *hook, FILE *out)
{
	fprintf(out, "add chain inet " NFT_TABLE " %s { type filter hook %s priority %d; policy "
		"accept; }\n", hook->chain, hook->name, PRIORITY);
}

/* Priorities are written as traffic control writes them. */
static void print_entry(const struct mark_hook *hook, const struct mark_entry *entry, FILE *out)
{
	if (hook->hook == FIREWALL_OUTPUT)
		fprintf(out, "%x:%x", entry->tag >> 16, entry->tag & 0xffff);
	else
		fprintf(out, "0x%08x", entry->tag);
	fprintf(out, " : %u", entry->mss);
}

void mark_text_elements(const struct mark_hook *hook, const struct mark_entry *entries,
			size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i % PER_COMMAND == 0)
			fprintf(out, "add element inet " NFT_TABLE " %s {", hook->map);
		fputs(i % PER_COMMAND ? ", " : " ", out);
		print_entry(hook, &entries[i], out);
		if (i + 1 == count || (i + 1) % PER_COMMAND == 0)
			fputs(" }\n", out);
	}
}

static void print_map(const struct mark_hook *hook, FILE *out)
{
	fprintf(out, "add map inet " NFT_TABLE " %s { typeof meta %s : tcp option maxseg size; }\n",
		hook->map, hook->field);
}

bool mark_text_has_own_map(size_t i)
{
	return mark_hooks[i].hook != FIREWALL_INPUT;
}

void mark_print(const struct mark_plan *plan, FILE *out)
{
	fputs("add table inet " NFT_TABLE "\n", out);
	for (size_t i = 0; i < MARK_HOOKS; i++) {
		if (!mark_text_has_own_map(i))
			continue;
		print_map(&mark_hooks[i], out);
		fprintf(out, "flush map inet " NFT_TABLE " %s\n", mark_hooks[i].map);
		mark_text_elements(&mark_hooks[i], plan->entries, plan->count, out);
	}
	for (size_t i = 0; i < MARK_HOOKS; i++) {
		if (!(plan->hooks & mark_hooks[i].hook))
			continue;
		print_chain(&mark_hooks[i], out);
		fprintf(out, "flush chain inet " NFT_TABLE " %s\n", mark_hooks[i].chain);
		print_rules(&mark_hooks[i], plan->bits, out);
	}
}

/* The same in a table that is never made, with a chain that hangs nowhere: to register one, even in
 * a dry run that takes it back, makes the kernel drop what waits in every queue. */
void mark_text_try(FILE *out)
{
	fputs("add table inet " NFT_TABLE "_try\n"
	      "add chain inet " NFT_TABLE "_try try\n"
	      "add map inet " NFT_TABLE "_try limits "
	      "{ typeof meta mark : tcp option maxseg size; }\n"
	      "add element inet " NFT_TABLE "_try limits { 0x1 : 1300 }\n"
	      "add rule inet " NFT_TABLE "_try try meta mark & 0x1 == 0 return\n"
	      "add rule inet " NFT_TABLE "_try try tcp flags & (fin|syn|rst) != syn return\n"
	      "add rule inet " NFT_TABLE "_try try tcp option maxseg size set meta mark & 0x1 "
	      "map @limits\n"
	      "add rule inet " NFT_TABLE "_try try meta mark set meta mark & 0xfffffffe\n"
	      "add rule inet " NFT_TABLE "_try try meta priority set meta priority & "
	      "0xfffffffe\n", out);
}
