/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of table inet mssclamp that shall stay as we wrote them. nft writes rules back in words
 * of its own, so what it lists behind a change of ours is what it has to list later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct nft_object {
	const char *kind, *name; /* "chain", "set" or "map"; borrowed */
	unsigned int flags;      /* NFT_TERSE: elements are not of interest */
};

/* Zeroed is fine: nothing was written yet. */
struct nft_kept {
	char *expected;        /* lines; owned */
	uint32_t generation;   /* of all rules when `expected` was last seen */
	bool seen;
};

void nft_kept_done(struct nft_kept *kept);

/* Writes what makes the live objects like the plan; anew: base chains end first, wherever they
 * hang. */
typedef void (*nft_write_fn)(const void *plan, bool anew, FILE *out);

/* Runs what `write` writes in one transaction, and notes what the objects are behind it. A chain
 * that hangs elsewhere than planned cannot be moved: then once more, with anew, and the log says of
 * which chains (what: "mark_*"). Returns as nft_run. */
int nft_kept_apply(struct nft_kept *kept, const char *what, nft_write_fn write, const void *plan,
		   const struct nft_object *objects, size_t count, char **ret_error);

/* Whether the objects are as they were left. It costs one question to the kernel as long as nobody
 * has changed a rule since. what: for people, "mark mode". diff, where given, gets lines
 * "- expected", "+ live". Returns 0 or -errno, *ret_error as in nft_run. */
int nft_kept_check(struct nft_kept *kept, const char *what, const struct nft_object *objects,
		   size_t count, bool *ret_ok, FILE *diff, char **ret_error);

/* Whether nft_kept_check would have to look closer: somebody has changed some rule since. */
bool nft_kept_is_news(const struct nft_kept *kept);

/* Writes what empties a chain of our table, if it is there. ret_error may be NULL. Returns as
 * nft_run. */
int nft_write_chain_empty(const char *chain, FILE *out, char **ret_error);
/* Writes what ends a base chain of our table, which may not be there. */
void nft_write_chain_end(const char *chain, FILE *out);

/* Runs in one transaction what `write` writes, which returns 0, or -errno and *ret_error, where our
 * table is there at all. For what an earlier process has left. Returns as nft_run. */
int nft_clear(int (*write)(FILE *out, char **ret_error), char **ret_error);
