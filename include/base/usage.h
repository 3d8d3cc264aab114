/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of a program as a table: what getopt_long(3) takes, --help and the manual page
 * are made from its rows. */
#pragma once

#include <stdio.h>

#define USAGE_OPTIONS_MAX 15

struct usage_option {
	int value;            /* what usage_next returns; below 256 it is the letter as well */
	const char *name;     /* "config"; a row without name ends the table */
	const char *argument; /* "FILE", NULL for a flag */
	const char *help;     /* for --help, one line */
	const char *page;     /* for the manual page, sentences */
};

struct usage {
	const char *program;
	const char *synopsis; /* "[-c FILE] [-h]" */
	const char *text;     /* lines of --help above the options, each with its end; or "" */
	struct usage_option options[USAGE_OPTIONS_MAX + 1];
};

/* Prints what --help prints. */
void usage_print(FILE *out, const struct usage *usage);

/* The next option of a command line, with optarg and optind as getopt_long(3) leaves them: its
 * value; -1 behind the last; '?' for what is none, which has been said on standard error. */
int usage_next(const struct usage *usage, int argc, char **argv);
