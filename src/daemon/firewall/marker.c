/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/marker.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/mark.h"
#include "policy/snapshot/mark_book.h"

#define ALL (MARK_FRESH | MARK_HELD | MARK_STALE)

struct marker {
	struct mark *mark;
	struct mark_book *book;
	unsigned int hooks;
	bool in_force;  /* the rules were put there once; who takes them away is another matter */
	bool failed;    /* the last time that the kernel should have got new marks */
	bool told_sharing;
	struct log_ratelimit failed_limit;
};

int marker_open(unsigned int hooks, uint32_t bits, struct marker **ret_marker, char **ret_error)
{
	struct marker *marker = calloc(1, sizeof(*marker));
	int r = -ENOMEM;

	if (!marker)
		return r;
	marker->hooks = hooks;
	marker->book = mark_book_new(bits);
	if (marker->book)
		r = mark_open(&marker->mark, ret_error);
	if (r < 0) {
		marker_close(marker);
		return r;
	}
	*ret_marker = marker;
	return 0;
}

void marker_close(struct marker *marker)
{
	if (!marker)
		return;
	mark_close(marker->mark);
	mark_book_free(marker->book);
	free(marker);
}

/* The plan with the entries in those states; they are owned. */
static int make_plan(const struct marker *marker, unsigned int states, struct mark_plan *ret_plan,
		     struct mark_entry **ret_entries)
{
	size_t count = mark_book_list(marker->book, states, NULL);
	struct mark_entry *entries = calloc(count + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	mark_book_list(marker->book, states, entries);
	*ret_plan = (struct mark_plan){
		.hooks = marker->hooks,
		.bits = mark_book_bits(marker->book),
		.entries = entries,
		.count = count,
	};
	*ret_entries = entries;
	return 0;
}

static int apply(struct marker *marker, unsigned int states, char **ret_error)
{
	struct mark_entry *entries;
	struct mark_plan plan;
	int r = make_plan(marker, states, &plan, &entries);

	if (r < 0)
		return r;
	r = mark_apply(marker->mark, &plan, ret_error);
	if (r == 0)
		marker->in_force = true;
	free(entries);
	return r;
}

static void say_failed(struct marker *marker, int error, const char *text)
{
	uint64_t suppressed;

	if (log_may_speak(&marker->failed_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
			  &suppressed))
		log_error(error, "mark mode: the rules that lower MSS by marks cannot be changed: "
				 "%s", text ? text : "no reason given");
}

/* The kernel first, then the table that says so. */
static void load(struct marker *marker)
{
	bool missing = !marker->in_force || mark_book_list(marker->book, MARK_FRESH, NULL) > 0;
	char *error = NULL;
	int r = missing ? apply(marker, ALL, &error) : 0;

	mark_book_loaded(marker->book, r == 0);
	marker->failed = r < 0;
	if (r < 0)
		say_failed(marker, r, error);
	free(error);
}

static void tell_sharing(struct marker *marker)
{
	size_t sharing = mark_book_sharing(marker->book);

	if (sharing == 0 || marker->told_sharing)
		return;
	marker->told_sharing = true;
	log_warning("mark mode: mark.bits 0x%08x tell %zu limits apart and there are more: %zu "
		    "share the mark of the next smaller one; more bits would help",
		    mark_book_bits(marker->book), mark_indices(mark_book_bits(marker->book)),
		    sharing);
}

/* From bits of ours to those of the kernel's hooks. */
static uint32_t netfilter_hooks(unsigned int hooks)
{
	return (hooks & FIREWALL_FORWARD ? 1u << NF_INET_FORWARD : 0) |
	       (hooks & FIREWALL_OUTPUT ? 1u << NF_INET_LOCAL_OUT : 0) |
	       (hooks & FIREWALL_INPUT ? 1u << NF_INET_LOCAL_IN : 0);
}

int marker_fill(struct marker *marker, struct snapshot *snapshot)
{
	struct mark_table *table;
	uint32_t *limits;
	size_t count;
	int r = snapshot_limits(snapshot, &limits, &count);

	if (r < 0)
		return r;
	r = mark_book_plan(marker->book, limits, count);
	free(limits);
	if (r < 0)
		return r;
	load(marker);
	if (!marker->in_force)
		return 0;
	tell_sharing(marker);
	table = mark_book_table(marker->book);
	if (!table)
		return -ENOMEM;
	table->hooks = netfilter_hooks(marker->hooks);
	snapshot_set_marks(snapshot, table);
	return 0;
}

bool marker_shares(const struct marker *marker)
{
	return marker->in_force && mark_book_sharing(marker->book) > 0;
}

bool marker_has_failed(const struct marker *marker)
{
	return marker->failed;
}

bool marker_settle(struct marker *marker)
{
	char *error = NULL;
	int r;

	if (mark_book_list(marker->book, MARK_STALE, NULL) == 0)
		return false;
	r = apply(marker, MARK_HELD, &error);
	if (r < 0)
		say_failed(marker, r, error);
	else
		mark_book_dropped(marker->book);
	free(error);
	return r == 0 && mark_book_sharing(marker->book) > 0;
}

int marker_set_hooks(struct marker *marker, unsigned int hooks, char **ret_error)
{
	if (marker->hooks == hooks)
		return 0;
	marker->hooks = hooks;
	return marker_mend(marker, ret_error);
}

int marker_check(struct marker *marker, bool *ret_ok, FILE *diff, char **ret_error)
{
	return mark_check(marker->mark, ret_ok, diff, ret_error);
}

int marker_mend(struct marker *marker, char **ret_error)
{
	return apply(marker, ALL, ret_error);
}

bool marker_is_news(const struct marker *marker)
{
	return mark_is_news(marker->mark);
}

void marker_print(const struct marker *marker, FILE *out)
{
	struct mark_entry *entries;
	struct mark_plan plan;

	if (make_plan(marker, ALL, &plan, &entries) < 0)
		return;
	mark_print(&plan, out);
	free(entries);
}
