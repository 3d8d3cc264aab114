/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an IP packet, beside a second implementation of the packet contract.
 * layer: core
 * The input is a byte of switches, the limit (2 bytes, big endian, 0: none), free bytes behind the
 * packet, then the packet. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/oracle.h"
#include "core/clamp.h"
#include "fuzz_mutate_packet.h"

#define HEAD_LEN 4
#define SWITCH_INSERT 0x01
#define SWITCH_CLAMP_AO 0x02
#define SWITCH_OTHER_FAMILY 0x04 /* the limit is the other family's */
#define SWITCH_LOW 0x08          /* an MSS below that of the upper bits is tiny, */
#define SWITCH_LOW_DROPS 0x10    /* and dropped, not raised */
/* 0 to 532: an option of 536 that we have added may not be tiny the next time. */
#define LOW_OF(switches) ((uint16_t)(((switches) >> 5) * 76))
#define ROOM_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One packet with what is to be done to it. */
struct job {
	uint8_t switches;
	uint32_t limit;
	size_t room; /* free bytes behind the packet */
	const uint8_t *packet;
	size_t len;
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* A copy in a block of exactly len + room bytes. Returns owned. */
static uint8_t *copy_packet(const uint8_t *packet, size_t len, size_t room)
{
	uint8_t *copy = malloc(len + room + 1);

	require(copy, "there is memory");
	/* The spare byte is in front, for a block of 0 bytes: the end has to be sharp. */
	if (len > 0)
		memcpy(copy + 1, packet, len);
	memset(copy + 1 + len, 0x02, room);
	return copy;
}

static bool is_other_family(const struct job *job)
{
	return job->switches & SWITCH_OTHER_FAMILY;
}

static struct clamp_options options_of(const struct job *job)
{
	uint16_t below = LOW_OF(job->switches);

	return (struct clamp_options){
		.insert_missing = job->switches & SWITCH_INSERT,
		.clamp_tcp_ao = job->switches & SWITCH_CLAMP_AO,
		.low_mss = !(job->switches & SWITCH_LOW) ? LOW_MSS_PASS :
			   job->switches & SWITCH_LOW_DROPS ? LOW_MSS_DROP : LOW_MSS_RAISE,
		.low_mss_below = { below, below },
	};
}

static struct clamp_outcome run_core(const struct job *job, uint32_t limit, uint8_t *packet,
				     size_t len, size_t capacity)
{
	struct clamp_options options = options_of(job);
	bool ipv4 = (job->len > 0 && job->packet[0] >> 4 == 4) != is_other_family(job);
	uint32_t limits[FAMILY_COUNT] = {
		[FAMILY_IPV4] = ipv4 ? limit : 0,
		[FAMILY_IPV6] = ipv4 ? 0 : limit,
	};

	return clamp_packet(packet, len, capacity, limits, &options);
}

static struct oracle_answer run_oracle(const struct job *job, uint8_t *packet)
{
	bool ipv4 = (job->len > 0 && packet[0] >> 4 == 4) != is_other_family(job);
	struct oracle_options options = {
		.limit4 = ipv4 ? job->limit : 0,
		.limit6 = ipv4 ? 0 : job->limit,
		.insert_missing = job->switches & SWITCH_INSERT,
		.clamp_tcp_ao = job->switches & SWITCH_CLAMP_AO,
		.low_below = job->switches & SWITCH_LOW ? LOW_OF(job->switches) : 0,
		.low_drops = job->switches & SWITCH_LOW_DROPS,
	};

	return oracle_clamp(packet, job->len, job->len + job->room, &options);
}

static void compare_with_oracle(const struct job *job)
{
	uint8_t *ours = copy_packet(job->packet, job->len, job->room);
	uint8_t *theirs = copy_packet(job->packet, job->len, job->room);
	size_t capacity = job->len + job->room;
	struct clamp_outcome outcome = run_core(job, job->limit, ours + 1, job->len, capacity);
	struct oracle_answer answer = run_oracle(job, theirs + 1);
	const char *result = syn_result_name(outcome.result);
	bool same;

	if (strcmp(result, answer.result) != 0)
		fprintf(stderr, "core: %s, oracle: %s\n", result, answer.result);
	require(strcmp(result, answer.result) == 0, "core and oracle call it the same");
	require(outcome.len == answer.len, "core and oracle leave the same length");
	require(memcmp(ours + 1, theirs + 1, capacity) == 0,
		"core and oracle leave the same bytes");
	same = outcome.len == job->len &&
	       (job->len == 0 || memcmp(ours + 1, job->packet, job->len) == 0);
	require(outcome.drop == answer.drop, "core and oracle drop the same");
	require(outcome.changed == !same, "changed says whether bytes differ");
	free(ours);
	free(theirs);
}

/* Sum of the words modulo 65535: all that a checksum knows. */
static uint32_t sum_of(const uint8_t *bytes, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return (uint32_t)(sum % 65535);
}

/* Whether a byte of a TCP header is one of an MSS value, or may be: what it stands behind says so. */
static bool is_of_mss(const uint8_t *tcp, size_t at)
{
	return at >= 22 && ((tcp[at - 2] == 2 && tcp[at - 1] == 4) ||
			    (at >= 23 && tcp[at - 3] == 2 && tcp[at - 2] == 4));
}

/* The promises alone, whatever the oracle says: the same length, no byte but those of MSS values and
 * of the checksum, and a segment that sums up to what it did. */
static void check_promises(const struct job *job)
{
	struct job plain = *job;
	uint8_t *packet = copy_packet(job->packet, job->len, 0);
	enum syn_result reason;
	enum family family;
	struct syn syn;
	size_t tcp;

	plain.switches &= (uint8_t)~SWITCH_INSERT;
	if (packet_find_syn(packet + 1, job->len, &family, &syn, &reason)) {
		tcp = (size_t)(syn.tcp - packet) - 1;
		require(run_core(&plain, job->limit, packet + 1, job->len, job->len).len == job->len,
			"the length stays");
		for (size_t i = 0; i < job->len; i++)
			require(packet[1 + i] == job->packet[i] || i == tcp + 16 || i == tcp + 17 ||
				(i < tcp + syn.tcp_header_len && i > tcp &&
				 is_of_mss(job->packet + tcp, i - tcp)),
				"nothing changes but MSS values and the checksum");
		require(sum_of(packet + 1 + tcp, syn.segment_len) ==
			sum_of(job->packet + tcp, syn.segment_len),
			"the checksum changes by what the values do");
	}
	free(packet);
}

static void check_second_pass(const struct job *job)
{
	size_t capacity = job->len + job->room;
	uint8_t *once = copy_packet(job->packet, job->len, job->room);
	size_t len = run_core(job, job->limit, once + 1, job->len, capacity).len;
	uint8_t *twice = copy_packet(once + 1, capacity, 0);

	require(!run_core(job, job->limit, twice + 1, len, capacity).changed,
		"a second pass finds nothing to do");
	require(capacity == 0 || memcmp(once + 1, twice + 1, capacity) == 0,
		"a second pass changes nothing");
	free(once);
	free(twice);
}

/* A limit and then a lower one is the lower one alone. Not where the first raises what the second
 * lowers: of a checksum's two zeros the other may come back. */
static void check_two_limits(const struct job *job)
{
	size_t capacity = job->len + job->room;
	uint8_t *both = copy_packet(job->packet, job->len, job->room);
	uint8_t *lower = copy_packet(job->packet, job->len, job->room);
	uint32_t low = job->limit / 2;
	size_t len;

	if (low > 0 && !(job->switches & SWITCH_LOW)) {
		len = run_core(job, job->limit, both + 1, job->len, capacity).len;
		len = run_core(job, low, both + 1, len, capacity).len;
		require(len == run_core(job, low, lower + 1, job->len, capacity).len,
			"two limits leave the length of the lower one");
		require(memcmp(both + 1, lower + 1, capacity) == 0,
			"two limits leave what the lower one leaves");
	}
	free(both);
	free(lower);
}

static void check_audit(const struct job *job)
{
	struct clamp_options options = options_of(job);
	size_t capacity = job->len + job->room;
	uint8_t *packet = copy_packet(job->packet, job->len, job->room);
	struct clamp_outcome audit, real;
	enum syn_result reason;
	enum family family;
	struct syn syn;

	if (packet_find_syn(packet + 1, job->len, &family, &syn, &reason)) {
		audit = clamp_audit(&syn, job->len, capacity, job->limit, &options);
		require(memcmp(packet + 1, job->packet, job->len) == 0, "an audit touches nothing");
		real = clamp_syn(&syn, job->len, capacity, job->limit, &options);
		require(audit.result == real.result && audit.mss_before == real.mss_before &&
			audit.mss_after == real.mss_after && audit.has_mss == real.has_mss &&
			!audit.changed && !audit.drop && audit.len == job->len,
			"an audit tells what would be done");
		if (!real.changed)
			clamp_finish_checksum(&syn);
	}
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job;

	if (size < HEAD_LEN)
		return 0;
	job = (struct job){
		.switches = data[0],
		.limit = (uint32_t)(data[1] << 8 | data[2]),
		.room = data[3] % (ROOM_MAX + 1),
		.packet = data + HEAD_LEN,
		.len = size - HEAD_LEN,
	};
	compare_with_oracle(&job);
	check_promises(&job);
	check_second_pass(&job);
	check_two_limits(&job);
	check_audit(&job);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_packet(data, size, max, seed, HEAD_LEN);
}
