/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keys do. */
#pragma once

#include <stdbool.h>

#include "ctl/top/top.h"
#include "ctl/top/top_keys.h"

/* Returns false where a signal came meanwhile that ends it. */
bool top_act(struct top *top, enum top_key key);
/* What is chosen is on the page, and the page is among the rows. */
void top_act_keep_in_view(struct top *top);
