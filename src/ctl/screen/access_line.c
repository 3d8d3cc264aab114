/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/access_line.h"

/* What the headers of a layer (their bytes in brackets) leave of 1500, or of the 1492 of PPPoE. */
const struct access_line access_lines[ACCESS_LINES] = {
	{ 9000, "Ethernet with jumbo frames", "custom" },
	{ 1500, "Ethernet and nothing between", "RFC 894, RFC 2464" },
	{ 1492, "PPPoE (8)", "RFC 2516" },
	{ 1480, "IPv6 or IPv4 in IPv4 (20), such as 6in4", "RFC 4213, RFC 2003" },
	{ 1476, "GRE over IPv4 (24)", "RFC 2784" },
	{ 1472, "6in4 (20) over PPPoE (8)", "RFC 4213" },
	{ 1460, "DS-Lite or MAP-E (40); Google Cloud", "RFC 6333, RFC 7597" },
	{ 1452, "DS-Lite (40) over PPPoE (8); rp-pppoe clamps to it", "RFC 6333" },
	{ 1450, "VXLAN over IPv4 (50)", "RFC 7348" },
	{ 1420, "WireGuard (80, wg-quick's default)", "wg-quick(8)" },
	{ 1408, "WireGuard (80, padded to 16) over PPPoE (8)", "wg-quick(8)" },
	{ 1400, "a VPN or a mobile network set by hand", "custom" },
	{ 1280, "the least that IPv6 allows: Tailscale, 6to4", "RFC 8200" },
	{ 576, "a host that names no MSS, or the least of IPv4", "RFC 9293" },
};
