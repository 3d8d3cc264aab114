/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The temporary limits in force. Each begins, is replaced, ended or undoes itself when its time is
 * over; all of it is logged and told (try_began, try_ended), and the snapshot follows at once. They
 * outlive a reload and end with the daemon. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/discovery/model.h"
#include "daemon/events/events.h"
#include "daemon/tries/try_list.h"

struct tries;

/* Borrows event, model and told. Returns 0 and owned, or -errno (logged). */
int tries_open(sd_event *event, struct model *model, const struct events *told,
	       struct tries **ret_tries);
/* The model keeps what is in force. NULL is fine. */
void tries_close(struct tries *tries);

/* Borrowed until one begins or ends. */
const struct try_list *tries_list(const struct tries *tries);

/* Appends a text for each on that tunnel or interface, or with NULL for each. */
void tries_warn(const struct tries *tries, const char *tunnel, json_t *warnings);

/* In force from now on, asked for by uid. Takes one on success. Returns 0, or with all as it was
 * -ENOSPC (TRIES_MAX are in force) or -errno. */
int tries_begin(struct tries *tries, const struct try *one, uid_t uid, bool *ret_replaced);
/* Ends the one at a place of the list. Returns 0, or -errno with all as it was. */
int tries_end(struct tries *tries, size_t place, uid_t uid);
