/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which link a policy belongs to: xfrm links by their if_id, vti and vti6 by the mark that they
 * give to the packets sent through them (net/xfrm/xfrm_interface_core.c, net/ipv4/ip_vti.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/ipsec/ipsec.h"

struct ipsec_links {
	const struct link **xfrm; /* by if_id */
	size_t xfrm_count;
	const struct link **vti;  /* by out_key */
	size_t vti_count;
	const struct link *external; /* the xfrm link for any if_id, or NULL */
};

/* Borrows the links, which live as long. Returns 0 or -ENOMEM. */
int ipsec_links_build(const struct link *links, size_t count, struct ipsec_links *ret_links);
void ipsec_links_done(struct ipsec_links *links);

enum ipsec_owner {
	IPSEC_NO_LINK,  /* for packets wherever they go */
	IPSEC_OWN_LINK,
	IPSEC_LINK_GONE /* no packet comes to it */
};

/* Writes ret_ifindex with IPSEC_OWN_LINK alone. */
enum ipsec_owner ipsec_links_find(const struct ipsec_links *links,
				  const struct ipsec_policy *policy, uint32_t *ret_ifindex);
