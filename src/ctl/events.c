/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events: a line for each change, until somebody ends it. */
#include <stdio.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/field.h"
#include "ctl/local_time.h"
#include "ctl/output.h"

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

static int on_event(const struct ctl *ctl, const json_t *event, void *userdata)
{
	(void)userdata;
	if (ctl->json)
		output_json(ctl, event);
	else if (field_is(event, "event", "subscribed"))
		print_greeting(ctl);
	else
		print_event(ctl, event);
	return output_finish(CTL_OK);
}

int command_events(const struct ctl *ctl, int argc, char **argv)
{
	const struct client_listener listener = { .on_reply = on_event, .silence_ns = UINT64_MAX };
	struct ctl lines = *ctl;

	(void)argc;
	(void)argv;
	lines.json_lines = ctl->json; /* what has no end is read line by line */
	return client_stream(&lines, "Subscribe", NULL, &listener);
}
