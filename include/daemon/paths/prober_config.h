/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a prober takes from the configuration. */
#pragma once

#include "daemon/config/config.h"
#include "policy/probe/probe_plan.h"

/* With a seed of its own, another one each time. */
struct probe_plan_config prober_config_of(const struct config *config);
