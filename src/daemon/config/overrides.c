/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/overrides.h"

#include <errno.h>
#include <stdlib.h>

/* The kind's usual cipher where only the digest is given: nobody else may know of the tunnel. */
static int parse_of_kind(struct encap *encap, const char *cipher, const char *auth)
{
	switch (encap->kind) {
	case ENCAP_OPENVPN:
		return encap_set_openvpn_cipher(encap, cipher ? cipher : "AES-256-GCM", auth);
	case ENCAP_ESP:
	case ENCAP_AH:
		return encap_set_esp_cipher(encap, cipher ? cipher : "AES-CBC", auth);
	default: /* the other kinds have none to choose */
		return -ENOENT;
	}
}

/* Returns -ENOENT where neither knows the words; who does not keeps none. */
static int parse_of_any(struct tunnel_override *override, const char *cipher, const char *auth)
{
	int openvpn, esp;

	if (cipher) {
		openvpn = encap_set_openvpn_cipher(&override->encap, cipher, auth);
		esp = encap_set_esp_cipher(&override->esp, cipher, auth);
	} else {
		openvpn = encap_set_openvpn_auth(&override->encap, auth);
		esp = encap_set_esp_auth(&override->esp, auth);
	}
	return openvpn == 0 || esp == 0 ? 0 : -ENOENT;
}

int overrides_parse_encap(const char *kind, const char *cipher, const char *auth,
			  struct tunnel_override *override)
{
	override->has_encap = kind || cipher || auth;
	override->encap = (struct encap){ .kind = kind ? encap_kind_find(kind) : ENCAP_NONE };
	override->esp = (struct encap){ 0 };
	if (!cipher && !auth)
		return 0;
	return kind ? parse_of_kind(&override->encap, cipher, auth) :
		      parse_of_any(override, cipher, auth);
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
		};
		/* The configuration was checked when it was read. */
		(void)overrides_parse_encap(from->kind, from->cipher, from->auth, &list[i]);
	}
	*ret_list = list;
	*ret_count = config->tunnel_count;
	return 0;
}
