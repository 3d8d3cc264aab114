/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody asks to have explained, made into a flow with both its interfaces. */
#pragma once

#include <jansson.h>

#include "daemon/control/control.h"
#include "daemon/words/flow_text.h"
#include "policy/snapshot/snapshot.h"

struct explain_question {
	struct flow_text text;
	struct address own; /* what this host would send from, where no source was given */
	struct flow flow;   /* points into text, or to own */
};

/* Reads the parameters of Explain into a zeroed question; interfaces that are not given are asked
 * for by route, a peer's id or name is made into an address behind it. Returns 0, or -errno once
 * the call was told why it fails. */
int explain_question_read(struct control_call *call, json_t *parameters,
			  const struct snapshot *snapshot, struct explain_question *question);
