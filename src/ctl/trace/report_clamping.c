/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether somebody clamps between the hosts and where the capture was made. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/trace/trace_report.h"

#define CHANGES_TOLD 3   /* in the sentence; --json has all */
#define NETWORKS_LEAST 3 /* that have the same odd MSS by no accident */

/* Ethernet's 1500 bytes less the headers. */
#define PLAIN_V4 1460
#define PLAIN_V6 1440

static uint16_t plain_mss(enum family family)
{
	return family == FAMILY_IPV4 ? PLAIN_V4 : PLAIN_V6;
}

struct hosts_summary {
	size_t networks, plain, far_plain;
	uint16_t lowered;   /* the MSS below plain that all others share, 0: none or several */
	size_t sharing;     /* networks with it */
};

/* Looks at one family, and at the networks that are far away if there are any. */
static struct hosts_summary summarize(const struct report *report, enum family family)
{
	struct hosts_summary sum = { .networks = 0 };
	bool mixed = false;

	for (size_t i = 0; i < report->host_count; i++) {
		const struct report_host *host = &report->hosts[i];

		if (host->family != family)
			continue;
		sum.networks++;
		if (host->mss >= plain_mss(family)) {
			sum.plain++;
			sum.far_plain += host->far;
			continue;
		}
		mixed = mixed || (sum.lowered && sum.lowered != host->mss);
		sum.lowered = host->mss;
		sum.sharing += host->far;
	}
	if (mixed)
		sum.lowered = 0;
	return sum;
}

/* Several far networks with one odd MSS between them, and none above. */
static bool share_one(const struct hosts_summary *sum)
{
	return sum->lowered && sum->sharing >= NETWORKS_LEAST && sum->far_plain == 0;
}

/* The most frequent change that is not told yet; NULL: none. */
static const struct report_change *next_change(const struct report_syn_kind *kind,
					       const struct report_change *last)
{
	const struct report_change *best = NULL;

	for (size_t i = 0; i < kind->change_count; i++) {
		const struct report_change *change = &kind->changes[i];

		if (last && (change->count > last->count ||
			     (change->count == last->count && change <= last)))
			continue;
		if (change->count > 0 && (!best || change->count > best->count))
			best = change;
	}
	return best;
}

/* "1460 to 1380 (9), 1460 to 1340 (2)"; how often where it is not all of them. */
static void say_changes(const struct report_syn_kind *kind, char *text, size_t size)
{
	const struct report_change *change = NULL;
	uint64_t told = 0;
	size_t len = 0;

	for (int i = 0; i < CHANGES_TOLD && len < size; i++) {
		char from[16] = "none", times[32] = "";

		change = next_change(kind, change);
		if (!change)
			break;
		told += change->count;
		if (change->from != SIDE_NO_MSS)
			snprintf(from, sizeof(from), "%" PRIu32, change->from);
		if (change->count != kind->changed)
			snprintf(times, sizeof(times), " (%" PRIu64 ")", change->count);
		len += (size_t)snprintf(text + len, size - len, "%s%s to %" PRIu32 "%s",
					len ? ", " : "", from, change->to, times);
	}
	if (told < kind->changed && len < size)
		snprintf(text + len, size - len, "%sother values (%" PRIu64 ")", len ? ", " : "",
			 kind->changed - told);
}

static size_t say_kind(const struct report_syn_kind *kind, const char *name, char *why, size_t size)
{
	char changes[160] = "";
	int len;

	if (!kind->changed) {
		snprintf(why, size, "%s captured before and after this host: %" PRIu64
			 ", all as they came.", name, kind->stayed);
		return strlen(why);
	}
	say_changes(kind, changes, sizeof(changes));
	len = snprintf(why, size, "%s captured before and after this host changed them: %" PRIu64
		       "; the MSS went from %s", name, kind->changed, changes);
	if (kind->stayed && (size_t)len < size)
		len += snprintf(why + len, size - (size_t)len, "; as they came: %" PRIu64,
				kind->stayed);
	if ((size_t)len < size)
		snprintf(why + len, size - (size_t)len, ".");
	return strlen(why);
}

/* What was captured on both sides of this host, "" where nothing was. */
static void say_passed(const struct report *report, char *why, size_t size)
{
	static const char *const names[] = { "SYNs", "SYN-ACKs" };
	size_t len = 0;

	for (size_t i = 0; i < 2; i++) {
		const struct report_syn_kind *kind = &report->syns.kinds[i];

		if (kind->changed + kind->stayed == 0 || len + 2 >= size)
			continue;
		if (len)
			why[len++] = ' ';
		len += say_kind(kind, names[i], why + len, size - len);
	}
}

/* answered: there is a SYN-ACK with the option. */
static enum report_clamp judge_families(const struct hosts_summary sums[FAMILY_COUNT],
					bool answered, char *why, size_t size)
{
	size_t networks = 0, plain = 0;
	bool far = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct hosts_summary *sum = &sums[family];

		networks += sum->networks;
		plain += sum->plain;
		far = far || sum->far_plain > 0;
		if (share_one(sum)) {
			snprintf(why, size,
				 "%zu networks behind routers all announce %u over IPv%d: so many "
				 "hosts do not have one odd MTU.", sum->sharing, sum->lowered,
				 family == FAMILY_IPV4 ? 4 : 6);
			return CLAMP_SEEN;
		}
	}
	if (plain == networks && !far && !answered) {
		snprintf(why, size, "There are SYNs of hosts nearby alone, and no answer to one.");
		return CLAMP_CANT_TELL;
	}
	if (plain == networks) {
		snprintf(why, size,
			 "Every network announces the MSS of a 1500-byte link or more: nobody "
			 "lowers it before it gets here.");
		return CLAMP_NOT_SEEN;
	}
	snprintf(why, size,
		 "%zu of %zu networks announce less than a 1500-byte link allows: their own links "
		 "may be smaller, or somebody clamps; capture at both ends to know.",
		 networks - plain, networks);
	return CLAMP_CANT_TELL;
}

/* By what the hosts announce alone. */
static enum report_clamp judge_hosts(const struct report *report, char *why, size_t size)
{
	struct hosts_summary sums[FAMILY_COUNT];

	if (report->host_count == 0) {
		snprintf(why, size, report->syns.count ? "No SYN has an MSS option." :
							 "No SYN was captured.");
		return CLAMP_CANT_TELL;
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		sums[family] = summarize(report, (enum family)family);
	return judge_families(sums, report->syns.answered, why, size);
}

enum report_clamp report_judge_clamping(const struct report *report, char *why, size_t size)
{
	const struct report_syn_kind *kinds = report->syns.kinds;
	enum report_clamp clamp;
	size_t len;

	if (kinds[0].changed || kinds[1].changed) {
		say_passed(report, why, size);
		return CLAMP_SEEN;
	}
	clamp = judge_hosts(report, why, size);
	len = strlen(why);
	if ((kinds[0].stayed || kinds[1].stayed) && len + 2 < size) {
		why[len++] = ' ';
		say_passed(report, why + len, size - len);
	}
	return clamp;
}
