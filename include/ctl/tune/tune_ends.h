/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose fault it is that nothing was measured: this host's, or the far end's. */
#pragma once

#include "ctl/options/ctl.h"
#include "ctl/tune/tune_report.h"

/* What can be known here before anything is sent: the name, the interfaces, the own address.
 * Returns an enum ctl_exit; what is wrong is said. */
int tune_ends_check(const struct ctl *ctl, const struct tune_options *options);

/* What to do about an error in iperf3's words. Pure. */
const char *tune_ends_hint(const char *why);
