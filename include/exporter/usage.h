/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclamp-exporter takes on its command line. */
#pragma once

#include "base/usage.h"

extern const struct usage exporter_usage;
