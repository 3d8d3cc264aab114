/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a policy's templates come to for a packet now: the layers around it and the addresses
 * outside (net/xfrm/xfrm_policy.c xfrm_tmpl_resolve_one). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/ipsec/ipsec_index.h"
#include "policy/ipsec/ipsec_layer.h"

struct ipsec_bundle {
	struct encap layers[IPSEC_TEMPLATES_MAX]; /* from the packet outwards */
	size_t layer_count;
	bool has_source, has_destination;   /* of the outermost header; false: each packet's own */
	struct address source, destination;
	const struct ipsec_state *outermost; /* borrowed; NULL where there is none yet */
	struct ipsec_notes notes;
};

void ipsec_bundle_resolve(const struct ipsec_policy *policy, const struct ipsec_index *index,
			  struct ipsec_bundle *ret_bundle);
