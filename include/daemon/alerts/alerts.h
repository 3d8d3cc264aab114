/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says when something goes wrong at a rate that matters, and when it is over: in the log, as events
 * and to whoever asks. What is watched stands in daemon/alerts/alert_table. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct alerts;
struct daemon;

/* Returns owned, or NULL (out of memory). Borrows the daemon. */
struct alerts *alerts_new(struct daemon *daemon);
void alerts_free(struct alerts *alerts);

/* About once a second: looks at the counters and tells what has changed. */
void alerts_tick(struct alerts *alerts);

/* Row i of alert_rows. alerts NULL: nothing fires. */
bool alerts_is_firing(const struct alerts *alerts, size_t i);

/* Those that fire now, as `status` lists them. Owned, or NULL (out of memory). */
json_t *alerts_json(const struct alerts *alerts);

/* The names of those that are settled (policy/alert.h). Owned, or NULL (out of memory). */
json_t *alerts_settled_json(const struct alerts *alerts);
