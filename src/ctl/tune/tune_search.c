/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/tune/tune_search.h"

#include <inttypes.h>
#include <stdio.h>

/* What every path carries: 576 bytes (RFC 1122), 1280 (RFC 8200), less the headers. */
#define FLOOR_V4 536
#define FLOOR_V6 1220

#define LOSS_LEAST 20       /* segments sent again: fewer happen on any path */
#define LOSS_SHARE 10       /* one in ten */
#define FRAGMENTS_LEAST 10  /* others on this host make some too */
#define FRAGMENTS_SHARE 100 /* one in a hundred segments */
#define STALLED_SHARE 100   /* a hundredth of the fastest that way */
#define STALLED_OTHER 1000  /* no line is that much slower one way than the other */

const char *tune_verdict_name(enum tune_verdict verdict)
{
	static const char *const names[] = {
		[TUNE_GOOD] = "good",
		[TUNE_FRAGMENTS] = "fragments",
		[TUNE_LOSS] = "loss",
		[TUNE_STALLED] = "stalled",
	};

	return names[verdict];
}

enum tune_verdict tune_judge(const struct tune_counts *counts)
{
	if (counts->bits_per_second <= 0 ||
	    counts->bits_per_second < counts->best / STALLED_SHARE ||
	    counts->bits_per_second < counts->other / STALLED_OTHER)
		return TUNE_STALLED;
	if (counts->fragments != UINT64_MAX && counts->fragments >= FRAGMENTS_LEAST &&
	    counts->fragments >= counts->segments / FRAGMENTS_SHARE)
		return TUNE_FRAGMENTS;
	if (counts->retransmissions != UINT64_MAX && counts->retransmissions >= LOSS_LEAST &&
	    counts->retransmissions >= counts->segments / LOSS_SHARE)
		return TUNE_LOSS;
	return TUNE_GOOD;
}

enum tune_verdict tune_judge_next(struct tune_pace *pace, bool down, struct tune_counts counts)
{
	double *best = down ? &pace->down : &pace->up;

	counts.best = *best;
	counts.other = down ? pace->up : pace->down;
	if (counts.bits_per_second > *best)
		*best = counts.bits_per_second;
	return tune_judge(&counts);
}

void tune_search_begin(struct tune_search *search, enum family family, uint32_t bad)
{
	*search = (struct tune_search){
		.bad = bad,
		.floor = family == FAMILY_IPV4 ? FLOOR_V4 : FLOOR_V6,
	};
}

uint32_t tune_search_next(const struct tune_search *search)
{
	if (search->bad <= search->floor)
		return 0;
	if (search->good == 0)
		return search->floor;
	return search->bad - search->good > 1 ? search->good + (search->bad - search->good) / 2 : 0;
}

void tune_search_note(struct tune_search *search, uint32_t mss, bool good)
{
	if (good && mss > search->good)
		search->good = mss;
	else if (!good && mss < search->bad)
		search->bad = mss;
}

void tune_search_so_far(const struct tune_search *search, char *text, size_t size)
{
	if (search->good)
		snprintf(text, size,
			 "; found so far: MSS %" PRIu32 " is clean both ways, %" PRIu32 " is not",
			 search->good, search->bad);
	else
		snprintf(text, size, "; found so far: MSS %" PRIu32 " is not clean", search->bad);
}
