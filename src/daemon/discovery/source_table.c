/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/discovery_source.h"

const struct source discovery_sources[] = {
	[SOURCE_WIREGUARD] = { "WireGuard", source_genl_open, source_genl_close,
			       source_wireguard_read },
	[SOURCE_OVPN] = { "OpenVPN in the kernel", NULL, NULL, source_ovpn_read },
	[SOURCE_L2TP] = { "L2TP", NULL, NULL, source_l2tp_read },
	[SOURCE_IPSEC] = { "IPsec", source_ipsec_open, source_ipsec_close, source_ipsec_read },
	[SOURCE_PPP] = { "PPP", NULL, NULL, source_ppp_read },
	[SOURCE_FDB] = { "VXLAN", source_fdb_open, source_fdb_close, source_fdb_read },
	[SOURCE_FACTS] = { "mssclamp-facts", source_facts_open, source_facts_close,
			   source_facts_read },
};
const size_t discovery_source_count = SOURCE_COUNT;
