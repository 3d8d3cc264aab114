/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclamp-facts takes on its command line. */
#pragma once

#include "base/usage.h"

enum { FACTS_OPTION_FD = 256 };

extern const struct usage facts_usage;
