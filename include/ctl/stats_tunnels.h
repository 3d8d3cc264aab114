/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `stats` shows of each tunnel: its counters, what its SYNs came and left with, and what that
 * says of the lines that hosts are at. */
#pragma once

#include <jansson.h>

#include "ctl/options/ctl.h"

/* Leaves only that tunnel in a reply of GetStats. Returns 0, or -ENOENT where it is not there. */
int stats_tunnels_keep(json_t *reply, const char *name);

/* Behind stats_tunnels_keep: makes the sums of all those of that tunnel, so that they can be shown
 * in their place. Returns 0 or -ENOMEM. */
int stats_tunnels_narrow(json_t *reply);

/* An empty line and a row for each family and direction of the first tunnel that came; nothing
 * where none did. Returns 0 or -ENOMEM. */
int stats_tunnels_print_directions(const struct ctl *ctl, const json_t *reply);

/* An empty line and a row for each tunnel; nothing without tunnels. Returns 0 or -ENOMEM. */
int stats_tunnels_print(const struct ctl *ctl, const json_t *reply);

/* Bars by tunnel and family, the busiest tunnels first, then hints. */
void stats_tunnels_print_mss(const struct ctl *ctl, const json_t *reply);
