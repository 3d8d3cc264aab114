/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which MSS is tried next, and what a run says about one. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

/* What a run was like. */
enum tune_verdict {
	TUNE_GOOD,
	TUNE_FRAGMENTS, /* it arrives, in pieces */
	TUNE_LOSS,      /* much of it is sent again */
	TUNE_STALLED,   /* next to nothing arrives */
};

/* One run, up or down. */
struct tune_counts {
	uint64_t segments;        /* about how many were sent */
	uint64_t retransmissions; /* UINT64_MAX: unknown */
	uint64_t fragments;       /* made here or put together here, UINT64_MAX: unknown */
	double bits_per_second, best; /* of this run, and of the fastest so far that way */
	double other;             /* of the fastest so far the other way */
};

/* Bits per second of the fastest runs so far: a line may be far slower one way. */
struct tune_pace {
	double up, down;
};

/* "good", "fragments", "loss", "stalled". */
const char *tune_verdict_name(enum tune_verdict verdict);

enum tune_verdict tune_judge(const struct tune_counts *counts);
/* The same beside those before it, which fill best and other; then it counts among them. */
enum tune_verdict tune_judge_next(struct tune_pace *pace, bool down, struct tune_counts counts);

/* Bisection between an MSS that passes and one that does not. */
struct tune_search {
	uint32_t good; /* largest MSS that passed, 0: none yet */
	uint32_t bad;  /* smallest that did not */
	uint32_t floor;
};

/* Begins below an MSS that does not pass. */
void tune_search_begin(struct tune_search *search, enum family family, uint32_t bad);
/* The next MSS to try, the smallest first, or 0 when it is known or none passes. */
uint32_t tune_search_next(const struct tune_search *search);
void tune_search_note(struct tune_search *search, uint32_t mss, bool good);
/* What is known when it has to end early, to stand behind an error: "; found so far: ...". */
void tune_search_so_far(const struct tune_search *search, char *text, size_t size);
