/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dead-man switch: while nobody refreshes set alive of table inet mssclamp, chains behind the
 * queue (priority -149) lower the MSS option of SYNs to what the route's MTU carries.
 *
 * It is refreshed by a packet, not by a transaction: a datagram with a mark of our own, which a
 * rule in output takes for a sign of life of its family, and drops. Of the SYNs those are lowered
 * that begin their options with the MSS, as stacks send them; what nft would edit wrongly is left.
 * Base chains are never deleted while a daemon lives (edge/firewall/firewall.h). Control thread
 * only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct heartbeat;

/* Finds out, without changing anything, whether the kernel has what the rules need. *ret_error gets
 * an owned text for people on failure. Returns 0 and the owned heartbeat, or -errno. */
int heartbeat_open(struct heartbeat **ret_heartbeat, char **ret_error);
/* The rules stay, and act once the last beat is too old. NULL is fine. */
void heartbeat_close(struct heartbeat *heartbeat);

/* Of FIREWALL_* bits those in which the kernel knows a packet's route. */
unsigned int heartbeat_hooks(unsigned int hooks);

/* Writes what heartbeat_apply loads, as an nft file. Pure. */
void heartbeat_print(unsigned int hooks, FILE *out);

enum heartbeat_left {
	HEARTBEAT_NONE,  /* no rules that would clamp */
	HEARTBEAT_LIVES, /* somebody has just given a sign of life */
	HEARTBEAT_ACTS,  /* the kernel clamps */
};
/* What an earlier process has left. Changes nothing. Returns 0, or -errno as nft_run. */
int heartbeat_left(enum heartbeat_left *ret_left);

/* Puts set, chains and rules in force, in one transaction; what the set has, it keeps. Twice is
 * like once. Returns 0 or -errno, *ret_error as above. */
int heartbeat_apply(struct heartbeat *heartbeat, unsigned int hooks, char **ret_error);

/* As nft_kept_check. */
int heartbeat_check(struct heartbeat *heartbeat, bool *ret_ok, FILE *diff, char **ret_error);

/* One sign of life for both families; to be called once a second. Where no packet goes, as lo is
 * down, the set is written, every few seconds. Returns 0, -ENOENT where the rules are gone, or
 * -errno: then the kernel takes over soon. */
int heartbeat_beat(struct heartbeat *heartbeat);

/* The kernel takes over at once, until the next beat. NULL: from an earlier process. Returns 0,
 * -ENOENT where the set is not there, or -errno. */
int heartbeat_stop(struct heartbeat *heartbeat);

/* Empties the chains of former times; without any, nothing is done. */
int heartbeat_clear(char **ret_error);
