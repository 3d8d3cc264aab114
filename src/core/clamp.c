/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clamp.h"

#include "core/csum.h"
#include "core/mss.h"
#include "core/tcpopt.h"
#include "core/wire.h"

#define IPV4_LENGTH_AT 2
#define IPV4_CHECK_AT 10
#define IPV6_LENGTH_AT 4
#define TCP_OFFSET_AT 12 /* the word of data offset and flags */
#define TCP_CHECK_AT 16
#define TCP_HEADER_MAX 60
#define IP_LENGTH_MAX 65535 /* both length fields have 16 bits */

/* Replaces one word of the TCP header, checksum included. */
static void put_tcp16(uint8_t *tcp, size_t at, uint16_t value)
{
	uint16_t check = wire_get16(tcp + TCP_CHECK_AT);

	check = csum_update16(check, at, wire_get16(tcp + at), value);
	wire_put16(tcp + at, value);
	wire_put16(tcp + TCP_CHECK_AT, check);
}

static uint32_t mss_of(const struct syn *syn, const struct tcpopt *options, size_t i)
{
	return wire_get16(syn->tcp + options->mss_at[i] + 2);
}

/* Whether any MSS option says more than limit. */
static bool is_above(const struct syn *syn, const struct tcpopt *options, uint32_t limit)
{
	for (size_t i = 0; i < options->mss_count; i++) {
		if (mss_of(syn, options, i) > limit)
			return true;
	}
	return false;
}

static bool is_below(const struct syn *syn, const struct tcpopt *options, uint32_t least)
{
	for (size_t i = 0; i < options->mss_count; i++) {
		if (mss_of(syn, options, i) < least)
			return true;
	}
	return false;
}

/* nft lowers the first option of kind 2 and no other, and takes each for one at an even offset when
 * it updates the checksum. One of another length in front ends its walk, or is taken for an MSS. */
static bool is_nft_alike(const struct syn *syn, const struct tcpopt *options, uint32_t limit)
{
	if (options->mss_odd_length || options->mss_at[0] % 2 != 0 ||
	    mss_of(syn, options, 0) <= limit)
		return false;
	for (size_t i = 1; i < options->mss_count; i++) {
		if (mss_of(syn, options, i) > limit)
			return false;
	}
	return true;
}

static void lower_all(const struct syn *syn, const struct tcpopt *options, uint32_t limit)
{
	for (size_t i = 0; i < options->mss_count; i++) {
		if (mss_of(syn, options, i) > limit)
			put_tcp16(syn->tcp, (size_t)options->mss_at[i] + 2, (uint16_t)limit);
	}
}

/* Point 10 of the contract, but for the switch: may a missing option be added here? */
static bool has_room_to_insert(const struct syn *syn, const struct tcpopt *options, size_t len,
			       size_t capacity)
{
	size_t length_field = syn->ip_len - (syn->family == FAMILY_IPV6 ? IPV6_HEADER_LEN : 0);

	if (options->mss_count > 0 || options->mss_odd_length || options->md5 || options->ao)
		return false;
	if (options->malformed || syn->segment_len != syn->tcp_header_len)
		return false;
	return syn->tcp_header_len + CLAMP_INSERT_LEN <= TCP_HEADER_MAX &&
	       length_field + CLAMP_INSERT_LEN <= IP_LENGTH_MAX &&
	       len + CLAMP_INSERT_LEN <= capacity;
}

/* The MSS a receiver believes in where the option is missing is the most we may announce for it. */
static uint32_t inserted_mss(enum family family, uint32_t limit)
{
	uint32_t most = family == FAMILY_IPV4 ? MSS_DEFAULT_IPV4 : MSS_DEFAULT_IPV6;

	return limit < most ? limit : most;
}

static void grow_ip_length(const struct syn *syn)
{
	uint8_t *ip = syn->ip;
	size_t at = syn->family == FAMILY_IPV4 ? IPV4_LENGTH_AT : IPV6_LENGTH_AT;
	uint16_t old_len = wire_get16(ip + at);
	uint16_t new_len = (uint16_t)(old_len + CLAMP_INSERT_LEN);

	wire_put16(ip + at, new_len);
	if (syn->family == FAMILY_IPV4)
		wire_put16(ip + IPV4_CHECK_AT, csum_update16(wire_get16(ip + IPV4_CHECK_AT), at,
							     old_len, new_len));
}

/* Puts the option in front of the others. These move by four bytes, so each keeps its place in its
 * checksum word; the sum grows by the option, the data offset and the pseudo header's length. */
static void insert_option(const struct syn *syn, size_t len, uint16_t mss)
{
	uint8_t *options = syn->tcp + TCP_HEADER_MIN;
	uint8_t *check_at = syn->tcp + TCP_CHECK_AT;
	uint16_t check = wire_get16(check_at);
	uint16_t old_offset = wire_get16(syn->tcp + TCP_OFFSET_AT);
	uint16_t new_offset = (uint16_t)(old_offset + (1 << 12)); /* one 32-bit word more */

	memmove(options + CLAMP_INSERT_LEN, options, len - (size_t)(options - syn->ip));
	options[0] = TCPOPT_MSS;
	options[1] = TCPOPT_MSS_LEN;
	wire_put16(options + 2, mss);
	wire_put16(syn->tcp + TCP_OFFSET_AT, new_offset);
	grow_ip_length(syn);

	check = csum_update16(check, 0, 0, TCPOPT_MSS << 8 | TCPOPT_MSS_LEN);
	check = csum_update16(check, 0, 0, mss);
	check = csum_update16(check, 0, old_offset, new_offset);
	check = csum_update16(check, 0, (uint16_t)syn->segment_len,
			      (uint16_t)(syn->segment_len + CLAMP_INSERT_LEN));
	wire_put16(check_at, check);
}

/* What an MSS may be. */
struct span {
	uint32_t least, most;
};

/* What is less is tiny. The limit itself never is: whoever is behind it may say no more. */
static struct span span_of(enum family family, uint32_t limit, const struct clamp_options *options)
{
	uint32_t most = limit == MSS_NONE ? MSS_MAX : limit, below = options->low_mss_below[family];

	return (struct span){ below < most ? below : most, most };
}

static uint32_t into(uint32_t mss, const struct span *span)
{
	return mss < span->least ? span->least : mss > span->most ? span->most : mss;
}

/* A tiny MSS comes before all that was decided but TCP-AO. Not inlined: few have this on. */
static __attribute__((noinline)) void decide_tiny(const struct syn *syn,
						  const struct tcpopt *found, size_t len,
						  uint32_t limit,
						  const struct clamp_options *options,
						  struct clamp_outcome *outcome)
{
	struct span span = span_of(syn->family, limit, options);

	if (outcome->result == SYN_TCP_AO || !is_below(syn, found, span.least))
		return;
	outcome->drop = options->low_mss == LOW_MSS_DROP;
	outcome->changed = !outcome->drop;
	outcome->nft_alike = false;
	outcome->len = len;
	outcome->result = outcome->drop ? SYN_DROPPED : SYN_RAISED;
	outcome->mss_after = outcome->drop ? 0 : into(outcome->mss_before, &span);
}

/* The tiny ones up, and those above the limit down. */
static __attribute__((noinline)) void raise_all(const struct syn *syn, const struct tcpopt *found,
						uint32_t limit,
						const struct clamp_options *options)
{
	struct span span = span_of(syn->family, limit, options);

	for (size_t i = 0; i < found->mss_count; i++) {
		uint32_t mss = mss_of(syn, found, i), wanted = into(mss, &span);

		if (wanted != mss) /* else a checksum of 0xffff would become 0 */
			put_tcp16(syn->tcp, (size_t)found->mss_at[i] + 2, (uint16_t)wanted);
	}
}

/* What is to be done, told without touching a byte. */
static struct clamp_outcome decide(const struct syn *syn, const struct tcpopt *found, size_t len,
				   size_t capacity, uint32_t limit,
				   const struct clamp_options *options)
{
	struct clamp_outcome outcome = { .len = len, .has_mss = found->mss_count > 0 };

	if (outcome.has_mss)
		outcome.mss_before = mss_of(syn, found, found->mss_count - 1u);
	outcome.mss_after = outcome.mss_before;

	if (found->ao && !options->clamp_tcp_ao) {
		outcome.result = SYN_TCP_AO;
	} else if (limit != MSS_NONE && is_above(syn, found, limit)) {
		outcome.result = SYN_CLAMPED;
		outcome.changed = true;
		outcome.nft_alike = is_nft_alike(syn, found, limit);
		if (outcome.mss_before > limit)
			outcome.mss_after = limit;
	} else if (found->malformed) {
		outcome.result = SYN_MALFORMED_OPTION;
	} else if (limit != MSS_NONE && options->insert_missing &&
		   has_room_to_insert(syn, found, len, capacity)) {
		outcome.result = SYN_INSERTED;
		outcome.changed = true;
		outcome.mss_after = inserted_mss(syn->family, limit);
		outcome.len = len + CLAMP_INSERT_LEN;
	} else if (!outcome.has_mss) {
		outcome.result = SYN_NO_MSS;
	} else {
		outcome.result = limit == MSS_NONE ? SYN_NO_LIMIT : SYN_ALREADY_SMALL;
	}
	return outcome;
}

struct clamp_outcome clamp_audit(const struct syn *syn, size_t len, size_t capacity, uint32_t limit,
				 const struct clamp_options *options)
{
	struct tcpopt found = tcpopt_walk(syn->tcp, syn->tcp_header_len);
	struct clamp_outcome outcome = decide(syn, &found, len, capacity, limit, options);

	if (options->low_mss != LOW_MSS_PASS)
		decide_tiny(syn, &found, len, limit, options, &outcome);
	outcome.changed = outcome.nft_alike = outcome.drop = false;
	outcome.len = len;
	return outcome;
}

struct clamp_outcome clamp_syn(const struct syn *syn, size_t len, size_t capacity, uint32_t limit,
			       const struct clamp_options *options)
{
	struct tcpopt found = tcpopt_walk(syn->tcp, syn->tcp_header_len);
	struct clamp_outcome outcome = decide(syn, &found, len, capacity, limit, options);

	if (options->low_mss != LOW_MSS_PASS)
		decide_tiny(syn, &found, len, limit, options, &outcome);
	if (outcome.result == SYN_CLAMPED)
		lower_all(syn, &found, limit);
	else if (outcome.result == SYN_RAISED)
		raise_all(syn, &found, limit, options);
	else if (outcome.result == SYN_INSERTED)
		insert_option(syn, len, (uint16_t)outcome.mss_after);
	return outcome;
}

struct clamp_outcome clamp_packet(uint8_t *packet, size_t len, size_t capacity,
				  const uint32_t limit[FAMILY_COUNT],
				  const struct clamp_options *options)
{
	struct clamp_outcome outcome = { .len = len };
	enum family family;
	struct syn syn;

	if (!packet_find_syn(packet, len, &family, &syn, &outcome.result))
		return outcome;
	return clamp_syn(&syn, len, capacity, limit[family], options);
}

void clamp_finish_checksum(const struct syn *syn)
{
	uint16_t check = csum_fold(csum_add(0, syn->tcp, syn->segment_len));

	wire_put16(syn->tcp + TCP_CHECK_AT, (uint16_t)~check);
}
