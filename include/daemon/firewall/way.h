/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way that changed SYNs take back into the kernel: as changed bytes, by marks, or not at all.
 * It follows from the configured mode and from what the kernel takes here, which is tried at the
 * start. Control thread only. */
#pragma once

#include "daemon/config/config.h"

struct daemon;
struct way;

/* Once workers and rules stand: tries what the kernel takes, puts the way in force and says what is
 * not as configured. Logs what went wrong. Returns 0 and the owned way, or -errno. */
int way_open(struct daemon *daemon, struct way **ret_way);
void way_close(struct way *way);

/* The way of another configuration; it comes into force with the model_configure that has to follow
 * (call it again with the old one where that fails). Where the rules of mark mode cannot be changed
 * it returns -errno and *ret_error an owned text. */
int way_configure(struct daemon *daemon, const struct config *config, char **ret_error);

/* About once a second. */
void way_tick(struct daemon *daemon);

/* "queue", "mark" or "audit": what is in force, whatever is configured. */
const char *way_mode(const struct daemon *daemon);

/* Why SYNs are left alone, a sentence, or NULL. */
const char *way_problem(const struct daemon *daemon);
/* What is worth a warning though SYNs are lowered, or NULL. */
const char *way_warning(const struct daemon *daemon);
