/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics as text in the exposition format of Prometheus, 0.0.4. Pure but for the stream that it is
 * written to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition_metric {
	const char *name;
	enum exposition_type type;
	const char *help; /* one line */
};

/* Value may be any bytes: what is no UTF-8, and control characters, are U+FFFD. NULL is "". */
struct exposition_label {
	const char *name, *value;
};

#define EXPOSITION_LABELS(...) ((const struct exposition_label[]){ __VA_ARGS__, { NULL, NULL } })

/* A text under way. */
struct exposition {
	FILE *out; /* borrowed */
	const struct exposition_metric *metric;
	bool headed; /* its HELP and TYPE are written */
};

/* "counter", "gauge", "histogram". */
const char *exposition_type_name(enum exposition_type type);

/* The samples that follow are of this metric. One without samples leaves no line. */
void exposition_begin(struct exposition *exposition, const struct exposition_metric *metric);

/* One sample. labels end with a row without name; NULL: none. */
void exposition_count(struct exposition *exposition, const struct exposition_label *labels,
		      uint64_t value);
/* A number with all its digits; not a number and infinite are left out. */
void exposition_number(struct exposition *exposition, const struct exposition_label *labels,
		       double value);

/* A bucket of a histogram, ascending; below is its upper border as the text of label le, count
 * holds all buckets up to this one. The last is exposition_histogram_end, which writes +Inf, sum
 * and count. */
void exposition_bucket(struct exposition *exposition, const struct exposition_label *labels,
		       const char *below, uint64_t count);
void exposition_histogram_end(struct exposition *exposition, const struct exposition_label *labels,
			      double sum, uint64_t count);
