/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request over HTTP gets. Pure. */
#pragma once

#include <stdbool.h>

enum answer {
	ANSWER_METRICS,
	ANSWER_PAGE,         /* which says where the metrics are */
	ANSWER_NOT_FOUND,
	ANSWER_BAD_METHOD,   /* neither GET nor HEAD */
	ANSWER_NO_BODY,      /* comes with a body, which nobody reads */
};

/* path is without its question mark and what follows; has_body: the request announces one. */
enum answer answer_choose(const char *method, const char *path, bool has_body);

unsigned int answer_status(enum answer answer);

/* The text of all but ANSWER_METRICS. */
const char *answer_text(enum answer answer);
