/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process may do. */
#pragma once

#include <stdbool.h>

/* Whether it has CAP_NET_ADMIN: rules, peers and states of IPsec need it. */
bool capability_net_admin(void);
