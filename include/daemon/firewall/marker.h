/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mark mode on the side of the control thread: gives the limits of each snapshot their marks, and
 * keeps the nft rules that read them. What a snapshot uses is in the kernel before it is published,
 * and stays there until no worker can read that snapshot any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/snapshot/snapshot.h"

struct marker;

/* Changes nothing yet. *ret_error gets an owned text for people where the kernel lacks something.
 * Returns 0 and the owned marker, or -errno. */
int marker_open(unsigned int hooks, uint32_t bits, struct marker **ret_marker, char **ret_error);
/* The rules stay. */
void marker_close(struct marker *marker);

/* Gives the snapshot its table of marks, and the kernel what it needs for that. Where the kernel
 * refuses, the snapshot gets what is in force already, and the log says so. Returns 0 or
 * -ENOMEM. */
int marker_fill(struct marker *marker, struct snapshot *snapshot);

/* Whether limits share the mark of a smaller one, as there are too few bits. */
bool marker_shares(const struct marker *marker);

/* Whether the last one lacks marks because the kernel refused: then it is worth another try. */
bool marker_has_failed(const struct marker *marker);

/* Call it while no snapshot but the published one can be read: frees the marks of those before.
 * Returns whether another marker_fill would give limits marks that they lack now. */
bool marker_settle(struct marker *marker);

/* Other hooks, put in force at once. Returns 0 or -errno. */
int marker_set_hooks(struct marker *marker, unsigned int hooks, char **ret_error);

/* Whether the live rules are as they should be, with the lines of mark_check; marker_mend makes
 * them so. Both return 0 or -errno. */
int marker_check(struct marker *marker, bool *ret_ok, FILE *diff, char **ret_error);
int marker_mend(struct marker *marker, char **ret_error);
/* Whether some rule has changed since, ours or not: then marker_check has to look closer. */
bool marker_is_news(const struct marker *marker);

/* The rules as an nft file. */
void marker_print(const struct marker *marker, FILE *out);
