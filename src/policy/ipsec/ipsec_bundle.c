/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/ipsec/ipsec_bundle.h"

#include <string.h>

#define BACK_LOOKS 16 /* states for the way back that are compared; a rekey has 2 */

static bool is_any(const struct address *address)
{
	static const uint8_t any[ADDRESS_MAX];

	return memcmp(address->bytes, any, ADDRESS_MAX) == 0;
}

static bool has_own_header(enum ipsec_mode mode)
{
	return mode == IPSEC_TUNNEL || mode == IPSEC_BEET || mode == IPSEC_IPTFS;
}

/* What is known of the packet's addresses before any template: those of a selector for one host. */
static struct ipsec_bundle begin(const struct ipsec_selector *selector)
{
	const struct prefix *local = &selector->local, *remote = &selector->remote;

	return (struct ipsec_bundle){
		.has_source = local->length == address_bits(local->address.family),
		.has_destination = remote->length == address_bits(remote->address.family),
		.source = local->address,
		.destination = remote->address,
	};
}

static struct ipsec_wish make_wish(const struct ipsec_policy *policy,
				   const struct ipsec_template *template,
				   const struct ipsec_bundle *bundle)
{
	struct ipsec_wish wish = {
		.policy = policy, .template = template,
		.family = template->destination.family,
		.has_source = bundle->has_source, .has_destination = bundle->has_destination,
		.source = bundle->source, .destination = bundle->destination,
	};

	if (has_own_header(template->mode)) {
		wish.has_source = !is_any(&template->source);
		wish.has_destination = !is_any(&template->destination);
		wish.source = template->source;
		wish.destination = template->destination;
	}
	return wish;
}

static bool layers_equal(const struct encap *a, const struct encap *b)
{
	return a->kind == b->kind && a->given == b->given &&
	       memcmp(a->value, b->value, sizeof(a->value)) == 0;
}

/* Notes where the far end wraps its packets differently. While a rekey lasts there are states of
 * both kinds; one like ours is enough. */
static void compare_ends(const struct ipsec_index *index, const struct ipsec_wish *wish,
			 const struct ipsec_state *state, enum family inner,
			 struct ipsec_bundle *bundle)
{
	const struct ipsec_state *back[BACK_LOOKS];
	size_t count = ipsec_index_find_back(index, wish, back, BACK_LOOKS);
	char sent[IPSEC_SUITE_MAX], received[IPSEC_SUITE_MAX];
	struct encap ours, theirs;

	if (count == 0 || !ipsec_layer_of_state(state, inner, &ours, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		if (ipsec_layer_of_state(back[i], inner, &theirs, NULL) &&
		    layers_equal(&ours, &theirs))
			return;
	}
	ipsec_notes_add(&bundle->notes, "the ends differ: sent with %s, received with %s",
			ipsec_suite_format(state, sent), ipsec_suite_format(back[0], received));
}

/* Without a state for the way out: like the way back, or as much as is common. */
static bool guess_layer(const struct ipsec_index *index, const struct ipsec_wish *wish,
			enum family inner, struct encap *ret_layer, struct ipsec_notes *notes)
{
	const struct ipsec_state *back;

	if (ipsec_index_find_back(index, wish, &back, 1) == 1)
		return ipsec_layer_of_state(back, inner, ret_layer, notes);
	return ipsec_layer_assumed(wish->template, inner, wish->family, ret_layer, notes);
}

/* About how much a state adds, to compare two. */
static unsigned int weigh(const struct ipsec_state *state, enum family inner)
{
	static const unsigned int ways[] = {
		[ENCAP_ESP_PLAIN] = 0,
		[ENCAP_ESP_UDP] = 8, /* UDP header */
		[ENCAP_ESP_TCP] = 2, /* length */
	};
	struct encap layer;

	if (!ipsec_layer_of_state(state, inner, &layer, NULL))
		return 0;
	return ways[state->encap] + layer.value[ENCAP_KEY_IV] + layer.value[ENCAP_KEY_BLOCK] +
	       layer.value[ENCAP_KEY_HMAC];
}

/* The state that wraps the packets now. Since Linux 6.13 a policy remembers the states it has used
 * (xfrm_state_find: state_cache_list) and need not come to the newer one of a rekey before they are
 * gone: between the two the larger one is safe. */
static const struct ipsec_state *choose_state(const struct ipsec_index *index,
					      struct ipsec_wish wish, enum family inner)
{
	const struct ipsec_state *newest = ipsec_index_find(index, &wish), *in_use;

	if (!index->sticky || !newest)
		return newest;
	wish.used = true;
	in_use = ipsec_index_find(index, &wish);
	return in_use && weigh(in_use, inner) > weigh(newest, inner) ? in_use : newest;
}

/* Returns the family of the packets behind the template. */
static enum family apply(const struct ipsec_policy *policy, const struct ipsec_template *template,
			 const struct ipsec_index *index, enum family inner,
			 struct ipsec_bundle *bundle)
{
	struct ipsec_wish wish = make_wish(policy, template, bundle);
	struct encap *layer = &bundle->layers[bundle->layer_count];
	const struct ipsec_state *state = NULL;
	bool added;

	/* Nothing leads to the gateway "any"; a state with such an address is for somebody else. */
	if (wish.has_destination || !has_own_header(template->mode))
		state = choose_state(index, wish, inner);
	if (!state && template->optional)
		return inner;
	if (state) {
		if (!wish.has_source && wish.has_destination) {
			wish.source = state->source;
			wish.has_source = !is_any(&state->source);
		}
		added = ipsec_layer_of_state(state, inner, layer, &bundle->notes);
		compare_ends(index, &wish, state, inner, bundle);
	} else {
		added = guess_layer(index, &wish, inner, layer, &bundle->notes);
	}
	bundle->layer_count += added;
	bundle->has_source = wish.has_source;
	bundle->has_destination = wish.has_destination;
	bundle->source = wish.source;
	bundle->destination = wish.destination;
	bundle->outermost = state;
	return wish.family;
}

void ipsec_bundle_resolve(const struct ipsec_policy *policy, const struct ipsec_index *index,
			  struct ipsec_bundle *ret_bundle)
{
	struct ipsec_bundle bundle = begin(&policy->selector);
	enum family inner = policy->selector.remote.address.family;

	for (size_t i = 0; i < policy->template_count; i++)
		inner = apply(policy, &policy->templates[i], index, inner, &bundle);
	*ret_bundle = bundle;
}
