/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/alert.h"

#include <string.h>

#include "base/clock.h"

static const struct alert_sample *newest(const struct alert *alert)
{
	return alert->count ? &alert->samples[alert->count - 1] : NULL;
}

static bool has_begun_anew(const struct alert *alert, const struct alert_sample *sample)
{
	const struct alert_sample *last = newest(alert);

	return last && (sample->part < last->part || sample->whole < last->whole ||
			sample->ns < last->ns);
}

static void drop_oldest(struct alert *alert)
{
	alert->count--;
	memmove(alert->samples, alert->samples + 1, alert->count * sizeof(alert->samples[0]));
}

/* Keeps what is needed to look back over a window: of two samples that are a window old or older
 * the younger one does. */
static void forget_old(struct alert *alert, const struct alert_rule *rule, uint64_t now_ns)
{
	while (alert->count > 1 && now_ns - alert->samples[1].ns >= rule->window_ns)
		drop_oldest(alert);
}

static void remember(struct alert *alert, const struct alert_rule *rule,
		     const struct alert_sample *sample)
{
	const struct alert_sample *last = newest(alert);

	if (last && sample->ns - last->ns < rule->window_ns / (ALERT_SAMPLES - 1))
		return;
	if (alert->count == ALERT_SAMPLES)
		drop_oldest(alert);
	alert->samples[alert->count++] = *sample;
}

/* Returns whether there is a value. A total is one from the first look on; a rate or a share of
 * less than a window would be that of a moment. */
static bool take_value(struct alert *alert, const struct alert_rule *rule,
		       const struct alert_sample *sample)
{
	const struct alert_sample *first = &alert->samples[0];
	double part = (double)(sample->part - first->part);
	uint64_t whole = sample->whole - first->whole;

	if (rule->measure == ALERT_TOTAL) {
		alert->value = part;
		return true;
	}
	if (sample->ns - first->ns < rule->window_ns || sample->ns == first->ns)
		return false;
	if (rule->measure == ALERT_RATE) {
		alert->value = part * (double)NS_PER_SECOND /
			       (double)(sample->ns - first->ns);
		return true;
	}
	alert->value = whole >= rule->least && whole > 0 ? part * 100 / (double)whole : 0;
	return true;
}

static enum alert_change turn(struct alert *alert, uint64_t now_ns)
{
	alert->firing = !alert->firing;
	alert->turning = false;
	alert->changed_ns = now_ns;
	return alert->firing ? ALERT_FIRED : ALERT_CLEARED;
}

static enum alert_change judge(struct alert *alert, const struct alert_rule *rule,
			       uint64_t now_ns)
{
	bool passed = rule->threshold > 0 && alert->value >= rule->threshold;

	if (passed == alert->firing) {
		alert->turning = false;
		return ALERT_SAME;
	}
	if (!alert->turning) {
		alert->turning = true;
		alert->turned_ns = now_ns;
	}
	return now_ns - alert->turned_ns >= rule->for_ns ? turn(alert, now_ns) : ALERT_SAME;
}

/* Of a total as well: what it was in the part of the window that nobody saw is not known. */
static bool saw_window(const struct alert *alert, const struct alert_rule *rule,
		       const struct alert_sample *sample)
{
	return sample->ns - alert->samples[0].ns >= rule->window_ns;
}

static void settle(struct alert *alert, const struct alert_rule *rule, uint64_t now_ns, bool seen)
{
	if (alert->settled || alert->firing || rule->threshold <= 0) {
		alert->settled = true;
		return;
	}
	if (!seen || alert->value >= rule->threshold) {
		alert->calm = false;
		return;
	}
	if (!alert->calm) {
		alert->calm = true;
		alert->calm_ns = now_ns;
	}
	alert->settled = now_ns - alert->calm_ns >= rule->for_ns;
}

static enum alert_change step(struct alert *alert, const struct alert_rule *rule, uint64_t now_ns,
			      const struct alert_sample *sample)
{
	if (rule->threshold <= 0 && alert->firing)
		return turn(alert, now_ns); /* nobody asks for it any more */
	if (!sample || has_begun_anew(alert, sample))
		alert->count = 0;
	alert->known = false;
	if (!sample) {
		alert->turning = false;
		return ALERT_SAME;
	}
	if (alert->count == 0)
		alert->samples[alert->count++] = *sample;
	forget_old(alert, rule, now_ns);
	alert->known = take_value(alert, rule, sample);
	remember(alert, rule, sample);
	return alert->known ? judge(alert, rule, now_ns) : ALERT_SAME;
}

enum alert_change alert_step(struct alert *alert, const struct alert_rule *rule, uint64_t now_ns,
			     const struct alert_sample *sample)
{
	enum alert_change change = step(alert, rule, now_ns, sample);

	settle(alert, rule, now_ns, sample && alert->known && saw_window(alert, rule, sample));
	return change;
}
