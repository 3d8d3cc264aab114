/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How calc looks on a screen. */
#pragma once

#include "ctl/calc/calc_sum.h"
#include "ctl/options/ctl.h"

/* Prints the sum step by step, the ladder of the layers, the MSS and what was assumed. Returns 0 or
 * -ENOMEM. */
int calc_print(const struct ctl *ctl, const struct calc_sum *sum);
