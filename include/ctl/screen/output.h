/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves mssclampctl: data on stdout; errors and warnings on stderr, with --json errors as an
 * object on stdout. */
#pragma once

#include "ctl/options/ctl.h"

/* Terminal codes, "" without colour. Words carry the meaning in any case. */
enum paint { PAINT_END, PAINT_BOLD, PAINT_GOOD, PAINT_WARN, PAINT_BAD };
const char *output_paint(const struct ctl *ctl, enum paint paint);

/* Says `mssclampctl: what: why` on stderr and, indented below it, what to do (hint may be
 * NULL). With --json it is the error object on stdout instead, and nothing on stderr. On
 * stderr, control characters are replaced and further lines of the text indented.
 * Returns code, so that a command can write "return output_fail(...)". */
int output_fail(const struct ctl *ctl, enum ctl_exit code, const char *hint, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* A warning on stderr, cleaned in the same way, unless quiet. */
void output_warn(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints one object as --json (indented) or --json-lines (one line) asks. Borrows value. */
void output_json(const struct ctl *ctl, const json_t *value);

/* Prints text from outside on stdout, cleaned for this terminal; newlines are replaced too. */
void output_text(const struct ctl *ctl, const char *text);

/* The same as whole lines, broken at blanks where the screen ends: `used` columns of the first are
 * taken already, further ones stand `indent` blanks in. */
void output_wrapped(const struct ctl *ctl, unsigned int used, unsigned int indent,
		    const char *text);

/* Whether a line on stderr may be drawn anew while something goes on: for people who look, on a
 * terminal that can. */
bool output_has_progress(const struct ctl *ctl);
/* Draws that line in the place of the one before; "" leaves none. */
void output_progress(const char *line);

/* A command as one may paste it: where the screen ends it goes on behind a backslash, between two
 * words. A word that is wider stays whole. */
void output_command(const struct ctl *ctl, unsigned int used, unsigned int indent,
		    const char *text);

/* "! subject: text" for what is odd, in as many lines as it takes; subject may be NULL. */
void output_notice(const struct ctl *ctl, enum paint paint, const char *subject, const char *text);

/* Flushes stdout. Returns code, or CTL_FAILED where what was printed did not arrive: with a
 * message, unless the reader just closed the pipe. */
int output_finish(int code);
