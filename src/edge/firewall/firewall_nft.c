/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables through libnftables: commands as text, the live rules as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "edge/firewall/firewall_backend.h"
#include "edge/firewall/nft.h"

#define LIST_TABLE "list table inet " NFT_TABLE

static int nft_open(struct firewall *firewall, char **ret_error)
{
	char *error = NULL;
	int r = nft_try_queue(&error);

	if (r == -ENOENT)
		text_fail(ret_error, r, "nftables: this kernel has no nft queue statement "
			      "(CONFIG_NFT_QUEUE, module nft_queue), so firewall = "
			      "\"nftables\" cannot work here");
	else if (r < 0)
		text_fail(ret_error, r, "%s", error ? error : "nftables: out of memory");
	free(error);
	if (r < 0)
		return r;
	firewall->events.backend = FIREWALL_NFTABLES;
	(void)firewall_events_open(firewall);
	return 0;
}

static int nft_read(struct firewall *firewall, struct firewall_lines *live, char **ret_error)
{
	char *json = NULL, *plain = NULL;
	size_t alien = 0;
	bool found;
	int r;

	(void)firewall;
	r = nft_has_table("inet", NFT_TABLE, &found, ret_error);
	if (r < 0 || !found)
		return r;
	r = nft_run(LIST_TABLE, NFT_JSON | NFT_TERSE, &json, ret_error);
	if (r < 0)
		return r;
	r = firewall_nft_parse(json, NULL, live, &alien);
	if (r == 0 && alien > 0) {
		firewall_lines_done(live);
		r = nft_run(LIST_TABLE, NFT_PLAIN | NFT_TERSE, &plain, ret_error);
		if (r < 0)
			goto out;
		r = firewall_nft_parse(json, plain, live, &alien);
	}
	if (r < 0)
		text_fail(ret_error, r, "nftables: cannot understand how libnftables lists "
			      "table inet " NFT_TABLE " (%s)", strerror(-r));
out:
	free(json);
	free(plain);
	return r;
}

/* There is no other way to move a chain, so what it costs is said. */
static void warn_of_deletions(const struct firewall_lines *expected,
			      const struct firewall_lines *live)
{
	for (size_t i = 0; i < FIREWALL_HOOKS; i++) {
		const struct firewall_line *chain = firewall_nft_misplaced(expected, live, i);

		if (chain)
			log_warning("nftables: chain %s of our table has another hook or priority "
				    "than ours (%s) and is recreated; with a chain the kernel "
				    "drops the SYNs that wait in queues, their senders repeat them",
				    firewall_hooks[i].nft, chain->text);
	}
}

static int nft_replace(struct firewall *firewall, const struct firewall_lines *expected,
		       const struct firewall_lines *live, char **ret_error)
{
	struct nft_script script;
	int r;

	(void)firewall;
	/* A table set dormant is woken by adding it without flags. The kernel refuses that and new
	 * chains in one transaction (nf_tables_addchain, __NFT_TABLE_F_UPDATE). */
	if (live->count > 0 && !expected->line[0].matched) {
		r = nft_run(expected->line[0].text, 0, NULL, ret_error);
		if (r < 0)
			return r;
	}
	r = nft_script_begin(&script, ret_error);
	if (r < 0)
		return r;
	warn_of_deletions(expected, live);
	firewall_nft_write(expected, live, script.out);
	return nft_script_run(&script, 0, ret_error);
}

static int nft_remove(const struct iptables_runner *runner, char **ret_error)
{
	bool found;
	int r = nft_has_table("inet", NFT_TABLE, &found, ret_error);

	(void)runner;
	if (r < 0 || !found)
		return r;
	return nft_run("delete table inet " NFT_TABLE, 0, NULL, ret_error);
}

const struct firewall_ops firewall_nft_ops = {
	.backend = FIREWALL_NFTABLES,
	.open = nft_open,
	.expect = firewall_nft_expect,
	.print = firewall_nft_print,
	.read = nft_read,
	.replace = nft_replace,
	.remove = nft_remove,
};
