/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GetStatus tells beside the checks: of what is over, and what lasts since some time. */
#pragma once

#include <jansson.h>

struct daemon;

/* Adds its members to a reply (NULL: nothing), and what is worth a warning to its warnings. Takes
 * the reply. Returns it, or NULL (out of memory). */
json_t *status_lately(const struct daemon *daemon, json_t *reply);
