/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `capture` says around the SYNs: when it will end, what it cannot see, why it ended. */
#pragma once

#include <jansson.h>

#include "ctl/capture/capture.h"

/* Behind the first reply. */
void capture_end_greet(const struct ctl *ctl, struct capturing *capturing, const json_t *reply);
/* Remembers what each reply tells. */
void capture_end_note(struct capturing *capturing, const json_t *reply);
/* Behind the last: code is how the stream ended. Returns an enum ctl_exit. */
int capture_end_tell(const struct ctl *ctl, struct capturing *capturing, int code);
