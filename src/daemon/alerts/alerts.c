/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/alerts/alerts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/alerts/alert_counts.h"
#include "daemon/daemon.h"
#include "daemon/json.h"

#define MESSAGE_BYTES 256

struct alerts {
	struct daemon *daemon; /* borrowed */
	struct alert_sources sources;
	struct alert *list;    /* of each row of the table */
};

struct alerts *alerts_new(struct daemon *daemon)
{
	struct alerts *alerts = calloc(1, sizeof(*alerts));
	struct snmp_counts counts;

	if (!alerts)
		return NULL;
	alerts->list = calloc(alert_row_count, sizeof(*alerts->list));
	if (!alerts->list) {
		free(alerts);
		return NULL;
	}
	alerts->daemon = daemon;
	snmp_init(&alerts->sources.snmp);
	snmp_read(&alerts->sources.snmp, &counts); /* its files are open from the start */
	return alerts;
}

void alerts_free(struct alerts *alerts)
{
	if (!alerts)
		return;
	snmp_done(&alerts->sources.snmp);
	free(alerts->list);
	free(alerts);
}

/* A number as people write it: 5, 0.5, 12.3. */
static const char *number_text(double value, char text[32])
{
	snprintf(text, 32, value == (double)(long long)value ? "%.0f" : "%.1f", value);
	return text;
}

static json_t *alert_json(const struct alert *alert, const struct alert_row *row, double threshold,
			  uint64_t fired_ns)
{
	return json_pack("{s:s, s:o, s:f, s:s, s:o}", "alert", row->name, "value",
			 alert->known ? json_real(alert->value) : json_null(), "threshold",
			 threshold, "unit", row->unit, "firing_seconds",
			 json_since((int64_t)fired_ns));
}

static void tell_fired(struct alerts *alerts, size_t i, const struct alert_rule *rule)
{
	const struct alert_row *row = &alert_rows[i];
	const struct alert *alert = &alerts->list[i];
	char message[MESSAGE_BYTES], value[32], threshold[32];

	snprintf(message, sizeof(message), "alert %s: %s %s, at or above %s for %llu s (%s)",
		 row->name, number_text(alert->value, value), row->unit,
		 number_text(rule->threshold, threshold),
		 (unsigned long long)(rule->for_ns / NS_PER_SECOND), row->setting);
	events_emit(&alerts->daemon->events, &(struct event){
		.name = "alert_fired",
		.alert = row->name,
		.message_id = row->message_id,
		.message = message,
		.new = alert_json(alert, row, rule->threshold, alert->changed_ns),
		.priority = LOG_WARNING,
	});
}

static void tell_cleared(struct alerts *alerts, size_t i, const struct alert_rule *rule,
			 uint64_t fired_ns)
{
	const struct alert_row *row = &alert_rows[i];
	const struct alert *alert = &alerts->list[i];
	char message[MESSAGE_BYTES], value[32];

	if (rule->threshold > 0)
		snprintf(message, sizeof(message), "alert %s is over after %llu s: %s %s now",
			 row->name,
			 (unsigned long long)((alert->changed_ns - fired_ns) / NS_PER_SECOND),
			 number_text(alert->value, value), row->unit);
	else
		snprintf(message, sizeof(message), "alert %s is over: %s is 0 now", row->name,
			 row->setting);
	events_emit(&alerts->daemon->events, &(struct event){
		.name = "alert_cleared",
		.alert = row->name,
		.message_id = ALERT_CLEARED_MESSAGE_ID,
		.message = message,
		.old = alert_json(alert, row, rule->threshold, fired_ns),
		.priority = LOG_NOTICE,
	});
}

/* Fills *ret_sample. Returns whether both counters are known. */
static bool take_sample(const struct alert_row *row, const uint64_t counts[COUNT_NONE],
			uint64_t now_ns, struct alert_sample *ret_sample)
{
	uint64_t whole = row->whole == COUNT_NONE ? 0 : counts[row->whole];

	*ret_sample = (struct alert_sample){ now_ns, counts[row->part], whole };
	return counts[row->part] != COUNT_UNKNOWN && whole != COUNT_UNKNOWN;
}

static void step(struct alerts *alerts, size_t i, const uint64_t counts[COUNT_NONE],
		 uint64_t now_ns)
{
	struct alert_rule rule = alert_row_rule(&alert_rows[i], alerts->daemon->config);
	struct alert *alert = &alerts->list[i];
	uint64_t before_ns = alert->changed_ns;
	struct alert_sample sample;
	bool known = take_sample(&alert_rows[i], counts, now_ns, &sample);

	switch (alert_step(alert, &rule, now_ns, known ? &sample : NULL)) {
	case ALERT_SAME:
		break;
	case ALERT_FIRED:
		tell_fired(alerts, i, &rule);
		break;
	case ALERT_CLEARED:
		tell_cleared(alerts, i, &rule, before_ns);
		break;
	}
}

void alerts_tick(struct alerts *alerts)
{
	uint64_t counts[COUNT_NONE];

	alert_counts_read(alerts->daemon, &alerts->sources, counts);
	for (size_t i = 0; i < alert_row_count; i++)
		step(alerts, i, counts, clock_boottime_ns());
}

bool alerts_is_firing(const struct alerts *alerts, size_t i)
{
	return alerts && alerts->list[i].firing;
}

json_t *alerts_json(const struct alerts *alerts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert_row_count; i++) {
		const struct alert_row *row = &alert_rows[i];
		const struct alert *alert;

		if (!alerts_is_firing(alerts, i))
			continue;
		alert = &alerts->list[i];
		json_array_append_new(list, alert_json(alert, row,
			alert_row_rule(row, alerts->daemon->config).threshold, alert->changed_ns));
	}
	return list;
}

json_t *alerts_settled_json(const struct alerts *alerts)
{
	json_t *list = json_array();

	for (size_t i = 0; alerts && i < alert_row_count; i++)
		if (alerts->list[i].settled)
			json_array_append_new(list, json_string(alert_rows[i].name));
	return list;
}
