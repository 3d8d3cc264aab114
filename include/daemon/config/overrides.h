/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of `tunnels` as the tunnel set reads them. */
#pragma once

#include <stddef.h>

#include "daemon/config/config.h"
#include "policy/tunnel/tunnel_set.h"

/* kind, cipher and auth of an entry as layers; each may be NULL. Without kind the words are
 * taken as OpenVPN's and as those of ESP, since only the tunnel can tell which is meant. Sets
 * has_encap, encap and esp. Returns 0, or -ENOENT where cipher or digest are known to neither,
 * or not to that kind. */
int overrides_parse_encap(const char *kind, const char *cipher, const char *auth,
			  struct tunnel_override *override);

/* Borrows the texts of the configuration. Returns 0 and the owned array (free), or -ENOMEM. */
int overrides_make(const struct config *config, struct tunnel_override **ret_list,
		   size_t *ret_count);
