/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What firewall.c asks of a backend, and the list of lines in which expected and live rules are
 * compared. Only for src/edge/firewall and their tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "edge/firewall/firewall.h"
#include "edge/firewall/iptables_tool.h"
#include "edge/firewall/nft.h"

struct nl;
struct nlmsghdr;

#define FIREWALL_CHAIN "MSSCLAMP" /* iptables: chain of table mangle */
#define FIREWALL_FAMILIES 2       /* iptables has two: IPv4 and IPv6 */
#define FIREWALL_HOOKS 3

/* The hooks in the order in which they are written and listed. */
struct firewall_hook_name {
	enum firewall_hook hook;
	const char *nft;      /* nftables: name of our chain and of its hook */
	const char *iptables; /* iptables: the built-in chain */
};
extern const struct firewall_hook_name firewall_hooks[FIREWALL_HOOKS];

enum firewall_kind { FIREWALL_IS_TABLE, FIREWALL_IS_SET, FIREWALL_IS_CHAIN, FIREWALL_IS_RULE };

/* One object of ours as a command in the backend's own syntax. Equal texts mean equal objects. */
struct firewall_line {
	char *text;
	enum firewall_kind kind;
	unsigned int hook; /* FIREWALL_* bit: the hook it stands in, 0 for none */
	size_t family;     /* iptables: 0 IPv4, 1 IPv6 */
	uint64_t packets;  /* live rules that decide what is a SYN: their counter, else 0 */
	bool over_limit;   /* a rule of the limit per source: its counter too */
	bool optional;     /* expected lines: may be there or not */
	bool matched;      /* firewall_lines_match found it in the other list too */
};

struct firewall_lines {
	struct firewall_line *line;
	size_t count;
	size_t capacity;
};

/* Adds a copy of model with the formatted text. Returns 0 or -ENOMEM. */
int firewall_lines_add(struct firewall_lines *lines, const struct firewall_line *model,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Frees the lines; what is left is an empty list. */
void firewall_lines_done(struct firewall_lines *lines);

/* Pairs equal lines, each at most once, and sets `matched` in both lists.
 * Returns OK, MISSING (nothing is live, something is expected) or DIFFERENT. */
enum firewall_state firewall_lines_match(struct firewall_lines *expected,
					 struct firewall_lines *live);

/* Writes what firewall_lines_match left without a partner: "- expected", then "+ live". */
void firewall_lines_diff(const struct firewall_lines *expected, const struct firewall_lines *live,
			 FILE *out);

/* The lines of a text as one, "; " between them; empty ones are left out. Returns it owned, or
 * NULL without memory. */
char *firewall_lines_join(const char *text);

struct firewall_ops {
	enum firewall_backend backend;
	/* Finds out whether the backend works here; changes no rule. */
	int (*open)(struct firewall *firewall, char **ret_error);
	/* The lines a plan stands for, in the order of loading. Pure. Returns 0 or -ENOMEM. */
	int (*expect)(const struct firewall_plan *plan, struct firewall_lines *expected);
	/* Writes what loads all of the expected lines. Pure. */
	void (*print)(const struct firewall_lines *expected, FILE *out);
	/* Adds what is live; looking creates nothing. */
	int (*read)(struct firewall *firewall, struct firewall_lines *live, char **ret_error);
	/* Makes live equal to expected, one transaction a family; the two are matched already. */
	int (*replace)(struct firewall *firewall, const struct firewall_lines *expected,
		       const struct firewall_lines *live, char **ret_error);
	/* Removes all of ours; needs no open backend. Where the kernel has none, nothing is. */
	int (*remove)(const struct iptables_runner *runner, char **ret_error);
};
extern const struct firewall_ops firewall_nft_ops;
extern const struct firewall_ops firewall_iptables_ops;

/* What is known of the transactions whose events were read. */
struct firewall_events {
	enum firewall_backend backend; /* whose tables count */
	bool own;             /* a change of ours has not been read to its end; then these hold: */
	uint32_t own_after;   /* generation of the rules before it */
	uint32_t own_upto;    /* and behind it; who committed in between is not told from us */
	bool pending;         /* the transaction being read has touched our table so far */
	bool touched;         /* one that is complete has */
	bool pending_removal; /* the transaction being read has removed something of it */
	bool removed;         /* one that is complete, and not ours, has */
	char self[16];        /* name of our process, and of its children; empty: unknown */
	uint32_t culprit_pid; /* who committed the last such one; 0: unknown */
	char culprit[16];     /* its name (TASK_COMM_LEN), NUL-terminated */
};

struct firewall {
	const struct firewall_ops *ops;     /* NULL: backend none */
	struct iptables_runner runner;      /* of iptables' programs; zeroed: this process */
	const struct iptables_tools *tools; /* iptables: the variant in use */
	uint64_t hung_ns;                   /* iptables: when a program hung, 0: never */
	struct nl *nl;                      /* events; NULL: there are none */
	struct firewall_events events;
	char *no_limit;                     /* as firewall_no_limit says; owned */
	struct firewall_lines before;       /* iptables: as firewall_taken_before says */
	bool made, kept;                    /* rules where there were none; they shall stay */
};

/* Joins NFNLGRP_NFTABLES. Returns 0 or -errno; then the caller's timer has to do. */
int firewall_events_open(struct firewall *firewall);
/* Called around each change of ours: nobody is named for what is committed in between. */
void firewall_events_begin(struct firewall *firewall);
void firewall_events_end(struct firewall *firewall);
/* Takes one message of that group; userdata is a struct firewall_events. Pure. Returns 0. */
int firewall_events_parse(const struct nlmsghdr *message, void *userdata);

/* The JSON of "list table inet mssclamp" as lines. Rules of a form we do not write get their text
 * from plain, the same list as text with handles. *ret_alien says how many there were.
 * Returns 0, -ENOMEM, or -EBADMSG where the JSON is not such a list. */
int firewall_nft_parse(const char *json, const char *plain, struct firewall_lines *live,
		       size_t *ret_alien);
/* As firewall_ops.expect and .print, and the transaction that turns live into expected. */
int firewall_nft_expect(const struct firewall_plan *plan, struct firewall_lines *expected);
void firewall_nft_print(const struct firewall_lines *expected, FILE *out);
void firewall_nft_write(const struct firewall_lines *expected, const struct firewall_lines *live,
			FILE *out);
/* The live chain named like firewall_hooks[i] that the transaction deletes, because it hangs
 * elsewhere and nothing but its policy can be changed; NULL where there is none. */
const struct firewall_line *firewall_nft_misplaced(const struct firewall_lines *expected,
						   const struct firewall_lines *live, size_t i);

/* Removes ours from the variants of iptables that are not in use. Where a variant's
 * rules cannot be looked at, a log line says so and the others are done all the same. Returns 0, or
 * -errno where rules of ours were seen and could not be removed. */
int firewall_iptables_retire(const struct firewall *firewall, char **ret_error);

/* The output of "iptables-save -c -t mangle" (family 0) or ip6tables-save (1) as lines: our chain,
 * its rules and whatever jumps to it. Returns 0 or -ENOMEM. */
int firewall_iptables_parse(const char *save, size_t family, struct firewall_lines *live);
/* Whether a rule of iptables-save, without counters, ends in a jump or goto to our chain. */
bool firewall_iptables_leads_to_us(const char *rule, size_t len);
/* Adds, of each hook, the first rule that stands before the first jump to our chain and takes each
 * SYN for sure: it has no condition but TCP, and accepts, returns or drops. What chains of others
 * do is not looked at. Pure. Returns 0 or -ENOMEM. */
int firewall_iptables_before(const char *save, size_t family, struct firewall_lines *lines);
/* Takes what was found now, and logs what is news of it. */
void firewall_iptables_tell_before(struct firewall *firewall, struct firewall_lines *now);
/* The input of iptables-restore --noflush that turns the family's live lines into the expected
 * ones, or removes them all. Writes nothing where there is nothing to do. */
void firewall_iptables_write(const struct firewall_lines *expected,
			     const struct firewall_lines *live, size_t family, FILE *out);
void firewall_iptables_write_removal(const struct firewall_lines *live, size_t family, FILE *out);
/* As firewall_ops.expect. */
int firewall_iptables_expect(const struct firewall_plan *plan, struct firewall_lines *expected);
