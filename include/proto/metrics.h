/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one metric that is told without mssclampd too. */
#pragma once

#define METRICS_UP "mssclamp_up"
#define METRICS_UP_HELP "1 where mssclampd answers; 0 is told on its behalf where it does not."

/* All there is to tell where mssclampd does not answer. */
#define METRICS_DOWN_TEXT                             \
	"# HELP " METRICS_UP " " METRICS_UP_HELP "\n" \
	"# TYPE " METRICS_UP " gauge\n" METRICS_UP " 0\n"
