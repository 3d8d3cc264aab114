/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top` on a terminal: keys, signals, frames. */
#pragma once

#include <stdint.h>

#include "ctl/top/top.h"

/* Until a key or a signal ends it, or so many frames (0: no such end). Returns an enum ctl_exit. */
int top_run(struct top *top, uint64_t frames, uint64_t turn_ns);
