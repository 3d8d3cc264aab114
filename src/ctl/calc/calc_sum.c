/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc_sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "ctl/options/ctl.h"

#define IPV6_MTU_MIN 1280 /* RFC 8200 section 5 */

static const char *const family_names[FAMILY_COUNT] = { "IPv4", "IPv6" };

/* Adds a text unless it is there. */
static int assume(struct calc_sum *sum, json_t *text)
{
	size_t i;
	json_t *other;
	bool there = false;

	json_array_foreach(sum->assumes, i, other)
		there |= json_equal(other, text);
	if (there) {
		json_decref(text);
		return 0;
	}
	return json_array_append_new(sum->assumes, text) < 0 ? -ENOMEM : 0;
}

static int assume_of_layer(struct calc_sum *sum, const struct encap *encap)
{
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = overhead_assumes(encap, i)); i++)
		r = assume(sum, json_sprintf("%s: %s", encap_kind_name(encap->kind), text));
	return r;
}

/* What a stack carries is what its innermost IP header carries; what is below must carry that. */
static int apply_families(struct calc_sum *sum, const struct calc_sum_layer *layer)
{
	unsigned int outer = overhead_outer_version(layer->encap);
	enum family family = outer == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	bool passes = !outer || sum->carries[family];

	if (!passes && !sum->broken &&
	    asprintf(&sum->broken, "%s sends IPv%u packets, which the layers below do not carry",
		     encap_kind_name(layer->encap->kind), outer) < 0) {
		sum->broken = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		sum->carries[i] = layer->overhead.carries[i] && (outer || sum->carries[i]);
	return 0;
}

static int apply_layer(struct calc_sum *sum, const struct encap *encap, struct calc_error *error)
{
	struct calc_sum_layer *layer = &sum->layers[sum->count];
	int r;

	layer->encap = encap;
	layer->before = sum->inner_mtu;
	layer->overhead = overhead_apply(encap, layer->before, &layer->steps);
	sum->count++;
	sum->overhead += layer->overhead.fixed;
	sum->inner_mtu = layer->overhead.inner_mtu;
	if (!sum->inner_mtu) {
		r = calc_error_set(error, strdup("Give a larger --path, or fewer layers."),
				   "layer %zu (%s) does not fit: %u bytes are left of the path, "
				   "its headers alone take %u", sum->count,
				   encap_kind_name(encap->kind), layer->before,
				   layer->overhead.fixed);
		return r == -EINVAL ? -EMSGSIZE : r;
	}
	r = apply_families(sum, layer);
	return r < 0 ? r : assume_of_layer(sum, encap);
}

static int set_mss(struct calc_sum *sum, enum family family)
{
	int mss = (int)sum->inner_mtu - (int)mss_headers(family);

	if (sum->broken)
		return 0;
	if (!sum->carries[family])
		return assume(sum, json_sprintf("no MSS for %s: the stack does not carry it",
						family_names[family]));
	if (mss <= 0)
		return assume(sum, json_sprintf("no MSS for %s: %u bytes hold no data",
						family_names[family], sum->inner_mtu));
	sum->mss[family] = mss;
	if (family == FAMILY_IPV6 && sum->inner_mtu < IPV6_MTU_MIN)
		return assume(sum, json_sprintf("IPv6 inside needs %d bytes (RFC 8200 section 5), "
						"there are %u", IPV6_MTU_MIN, sum->inner_mtu));
	return 0;
}

static int fill(struct calc_sum *sum, const struct calc_stack *stack, struct calc_error *error)
{
	int r = 0;

	for (size_t i = 0; i < stack->count && r == 0; i++)
		r = apply_layer(sum, &stack->layers[i], error);
	for (size_t i = 0; i < json_array_size(stack->notes) && r == 0; i++)
		r = assume(sum, json_incref(json_array_get(stack->notes, i)));
	if (r == 0 && sum->broken)
		r = assume(sum, json_sprintf("nothing gets through: %s", sum->broken));
	if (r == 0)
		r = set_mss(sum, FAMILY_IPV4);
	return r < 0 ? r : set_mss(sum, FAMILY_IPV6);
}

int calc_sum_make(const struct calc_stack *stack, struct calc_sum **ret_sum,
		  struct calc_error *error)
{
	struct calc_sum *sum = calloc(1, sizeof(*sum));

	*error = (struct calc_error){ 0 };
	*ret_sum = sum;
	if (!sum)
		return -ENOMEM;
	sum->path_mtu = sum->inner_mtu = stack->path_mtu;
	sum->carries[FAMILY_IPV4] = sum->carries[FAMILY_IPV6] = true;
	sum->assumes = json_array();
	return sum->assumes ? fill(sum, stack, error) : -ENOMEM;
}

void calc_sum_free(struct calc_sum *sum)
{
	if (!sum)
		return;
	json_decref(sum->assumes);
	free(sum->broken);
	free(sum);
}

/* All steps, each with the kind in front: "pppoe: PPPoE header". Returns owned, or NULL. */
static json_t *steps_to_json(const struct calc_sum *sum)
{
	json_t *list = json_array();

	for (size_t l = 0; list && l < sum->count; l++) {
		const struct calc_sum_layer *layer = &sum->layers[l];

		for (size_t i = 0; i < layer->steps.count; i++) {
			const struct overhead_step *step = &layer->steps.list[i];
			json_t *what = json_sprintf("%s: %s", encap_kind_name(layer->encap->kind),
						    step->what);

			json_array_append_new(list, json_pack("{s:o, s:i}", "what", what, "bytes",
							      (int)step->bytes));
		}
	}
	return list;
}

static json_t *mss_to_json(int mss)
{
	return mss ? json_integer(mss) : json_null();
}

json_t *calc_sum_to_json(const struct calc_sum *sum, const struct calc_stack *stack)
{
	return json_pack("{s:i, s:O, s:o, s:i, s:i, s:o, s:o, s:O}", "schema", CTL_SCHEMA, "inputs",
			 stack->inputs, "steps", steps_to_json(sum), "overhead_bytes",
			 (int)sum->overhead, "inner_mtu_bytes", (int)sum->inner_mtu, "mss4_bytes",
			 mss_to_json(sum->mss[FAMILY_IPV4]), "mss6_bytes",
			 mss_to_json(sum->mss[FAMILY_IPV6]), "assumes", sum->assumes);
}
