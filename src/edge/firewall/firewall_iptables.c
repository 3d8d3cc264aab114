/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables by its save and restore programs, for it has no library: each family one transaction. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/text.h"
#include "edge/child.h"
#include "edge/firewall/firewall_backend.h"

static const struct {
	const char *name;   /* for people */
	const char *nft;    /* nftables' name of the family */
	const char *tables; /* iptables-legacy: the tables that exist, a name a line */
} families[FIREWALL_FAMILIES] = {
	{ "IPv4", "ip", "/proc/self/net/ip_tables_names" },
	{ "IPv6", "ip6", "/proc/self/net/ip6_tables_names" },
};

static struct iptables_request request_of(const struct iptables_tools *tools, size_t family,
					  enum iptables_action action)
{
	return (struct iptables_request){ (uint8_t)(tools - iptables_variants), (uint8_t)family,
					  (uint8_t)action };
}

static bool tool_exists(const struct iptables_tools *tools, size_t family,
			enum iptables_action action)
{
	const struct iptables_request request = request_of(tools, family, action);
	char path[CHILD_PATH_MAX];

	return iptables_tool_find(&request, path);
}

static bool tools_complete(const struct iptables_tools *tools)
{
	for (size_t family = 0; family < FIREWALL_FAMILIES; family++)
		if (!tool_exists(tools, family, IPTABLES_SAVE) ||
		    !tool_exists(tools, family, IPTABLES_RESTORE))
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

static int explain_failure(const char *path, int r, char **ret_error)
{
	switch (r) {
	case -ETIME:
		return text_fail(ret_error, r, "iptables: %s did not end within %d s and was "
				     "killed; see who holds /run/xtables.lock", path,
				     IPTABLES_TIMEOUT_MS / 1000);
	case -ECANCELED:
		return text_fail(ret_error, r, "iptables: %s was broken off, for mssclampd is told "
				     "to end", path);
	case -EALREADY:
		return text_fail(ret_error, r, "iptables: %s was not run: the kernel does not let "
				     "go of a run that was killed (another program's change of "
				     "rules may be in front of it)", path);
	case -EPIPE:
		return text_fail(ret_error, r, "iptables: the process that starts %s for mssclampd "
				     "has ended (killed?); " REMEDY_RESTART, path);
	case -ECONNRESET:
		return text_fail(ret_error, r, "iptables: the process that ran %s for mssclampd "
				     "ended before it had answered (killed?); the next run has a "
				     "new one", path);
	case -EINVAL:
		return text_fail(ret_error, r, "iptables: a rule to change has a form that is not "
				     "passed on to %s; remove it by hand (iptables-save -t mangle "
				     "shows it)", path);
	default:
		return text_fail(ret_error, r, "iptables: cannot run %s: %s", path,
				     strerror(-r));
	}
}

/* Runs the family's save or restore. ret_output may be NULL. */
static int tool_run(const struct iptables_runner *runner, const struct iptables_tools *tools,
		    size_t family, enum iptables_action action, const char *input,
		    char **ret_output, char **ret_error)
{
	const struct iptables_request request = request_of(tools, family, action);
	char path[CHILD_PATH_MAX];
	struct child_result result;
	int r = 0;

	if (!iptables_tool_find(&request, path))
		return text_fail(ret_error, -ENOENT, "iptables: no %s-%s in /usr/sbin, /sbin, "
				     "/usr/bin or /bin; install the package iptables",
				     tools->program[family],
				     action == IPTABLES_SAVE ? "save" : "restore");
	r = runner->run ? runner->run(runner->userdata, &request, input, &result) :
			  iptables_tool_run(&request, input, &result);
	if (r < 0)
		return explain_failure(path, r, ret_error);
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
 * list of legacy tables is for root and whom it is given to. To anybody else there are none, but
 * for one whose tools are in use: those may be run by who is root. */
static int table_exists(const struct iptables_tools *tools, size_t family, bool in_use,
			bool *ret_found, char **ret_error)
{
	char line[64];
	FILE *file;

	if (tools->by_nft)
		return nft_has_table(families[family].nft, "mangle", ret_found, ret_error);
	file = fopen(families[family].tables, "re");
	*ret_found = !file && errno == EACCES && in_use;
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

/* before, where given, gets rules of others too, see firewall_iptables_before. */
static int read_family(const struct iptables_runner *runner, const struct iptables_tools *tools,
		       size_t family, bool in_use, struct firewall_lines *live,
		       struct firewall_lines *before, char **ret_error)
{
	char *save = NULL;
	bool found;
	int r = table_exists(tools, family, in_use, &found, ret_error);

	if (r < 0 || !found)
		return r;
	r = tool_run(runner, tools, family, IPTABLES_SAVE, NULL, &save, ret_error);
	if (r < 0)
		return r;
	r = firewall_iptables_parse(save, family, live);
	if (r == 0 && before)
		r = firewall_iptables_before(save, family, before);
	if (r < 0)
		text_fail(ret_error, r, "iptables: out of memory");
	free(save);
	return r;
}

/* A restore that is parsed and checked against the kernel's extensions, but not committed. Not for
 * legacy: there even this creates the table. */
static int try_restore(const struct iptables_runner *runner, const struct iptables_tools *tools,
		       char **ret_error)
{
	static const char input[] =
		"*mangle\n:" FIREWALL_CHAIN " - [0:0]\n-A " FIREWALL_CHAIN " -p tcp -m tcp "
		"--tcp-flags FIN,SYN,RST SYN -j NFQUEUE --queue-balance 0:1 --queue-bypass "
		"--queue-cpu-fanout\nCOMMIT\n";
	int r = 0;

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0 && tools->by_nft; family++)
		r = tool_run(runner, tools, family, IPTABLES_TRY, input, NULL, ret_error);
	return r;
}

/* Whether the tools were asked, or are not there, so that others may do. Where nobody could be
 * asked the rules of an earlier run may be those of the first variant. */
static bool speaks_against_tools(int r)
{
	return r == -EIO || r == -ENOENT;
}

static int iptables_open(struct firewall *firewall, char **ret_error)
{
	char *error = NULL;
	int r = -ENOENT;

	for (size_t i = 0; i < IPTABLES_VARIANTS; i++) {
		if (!tools_complete(&iptables_variants[i]))
			continue;
		free(error);
		error = NULL;
		r = try_restore(&firewall->runner, &iptables_variants[i], &error);
		firewall->tools = &iptables_variants[i];
		if (!speaks_against_tools(r))
			break;
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

/* Whether a program hung a moment ago; the next one would. */
static int refuse_hung(const struct firewall *firewall, char **ret_error)
{
	if (!firewall->hung_ns || clock_boottime_ns() - firewall->hung_ns >= CHILD_HUNG_NS)
		return 0;
	return text_fail(ret_error, -ETIME, "iptables: %s did not end in time a moment ago, and is "
			 "left alone for %llu s", firewall->tools->name,
			 (unsigned long long)(CHILD_HUNG_NS / NS_PER_SECOND));
}

static int note_hung(struct firewall *firewall, int r)
{
	if (r == -ETIME)
		firewall->hung_ns = clock_boottime_ns();
	return r;
}

static int iptables_read(struct firewall *firewall, struct firewall_lines *live, char **ret_error)
{
	struct firewall_lines before = { 0 };
	int r = refuse_hung(firewall, ret_error);

	if (r < 0)
		return r;
	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0; family++)
		r = read_family(&firewall->runner, firewall->tools, family, true, live, &before,
				ret_error);
	if (r == 0)
		firewall_iptables_tell_before(firewall, &before);
	firewall_lines_done(&before);
	return note_hung(firewall, r);
}

/* expected NULL: removes. */
static int change_family(const struct iptables_runner *runner,
			 const struct iptables_tools *tools, size_t family,
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
		r = tool_run(runner, tools, family, IPTABLES_RESTORE, input, NULL, ret_error);
	free(input);
	return r;
}

static int iptables_replace(struct firewall *firewall, const struct firewall_lines *expected,
			    const struct firewall_lines *live, char **ret_error)
{
	int r = refuse_hung(firewall, ret_error);

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0; family++) {
		char *error = NULL;

		r = change_family(&firewall->runner, firewall->tools, family, expected, live,
				  &error);
		if (r < 0)
			text_fail(ret_error, r, "%s: %s%s", families[family].name,
				      error ? error : "iptables: out of memory",
				      family > 0 ? "; the rules of IPv4 are in place, those of "
						   "IPv6 are as they were" : "");
		free(error);
	}
	return note_hung(firewall, r);
}

/* Removes ours from one family of one variant. What cannot be looked at is an error, or with `skip`
 * only worth a line in the log. */
static int remove_family(const struct iptables_runner *runner,
			 const struct iptables_tools *tools, size_t family, bool skip,
			 char **ret_error)
{
	struct firewall_lines live = { 0 };
	char *error = NULL;
	int r = read_family(runner, tools, family, false, &live, NULL, &error);
	const char *why = error ? error : "out of memory";

	if (r == 0) {
		r = change_family(runner, tools, family, NULL, &live, ret_error);
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
static int remove_variants(const struct iptables_runner *runner,
			   const struct iptables_tools *in_use, bool skip, char **ret_error)
{
	int first = 0;
	size_t tried = 0;

	for (size_t i = 0;
	     i < IPTABLES_VARIANTS && (tried == 0 || i + 1 < IPTABLES_VARIANTS); i++) {
		for (size_t family = 0; family < FIREWALL_FAMILIES; family++) {
			char *error = NULL;
			int r = 0;

			if (!tool_exists(&iptables_variants[i], family, IPTABLES_SAVE))
				continue;
			tried++;
			if (&iptables_variants[i] != in_use)
				r = remove_family(runner, &iptables_variants[i], family, skip,
						  &error);
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

static int iptables_remove(const struct iptables_runner *runner, char **ret_error)
{
	return remove_variants(runner, NULL, false, ret_error);
}

int firewall_iptables_retire(const struct firewall *firewall, char **ret_error)
{
	return remove_variants(&firewall->runner, firewall->tools, true, ret_error);
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
