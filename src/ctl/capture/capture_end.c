/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/capture/capture_end.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

static json_int_t offloaded(const json_t *reply)
{
	const json_t *value = json_object_get(reply, "offloaded_total");

	return json_is_integer(value) && json_integer_value(value) >= 0 ?
		       json_integer_value(value) : -1;
}

/* "20 SYNs or 60 s"; "" where there is no end. */
static void describe_bounds(const struct capture_bounds *bounds, char *text, size_t size)
{
	char seconds[32] = "";

	if (bounds->seconds > 0)
		snprintf(seconds, sizeof(seconds), "%g s", bounds->seconds);
	if (bounds->count)
		snprintf(text, size, "%s %s%s%s", format_count(bounds->count).s,
			 bounds->count == 1 ? "SYN" : "SYNs", *seconds ? " or " : "", seconds);
	else
		snprintf(text, size, "%s", seconds);
}

void capture_end_greet(const struct ctl *ctl, struct capturing *capturing, const json_t *reply)
{
	char bounds[96];

	capturing->offloaded_before = offloaded(reply);
	if (capturing->offloaded_before >= 0)
		output_warn(ctl, "mode offload: the kernel clamps most SYNs itself, and those are "
				 "not seen here; mssclampctl offload counts them");
	if (ctl->quiet)
		return;
	describe_bounds(&capturing->bounds, bounds, sizeof(bounds));
	if (*bounds)
		fprintf(stderr, "Ends after %s (-n, --seconds) or with Ctrl-C.\n", bounds);
	else
		fputs("Ends with Ctrl-C.\n", stderr);
}

void capture_end_note(struct capturing *capturing, const json_t *reply)
{
	capturing->matched = field_count(reply, "matched_total");
	capturing->unseen = field_count(reply, "unseen_total");
	capturing->offloaded_after = offloaded(reply);
	snprintf(capturing->ended_by, sizeof(capturing->ended_by), "%s",
		 field_string(reply, "ended_by", ""));
}

/* SYNs that the kernel took meanwhile; below 0 unknown. */
static json_int_t taken(const struct capturing *capturing)
{
	if (capturing->offloaded_before < 0 ||
	    capturing->offloaded_after < capturing->offloaded_before)
		return -1;
	return capturing->offloaded_after - capturing->offloaded_before;
}

static void print_json(const struct ctl *ctl, const struct capturing *capturing)
{
	json_int_t offload = taken(capturing);
	json_t *object = json_pack("{s:i, s:I, s:I, s:o, s:s, s:s?}", "schema", CTL_SCHEMA,
				   "matched_total", (json_int_t)capturing->matched,
				   "unseen_total", (json_int_t)capturing->unseen,
				   "offloaded_total",
				   offload < 0 ? json_null() : json_integer(offload), "ended_by",
				   capturing->ended_by, "file", capturing->file.path);

	if (object && !ctl->json_lines)
		json_object_set(object, "syns", capturing->syns);
	if (object)
		output_json(ctl, object);
	json_decref(object);
}

static const char *why_text(const struct capturing *capturing)
{
	static const struct { const char *name, *text; } texts[] = {
		{ "count", "that many were asked for" },
		{ "time", "the time is over" },
		{ "signal", "interrupted" },
		{ "daemon", "mssclampd went away" },
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (strcmp(capturing->ended_by, texts[i].name) == 0)
			return texts[i].text;
	}
	return "it ended";
}

static void print_text(const struct ctl *ctl, const struct capturing *capturing)
{
	json_int_t offload = taken(capturing);

	if (capturing->unseen)
		output_warn(ctl, "%s SYNs came faster than they could be told and were not looked "
				 "at; all were clamped as ever", format_count(capturing->unseen).s);
	if (offload > 0)
		output_warn(ctl, "mode offload: SYNs that the kernel did itself meanwhile, clamped "
				 "or small enough, which are not among these: %s",
			    format_count((uint64_t)offload).s);
	if (!ctl->quiet)
		fprintf(stderr, "%s %s; %s.\n", format_count(capturing->matched).s,
			capturing->matched == 1 ? "SYN" : "SYNs", why_text(capturing));
}

int capture_end_tell(const struct ctl *ctl, struct capturing *capturing, int code)
{
	if (code == CTL_OK)
		strcpy(capturing->ended_by, "signal");
	else if (code == CTL_NOT_RUNNING)
		strcpy(capturing->ended_by, "daemon");
	if (ctl->json && !capturing->to_stdout)
		print_json(ctl, capturing);
	else
		print_text(ctl, capturing);
	return code == CTL_NOT_RUNNING ? CTL_NOT_RUNNING : CTL_OK;
}
