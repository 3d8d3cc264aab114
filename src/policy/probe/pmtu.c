/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe/pmtu.h"

#include <string.h>

#define SILENCE_MIN 5 /* small probes in a row without an answer, where there had been one */

static struct pmtu_size *take_size(struct pmtu *pmtu, uint32_t bytes)
{
	for (size_t i = 0; i < pmtu->size_count; i++)
		if (pmtu->sizes[i].size == bytes)
			return &pmtu->sizes[i];
	if (pmtu->size_count == PMTU_SIZES_MAX)
		return NULL;
	pmtu->sizes[pmtu->size_count] = (struct pmtu_size){ .size = bytes };
	return &pmtu->sizes[pmtu->size_count++];
}

void pmtu_begin(struct pmtu *pmtu, const struct pmtu_config *config)
{
	memset(pmtu, 0, sizeof(*pmtu));
	pmtu->config = *config;
	pmtu->doubt = 1;
	take_size(pmtu, PMTU_SMALL);
	pmtu_limit(pmtu, config->most, config->first, config->likely);
}

void pmtu_limit(struct pmtu *pmtu, uint32_t most, uint32_t first, bool likely)
{
	struct pmtu_config *config = &pmtu->config;

	config->most = most > PMTU_SMALL ? most : PMTU_SMALL + 1;
	if (config->floor > config->most)
		config->floor = config->most;
	if (config->base < config->floor)
		config->base = config->floor;
	config->first = 0;
	if (first >= config->floor && first < config->most)
		config->first = pmtu_class(pmtu, first);
	config->likely = likely;
	pmtu_make_marks(pmtu);
}

void pmtu_contact_anew(struct pmtu *pmtu, unsigned int tries)
{
	pmtu->config.contact_tries = tries;
	pmtu->sizes[0].lost = 0; /* that was another way's */
	pmtu->sizes[0].lost_since = 0;
}

void pmtu_go_blind(struct pmtu *pmtu)
{
	pmtu->blind = true;
	pmtu->told = pmtu->config.most;
}

/* Waits for the first answer that is due, or sends what is wanted. */
static enum pmtu_step send_or_wait(const struct pmtu *pmtu, uint64_t now_ns, uint32_t size,
				   bool wanted, uint32_t *ret_size, uint64_t *ret_wait_ns)
{
	uint64_t first = pmtu_timeout_at_ns(pmtu);

	if (wanted && pmtu->out < PMTU_OUTSTANDING_MAX) {
		*ret_size = size;
		return PMTU_SEND;
	}
	*ret_wait_ns = first > now_ns ? first : now_ns + 1;
	return PMTU_WAIT;
}

static enum pmtu_step make_contact(struct pmtu *pmtu, uint64_t now_ns, uint32_t *ret_size,
				   uint64_t *ret_wait_ns)
{
	const struct pmtu_size *small = &pmtu->sizes[0];
	unsigned int out = pmtu_out(pmtu, PMTU_SMALL);

	if (small->lost_since >= pmtu->config.contact_tries && !out)
		return PMTU_SILENT;
	return send_or_wait(pmtu, now_ns, PMTU_SMALL,
			    small->lost_since + out < pmtu->config.contact_tries, ret_size,
			    ret_wait_ns);
}

/* Down from router to router: a size that no one calls too big any more is what they all take. */
static enum pmtu_step ask_routers(struct pmtu *pmtu, uint64_t now_ns, uint32_t *ret_size,
				  uint64_t *ret_wait_ns)
{
	const struct pmtu_size *size = pmtu_find_size(pmtu, pmtu->told);
	unsigned int tried = size ? size->lost : 0, out = pmtu_out(pmtu, pmtu->told);

	if (size && (size->refused || (tried >= PMTU_TRIES_MIN && !out))) {
		pmtu->done = pmtu->told < pmtu->config.most;
		return pmtu->done ? PMTU_DONE : PMTU_SILENT;
	}
	return send_or_wait(pmtu, now_ns, pmtu->told, tried + out < PMTU_TRIES_MIN, ret_size,
			    ret_wait_ns);
}

/* Whether a small probe is on its way that was sent behind all of that size. */
static bool is_checked(const struct pmtu *pmtu, const struct pmtu_size *size)
{
	return pmtu->sizes[0].last > size->last && pmtu_out(pmtu, PMTU_SMALL);
}

/* Packets that are put together while a small one is on its way would make it one in pieces. */
static bool must_wait(const struct pmtu *pmtu, uint32_t size)
{
	unsigned int small = pmtu_out(pmtu, PMTU_SMALL);

	return !pmtu->config.uncut && (size == PMTU_SMALL ? pmtu->out > small : small > 0);
}

static enum pmtu_step search(struct pmtu *pmtu, uint64_t now_ns, uint32_t *ret_size,
			     uint64_t *ret_wait_ns)
{
	struct pmtu_pick pick = pmtu_pick(pmtu);
	const struct pmtu_size *size = pmtu_find_size(pmtu, pick.size);
	unsigned int out = pmtu_out(pmtu, pick.size);
	unsigned int have = out + (size ? pmtu_against(pmtu, size) : 0);
	bool wanted = have < pick.want, control = pick.confirm && !wanted;

	if (pick.again && size) { /* answered once, now lost: by chance, or the path has shrunk */
		control = size->lost_since >= pmtu_tries(pmtu);
		wanted = !control && !out;
	}
	control = control && size && pmtu_needs_control(pmtu, size) && !is_checked(pmtu, size);
	pmtu->done = !pick.size;
	if (pmtu->done)
		return PMTU_DONE;
	if (!size && pmtu->size_count == PMTU_SIZES_MAX)
		return PMTU_DOWN;
	if (pick.confirm && size && size->pieces && pmtu_pieces_count(pmtu) &&
	    !pmtu->config.doubtful)
		return send_or_wait(pmtu, now_ns, pmtu_next_of_pair(pmtu, pick.size), !pmtu->out,
				    ret_size, ret_wait_ns);
	/* What is lost in one short outage is one loss. */
	if (pick.confirm && size && wanted && now_ns < size->last_ns + PMTU_SPACE_NS) {
		*ret_wait_ns = size->last_ns + PMTU_SPACE_NS;
		return PMTU_WAIT;
	}
	if (control)
		pick.size = PMTU_SMALL;
	wanted = (control || wanted) && !must_wait(pmtu, pick.size);
	return send_or_wait(pmtu, now_ns, pick.size, wanted, ret_size, ret_wait_ns);
}

enum pmtu_step pmtu_next(struct pmtu *pmtu, uint64_t now_ns, uint32_t *ret_size,
			 uint64_t *ret_wait_ns)
{
	unsigned int patience = pmtu_tries(pmtu);

	pmtu_expire(pmtu, now_ns);
	if (pmtu->done)
		return PMTU_DONE;
	if (pmtu->serial >= PMTU_SENT_MAX)
		return pmtu->answers ? PMTU_DOWN : PMTU_SILENT;
	if (!pmtu->answers)
		return (pmtu->blind ? ask_routers : make_contact)(pmtu, now_ns, ret_size,
								  ret_wait_ns);
	if (pmtu->sizes[0].lost_since >= (patience > SILENCE_MIN ? patience : SILENCE_MIN))
		return PMTU_DOWN;
	return search(pmtu, now_ns, ret_size, ret_wait_ns);
}

uint32_t pmtu_sent(struct pmtu *pmtu, uint32_t bytes, uint8_t via, uint64_t now_ns)
{
	struct pmtu_flight *flight = &pmtu->flights[++pmtu->serial % PMTU_FLIGHTS];
	struct pmtu_size *size = take_size(pmtu, bytes);

	if (!size->sent++)
		size->first_ns = now_ns;
	size->last = pmtu->serial;
	size->last_ns = now_ns;
	pmtu->out++;
	*flight = (struct pmtu_flight){
		.serial = pmtu->serial, .size = (uint16_t)(size - pmtu->sizes), .via = via,
		.state = FLIGHT_OUT, .sent_ns = now_ns,
	};
	return pmtu->serial;
}

void pmtu_not_sent(struct pmtu *pmtu, uint32_t serial, bool too_large)
{
	struct pmtu_flight *flight = &pmtu->flights[serial % PMTU_FLIGHTS];

	if (!pmtu_flight(pmtu, serial) || flight->state != FLIGHT_OUT)
		return;
	flight->state = FLIGHT_NONE;
	pmtu->out--;
	pmtu->sizes[flight->size].sent--;
	if (too_large && flight->size)
		pmtu->sizes[flight->size].refused = true;
}

static void learn_round_trip(struct pmtu *pmtu, uint64_t trip_ns)
{
	uint64_t apart;

	if (!trip_ns)
		trip_ns = 1;
	if (!pmtu->srtt_ns) {
		pmtu->srtt_ns = trip_ns;
		pmtu->rttvar_ns = trip_ns / 2;
		return;
	}
	apart = trip_ns > pmtu->srtt_ns ? trip_ns - pmtu->srtt_ns : pmtu->srtt_ns - trip_ns;
	pmtu->rttvar_ns = (3 * pmtu->rttvar_ns + apart) / 4;
	pmtu->srtt_ns = (7 * pmtu->srtt_ns + trip_ns) / 8;
}

bool pmtu_answered(struct pmtu *pmtu, uint32_t serial, enum probe_whole whole, uint64_t now_ns)
{
	struct pmtu_flight *flight = &pmtu->flights[serial % PMTU_FLIGHTS];
	struct pmtu_size *size = &pmtu->sizes[flight->size];
	uint32_t low, high;

	if (!pmtu_flight(pmtu, serial) || flight->state == FLIGHT_ANSWERED)
		return false;
	low = pmtu_low(pmtu);
	high = pmtu_high(pmtu, low);
	if (flight->state == FLIGHT_OUT)
		pmtu->out--;
	else if (size->lost)
		size->lost--;
	if (pmtu->config.uncut)
		whole = WHOLE_UNKNOWN;
	flight->state = FLIGHT_ANSWERED;
	flight->whole = whole;
	size->answered++;
	size->lost_since = 0;
	size->whole = (uint16_t)(size->whole + (whole == WHOLE_YES));
	size->pieces = (uint16_t)(size->pieces + (whole == WHOLE_NO));
	size->refused = false;
	if (whole != WHOLE_NO && high && size->size >= high && pmtu->doubt < PMTU_TRIES_MAX)
		pmtu->doubt++;
	pmtu_note_pairs(pmtu, serial);
	pmtu->answers = true;
	pmtu->done = false;
	pmtu->sizes[0].lost_since = 0;
	if (serial > pmtu->alive)
		pmtu->alive = serial;
	learn_round_trip(pmtu, now_ns - flight->sent_ns);
	return true;
}

void pmtu_suggest(struct pmtu *pmtu, uint32_t mtu)
{
	uint32_t least = pmtu->config.floor, next = mtu && mtu < least && pmtu->blind ? least : mtu;

	if (next < least || pmtu->suggestions >= PMTU_SUGGESTIONS_MAX ||
	    (pmtu->blind && next >= pmtu->told))
		return;
	pmtu->told = pmtu_class(pmtu, next);
	pmtu->suggestions++;
}

bool pmtu_too_big(struct pmtu *pmtu, uint32_t serial, uint32_t mtu)
{
	struct pmtu_flight *flight = &pmtu->flights[serial % PMTU_FLIGHTS];
	struct pmtu_size *size = &pmtu->sizes[flight->size];

	if (!pmtu_flight(pmtu, serial) || flight->state == FLIGHT_ANSWERED)
		return false;
	if (flight->state == FLIGHT_OUT) {
		pmtu->out--;
		flight->state = FLIGHT_LOST;
		size->lost++;
		size->lost_since++;
	}
	size->too_big++;
	size->icmp_mtu = mtu;
	if (mtu < size->size)
		pmtu_suggest(pmtu, mtu);
	return true;
}

uint32_t pmtu_found(const struct pmtu *pmtu)
{
	uint32_t low = pmtu->answers ? pmtu_low(pmtu) : pmtu->told;

	if (low >= pmtu_class(pmtu, pmtu->config.most))
		return pmtu->config.most;
	return low < pmtu->config.floor ? pmtu->config.floor : low;
}

bool pmtu_explained(const struct pmtu *pmtu)
{
	uint32_t low = pmtu_low(pmtu);

	for (size_t i = 0; i < pmtu->size_count; i++) {
		const struct pmtu_size *size = &pmtu->sizes[i];

		if (size->size <= low)
			continue;
		if (size->refused || (size->icmp_mtu && pmtu_class(pmtu, size->icmp_mtu) == low) ||
		    (size->too_big && !size->icmp_mtu))
			return true;
	}
	return false;
}
