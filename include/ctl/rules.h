/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `rules` does without mssclampd. */
#pragma once

#include "ctl/options/ctl.h"

/* The answer that GetRules would give about the default settings: text is filled, all that is
 * live is null. format is "nft" or "iptables". Returns CTL_OK and the owned answer, or says
 * what is wrong. */
int rules_default(const struct ctl *ctl, const char *format, json_t **ret_reply);

/* rules --remove: refuses while a mssclampd has a queue in this network namespace or somebody
 * listens on the control socket. Returns an enum ctl_exit. */
int rules_remove(const struct ctl *ctl);
