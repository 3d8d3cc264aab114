/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait: asks again and again until clamping works, or the time is over. */
#include <unistd.h>

#include "base/clock.h"
#include "ctl/client/client.h"
#include "ctl/client/client_absent.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"

#define POLL_NS (100 * NS_PER_MS)
#define DEFAULT_FOR_NS (30 * NS_PER_SECOND)

struct waiting {
	struct ctl ctl;     /* its timeout ends with the wait */
	const char *tunnel; /* NULL: any state of the tunnels will do */
	uint64_t start_ns, end_ns;
	bool reached;       /* the daemon answered at least once */
	struct client_error missing; /* so far */
};

/* Calls without a word; a failure is one more thing that is missing. NULL or an owned reply. */
static json_t *ask(struct waiting *waiting, const char *method)
{
	uint64_t now_ns = clock_boottime_ns();
	struct client_error error;
	json_t *reply = NULL;

	if (now_ns < waiting->end_ns && waiting->end_ns - now_ns < waiting->ctl.timeout_ns)
		waiting->ctl.timeout_ns = waiting->end_ns - now_ns;
	if (client_try(&waiting->ctl, method, NULL, &reply, &error) == 0) {
		waiting->reached = true;
		client_error_done(&error);
		return reply;
	}
	waiting->reached |= error.answered;
	if (error.code == CTL_NOT_RUNNING && waiting->reached)
		error.code = CTL_FAILED; /* it was there and went away */
	if (error.code == CTL_UNKNOWN && waiting->missing.message) {
		/* The last try had little time: what was known before tells more. */
		client_error_done(&error);
		return NULL;
	}
	client_error_done(&waiting->missing);
	waiting->missing = error;
	return NULL;
}

/* Both return 0 where it is well, else -EIO with what is missing. */
static int judge_status(const json_t *status, struct client_error *missing)
{
	const json_t *checks = json_object_get(status, "checks");
	const json_t *problems = json_object_get(status, "problems");
	const char *problem = json_string_value(json_array_get(problems, 0));

	if (!field_is(checks, "queues", "ok"))
		return client_error_set(missing, CTL_FAILED, "mssclampctl status tells more.",
					"the queues are %s",
					field_string(checks, "queues", "unknown"));
	if (!field_is(checks, "rules", "ok") && !field_is(checks, "rules", "none"))
		return client_error_set(missing, CTL_FAILED, "mssclampctl rules --diff tells more.",
					"the rules are %s",
					field_string(checks, "rules", "unknown"));
	if (!field_is(status, "state", "running"))
		return client_error_set(missing, CTL_FAILED, "mssclampctl status tells more.",
					"mssclampd is %s%s%s",
					field_string(status, "state", "unknown"),
					problem ? ": " : "", problem ? problem : "");
	return 0;
}

static int judge_tunnel(const json_t *reply, const char *name, struct client_error *missing)
{
	const json_t *tunnel = field_find(json_object_get(reply, "tunnels"), "name", name);

	if (!tunnel)
		return client_error_set(missing, CTL_NOT_FOUND,
					"mssclampctl tunnels lists what there is.",
					"there is no tunnel %s", name);
	if (json_is_false(json_object_get(tunnel, "settled")))
		return client_error_set(missing, CTL_FAILED, "It takes 3 s at most.",
					"mssclamp-facts is still looking at tunnel %s", name);
	if (field_count(tunnel, "mss4_bytes") || field_count(tunnel, "mss6_bytes"))
		return 0;
	return client_error_set(missing, CTL_FAILED, "mssclampctl tunnels tells more.",
				"tunnel %s has no MSS", name);
}

static bool is_ready(struct waiting *waiting)
{
	json_t *reply = ask(waiting, "GetStatus");
	bool ready = reply && judge_status(reply, &waiting->missing) == 0;

	json_decref(reply);
	if (!ready || !waiting->tunnel)
		return ready;
	reply = ask(waiting, "ListTunnels");
	ready = reply && judge_tunnel(reply, waiting->tunnel, &waiting->missing) == 0;
	json_decref(reply);
	return ready;
}

/* Returns true once it works, false when the time is over or asking again cannot help. */
static bool wait_until_ready(struct waiting *waiting)
{
	while (!is_ready(waiting)) {
		if (waiting->missing.code == CTL_USAGE ||
		    clock_boottime_ns() + POLL_NS >= waiting->end_ns)
			return false;
		usleep((useconds_t)(POLL_NS / 1000));
	}
	return true;
}

static double waited_seconds(const struct waiting *waiting)
{
	return clock_seconds(clock_boottime_ns() - waiting->start_ns);
}

static void print_ready(const struct ctl *ctl, const struct waiting *waiting)
{
	json_t *object = json_pack("{s:i, s:b, s:f}", "schema", CTL_SCHEMA, "ready", 1,
				   "waited_seconds", waited_seconds(waiting));

	if (object)
		output_json(ctl, object);
	json_decref(object);
}

int command_wait(const struct ctl *ctl, int argc, char **argv)
{
	const char *longest = options_value(argv, "--for");
	struct waiting waiting = {
		.ctl = *ctl,
		.tunnel = options_value(argv, "--tunnel"),
		.start_ns = clock_boottime_ns(),
	};
	uint64_t for_ns = DEFAULT_FOR_NS;
	int code = CTL_OK;

	(void)argc;
	if (longest && options_parse_seconds(longest, &for_ns) < 0)
		return output_fail(ctl, CTL_USAGE, "mssclampctl help wait tells more.",
				   "wait: --for %s: must be seconds such as 30, 0.5 or 500ms, "
				   "at most a day",
				   longest);
	waiting.end_ns = waiting.start_ns + for_ns;
	if (wait_until_ready(&waiting)) {
		if (ctl->json)
			print_ready(ctl, &waiting);
	} else {
		if (waiting.missing.code == CTL_NOT_RUNNING)
			client_explain_absence(ctl, &waiting.missing);
		code = output_fail(ctl, waiting.missing.code, waiting.missing.hint,
				   "wait: %s (after %.1f s)", client_error_text(&waiting.missing),
				   waited_seconds(&waiting));
	}
	client_error_done(&waiting.missing);
	return code;
}
