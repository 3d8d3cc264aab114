/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd knows of the tunnel that was probed, or that leads to who was: what packets that
 * do not fit come to, and whether anybody tells their senders. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/options/ctl.h"

/* What becomes of packets in a tunnel that are larger than fits. */
enum probe_fate {
	PROBE_FATE_LOST,      /* nobody delivers them */
	PROBE_FATE_CUT,       /* measured: they arrive, in pieces outside */
	PROBE_FATE_CUTTABLE,  /* the outer packet may be cut: in pieces, where nobody drops these */
	PROBE_FATE_TOLD       /* a router says so, and the kernel tells the sender */
};

struct probe_around {
	bool audit;             /* nothing is clamped */
	bool routed;            /* routes of ours tell UDP's senders (path.set_route_mtu) */
	bool through;           /* it is no far end, and lies behind the tunnel */
	char tunnel[64];        /* "": none */
	uint64_t interface_mtu; /* of it: bytes, 0 unknown */
	uint64_t inner_mtu;     /* what fits in it: bytes, 0 unknown */
	uint64_t allowed;       /* what TCP to that address may send where it is no far end: bytes,
				 * 0 unknown, or nothing limits it */
	enum probe_fate fate;
};

/* Asks mssclampd; what it does not tell is unknown. */
void probe_around_ask(const struct ctl *ctl, const json_t *reply, struct probe_around *ret_around);
/* "are cut on the way", for packets larger than fits. */
const char *probe_fate_words(enum probe_fate fate);
