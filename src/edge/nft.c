/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "edge/nl.h"
#include "edge/nl_attr.h"

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

int nft_generation(uint32_t *ret_generation)
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

static bool means_no_nftables(int r)
{
	return r == -EINVAL || r == -EPROTONOSUPPORT;
}

static int explain(int r, char **ret_error)
{
	if (r == -EPERM)
		return text_fail(ret_error, r,
				 "nftables: %s; run as root or give the process CAP_NET_ADMIN",
				 strerror(-r));
	if (means_no_nftables(r))
		return text_fail(ret_error, r, "nftables: this kernel has no nftables "
				 "(CONFIG_NF_TABLES, module nf_tables)");
	return text_fail(ret_error, r, "nftables: cannot ask the kernel by netlink: %s; a "
			 "service needs AF_NETLINK in RestrictAddressFamilies", strerror(-r));
}

static unsigned int output_flags(unsigned int flags)
{
	return (flags & NFT_JSON ? NFT_CTX_OUTPUT_JSON : 0) |
	       (flags & NFT_PLAIN ? NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS : 0) |
	       (flags & NFT_TERSE ? NFT_CTX_OUTPUT_TERSE : 0);
}

int nft_run(const char *commands, unsigned int flags, char **ret_output, char **ret_error)
{
	struct nft_ctx *ctx;
	int r = nft_generation(NULL);

	if (r < 0)
		return explain(r, ret_error);
	ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx)) {
		r = text_fail(ret_error, -ENOMEM, "nftables: out of memory");
		goto out;
	}
	nft_ctx_output_set_flags(ctx, output_flags(flags));
	nft_ctx_set_dry_run(ctx, flags & NFT_TRY);
	if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
		const char *text = nft_ctx_get_error_buffer(ctx);
		int len;

		if (strncmp(text, "Error: ", 7) == 0)
			text += 7;
		len = (int)strcspn(text, "\n");
		r = text_fail(ret_error, error_of(text), "nftables: %.*s", len, text);
	} else if (ret_output) {
		*ret_output = strdup(nft_ctx_get_output_buffer(ctx));
		if (!*ret_output)
			r = text_fail(ret_error, -ENOMEM, "nftables: out of memory");
	}
out:
	if (ctx)
		nft_ctx_free(ctx);
	return r;
}

int nft_script_begin(struct nft_script *script, char **ret_error)
{
	*script = (struct nft_script){ 0 };
	script->out = open_memstream(&script->text, &script->size);
	return script->out ? 0 : text_fail(ret_error, -ENOMEM, "nftables: out of memory");
}

int nft_script_end(struct nft_script *script, char **ret_error)
{
	if (fclose(script->out) == 0)
		return 0;
	free(script->text);
	script->text = NULL;
	return text_fail(ret_error, -ENOMEM, "nftables: out of memory");
}

void nft_script_drop(struct nft_script *script)
{
	fclose(script->out);
	free(script->text);
}

int nft_script_run(struct nft_script *script, unsigned int flags, char **ret_error)
{
	int r = nft_script_end(script, ret_error);

	if (r == 0 && script->size > 0)
		r = nft_run(script->text, flags, NULL, ret_error);
	free(script->text);
	return r;
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

int nft_has_table(const char *family, const char *table, bool *ret_found, char **ret_error)
{
	char command[32];
	char *json = NULL;
	json_t *root;
	int r = nft_generation(NULL);

	if (means_no_nftables(r)) {
		*ret_found = false;
		return 0;
	}
	snprintf(command, sizeof(command), "list tables %s", family);
	r = nft_run(command, NFT_JSON, &json, ret_error);
	if (r < 0)
		return r;
	root = json_loads(json, 0, NULL);
	*ret_found = listed(json_object_get(root, "nftables"), table);
	json_decref(root);
	free(json);
	return 0;
}

int nft_try_queue(char **ret_error)
{
	static const char commands[] = "add table inet " NFT_TABLE "_try\n"
				       "add chain inet " NFT_TABLE "_try try\n"
				       "add rule inet " NFT_TABLE "_try try "
				       "queue flags bypass,fanout to 0-1\n";

	return nft_run(commands, NFT_TRY, NULL, ret_error);
}
