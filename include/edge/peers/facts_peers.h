/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What facts come to: peers of tunnels in user space, names for people. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edge/peers/facts.h"
#include "policy/tunnel/peer.h"
#include "policy/tunnel/tunnel.h"

/* Appends the peers of links of kind tun that OpenVPN or a WireGuard in user space holds, and of
 * ppp links that pptp carries:
 *   OpenVPN server   each client of its status file: id "common name/peer id" (the name alone
 *                    where the file has no peer ids), name, endpoint, its cipher, its addresses
 *                    and iroutes; and one without id for those that the file does not name yet:
 *                    all addresses, no endpoint, the worst of the configured ciphers
 *   OpenVPN else     one for each remote that is an address, or one where none is: all addresses,
 *                    the worst cipher
 *   WireGuard        as edge/peers/wg does for the kernel's
 *   PPTP             one: the far end, all addresses
 * A source adds what facts do not tell: a status file where OpenVPN itself is not to be seen (in a
 * container), or kind "openvpn" alone; its cipher and auth replace OpenVPN's. The first that
 * matches a link counts.
 * Returns 0, or -ENOMEM with what was appended before left in peers. */
int facts_peers(const struct facts *facts, const struct link *links, size_t count,
		const struct facts_source *sources, size_t source_count,
		struct peer_list *peers);

/* Completes peers that the kernel told of: names of WireGuard peers by key; of peers of OpenVPN in
 * the kernel ("42") id "common name/42", name and iroutes. Returns 0 or -ENOMEM. */
int facts_complete(const struct facts *facts, const struct link *links, size_t count,
		   struct peer_list *peers);

/* The friendly name of a WireGuard public key, borrowed, or NULL. */
const char *facts_name(const struct facts *facts, const char *key);

/* Who holds a tun or tap device, borrowed, or NULL. */
const struct facts_tunnel *facts_find_tunnel(const struct facts *facts, const char *ifname);
/* What the pppd of an interface was told, borrowed, or NULL. */
const struct facts_ppp *facts_find_ppp(const struct facts *facts, const char *ifname);
