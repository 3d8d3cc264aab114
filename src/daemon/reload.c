/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/config/config_report_print.h"
#include "daemon/daemon.h"
#include "daemon/firewall/fallback.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/firewall/way.h"
#include "daemon/replies/rule_check.h"
#include "daemon/restart/listen.h"
#include "proto/varlink.h"

/* A list of what is wrong: of the files, or where they are right of what could not be done with
 * them. Owned; NULL or empty without memory. */
static json_t *list_errors(const struct config_report *report, const char *error)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->error_count; i++)
		json_array_append_new(list, varlink_string(report->errors[i]));
	if (json_array_size(list) == 0)
		json_array_append_new(list, varlink_string(error));
	return list;
}

/* One a line. Owned, or NULL (out of memory). */
static char *join_errors(const json_t *errors)
{
	char *text = NULL;
	size_t len = 0, i;
	FILE *stream = open_memstream(&text, &len);
	const json_t *error;

	if (!stream)
		return NULL;
	json_array_foreach(errors, i, error)
		fprintf(stream, "%s%s", i ? "\n" : "", json_string_value(error));
	fclose(stream);
	return text;
}

/* What the files and what the links have to say against the configuration, which is in force. */
static json_t *tell_warnings(const struct daemon *daemon, const struct config_report *report)
{
	json_t *list = rule_check_warnings(slot_current(model_slot(daemon->model)),
					   model_routes(daemon->model));

	rule_check_log(list); /* the files' lines are logged with the rest of their report */
	for (size_t i = 0; i < report->warning_count; i++)
		json_array_append_new(list, varlink_string(report->warnings[i]));
	for (size_t i = 0; i < report->notice_count; i++)
		json_array_append_new(list, varlink_string(report->notices[i]));
	return list;
}

/* Behind an attempt to put something back that gave r. Takes error. */
static void say_undone(int r, const char *what, char *error)
{
	if (r < 0)
		log_print(LOG_ERR, "reload: %s could not be put back: %s", what,
			  error ? error : "out of memory");
	free(error);
}

static void undo_plan(struct daemon *daemon, const struct firewall_plan *plan)
{
	char *error = NULL;
	int r = guard_set_plan(daemon->guard, plan, &error);

	say_undone(r, "the firewall rules", error);
}

static void undo_control(struct daemon *daemon, const struct control_config *control)
{
	char *error = NULL;
	int r = control_reconfigure(daemon->control, control, &error);

	say_undone(r, "the control socket", error);
}

static void undo_way(struct daemon *daemon)
{
	char *error = NULL;
	int r = way_configure(daemon, daemon->config, &error);

	say_undone(r, "the rules of mark mode", error);
}

/* What may be refused comes first, and is put back if the rest then cannot follow. The model comes
 * last: where it has taken the new configuration there is no way back. */
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
	r = control_reconfigure(daemon->control, &control, ret_error);
	if (r < 0) {
		undo_plan(daemon, &old_plan);
		return r;
	}
	r = way_configure(daemon, config, ret_error);
	if (r == 0)
		r = workers_resize(daemon->workers, config->queue_max_packets);
	if (r == 0)
		r = model_configure(daemon->model, config);
	if (r < 0) {
		(void)workers_resize(daemon->workers, daemon->config->queue_max_packets);
		undo_way(daemon);
		undo_control(daemon, &old_control);
		undo_plan(daemon, &old_plan);
		return r;
	}
	if (daemon->config != daemon->started_with)
		config_free(daemon->config);
	daemon->config = config;
	fallback_configure(daemon->fallback, config);
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
		 text_plural(files), count, text_plural(count));
	events_emit(&daemon->events,
		    &(struct event){
			    .name = "reloaded",
			    .message = message,
			    .new = json_pack("{s:I, s:O, s:O}", "files", (json_int_t)files,
					     "changed", changed, "needs_restart", restart),
			    .priority = LOG_NOTICE,
		    });
}

/* A path that the sandbox was not made for stays what it was. Returns 0 or -ENOMEM. */
static int keep_path(const struct daemon *daemon, const char *setting, const char *running,
		     char **path, json_t *restart)
{
	char *kept;

	if (strcmp(running, *path) == 0 || sandbox_allows(&daemon->sandbox, *path))
		return 0;
	kept = strdup(running);
	if (!kept || json_array_append_new(restart, json_string(setting)) < 0) {
		free(kept);
		return -ENOMEM;
	}
	free(*path);
	*path = kept;
	return 0;
}

static int keep_paths(const struct daemon *daemon, struct config *config, json_t *restart)
{
	int r = keep_path(daemon, "path.state", daemon->config->path.state, &config->path.state,
			  restart);

	return r < 0 ? r : keep_path(daemon, "control.socket", daemon->config->control.socket,
				     &config->control.socket, restart);
}

static int apply(struct daemon *daemon, struct config *config, const struct config_report *report,
		 json_t **ret_reply, char **ret_error)
{
	json_t *changed = config_diff(daemon->config, config);
	json_t *restart = config_needs_restart(daemon->started_with, config);
	size_t files = config->file_count;
	json_t *reply = json_pack("{s:i, s:I, s:o, s:o, s:[]}", "schema", 1, "files",
				  (json_int_t)files, "changed", changed, "needs_restart", restart,
				  "warnings");
	json_t *item;
	size_t i;
	int r;

	/* What cannot be answered is not done. */
	r = reply ? keep_paths(daemon, config, restart) : -ENOMEM;
	if (r == 0)
		r = put_in_force(daemon, config, ret_error);
	if (r < 0) {
		json_decref(reply);
		return r;
	}
	config_report_log(report);
	tell_reloaded(daemon, files, changed, restart);
	json_array_foreach(restart, i, item)
		log_warning("%s is not what mssclampd was started with: needs a restart",
			    json_string_value(item));
	if (json_object_set_new(reply, "warnings", tell_warnings(daemon, report)) < 0)
		log_error(-ENOMEM, "reload: its warnings cannot be told");
	*ret_reply = reply;
	return 0;
}

/* The first thing that is wrong, for who reads this line alone; the log has all of them above. */
static void tell_refused(const struct daemon *daemon, const json_t *errors, const char *why)
{
	const char *first = json_string_value(json_array_get(errors, 0));
	size_t count = json_array_size(errors);
	char message[768], more[TEXT_MORE_MAX];

	snprintf(message, sizeof(message), "reload: the running configuration was kept: %.512s%s",
		 first ? first : "out of memory", text_and_more(count, more));
	events_emit(&daemon->events, &(struct event){
		.name = "reload_refused",
		.why = why,
		.message = message,
		.priority = LOG_ERR,
	});
}

/* Takes errors, NULL (out of memory) too: status tells of it until a reload succeeds. */
static void note_refused(struct reload_refusal *refusal, json_t *errors)
{
	uint64_t now_ns = clock_boottime_ns();

	if (!refusal->lasts)
		refusal->since_ns = now_ns;
	refusal->lasts = true;
	refusal->last_ns = now_ns;
	json_decref(refusal->errors);
	refusal->errors = errors;
}

/* *error: owned, what could not be done, NULL: r says it; gets what the caller is told. */
static void refuse(struct daemon *daemon, const struct config_report *report, int r,
		   char **error)
{
	json_t *errors = list_errors(report, *error ? *error : strerror(-r));

	if (report->error_count > 0)
		config_report_log(report);
	free(*error);
	*error = join_errors(errors);
	tell_refused(daemon, errors, *error);
	note_refused(&daemon->refusal, errors);
	daemon->refusal.by_files = report->error_count > 0;
}

int daemon_reload(struct daemon *daemon, json_t **ret_reply, char **ret_error)
{
	struct config_report report = { 0 };
	struct config *config = NULL;
	int r;

	/* A file that has gone is not one that says nothing. */
	r = config_load(daemon->config_file, daemon->config->has_main_file ?
			CONFIG_ABSENT_FAILS : daemon->config_absent, &config, &report);
	if (r == 0) {
		r = apply(daemon, config, &report, ret_reply, ret_error);
		if (r < 0)
			config_free(config);
	}
	if (r < 0) {
		refuse(daemon, &report, r, ret_error);
	} else {
		json_decref(daemon->refusal.errors);
		daemon->refusal = (struct reload_refusal){ .lasts = false };
	}
	config_report_done(&report);
	return r;
}
