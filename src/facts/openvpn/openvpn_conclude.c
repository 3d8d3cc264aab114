/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an OpenVPN configuration comes to: OpenVPN's defaults, and what its versions do with
 * them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "facts/far_end.h"
#include "facts/openvpn/openvpn_config.h"

#define PORT_DEFAULT 1194
#define DEFAULT_CIPHERS "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"
#define DEFAULT_CIPHER "BF-CBC" /* of versions without negotiation, and of static keys up to 2.6 */
#define CIPHERS_MAX 32

static int set_text(char **field, const char *text)
{
	*field = text ? strdup(text) : NULL;
	return text && !*field ? -ENOMEM : 0;
}

static int add_cipher(struct facts_openvpn *facts, const char *cipher, size_t len)
{
	char word[64];

	if (len == 0 || len >= sizeof(word) || facts->ciphers.count >= CIPHERS_MAX)
		return 0;
	memcpy(word, cipher, len);
	word[len] = '\0';
	for (size_t i = 0; i < facts->ciphers.count; i++) {
		if (strcasecmp(facts->ciphers.list[i], word) == 0)
			return 0;
	}
	return record_append_text(&facts->ciphers, word);
}

/* "?X" is X where this host has it; DEFAULT stands for OpenVPN's own list. */
static int add_ciphers(struct facts_openvpn *facts, const char *list)
{
	int r = 0;

	while (r == 0 && *list) {
		size_t len = strcspn(list, ":");
		const bool maybe = *list == '?';

		if (len == 7 && strncmp(list, "DEFAULT", 7) == 0)
			r = add_ciphers(facts, DEFAULT_CIPHERS);
		else
			r = add_cipher(facts, list + maybe, len - maybe);
		list += len + (list[len] == ':');
	}
	return r;
}

/* Every cipher that both ends may have agreed on. From 2.6 on `cipher` counts only with an old
 * far end in mind (compat-mode) or with a static key. */
static int conclude_ciphers(const struct openvpn_config *config, unsigned int version,
			    struct facts_openvpn *facts)
{
	const char *cipher = config->cipher ? config->cipher : DEFAULT_CIPHER;
	int r;

	if (config->static_key || config->ncp_off || (version > 0 && version < 204))
		return add_cipher(facts, cipher, strlen(cipher));
	r = add_ciphers(facts, config->data_ciphers ? config->data_ciphers : DEFAULT_CIPHERS);
	if (r == 0 && config->fallback)
		r = add_cipher(facts, config->fallback, strlen(config->fallback));
	if (r == 0 && config->cipher && (version < 206 || config->compat))
		r = add_cipher(facts, cipher, strlen(cipher));
	return r;
}

static const char *proto_name(const char *proto)
{
	return proto && strncmp(proto, "tcp", 3) == 0 ? "tcp" : "udp";
}

static int add_remote(struct facts_openvpn *facts, const char *host, int64_t port,
		      const char *proto)
{
	struct facts_remote *remote;
	struct far_end endpoint;

	if (!host || far_end_parse(host, &endpoint) < 0)
		return 0;
	remote = record_append(&facts->remotes, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	remote->port = port > 0 && port <= UINT16_MAX ? port : 0;
	if (set_text(&remote->address, endpoint.address) < 0)
		return -ENOMEM;
	return proto ? set_text(&remote->proto, proto_name(proto)) : 0;
}

/* Whether every far end is reached by TCP, those too whose names nobody resolves here: a packet of
 * UDP has a limit, so one that may be in use counts. */
static bool is_all_tcp(const struct openvpn_config *config)
{
	const bool tcp = strcmp(proto_name(config->proto), "tcp") == 0;

	for (size_t i = 0; !config->server && i < config->remotes.count; i++) {
		const char *own = config->remotes.list[i].proto;

		if (own ? strcmp(proto_name(own), "udp") == 0 : !tcp)
			return false;
	}
	return tcp || (!config->server && config->remotes.count > 0);
}

/* Through a proxy the packets go to the proxy. */
static int conclude_remotes(const struct openvpn_config *config, struct facts_openvpn *facts)
{
	int64_t port = config->rport ? config->rport : config->port;
	const bool differs = strcmp(proto_name(config->proto), facts->proto) != 0;
	int r = 0;

	if (config->proxy)
		return add_remote(facts, config->proxy, 0, NULL);
	for (size_t i = 0; r == 0 && i < config->remotes.count; i++) {
		const struct openvpn_remote *remote = &config->remotes.list[i];
		int64_t own = remote->port ? remote->port : port;
		const char *proto = remote->proto ? remote->proto : config->proto;

		r = add_remote(facts, remote->host, own ? own : PORT_DEFAULT,
			       remote->proto || differs ? proto : NULL);
	}
	return r;
}

/* A client that was told no port lets the kernel choose one, or uses 1194: nobody can tell. */
static int64_t local_port(const struct openvpn_config *config)
{
	int64_t port = config->lport ? config->lport : config->port;

	if (config->nobind || port > UINT16_MAX || (config->client && !config->lport))
		return 0;
	return port ? port : PORT_DEFAULT;
}

static bool has_comp_byte(const struct openvpn_config *config)
{
	static const char *const without[] = { "stub-v2", "lz4-v2", "migrate" };

	if (!config->has_compress)
		return config->comp_lzo;
	for (size_t i = 0; i < COUNT(without); i++) {
		if (strcmp(config->compress, without[i]) == 0)
			return false;
	}
	return true;
}

static int64_t family(const struct openvpn_config *config)
{
	const char *digit = config->proto ? config->proto + strcspn(config->proto, "46") : "";

	/* A server's udp6 takes IPv4 clients too. */
	return *digit == '4' ? 4 : *digit == '6' && !config->server ? 6 : 0;
}

static int64_t small(int64_t value)
{
	return value <= UINT16_MAX ? value : 0;
}

int openvpn_config_conclude(const struct openvpn_config *config, const char *version,
			    struct facts_openvpn *ret_facts)
{
	const char *type = config->dev_type ? config->dev_type : config->dev ? config->dev : "";
	struct facts_openvpn facts = {
		.family = family(config),
		.local_port = local_port(config),
		.tap = strncmp(type, "tap", 3) == 0,
		.comp = has_comp_byte(config),
		.fragment = config->fragment,
		.socks = config->socks,
		.static_key = config->static_key && !config->tls,
		.dco_off = config->dco_off,
		.tun_mtu = small(config->tun_mtu),
		.mssfix = small(config->mssfix),
		.mark = config->mark,
		.unread = config->unread,
	};
	struct far_end local;
	int r;

	r = set_text(&facts.role, config->server ? "server" : config->client ? "client" : "p2p");
	if (r == 0)
		r = set_text(&facts.proto, is_all_tcp(config) ? "tcp" : "udp");
	if (r == 0)
		r = set_text(&facts.auth, config->auth && strlen(config->auth) < 64 ? config->auth
										    : NULL);
	if (r == 0)
		r = set_text(&facts.version, version);
	if (r == 0 && config->local && far_end_parse(config->local, &local) == 0)
		r = set_text(&facts.local, local.address);
	if (r == 0)
		r = conclude_remotes(config, &facts);
	if (r == 0)
		r = conclude_ciphers(config, facts_version_number(version), &facts);
	if (r < 0)
		record_done(&facts_openvpn_shape, &facts);
	else
		*ret_facts = facts;
	return r;
}
