/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/overrides.h"

#include <errno.h>
#include <stdlib.h>

int overrides_parse_encap(const char *kind, const char *cipher, const char *auth,
			  struct encap *ret_encap)
{
	struct encap encap = { .kind = kind ? encap_kind_find(kind) : ENCAP_NONE };
	int r = 0;

	if (!cipher && !auth) {
		*ret_encap = encap;
		return 0;
	}
	switch (encap.kind) {
	case ENCAP_OPENVPN:
		r = encap_set_openvpn_cipher(&encap, cipher ? cipher : "AES-256-GCM", auth);
		break;
	case ENCAP_ESP:
	case ENCAP_AH:
		r = encap_set_esp_cipher(&encap, cipher ? cipher : "AES-CBC", auth);
		break;
	case ENCAP_NONE:
		r = cipher ? encap_set_openvpn_cipher(&encap, cipher, auth) : -ENOENT;
		if (r < 0)
			r = encap_set_esp_cipher(&encap, cipher ? cipher : "AES-CBC", auth);
		break;
	default: /* the other kinds have none to choose */
		r = -ENOENT;
	}
	if (r == 0)
		*ret_encap = encap;
	return r;
}

int overrides_make(const struct config *config, struct tunnel_override **ret_list,
		   size_t *ret_count)
{
	struct tunnel_override *list = calloc(config->tunnel_count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < config->tunnel_count; i++) {
		const struct config_tunnel *from = &config->tunnels[i];

		list[i] = (struct tunnel_override){
			.match = from->match,
			.over = from->over,
			.path_mtu = from->path_mtu,
			.extra = from->extra,
			.has_encap = from->kind || from->cipher || from->auth,
		};
		/* The configuration was checked when it was read. */
		(void)overrides_parse_encap(from->kind, from->cipher, from->auth, &list[i].encap);
	}
	*ret_list = list;
	*ret_count = config->tunnel_count;
	return 0;
}
