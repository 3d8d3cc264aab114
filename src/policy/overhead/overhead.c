/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/overhead/overhead.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/overhead/overhead_table.h"

void overhead_take(struct overhead_sum *sum, uint32_t bytes, const char *what, ...)
{
	struct overhead_steps *steps = sum->steps;
	struct overhead_step *step;
	va_list list;

	if (!bytes)
		return;
	sum->left = sum->left > bytes ? sum->left - bytes : 0;
	if (!steps || steps->count == OVERHEAD_STEPS_MAX)
		return;
	step = &steps->list[steps->count++];
	step->bytes = bytes;
	step->left = sum->left;
	va_start(list, what);
	vsnprintf(step->what, sizeof(step->what), what, list);
	va_end(list);
}

unsigned int overhead_outer_version(const struct encap *encap)
{
	const struct overhead_row *row = overhead_row(encap->kind);

	if (!row->has_outer)
		return 0;
	if (row->outer_fixed)
		return row->outer_fixed;
	return overhead_value(encap, ENCAP_KEY_OUTER) == 6 ? 6 : 4;
}

uint32_t overhead_ip_bytes(const struct encap *encap)
{
	return overhead_outer_version(encap) == 6 ? IPV6_HEADER_LEN : IPV4_HEADER_MIN;
}

/* The bytes of the term at this layer. */
static uint32_t term_bytes(const struct overhead_term *term, const struct encap *encap)
{
	if (term->size)
		return term->size(encap);
	if (term->key == TERM_ALWAYS)
		return term->bytes;
	return term->bytes * overhead_value(encap, term->key);
}

static bool is_transport(const struct encap *encap)
{
	return (encap->kind == ENCAP_ESP || encap->kind == ENCAP_AH) &&
	       overhead_value(encap, ENCAP_KEY_MODE) == ENCAP_MODE_TRANSPORT;
}

/* A transport mode packet keeps its IP header: what goes in has the family that comes out. */
static void set_carries(const struct encap *encap, const struct overhead_row *row,
			struct overhead *ret)
{
	bool v4 = !row->only[FAMILY_IPV6] || overhead_value(encap, ENCAP_KEY_ANY);
	bool v6 = !row->only[FAMILY_IPV4];

	if (is_transport(encap)) {
		v4 = overhead_outer_version(encap) == 4;
		v6 = !v4;
	}
	ret->carries[FAMILY_IPV4] = v4;
	ret->carries[FAMILY_IPV6] = v6;
}

struct overhead overhead_apply(const struct encap *encap, uint32_t outer_mtu,
			       struct overhead_steps *steps)
{
	const struct overhead_row *row = overhead_row(encap->kind);
	struct overhead_sum sum = { .outer = outer_mtu, .left = outer_mtu, .steps = steps };
	struct overhead ret = { 0 };
	size_t headers;

	if (steps)
		steps->count = 0;
	for (const struct overhead_term *term = row->terms; term->what || term->size; term++) {
		uint32_t bytes = term_bytes(term, encap);

		sum.fixed += bytes;
		if (term->what)
			overhead_take(&sum, bytes, "%s", term->what);
		else
			overhead_take(&sum, bytes, "IPv%u header", overhead_outer_version(encap));
	}
	headers = steps ? steps->count : 0;
	if (row->finish)
		row->finish(encap, &sum);
	for (size_t i = 0; steps && i < steps->count; i++) /* a stream leaves none of them */
		steps->list[i].header = i < headers && steps->count >= headers;
	ret.inner_mtu = sum.left;
	ret.fixed = sum.fixed;
	ret.stream = encap->kind == ENCAP_OPENVPN &&
		     overhead_value(encap, ENCAP_KEY_PROTO) == ENCAP_PROTO_TCP;
	set_carries(encap, row, &ret);
	return ret;
}

static bool is_assumed(const struct overhead_assumption *row, const struct encap *encap)
{
	if (row->absent != TERM_ALWAYS && overhead_value(encap, row->absent))
		return false;
	return !row->when || row->when(encap);
}

const char *overhead_assumes(const struct encap *encap, size_t index)
{
	const struct overhead_assumption *row = overhead_row(encap->kind)->assumes;

	for (; row && row->text; row++)
		if (is_assumed(row, encap) && index-- == 0)
			return row->text;
	return NULL;
}
