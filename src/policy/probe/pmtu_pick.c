/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which size the search tries next, from what became of those before. */
#include "base/array.h"
#include "policy/probe/pmtu.h"

/* What paths are found to carry: Ethernet and jumbo frames, PPPoE, and tunnels around and inside of
 * them. Bytes, ascending. */
static const uint32_t plateaus[] = {
	1280, 1328, 1358, 1380, 1400, 1420, 1440, 1452, 1454, 1460, 1472, 1480, 1492, 1500,
	1550, 1600, 2000, 4000, 4470, 8000, 8950, 9000, 9216, 16384, 32768,
};

uint32_t pmtu_class(const struct pmtu *pmtu, uint32_t size)
{
	uint32_t same = pmtu->config.same_as
		? pmtu->config.same_as(pmtu->config.userdata, size) : size;

	return same > PMTU_SMALL && same <= size ? same : size;
}

static void add_mark(struct pmtu *pmtu, uint32_t size)
{
	uint32_t mark = pmtu_class(pmtu, size);
	size_t i = pmtu->mark_count;

	for (size_t j = 0; j < pmtu->mark_count; j++)
		if (pmtu->marks[j] == mark)
			return;
	if (i == COUNT(pmtu->marks))
		return;
	for (; i > 0 && pmtu->marks[i - 1] > mark; i--)
		pmtu->marks[i] = pmtu->marks[i - 1];
	pmtu->marks[i] = mark;
	pmtu->mark_count++;
}

void pmtu_make_marks(struct pmtu *pmtu)
{
	const struct pmtu_config *config = &pmtu->config;

	pmtu->mark_count = 0;
	pmtu->class_of = 0;
	add_mark(pmtu, config->floor);
	add_mark(pmtu, config->most);
	if (config->base < config->most)
		add_mark(pmtu, config->base);
	for (size_t i = 0; i < COUNT(plateaus); i++)
		if (plateaus[i] > config->floor && plateaus[i] < config->most)
			add_mark(pmtu, plateaus[i]);
}

/* The smallest size of the next class above one, at most `top`; that one where it is above. */
static uint32_t next_class(struct pmtu *pmtu, uint32_t size, uint32_t top)
{
	uint32_t from = size + 1, to = top;

	if (!pmtu->config.same_as || size >= top)
		return size + 1;
	if (pmtu->class_of == size)
		return pmtu->class_next;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (pmtu_class(pmtu, middle) > size)
			to = middle;
		else
			from = middle + 1;
	}
	pmtu->class_of = size;
	pmtu->class_next = to;
	return to;
}

uint32_t pmtu_low(const struct pmtu *pmtu)
{
	uint32_t low = 0;

	for (size_t i = 0; i < pmtu->size_count; i++)
		if (pmtu->sizes[i].size > low && pmtu_passes(pmtu, &pmtu->sizes[i]))
			low = pmtu->sizes[i].size;
	return low;
}

/* Tries against that size: its own, and those of smaller ones that speak against it as well. */
static unsigned int against_up_to(const struct pmtu *pmtu, uint32_t low, uint32_t size)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < pmtu->size_count; i++)
		if (pmtu->sizes[i].size > low && pmtu->sizes[i].size <= size)
			sum += pmtu_against(pmtu, &pmtu->sizes[i]);
	return sum;
}

/* Whether there is reason to think that it passes: it is in force, or does so outside. */
static bool is_likely(const struct pmtu *pmtu, uint32_t size)
{
	return size == pmtu->config.first ||
	       (pmtu->config.likely && size == pmtu_class(pmtu, pmtu->config.most));
}

/* What is likely is worth a second probe before a search begins. */
static unsigned int guess_tries(const struct pmtu *pmtu, uint32_t size)
{
	unsigned int tries = pmtu_guess_tries(pmtu);
	unsigned int least = pmtu->config.tries == 1 ? 1 : 2;

	return is_likely(pmtu, size) && tries < least ? least : tries;
}

static bool seems_too_large(const struct pmtu *pmtu, uint32_t low, const struct pmtu_size *size)
{
	if (size->refused)
		return true;
	return pmtu_against(pmtu, size) &&
	       against_up_to(pmtu, low, size->size) >= guess_tries(pmtu, size->size);
}

uint32_t pmtu_high(const struct pmtu *pmtu, uint32_t low)
{
	uint32_t high = 0;

	for (size_t i = 1; i < pmtu->size_count; i++) {
		const struct pmtu_size *size = &pmtu->sizes[i];

		if (size->size > low && (!high || size->size < high) &&
		    seems_too_large(pmtu, low, size))
			high = size->size;
	}
	return high;
}

static bool is_untried(const struct pmtu *pmtu, uint32_t size)
{
	const struct pmtu_size *known = pmtu_find_size(pmtu, size);

	return !known || !known->lost;
}

static bool is_mark(const struct pmtu *pmtu, uint32_t size)
{
	for (size_t i = 0; i < pmtu->mark_count; i++)
		if (pmtu->marks[i] == size)
			return true;
	return size == pmtu->told || size == pmtu->config.first;
}

/* The middle one of the likely sizes between both, 0 without. */
static uint32_t middle_mark(const struct pmtu *pmtu, uint32_t low, uint32_t high)
{
	size_t first = 0, end;

	while (first < pmtu->mark_count && pmtu->marks[first] <= low)
		first++;
	for (end = first; end < pmtu->mark_count && pmtu->marks[end] < high;)
		end++;
	return first < end ? pmtu->marks[first + (end - first) / 2] : 0;
}

/* Between a size that passes and one that does not seem to. */
static uint32_t between(struct pmtu *pmtu, uint32_t low, uint32_t high)
{
	uint32_t next = next_class(pmtu, low, high), middle;
	bool sure_guess = low == pmtu->config.first || low == pmtu->told;

	if (pmtu->told > low && pmtu->told < high && is_untried(pmtu, pmtu->told))
		return pmtu->told;
	if (sure_guess && is_untried(pmtu, next))
		return next;
	middle = middle_mark(pmtu, low, high);
	if (middle)
		return middle;
	if (is_mark(pmtu, low) && is_untried(pmtu, next))
		return next;
	middle = pmtu_class(pmtu, low + (high - low) / 2);
	return middle > low ? middle : next;
}

/* Answered once is enough to know it; to go up by it, twice. */
static struct pmtu_pick end_at(const struct pmtu *pmtu, uint32_t low)
{
	const struct pmtu_size *size = pmtu_find_size(pmtu, low);
	struct pmtu_pick pick = { 0 };

	if (pmtu->config.twice_above && low > pmtu->config.twice_above && size &&
	    size->answered < 2u) {
		pick.size = low;
		pick.again = true;
	}
	return pick;
}

/* A size that has to be too large for sure before the search ends between both, NULL without: the
 * upper one, and what was likely to pass above it. */
static const struct pmtu_size *open_question(const struct pmtu *pmtu, uint32_t low, uint32_t high)
{
	for (size_t i = 1; i < pmtu->size_count; i++) {
		const struct pmtu_size *size = &pmtu->sizes[i];

		if ((size->size == high || (size->size > low && is_likely(pmtu, size->size))) &&
		    !pmtu_is_too_large(pmtu, size))
			return size;
	}
	return NULL;
}

/* What was measured before and stands needs no more than a look above it. */
static bool stands(const struct pmtu *pmtu, uint32_t low, uint32_t high)
{
	const struct pmtu_size *above = pmtu_find_size(pmtu, high);

	return low == pmtu->config.first && !pmtu->config.tries && above &&
	       (above->refused || pmtu_against(pmtu, above) >= pmtu_look_tries(pmtu));
}

/* The pair of neighbours. */
static struct pmtu_pick at_border(const struct pmtu *pmtu, uint32_t low, uint32_t high)
{
	const struct pmtu_size *open = open_question(pmtu, low, high);

	if (!open || stands(pmtu, low, high))
		return end_at(pmtu, low);
	return (struct pmtu_pick){
		.size = open->size, .want = pmtu_tries_of(pmtu, open), .confirm = true,
	};
}

struct pmtu_pick pmtu_pick(struct pmtu *pmtu)
{
	uint32_t bottom = pmtu_class(pmtu, pmtu->config.floor);
	uint32_t top = pmtu_class(pmtu, pmtu->config.most);
	uint32_t low = pmtu_low(pmtu), high = pmtu_high(pmtu, low), from;
	struct pmtu_pick pick = { 0 };

	if (low >= top)
		return end_at(pmtu, low);
	from = low < bottom ? bottom - 1 : low;
	if (pmtu->config.first > from && (!high || high > pmtu->config.first))
		pick.size = pmtu->config.first;
	else if (!high)
		pick.size = top;
	else if (high <= bottom || next_class(pmtu, from, high) >= high)
		return at_border(pmtu, low, high);
	else
		pick.size = between(pmtu, from, high);
	pick.want = guess_tries(pmtu, pick.size);
	return pick;
}
