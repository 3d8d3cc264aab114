/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the state that the kernel takes for a template (net/xfrm/xfrm_state.c xfrm_state_find),
 * among thousands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/ipsec/ipsec.h"

struct ipsec_index {
	const struct ipsec_state **sorted;
	size_t count;
	bool sticky; /* as the list says */
};

/* Borrows the states, which live as long as the index. Returns 0 or -ENOMEM. */
int ipsec_index_build(const struct ipsec_state_list *states, struct ipsec_index *ret_index);
void ipsec_index_done(struct ipsec_index *index);

/* What is looked for: a template of a policy, and the outer addresses that it comes to. */
struct ipsec_wish {
	const struct ipsec_policy *policy;
	const struct ipsec_template *template;
	enum family family;     /* of the outer addresses */
	bool used;              /* only states that packets have passed */
	bool has_source, has_destination; /* false: any; only transport has no destination */
	struct address source, destination;
};

/* The state for packets that leave, or NULL: the newest that fits. Without a destination, the
 * newest of those that lead into the policy's remote prefix. */
const struct ipsec_state *ipsec_index_find(const struct ipsec_index *index,
					   const struct ipsec_wish *wish);

/* The states for the way back of the same wish, newest first: writes at most max of them and
 * returns how many. The wish needs both addresses, else there are none. */
size_t ipsec_index_find_back(const struct ipsec_index *index, const struct ipsec_wish *wish,
			     const struct ipsec_state **ret_states, size_t max);

/* Whether a packet can match both. */
bool ipsec_selectors_meet(const struct ipsec_selector *a, const struct ipsec_selector *b);
