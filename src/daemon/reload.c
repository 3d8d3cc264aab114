/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration for a running daemon: read whole, checked whole, then swapped. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/guard.h"
#include "daemon/report.h"

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

static json_t *warnings_json(const struct config_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->warning_count; i++)
		json_array_append_new(list, json_string(report->warnings[i]));
	return list;
}

static void undo_plan(struct daemon *daemon, const struct firewall_plan *plan)
{
	char *ignored = NULL;

	guard_set_plan(daemon->guard, plan, &ignored);
	free(ignored);
}

/* What may be refused comes first, and is put back if the rest then cannot follow. */
static int put_in_force(struct daemon *daemon, struct config *config, char **ret_error)
{
	struct firewall_plan old_plan = *guard_plan(daemon->guard), plan = old_plan;
	struct control_config old_control = daemon_control_config(daemon, daemon->config);
	struct control_config control = daemon_control_config(daemon, config);
	int r;

	plan.hooks = config->hooks;
	r = guard_set_plan(daemon->guard, &plan, ret_error);
	if (r < 0)
		return r;
	r = control_reconfigure(daemon->control, &control);
	if (r < 0) {
		undo_plan(daemon, &old_plan);
		return r;
	}
	r = model_configure(daemon->model, config);
	if (r < 0) {
		control_reconfigure(daemon->control, &old_control);
		undo_plan(daemon, &old_plan);
		return r;
	}
	config_free(daemon->config);
	daemon->config = config;
	return 0;
}

static int apply(struct daemon *daemon, struct config *config, const struct config_report *report,
		 json_t **ret_reply, char **ret_error)
{
	json_t *changed = config_diff(daemon->config, config);
	json_t *restart = config_needs_restart(daemon->config, config);
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
	log_notice("configuration reloaded: %zu files, %zu settings changed", files,
		   json_array_size(changed));
	json_array_foreach(restart, i, item)
		log_warning("%s changed: needs a restart", json_string_value(item));
	*ret_reply = json_pack("{s:i, s:I, s:o, s:o, s:o}", "schema", 1, "files", (json_int_t)files,
			       "changed", changed, "needs_restart", restart, "warnings",
			       warnings_json(report));
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
		log_error(r, "reload: the configuration is invalid, the running one was kept");
		*ret_error = join_errors(&report);
	}
	config_report_done(&report);
	return r;
}
