/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the packets that a device of the kernel sends outside. */
#include <netinet/in.h>

#include "policy/tunnel/tunnel_resolve.h"

/* What the outer packets are to IPsec, whose policies may name it; 0 where it depends on the
 * packet. */
static uint8_t outer_protocol(const struct link *link)
{
	const struct encap *encap = &link->encap;

	if (link->remote_port || encap_has(encap, ENCAP_KEY_FOU) || encap_has(encap, ENCAP_KEY_GUE))
		return IPPROTO_UDP;
	switch (encap->kind) {
	case ENCAP_GRE:
	case ENCAP_GRETAP:
	case ENCAP_ERSPAN:
		return IPPROTO_GRE;
	case ENCAP_IPIP:
		return IPPROTO_IPIP;
	case ENCAP_SIT:
		return encap_has(encap, ENCAP_KEY_ANY) ? 0 : IPPROTO_IPV6;
	default:
		return 0;
	}
}

struct path_question tunnel_device_way(const struct link *link)
{
	return (struct path_question){
		.destination = link->has_remote ? link->remote :
			       link->has_local	? link->local : (struct address){ 0 },
		.has_source = link->has_local && link->has_remote,
		.source = link->local,
		.oif = link->lower_ifindex,
		.mark = link->fwmark,
		.dport = link->remote_port,
		.protocol = outer_protocol(link),
		.has_uid = true, /* the kernel's own tunnels send as root */
	};
}
