/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a limit comes from, in words. */
#pragma once

#include <jansson.h>

#include "daemon/words/try_text.h"
#include "policy/snapshot/snapshot.h"

/* What stands behind a rule's own words: of a temporary one until when, else nothing. Returns
 * text. */
const char *decided_text_rule_end(const struct rule *rule, char text[TRY_TIME_MAX + 1]);

/* "peer alice of wg0", "link MTU of eth0"; name is the side's interface, or NULL. brief: of a try
 * "try on wg0", else what it says and until when. Owned. */
json_t *decided_text_json(const struct snapshot *snapshot, const struct side_limit *side,
			  const char *name, bool brief);
