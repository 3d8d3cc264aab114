/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines on stderr, for a person or for the journal.
 *
 * Each line starts with the syslog priority as <N> unless stderr is a terminal: systemd takes the
 * prefix off and files the line under that priority (sd-daemon(3)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* The least urgent priority that is still printed: LOG_ERR (3) to LOG_DEBUG (7). Default LOG_INFO.
 * Written by the control thread, read by all. */
void log_set_max(int priority);
int log_max(void);

/* How long a line waits for whoever reads stderr, in milliseconds; -1, the default: for ever. Once
 * a line has waited in vain none waits for 10 s. Lines that find no room are lost, and how many is
 * said once there is some. */
void log_set_patience(int ms);

/* "error", "warning", "notice", "info", "debug" <-> syslog priority. log_parse_level returns
 * -EINVAL for another word and leaves *ret_priority alone. */
int log_parse_level(const char *word, int *ret_priority);
const char *log_level_name(int priority);

void log_print(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints at LOG_ERR with ": " and the text of errno value -error behind it, and what helps against
 * it where that is the same everywhere. Returns error, so that a caller can write "return
 * log_error(r, ...)". */
int log_error(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_print(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

/* Says the same thing at most once an interval. Zero-initialised is ready for use. */
struct log_ratelimit {
	uint64_t next_ns;    /* CLOCK_BOOTTIME before which nothing more is said */
	uint64_t suppressed; /* how often it was not said since the last time */
};

/* Whether to speak now. When it returns true, *ret_suppressed is what was kept back before. */
bool log_may_speak(struct log_ratelimit *limit, uint64_t now_ns, uint64_t interval_ns,
		   uint64_t *ret_suppressed);

/* That as the end of a line: " (3 more like this before)", nothing where it is 0. Returns text. */
#define LOG_BEFORE_MAX 48
const char *log_before(uint64_t suppressed, char text[LOG_BEFORE_MAX]);
