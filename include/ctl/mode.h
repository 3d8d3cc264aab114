/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode of mssclampd, for the screens whose numbers mean something else in audit mode. */
#pragma once

#include <stdbool.h>

#include "ctl/ctl.h"

/* Asks mssclampd for its mode. False also where it gives no answer: nobody hears of that. */
bool mode_is_audit(const struct ctl *ctl);
