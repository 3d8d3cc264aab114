/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of `mssclampctl calc` that other files ask for. */
#pragma once

#include <stdio.h>

#include "ctl/options/ctl.h"

/* calc --table: what each sort of VPN leaves of a path. Returns owned, or NULL (out of memory):
 * {"schema":1,"path_mtu_bytes","rows":[{"name","outer","stack","inner_mtu_bytes","mss4_bytes",
 * "mss6_bytes","assumes":[]}]}. A row whose layers do not fit has nulls. */
json_t *calc_table_make(uint32_t path_mtu);
/* Prints it, and returns an enum ctl_exit. */
int calc_table(const struct ctl *ctl, uint32_t path_mtu);

/* For `help calc`: the kinds and their keys. */
void calc_help(FILE *out);
