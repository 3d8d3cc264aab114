/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence for what is thought of a connection, for people. Pure. */
#pragma once

#include <stddef.h>

#include "ctl/trace/flow.h"

/* Writes the evidence for a finding other than FLOW_OK as a sentence for people, "" for FLOW_OK. */
void flow_explain(const struct trace_flow *flow, const struct flow_finding *finding, char *text,
		  size_t size);
