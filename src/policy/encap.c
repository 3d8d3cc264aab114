/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/encap.h"

#include <string.h>

static const char *const kind_names[ENCAP_KIND_COUNT] = {
	[ENCAP_NONE] = "none",
	[ENCAP_WIREGUARD] = "wireguard",
	[ENCAP_AMNEZIAWG] = "amneziawg",
	[ENCAP_OPENVPN] = "openvpn",
	[ENCAP_ESP] = "esp",
	[ENCAP_AH] = "ah",
	[ENCAP_GRE] = "gre",
	[ENCAP_GRETAP] = "gretap",
	[ENCAP_ERSPAN] = "erspan",
	[ENCAP_IPIP] = "ipip",
	[ENCAP_SIT] = "sit",
	[ENCAP_IP6TNL] = "ip6tnl",
	[ENCAP_VXLAN] = "vxlan",
	[ENCAP_GENEVE] = "geneve",
	[ENCAP_BAREUDP] = "bareudp",
	[ENCAP_GTPU] = "gtpu",
	[ENCAP_L2TP2] = "l2tp2",
	[ENCAP_L2TP2_KERNEL] = "l2tp2_kernel",
	[ENCAP_L2TP3ETH] = "l2tp3eth",
	[ENCAP_PPTP] = "pptp",
	[ENCAP_PPPOE] = "pppoe",
	[ENCAP_MACSEC] = "macsec",
	[ENCAP_MPLS] = "mpls",
	[ENCAP_VLAN] = "vlan",
	[ENCAP_FASTD] = "fastd",
	[ENCAP_TRANSLATE46] = "translate46",
	[ENCAP_ROUTE] = "route",
};

const char *encap_kind_name(enum encap_kind kind)
{
	return kind_names[kind];
}

enum encap_kind encap_kind_find(const char *name)
{
	for (size_t kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		if (strcmp(kind_names[kind], name) == 0)
			return (enum encap_kind)kind;
	return ENCAP_NONE;
}
