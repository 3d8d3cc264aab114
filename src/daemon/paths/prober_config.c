/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_config.h"

#include <sys/random.h>

#include "base/clock.h"

struct probe_plan_config prober_config_of(const struct config *config)
{
	struct probe_plan_config plan = {
		.automatic = config->path.probe,
		.interval_ns = config->path.interval_ns,
		.rate_pps = config->path.rate_pps,
		.floor = { config->path.floor4, config->path.floor6 },
	};

	if (getrandom(&plan.seed, sizeof(plan.seed), GRND_NONBLOCK) < 0)
		plan.seed = clock_boottime_ns();
	return plan;
}
