/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode of mssclampd, for the screens whose numbers mean something else in some. */
#pragma once

#include <stdbool.h>

#include "ctl/options/ctl.h"

enum ctl_mode {
	CTL_MODE_OTHER,   /* or unknown */
	CTL_MODE_AUDIT,   /* what is counted as clamped would be */
	CTL_MODE_OFFLOAD, /* the kernel clamps most SYNs, not counted with the others */
};

/* Asks mssclampd for its mode. CTL_MODE_OTHER where it gives no answer: nobody hears of that. */
enum ctl_mode mode_ask(const struct ctl *ctl);
bool mode_is_audit(const struct ctl *ctl);
