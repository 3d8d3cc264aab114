/* SPDX-License-Identifier: GPL-2.0-or-later */
/* try: a limit for a while. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/field.h"
#include "ctl/format.h"
#include "ctl/local_time.h"
#include "ctl/output.h"

#define HINT "mssclampctl help try tells more."
#define MSS_MIN 88
#define MSS_MAX 65495
#define DEFAULT_FOR_NS (600 * NS_PER_SECOND)

/* What the command line asks for. */
struct trial {
	const char *key, *whom; /* "interface" or "peer", and which */
	uint64_t mss;           /* bytes, 0: off */
	uint64_t for_ns;
};

/* Each returns an enum ctl_exit; the error is said. */
static int read_whom(const struct ctl *ctl, char *const *argv, struct trial *trial)
{
	const char *interface = options_value(argv, "--interface");
	const char *peer = options_value(argv, "--peer");

	if (!interface == !peer)
		return output_fail(ctl, CTL_USAGE, HINT, "try: %s",
				   interface ? "--interface and --peer exclude each other" :
					       "--interface IF or --peer P is missing");
	trial->key = interface ? "interface" : "peer";
	trial->whom = interface ? interface : peer;
	return CTL_OK;
}

static int read_mss(const struct ctl *ctl, const char *word, struct trial *trial)
{
	if (strcmp(word, "off") == 0)
		return CTL_OK;
	if (text_parse_u64(word, MSS_MIN, MSS_MAX, &trial->mss) < 0)
		return output_fail(ctl, CTL_USAGE, HINT, "try: %s: must be off, or %d to %d bytes",
				   word, MSS_MIN, MSS_MAX);
	return CTL_OK;
}

static int read_for(const struct ctl *ctl, char *const *argv, struct trial *trial)
{
	const char *text = options_value(argv, "--for");

	trial->for_ns = DEFAULT_FOR_NS;
	if (text && !trial->mss)
		return output_fail(ctl, CTL_USAGE, HINT,
				   "try: off ends at once: --for does not go with it");
	if (!text)
		return CTL_OK;
	if (options_parse_seconds(text, &trial->for_ns) < 0 || trial->for_ns < NS_PER_SECOND)
		return output_fail(ctl, CTL_USAGE, HINT,
				   "try: --for %s: must be a time such as 90s, 10m or 2h, from a "
				   "second to a day",
				   text);
	return CTL_OK;
}

/* Owned; NULL: the name is no UTF-8 text, or out of memory. */
static json_t *make_parameters(const struct trial *trial)
{
	json_t *parameters = json_object();
	int r = json_object_set_new(parameters, trial->key, json_string(trial->whom));

	if (r == 0 && trial->mss)
		r = json_object_set_new(parameters, "mss", json_integer((json_int_t)trial->mss));
	if (r == 0 && trial->mss)
		r = json_object_set_new(parameters, "for_seconds",
					json_real((double)trial->for_ns / (double)NS_PER_SECOND));
	if (r == 0)
		return parameters;
	json_decref(parameters);
	return NULL;
}

/* "wg0: MSS 1320 at most, until 12:54:01 (10 min from now)". */
static void print_limit(const struct ctl *ctl, const struct trial *trial, const json_t *reply)
{
	const char *quote = strpbrk(trial->whom, " ;&|<>()$*?#") ? "'" : "";
	char *how;

	output_text(ctl, trial->whom);
	printf(": %sMSS %s at most%s, until %s (%s from now)\n", output_paint(ctl, PAINT_BOLD),
	       format_json_bytes(json_object_get(reply, "mss_bytes")).s,
	       output_paint(ctl, PAINT_END), local_time_day(field_string(reply, "until", "")).s,
	       format_json_age(json_object_get(reply, "for_seconds")).s);
	if (json_is_true(json_object_get(reply, "replaced")))
		puts("It takes the place of the one that was tried there before.");
	if (ctl->quiet)
		return;
	if (asprintf(&how,
		     "Connections that begin from now on get it. It ends by itself; at once: "
		     "mssclampctl try off --%s %s%s%s",
		     trial->key, quote, trial->whom, quote) < 0)
		return;
	output_wrapped(ctl, 0, 2, how);
	free(how);
}

static void print_off(const struct ctl *ctl, const struct trial *trial)
{
	output_text(ctl, trial->whom);
	puts(": the trial is over; what was found and configured holds again");
}

int command_try(const struct ctl *ctl, int argc, char **argv)
{
	struct trial trial = { .whom = "" };
	json_t *parameters, *reply;
	int code = read_whom(ctl, argv, &trial);

	(void)argc;
	if (code == CTL_OK)
		code = read_mss(ctl, *options_words(argv, NULL), &trial);
	if (code == CTL_OK)
		code = read_for(ctl, argv, &trial);
	if (code != CTL_OK)
		return code;
	parameters = make_parameters(&trial);
	if (!parameters)
		return output_fail(ctl, CTL_USAGE, HINT, "try: '%s' is no UTF-8 text", trial.whom);
	code = client_call(ctl, "Try", parameters, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else if (json_is_integer(json_object_get(reply, "mss_bytes")))
		print_limit(ctl, &trial, reply);
	else
		print_off(ctl, &trial);
	json_decref(reply);
	return code;
}
