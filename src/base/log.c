/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/remedy.h"
#include "base/text.h"

#define LINE_MAX_BYTES 1024 /* the whole line, prefix and newline included */

struct line {
	size_t len;
	char text[LINE_MAX_BYTES];
};

#define HASTE_NS (10 * NS_PER_SECOND) /* behind a reader who stood still */

/* Relaxed: each is a number of its own, nothing is ordered by it. */
static _Atomic int max_priority = LOG_INFO;
static _Atomic int patience_ms = -1;
static _Atomic uint64_t haste_until_ns;
static _Atomic uint64_t lost; /* lines, since it was last said */

static const struct { const char *name; int priority; } levels[] = {
	{ "error",   LOG_ERR },
	{ "warning", LOG_WARNING },
	{ "notice",  LOG_NOTICE },
	{ "info",    LOG_INFO },
	{ "debug",   LOG_DEBUG },
};

void log_set_max(int priority)
{
	atomic_store_explicit(&max_priority, priority, memory_order_relaxed);
}

int log_max(void)
{
	return atomic_load_explicit(&max_priority, memory_order_relaxed);
}

void log_set_patience(int ms)
{
	atomic_store_explicit(&patience_ms, ms, memory_order_relaxed);
}

int log_parse_level(const char *word, int *ret_priority)
{
	for (size_t i = 0; i < COUNT(levels); i++) {
		if (strcmp(word, levels[i].name) == 0) {
			*ret_priority = levels[i].priority;
			return 0;
		}
	}
	return -EINVAL;
}

const char *log_level_name(int priority)
{
	for (size_t i = 0; i < COUNT(levels); i++) {
		if (levels[i].priority == priority)
			return levels[i].name;
	}
	return priority < LOG_ERR ? "error" : "debug";
}

static void line_append(struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void line_vappend(struct line *line, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* line->len may pass the end: then the text was cut. */
static void line_vappend(struct line *line, const char *format, va_list args)
{
	int n;

	if (line->len >= sizeof(line->text))
		return;
	n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	if (n > 0)
		line->len += (size_t)n;
}

static void line_append(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_vappend(line, format, args);
	va_end(args);
}

/* Leaves room for the newline; an UTF-8 sequence is never cut in two. */
static void line_cut(struct line *line)
{
	static const char dots[] = "...";
	size_t len;

	if (line->len < sizeof(line->text))
		return;
	len = text_utf8_cut(line->text, line->len, sizeof(line->text) - sizeof(dots));
	memcpy(line->text + len, dots, sizeof(dots) - 1);
	line->len = len + sizeof(dots) - 1;
}

/* Names and messages come from outside: nothing in them may move a terminal's cursor or begin a
 * line of its own. 0xc2 0x80 to 0xc2 0x9f are the C1 controls in UTF-8. */
static void line_disarm(struct line *line)
{
	for (size_t i = 0; i < line->len; i++) {
		unsigned char c = (unsigned char)line->text[i];
		unsigned char last = i ? (unsigned char)line->text[i - 1] : 0;

		if (c < ' ' || c == 0x7f || (last == 0xc2 && c >= 0x80 && c <= 0x9f))
			line->text[i] = '?';
		if (line->text[i] == '?' && last == 0xc2)
			line->text[i - 1] = '?';
	}
}

/* Who cannot be asked is written to, as a file is. */
static bool has_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int ms = atomic_load_explicit(&patience_ms, memory_order_relaxed), n;
	uint64_t now_ns = ms > 0 ? clock_monotonic_ns() : 0;

	if (ms > 0 && now_ns < atomic_load_explicit(&haste_until_ns, memory_order_relaxed))
		ms = 0;
	do
		n = poll(&out, 1, ms);
	while (n < 0 && errno == EINTR);
	if (n == 0 && ms > 0)
		atomic_store_explicit(&haste_until_ns, now_ns + HASTE_NS, memory_order_relaxed);
	return n != 0;
}

/* One write, so that lines of several threads do not mix. */
static void line_put(struct line *line)
{
	ssize_t n;

	line_cut(line);
	line_disarm(line);
	line->text[line->len++] = '\n';
	do
		n = write(STDERR_FILENO, line->text, line->len);
	while (n < 0 && errno == EINTR);
}

static void line_begin(struct line *line, int priority)
{
	line->len = 0;
	if (!isatty(STDERR_FILENO))
		line_append(line, "<%d>", priority);
}

static void say_lost(uint64_t lines)
{
	struct line line;

	line_begin(&line, LOG_WARNING);
	line_append(&line, "log: %llu lines before this one are lost, for nobody read them",
		    (unsigned long long)lines);
	line_put(&line);
}

static void line_write(struct line *line)
{
	uint64_t lines;

	if (!has_room()) {
		atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
		return;
	}
	lines = atomic_exchange_explicit(&lost, 0, memory_order_relaxed);
	if (lines > 0)
		say_lost(lines);
	line_put(line);
}

void log_print(int priority, const char *format, ...)
{
	int saved_errno = errno;
	struct line line;
	va_list args;

	if (priority > log_max())
		return;
	line_begin(&line, priority);
	va_start(args, format);
	line_vappend(&line, format, args);
	va_end(args);
	line_write(&line);
	errno = saved_errno;
}

int log_error(int error, const char *format, ...)
{
	const char *description = strerrordesc_np(-error), *remedy = remedy_of(error);
	int saved_errno = errno;
	struct line line;
	va_list args;

	if (LOG_ERR > log_max())
		return error;
	line_begin(&line, LOG_ERR);
	va_start(args, format);
	line_vappend(&line, format, args);
	va_end(args);
	if (description)
		line_append(&line, ": %s", description);
	else
		line_append(&line, ": error %d", -error);
	if (remedy)
		line_append(&line, "; %s", remedy);
	line_write(&line);
	errno = saved_errno;
	return error;
}

bool log_may_speak(struct log_ratelimit *limit, uint64_t now_ns, uint64_t interval_ns,
		   uint64_t *ret_suppressed)
{
	if (now_ns < limit->next_ns) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->next_ns = now_ns + interval_ns;
	return true;
}

const char *log_before(uint64_t suppressed, char text[LOG_BEFORE_MAX])
{
	text[0] = '\0';
	if (suppressed > 0)
		snprintf(text, LOG_BEFORE_MAX, " (%llu more like this before)",
			 (unsigned long long)suppressed);
	return text;
}
