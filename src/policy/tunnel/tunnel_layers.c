/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the path outside through the layers around a tunnel's packets. */
#include <string.h>

#include "policy/overhead/overhead.h"
#include "policy/tunnel/tunnel_resolve.h"

/* What the configuration says of a layer stands above what was discovered. */
static void apply_override(struct tunnel_set *set, const char *tunnel, struct encap *encap)
{
	const struct tunnel_override *override = tunnel_find_override(set, tunnel, OVERRIDE_ENCAP);
	const struct encap *words;

	if (!override)
		return;
	words = &override->encap;
	if (words->kind == ENCAP_NONE && (encap->kind == ENCAP_ESP || encap->kind == ENCAP_AH))
		words = &override->esp;
	if (words->kind != ENCAP_NONE)
		encap->kind = words->kind;
	for (enum encap_key key = 0; key < ENCAP_KEY_COUNT; key++) {
		if (encap_has(words, key))
			encap_set(encap, key, words->value[key]);
	}
}

static void tell_layer(const struct encap *encap, const struct overhead_steps *from,
		       struct tunnel_steps *steps)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct overhead_step *step = &from->list[i];

		if (step->header)
			tunnel_step_add(steps, step->left, encap_kind_name(encap->kind),
					"- %s (%u)", step->what, step->bytes);
		else
			tunnel_step_add(steps, step->left, encap_kind_name(encap->kind), "%s",
					step->what);
	}
}

/* Takes one layer off what is left. Returns false where the path sets no limit any more. */
static bool take_layer(const struct tunnel_outer *outer, const struct encap *given,
		       uint32_t link_mtu, struct tunnel_limit *limit, struct tunnel_steps *steps)
{
	struct overhead_steps told = { .count = 0 };
	struct encap encap = *given;
	struct overhead overhead;

	if (outer->has_family && !encap_has(&encap, ENCAP_KEY_OUTER))
		encap_set(&encap, ENCAP_KEY_OUTER, outer->family == FAMILY_IPV6 ? 6 : 4);
	if (link_mtu && !encap_has(&encap, ENCAP_KEY_IFMTU))
		encap_set(&encap, ENCAP_KEY_IFMTU, (uint16_t)(link_mtu > 65535 ? 65535 : link_mtu));
	overhead = overhead_apply(&encap, limit->inner_mtu, steps ? &told : NULL);
	tell_layer(&encap, &told, steps);
	limit->kind = encap.kind;
	limit->overhead += overhead.fixed;
	memcpy(limit->carries, overhead.carries, sizeof(limit->carries));
	if (overhead.stream) {
		limit->inner_mtu = link_mtu;
		return false;
	}
	/* 0 would mean that nobody knows; that nothing fits is known. */
	limit->inner_mtu = overhead.inner_mtu ? overhead.inner_mtu : 1;
	return true;
}

struct tunnel_limit tunnel_apply_layers(const struct tunnel_outer *outer,
					const struct encap *layers, size_t count,
					uint32_t link_mtu, struct tunnel_steps *steps)
{
	struct tunnel_limit limit = {
		.outer_mtu = outer->mtu,
		.inner_mtu = outer->mtu > outer->extra ? outer->mtu - outer->extra : 1,
		.overhead = outer->extra,
		.has_outer = outer->has_family,
		.outer_family = outer->family,
		.source = outer->source,
		.confidence = outer->confidence,
		.assumed_mtu = outer->assumed,
		.hint_mtu = outer->hint,
		.measured_ns = outer->measured_ns,
		.carries = { true, true },
	};
	bool more = true;

	if (outer->extra)
		tunnel_step_add(steps, limit.inner_mtu, "config", "- obfuscation (%u)",
				outer->extra);
	for (size_t i = 0; i < count && more; i++)
		more = take_layer(outer, &layers[i], i == count - 1 ? link_mtu : 0, &limit, steps);
	if (!outer->mtu && more)
		limit.inner_mtu = 0;
	return limit;
}

void tunnel_layers_in_force(struct tunnel_set *set, const char *tunnel,
			    const struct encap *discovered, size_t count,
			    struct encap ret_layers[PEER_LAYERS_MAX])
{
	memcpy(ret_layers, discovered, count * sizeof(*ret_layers));
	if (count > 0)
		apply_override(set, tunnel, &ret_layers[count - 1]);
}

struct tunnel_limit tunnel_take_layers(struct tunnel_set *set, const char *tunnel,
				       const struct tunnel_outer *outer, const struct encap *layers,
				       size_t count, uint32_t link_mtu, struct tunnel_steps *steps)
{
	struct encap in_force[PEER_LAYERS_MAX];

	tunnel_layers_in_force(set, tunnel, layers, count, in_force);
	return tunnel_apply_layers(outer, in_force, count, link_mtu, steps);
}
