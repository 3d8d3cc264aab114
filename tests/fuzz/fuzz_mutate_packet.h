/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutator for a SYN behind `first` other bytes: it adds, drops, copies and changes TCP options
 * and puts data offset and lengths right again, most of the time. */
#pragma once

#include "fuzz_mutate.h"

#define MUTATE_OPTIONS_MAX 40
#define MUTATE_TCP_LEN 20

/* Where things are, as offsets into the input. */
struct mutate_syn {
	size_t ip, tcp, options, options_len;
};

static inline size_t mutate_tcp_of_ipv6(const struct edit *edit, size_t ip)
{
	size_t at = ip + 40;
	uint8_t next = edit->data[ip + 6];

	while ((next == 0 || next == 43 || next == 60) && at + 8 <= edit->size) {
		next = edit->data[at];
		at += 8 + (size_t)edit->data[at + 1] * 8;
	}
	return at;
}

/* Returns whether there is a TCP header of which all options are in the input. */
static inline bool mutate_find_syn(const struct edit *edit, size_t first, struct mutate_syn *ret)
{
	struct mutate_syn syn = { .ip = first };

	if (edit->size < first + 40)
		return false;
	if (edit->data[first] >> 4 == 4)
		syn.tcp = first + (size_t)(edit->data[first] & 15) * 4;
	else if (edit->data[first] >> 4 == 6)
		syn.tcp = mutate_tcp_of_ipv6(edit, first);
	else
		return false;
	syn.options = syn.tcp + MUTATE_TCP_LEN;
	if (syn.options > edit->size || edit->data[syn.tcp + 12] >> 4 < 5)
		return false;
	syn.options_len = (size_t)(edit->data[syn.tcp + 12] >> 4) * 4 - MUTATE_TCP_LEN;
	*ret = syn;
	return syn.options_len <= edit->size - syn.options;
}

/* Data offset, and the length field of IP. */
static inline void mutate_put_lengths(struct edit *edit, const struct mutate_syn *syn)
{
	uint8_t *ip = edit->data + syn->ip, *tcp = edit->data + syn->tcp;
	size_t total = edit->size - syn->ip, at = 2;

	tcp[12] = (uint8_t)((MUTATE_TCP_LEN + syn->options_len) / 4 << 4 | (tcp[12] & 15));
	if (ip[0] >> 4 == 6) {
		total -= 40;
		at = 4;
	}
	ip[at] = (uint8_t)(total >> 8);
	ip[at + 1] = (uint8_t)total;
}

/* An option as stacks send it, or as nobody should. Returns its length, 1 to 18. */
static inline size_t mutate_make_option(struct edit *edit, uint8_t option[20])
{
	static const uint8_t kinds[] = { 0, 1, 1, 2, 2, 2, 2, 3, 4, 5, 8, 19, 29, 30, 34, 254 };
	static const uint8_t lens[] = { 1, 1, 1, 4, 4, 4, 3, 3, 2, 10, 10, 18, 16, 12, 10, 4 };
	static const uint16_t values[] = { 0,    1,    87,   88,   535,  536,   1220,
					   1359, 1360, 1361, 1459, 1460, 65534, 65535 };
	size_t which = edit_random(edit, sizeof(kinds)), len = lens[which];
	uint16_t value = values[edit_random(edit, sizeof(values) / sizeof(values[0]))];

	option[0] = kinds[which];
	option[1] = (uint8_t)len;
	for (size_t i = 2; i < len; i++)
		option[i] = (uint8_t)edit_random(edit, 256);
	if (option[0] == 2) {
		option[2] = (uint8_t)(value >> 8);
		option[3] = (uint8_t)value;
	}
	if (edit_random(edit, 24) == 0)
		option[1] = (uint8_t)edit_random(edit, 256);
	return len;
}

/* The wanted-th option, NOPs too; or how many there are. */
static inline size_t mutate_options(const uint8_t *options, size_t len, size_t wanted,
				    size_t *ret_at, size_t *ret_len)
{
	size_t count = 0, at = 0;

	while (at < len) {
		size_t step = options[at] < 2 || at + 1 == len ? 1 : options[at + 1];

		if (step == 0 || step > len - at)
			step = 1;
		if (count++ == wanted) {
			*ret_at = at;
			*ret_len = step;
		}
		at += step;
	}
	return count;
}

/* Changes a list of options, at most MUTATE_OPTIONS_MAX bytes. Returns its new length. */
static inline size_t mutate_option_list(struct edit *edit, uint8_t *list, size_t len)
{
	struct edit inner = { list, len, MUTATE_OPTIONS_MAX, edit->random };
	size_t count = mutate_options(list, len, SIZE_MAX, NULL, NULL), at = len, part = 0;
	uint8_t option[20];

	if (count > 0)
		mutate_options(list, len, edit_random(&inner, (uint32_t)count), &at, &part);
	switch (edit_random(&inner, 5)) {
	case 0:
	case 1:
		part = mutate_make_option(&inner, option);
		if (edit_insert(&inner, at, part))
			memcpy(list + at, option, part);
		break;
	case 2:
		edit_remove(&inner, at, part);
		break;
	case 3:
		if (edit_insert(&inner, at, part))
			memmove(list + at, list + at + part, part);
		break;
	default:
		if (part > 0)
			list[at + edit_random(&inner, (uint32_t)part)] =
				(uint8_t)edit_random(&inner, 256);
	}
	edit->random = inner.random;
	return inner.size;
}

static inline void mutate_options_of(struct edit *edit, struct mutate_syn *syn)
{
	uint8_t list[MUTATE_OPTIONS_MAX] = { 0 };
	size_t len = syn->options_len, before = len;

	memcpy(list, edit->data + syn->options, len);
	/* The padding is not kept: it would only grow. */
	while (len > 0 && list[len - 1] == 0)
		len--;
	for (uint32_t i = 0; i <= edit_random(edit, 3); i++)
		len = mutate_option_list(edit, list, len);
	memset(list + len, (int)edit_random(edit, 2), sizeof(list) - len);
	len = (len + 3) / 4 * 4;
	if (len > before && !edit_insert(edit, syn->options, len - before))
		return;
	if (len < before)
		edit_remove(edit, syn->options, before - len);
	memcpy(edit->data + syn->options, list, len);
	syn->options_len = len;
}

/* Puts an extension header, or options of IPv4, in front of TCP. */
static inline void mutate_before_tcp(struct edit *edit, struct mutate_syn *syn)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 60 };
	uint8_t *ip = edit->data + syn->ip;

	if (ip[0] >> 4 == 4) {
		if ((ip[0] & 15) < 15 && edit_insert(edit, syn->ip + 20, 4)) {
			memset(ip + 20, 1, 4);
			ip[0]++;
			syn->tcp += 4;
		}
	} else if (edit_insert(edit, syn->ip + 40, 8)) {
		ip[40] = ip[6];
		ip[6] = kinds[edit_random(edit, sizeof(kinds))];
		syn->tcp += 8;
	}
}

static inline size_t mutate_packet(uint8_t *data, size_t size, size_t max, unsigned int seed,
				   size_t first)
{
	struct edit edit = { data, size, max, seed };
	struct mutate_syn syn;

	if (edit_random(&edit, 3) == 0 || !mutate_find_syn(&edit, first, &syn))
		return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
	if (edit_random(&edit, 12) == 0)
		mutate_before_tcp(&edit, &syn);
	else
		mutate_options_of(&edit, &syn);
	if (edit_random(&edit, 12) > 0)
		mutate_put_lengths(&edit, &syn);
	return edit.size;
}
