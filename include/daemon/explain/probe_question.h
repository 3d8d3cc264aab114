/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom somebody means who asks for a probe. */
#pragma once

#include "daemon/control/control.h"
#include "policy/probe/probe_plan.h"
#include "policy/snapshot/snapshot.h"
#include "policy/tunnel/tunnel_view.h"

struct probe_question {
	const struct probe_target *target; /* of the plan, borrowed until that is called; or NULL */
	struct probe_target once;          /* without: an address that is nobody's; owned */
};

/* A peer by its id, its name or the head of its id; a tunnel with one far end; the address of an
 * endpoint; an address behind a peer; any other address. Returns 0, or -errno told to the call. */
int probe_question_read(struct control_call *call, const char *text,
			const struct snapshot *snapshot, const struct tunnel_views *views,
			const struct probe_plan *plan, struct probe_question *ret_question);
