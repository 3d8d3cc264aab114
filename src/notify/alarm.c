/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERSION_KEPT 1 /* of the text that alarms_format makes */

/* Of the daemon's own words; what is none of them is nobody's alert. */
static bool is_name(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len < ALARM_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static size_t find(const struct alarms *alarms, const char *name)
{
	size_t i = 0;

	while (i < alarms->count && strcmp(alarms->firing[i], name) != 0)
		i++;
	return i;
}

static bool add(struct alarms *alarms, const char *name)
{
	if (find(alarms, name) < alarms->count || alarms->count == ALARMS_MAX)
		return false;
	snprintf(alarms->firing[alarms->count++], ALARM_NAME_MAX, "%s", name);
	return true;
}

static bool take_out(struct alarms *alarms, const char *name)
{
	size_t place = find(alarms, name);

	if (place == alarms->count)
		return false;
	alarms->count--;
	memmove(alarms->firing[place], alarms->firing[place + 1],
		(alarms->count - place) * ALARM_NAME_MAX);
	return true;
}

/* Into a line for a mail's head or a variable: no byte of it ends a line. */
static void copy_line(char *into, size_t size, const char *text)
{
	snprintf(into, size, "%s", text);
	for (char *c = into; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
}

static void fill(struct alarm_message *message, const char *name, bool firing, const json_t *alert)
{
	const json_t *value = json_object_get(alert, "value");

	*message = (struct alarm_message){ .firing = firing };
	snprintf(message->alert, sizeof(message->alert), "%s", name);
	message->value = json_is_number(value) ? json_number_value(value) : -1;
	message->threshold = json_number_value(json_object_get(alert, "threshold"));
}

bool alarms_note_event(struct alarms *alarms, const json_t *event,
		       struct alarm_message *ret_message)
{
	const char *kind = json_string_value(json_object_get(event, "event"));
	const char *text = json_string_value(json_object_get(event, "message"));
	bool firing = kind && strcmp(kind, "alert_fired") == 0;
	const json_t *alert = json_object_get(event, firing ? "new" : "old");
	const char *name = json_string_value(json_object_get(alert, "alert"));

	if (!firing && !(kind && strcmp(kind, "alert_cleared") == 0))
		return false;
	if (!is_name(name) || !(firing ? add(alarms, name) : take_out(alarms, name)))
		return false;
	fill(ret_message, name, firing, alert);
	copy_line(ret_message->text, sizeof(ret_message->text), text ? text : name);
	return true;
}

static const json_t *find_alert(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *alert = json_array_get(list, i);
		const char *other = json_string_value(json_object_get(alert, "alert"));

		if (other && strcmp(other, name) == 0)
			return alert;
	}
	return NULL;
}

static void tell_fired(const char *name, const json_t *alert, struct alarm_message *ret_message)
{
	const char *unit = json_string_value(json_object_get(alert, "unit"));
	char text[512];

	fill(ret_message, name, true, alert);
	if (ret_message->value < 0) /* its counter has begun anew meanwhile */
		snprintf(text, sizeof(text), "alert %s: %s, threshold %.1f", name, unit ? unit : "",
			 ret_message->threshold);
	else
		snprintf(text, sizeof(text), "alert %s: %.1f %s, threshold %.1f", name,
			 ret_message->value, unit ? unit : "", ret_message->threshold);
	copy_line(ret_message->text, sizeof(ret_message->text), text);
}

static bool is_settled(const json_t *status, const char *name)
{
	const json_t *list = json_object_get(status, "alerts_settled");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *other = json_string_value(json_array_get(list, i));

		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

/* The first of those people know of that is over, or false; says besides whether one is open. */
static bool find_over(struct alarms *alarms, const json_t *status, char ret_name[ALARM_NAME_MAX])
{
	const json_t *list = json_object_get(status, "alerts");

	alarms->waits = false;
	for (size_t i = 0; i < alarms->count; i++) {
		if (find_alert(list, alarms->firing[i]))
			continue;
		if (is_settled(status, alarms->firing[i])) {
			memcpy(ret_name, alarms->firing[i], ALARM_NAME_MAX);
			return true;
		}
		alarms->waits = true;
	}
	return false;
}

bool alarms_note_status(struct alarms *alarms, const json_t *status,
			struct alarm_message *ret_message)
{
	const json_t *list = json_object_get(status, "alerts");
	char over[ALARM_NAME_MAX];

	if (!json_is_array(list))
		return false;
	if (find_over(alarms, status, over)) {
		take_out(alarms, over);
		fill(ret_message, over, false, NULL);
		snprintf(ret_message->text, sizeof(ret_message->text),
			 "alert %s is over; when is not known", over);
		return true;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *alert = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(alert, "alert"));

		if (is_name(name) && add(alarms, name)) {
			tell_fired(name, alert, ret_message);
			return true;
		}
	}
	return false;
}

void alarms_undo(struct alarms *alarms, const struct alarm_message *message)
{
	if (message->firing)
		take_out(alarms, message->alert);
	else
		add(alarms, message->alert);
}

bool alarms_forget(struct alarms *alarms, const json_t *status, double after_seconds,
		   char ret_name[ALARM_NAME_MAX])
{
	const json_t *list = json_object_get(status, "alerts");

	if (!json_is_array(list) ||
	    json_number_value(json_object_get(status, "uptime_seconds")) <= after_seconds)
		return false;
	for (size_t i = 0; i < alarms->count; i++) {
		if (find_alert(list, alarms->firing[i]) || is_settled(status, alarms->firing[i]))
			continue;
		memcpy(ret_name, alarms->firing[i], ALARM_NAME_MAX);
		take_out(alarms, ret_name);
		return true;
	}
	return false;
}

char *alarms_format(const struct alarms *alarms)
{
	json_t *firing = json_array(), *root;
	char *text;

	for (size_t i = 0; i < alarms->count; i++)
		json_array_append_new(firing, json_string(alarms->firing[i]));
	root = json_pack("{s:i, s:o}", "version", VERSION_KEPT, "firing", firing);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

int alarms_parse(const char *text, size_t len, struct alarms *ret_alarms)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *version = json_object_get(root, "version");
	const json_t *firing = json_object_get(root, "firing");
	struct alarms alarms = { .count = 0 };
	bool good = json_is_integer(version) && json_integer_value(version) == VERSION_KEPT &&
		    json_is_array(firing);

	for (size_t i = 0; good && i < json_array_size(firing); i++) {
		const char *name = json_string_value(json_array_get(firing, i));

		good = is_name(name) && add(&alarms, name);
	}
	json_decref(root);
	if (!good)
		return -EBADMSG;
	*ret_alarms = alarms;
	return 0;
}
