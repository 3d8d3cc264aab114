/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "edge/child.h"
#include "edge/firewall/nft_netlink.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/nl_attr.h"

#define LOOK_MS 10000   /* to list, or to try */
#define CHANGE_MS 20000 /* many thousand elements in one transaction take seconds */

/* When a run last did not end in time, CLOCK_BOOTTIME; 0: never. */
static _Thread_local uint64_t hung_ns;

/* libnftables gives text, not numbers: the kernel's error is at the end of the first line. */
static int error_of(const char *text)
{
	static const int known[] = { EPERM, ENOENT, EINVAL, EOPNOTSUPP, EPROTONOSUPPORT,
				     EBUSY, EEXIST, ENOMEM };
	char line[512];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	for (size_t i = 0; i < COUNT(known); i++)
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
	int r = nft_questions(&nl);

	if (r < 0)
		return r;
	request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	mnl_nlmsg_put_extra_header(request, sizeof(struct nfgenmsg));
	r = nl_ask(nl, request, take_answer, &generation);
	if (r == 0 && ret_generation)
		*ret_generation = generation;
	return r;
}

bool nft_is_missing(int r)
{
	return r == -EINVAL || r == -EPROTONOSUPPORT;
}

static int explain(int r, char **ret_error)
{
	if (r == -EPERM)
		return text_fail(ret_error, r,
				 "nftables: %s; run as root or give the process CAP_NET_ADMIN",
				 strerror(-r));
	if (nft_is_missing(r))
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

enum { STATUS_DONE, STATUS_REFUSED = 100, STATUS_NO_MEMORY };

struct question {
	const char *commands;
	unsigned int flags;
	bool listed; /* what was listed is of interest */
};

static void write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	for (; left > 0; left -= (size_t)n, text += n) {
		n = write(fd, text, left);
		if (n < 0)
			return;
	}
}

/* In a process of its own: libnftables ends the one it is in where it gets no memory, no socket, or
 * an error from the kernel that it does not know. */
static int ask_library(void *userdata)
{
	const struct question *question = userdata;
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx))
		return STATUS_NO_MEMORY;
	nft_ctx_output_set_flags(ctx, output_flags(question->flags));
	nft_ctx_set_dry_run(ctx, question->flags & NFT_TRY);
	if (nft_run_cmd_from_buffer(ctx, question->commands) != 0) {
		write_all(STDERR_FILENO, nft_ctx_get_error_buffer(ctx));
		return STATUS_REFUSED;
	}
	if (question->listed)
		write_all(STDOUT_FILENO, nft_ctx_get_output_buffer(ctx));
	return STATUS_DONE;
}

static int conclude(const struct child_result *result, char **ret_error)
{
	const char *text = result->errors;
	int len;

	if (strncmp(text, "Error: ", 7) == 0)
		text += 7;
	len = (int)strcspn(text, "\n");
	switch (result->status) {
	case STATUS_DONE:
		return 0;
	case STATUS_REFUSED:
		return text_fail(ret_error, error_of(text), "nftables: %.*s", len, text);
	case STATUS_NO_MEMORY:
		return text_fail(ret_error, -ENOMEM, "nftables: out of memory");
	default:
		if (result->status > CHILD_SIGNAL)
			return text_fail(ret_error, -EIO, "nftables: libnftables crashed "
					 "(%s%s%.*s); this one run is lost, but please report it",
					 strsignal(result->status - CHILD_SIGNAL), len ? ": " : "",
					 len, text);
		return text_fail(ret_error, -EIO, "nftables: libnftables gave up (exit code %d): "
				     "%.*s", result->status, len, text);
	}
}

static void explain_hung(int timeout_ms, char **ret_error)
{
	text_fail(ret_error, -ETIME, "nftables: the kernel did not answer libnftables within %d s; "
		  "another program's transaction may be in the way (\"nft monitor\" shows who "
		  "changes rules); trying again in %llu s", timeout_ms / 1000,
		  (unsigned long long)(CHILD_HUNG_NS / NS_PER_SECOND));
}

static int explain_held(char **ret_error)
{
	return text_fail(ret_error, -EALREADY, "nftables: the kernel does not let go of a process "
			 "of ours that was killed (another program's transaction may be in front "
			 "of it); nothing is run before it does");
}

static int run_apart(struct question *question, int timeout_ms, struct child_result *ret_result,
		     char **ret_error)
{
	int r;

	if (hung_ns && clock_boottime_ns() - hung_ns < CHILD_HUNG_NS) {
		text_fail(ret_error, -ETIME, "nftables: the kernel did not answer in time a moment "
			  "ago, and is left alone for %llu s",
			  (unsigned long long)(CHILD_HUNG_NS / NS_PER_SECOND));
		return -ETIME;
	}
	r = child_call(ask_library, question, timeout_ms, ret_result);
	if (r == -ETIME) {
		hung_ns = clock_boottime_ns();
		explain_hung(timeout_ms, ret_error);
	} else if (r == -EALREADY) {
		explain_held(ret_error);
	} else if (r == -ECANCELED) {
		text_fail(ret_error, r, "nftables: broken off, for mssclampd is told to end");
	} else if (r < 0) {
		text_fail(ret_error, r, "nftables: cannot run libnftables: %s", strerror(-r));
	}
	return r;
}

int nft_run(const char *commands, unsigned int flags, char **ret_output, char **ret_error)
{
	struct question question = { commands, flags, ret_output != NULL };
	struct child_result result;
	int r = nft_generation(NULL);

	if (r < 0)
		return explain(r, ret_error);
	r = run_apart(&question, ret_output || flags & NFT_TRY ? LOOK_MS : CHANGE_MS, &result,
		      ret_error);
	if (r < 0)
		return r;
	r = conclude(&result, ret_error);
	if (r == 0 && ret_output) {
		*ret_output = result.output;
		result.output = NULL;
	}
	child_result_done(&result);
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

int nft_script_try(void (*write)(FILE *out), char **ret_error)
{
	struct nft_script script;
	int r = nft_script_begin(&script, ret_error);

	if (r < 0)
		return r;
	write(script.out);
	return nft_script_run(&script, NFT_TRY, ret_error);
}

static uint8_t family_of(const char *family)
{
	return strcmp(family, "inet") == 0 ? NFPROTO_INET :
	       strcmp(family, "ip6") == 0  ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static int ask_table(const char *family, const char *table)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header;
	struct nl *nl;
	int r = nft_questions(&nl);

	if (r < 0)
		return r;
	request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = family_of(family);
	mnl_attr_put_strz(request, NFTA_TABLE_NAME, table);
	return nl_ask(nl, request, NULL, NULL);
}

int nft_has_table(const char *family, const char *table, bool *ret_found, char **ret_error)
{
	int r = ask_table(family, table);

	if (r < 0 && r != -ENOENT && !nft_is_missing(r))
		return explain(r, ret_error);
	*ret_found = r == 0;
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
