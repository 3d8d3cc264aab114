/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_refusal.h"

#include <errno.h>
#include <stddef.h>

#include "base/array.h"
#include "base/remedy.h"

#define ROUTE "\"ip route get\" with that address tells more"

static const struct { int error; const char *hint; } hints[] = {
	{ ENOBUFS, "the queue of the interface that they leave by is full or drops them: look at "
		   "\"tc -s qdisc\", and probe again once it has room" },
	{ EPERM, "a firewall rule of this host drops them: let ICMP echo and UDP go out to that "
		 "address (\"nft list ruleset\" shows all rules)" },
	{ ENETUNREACH, "no route leads there: " ROUTE },
	{ EHOSTUNREACH, "no route leads there, or no neighbour answers: " ROUTE },
	{ EACCES, "a route refuses them: " ROUTE },
	{ EINVAL, "a route drops them: " ROUTE },
	{ ENETDOWN, "the interface is down: \"ip link\" tells which" },
	{ ENODEV, "the interface is gone: \"ip link\" tells which are there" },
	{ ENXIO, "the interface is gone: \"ip link\" tells which are there" },
	{ EADDRNOTAVAIL, "the address that they are sent from is none of this host: compare "
			 "\"ip address\" with the local address of the tunnel" },
	{ ENOKEY, "WireGuard has no peer for that address: compare \"wg show\"" },
	{ EDESTADDRREQ, "WireGuard knows no endpoint of that peer: compare \"wg show\"" },
	{ EMSGSIZE, "the interface takes not even small packets: \"ip link\" shows its MTU" },
	{ EAGAIN, "this host is too busy: probe again once it is not" },
};

const char *prober_refusal_hint(int error)
{
	for (size_t i = 0; i < COUNT(hints); i++)
		if (hints[i].error == -error)
			return hints[i].hint;
	return remedy_of(error) ? remedy_of(error) : ROUTE;
}
