/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampctl tune: which MSS is the largest that passes, by real transfers. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"
#include "ctl/tune/tune.h"

#define HINT_USAGE "mssclampctl help tune tells more."
#define SECONDS_DEFAULT 2
#define SECONDS_MAX 60
#define PORT_DEFAULT "5201" /* iperf3's */
#define NAME_MAX_BYTES 255  /* of hosts */

/* A word for iperf3's command line: nothing it would take for an option. */
static int check_word(const struct ctl *ctl, const char *name, const char *word)
{
	if (!word || (*word && *word != '-' && strlen(word) <= NAME_MAX_BYTES))
		return CTL_OK;
	return output_fail(ctl, CTL_USAGE, HINT_USAGE, "%s: \"%s\" cannot be used", name, word);
}

/* Digits, perhaps with K, M or G: bits a second. */
static int check_rate(const struct ctl *ctl, const char *rate)
{
	size_t digits = rate ? strspn(rate, "0123456789") : 0;

	if (!rate || (digits > 0 && digits < 10 &&
		      (!rate[digits] || (strchr("KMG", rate[digits]) && !rate[digits + 1]))))
		return CTL_OK;
	return output_fail(ctl, CTL_USAGE, HINT_USAGE,
			   "--rate: \"%s\" is no rate: bits a second, such as 20M", rate);
}

static int read_arguments(const struct ctl *ctl, char **argv, struct tune_options *options)
{
	const char *seconds = options_value(argv, "--seconds");
	const char *port = options_value(argv, "--port");
	uint64_t number;
	int code;

	*options = (struct tune_options){
		.host = options_words(argv, NULL)[0],
		.port = port ? port : PORT_DEFAULT,
		.bind = options_value(argv, "--bind"),
		.via = options_value(argv, "--via"),
		.compare = options_value(argv, "--compare"),
		.rate = options_value(argv, "--rate"),
		.html = options_value(argv, "--html"),
		.addresses = options_value(argv, "--addresses") != NULL,
		.seconds = SECONDS_DEFAULT,
	};
	if (text_parse_u64(options->port, 1, UINT16_MAX, &number) < 0)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE, "--port: \"%s\" is no port: 1 to %d",
				   options->port, UINT16_MAX);
	if (seconds && text_parse_u64(seconds, 1, SECONDS_MAX, &options->seconds) < 0)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE, "--seconds: \"%s\" is not 1 to %d",
				   seconds, SECONDS_MAX);
	if (options->html && strcmp(options->html, "-") == 0 && ctl->json)
		return output_fail(ctl, CTL_USAGE, "name a file for --html, or leave --json out",
				   "page and JSON cannot both go to standard output");
	code = check_word(ctl, "HOST", options->host);
	if (code == CTL_OK)
		code = check_word(ctl, "--bind", options->bind);
	if (code == CTL_OK)
		code = check_word(ctl, "--via", options->via);
	if (code == CTL_OK)
		code = check_word(ctl, "--compare", options->compare);
	return code == CTL_OK ? check_rate(ctl, options->rate) : code;
}

/* The page, and what goes to standard output beside it. */
static int tell(const struct ctl *ctl, const struct tune_options *options,
		const struct tune_report *report)
{
	json_t *reply = tune_to_json(options, report);
	int code = CTL_OK, r = 0;

	if (options->html)
		r = tune_html_write(options->html, reply, options->addresses);
	if (r < 0)
		code = output_fail(ctl, CTL_FAILED, NULL, "%s: cannot be written: %s",
				   options->html, strerror(-r));
	else if (ctl->json)
		output_json(ctl, reply);
	else if ((!options->html || strcmp(options->html, "-") != 0) && tune_print(ctl, reply) < 0)
		code = output_fail(ctl, CTL_FAILED, NULL, "out of memory");
	json_decref(reply);
	return code;
}

int command_tune(const struct ctl *ctl, int argc, char **argv)
{
	struct tune_report report = { .count = 0 };
	struct tune_options options;
	int code;

	(void)argc;
	code = read_arguments(ctl, argv, &options);
	if (code == CTL_OK)
		code = tune_measure(ctl, &options, &report);
	if (code == CTL_OK)
		code = tell(ctl, &options, &report);
	return code == CTL_OK && report.outcome != TUNE_ALL_PASS ? CTL_FOUND : code;
}
