/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check has found: one thing after the other, each with what mends it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/check.h"

#define SETTINGS "/etc/mssclamp.conf.d"

const char *doctor_result_name(enum doctor_result result)
{
	static const char *const names[DOCTOR_RESULTS] = {
		[DOCTOR_OK] = "ok",	[DOCTOR_SKIPPED] = "skipped", [DOCTOR_UNKNOWN] = "unknown",
		[DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail",
	};

	return names[result];
}

static void forget(struct doctor_told *told)
{
	free(told->detail);
	for (size_t i = 0; i < told->fix_count; i++)
		free(told->fix[i]);
	*told = (struct doctor_told){ 0 };
}

void doctor_finding_done(struct doctor_finding *finding)
{
	while (finding->count > 0)
		forget(&finding->told[--finding->count]);
	*finding = (struct doctor_finding){ 0 };
}

char *doctor_finding_text(const struct doctor_finding *finding)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < finding->count; i++)
		fprintf(out, "%s%s", i ? "; " : "",
			finding->told[i].detail ? finding->told[i].detail : "-");
	if (finding->more)
		fprintf(out, "; and %zu more", finding->more);
	return fclose(out) == 0 ? text : NULL;
}

bool doctor_told_alike(const struct doctor_told *a, const struct doctor_told *b)
{
	if (a->fix_count != b->fix_count)
		return false;
	for (size_t i = 0; i < a->fix_count; i++)
		if (strcmp(a->fix[i], b->fix[i]) != 0)
			return false;
	return true;
}

static struct doctor_told *find(struct doctor_finding *finding, const char *detail)
{
	for (size_t i = 0; i < finding->count; i++)
		if (finding->told[i].detail && strcmp(finding->told[i].detail, detail) == 0)
			return &finding->told[i];
	return NULL;
}

/* A place behind those that are as bad, or NULL where it is one too many. */
static struct doctor_told *make_place(struct doctor_finding *finding, enum doctor_result result)
{
	size_t place = finding->count;

	while (place > 0 && finding->told[place - 1].result < result)
		place--;
	if (finding->count == DOCTOR_TOLD_MAX) {
		bool last = place == DOCTOR_TOLD_MAX;

		finding->more++;
		finding->more_with[last ? result : finding->told[finding->count - 1].result]++;
		if (last)
			return NULL;
		forget(&finding->told[--finding->count]);
	}
	memmove(&finding->told[place + 1], &finding->told[place],
		(finding->count - place) * sizeof(*finding->told));
	finding->count++;
	return &finding->told[place];
}

static void tell(struct doctor_finding *finding, enum doctor_result result, const char *format,
		 va_list args) __attribute__((format(printf, 3, 0)));
static void tell(struct doctor_finding *finding, enum doctor_result result, const char *format,
		 va_list args)
{
	struct doctor_told *place;
	char *detail;

	if (vasprintf(&detail, format, args) < 0)
		detail = NULL;
	finding->last = detail ? find(finding, detail) : NULL;
	place = finding->last ? NULL : make_place(finding, result);
	if (!place) {
		free(detail);
		return;
	}
	*place = (struct doctor_told){ .result = result, .detail = detail };
	finding->last = place;
	finding->result = finding->told[0].result;
}

void doctor_say(struct doctor_finding *finding, enum doctor_result result, const char *format, ...)
{
	va_list args;

	doctor_finding_done(finding);
	va_start(args, format);
	tell(finding, result, format, args);
	va_end(args);
}

void doctor_tell(struct doctor_finding *finding, enum doctor_result result, const char *format,
		 ...)
{
	va_list args;

	if (result < DOCTOR_UNKNOWN && finding->count) {
		finding->last = NULL;
		return;
	}
	if (finding->result < DOCTOR_UNKNOWN)
		doctor_finding_done(finding);
	va_start(args, format);
	tell(finding, result, format, args);
	va_end(args);
}

static void add_command(struct doctor_finding *finding, bool shows, const char *format,
			va_list args)
	__attribute__((format(printf, 3, 0)));
static void add_command(struct doctor_finding *finding, bool shows, const char *format,
			va_list args)
{
	struct doctor_told *told = finding->last;
	bool known = false;
	char *command;

	if (!told || vasprintf(&command, format, args) < 0)
		return;
	for (size_t i = 0; i < told->fix_count; i++)
		known |= strcmp(told->fix[i], command) == 0;
	if (known || told->fix_count == DOCTOR_FIXES_MAX) {
		free(command);
		return;
	}
	told->shows[told->fix_count] = shows;
	told->fix[told->fix_count++] = command;
}

void doctor_fix(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_command(finding, false, format, args);
	va_end(args);
}

void doctor_see(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_command(finding, true, format, args);
	va_end(args);
}

void doctor_fix_setting(struct doctor_finding *finding, const char *id, const char *setting)
{
	doctor_fix(finding, "echo '%s' >" SETTINGS "/zz-doctor-%s.conf", setting, id);
}
