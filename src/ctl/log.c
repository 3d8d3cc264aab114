/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"

static int refuse_level(const struct ctl *ctl, const char *word)
{
	static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };
	const char *near = text_suggest(word, levels);

	return output_fail(ctl, CTL_USAGE, "The levels are error, warning, notice, info, debug.",
			   "log: unknown level '%s'%s%s%s", word, near ? ", did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

int command_log(const struct ctl *ctl, int argc, char **argv)
{
	const char *level = options_words(argv, NULL)[0];
	int code, priority;
	json_t *reply;

	(void)argc;
	if (log_parse_level(level, &priority) < 0)
		return refuse_level(ctl, level);
	code = client_call(ctl, "SetLogLevel", json_pack("{s:s}", "level", level), &reply);
	if (!reply)
		return code;
	if (ctl->json) {
		output_json(ctl, reply);
	} else if (!ctl->quiet) {
		fputs("Log level: ", stdout);
		output_text(ctl, field_string(reply, "previous", "-"));
		fputs(" -> ", stdout);
		output_text(ctl, field_string(reply, "level", "-"));
		putchar('\n');
	}
	json_decref(reply);
	return code;
}
