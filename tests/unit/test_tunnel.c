/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "policy/tunnel/tunnel.h"

static const struct {
	const char *name, *kind;
	bool up, tap;
	const char *shown; /* NULL: no tunnel */
} links[] = {
	/* name      kind           up     tap    shown as     */
	{ "wg0",     "wireguard",   true,  false, "wireguard"  },
	{ "wg0",     "wireguard",   false, false, "wireguard"  },
	{ "awg0",    "amneziawg",   true,  false, "amneziawg"  },
	{ "gre1",    "gre",         true,  false, "gre"        },
	{ "gretap1", "gretap",      true,  false, "gretap"     },
	{ "g6",      "ip6gre",      true,  false, "ip6gre"     },
	{ "g6tap",   "ip6gretap",   true,  false, "ip6gretap"  },
	{ "es1",     "erspan",      true,  false, "erspan"     },
	{ "es6",     "ip6erspan",   true,  false, "ip6erspan"  },
	{ "ipip1",   "ipip",        true,  false, "ipip"       },
	{ "sit1",    "sit",         true,  false, "sit"        },
	{ "six",     "ip6tnl",      true,  false, "ip6tnl"     },
	{ "vti1",    "vti",         true,  false, "vti"        },
	{ "vti6",    "vti6",        true,  false, "vti6"       },
	{ "ipsec0",  "xfrm",        true,  false, "xfrm"       },
	{ "vx0",     "vxlan",       true,  false, "vxlan"      },
	{ "gen0",    "geneve",      true,  false, "geneve"     },
	{ "bare0",   "bareudp",     true,  false, "bareudp"    },
	{ "gtp0",    "gtp",         true,  false, "gtp"        },
	{ "macsec0", "macsec",      true,  false, "macsec"     },
	{ "ppp0",    "ppp",         true,  false, "ppp"        },
	{ "tun0",    "tun",         true,  false, "tun"        },
	{ "tap0",    "tun",         true,  true,  "tap"        },
	{ "ovpn0",   "ovpn",        true,  false, "ovpn"       },
	{ "tun0",    "ovpn-dco",    true,  false, "ovpn-dco"   },
	/* what carries packets as they are */
	{ "lo",      "",            true,  false, NULL         },
	{ "eth0",    "",            true,  false, NULL         },
	{ "veth0",   "veth",        true,  false, NULL         },
	{ "br0",     "bridge",      true,  false, NULL         },
	{ "bond0",   "bond",        true,  false, NULL         },
	{ "eth0.7",  "vlan",        true,  false, NULL         },
	{ "dummy0",  "dummy",       true,  false, NULL         },
	{ "mac0",    "macvlan",     true,  false, NULL         },
	{ "vrf0",    "vrf",         true,  false, NULL         },
	{ "team0",   "team",        true,  false, NULL         },
	{ "ifb0",    "ifb",         true,  false, NULL         },
	{ "nk0",     "netkit",      true,  false, NULL         },
	{ "ipvl0",   "ipvlan",      true,  false, NULL         },
	{ "hsr0",    "hsr",         true,  false, NULL         },
	/* the kind decides, not the name; the whole kind, not its beginning */
	{ "wg0",     "dummy",       true,  false, NULL         },
	{ "gre1",    "gre6",        true,  false, NULL         },
	{ "wg0",     "wire",        true,  false, NULL         },
	/* the modules' own devices: none while down, tunnels once somebody uses them */
	{ "tunl0",   "ipip",        false, false, NULL         },
	{ "tunl0",   "ipip",        true,  false, "ipip"       },
	{ "gre0",    "gre",         false, false, NULL         },
	{ "gretap0", "gretap",      false, false, NULL         },
	{ "erspan0", "erspan",      false, false, NULL         },
	{ "sit0",    "sit",         false, false, NULL         },
	{ "sit0",    "sit",         true,  false, "sit"        },
	{ "ip6tnl0", "ip6tnl",      false, false, NULL         },
	{ "ip6gre0", "ip6gre",      false, false, NULL         },
	{ "ip_vti0", "vti",         false, false, NULL         },
	{ "ip6_vti0", "vti6",       false, false, NULL         },
	{ "gre01",   "gre",         false, false, "gre"        },
};

static struct link link_from(const char *name, const char *kind)
{
	struct link link = { .ifindex = 7, .mtu = 1420 };

	snprintf(link.name, sizeof(link.name), "%s", name);
	snprintf(link.kind, sizeof(link.kind), "%s", kind);
	return link;
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct link link = link_from(links[i].name, links[i].kind);
		const char *shown;

		link.up = links[i].up;
		link.tap = links[i].tap;
		shown = link_tunnel_kind(&link);
		if (strcmp(shown ? shown : "none", links[i].shown ? links[i].shown : "none") != 0)
			fail_msg("%s of kind \"%s\", %s: %s", links[i].name, links[i].kind,
				 links[i].up ? "up" : "down", shown ? shown : "none");
	}
}

static const struct {
	const char *name;
	uint32_t mtu, mtu6, ipv4, ipv6;
} mtus[] = {
	/* name                    link   IPv6  -> for IPv4, IPv6 */
	{ "the same",              1420,  1420,  1420,  1420 },
	{ "IPv6 told a smaller",   1500,  1280,  1500,  1280 },
	{ "IPv6 was left larger",  1400,  1500,  1400,  1400 },
	{ "no IPv6 on the link",   1500,     0,  1500,  1500 },
	{ "unknown",                  0,     0,     0,     0 },
	{ "only IPv6 known",          0,  1280,     0,  1280 },
};

static void test_mtu_of_a_family(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mtus); i++) {
		const struct link link = { .mtu = mtus[i].mtu, .mtu6 = mtus[i].mtu6 };

		if (link_mtu(&link, FAMILY_IPV4) != mtus[i].ipv4 ||
		    link_mtu(&link, FAMILY_IPV6) != mtus[i].ipv6)
			fail_msg("%s", mtus[i].name);
	}
}

static const struct { const char *kind; bool up, left_down; } downs[] = {
	{ "wireguard", false, true  },
	{ "wireguard", true,  false },
	{ "gre",       false, true  },
	{ "tun",       false, false }, /* tap is of this kind, too */
	{ "ppp",       false, false },
	{ "",          false, true  },
};

/* Who waits for a program is left alone. */
static void test_who_is_to_be_set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(downs); i++) {
		struct link link = link_from("x0", downs[i].kind);

		link.up = downs[i].up;
		assert_int_equal(link_is_left_down(&link), downs[i].left_down);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_mtu_of_a_family),
		cmocka_unit_test(test_who_is_to_be_set_up),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
