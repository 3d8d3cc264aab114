/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everybody's firewall rules, as far as they matter to SYNs, to ICMP's "too big" and to fragments:
 * read from what nft and iptables-save print, then asked what becomes of such a packet. Pure.
 *
 * Of a rule only what is understood counts: each rule says of each kind of packet whether it takes
 * it, and what is not understood makes that a "maybe". So an answer is never a guess. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define RULESET_RULES_MAX 500000 /* what is beyond is not read, and the set says so */
#define RULESET_TEXTS_MAX 8
#define RULESET_NONE UINT32_MAX

/* The packets that are asked about. A "too big" answers a connection that is known (ct state
 * related); a SYN begins one. */
enum ruleset_packet {
	PACKET_TOO_BIG4, /* ICMP destination unreachable, fragmentation needed */
	PACKET_TOO_BIG6, /* ICMPv6 packet too big */
	PACKET_SYN4,
	PACKET_SYN6,
	PACKET_FRAGMENT4, /* a later fragment */
	PACKET_FRAGMENT6,
	PACKETS
};
enum family ruleset_packet_family(enum ruleset_packet packet);

/* Whether a rule takes a packet. */
enum ruleset_match {
	MATCH_NO,
	MATCH_MAYBE,  /* it also asks for something that is not known here */
	MATCH_LIKELY, /* likewise, but it names this kind of packet */
	MATCH_YES
};

enum ruleset_verdict {
	VERDICT_NONE, /* goes on with the next rule */
	VERDICT_ACCEPT,
	VERDICT_DROP, /* or reject */
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_UNKNOWN /* a map, a queue of somebody: any of these */
};

enum ruleset_hook {
	HOOK_NONE, /* no base chain */
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_INGRESS
};
/* "forward"; "" for none. */
const char *ruleset_hook_name(enum ruleset_hook hook);

/* What else a rule does or asks for: a set. */
enum {
	RULE_CLAMPS = 1,     /* sets the MSS: value is it, 0 the path MTU's */
	RULE_QUEUES = 2,     /* to NFQUEUE: value to value2 */
	RULE_BYPASSES = 4,   /* a queue without a program lets the packet through */
	RULE_OFFLOADS = 8,   /* puts the flow into a flow table */
	RULE_NAMES_ICMP = 16, /* the ICMP errors' type; a rule for all of ICMP counts pings too */
	RULE_NAMES_FRAGMENTS = 32,
	RULE_COUNTS = 64,    /* packets is its counter */
	RULE_IN = 128,       /* asks for the interface it came in by */
	RULE_OUT = 256,      /* asks for the interface it leaves by */
	RULE_LIMITED = 512   /* takes only so many a second */
};

struct ruleset_rule {
	const char *text; /* as it was printed, not NUL-terminated; of the set's texts */
	uint32_t len;
	uint32_t chain;   /* its place */
	uint32_t next;    /* the next rule of the chain, RULESET_NONE */
	uint32_t target;  /* chain of a jump or goto; RULESET_NONE unknown */
	const char *target_name; /* not NUL-terminated; NULL without */
	uint32_t target_len;
	uint32_t value, value2;
	uint32_t does;    /* RULE_* */
	uint64_t packets;
	uint8_t match[PACKETS];   /* enum ruleset_match */
	uint8_t verdict[PACKETS]; /* enum ruleset_verdict */
};

enum ruleset_tool { TOOL_NFT, TOOL_IPTABLES };

struct ruleset_chain {
	const char *name; /* not NUL-terminated */
	uint32_t name_len;
	const char *table; /* "inet filter", "mangle"; not NUL-terminated */
	uint32_t table_len;
	uint32_t table_id; /* chains of one table have the same */
	enum ruleset_tool tool;
	uint8_t families;  /* 1 IPv4, 2 IPv6 */
	enum ruleset_hook hook;
	int32_t priority;  /* of a base chain */
	bool nat;          /* sees the first packet of a connection alone */
	bool drops;        /* the policy of a base chain */
	bool ours;
	uint32_t first, last; /* rules, RULESET_NONE without */
};

struct ruleset {
	struct ruleset_rule *rules;
	size_t rule_count, rule_capacity;
	struct ruleset_chain *chains;
	size_t chain_count, chain_capacity;
	uint32_t table_count;
	char *texts[RULESET_TEXTS_MAX]; /* owned */
	size_t text_count;
	bool truncated; /* there were more rules */
};

void ruleset_init(struct ruleset *set);
void ruleset_done(struct ruleset *set);

/* Adds what `nft list ruleset` printed. Takes text on success. covered: tables of iptables that are
 * read from iptables-save instead, as bits of ruleset_covered. Returns 0 or -ENOMEM. */
int ruleset_read_nft(struct ruleset *set, char *text, uint32_t covered);
/* Adds what iptables-save -c or ip6tables-save -c printed. Takes text on success. Returns 0 or
 * -ENOMEM. */
int ruleset_read_iptables(struct ruleset *set, char *text, enum family family);
/* Which tables a text of iptables-nft-save has: a bit a table and family. */
uint32_t ruleset_covered(const char *text, enum family family);
/* After all reading: finds the chains that rules jump to. Returns 0 or -ENOMEM. */
int ruleset_finish(struct ruleset *set);

/* Inside of the readers. Append; the new one's place, or RULESET_NONE without memory or room. */
uint32_t ruleset_add_chain(struct ruleset *set, const struct ruleset_chain *chain);
uint32_t ruleset_add_rule(struct ruleset *set, uint32_t chain, const struct ruleset_rule *rule);

/* What becomes of a packet. */
enum ruleset_fate {
	FATE_PASSES,
	FATE_LIKELY,  /* a rule that names it accepts it, under conditions not known here */
	FATE_UNKNOWN,
	FATE_DROPPED
};
struct ruleset_answer {
	enum ruleset_fate fate;
	const struct ruleset_rule *rule;   /* that drops it, NULL: the policy; of FATE_UNKNOWN the
					    * first not understood, NULL: not all are known */
	const struct ruleset_chain *chain; /* where; NULL unless dropped or not understood */
};

/* What the base chains of a hook do with a packet: the worst of them. */
struct ruleset_answer ruleset_ask(const struct ruleset *set, enum ruleset_hook hook,
				  enum ruleset_packet packet);

enum ruleset_reach {
	REACH_YES,    /* a packet may get there */
	REACH_NEVER,  /* accepted before, whatever it is */
	REACH_UNKNOWN /* nothing leads there, or not all rules are known */
};
/* Whether a packet gets as far as a rule. ret_base, where given, is the base chain by which it
 * does, or would; NULL where there is none. */
enum ruleset_reach ruleset_reach(const struct ruleset *set, const struct ruleset_rule *rule,
				 enum ruleset_packet packet,
				 const struct ruleset_chain **ret_base);
