/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the control thread share. Written by the control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/model.h"
#include "daemon/workers.h"

struct guard;

struct daemon {
	sd_event *event;
	const char *config_file;
	bool config_required;     /* named on the command line */
	struct config *config;    /* owned; replaced by a reload */
	struct workers *workers;
	struct model *model;
	struct guard *guard;      /* the firewall rules and who watches over them */
	struct control *control;
	bool may_change;          /* the kernel takes changed packets back here */
	enum worker_state workers_seen; /* at the last tick */
	uint64_t start_ns;        /* CLOCK_BOOTTIME */
};

/* The table of what clients may ask for (INTERFACE: org.mssclamp); userdata is a struct daemon. */
extern const struct control_method daemon_methods[];

/* Each answers one method: see struct control_method. */
json_t *reply_status(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_stats(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_tunnels(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_explain(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_rules(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_apply_rules(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_reload(struct control_call *call, json_t *parameters, void *userdata);
json_t *reply_log(struct control_call *call, json_t *parameters, void *userdata);

/* What the control socket needs of a configuration; pointers are borrowed from it. */
struct control_config daemon_control_config(struct daemon *daemon, const struct config *config);

/* Opens the control socket: the one systemd passed, or that of the configuration. Logs what went
 * wrong. Returns 0 or -errno. */
int daemon_open_control(struct daemon *daemon);

/* Reads the configuration anew and puts it in force; an error keeps the old one. *ret_reply gets
 * the owned reply of Reload, or *ret_error an owned text on failure. Returns 0, -EINVAL (the files
 * are wrong) or -errno. */
int daemon_reload(struct daemon *daemon, json_t **ret_reply, char **ret_error);
