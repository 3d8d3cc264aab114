/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How calc looks on a screen. */
#pragma once

#include "ctl/calc/calc_sum.h"
#include "ctl/options/ctl.h"

/* Prints the sum step by step, the ladder of the layers, the MSS and what was assumed. Returns 0 or
 * -ENOMEM. */
int calc_print(const struct ctl *ctl, const struct calc_sum *sum);

/* One rung of the ladder, `width` columns wide, into text (4 * width + 1 bytes): what lies outside
 * is blank, the layer's own bytes are shaded, what it leaves is full; `path` bytes fill the width.
 * *from is the column where the layer begins and becomes the one where the next does: a layer takes
 * at least one column while there is room. */
void calc_print_rung(char *text, unsigned int width, uint32_t path, uint32_t left,
		     unsigned int *from, bool utf8);
