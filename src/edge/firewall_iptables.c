/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables by its save and restore programs, for it has no library: each family one transaction. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "edge/child.h"
#include "edge/firewall_backend.h"

#define TIMEOUT_MS 10000 /* of which the lock of iptables-legacy may take 5 s (-w 5) */

/* The variants in the order of preference. Before iptables 1.8 names were plain, all was legacy. */
struct iptables_tools {
	const char *name;
	const char *program[FIREWALL_FAMILIES]; /* less "-save" or "-restore" */
	bool by_nft;                            /* rules live in nftables: there are events */
};

static const struct iptables_tools variants[] = {
	{ "iptables-nft", { "iptables-nft", "ip6tables-nft" }, true },
	{ "iptables-legacy", { "iptables-legacy", "ip6tables-legacy" }, false },
	{ "iptables", { "iptables", "ip6tables" }, false },
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static const struct {
	const char *name;   /* for people */
	const char *nft;    /* nftables' name of the family */
	const char *tables; /* iptables-legacy: the tables that exist, a name a line */
} families[FIREWALL_FAMILIES] = {
	{ "IPv4", "ip", "/proc/self/net/ip_tables_names" },
	{ "IPv6", "ip6", "/proc/self/net/ip6_tables_names" },
};

static bool tool_find(const struct iptables_tools *tools, size_t family, const char *action,
		      char path[CHILD_PATH_MAX])
{
	char name[CHILD_PATH_MAX];

	snprintf(name, sizeof(name), "%s-%s", tools->program[family], action);
	return child_find(name, path);
}

static bool tools_complete(const struct iptables_tools *tools)
{
	char path[CHILD_PATH_MAX];

	for (size_t family = 0; family < FIREWALL_FAMILIES; family++)
		if (!tool_find(tools, family, "save", path) ||
		    !tool_find(tools, family, "restore", path))
			return false;
	return true;
}

static int explain(const struct iptables_tools *tools, const char *path,
		   const struct child_result *result, char **ret_error)
{
	char *line = firewall_lines_join(result->errors);
	const char *said = line && *line ? line : "it gave no reason";
	const char *hint = "check that the package iptables is whole and the kernel has the "
			   "modules xt_NFQUEUE, xt_tcpudp, nft_compat or iptable_mangle (modprobe)";
	int r = -EIO;

	if (strstr(said, "ermission denied") || strstr(said, "not permitted")) {
		r = -EPERM;
		hint = tools->by_nft ? "run as root or give the process CAP_NET_ADMIN" :
				       "iptables-legacy needs root; other users need iptables-nft";
	} else if (strstr(said, "is incompatible")) {
		hint = "somebody's nft rules in table mangle cannot be read by iptables; move them "
		       "to a table of their own";
	}
	text_fail(ret_error, r, "iptables: %s failed (exit code %d): %s; %s", path,
		      result->status, said, hint);
	free(line);
	return r;
}

/* Runs the family's save or restore with up to 4 arguments. ret_output may be NULL. */
static int tool_run(const struct iptables_tools *tools, size_t family, const char *action,
		    const char *const arguments[], const char *input, char **ret_output,
		    char **ret_error)
{
	const char *argv[6] = { 0 };
	char path[CHILD_PATH_MAX];
	struct child_result result;
	int r = 0;

	if (!tool_find(tools, family, action, path))
		return text_fail(ret_error, -ENOENT, "iptables: no %s-%s in /usr/sbin, /sbin, "
				     "/usr/bin or /bin; install the package iptables",
				     tools->program[family], action);
	argv[0] = path;
	for (size_t i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	r = child_run(argv, input, TIMEOUT_MS, &result);
	if (r == -ETIME)
		return text_fail(ret_error, r, "iptables: %s did not end within %d s and was "
				     "killed; see who holds /run/xtables.lock", path,
				     TIMEOUT_MS / 1000);
	if (r < 0)
		return text_fail(ret_error, r, "iptables: cannot run %s: %s", path,
				     strerror(-r));
	if (result.status != 0) {
		r = explain(tools, path, &result, ret_error);
	} else if (ret_output) {
		*ret_output = result.output;
		result.output = NULL;
	}
	child_result_done(&result);
	return r;
}

/* Whether mangle exists, asked in a way that does not create it as iptables-legacy-save does. The
 * list of legacy tables is for root and its group; to anybody else there are none. */
static int table_exists(const struct iptables_tools *tools, size_t family, bool *ret_found,
			char **ret_error)
{
	char line[64];
	FILE *file;

	if (tools->by_nft)
		return nft_has_table(families[family].nft, "mangle", ret_found, ret_error);
	*ret_found = false;
	file = fopen(families[family].tables, "re");
	if (!file && errno != ENOENT && errno != EACCES)
		return text_fail(ret_error, -errno, "iptables: cannot read %s: %s",
				     families[family].tables, strerror(errno));
	while (file && fgets(line, sizeof(line), file))
		if (strcmp(line, "mangle\n") == 0)
			*ret_found = true;
	if (file)
		fclose(file);
	return 0;
}

static int read_family(const struct iptables_tools *tools, size_t family,
		       struct firewall_lines *live, char **ret_error)
{
	static const char *const arguments[] = { "-c", "-t", "mangle", NULL };
	char *save = NULL;
	bool found;
	int r = table_exists(tools, family, &found, ret_error);

	if (r < 0 || !found)
		return r;
	r = tool_run(tools, family, "save", arguments, NULL, &save, ret_error);
	if (r < 0)
		return r;
	r = firewall_iptables_parse(save, family, live);
	if (r < 0)
		text_fail(ret_error, r, "iptables: out of memory");
	free(save);
	return r;
}

static int restore(const struct iptables_tools *tools, size_t family, const char *input,
		   char **ret_error)
{
	static const char *const arguments[] = { "-w", "5", "--noflush", NULL };

	return tool_run(tools, family, "restore", arguments, input, NULL, ret_error);
}

/* A restore that is parsed and checked against the kernel's extensions, but not committed. Not for
 * legacy: there even this creates the table. */
static int try_restore(const struct iptables_tools *tools, char **ret_error)
{
	static const char *const arguments[] = { "--test", "--noflush", NULL };
	static const char input[] =
		"*mangle\n:" FIREWALL_CHAIN " - [0:0]\n-A " FIREWALL_CHAIN " -p tcp -m tcp "
		"--tcp-flags FIN,SYN,RST SYN -j NFQUEUE --queue-balance 0:1 --queue-bypass "
		"--queue-cpu-fanout\nCOMMIT\n";
	int r = 0;

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0 && tools->by_nft; family++)
		r = tool_run(tools, family, "restore", arguments, input, NULL, ret_error);
	return r;
}

static int iptables_open(struct firewall *firewall, char **ret_error)
{
	char *error = NULL;
	int r = -ENOENT;

	for (size_t i = 0; i < VARIANTS; i++) {
		if (!tools_complete(&variants[i]))
			continue;
		free(error);
		error = NULL;
		r = try_restore(&variants[i], &error);
		if (r == 0 || r == -EPERM) {
			firewall->tools = &variants[i];
			break;
		}
	}
	if (r == -ENOENT && !error)
		return text_fail(ret_error, r, "iptables: no iptables-restore and "
				     "ip6tables-restore in /usr/sbin, /sbin, /usr/bin or /bin; "
				     "install the package iptables");
	if (r < 0) {
		*ret_error = error;
		return r;
	}
	free(error);
	firewall->events.backend = FIREWALL_IPTABLES;
	if (firewall->tools->by_nft)
		(void)firewall_events_open(firewall);
	return 0;
}

static void iptables_print(const struct firewall_lines *expected, FILE *out)
{
	static const struct firewall_lines nothing = { 0 };

	for (size_t family = 0; family < FIREWALL_FAMILIES; family++) {
		fprintf(out, "# IPv%c: %s-restore -w 5 --noflush\n", family ? '6' : '4',
			family ? "ip6tables" : "iptables");
		firewall_iptables_write(expected, &nothing, family, out);
	}
}

static int iptables_read(struct firewall *firewall, struct firewall_lines *live, char **ret_error)
{
	int r = 0;

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0; family++)
		r = read_family(firewall->tools, family, live, ret_error);
	return r;
}

/* expected NULL: removes. */
static int change_family(const struct iptables_tools *tools, size_t family,
			 const struct firewall_lines *expected, const struct firewall_lines *live,
			 char **ret_error)
{
	char *input = NULL;
	size_t size;
	FILE *out = open_memstream(&input, &size);
	int r = 0;

	if (!out)
		return text_fail(ret_error, -ENOMEM, "iptables: out of memory");
	if (expected)
		firewall_iptables_write(expected, live, family, out);
	else
		firewall_iptables_write_removal(live, family, out);
	if (fclose(out) != 0)
		r = text_fail(ret_error, -ENOMEM, "iptables: out of memory");
	else if (size > 0)
		r = restore(tools, family, input, ret_error);
	free(input);
	return r;
}

static int iptables_replace(struct firewall *firewall, const struct firewall_lines *expected,
			    const struct firewall_lines *live, char **ret_error)
{
	int r = 0;

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0; family++) {
		char *error = NULL;

		r = change_family(firewall->tools, family, expected, live, &error);
		if (r < 0)
			text_fail(ret_error, r, "%s: %s%s", families[family].name,
				      error ? error : "iptables: out of memory",
				      family > 0 ? "; the rules of IPv4 are in place, those of "
						   "IPv6 are as they were" : "");
		free(error);
	}
	return r;
}

/* Removes ours from one family of one variant. What cannot be looked at is an error, or with `skip`
 * only worth a line in the log. */
static int remove_family(const struct iptables_tools *tools, size_t family, bool skip,
			 char **ret_error)
{
	struct firewall_lines live = { 0 };
	char *error = NULL;
	int r = read_family(tools, family, &live, &error);
	const char *why = error ? error : "out of memory";

	if (r == 0) {
		r = change_family(tools, family, NULL, &live, ret_error);
	} else if (skip) {
		log_print(r == -EPERM ? LOG_INFO : LOG_WARNING,
			  "firewall: cannot see whether table mangle (%s) of %s still has rules of "
			  "ours, which would queue SYNs twice: %s", families[family].name,
			  tools->name, why);
		r = 0;
	} else {
		text_fail(ret_error, r, "cannot see whether table mangle (%s) of %s has rules "
			      "of ours: %s", families[family].name, tools->name, why);
	}
	free(error);
	firewall_lines_done(&live);
	return r;
}

/* All that is there is tried, and the first error told. The plain names are one of the two variants
 * wherever the others exist. */
static int remove_variants(const struct iptables_tools *in_use, bool skip, char **ret_error)
{
	char path[CHILD_PATH_MAX];
	int first = 0;
	size_t tried = 0;

	for (size_t i = 0; i < VARIANTS && (tried == 0 || i + 1 < VARIANTS); i++) {
		for (size_t family = 0; family < FIREWALL_FAMILIES; family++) {
			char *error = NULL;
			int r = 0;

			if (!tool_find(&variants[i], family, "save", path))
				continue;
			tried++;
			if (&variants[i] != in_use)
				r = remove_family(&variants[i], family, skip, &error);
			if (r < 0 && first == 0) {
				first = r;
				*ret_error = error;
			} else {
				free(error);
			}
		}
	}
	return first;
}

static int iptables_remove(char **ret_error)
{
	return remove_variants(NULL, false, ret_error);
}

int firewall_iptables_retire(const struct iptables_tools *in_use, char **ret_error)
{
	return remove_variants(in_use, true, ret_error);
}

const struct firewall_ops firewall_iptables_ops = {
	.backend = FIREWALL_IPTABLES,
	.open = iptables_open,
	.expect = firewall_iptables_expect,
	.print = iptables_print,
	.read = iptables_read,
	.replace = iptables_replace,
	.remove = iptables_remove,
};
