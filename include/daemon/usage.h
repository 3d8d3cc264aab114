/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd takes on its command line. */
#pragma once

#include "base/usage.h"

enum { DAEMON_OPTION_STRICT = 256, DAEMON_OPTION_TAKEOVER };

extern const struct usage daemon_usage;
