/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules held against the links they speak of. */
#pragma once

#include <jansson.h>

#include "policy/rules.h"
#include "policy/snapshot.h"

/* A line for each rule that allows more than the MTU of an interface it covers carries: it is
 * obeyed, but somebody should know. Rules for a prefix on any interface are not held against all of
 * them. Returns an owned array of strings, or NULL (out of memory). */
json_t *rule_check_warnings(const struct rules *rules, const struct snapshot *snapshot);

/* Each of these lines to the log. */
void rule_check_log(const json_t *warnings);
