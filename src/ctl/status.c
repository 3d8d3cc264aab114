/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/local_time.h"
#include "ctl/screen/output.h"

#define STATE_WIDTH 11 /* columns: "different" and a gap */
#define REASON_MAX 56  /* columns: what is left of 80 */

/* What each state of a check means, in words. */
static const struct {
	const char *check, *state;
	enum paint paint;
	const char *text;
} meanings[] = {
	{ "rules", "ok", PAINT_GOOD, "live rules are the expected ones" },
	{ "rules", "missing", PAINT_BAD, "no SYN reaches us: mssclampctl rules --apply" },
	{ "rules", "different", PAINT_BAD, "mssclampctl rules --diff shows where" },
	{ "rules", "none", PAINT_GOOD, "left to you (firewall = \"none\")" },
	{ "queues", "ok", PAINT_GOOD, "every worker answers" },
	{ "queues", "stalled", PAINT_BAD, "a worker does not answer" },
	{ "queues", "unbound", PAINT_BAD, "a queue has no worker" },
	{ "fallback", "standby", PAINT_GOOD, "the kernel would clamp by route MTU" },
	{ "fallback", "active", PAINT_WARN, "the kernel clamps by route MTU now" },
	{ "fallback", "off", PAINT_GOOD, "nothing clamps while mssclampd is gone" },
};

/* "  rules     ok         live rules are the expected ones". */
static void print_line(const struct ctl *ctl, const char *label, const char *state,
		       enum paint paint, const char *text)
{
	size_t width = strlen(state);

	printf("  %-9s %s", label, output_paint(ctl, paint));
	output_text(ctl, state);
	printf("%s", output_paint(ctl, PAINT_END));
	if (*text)
		printf("%*s%s", (int)(width < STATE_WIDTH ? STATE_WIDTH - width : 1), "", text);
	putchar('\n');
}

static void print_check(const struct ctl *ctl, const json_t *checks, const char *check)
{
	const char *state = field_string(checks, check, "-"), *text = "";
	enum paint paint = PAINT_WARN;

	for (size_t i = 0; i < COUNT(meanings); i++) {
		if (strcmp(meanings[i].check, check) == 0 &&
		    strcmp(meanings[i].state, state) == 0) {
			paint = meanings[i].paint;
			text = meanings[i].text;
		}
	}
	print_line(ctl, check, state, paint, text);
}

/* Whether nobody has it, or another program. */
static void print_queues(const struct ctl *ctl, const json_t *reply)
{
	const json_t *checks = json_object_get(reply, "checks");
	const json_t *taken = json_object_get(reply, "queues_taken");
	size_t count = json_array_size(taken);
	char text[64];

	if (!count || !field_is(checks, "queues", "unbound")) {
		print_check(ctl, checks, "queues");
		return;
	}
	snprintf(text, sizeof(text), "another program has queue %u%s",
		 (unsigned int)json_integer_value(json_array_get(taken, 0)),
		 count == 1 ? "" : ", and others");
	print_line(ctl, "queues", "unbound", PAINT_BAD, text);
}

/* They stand as expected, and are of no use. */
static void print_rules(const struct ctl *ctl, const json_t *reply)
{
	const json_t *checks = json_object_get(reply, "checks");
	bool taken = json_array_size(json_object_get(reply, "taken_before")) > 0;

	if (taken && field_is(checks, "rules", "ok"))
		print_line(ctl, "rules", "unreached", PAINT_BAD,
			   "SYNs are taken before them: mssclampctl doctor");
	else
		print_check(ctl, checks, "rules");
}

/* In mode offload the queue gets the odd ones, and what the kernel has goes on without us. */
static void print_sees_syns(const struct ctl *ctl, const json_t *sees, bool offload)
{
	if (json_is_true(sees))
		print_line(ctl, "SYNs", "yes", PAINT_GOOD, "a worker has seen one");
	else if (json_is_false(sees))
		print_line(ctl, "SYNs", "no", PAINT_BAD,
			   "the rules count some, but none reaches a worker");
	else
		print_line(ctl, "SYNs", "unknown", PAINT_END, offload ?
			   "none for the queue; the kernel's: mssclampctl offload" :
			   "none has passed so far");
}

/* Off: why, where that fits in; else the list of warnings tells. */
static void print_fallback(const struct ctl *ctl, const json_t *reply, bool offload)
{
	const json_t *checks = json_object_get(reply, "checks");
	const char *reason = field_string(reply, "fallback_reason", "");
	bool off = field_is(checks, "fallback", "off");

	if (off && offload)
		print_line(ctl, "fallback", "off", PAINT_GOOD,
			   "but the kernel goes on with the limits it has");
	else if (off && *reason && strlen(reason) <= REASON_MAX)
		print_line(ctl, "fallback", "off", PAINT_GOOD, reason);
	else
		print_check(ctl, checks, "fallback");
}

/* "1          up to 5.2 s until 12:44:01, SYNs waited": where there was one. */
static void print_standstills(const struct ctl *ctl, const json_t *reply)
{
	const json_t *last = json_object_get(reply, "last_standstill");
	double seconds = field_real(last, "seconds", 0);
	char text[400];

	if (!json_is_object(last))
		return;
	snprintf(text, sizeof(text), "up to %.*f s until %s, SYNs waited",
		 seconds < 100 ? 1 : 0, seconds, local_time_day(field_string(last, "ended", "")).s);
	print_line(ctl, "pauses", format_count(field_count(reply, "standstills_total")).s,
		   PAINT_WARN, text);
}

static const char *state_text(const json_t *reply, bool running)
{
	const json_t *checks = json_object_get(reply, "checks");

	if (!running)
		return "DEGRADED";
	if (field_is(reply, "mode", "audit"))
		return "running in audit mode, it changes no SYN";
	if (field_is(checks, "rules", "none") &&
	    !json_is_true(json_object_get(checks, "sees_syns")))
		return "running, but no SYN has come from your rules";
	return "running and clamping";
}

/* "mssclampd is running and clamping: 5 tunnels, 37 peers". */
static void print_headline(const struct ctl *ctl, const json_t *reply, bool running)
{
	const json_t *peers = json_object_get(reply, "peers");
	uint64_t tunnels = field_count(reply, "tunnels");

	printf("%smssclampd is %s%s", output_paint(ctl, running ? PAINT_GOOD : PAINT_BAD),
	       state_text(reply, running), output_paint(ctl, PAINT_END));
	printf(": %s tunnel%s", format_count(tunnels).s, text_plural(tunnels));
	if (json_is_integer(peers))
		printf(", %s peer%s", format_json_count(peers).s,
		       text_plural((size_t)json_integer_value(peers)));
	fputs("\n  version ", stdout);
	output_text(ctl, field_string(reply, "version", "-"));
	fputs(", mode ", stdout);
	output_text(ctl, field_string(reply, "mode", "-"));
	printf(", up %s\n", format_uptime(field_real(reply, "uptime_seconds", -1)).s);
}

static void print_texts(const struct ctl *ctl, const json_t *list, enum paint paint)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		output_notice(ctl, paint, NULL, text ? text : "-");
	}
}

/* "alert fragments_ipv4: 12.5 IPv4 fragments made a second, threshold 5.0, for 3 min 20 s". Owned,
 * or NULL (out of memory). */
static char *describe_alert(const json_t *alert)
{
	char value[32] = "unknown", *text;

	if (json_is_number(json_object_get(alert, "value")))
		snprintf(value, sizeof(value), "%.1f", field_real(alert, "value", 0));
	if (asprintf(&text, "alert %s: %s %s, threshold %.1f, for %s",
		     field_string(alert, "alert", "-"), value, field_string(alert, "unit", ""),
		     field_real(alert, "threshold", 0),
		     format_uptime(field_real(alert, "firing_seconds", -1)).s) < 0)
		return NULL;
	return text;
}

static void print_alerts(const struct ctl *ctl, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		char *text = describe_alert(json_array_get(list, i));

		output_notice(ctl, PAINT_WARN, NULL, text ? text : "out of memory");
		free(text);
	}
}

static void print_status(const struct ctl *ctl, const json_t *reply, bool running)
{
	const json_t *checks = json_object_get(reply, "checks");
	bool offload = field_is(reply, "mode", "offload");

	print_headline(ctl, reply, running);
	print_rules(ctl, reply);
	print_queues(ctl, reply);
	print_sees_syns(ctl, json_object_get(checks, "sees_syns"), offload);
	print_fallback(ctl, reply, offload);
	print_standstills(ctl, reply);
	print_texts(ctl, json_object_get(reply, "problems"), running ? PAINT_WARN : PAINT_BAD);
	print_texts(ctl, json_object_get(reply, "warnings"), PAINT_WARN);
	print_alerts(ctl, json_object_get(reply, "alerts"));
}

int command_status(const struct ctl *ctl, int argc, char **argv)
{
	json_t *reply;
	bool running;
	int code;

	(void)argc;
	(void)argv;
	code = client_call(ctl, "GetStatus", NULL, &reply);
	if (!reply)
		return code;
	running = field_is(reply, "state", "running");
	if (ctl->json)
		output_json(ctl, reply);
	else if (!ctl->quiet)
		print_status(ctl, reply, running);
	json_decref(reply);
	return running ? CTL_OK : CTL_FOUND;
}
