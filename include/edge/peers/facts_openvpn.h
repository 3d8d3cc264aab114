/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of one OpenVPN tunnel in user space, out of facts. Pure; part of edge/peers/facts_peers. */
#pragma once

#include "edge/peers/facts.h"
#include "policy/tunnel/peer.h"

/* openvpn and status may be NULL: unknown. uid: of the process, -1 unknown. source: the
 * configuration's entry for the link, or NULL. Returns 0, or -ENOMEM with what was appended
 * before left in peers. */
int facts_openvpn_peers(const struct facts_openvpn *openvpn, const struct facts_status *status,
			const struct facts_source *source, int64_t uid, const struct link *link,
			struct peer_list *peers);
