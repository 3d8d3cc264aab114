/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal's catalog explains (share/mssclamp.catalog): one id a kind of message. Those of
 * alerts stand in daemon/alerts/alert_table. */
#pragma once

/* The id of what is called so: an event, or one of the names below. NULL where it has none. */
const char *message_id(const char *name);

#define MESSAGE_PATH_MTU_LOWERED "path_mtu_lowered" /* probes found less than was assumed */
