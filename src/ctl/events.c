/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events: a line for each change, until somebody ends it; or the last ones. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/local_time.h"
#include "ctl/screen/output.h"

#define HINT "mssclampctl help events tells more."

static void print_event(const struct ctl *ctl, const json_t *event)
{
	printf("%s%s%s ", output_paint(ctl, PAINT_BOLD),
	       local_time_clock(field_string(event, "time", "")).s, output_paint(ctl, PAINT_END));
	output_text(ctl, field_string(event, "message", field_string(event, "event", "-")));
	putchar('\n');
}

/* People who look at an empty screen get a word on stderr instead of the first event. */
static void print_greeting(const struct ctl *ctl)
{
	if (ctl->terminal && isatty(STDERR_FILENO) && !ctl->quiet)
		fputs("Waiting for changes; Ctrl-C ends.\n", stderr);
}

/* Whether it is of the tunnel that is asked for; what says that all of them are told has none. */
static bool is_wanted(const json_t *event, const char *tunnel)
{
	return !tunnel || field_is(event, "tunnel", tunnel) ||
	       field_is(event, "event", "subscribed");
}

/* A word on stderr where nothing of that name is there, which may be meant or mistyped. */
static void warn_of_unknown(const struct ctl *ctl, const char *tunnel)
{
	json_t *reply = client_get(ctl, "ListTunnels", NULL);
	bool known = !reply || field_find(json_object_get(reply, "tunnels"), "name", tunnel);

	json_decref(reply);
	if (!known && !ctl->quiet)
		fprintf(stderr, "There is no tunnel %s now; mssclampctl tunnels lists them.\n",
			tunnel);
}

static int on_event(const struct ctl *ctl, const json_t *event, void *userdata)
{
	const char *tunnel = userdata;

	if (!is_wanted(event, tunnel))
		return CTL_OK;
	if (ctl->json)
		output_json(ctl, event);
	else if (field_is(event, "event", "subscribed"))
		print_greeting(ctl);
	else
		print_event(ctl, event);
	return output_finish(CTL_OK);
}

/* The last ones that mssclampd remembers. */
static int print_last(const struct ctl *ctl, const char *tunnel, uint64_t count)
{
	json_t *reply, *events;
	size_t first, wanted = 0;
	int code = client_call(ctl, "ListEvents", NULL, &reply);

	if (!reply)
		return code;
	events = json_object_get(reply, "events");
	for (first = json_array_size(events); first > 0 && wanted < count; first--)
		wanted += is_wanted(json_array_get(events, first - 1), tunnel);
	if (!wanted && !ctl->quiet)
		fputs("mssclampd remembers no such change since it started.\n", stderr);
	if (!wanted && tunnel)
		warn_of_unknown(ctl, tunnel);
	for (; code == CTL_OK && first < json_array_size(events); first++)
		code = on_event(ctl, json_array_get(events, first), (char *)tunnel);
	json_decref(reply);
	return code;
}

int command_events(const struct ctl *ctl, int argc, char **argv)
{
	const char *tunnel = options_value(argv, "--tunnel"), *last = options_value(argv, "--last");
	const struct client_listener listener = {
		.on_reply = on_event, .userdata = (char *)tunnel, .silence_ns = UINT64_MAX,
	};
	struct ctl lines = *ctl;
	uint64_t count;

	(void)argc;
	lines.json_lines = ctl->json; /* what has no end is read line by line */
	if (!last && tunnel)
		warn_of_unknown(ctl, tunnel);
	if (!last)
		return client_stream(&lines, "Subscribe", NULL, &listener);
	if (text_parse_u64(last, 1, UINT32_MAX, &count) < 0)
		return output_fail(ctl, CTL_USAGE, HINT, "events: --last %s: must be a number of "
				   "events", last);
	return print_last(&lines, tunnel, count);
}
