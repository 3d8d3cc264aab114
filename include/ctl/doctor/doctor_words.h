/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of what findings say. */
#pragma once

#include "base/remedy.h"
#include "ctl/doctor/ruleset.h"

#define DOCTOR_START "systemctl enable --now " REMEDY_UNITS

struct doctor_text {
	char s[192];
};

/* A rule in its tool's own words, cut where it is long. */
struct doctor_text doctor_rule_text(const struct ruleset_rule *rule);
/* "nft: table inet fw, chain input" or "iptables: table mangle, chain FORWARD". */
struct doctor_text doctor_chain_text(const struct ruleset_chain *chain);
/* A command that shows the chain with its counters. */
struct doctor_text doctor_chain_command(const struct ruleset_chain *chain);
