/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of methods, and the short ones: rules, reload, log. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/reload.h"

const struct control_method daemon_methods[] = {
	/* name            admin  streams  run */
	{ "GetStatus",     false, false, reply_status },
	{ "GetStats",      false, false, reply_stats },
	{ "GetMetrics",    false, false, reply_metrics }, /* daemon/metrics/metrics_reply.c */
	{ "ListTunnels",   false, false, reply_tunnels },
	{ "ListPeers",     false, false, reply_peers },
	{ "Explain",       false, false, reply_explain },
	{ "GetRules",      false, false, reply_rules },
	{ "GetOffload",    false, false, reply_offload },
	{ "ListEvents",    false, false, reply_events },
	{ "ApplyRules",    true,  false, reply_apply_rules },
	{ "Probe",         true,  false, reply_probe }, /* replies of its own */
	{ "Capture",       true,  true,  reply_capture },
	{ "Try",           true,  false, reply_try },
	{ "Reload",        true,  false, reply_reload },
	{ "SetLogLevel",   true,  false, reply_log },
	{ "Takeover",      true,  true,  reply_takeover }, /* daemon/restart/hand_over.c */
	{ EVENTS_METHOD,   false, true,  reply_subscribe },
	{ NULL,            false, false, NULL },
};

static json_t *fail_with_text(struct control_call *call, char *error, const char *what)
{
	control_fail(call, CONTROL_FAILED, NULL, "%s: %s", what, error ? error : "out of memory");
	free(error);
	return NULL;
}

/* The text of the rules for one backend, or null where none was asked for. */
static json_t *rules_text(const struct guard *guard, enum firewall_backend backend)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream;
	json_t *json = NULL;

	if (backend == FIREWALL_NONE)
		return json_null();
	stream = open_memstream(&text, &len);
	if (stream) {
		int r = firewall_print(backend, guard_plan(guard), stream);

		if (r == 0 && backend == FIREWALL_NFTABLES)
			guard_print_others(guard, stream);
		if (fclose(stream) == 0 && r == 0)
			json = json_string(text);
	}
	free(text);
	return json ? json : json_null();
}

/* Lines of what differs, empty where nothing does. */
static json_t *lines_json(char *text)
{
	json_t *lines = json_array();
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			json_array_append_new(lines, json_string(line));
	}
	return lines;
}

/* Looks at the live rules; with a list of what differs where it was asked for, else null. */
static int check_rules(const struct daemon *daemon, bool with_diff, json_t **ret_diff,
		       char **ret_error)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream;
	int r;

	*ret_diff = json_null();
	if (!with_diff)
		return guard_check(daemon->guard, false, NULL, ret_error);
	stream = open_memstream(&text, &len);
	if (!stream)
		return -ENOMEM;
	r = guard_check(daemon->guard, false, stream, ret_error);
	fclose(stream);
	if (r == 0)
		*ret_diff = lines_json(text);
	free(text);
	return r;
}

bool commands_read_over_limit(const struct daemon *daemon, uint64_t *ret_total, uint64_t *ret_new)
{
	struct firewall_counts counts;
	uint64_t queued, offload;

	if (guard_plan(daemon->guard)->per_source == 0 || guard_no_limit(daemon->guard) ||
	    guard_backend(daemon->guard) == FIREWALL_NONE ||
	    guard_read_counts(daemon->guard, &counts) < 0 ||
	    guard_read_new_counts(daemon->guard, &queued, ret_new) < 0)
		return false;
	offload = offloader_over_limit(daemon->offloader);
	*ret_total = counts.over_limit + offload;
	*ret_new += offload;
	return true;
}

/* null where there is no limit per source. */
static json_t *over_limit_json(const struct daemon *daemon)
{
	uint64_t total, news;

	return commands_read_over_limit(daemon, &total, &news) ? json_integer((json_int_t)total) :
								 json_null();
}

static json_t *counters_json(const struct daemon *daemon)
{
	const struct firewall_plan *plan = guard_plan(daemon->guard);
	struct firewall_counts counts;
	json_t *json = json_pack("{s:n, s:n, s:n, s:o}", "forward", "output", "input",
				 "over_limit_total", over_limit_json(daemon));

	if (guard_backend(daemon->guard) == FIREWALL_NONE || guard_is_taken(daemon->guard) ||
	    guard_read_counts(daemon->guard, &counts) < 0)
		return json;
	if (plan->hooks & FIREWALL_FORWARD)
		json_object_set_new(json, "forward", json_integer((json_int_t)counts.forward));
	if (plan->hooks & FIREWALL_OUTPUT)
		json_object_set_new(json, "output", json_integer((json_int_t)counts.output));
	if (plan->hooks & FIREWALL_INPUT)
		json_object_set_new(json, "input", json_integer((json_int_t)counts.input));
	return json;
}

json_t *reply_rules(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const char *print = json_string_value(json_object_get(parameters, "print"));
	enum firewall_backend backend = FIREWALL_NONE;
	bool with_diff = json_is_true(json_object_get(parameters, "diff"));
	json_t *diff = NULL;
	char *error = NULL;

	if (print && strcmp(print, "nft") == 0)
		backend = FIREWALL_NFTABLES;
	else if (print && strcmp(print, "iptables") == 0)
		backend = FIREWALL_IPTABLES;
	else if (print)
		return control_fail(call, CONTROL_INVALID_ARGUMENT, "give \"nft\" or \"iptables\"",
				    "print: there is no backend \"%s\"", print);
	if (check_rules(daemon, with_diff, &diff, &error) < 0)
		return fail_with_text(call, error, "cannot read the rules");
	return json_pack("{s:i, s:s, s:s, s:I, s:o, s:o, s:o}", "schema", 1, "backend",
			 firewall_backend_name(guard_backend(daemon->guard)), "state",
			 firewall_state_name(guard_state(daemon->guard)), "reinstalled_total",
			 (json_int_t)guard_reinstalled_total(daemon->guard), "counters",
			 counters_json(daemon), "text", rules_text(daemon->guard, backend), "diff",
			 diff);
}

json_t *reply_apply_rules(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	char *error = NULL;

	(void)parameters;
	if (guard_check(daemon->guard, true, NULL, &error) < 0)
		return fail_with_text(call, error, "cannot install the rules");
	return json_pack("{s:i, s:s, s:s}", "schema", 1, "backend",
			 firewall_backend_name(guard_backend(daemon->guard)), "state",
			 firewall_state_name(guard_state(daemon->guard)));
}

json_t *reply_reload(struct control_call *call, json_t *parameters, void *userdata)
{
	json_t *reply = NULL;
	char *error = NULL;
	int r;

	(void)parameters;
	r = daemon_reload(userdata, &reply, &error);
	if (r == 0)
		return reply;
	if (r == -EINVAL)
		control_fail(call, CONTROL_INVALID_CONFIGURATION,
			     "mend the files and try again; mssclampd -t checks them",
			     "the configuration is invalid, the running one was kept:\n%s",
			     error ? error : "");
	else
		control_fail(call, CONTROL_INVALID_CONFIGURATION,
			     "the running configuration was kept",
			     "cannot put the new configuration in force: %s",
			     error ? error : strerror(-r));
	free(error);
	return NULL;
}

json_t *reply_subscribe(struct control_call *call, json_t *parameters, void *userdata)
{
	json_t *greeting = events_greeting();

	(void)parameters;
	(void)userdata;
	return greeting ? greeting : control_fail(call, CONTROL_FAILED, NULL, "out of memory");
}

json_t *reply_events(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	json_t *events = past_to_json(&daemon->past);

	(void)parameters;
	return events ? json_pack("{s:i, s:o}", "schema", 1, "events", events) :
			control_fail(call, CONTROL_FAILED, NULL, "out of memory");
}

json_t *reply_log(struct control_call *call, json_t *parameters, void *userdata)
{
	const char *level = json_string_value(json_object_get(parameters, "level"));
	const char *previous = log_level_name(log_max());
	int priority;

	(void)userdata;
	if (!level || log_parse_level(level, &priority) < 0)
		return control_fail(call, CONTROL_INVALID_ARGUMENT,
				    "levels are error, warning, notice, info and debug",
				    "level: there is no log level \"%s\"", level ? level : "");
	log_notice("log level %s -> %s", previous, log_level_name(priority));
	log_set_max(priority);
	return json_pack("{s:i, s:s, s:s}", "schema", 1, "level", log_level_name(priority),
			 "previous", previous);
}
