/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclamp-notify takes on its command line. */
#pragma once

#include "base/usage.h"

extern const struct usage notify_usage;
