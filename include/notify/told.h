/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people have been told of, in a file that outlives this process. */
#pragma once

#include "notify/alarm.h"

struct told {
	const char *path; /* absolute; borrowed, NULL: nothing is remembered */
	int error;        /* of the last save: said once */
};

/* Reads it. One that is damaged is set aside (NAME.damaged), and like one that cannot be read said
 * in a line; then, as where there is none, alarms are empty. */
void told_load(const struct told *told, struct alarms *ret_alarms);

/* Replaces it whole, or says that it cannot. */
void told_save(struct told *told, const struct alarms *alarms);
