/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels as Debian's Linux 6.1 sent them (x86-64, so numbers are little-endian where they are not
 * in network order), each decoded line above its bytes. Attributes that nobody reads are left out.
 * What made each stands in its name: gr_remcsum is "type gre ... encap gue encap-remcsum". */
#pragma once

#include "rtnl_tunnels_erspan.h"
#include "rtnl_tunnels_gre.h"
#include "rtnl_tunnels_ip.h"
#include "rtnl_tunnels_other.h"
#include "rtnl_tunnels_udp.h"
