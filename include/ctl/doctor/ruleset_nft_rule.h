/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule in nft's language. Pure. */
#pragma once

#include "ctl/doctor/ruleset_rule.h"

/* Reads the line up to `end`; the rule borrows its text. */
void ruleset_nft_read_rule(struct ruleset_reading *reading, const char *line, const char *end);
