/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that tells of tunnels beside the links themselves: WireGuard, OpenVPN in the kernel,
 * L2TP, IPsec, PPPoE, what VXLAN learned, and the facts that mssclamp-facts reads. Each source has
 * one list of peers, replaced whole when it tells something new. Events where the kernel has them,
 * polls where it has none. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/config/config.h"
#include "policy/tunnel/peer.h"
#include "policy/tunnel/tunnel.h"

struct discovery;
struct facts_starter;

/* starter: of mssclamp-facts, for facts_new. stale is called whenever there is a reason to look: by
 * an event or a poll. Sources that this kernel does not have are silent. Returns 0 and the owned
 * discovery, or -errno (logged). */
int discovery_open(sd_event *event, const struct facts_starter *starter,
		   void (*stale)(void *userdata), void *userdata,
		   struct discovery **ret_discovery);
void discovery_close(struct discovery *discovery);

/* Links changed, or the configuration did: every source is asked anew at the next look. */
void discovery_forget(struct discovery *discovery);

/* Asks the sources that may have something new. What cannot be read keeps what it told last, is
 * said once and asked again later. Returns whether any list is another than before. */
bool discovery_look(struct discovery *discovery, const struct link *links, size_t count,
		    const struct config *config);

/* One list a source, in a fixed order; borrowed until the next look. */
struct peer_list *const *discovery_lists(const struct discovery *discovery, size_t *ret_count);

/* Whether links of kind tun that have just come may still turn out to be something else; at most
 * 3 s. */
bool discovery_is_looking(const struct discovery *discovery);

/* What it means that mssclamp-facts does not answer, or NULL: it does. */
const char *discovery_warning(const struct discovery *discovery);

/* Adds the messages that made no sense, and the times that events were lost. */
void discovery_add_totals(const struct discovery *discovery, uint64_t *malformed,
			  uint64_t *resyncs);
