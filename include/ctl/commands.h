/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of commands. Dispatch, --help, `help COMMAND` and the "did you mean" come from
 * it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/options/ctl.h"
#include "ctl/options/options.h"

enum command_daemon { DAEMON_NO, DAEMON_YES, DAEMON_PARTLY };

struct command {
	const char *name;
	const char *arguments;       /* "FLOW", "" without */
	const char *summary;         /* one line */
	const char *details;         /* more for `help COMMAND`, or NULL */
	enum command_daemon daemon;  /* whether it needs mssclampd */
	bool admin;                  /* for root and the admin group */
	bool repeats;                /* --every makes sense */
	bool own_turns;              /* and the command takes its turns itself */
	bool streams;                /* answers again and again; SIGINT ends it in good order */
	size_t words_min, words_max; /* how many words it takes */
	const struct option_row *options;
	void (*more)(FILE *out);     /* prints what `help COMMAND` shows besides, or NULL */
	/* argv as options_parse made it: name, own options, "--", words. Returns an enum
	 * ctl_exit. */
	int (*run)(const struct ctl *ctl, int argc, char **argv);
};

extern const struct command commands[]; /* ended by a row without name */

/* NULL where there is no such command. */
const struct command *commands_find(const char *name);
/* The command nearest to a misspelt name, or NULL. */
const char *commands_suggest(const char *name);
/* The option table of a command, for options_parse; NULL where there is no such command. */
const struct option_row *commands_options(const char *name);

/* The screen of --help, and the one of a command. */
void help_print(FILE *out);
void help_print_command(FILE *out, const struct command *command);

int command_status(const struct ctl *ctl, int argc, char **argv);
int command_stats(const struct ctl *ctl, int argc, char **argv);
int command_metrics(const struct ctl *ctl, int argc, char **argv);
int command_tunnels(const struct ctl *ctl, int argc, char **argv);
int command_peers(const struct ctl *ctl, int argc, char **argv);
int command_explain(const struct ctl *ctl, int argc, char **argv);
int command_events(const struct ctl *ctl, int argc, char **argv);
int command_probe(const struct ctl *ctl, int argc, char **argv);
int command_capture(const struct ctl *ctl, int argc, char **argv);
int command_top(const struct ctl *ctl, int argc, char **argv);
int command_try(const struct ctl *ctl, int argc, char **argv);
int command_offload(const struct ctl *ctl, int argc, char **argv);
int command_rules(const struct ctl *ctl, int argc, char **argv);
int command_reload(const struct ctl *ctl, int argc, char **argv);
int command_log(const struct ctl *ctl, int argc, char **argv);
int command_wait(const struct ctl *ctl, int argc, char **argv);
int command_rewrite(const struct ctl *ctl, int argc, char **argv);
int command_pcap(const struct ctl *ctl, int argc, char **argv);
int command_doctor(const struct ctl *ctl, int argc, char **argv);
int command_tune(const struct ctl *ctl, int argc, char **argv);
int command_calc(const struct ctl *ctl, int argc, char **argv);
int command_help(const struct ctl *ctl, int argc, char **argv);
