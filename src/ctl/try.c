/* SPDX-License-Identifier: GPL-2.0-or-later */
/* try: a limit for a while. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/local_time.h"
#include "ctl/screen/output.h"

#define HINT "mssclampctl help try tells more."
#define MSS_MIN 88
#define MSS_MAX 65495
#define DEFAULT_FOR_NS (600 * NS_PER_SECOND)

/* What the command line asks for. */
struct attempt {
	const char *key, *whom; /* "interface" or "peer", and which */
	uint64_t mss;           /* bytes, 0: off */
	uint64_t for_ns;
};

/* Each returns an enum ctl_exit; the error is said. */
static int read_whom(const struct ctl *ctl, char *const *argv, struct attempt *attempt)
{
	const char *interface = options_value(argv, "--interface");
	const char *peer = options_value(argv, "--peer");

	if (!interface == !peer)
		return output_fail(ctl, CTL_USAGE, HINT, "try: %s",
				   interface ? "--interface and --peer exclude each other" :
					       "--interface IF or --peer P is missing");
	attempt->key = interface ? "interface" : "peer";
	attempt->whom = interface ? interface : peer;
	return CTL_OK;
}

static int read_mss(const struct ctl *ctl, const char *word, struct attempt *attempt)
{
	if (strcmp(word, "off") == 0)
		return CTL_OK;
	if (text_parse_u64(word, MSS_MIN, MSS_MAX, &attempt->mss) < 0)
		return output_fail(ctl, CTL_USAGE, HINT, "try: %s: must be off, or %d to %d bytes",
				   word, MSS_MIN, MSS_MAX);
	return CTL_OK;
}

static int read_for(const struct ctl *ctl, char *const *argv, struct attempt *attempt)
{
	const char *text = options_value(argv, "--for");

	attempt->for_ns = DEFAULT_FOR_NS;
	if (text && !attempt->mss)
		return output_fail(ctl, CTL_USAGE, HINT,
				   "try: off ends at once: --for does not go with it");
	if (!text)
		return CTL_OK;
	if (options_parse_seconds(text, &attempt->for_ns) < 0 || attempt->for_ns < NS_PER_SECOND)
		return output_fail(ctl, CTL_USAGE, HINT,
				   "try: --for %s: must be a time such as 90s, 10m or 2h, from a "
				   "second to a day",
				   text);
	return CTL_OK;
}

/* Owned; NULL: the name is no UTF-8 text, or out of memory. */
static json_t *make_parameters(const struct attempt *attempt)
{
	json_t *parameters = json_object();
	int r = json_object_set_new(parameters, attempt->key, json_string(attempt->whom));

	if (r == 0 && attempt->mss)
		r = json_object_set_new(parameters, "mss", json_integer((json_int_t)attempt->mss));
	if (r == 0 && attempt->mss)
		r = json_object_set_new(parameters, "for_seconds",
					json_real(clock_seconds(attempt->for_ns)));
	if (r == 0)
		return parameters;
	json_decref(parameters);
	return NULL;
}

/* Where it allows more than fits. */
static void print_warnings(const struct ctl *ctl, const struct attempt *attempt,
			   const json_t *reply)
{
	const json_t *warnings = json_object_get(reply, "warnings");

	for (size_t i = 0; i < json_array_size(warnings); i++)
		output_notice(ctl, PAINT_WARN, attempt->whom,
			      json_string_value(json_array_get(warnings, i)));
	if (json_array_size(warnings))
		puts("It raises the MSS above what is known to fit: larger segments will be lost.");
}

/* "wg0: MSS 1320, until 12:54:01 (10 min from now)". */
static void print_limit(const struct ctl *ctl, const struct attempt *attempt, const json_t *reply)
{
	const char *quote = strpbrk(attempt->whom, " ;&|<>()$*?#") ? "'" : "";
	char *how;

	output_text(ctl, attempt->whom);
	printf(": %sMSS %s%s, until %s (%s from now)\n", output_paint(ctl, PAINT_BOLD),
	       format_field_bytes(reply, "mss_bytes").s,
	       output_paint(ctl, PAINT_END), local_time_day(field_string(reply, "until", "")).s,
	       format_json_age(json_object_get(reply, "for_seconds")).s);
	if (json_is_true(json_object_get(reply, "replaced")))
		puts("It takes the place of the one that was tried there before.");
	print_warnings(ctl, attempt, reply);
	if (ctl->quiet)
		return;
	if (asprintf(&how,
		     "Connections that begin from now on get it. It ends by itself; at once: "
		     "mssclampctl try off --%s %s%s%s",
		     attempt->key, quote, attempt->whom, quote) < 0)
		return;
	output_wrapped(ctl, 0, 2, how);
	free(how);
}

static void print_off(const struct ctl *ctl, const struct attempt *attempt)
{
	output_text(ctl, attempt->whom);
	puts(": the try is over; what was found and configured holds again");
}

int command_try(const struct ctl *ctl, int argc, char **argv)
{
	struct attempt attempt = { .whom = "" };
	json_t *parameters, *reply;
	int code = read_whom(ctl, argv, &attempt);

	(void)argc;
	if (code == CTL_OK)
		code = read_mss(ctl, *options_words(argv, NULL), &attempt);
	if (code == CTL_OK)
		code = read_for(ctl, argv, &attempt);
	if (code != CTL_OK)
		return code;
	parameters = make_parameters(&attempt);
	if (!parameters)
		return output_fail(ctl, CTL_USAGE, HINT, "try: '%s' is no UTF-8 text",
				   attempt.whom);
	code = client_call(ctl, "Try", parameters, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else if (json_is_integer(json_object_get(reply, "mss_bytes")))
		print_limit(ctl, &attempt, reply);
	else
		print_off(ctl, &attempt);
	json_decref(reply);
	return code;
}
