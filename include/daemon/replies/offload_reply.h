/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which way a flow's SYN goes, for explain. */
#pragma once

#include <jansson.h>

#include "policy/snapshot/snapshot.h"

struct daemon;

/* {"by": "kernel" | "queue" | "nobody", "why": text or null}. */
json_t *offload_way_json(const struct daemon *daemon, const struct flow *flow);
