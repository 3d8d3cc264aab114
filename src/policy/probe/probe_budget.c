/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe/probe_budget.h"

#include <string.h>

#include "base/clock.h"

/* xorshift64* */
static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t probe_random_below(uint64_t *seed, uint64_t below)
{
	return below ? (random_next(seed) >> 11) % below : 0;
}

uint64_t probe_window_next_ns(const struct probe_window *window)
{
	uint64_t oldest = window->sent_ns[window->place], free_ns;

	free_ns = oldest ? oldest + NS_PER_SECOND : 0;
	return free_ns > window->next_ns ? free_ns : window->next_ns;
}

void probe_window_take(struct probe_window *window, uint64_t now_ns, uint64_t gap_ns)
{
	window->sent_ns[window->place] = now_ns ? now_ns : 1;
	window->place = (window->place + 1) % window->rate;
	window->next_ns = now_ns + gap_ns;
}

void probe_window_left(struct probe_window *window, uint64_t now_ns)
{
	uint64_t *last = &window->sent_ns[(window->place + window->rate - 1) % window->rate];

	if (*last && *last < now_ns)
		*last = now_ns;
}

uint64_t probe_window_quiet_ns(const struct probe_window *window)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < window->rate; i++)
		if (window->sent_ns[i] > last)
			last = window->sent_ns[i];
	return last ? last + NS_PER_SECOND : window->next_ns;
}

void probe_window_set(struct probe_window *window, uint32_t rate)
{
	if (window->rate == rate)
		return;
	window->next_ns = probe_window_quiet_ns(window);
	window->rate = rate;
	window->place = 0;
	memset(window->sent_ns, 0, rate * sizeof(*window->sent_ns));
}

/* Turns the ring so that its last `rate` entries stand first, the oldest in front. */
static void resize(struct probe_budget *budget, uint32_t rate)
{
	struct probe_window *window = &budget->window;
	uint64_t last[PROBE_RATE_MAX] = { 0 };
	uint32_t old = window->rate, keep = old < rate ? old : rate;

	for (uint32_t i = 0; i < keep; i++)
		last[rate - keep + i] = budget->ring[(window->place + old - keep + i) % old];
	memcpy(budget->ring, last, sizeof(last));
	window->rate = rate;
	window->place = 0;
}

void probe_budget_set(struct probe_budget *budget, uint32_t rate_pps)
{
	uint32_t rate = rate_pps < 1 ? 1 : rate_pps > PROBE_RATE_MAX ? PROBE_RATE_MAX : rate_pps;

	budget->window.sent_ns = budget->ring;
	if (budget->window.rate != rate)
		resize(budget, rate);
}

static void fill(struct probe_budget *budget, uint64_t now_ns)
{
	uint64_t each = NS_PER_SECOND / budget->window.rate;
	uint64_t most = each * (budget->window.rate > 1 ? budget->window.rate / 2 : 1);

	if (now_ns > budget->filled_ns)
		budget->tokens_ns += now_ns - budget->filled_ns;
	if (budget->tokens_ns > most || !budget->filled_ns)
		budget->tokens_ns = most;
	budget->filled_ns = now_ns;
}

uint64_t probe_budget_next_ns(struct probe_budget *budget, uint64_t now_ns)
{
	uint64_t each = NS_PER_SECOND / budget->window.rate, next;

	fill(budget, now_ns);
	next = probe_window_next_ns(&budget->window);
	if (budget->tokens_ns < each && next < now_ns + each - budget->tokens_ns)
		next = now_ns + each - budget->tokens_ns;
	return next > now_ns ? next : now_ns;
}

void probe_budget_take(struct probe_budget *budget, uint64_t now_ns, uint64_t *seed)
{
	uint64_t each = NS_PER_SECOND / budget->window.rate;

	budget->tokens_ns -= budget->tokens_ns < each ? budget->tokens_ns : each;
	probe_window_take(&budget->window, now_ns, probe_random_below(seed, each / 4));
}

uint32_t probe_path_rate(uint32_t rate_pps)
{
	uint32_t rate = rate_pps / 2;

	return rate < 2 ? 2 : rate > PROBE_PATH_RATE_MAX ? PROBE_PATH_RATE_MAX : rate;
}

struct probe_answers probe_answers_since(uint64_t empty_ns, uint64_t now_ns)
{
	return (struct probe_answers){
		.saved_ns = empty_ns ? now_ns - empty_ns : UINT64_MAX / 2, .filled_ns = now_ns,
	};
}

static void fill_answers(struct probe_answers *answers, uint64_t now_ns)
{
	if (now_ns > answers->filled_ns)
		answers->saved_ns += now_ns - answers->filled_ns;
	if (answers->saved_ns > PROBE_ANSWERS_BURST * NS_PER_SECOND)
		answers->saved_ns = PROBE_ANSWERS_BURST * NS_PER_SECOND;
	answers->filled_ns = now_ns;
}

uint64_t probe_answers_empty_ns(struct probe_answers *answers, uint64_t now_ns)
{
	fill_answers(answers, now_ns);
	return now_ns > answers->saved_ns ? now_ns - answers->saved_ns : 1;
}

uint64_t probe_answers_next_ns(struct probe_answers *answers, unsigned int out, uint64_t now_ns)
{
	uint64_t need = (out + 1) * NS_PER_SECOND;

	fill_answers(answers, now_ns);
	return answers->saved_ns >= need ? now_ns : now_ns + need - answers->saved_ns;
}

void probe_answers_take(struct probe_answers *answers, uint64_t now_ns)
{
	fill_answers(answers, now_ns);
	answers->saved_ns -= answers->saved_ns < NS_PER_SECOND ? answers->saved_ns : NS_PER_SECOND;
}
