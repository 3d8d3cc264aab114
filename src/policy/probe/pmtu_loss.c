/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lost probe says: round trips, the loss of the path, how many tries make sure. */
#include "policy/probe/pmtu.h"

/* Packets that were to pass, without which the loss of a path is not known. */
#define KNOWN_SMALL 4  /* small ones */
#define KNOWN_MIN 6    /* with larger ones, that count half */
#define KNOWN_LOSSY 20 /* small ones, where any was lost */

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
	size->whole = 0;
	size->pieces = 0;
	size->pairs = 0;
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

unsigned int pmtu_against(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	return size->lost + (pmtu_pieces_count(pmtu) ? size->pieces : 0u);
}

/* What is known of the loss: of small packets alone, as which larger ones were answered has steered
 * the search, and so says too little of those that were not. */
struct loss {
	unsigned int ok, lost;
	unsigned int answered; /* larger ones */
	bool any;              /* a packet was lost that would have passed */
};

static struct loss count(const struct pmtu *pmtu)
{
	struct loss loss = {
		.ok = pmtu->sizes[0].answered + pmtu->prior_ok,
		.lost = pmtu->sizes[0].lost + pmtu->prior_lost,
	};

	for (size_t i = 1; i < pmtu->size_count; i++)
		loss.answered += pmtu->sizes[i].answered;
	loss.any = loss.lost > 0 || pmtu->doubt > 1;
	return loss;
}

static unsigned int tries_for(double share, double odds, unsigned int most)
{
	unsigned int tries = 1;

	for (double chance = share; chance * odds > 1.000001 && tries < most; chance *= share)
		tries++;
	return tries;
}

/* The least number of tries that are all lost by chance in one of a thousand searches. Without a
 * loss: by the rule of succession, larger packets counting half. With any: as if more had been
 * lost, since few packets make the loss look smaller as often as larger. */
unsigned int pmtu_tries(const struct pmtu *pmtu)
{
	struct loss loss = count(pmtu);
	double share = 1 / (loss.ok + loss.answered / 2.0 + 2);
	unsigned int tries;

	if (pmtu->config.tries)
		return pmtu->config.tries;
	if (loss.any)
		share = (loss.lost + 3.0) / (loss.ok + loss.lost + 2);
	tries = tries_for(share, 1000, PMTU_TRIES_MAX);
	return tries < PMTU_TRIES_MIN ? PMTU_TRIES_MIN : tries;
}

unsigned int pmtu_guess_tries(const struct pmtu *pmtu)
{
	struct loss loss = count(pmtu);
	unsigned int tries = tries_for((loss.lost + 1.0) / (loss.ok + loss.lost + 2.0), 2.5,
				       PMTU_TRIES_MIN);
	unsigned int most = pmtu_tries(pmtu);

	if (tries < pmtu->doubt)
		tries = pmtu->doubt;
	return tries < most ? tries : most;
}

unsigned int pmtu_look_tries(const struct pmtu *pmtu)
{
	struct loss loss = count(pmtu);

	return loss.any ? tries_for((loss.lost + 1.0) / (loss.ok + loss.lost + 2.0), 20,
				    PMTU_TRIES_MAX)
			: 1;
}

/* Whether so many packets were to pass that their loss is known. */
static bool knows_loss(const struct pmtu *pmtu)
{
	struct loss loss = count(pmtu);

	return loss.any ? loss.ok + loss.lost >= KNOWN_LOSSY
			: loss.ok >= KNOWN_SMALL && loss.ok + loss.answered / 2 >= KNOWN_MIN;
}

unsigned int pmtu_tries_of(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	/* A router's word that it dropped them is better than a guess that nothing else did. */
	if (!pmtu->config.tries && size->too_big >= PMTU_TRIES_MIN)
		return PMTU_TRIES_MIN;
	return pmtu_tries(pmtu);
}

bool pmtu_needs_control(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	if (pmtu->alive <= size->last)
		return true;
	return size->too_big < PMTU_TRIES_MIN && !pmtu->config.tries && !knows_loss(pmtu);
}

bool pmtu_is_too_large(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	if (size->refused)
		return true;
	if (pmtu_passes(pmtu, size))
		return false;
	if (size->pieces && !pmtu->config.doubtful)
		return pmtu_has_pairs(size);
	if (pmtu_against(pmtu, size) < pmtu_tries_of(pmtu, size))
		return false;
	return !pmtu_needs_control(pmtu, size);
}

uint64_t pmtu_timeout_at_ns(const struct pmtu *pmtu)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < PMTU_FLIGHTS && pmtu->out; i++)
		if (pmtu->flights[i].state == FLIGHT_OUT && pmtu->flights[i].sent_ns < first)
			first = pmtu->flights[i].sent_ns;
	return first == UINT64_MAX ? first : first + pmtu_timeout_ns(pmtu);
}
