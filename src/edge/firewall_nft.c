/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables through libnftables: commands as text, the live rules as JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/firewall_backend.h"
#include "edge/nl.h"
#include "edge/nl_attr.h"

#define LIST_TABLE "list table inet " FIREWALL_TABLE

/* The queue statement in a chain without a hook: to register one, even in a dry run that takes it
 * back, makes the kernel drop what waits in every queue. */
#define TRY_QUEUE                                     \
	"add table inet " FIREWALL_TABLE "_try\n"     \
	"add chain inet " FIREWALL_TABLE "_try try\n" \
	"add rule inet " FIREWALL_TABLE "_try try "   \
	"queue flags bypass,fanout to 0-1\n"

/* libnftables gives text, not numbers: the kernel's error is at the end of the first line. */
static int error_of(const char *text)
{
	static const int known[] = { EPERM, ENOENT, EINVAL, EOPNOTSUPP, EPROTONOSUPPORT,
				     EBUSY, EEXIST, ENOMEM };
	char line[512];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(line, strerror(known[i])))
			return -known[i];
	return -EIO;
}

static int take_generation(const struct nl_attr *attr, void *userdata)
{
	uint32_t *generation = userdata;
	int r = 0;

	if (attr->type == NFTA_GEN_ID) {
		r = nl_attr_get_u32(attr, generation);
		*generation = ntohl(*generation);
	}
	return r;
}

static int take_answer(const struct nlmsghdr *message, void *userdata)
{
	return nl_attr_walk_message(message, sizeof(struct nfgenmsg), take_generation, userdata);
}

/* Asks for the generation of the rules: what that needs, everything else needs too. libnftables
 * would print a lack of rights on stderr, and end the process where it gets no netlink socket.
 * Returns 0, -EPERM, -EINVAL (no nf_tables), -EPROTONOSUPPORT (no nfnetlink) or another -errno. */
static int ask_kernel(uint32_t *ret_generation)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLMSG_SPACE(sizeof(struct nfgenmsg))];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	uint32_t generation = 0;
	struct nl *nl;
	int r = nl_open(NETLINK_NETFILTER, 0, &nl);

	if (r < 0)
		return r;
	request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	mnl_nlmsg_put_extra_header(request, sizeof(struct nfgenmsg));
	r = nl_ask(nl, request, take_answer, &generation);
	nl_close(nl);
	if (r == 0 && ret_generation)
		*ret_generation = generation;
	return r;
}

int firewall_nft_generation(uint32_t *ret_generation)
{
	return ask_kernel(ret_generation);
}

static bool means_no_nftables(int r)
{
	return r == -EINVAL || r == -EPROTONOSUPPORT;
}

static int explain(int r, char **ret_error)
{
	if (r == -EPERM)
		return firewall_fail(ret_error, r, "nftables: %s; run as root or give the process "
				     "CAP_NET_ADMIN", strerror(-r));
	if (means_no_nftables(r))
		return firewall_fail(ret_error, r, "nftables: this kernel has no nftables "
				     "(CONFIG_NF_TABLES, module nf_tables)");
	return firewall_fail(ret_error, r, "nftables: cannot ask the kernel by netlink: %s; a "
			     "service needs AF_NETLINK in RestrictAddressFamilies", strerror(-r));
}

/* One transaction in a context of its own: a context that lives keeps a cache of the rules.
 * ret_output, where given, receives what was listed, owned. */
static int run(const char *commands, unsigned int output_flags, bool dry_run, char **ret_output,
	       char **ret_error)
{
	struct nft_ctx *ctx;
	int r = ask_kernel(NULL);

	if (r < 0)
		return explain(r, ret_error);
	ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx)) {
		r = firewall_fail(ret_error, -ENOMEM, "nftables: out of memory");
		goto out;
	}
	nft_ctx_output_set_flags(ctx, output_flags);
	nft_ctx_set_dry_run(ctx, dry_run);
	if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
		const char *text = nft_ctx_get_error_buffer(ctx);
		int len;

		if (strncmp(text, "Error: ", 7) == 0)
			text += 7;
		len = (int)strcspn(text, "\n");
		r = firewall_fail(ret_error, error_of(text), "nftables: %.*s", len, text);
	} else if (ret_output) {
		*ret_output = strdup(nft_ctx_get_output_buffer(ctx));
		if (!*ret_output)
			r = firewall_fail(ret_error, -ENOMEM, "nftables: out of memory");
	}
out:
	if (ctx)
		nft_ctx_free(ctx);
	return r;
}

static int nft_open(struct firewall *firewall, char **ret_error)
{
	char *error = NULL;
	int r = run(TRY_QUEUE, 0, true, NULL, &error);

	if (r == -ENOENT)
		firewall_fail(ret_error, r, "nftables: this kernel has no nft queue statement "
			      "(CONFIG_NFT_QUEUE, module nft_queue); set firewall = \"iptables\" "
			      "or \"auto\"");
	else if (r < 0)
		firewall_fail(ret_error, r, "%s", error ? error : "nftables: out of memory");
	free(error);
	if (r < 0)
		return r;
	firewall->events.backend = FIREWALL_NFTABLES;
	(void)firewall_events_open(firewall);
	return 0;
}

static int nft_read(struct firewall *firewall, struct firewall_lines *live, char **ret_error)
{
	unsigned int text_flags = NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS;
	char *json = NULL, *plain = NULL;
	size_t alien = 0;
	bool found;
	int r;

	(void)firewall;
	r = firewall_nft_has_table("inet", FIREWALL_TABLE, &found, ret_error);
	if (r < 0 || !found)
		return r;
	r = run(LIST_TABLE, NFT_CTX_OUTPUT_JSON, false, &json, ret_error);
	if (r < 0)
		return r;
	r = firewall_nft_parse(json, NULL, live, &alien);
	if (r == 0 && alien > 0) {
		firewall_lines_done(live);
		r = run(LIST_TABLE, text_flags, false, &plain, ret_error);
		if (r < 0)
			goto out;
		r = firewall_nft_parse(json, plain, live, &alien);
	}
	if (r < 0)
		firewall_fail(ret_error, r, "nftables: cannot understand how libnftables lists "
			      "table inet " FIREWALL_TABLE " (%s)", strerror(-r));
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
				    "than ours (%s) and is made anew; with a chain the kernel "
				    "drops the SYNs that wait in queues, their senders repeat them",
				    firewall_hooks[i].nft, chain->text);
	}
}

static int nft_replace(struct firewall *firewall, const struct firewall_lines *expected,
		       const struct firewall_lines *live, char **ret_error)
{
	char *commands = NULL;
	size_t size;
	FILE *out;
	int r = 0;

	(void)firewall;
	/* A table set dormant is woken by adding it without flags. The kernel refuses that and new
	 * chains in one transaction (nf_tables_addchain, __NFT_TABLE_F_UPDATE). */
	if (live->count > 0 && !expected->line[0].matched)
		r = run(expected->line[0].text, 0, false, NULL, ret_error);
	if (r < 0)
		return r;
	out = open_memstream(&commands, &size);
	if (!out)
		return firewall_fail(ret_error, -ENOMEM, "nftables: out of memory");
	warn_of_deletions(expected, live);
	firewall_nft_write(expected, live, out);
	if (fclose(out) != 0)
		r = firewall_fail(ret_error, -ENOMEM, "nftables: out of memory");
	else
		r = run(commands, 0, false, NULL, ret_error);
	free(commands);
	return r;
}

static int nft_remove(char **ret_error)
{
	bool found;
	int r = firewall_nft_has_table("inet", FIREWALL_TABLE, &found, ret_error);

	if (r < 0 || !found)
		return r;
	return run("delete table inet " FIREWALL_TABLE, 0, false, NULL, ret_error);
}

static bool listed(const json_t *list, const char *table)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *name = json_string_value(
			json_object_get(json_object_get(entry, "table"), "name"));

		if (name && strcmp(name, table) == 0)
			return true;
	}
	return false;
}

int firewall_nft_has_table(const char *family, const char *table, bool *ret_found,
			   char **ret_error)
{
	char command[32];
	char *json = NULL;
	json_t *root;
	int r = ask_kernel(NULL);

	if (means_no_nftables(r)) {
		*ret_found = false;
		return 0;
	}
	snprintf(command, sizeof(command), "list tables %s", family);
	r = run(command, NFT_CTX_OUTPUT_JSON, false, &json, ret_error);
	if (r < 0)
		return r;
	root = json_loads(json, 0, NULL);
	*ret_found = listed(json_object_get(root, "nftables"), table);
	json_decref(root);
	free(json);
	return 0;
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
