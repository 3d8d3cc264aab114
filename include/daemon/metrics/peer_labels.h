/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which label each peer gets in the metrics: one that no other peer of its tunnel has, for as many
 * as may have their own. Pure. */
#pragma once

#include <stddef.h>

#define PEER_LABEL_OTHER "_other" /* of all that have none of their own */
#define PEER_LABEL_MAX 128        /* bytes of a name that are kept */

struct peer_label {
	const char *tunnel, *id; /* borrowed */
	const char *name;        /* for people, or NULL; borrowed */
	size_t place;            /* the caller's */
	char *label;             /* owned; NULL: it is one of the others */
};

/* Sorts peers by tunnel and id and labels the first `most`: by the name where no other peer of the
 * tunnel has it, else by name and id. Returns 0 or -ENOMEM; peer_labels_done in any case. */
int peer_labels_make(struct peer_label *peers, size_t count, size_t most);
void peer_labels_done(struct peer_label *peers, size_t count);
