/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: global options before or after the command, then what the command asks for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_WHY_MAX 256 /* bytes of the text that says what is wrong */

struct option_row {
	const char *name;     /* "--print"; a row without name ends a table */
	char letter;          /* 'q' for -q, 0 without */
	const char *argument; /* "nft|iptables", NULL for a flag */
	const char *help;     /* one line */
};

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* A command line that was read. Strings are borrowed from it unless said otherwise. */
struct options {
	bool json, json_lines, ascii, quiet, help, version;
	enum colour_when colour;
	const char *socket;  /* NULL: not given */
	uint64_t timeout_ns; /* 0: not given */
	uint64_t every_ns;   /* 0: once */
	/* What the command gets, ended by NULL: its name, its own options as "--name" or
	 * "--name=value", then "--", then its words. argc is 0 where no command was given. */
	int argc;
	char **argv;         /* owned, each text too */
	char why[OPTIONS_WHY_MAX];
	char hint[OPTIONS_WHY_MAX]; /* what to do about it; "" for no more than --help */
};

extern const struct option_row options_global[];

/* Gives the option table of a command, NULL where there is no such command. */
typedef const struct option_row *options_of_command(const char *command);

/* Reads a command line. Options that nobody knows are errors only behind a command that exists:
 * of a misspelt command the caller hears first. json and json_lines are right even after an
 * error, so that the error can be told as JSON.
 * Returns 0, -EINVAL with ret->why, or -ENOMEM; options_done in any case. */
int options_parse(int argc, char **argv, options_of_command *own, struct options *ret);
void options_done(struct options *options);

/* For commands: the value of an option ("" for a flag), NULL where it was not given; the last one
 * where it was given twice. argv as options_parse made it. */
const char *options_value(char *const *argv, const char *name);
/* The words behind "--", ended by NULL; ret_count may be NULL. */
char *const *options_words(char *const *argv, size_t *ret_count);

/* Seconds such as "2" or "0.5", or a duration with its unit ("500ms", "10m"): 1 ms to a day.
 * Returns 0 or -EINVAL. */
int options_parse_seconds(const char *text, uint64_t *ret_ns);
