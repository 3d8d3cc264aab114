/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a counter moves too fast: a step function of samples, without clock or I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALERT_SAMPLES 11 /* so that a window has ten stretches */

enum alert_measure {
	ALERT_RATE,  /* a second */
	ALERT_SHARE, /* percent of another counter */
	ALERT_TOTAL, /* in the window */
};

struct alert_rule {
	enum alert_measure measure;
	double threshold;    /* fires at this value and above; 0: never */
	uint64_t window_ns;  /* over which the value is taken */
	uint64_t for_ns;     /* how long the threshold is passed before it fires, or kept before it
			      * clears */
	uint64_t least;      /* ALERT_SHARE: fewer of the whole in the window are no share at all */
};

/* One look. Counters only rise; one that falls has begun anew, and so does what is known of it. */
struct alert_sample {
	uint64_t ns; /* of a clock that never goes back and counts suspended time */
	uint64_t part, whole; /* whole: ALERT_SHARE */
};

struct alert {
	struct alert_sample samples[ALERT_SAMPLES]; /* oldest first */
	size_t count;
	double value;         /* at the last step; only where known */
	bool known;
	bool firing;
	bool settled;         /* what firing says was measured since the start; see alert_step */
	bool calm;            /* not settled, under the threshold over a whole window ... */
	uint64_t calm_ns;     /* ... since then */
	bool turning;         /* the value is on the other side of the threshold ... */
	uint64_t turned_ns;   /* ... since then */
	uint64_t changed_ns;  /* when it fired or cleared */
};

enum alert_change { ALERT_SAME, ALERT_FIRED, ALERT_CLEARED };

/* Zero-initialised is an alert that has seen nothing. sample NULL: the counter cannot be read now;
 * then the value is unknown, and what fires goes on.
 *
 * One that has seen little does not fire, and whether what somebody knows of it from before is over
 * nobody can tell: it is settled once it has fired, or was known to be under its threshold for as
 * long as a clear takes, or nobody asks for it. */
enum alert_change alert_step(struct alert *alert, const struct alert_rule *rule, uint64_t now_ns,
			     const struct alert_sample *sample);
