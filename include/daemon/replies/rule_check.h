/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules held against what fits where they hold. */
#pragma once

#include <jansson.h>

#include "edge/netlink/rtnl.h"
#include "policy/snapshot/snapshot.h"

/* A line for each rule of the snapshot that allows more than fits somewhere: it is obeyed, but
 * somebody should know. routes are those it was built from. Tries are left out. Returns an owned
 * array of strings, or NULL (out of memory). */
json_t *rule_check_warnings(const struct snapshot *snapshot, const struct route_list *routes);

/* Each of these lines to the log. */
void rule_check_log(const json_t *warnings);
