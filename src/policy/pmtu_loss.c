/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lost probe says: round trips, the loss of the path, how many tries make sure. */
#include "policy/pmtu.h"

uint64_t pmtu_timeout_ns(const struct pmtu *pmtu)
{
	uint64_t wait = pmtu->srtt_ns + 4 * pmtu->rttvar_ns; /* RFC 6298 2.3 */

	if (!pmtu->srtt_ns || wait > PMTU_TIMEOUT_MAX_NS)
		return PMTU_TIMEOUT_MAX_NS;
	return wait < PMTU_TIMEOUT_MIN_NS ? PMTU_TIMEOUT_MIN_NS : wait;
}

/* An answer of a size that then is lost as often as what is too large: the path has shrunk. */
static void forget_what_has_shrunk(struct pmtu *pmtu, struct pmtu_size *size)
{
	if (size == &pmtu->sizes[0] || !size->answered || size->lost_since < pmtu_tries(pmtu) ||
	    pmtu->alive <= size->last)
		return;
	size->answered = 0;
	size->pieces = 0;
	size->lost = size->lost_since;
}

void pmtu_expire(struct pmtu *pmtu, uint64_t now_ns)
{
	uint64_t timeout = pmtu_timeout_ns(pmtu);

	for (size_t i = 0; i < PMTU_FLIGHTS; i++) {
		struct pmtu_flight *flight = &pmtu->flights[i];

		if (flight->state != FLIGHT_OUT || now_ns - flight->sent_ns < timeout)
			continue;
		flight->state = FLIGHT_LOST;
		pmtu->out--;
		pmtu->sizes[flight->size].lost++;
		pmtu->sizes[flight->size].lost_since++;
	}
	for (size_t i = 0; i < pmtu->size_count; i++)
		forget_what_has_shrunk(pmtu, &pmtu->sizes[i]);
}

/* Where small packets come in pieces as well, the host is busy with those of others. */
static bool pieces_count(const struct pmtu *pmtu)
{
	return pmtu->sizes[0].pieces == 0;
}

bool pmtu_passes(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	return size->answered > (pieces_count(pmtu) ? size->pieces : 0);
}

unsigned int pmtu_against(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	return size->lost + (pieces_count(pmtu) ? size->pieces : 0u);
}

void pmtu_count_known(const struct pmtu *pmtu, unsigned int *ret_ok, unsigned int *ret_lost)
{
	uint32_t low = pmtu_low(pmtu);

	*ret_ok = *ret_lost = 0;
	for (size_t i = 0; i < pmtu->size_count; i++) {
		if (pmtu->sizes[i].size > low)
			continue;
		*ret_ok += pmtu->sizes[i].answered;
		*ret_lost += pmtu->sizes[i].lost;
	}
}

/* The least number of tries that are all lost by chance with a probability of at most 1/odds, by
 * the share of lost packets among those known to pass (rule of succession). */
static unsigned int tries_for(const struct pmtu *pmtu, double odds, unsigned int least)
{
	unsigned int ok, lost, tries = 1;
	double share, chance;

	pmtu_count_known(pmtu, &ok, &lost);
	ok += pmtu->prior_ok;
	lost += pmtu->prior_lost;
	share = (lost + 1.0) / (ok + lost + 2.0);
	for (chance = share; chance * odds > 1.000001 && tries < PMTU_TRIES_MAX; chance *= share)
		tries++;
	return tries > least ? tries : least;
}

unsigned int pmtu_tries(const struct pmtu *pmtu)
{
	return pmtu->config.tries ? pmtu->config.tries : tries_for(pmtu, 1000, PMTU_TRIES_MIN);
}

unsigned int pmtu_guess_tries(const struct pmtu *pmtu)
{
	unsigned int tries = tries_for(pmtu, 2.5, 1), most = pmtu_tries(pmtu);

	if (tries < pmtu->doubt)
		tries = pmtu->doubt;
	return tries < most ? tries : most;
}

bool pmtu_is_too_large(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	if (size->refused)
		return true;
	if (pmtu_passes(pmtu, size) || pmtu_against(pmtu, size) < pmtu_tries(pmtu))
		return false;
	/* What came in pieces shows that the path lives; else a packet behind the lost ones has to. */
	return pmtu->alive > size->last ||
	       (size->pieces >= PMTU_TRIES_MIN && pmtu->sizes[0].answered);
}

const struct pmtu_size *pmtu_find_size(const struct pmtu *pmtu, uint32_t size)
{
	for (size_t i = 0; i < pmtu->size_count; i++)
		if (pmtu->sizes[i].size == size)
			return &pmtu->sizes[i];
	return NULL;
}

unsigned int pmtu_out(const struct pmtu *pmtu, uint32_t size)
{
	unsigned int count = 0;

	for (size_t i = 0; i < PMTU_FLIGHTS; i++) {
		const struct pmtu_flight *flight = &pmtu->flights[i];

		count += flight->state == FLIGHT_OUT && pmtu->sizes[flight->size].size == size;
	}
	return count;
}

const struct pmtu_flight *pmtu_flight(const struct pmtu *pmtu, uint32_t serial)
{
	const struct pmtu_flight *flight = &pmtu->flights[serial % PMTU_FLIGHTS];

	return serial && flight->serial == serial && flight->state != FLIGHT_NONE ? flight : NULL;
}

uint64_t pmtu_timeout_at_ns(const struct pmtu *pmtu)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < PMTU_FLIGHTS && pmtu->out; i++)
		if (pmtu->flights[i].state == FLIGHT_OUT && pmtu->flights[i].sent_ns < first)
			first = pmtu->flights[i].sent_ns;
	return first == UINT64_MAX ? first : first + pmtu_timeout_ns(pmtu);
}
