/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a second look has brought. */
enum change {
	CHANGE_NONE,
	CHANGE_QUIET, /* only times of the last sign of life: nobody has to be told at once */
	CHANGE_LOUD,
};

static inline int change_larger(int a, int b)
{
	return a > b ? a : b;
}
