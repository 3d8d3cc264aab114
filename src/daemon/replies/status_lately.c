/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/replies/status_lately.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/remedy.h"
#include "base/text.h"
#include "daemon/daemon.h"
#include "daemon/paths/path_remedy.h"
#include "daemon/paths/prober.h"
#include "daemon/paths/prober_memory.h"
#include "daemon/words/try_text.h"
#include "proto/varlink.h"

/* Until a reload succeeds. */
static void warn_of_refusal(const struct daemon *daemon, const char *since,
			    json_t *warnings)
{
	const json_t *errors = daemon->refusal.errors;
	const char *first = json_string_value(json_array_get(errors, 0));
	char *file = text_quote_shell(daemon->config_file);
	size_t count = json_array_size(errors);
	char text[1024 + PATH_MAX], more[TEXT_MORE_MAX];

	snprintf(text, sizeof(text), "the configuration on disk is refused since %s, what was in "
		 "force before goes on: %.512s%s; %s%s", since,
		 first ? first : "out of memory", text_and_more(count, more),
		 daemon->refusal.by_files ? REMEDY_CHECK : "\"mssclampctl reload\" tries again",
		 !daemon->refusal.by_files ? "" : file ? file : daemon->config_file);
	free(file);
	json_array_append_new(warnings, varlink_string(text));
}

static json_t *refusal_json(const struct daemon *daemon, json_t *warnings)
{
	const struct reload_refusal *refusal = &daemon->refusal;
	char since[TRY_TIME_MAX], last[TRY_TIME_MAX];
	const struct try_now now = try_now();

	if (!refusal->lasts)
		return json_null();
	try_text_time(refusal->since_ns, &now, since);
	warn_of_refusal(daemon, since, warnings);
	return json_pack("{s:s, s:s, s:o}", "since", since, "last",
			 try_text_time(refusal->last_ns, &now, last), "errors", refusal->errors ?
			 json_incref(refusal->errors) : json_array());
}

static json_t *list_of(const struct path_remedy *remedy, bool wanted)
{
	json_t *list = json_array();

	for (size_t i = 0; wanted && remedy->commands[i]; i++)
		json_array_append_new(list, varlink_string(remedy->commands[i]));
	return list;
}

/* Begins with the file: the doctor knows it by that, which has a check for it. */
static void warn_of_state(const struct prober_memory *kept, const char *since,
			  const struct path_remedy *remedy, json_t *warnings)
{
	char *help = path_remedy_text(remedy), *text;

	if (asprintf(&text, "%s: what is measured of paths is not kept over a restart, since %s: "
			    "%s%s",
		     kept->file, since, strerror(-kept->said.error), help ? help : "") >= 0) {
		json_array_append_new(warnings, varlink_string(text));
		free(text);
	}
	free(help);
}

/* The file of path.state. */
static json_t *state_json(const struct daemon *daemon, json_t *warnings)
{
	const struct prober *prober = model_prober(daemon->model);
	const struct prober_memory *kept = prober_kept(prober);
	bool used = prober_is_automatic(prober) && kept->said.since_ns;
	bool fails = used && kept->said.error < 0;
	const struct path_writer writer = path_writer_self();
	struct path_remedy remedy = { .shows = false };
	const struct try_now now = try_now();
	char since[TRY_TIME_MAX];
	json_t *state;

	if (fails) {
		remedy = path_remedy_make(kept->file, kept->said.error, &writer);
		try_text_time(kept->said.since_ns, &now, since);
		warn_of_state(kept, since, &remedy, warnings);
	}
	state = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "path", varlink_string(kept->file),
			  "ok", used ? json_boolean(!fails) : json_null(), "error", fails ?
			  json_string(strerror(-kept->said.error)) : json_null(), "failing_since",
			  fails ? json_string(since) : json_null(), "fix",
			  list_of(&remedy, !remedy.shows), "see", list_of(&remedy, remedy.shows));
	path_remedy_done(&remedy);
	return state;
}

json_t *status_lately(const struct daemon *daemon, json_t *reply)
{
	json_t *warnings = json_object_get(reply, "warnings");
	const struct { const char *key; json_t *value; } members[] = {
		{ "standstills_total", json_integer((json_int_t)daemon->standstills.total) },
		{ "last_standstill", standstills_last_json(&daemon->standstills) },
		{ "state_file", state_json(daemon, warnings) },
		{ "reload_refused", refusal_json(daemon, warnings) },
	};
	int r = 0;

	for (size_t i = 0; i < COUNT(members); i++)
		r |= json_object_set_new(reply, members[i].key, members[i].value);
	if (r == 0)
		return reply;
	json_decref(reply);
	return NULL;
}
