/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/prefix/lpm.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "core/wire.h"
#include "policy/prefix/lpm_hosts.h"

#define HOSTS_MIN 16   /* fewer are found as fast by the search */
#define NESTED_MAX 129 /* prefixes inside each other: one of each length, 0 to 128 bits */

/* Range i goes from key i to the one before key i + 1, the last to the end of the address space.
 * Key 0 is address 0, so every address lies in a range. */
struct lpm {
	enum family family;
	size_t count;
	uint32_t *values;
	union {
		uint32_t *v4;
		struct lpm_key *v6;
	} keys;
	struct lpm_hosts hosts;
};

struct open_prefix {
	struct lpm_key last; /* its last address */
	uint32_t value;
};

/* The ranges so far, and the prefixes around the place that the sweep has reached. */
struct sweep {
	struct lpm_key *keys, end; /* end: the last address of the family */
	uint32_t *values;
	size_t count;
	struct open_prefix open[NESTED_MAX];
	size_t depth;
	uint32_t *host_values; /* beside the entries, of single addresses; NULL: they are ranges */
};

static struct lpm_key key6(const uint8_t *bytes)
{
	return (struct lpm_key){ wire_get64(bytes), wire_get64(bytes + 8) };
}

static struct lpm_key key_first(const struct address *address)
{
	if (address->family == FAMILY_IPV4)
		return (struct lpm_key){ 0, wire_get32(address->bytes) };
	return key6(address->bytes);
}

static struct lpm_key key_last(const struct prefix *prefix)
{
	unsigned int host = (unsigned int)(address_bits(prefix->address.family) - prefix->length);
	struct lpm_key key = key_first(&prefix->address);

	key.low |= host >= 64 ? UINT64_MAX : (UINT64_C(1) << host) - 1;
	if (host == 128)
		key.high = UINT64_MAX;
	else if (host > 64)
		key.high |= (UINT64_C(1) << (host - 64)) - 1;
	return key;
}

static struct lpm_key key_next(struct lpm_key key)
{
	key.low++;
	key.high += key.low == 0;
	return key;
}

static bool key_less(struct lpm_key a, struct lpm_key b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* From key on the value holds. Neighbours of equal value are one range, and a range that nothing is
 * left of vanishes. */
static void sweep_set(struct sweep *sweep, struct lpm_key key, uint32_t value)
{
	if (sweep->count > 0 && lpm_key_equal(sweep->keys[sweep->count - 1], key))
		sweep->count--;
	if (sweep->count > 0 && sweep->values[sweep->count - 1] == value)
		return;
	sweep->keys[sweep->count] = key;
	sweep->values[sweep->count] = value;
	sweep->count++;
}

static uint32_t sweep_value(const struct sweep *sweep)
{
	return sweep->depth > 0 ? sweep->open[sweep->depth - 1].value : LPM_NONE;
}

/* Ends the innermost prefix: what is around it holds again behind its last address. */
static void sweep_close(struct sweep *sweep)
{
	struct lpm_key last = sweep->open[--sweep->depth].last;

	if (!lpm_key_equal(last, sweep->end))
		sweep_set(sweep, key_next(last), sweep_value(sweep));
}

static void sweep_open(struct sweep *sweep, const struct prefix *prefix, uint32_t value)
{
	assert(sweep->depth < NESTED_MAX);
	sweep->open[sweep->depth++] = (struct open_prefix){ key_last(prefix), value };
	sweep_set(sweep, key_first(&prefix->address), value);
}

static bool is_host(const struct prefix *prefix)
{
	return prefix->length == address_bits(prefix->address.family);
}

static void sweep_run(struct sweep *sweep, const struct lpm_entry *entries, size_t count,
		      uint32_t (*inherit)(void *, uint32_t, uint32_t), void *userdata)
{
	sweep_set(sweep, (struct lpm_key){ 0, 0 }, LPM_NONE);
	for (size_t i = 0; i < count; i++) {
		struct lpm_key first = key_first(&entries[i].prefix.address);
		uint32_t value = entries[i].value;

		while (sweep->depth > 0 && key_less(sweep->open[sweep->depth - 1].last, first))
			sweep_close(sweep);
		if (inherit && sweep->depth > 0)
			value = inherit(userdata, value, sweep_value(sweep));
		if (sweep->host_values && is_host(&entries[i].prefix))
			sweep->host_values[i] = value;
		else
			sweep_open(sweep, &entries[i].prefix, value);
	}
	while (sweep->depth > 0)
		sweep_close(sweep);
}

static size_t count_hosts(const struct lpm_entry *entries, size_t count)
{
	size_t hosts = 0;

	for (size_t i = 0; i < count; i++)
		hosts += is_host(&entries[i].prefix);
	return hosts;
}

static int hosts_build(struct lpm *lpm, const struct lpm_entry *entries, size_t count,
		       size_t host_count, const uint32_t *values)
{
	int r = lpm_hosts_init(&lpm->hosts, lpm->family, host_count);

	for (size_t i = 0; i < count && r == 0; i++) {
		if (is_host(&entries[i].prefix))
			lpm_hosts_put(&lpm->hosts, key_first(&entries[i].prefix.address),
				      values[i]);
	}
	return r;
}

static size_t key_size(enum family family)
{
	return family == FAMILY_IPV4 ? sizeof(uint32_t) : sizeof(struct lpm_key);
}

/* Copies the ranges into a table that is exactly as large as they are. */
static struct lpm *table_new(enum family family, const struct sweep *sweep)
{
	struct lpm *lpm = calloc(1, sizeof(*lpm));

	if (!lpm)
		return NULL;
	lpm->family = family;
	lpm->count = sweep->count;
	lpm->values = calloc(sweep->count, sizeof(*lpm->values));
	lpm->keys.v6 = calloc(sweep->count, key_size(family));
	if (!lpm->values || !lpm->keys.v6) {
		lpm_free(lpm);
		return NULL;
	}
	for (size_t i = 0; i < sweep->count; i++) {
		lpm->values[i] = sweep->values[i];
		if (family == FAMILY_IPV4)
			lpm->keys.v4[i] = (uint32_t)sweep->keys[i].low;
		else
			lpm->keys.v6[i] = sweep->keys[i];
	}
	return lpm;
}

int lpm_entry_compare(const void *a, const void *b)
{
	const struct lpm_entry *left = a, *right = b;

	return prefix_compare(&left->prefix, &right->prefix);
}

bool lpm_entries_are_sorted(const struct lpm_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (lpm_entry_compare(&entries[i - 1], &entries[i]) > 0)
			return false;
	}
	return true;
}

/* Sorts, wider prefixes first. Returns 0, or -EINVAL for mixed families or a prefix twice. */
static int sort_entries(enum family family, struct lpm_entry *entries, size_t count)
{
	if (!lpm_entries_are_sorted(entries, count))
		qsort(entries, count, sizeof(*entries), lpm_entry_compare);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].prefix.address.family != family)
			return -EINVAL;
		if (i > 0 && lpm_entry_compare(&entries[i - 1], &entries[i]) == 0)
			return -EINVAL;
	}
	return 0;
}

/* apart: how many single addresses there are, which are no ranges; 0: they are. */
static int build(enum family family, struct lpm_entry *entries, size_t count, size_t apart,
		 uint32_t (*inherit)(void *userdata, uint32_t own, uint32_t wider), void *userdata,
		 struct lpm **ret_lpm)
{
	struct prefix all = { .address = { .family = family } };
	struct sweep sweep = { .end = key_last(&all) };
	struct lpm *lpm = NULL;
	int r;

	r = sort_entries(family, entries, count);
	if (r < 0)
		return r;
	/* Each prefix has two borders, and address 0 is one more. */
	sweep.keys = calloc(2 * count + 1, sizeof(*sweep.keys));
	sweep.values = calloc(2 * count + 1, sizeof(*sweep.values));
	if (apart)
		sweep.host_values = calloc(count, sizeof(*sweep.host_values));
	if (sweep.keys && sweep.values && (sweep.host_values || !apart)) {
		sweep_run(&sweep, entries, count, inherit, userdata);
		lpm = table_new(family, &sweep);
	}
	r = lpm ? 0 : -ENOMEM;
	if (r == 0 && apart)
		r = hosts_build(lpm, entries, count, apart, sweep.host_values);
	free(sweep.keys);
	free(sweep.values);
	free(sweep.host_values);
	if (r < 0) {
		lpm_free(lpm);
		return r;
	}
	*ret_lpm = lpm;
	return 0;
}

int lpm_build(enum family family, struct lpm_entry *entries, size_t count,
	      uint32_t (*inherit)(void *userdata, uint32_t own, uint32_t wider), void *userdata,
	      struct lpm **ret_lpm)
{
	size_t hosts = count_hosts(entries, count);

	return build(family, entries, count, hosts >= HOSTS_MIN ? hosts : 0, inherit, userdata,
		     ret_lpm);
}

int lpm_build_ranges(enum family family, struct lpm_entry *entries, size_t count,
		     struct lpm **ret_lpm)
{
	return build(family, entries, count, 0, NULL, NULL, ret_lpm);
}

void lpm_free(struct lpm *lpm)
{
	if (!lpm)
		return;
	free(lpm->values);
	free(lpm->keys.v6);
	lpm_hosts_done(&lpm->hosts);
	free(lpm);
}

static struct lpm_key range_key(const struct lpm *lpm, size_t at)
{
	return lpm->family == FAMILY_IPV4 ? (struct lpm_key){ 0, lpm->keys.v4[at] } :
					    lpm->keys.v6[at];
}

static struct address key_address(enum family family, struct lpm_key key)
{
	struct address address = { .family = family };

	if (family == FAMILY_IPV4) {
		wire_put32(address.bytes, (uint32_t)key.low);
	} else {
		wire_put64(address.bytes, key.high);
		wire_put64(address.bytes + 8, key.low);
	}
	return address;
}

/* The last address before that key, which is not the first of all. */
static struct lpm_key key_before(struct lpm_key key)
{
	key.high -= key.low == 0;
	key.low--;
	return key;
}

int lpm_ranges(const struct lpm *lpm,
	       int (*take)(void *userdata, const struct address *first,
			   const struct address *last, uint32_t value), void *userdata)
{
	const struct prefix all = { .address = { .family = lpm->family } };
	int r = 0;

	for (size_t i = 0; i < lpm->count && r == 0; i++) {
		bool is_last = i + 1 == lpm->count;
		struct lpm_key end = is_last ? key_last(&all) : key_before(range_key(lpm, i + 1));
		struct address first = key_address(lpm->family, range_key(lpm, i));
		struct address last = key_address(lpm->family, end);

		if (lpm->values[i] != LPM_NONE)
			r = take(userdata, &first, &last, lpm->values[i]);
	}
	return r;
}

/* The last range that starts at or before address. Each step halves what is left by arithmetic: a
 * branch would be guessed wrong every other time, at more cost than the comparison. Both places
 * that the next step may look at are fetched meanwhile, for in a large table waiting for them is
 * the cost. */
static size_t find_v4(const uint32_t *keys, size_t count, uint32_t address)
{
	size_t at = 0;

	while (count > 1) {
		size_t half = count / 2, next = (count - half) / 2;

		__builtin_prefetch(&keys[at + next]);
		__builtin_prefetch(&keys[at + half + next]);
		at += half & -(size_t)(keys[at + half] <= address);
		count -= half;
	}
	return at;
}

static size_t find_v6(const struct lpm_key *keys, size_t count, struct lpm_key address)
{
	size_t at = 0;

	while (count > 1) {
		size_t half = count / 2, next = (count - half) / 2;
		const struct lpm_key *key = &keys[at + half];

		__builtin_prefetch(&keys[at + next]);
		__builtin_prefetch(&keys[at + half + next]);
		at += half & -(size_t)((key->high < address.high) |
				       ((key->high == address.high) & (key->low <= address.low)));
		count -= half;
	}
	return at;
}

static uint32_t lookup_v4(const struct lpm *lpm, uint32_t key)
{
	uint32_t value = lpm_hosts_find_v4(&lpm->hosts, key);

	return value != LPM_NONE ? value : lpm->values[find_v4(lpm->keys.v4, lpm->count, key)];
}

static uint32_t lookup_v6(const struct lpm *lpm, struct lpm_key key)
{
	uint32_t value = lpm_hosts_find_v6(&lpm->hosts, key);

	return value != LPM_NONE ? value : lpm->values[find_v6(lpm->keys.v6, lpm->count, key)];
}

uint32_t lpm_lookup(const struct lpm *lpm, const uint8_t *address)
{
	if (!lpm)
		return LPM_NONE;
	if (lpm->family == FAMILY_IPV4)
		return lookup_v4(lpm, wire_get32(address));
	return lookup_v6(lpm, key6(address));
}

void lpm_fetch(const struct lpm *lpm, const uint8_t *address)
{
	const struct lpm_hosts *hosts = lpm ? &lpm->hosts : NULL;

	if (!hosts || !hosts->shift)
		return;
	if (lpm->family == FAMILY_IPV4)
		__builtin_prefetch(&hosts->slots.v4[lpm_hosts_slot_v4(hosts, wire_get32(address))]);
	else
		__builtin_prefetch(&hosts->slots.v6[lpm_hosts_slot_v6(hosts, key6(address))]);
}
