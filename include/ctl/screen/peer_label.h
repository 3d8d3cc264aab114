/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a far end is called on a screen. */
#pragma once

#include <jansson.h>

#include "ctl/options/ctl.h"

/* The name of an object with "peer" and "name", or the id as far as it has room, cleaned for this
 * terminal; "-" where it has neither. Owned; NULL: out of memory. */
char *peer_label(const struct ctl *ctl, const json_t *peer);
