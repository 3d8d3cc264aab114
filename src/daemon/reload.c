/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/guard.h"
#include "daemon/listen.h"
#include "daemon/offloader.h"
#include "daemon/report.h"
#include "daemon/rule_check.h"
#include "daemon/way.h"
#include "proto/varlink.h"

static char *join_errors(const struct config_report *report)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < report->error_count; i++)
		fprintf(stream, "%s%s", i ? "\n" : "", report->errors[i]);
	fclose(stream);
	return text;
}

/* What the files and what the links have to say against the new configuration. */
static json_t *tell_warnings(const struct daemon *daemon, const struct config_report *report)
{
	json_t *list = rule_check_warnings(daemon->config->rules,
					   slot_current(model_slot(daemon->model)));

	rule_check_log(list); /* the files' lines are logged with the rest of their report */
	for (size_t i = 0; i < report->warning_count; i++)
		json_array_append_new(list, varlink_string(report->warnings[i]));
	for (size_t i = 0; i < report->notice_count; i++)
		json_array_append_new(list, varlink_string(report->notices[i]));
	return list;
}

static void undo_plan(struct daemon *daemon, const struct firewall_plan *plan)
{
	char *ignored = NULL;

	if (guard_set_plan(daemon->guard, plan, &ignored) < 0)
		log_print(LOG_ERR, "reload: the firewall rules could not be put back: %s",
			  ignored ? ignored : "out of memory");
	free(ignored);
}

static void undo_way(struct daemon *daemon)
{
	char *ignored = NULL;

	if (way_configure(daemon, daemon->config, &ignored) < 0)
		log_print(LOG_ERR, "reload: the rules of mark mode could not be put back: %s",
			  ignored ? ignored : "out of memory");
	free(ignored);
}

/* What may be refused comes first, and is put back if the rest then cannot follow. */
static int put_in_force(struct daemon *daemon, struct config *config, char **ret_error)
{
	struct firewall_plan old_plan = *guard_plan(daemon->guard), plan = old_plan;
	struct control_config old_control = listen_config(daemon, daemon->config);
	struct control_config control = listen_config(daemon, config);
	int r;

	plan.hooks = config->hooks;
	plan.per_source = config->per_source;
	r = guard_set_plan(daemon->guard, &plan, ret_error);
	if (r < 0) {
		undo_plan(daemon, &old_plan);
		return r;
	}
	r = control_reconfigure(daemon->control, &control);
	if (r < 0) {
		undo_plan(daemon, &old_plan);
		if (asprintf(ret_error,
			     "control.socket: cannot listen at %s: %s; the log tells more",
			     control.socket, strerror(-r)) < 0)
			*ret_error = NULL;
		return r;
	}
	r = way_configure(daemon, config, ret_error);
	if (r == 0)
		r = model_configure(daemon->model, config);
	if (r == 0)
		r = workers_resize(daemon->workers, config->queue_max_packets);
	if (r < 0) {
		undo_way(daemon);
		model_configure(daemon->model, daemon->config);
		control_reconfigure(daemon->control, &old_control);
		undo_plan(daemon, &old_plan);
		return r;
	}
	if (daemon->config != daemon->started_with)
		config_free(daemon->config);
	daemon->config = config;
	offloader_follow(daemon->offloader); /* hooks and limit may be others */
	return 0;
}

static void tell_reloaded(const struct daemon *daemon, size_t files, json_t *changed,
			  json_t *restart)
{
	size_t count = json_array_size(changed);
	char message[96];

	snprintf(message, sizeof(message),
		 "configuration reloaded: %zu file%s, %zu setting%s changed", files,
		 files == 1 ? "" : "s", count, count == 1 ? "" : "s");
	events_emit(&daemon->events,
		    &(struct event){
			    .name = "reloaded",
			    .message = message,
			    .new = json_pack("{s:I, s:O, s:O}", "files", (json_int_t)files,
					     "changed", changed, "needs_restart", restart),
			    .priority = LOG_NOTICE,
		    });
}

static int apply(struct daemon *daemon, struct config *config, const struct config_report *report,
		 json_t **ret_reply, char **ret_error)
{
	json_t *changed = config_diff(daemon->config, config);
	json_t *restart = config_needs_restart(daemon->started_with, config);
	size_t files = config->file_count;
	json_t *item;
	size_t i;
	int r;

	r = put_in_force(daemon, config, ret_error);
	if (r < 0) {
		json_decref(changed);
		json_decref(restart);
		return r;
	}
	report_log(report);
	tell_reloaded(daemon, files, changed, restart);
	json_array_foreach(restart, i, item)
		log_warning("%s is not what mssclampd was started with: needs a restart",
			    json_string_value(item));
	*ret_reply = json_pack("{s:i, s:I, s:o, s:o, s:o}", "schema", 1, "files", (json_int_t)files,
			       "changed", changed, "needs_restart", restart, "warnings",
			       tell_warnings(daemon, report));
	return 0;
}

int daemon_reload(struct daemon *daemon, json_t **ret_reply, char **ret_error)
{
	struct config_report report = { 0 };
	struct config *config = NULL;
	int r;

	r = config_load(daemon->config_file, daemon->config_required, &config, &report);
	if (r == 0) {
		r = apply(daemon, config, &report, ret_reply, ret_error);
		if (r < 0)
			config_free(config);
	} else {
		report_log(&report);
		log_print(LOG_ERR, "reload: the running configuration was kept");
		*ret_error = join_errors(&report);
	}
	config_report_done(&report);
	return r;
}
