/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that send SYNs to our queues: one plan, two backends that carry it out.
 *
 * nftables: table inet mssclamp, base chains forward, output, input at priority -150.
 * iptables: chain MSSCLAMP in table mangle of both families, one jump from each hook.
 * Base chains of ours are never deleted while a daemon lives: deleting any base chain makes the
 * kernel drop what waits in every queue of the namespace (net/netfilter/core.c
 * nf_queue_nf_hook_drop). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum firewall_backend { FIREWALL_AUTO, FIREWALL_NFTABLES, FIREWALL_IPTABLES, FIREWALL_NONE };

enum firewall_hook {
	FIREWALL_FORWARD = 1,
	FIREWALL_OUTPUT = 2,
	FIREWALL_INPUT = 4,
};

struct firewall_plan {
	unsigned int hooks;   /* FIREWALL_* bits */
	uint16_t queue_first;
	uint16_t queue_count; /* at least 1 */
	uint32_t per_source;  /* SYNs a second of one address that are sent to the queue; 0: all */
};

enum firewall_state {
	FIREWALL_STATE_OK,        /* live rules equal the plan */
	FIREWALL_STATE_MISSING,   /* none of ours is there */
	FIREWALL_STATE_DIFFERENT, /* some are, but not as planned */
	FIREWALL_STATE_NONE,      /* backend none: somebody else's business */
};

struct firewall;
struct iptables_runner;

/* "auto", "nftables", "iptables", "none" and "ok", "missing", "different", "none". */
const char *firewall_backend_name(enum firewall_backend backend);
const char *firewall_state_name(enum firewall_state state);

/* Opens a backend. FIREWALL_AUTO takes nftables where the kernel has nft queue (tried as a dry run
 * that changes nothing), else iptables, else fails and says what is missing. Changes no rule.
 * runner     runs the programs of iptables; NULL: this process does
 * *ret_error gets an owned text for people on failure. Returns 0 and the owned firewall, or
 * -errno. */
int firewall_open(enum firewall_backend backend, const struct iptables_runner *runner,
		  struct firewall **ret_firewall, char **ret_error);
/* Before firewall_keep it removes the rules again where there were none when it was opened. */
void firewall_close(struct firewall *firewall);
void firewall_keep(struct firewall *firewall);
enum firewall_backend firewall_which(const struct firewall *firewall);

/* The text the backend would load, for people and for `rules --print`: an nft file that replaces
 * our chains, or two iptables-restore files (a comment line names the family of each). Pure.
 * Returns 0 or -errno of the stream. */
int firewall_print(enum firewall_backend backend, const struct firewall_plan *plan, FILE *out);

/* Makes the live rules equal to the plan, in one transaction a family; twice is like once. Rules
 * that are right already are not touched (their counters go on). *ret_error as above. */
int firewall_apply(struct firewall *firewall, const struct firewall_plan *plan, char **ret_error);

/* Why the limit per source of the last plan is not in force: the kernel refused it, and the rules
 * stand without. NULL where it is, or none was planned. */
const char *firewall_no_limit(const struct firewall *firewall);

/* Takes the rules out that another backend, or iptables' other variant (nft, legacy), left before
 * something changed: with them a SYN would be queued twice. Call it once, after the first
 * firewall_apply; nothing there is no error. What cannot be looked at (iptables-legacy needs root)
 * is left alone, and the log says so. Of table inet mssclamp the chains stay, empty. Backend none
 * leaves everything as it is. */
int firewall_retire_others(struct firewall *firewall, char **ret_error);

/* Removes exactly what firewall_apply makes, on both backends' ground; nothing there is no error.
 * Needs no daemon. Returns -EPERM where iptables-legacy has a table mangle and we are not root: all
 * else is removed, that table could not be looked at. */
int firewall_remove_all(char **ret_error);

/* Compares live rules with the plan. diff, where given, receives lines "- expected" / "+ live" for
 * people, one rule each, empty when equal. */
int firewall_check(struct firewall *firewall, const struct firewall_plan *plan,
		   enum firewall_state *ret_state, FILE *diff, char **ret_error);

/* Rules of others that take each SYN of a hook before ours do, when last looked at: the i-th as a
 * command, NULL past the last. Only what is certain; with nftables there can be none. */
const char *firewall_taken_before(const struct firewall *firewall, size_t i);

/* SYNs the rules have counted, by hook and both families together. */
struct firewall_counts {
	uint64_t forward, output, input;
	uint64_t over_limit; /* of those: above the limit per source, not sent to the queue */
};
int firewall_read_counts(struct firewall *firewall, struct firewall_counts *ret_counts,
			 char **ret_error);

/* A descriptor that becomes readable when somebody changes rules (NFNLGRP_NFTABLES), or -1 where
 * the backend has no events (iptables-legacy: check once a second). */
int firewall_fd(const struct firewall *firewall);

/* Reads the events. Returns 1 if they touched our table (check and repair), 2 if others removed
 * something from it or lost messages could have told so, 0 if not, -errno. *ret_culprit_pid and
 * ret_culprit: who committed, 0 and "" where unknown. The number is that of the initial pid
 * namespace. */
int firewall_read_events(struct firewall *firewall, uint32_t *ret_culprit_pid,
			 char ret_culprit[16]);
