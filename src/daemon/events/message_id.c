/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/events/message_id.h"

#include <stddef.h>
#include <string.h>

#include "base/array.h"

/* Ids never change and are never used again. */
static const struct { const char *name, *id; } ids[] = {
	{ "tunnel_added",           "33329eb83a0543a19e3ec4eaa3e560cf" },
	{ "tunnel_changed",         "531308a72b844751b98ce64cd60671ea" },
	{ "tunnel_removed",         "7dcd85044cc241bd9d41e218523a6523" },
	{ "peer_added",             "6c83240ed5c24e06bf856f3f9a299e71" },
	{ "peer_changed",           "ff7c5efbb8e7493daa9f5d71614e5071" },
	{ "peer_removed",           "dd648738c027403c8b9dbc1332da6369" },
	{ "rules_repaired",         "5b17c5d6e290439f9ca43d89d6541a9d" },
	{ "reloaded",               "e17588680ca94c6daa244e0d64166acb" },
	{ "reload_refused",         "a9f35665e98c47b885555112414e745f" },
	{ "try_began",              "806cf88485d7459497093542be2c89ec" },
	{ "try_ended",              "2959e22768b241e19de34bc7f2c98e79" },
	{ "workers_changed",        "f5769982f3cd4a8dbb25097ff210b76e" },
	{ "stood_still",            "15a88d2915d54d108cfe279245e115d9" },
	{ "fallback_changed",       "fb473642ea0d4dbebd0375a8b71e55f0" },
	{ "control_socket_changed", "086dd1d5e08c4e9988977625ee9041cb" },
	{ MESSAGE_PATH_MTU_LOWERED, "fecd9416d9b54c6b87bf7aa36b3c585f" },
};

const char *message_id(const char *name)
{
	for (size_t i = 0; i < COUNT(ids); i++) {
		if (strcmp(ids[i].name, name) == 0)
			return ids[i].id;
	}
	return NULL;
}
