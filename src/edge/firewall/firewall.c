/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"
#include "edge/firewall/firewall.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "edge/child.h"
#include "edge/firewall/firewall_backend.h"
#include "edge/netlink/nl.h"

static const char *const backend_names[] = {
	[FIREWALL_AUTO] = "auto",
	[FIREWALL_NFTABLES] = "nftables",
	[FIREWALL_IPTABLES] = "iptables",
	[FIREWALL_NONE] = "none",
};

static const char *const state_names[] = {
	[FIREWALL_STATE_OK] = "ok",
	[FIREWALL_STATE_MISSING] = "missing",
	[FIREWALL_STATE_DIFFERENT] = "different",
	[FIREWALL_STATE_NONE] = "none",
};

const char *firewall_backend_name(enum firewall_backend backend)
{
	return backend_names[backend];
}

const char *firewall_state_name(enum firewall_state state)
{
	return state_names[state];
}

/* The other backend is no way out: it would say the same in other words, or run beside the rules
 * of an earlier run, which nobody could look at. */
static bool could_not_be_asked(int r)
{
	return r == -EPERM || child_is_unheard(r);
}

/* nftables first: one table for both families, no child processes. What is missing for both is said
 * together, for either would help. */
static int open_auto(struct firewall *firewall, char **ret_error)
{
	char *nft_error = NULL, *iptables_error = NULL;
	int r = firewall_nft_ops.open(firewall, &nft_error);

	if (r == 0) {
		firewall->ops = &firewall_nft_ops;
		return 0;
	}
	if (could_not_be_asked(r)) {
		*ret_error = nft_error;
		return r;
	}
	r = firewall_iptables_ops.open(firewall, &iptables_error);
	if (r == 0)
		firewall->ops = &firewall_iptables_ops;
	else
		text_fail(ret_error, r, "no firewall backend works: %s; %s",
			      nft_error ? nft_error : "nftables: out of memory",
			      iptables_error ? iptables_error : "iptables: out of memory");
	free(nft_error);
	free(iptables_error);
	return r;
}

int firewall_open(enum firewall_backend backend, const struct iptables_runner *runner,
		  struct firewall **ret_firewall, char **ret_error)
{
	struct firewall *firewall = calloc(1, sizeof(*firewall));
	int r = 0;

	if (!firewall)
		return text_fail(ret_error, -ENOMEM, "firewall: out of memory");
	if (runner)
		firewall->runner = *runner;
	switch (backend) {
	case FIREWALL_AUTO:
		r = open_auto(firewall, ret_error);
		break;
	case FIREWALL_NFTABLES:
		firewall->ops = &firewall_nft_ops;
		r = firewall->ops->open(firewall, ret_error);
		break;
	case FIREWALL_IPTABLES:
		firewall->ops = &firewall_iptables_ops;
		r = firewall->ops->open(firewall, ret_error);
		break;
	case FIREWALL_NONE:
		break;
	}
	if (r < 0) {
		firewall_close(firewall);
		return r;
	}
	*ret_firewall = firewall;
	return 0;
}

/* One that fails must not keep the other from being tried; the first text is told. */
static int remove_all(const struct iptables_runner *runner, char **ret_error)
{
	char *second = NULL;
	int r = firewall_nft_ops.remove(runner, ret_error);
	int r2 = firewall_iptables_ops.remove(runner, r < 0 ? &second : ret_error);

	free(second);
	return r < 0 ? r : r2;
}

void firewall_keep(struct firewall *firewall)
{
	firewall->kept = true;
}

void firewall_close(struct firewall *firewall)
{
	char *error = NULL;

	if (!firewall)
		return;
	if (firewall->made && !firewall->kept && remove_all(&firewall->runner, &error) < 0)
		log_warning("firewall: rules of a start that failed may be left: %s",
			    error ? error : "out of memory");
	free(error);
	nl_close(firewall->nl);
	firewall_lines_done(&firewall->before);
	free(firewall->no_limit);
	free(firewall);
}

const char *firewall_taken_before(const struct firewall *firewall, size_t i)
{
	return i < firewall->before.count ? firewall->before.line[i].text : NULL;
}

enum firewall_backend firewall_which(const struct firewall *firewall)
{
	return firewall->ops ? firewall->ops->backend : FIREWALL_NONE;
}

int firewall_print(enum firewall_backend backend, const struct firewall_plan *plan, FILE *out)
{
	const struct firewall_ops *ops =
		backend == FIREWALL_IPTABLES ? &firewall_iptables_ops : &firewall_nft_ops;
	struct firewall_lines expected = { 0 };
	int r;

	if (backend == FIREWALL_NONE) {
		fputs("# firewall = \"none\": mssclampd loads no rules\n", out);
	} else {
		r = ops->expect(plan, &expected);
		if (r == 0)
			ops->print(&expected, out);
		firewall_lines_done(&expected);
		if (r < 0)
			return r;
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : errno ? -errno : -EIO;
}

static int plan_check(const struct firewall_plan *plan, char **ret_error)
{
	if (plan->queue_count >= 1 && plan->queue_first + plan->queue_count - 1 <= UINT16_MAX)
		return 0;
	return text_fail(ret_error, -EINVAL,
			     "firewall: %u queues from %u on: there must be at least one, and the "
			     "last number at most 65535; change queues.first or queues.count",
			     plan->queue_count, plan->queue_first);
}

/* Both lists, matched. On failure nothing is left to free. */
static int compare(struct firewall *firewall, const struct firewall_plan *plan,
		   struct firewall_lines *expected, struct firewall_lines *live,
		   enum firewall_state *ret_state, char **ret_error)
{
	struct firewall_plan possible = *plan;
	int r = plan_check(plan, ret_error);

	if (r < 0)
		return r;
	if (firewall->no_limit)
		possible.per_source = 0;
	r = firewall->ops->expect(&possible, expected);
	if (r < 0)
		text_fail(ret_error, r, "firewall: out of memory");
	else
		r = firewall->ops->read(firewall, live, ret_error);
	if (r < 0) {
		firewall_lines_done(expected);
		firewall_lines_done(live);
		return r;
	}
	*ret_state = firewall_lines_match(expected, live);
	return 0;
}

/* Loading may succeed and still not give what was asked for (iptables-restore accepts a jump to a
 * chain that is not there), so what counts is what can be read back. */
static int verify(struct firewall *firewall, const struct firewall_plan *plan, char **ret_error)
{
	enum firewall_state state;
	char *text = NULL, *line = NULL;
	size_t size;
	FILE *diff = open_memstream(&text, &size);
	int r;

	if (!diff)
		return text_fail(ret_error, -ENOMEM, "firewall: out of memory");
	r = firewall_check(firewall, plan, &state, diff, ret_error);
	fclose(diff);
	if (r == 0 && state != FIREWALL_STATE_OK) {
		line = text ? firewall_lines_join(text) : NULL;
		r = text_fail(ret_error, -EIO,
				  "%s: the rules were loaded, but the kernel lists others "
				  "(another program may be changing them): %s",
				  firewall_backend_name(firewall->ops->backend),
				  line ? line : "out of memory");
	}
	free(line);
	free(text);
	return r;
}

const char *firewall_no_limit(const struct firewall *firewall)
{
	return firewall->no_limit;
}

/* ret_refused: the kernel did not take them. */
static int apply(struct firewall *firewall, const struct firewall_plan *plan, bool *ret_refused,
		 char **ret_error)
{
	struct firewall_lines expected = { 0 }, live = { 0 };
	enum firewall_state state;
	int r;

	*ret_refused = false;
	r = compare(firewall, plan, &expected, &live, &state, ret_error);
	if (r < 0)
		return r;
	if (state != FIREWALL_STATE_OK) {
		firewall->made |= state == FIREWALL_STATE_MISSING;
		firewall_events_begin(firewall);
		r = firewall->ops->replace(firewall, &expected, &live, ret_error);
		firewall_events_end(firewall);
		*ret_refused = r < 0 && r != -EPERM && r != -ENOMEM;
		if (r == 0)
			r = verify(firewall, plan, ret_error);
	}
	firewall_lines_done(&expected);
	firewall_lines_done(&live);
	return r;
}

/* A limit that the kernel does not know is no reason to have no rules. Takes why it was refused. */
static int apply_without_limit(struct firewall *firewall, const struct firewall_plan *plan,
			       char *why, bool is_news, char **ret_error)
{
	bool refused;
	int r;

	firewall->no_limit = why;
	r = apply(firewall, plan, &refused, ret_error);
	if (r < 0) {
		free(why);
		firewall->no_limit = NULL;
	} else if (is_news) {
		log_warning("firewall: this kernel takes no limit per source (queues.per_source), "
			    "all SYNs are sent to the queue: %s", why);
	}
	return r;
}

int firewall_apply(struct firewall *firewall, const struct firewall_plan *plan, char **ret_error)
{
	bool is_news = !firewall->no_limit, refused;
	char *error = NULL;
	int r;

	if (!firewall->ops)
		return 0;
	free(firewall->no_limit);
	firewall->no_limit = NULL;
	r = apply(firewall, plan, &refused, &error);
	if (r < 0 && refused && plan->per_source && error)
		return apply_without_limit(firewall, plan, error, is_news, ret_error);
	if (r < 0)
		*ret_error = error;
	return r;
}

int firewall_retire_others(struct firewall *firewall, char **ret_error)
{
	static const struct firewall_plan no_hooks = { .queue_count = 1 };
	struct firewall other = { .ops = &firewall_nft_ops };
	enum firewall_state state;
	int r;

	if (!firewall->ops)
		return 0;
	r = firewall_iptables_retire(firewall, ret_error);
	if (r < 0 || firewall->ops == &firewall_nft_ops)
		return r;
	r = firewall_check(&other, &no_hooks, &state, NULL, ret_error);
	if (r < 0 || state == FIREWALL_STATE_MISSING)
		return r;
	return firewall_apply(&other, &no_hooks, ret_error);
}

int firewall_remove_all(char **ret_error)
{
	const struct iptables_runner here = { 0 };

	return remove_all(&here, ret_error);
}

int firewall_check(struct firewall *firewall, const struct firewall_plan *plan,
		   enum firewall_state *ret_state, FILE *diff, char **ret_error)
{
	struct firewall_lines expected = { 0 }, live = { 0 };
	int r;

	if (!firewall->ops) {
		*ret_state = FIREWALL_STATE_NONE;
		return 0;
	}
	r = compare(firewall, plan, &expected, &live, ret_state, ret_error);
	if (r < 0)
		return r;
	if (diff)
		firewall_lines_diff(&expected, &live, diff);
	firewall_lines_done(&expected);
	firewall_lines_done(&live);
	return 0;
}

int firewall_read_counts(struct firewall *firewall, struct firewall_counts *ret_counts,
			 char **ret_error)
{
	struct firewall_counts counts = { 0 };
	struct firewall_lines live = { 0 };
	int r = firewall->ops ? firewall->ops->read(firewall, &live, ret_error) : 0;

	if (r == 0) {
		for (size_t i = 0; i < live.count; i++) {
			const struct firewall_line *line = &live.line[i];

			if (line->hook == FIREWALL_FORWARD)
				counts.forward += line->packets;
			else if (line->hook == FIREWALL_OUTPUT)
				counts.output += line->packets;
			else if (line->hook == FIREWALL_INPUT)
				counts.input += line->packets;
			if (line->over_limit)
				counts.over_limit += line->packets;
		}
		*ret_counts = counts;
	}
	firewall_lines_done(&live);
	return r;
}
