/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/tunnel.h"

#include <string.h>

#include "base/array.h"

/* IFLA_INFO_KIND as the kernel says it, and as we show it. Bridges, veth, vlan, bonds and the like
 * are missing on purpose: they add nothing around the packet that the path would have to carry. */
static const struct { const char *kernel, *shown; } tunnel_kinds[] = {
	{ "amneziawg",   "amneziawg" },
	{ "bareudp",     "bareudp"   },
	{ "erspan",      "erspan"    },
	{ "geneve",      "geneve"    },
	{ "gre",         "gre"       },
	{ "gretap",      "gretap"    },
	{ "gtp",         "gtp"       },
	{ "ip6erspan",   "ip6erspan" },
	{ "ip6gre",      "ip6gre"    },
	{ "ip6gretap",   "ip6gretap" },
	{ "ip6tnl",      "ip6tnl"    },
	{ "ipip",        "ipip"      },
	{ "macsec",      "macsec"    },
	{ "ovpn",        "ovpn"      },
	{ "ovpn-dco",    "ovpn-dco"  }, /* OpenVPN's own module */
	{ "ppp",         "ppp"       },
	{ "sit",         "sit"       },
	{ "vti",         "vti"       },
	{ "vti6",        "vti6"      },
	{ "vxlan",       "vxlan"     },
	{ "wireguard",   "wireguard" },
	{ "xfrm",        "xfrm"      },
};

/* What a tunnel module makes by itself when it is loaded: a catch-all that nobody set up. */
static const char *const fallback_devices[] = {
	"erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "tunl0",
};

static bool is_idle_fallback(const struct link *link)
{
	if (link->up)
		return false;
	for (size_t i = 0; i < COUNT(fallback_devices); i++) {
		if (strcmp(link->name, fallback_devices[i]) == 0)
			return true;
	}
	return false;
}

const char *link_tunnel_kind(const struct link *link)
{
	if (is_idle_fallback(link))
		return NULL;
	if (link_is_kind(link, "tun"))
		return link->tap ? "tap" : "tun";
	for (size_t i = 0; i < COUNT(tunnel_kinds); i++) {
		if (link_is_kind(link, tunnel_kinds[i].kernel))
			return tunnel_kinds[i].shown;
	}
	return NULL;
}

bool link_is_left_down(const struct link *link)
{
	return !link->up && !link_is_kind(link, "tun") && !link_is_kind(link, "ppp");
}

bool link_is_vrf(const struct link *link)
{
	return link_is_kind(link, "vrf");
}

uint32_t link_mtu(const struct link *link, enum family family)
{
	if (family == FAMILY_IPV4 || link->mtu6 == 0)
		return link->mtu;
	if (link->mtu == 0 || link->mtu6 < link->mtu)
		return link->mtu6;
	return link->mtu;
}
