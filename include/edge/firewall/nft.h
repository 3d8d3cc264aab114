/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables through libnftables: commands as text, one transaction a call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define NFT_TABLE "mssclamp" /* table inet mssclamp, all we have */

enum nft_flags {
	NFT_TRY = 1,   /* a dry run: the kernel checks and changes nothing */
	NFT_JSON = 2,  /* lists as libnftables-json(5), with counters */
	NFT_PLAIN = 4, /* lists as text with handles, without counters */
	NFT_TERSE = 8, /* lists without the elements of sets and maps, and does not fetch them */
};

/* Runs the commands in a context of their own, for one that lives keeps a cache of the rules, and
 * in a process of its own, for the library ends the one it is in where it has no memory.
 * *ret_output, where given, receives what was listed, owned; *ret_error an owned text for people
 * on failure. Returns 0, -EPERM, -EINVAL (no nf_tables), -EPROTONOSUPPORT (no nfnetlink), -ETIME
 * (it did not end and was killed, or that was less than CHILD_HUNG_NS ago and nothing was run),
 * -EALREADY (the kernel does not let go of one that was killed, nothing was run), or what the
 * kernel's text means, else -EIO. */
int nft_run(const char *commands, unsigned int flags, char **ret_output, char **ret_error);

/* Whether an error from here says that the kernel has no nftables. */
bool nft_is_missing(int r);

/* Commands that are written before they are run. */
struct nft_script {
	char *text;
	size_t size;
	FILE *out; /* to write to; no failure of it is missed */
};

/* Returns 0 or -ENOMEM, *ret_error as above. */
int nft_script_begin(struct nft_script *script, char **ret_error);
/* Ends the writing: text is owned by the caller on success. Returns as above. */
int nft_script_end(struct nft_script *script, char **ret_error);
/* Ends it for nothing. */
void nft_script_drop(struct nft_script *script);
/* Ends it and runs what was written, if anything was. Returns as nft_run. */
int nft_script_run(struct nft_script *script, unsigned int flags, char **ret_error);

/* Runs what write writes, dry: whether the kernel would take it. Returns as nft_run. */
int nft_script_try(void (*write)(FILE *out), char **ret_error);

/* The number of transactions that nftables has committed in this namespace; it wraps. What asking
 * for it needs, everything else needs too: where libnftables gets no
 * netlink socket it gives up without a reason. ret_generation may be NULL. Returns 0, -EPERM,
 * -EINVAL (no nf_tables), -EPROTONOSUPPORT (no nfnetlink) or another -errno. */
int nft_generation(uint32_t *ret_generation);

/* Whether the kernel has nft's queue statement: 0, or -ENOENT or another -errno and *ret_error as
 * above. A dry run, and in a chain without a hook: to register one, even so, makes the kernel drop
 * what waits in every queue. */
int nft_try_queue(char **ret_error);

/* Whether nftables has that table of family "inet", "ip" or "ip6". A kernel without nftables has
 * none. */
int nft_has_table(const char *family, const char *table, bool *ret_found, char **ret_error);
