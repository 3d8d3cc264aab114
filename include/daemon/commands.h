/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients of the control socket may ask for, and who answers. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/control.h"

struct daemon;

/* The table of what clients may ask for (org.mssclamp); userdata is a struct daemon. */
extern const struct control_method daemon_methods[];

/* SYNs above queues.per_source, wherever the limit stands: all that the rules have counted, and
 * those since this daemon came. Returns false where there is no limit, or the count cannot be
 * read. */
bool commands_read_over_limit(const struct daemon *daemon, uint64_t *ret_total,
			      uint64_t *ret_new);

/* Each answers one method: see struct control_method. */
json_t *reply_status(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_metrics(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_stats(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_tunnels(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_peers(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_explain(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_rules(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_events(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_offload(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_apply_rules(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_reload(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_probe(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_subscribe(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_try(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_takeover(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_capture(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_log(struct control_call *call, json_t *parameters, void *userdata);
