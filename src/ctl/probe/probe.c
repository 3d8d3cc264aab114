/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe: the search of one path, as it goes on and as it ends. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/probe/probe_screen.h"
#include "ctl/probe/probed_path.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

#define HINT "mssclampctl help probe tells more."
#define SILENCE_NS (60 * NS_PER_SECOND) /* between two replies */

static const struct number_option {
	const char *name, *parameter, *words;
	uint64_t min, max;
} number_options[] = {
	{ "--max", "max", "bytes, 68 to 65535", 68, 65535 },
	{ "--tries", "tries", "1 to 20", 1, 20 },
};

struct probing {
	bool progress; /* shown on stderr */
	json_t *last;  /* owned: the reply that ends it */
};

static void clear_progress(void *userdata)
{
	const struct probing *probing = userdata;

	if (probing->progress)
		output_progress("");
}

/* One line, drawn anew: "probing carol: 14 packets, 1400 bytes arrive, trying 1472, 3.2 s". */
static void show_progress(const struct ctl *ctl, const struct probing *probing, const json_t *reply)
{
	const json_t *sizes = json_object_get(reply, "sizes");
	size_t count = json_array_size(sizes);
	const json_t *last = count ? json_array_get(sizes, count - 1) : NULL;
	uint64_t arrived = probed_path_largest(sizes, "answered");
	char *label, *line, found[64] = "nothing answered yet";

	if (!probing->progress)
		return;
	label = probe_screen_label(ctl, reply);
	if (arrived)
		snprintf(found, sizeof(found), "%llu bytes arrive", (unsigned long long)arrived);
	if (asprintf(&line, "probing %s: %s packets, %s, trying %s, %.0f s", label ? label : "-",
		     format_count(probed_path_sent(sizes)).s, found,
		     format_field_bytes(last, "outer_bytes").s,
		     field_real(reply, "duration_seconds", 0)) >= 0) {
		if (ctl->width >= 8)
			format_shorten(line, ctl->width - 1);
		output_progress(line);
		free(line);
	}
	free(label);
}

/* CTL_FOUND: it is over. */
static int on_reply(const struct ctl *ctl, const json_t *reply, void *userdata)
{
	struct probing *probing = userdata;
	bool finished = json_is_true(json_object_get(reply, "finished"));

	if (ctl->json && (finished || ctl->json_lines))
		output_json(ctl, reply);
	if (!finished) {
		show_progress(ctl, probing, reply);
		return output_finish(CTL_OK);
	}
	probing->last = json_deep_copy(reply);
	return CTL_FOUND;
}

static int exit_code(const json_t *reply)
{
	if (field_is(reply, "result", "black_hole"))
		return CTL_FOUND;
	if (field_is(reply, "result", "ok") || field_is(reply, "result", "limited_by_icmp"))
		return CTL_OK;
	return CTL_UNKNOWN;
}

static int print_result(const struct ctl *ctl, const json_t *reply, uint64_t most)
{
	struct probe_around around;
	int r, code;

	if (ctl->json)
		return exit_code(reply);
	probe_around_ask(ctl, reply, &around);
	r = probe_screen_print(ctl, reply, &around);
	if (r == 0) {
		putchar('\n');
		r = probe_picture_print(ctl, reply);
	}
	if (r < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "probe: out of memory");
	putchar('\n');
	code = probe_verdict_print(ctl, reply, &around, most);
	printf("Took %.1f s and %s packets.\n", field_real(reply, "duration_seconds", 0),
	       format_count(probed_path_sent(json_object_get(reply, "sizes"))).s);
	return code;
}

/* There is no result: nobody wanted it any more, or mssclampd has none. */
static int say_ended(const struct ctl *ctl)
{
	struct pollfd interrupt = { .fd = ctl->interrupt_fd, .events = POLLIN };

	if (poll(&interrupt, 1, 0) > 0)
		return output_fail(ctl, CTL_FAILED, NULL,
				   "probe: cancelled; what was known before stays in force");
	return output_fail(ctl, CTL_FAILED, "mssclampd's log may tell more.",
			   "probe: mssclampd ended it without a result");
}

/* Returns an enum ctl_exit; the error is said. */
static int set_numbers(const struct ctl *ctl, char *const *argv, json_t *parameters)
{
	for (size_t i = 0; i < COUNT(number_options); i++) {
		const struct number_option *option = &number_options[i];
		const char *text = options_value(argv, option->name);
		uint64_t value;

		if (!text)
			continue;
		if (text_parse_u64(text, option->min, option->max, &value) < 0)
			return output_fail(ctl, CTL_USAGE, HINT, "probe: %s %s: must be %s",
					   option->name, text, option->words);
		if (json_object_set_new(parameters, option->parameter,
					json_integer((json_int_t)value)) < 0)
			return output_fail(ctl, CTL_FAILED, NULL, "probe: out of memory");
	}
	return CTL_OK;
}

int command_probe(const struct ctl *ctl, int argc, char **argv)
{
	const char *target = *options_words(argv, NULL);
	struct probing probing = { .progress = output_has_progress(ctl) };
	const struct client_listener listener = {
		.on_reply = on_reply,
		.on_end = clear_progress,
		.userdata = &probing,
		.silence_ns = SILENCE_NS,
	};
	json_t *parameters = json_object();
	uint64_t most;
	int code;

	(void)argc;
	if (json_object_set_new(parameters, "target", json_string(target)) < 0)
		code = output_fail(ctl, CTL_USAGE, "mssclampctl peers lists the peers.",
				   "probe: '%s' is no UTF-8 text", target);
	else
		code = set_numbers(ctl, argv, parameters);
	if (code != CTL_OK) {
		json_decref(parameters);
		return code;
	}
	most = field_count(parameters, "max");
	code = client_stream(ctl, "Probe", parameters, &listener);
	if (code == CTL_FOUND && probing.last)
		code = print_result(ctl, probing.last, most);
	else if (code == CTL_FOUND)
		code = output_fail(ctl, CTL_FAILED, NULL, "probe: out of memory");
	else if (code == CTL_OK)
		code = say_ended(ctl);
	json_decref(probing.last);
	return code;
}
