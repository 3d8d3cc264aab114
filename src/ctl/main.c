/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclampctl: from the command line to one command, once or again and again. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"

#define DEFAULT_TIMEOUT_NS (10 * NS_PER_SECOND)
#define DEFAULT_WIDTH 80
#define CLEAR_SCREEN "\033[H\033[J"
#define LIST_HINT "mssclampctl --help lists the commands."

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static unsigned int screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && text_parse_u64(columns, 20, 1000, &width) == 0)
		return (unsigned int)width;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static bool wants_colour(enum colour_when when)
{
	const char *terminal = getenv("TERM");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static const char *socket_path(const struct options *options)
{
	if (options->socket)
		return options->socket;
	return is_set("MSSCLAMP_SOCKET") ? getenv("MSSCLAMP_SOCKET") : CTL_DEFAULT_SOCKET;
}

static struct ctl ctl_make(const struct options *options, struct ctl_memory *memory)
{
	return (struct ctl){
		.socket = socket_path(options),
		.timeout_ns = options->timeout_ns ? options->timeout_ns : DEFAULT_TIMEOUT_NS,
		.every_ns = options->every_ns,
		.json = options->json,
		.json_lines = options->json_lines,
		.quiet = options->quiet,
		.utf8 = !options->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.colour = wants_colour(options->colour),
		.terminal = isatty(STDOUT_FILENO),
		.width = screen_width(),
		.interrupt_fd = -1,
		.memory = memory,
	};
}

/* Waits until until_ns. Returns 1 for go on, 0 once SIGINT came. */
static int sleep_until(const struct ctl *ctl, uint64_t until_ns)
{
	struct pollfd interrupt = { .fd = ctl->interrupt_fd, .events = POLLIN };
	uint64_t now_ns;

	while ((now_ns = clock_boottime_ns()) < until_ns)
		if (poll(&interrupt, 1, (int)((until_ns - now_ns) / NS_PER_MS + 1)) > 0)
			return 0;
	return poll(&interrupt, 1, 0) == 0;
}

/* From now on SIGINT ends what goes on, in good order. */
static int catch_interrupt(struct ctl *ctl)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ctl->interrupt_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (ctl->interrupt_fd < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "cannot watch for SIGINT: %s",
				   strerror(errno));
	return CTL_OK;
}

/* Runs a command every so often until SIGINT. A finding is no reason to stop, an error is. */
static int run_again(struct ctl *ctl, const struct command *command, const struct options *options)
{
	uint64_t next_ns = clock_boottime_ns();
	bool first = true;
	int code;

	do {
		if (!ctl->json)
			fputs(ctl->terminal ? CLEAR_SCREEN : first ? "" : "\n", stdout);
		fflush(stdout);
		code = command->run(ctl, options->argc, options->argv);
		if (code != CTL_OK && code != CTL_FOUND)
			break;
		code = output_finish(CTL_OK);
		if (code != CTL_OK)
			break;
		first = false;
		next_ns += ctl->every_ns;
		if (next_ns < clock_boottime_ns()) /* late: no burst to catch up */
			next_ns = clock_boottime_ns();
	} while (sleep_until(ctl, next_ns));
	return code;
}

static int run_command(struct ctl *ctl, const struct command *command,
		       const struct options *options)
{
	char hint[64];
	size_t count;

	snprintf(hint, sizeof(hint), "mssclampctl help %s tells more.", command->name);
	options_words(options->argv, &count);
	if (count < command->words_min)
		return output_fail(ctl, CTL_USAGE, hint, "%s: something is missing: %s",
				   command->name, command->arguments);
	if (count > command->words_max)
		return output_fail(ctl, CTL_USAGE, hint, "%s: '%s' is one word too many",
				   command->name,
				   options_words(options->argv, NULL)[command->words_max]);
	if (ctl->every_ns && !command->repeats)
		return output_fail(ctl, CTL_USAGE, hint, "%s: --every does not go with it",
				   command->name);
	if (ctl->every_ns || command->streams) {
		int code = catch_interrupt(ctl);

		if (code != CTL_OK)
			return code;
	}
	if (ctl->every_ns && !command->own_turns)
		return run_again(ctl, command, options);
	return command->run(ctl, options->argc, options->argv);
}

static int print_version(const struct ctl *ctl)
{
	json_t *object;

	if (!ctl->json) {
		puts("mssclampctl " VERSION);
		return CTL_OK;
	}
	object = json_pack("{s:i, s:s}", "schema", CTL_SCHEMA, "version", VERSION);
	if (!object)
		return output_fail(ctl, CTL_FAILED, NULL, "out of memory");
	output_json(ctl, object);
	json_decref(object);
	return CTL_OK;
}

static int dispatch(struct ctl *ctl, const struct options *options)
{
	const char *name = options->argc ? options->argv[0] : NULL;
	const struct command *command = name ? commands_find(name) : NULL;
	const char *near;

	if (options->version)
		return print_version(ctl);
	if (options->help && (!name || command)) {
		if (command)
			help_print_command(stdout, command);
		else
			help_print(stdout);
		return CTL_OK;
	}
	if (!name)
		return output_fail(ctl, CTL_USAGE, LIST_HINT, "no command given");
	if (command)
		return run_command(ctl, command, options);
	near = commands_suggest(name);
	return output_fail(ctl, CTL_USAGE, LIST_HINT, "unknown command '%s'%s%s%s", name,
			   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* What to do where a command line could not be read. */
static void make_hint(const struct options *options, char hint[OPTIONS_WHY_MAX])
{
	const struct command *command = options->argc ? commands_find(options->argv[0]) : NULL;

	if (*options->hint)
		memcpy(hint, options->hint, OPTIONS_WHY_MAX);
	else if (command)
		snprintf(hint, OPTIONS_WHY_MAX, "mssclampctl help %s tells more.", command->name);
	else
		snprintf(hint, OPTIONS_WHY_MAX, "mssclampctl --help lists commands and options.");
}

int main(int argc, char **argv)
{
	struct ctl_memory memory = { 0 };
	char hint[OPTIONS_WHY_MAX];
	struct options options;
	struct ctl ctl;
	int code, r;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
	r = options_parse(argc, argv, commands_options, &options);
	ctl = ctl_make(&options, &memory);
	make_hint(&options, hint);
	if (r < 0)
		code = output_fail(&ctl, r == -EINVAL ? CTL_USAGE : CTL_FAILED, hint, "%s",
				   r == -EINVAL ? options.why : strerror(-r));
	else
		code = dispatch(&ctl, &options);
	json_decref(memory.last);
	options_done(&options);
	return output_finish(code == CTL_FOUND ? CTL_FAILED : code);
}
