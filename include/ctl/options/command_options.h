/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of commands, for their rows of the table; each is ended by a row without name. */
#pragma once

#include "ctl/options/options.h"

extern const struct option_row explain_options[];
extern const struct option_row rules_options[];
extern const struct option_row probe_options[];
extern const struct option_row capture_options[];
extern const struct option_row events_options[];
extern const struct option_row top_options[];
extern const struct option_row pcap_options[];
extern const struct option_row tune_options[];
