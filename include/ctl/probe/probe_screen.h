/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the screen of probe, each printed from the last reply. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "ctl/options/ctl.h"
#include "ctl/probe/probe_around.h"

/* What the far end is called: its name or id, or what was asked for. Owned, cleaned; NULL: out of
 * memory. */
char *probe_screen_label(const struct ctl *ctl, const json_t *reply);
/* Who was asked, what answers, and what became of each size. Returns 0 or -ENOMEM. */
int probe_screen_print(const struct ctl *ctl, const json_t *reply,
		       const struct probe_around *around);
/* The hops between here and there, and what fits between them. Returns as above. */
int probe_picture_print(const struct ctl *ctl, const json_t *reply);
/* What was found, what it means, what mssclampd does and what is to be done. most: bytes above
 * which nothing was to be tried, 0: no such limit was given. Returns an enum ctl_exit. */
int probe_verdict_print(const struct ctl *ctl, const json_t *reply,
			const struct probe_around *around, uint64_t most);
