/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pages of `top` have in common. */
#pragma once

#include "ctl/screen/format.h"
#include "ctl/screen/table.h"
#include "ctl/top/top.h"

/* A line of parts with two blanks between them, as many as the screen has room for. */
void top_print_parts(const struct top *top, FILE *out, char *const *parts, size_t count);
/* "75%" of a rate; "-" where nothing came or it is unknown. */
struct format_text top_percent(double part, double whole);
/* The cell "1460 -> 1368 |####.|": the bar is what is left of the first. */
void top_add_mss(struct table *table, const struct top *top, uint64_t mss_in, uint64_t mss_out);
/* The rows of tunnels from first on; marked: the one that is chosen has a sign. */
void top_print_rows(const struct top *top, FILE *out, size_t first, size_t count, bool marked);
