/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/facts.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define FIELD(shape, field, kind) \
	.key = #field, .type = (kind), .offset = offsetof(struct shape, field)
#define SHAPE(name, rows) \
	const struct record_shape name##_shape = { sizeof(struct name), rows, COUNT(rows) }
#define TEXT_MAX 512          /* bytes of a name; OpenVPN's common names have 64 */
#define KEY_LEN 44            /* 32 bytes in base64 */
#define ELEMENTS_MAX 131072   /* of one list */
#define SECONDS_MAX INT64_C(253402300799) /* the year 9999 */

static bool is_short(const char *text)
{
	return strlen(text) <= TEXT_MAX;
}

bool facts_is_path(const char *text)
{
	return text[0] == '/' && strlen(text) < 4096;
}

bool facts_is_ifname(const char *text)
{
	return *text && strlen(text) < IF_NAMESIZE && !strpbrk(text, "/: \t\n\v\f\r") &&
	       strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool is_address(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes) == 1;
}

/* An address, a slash and a length of at most three digits in range. */
static bool is_prefix(const char *text)
{
	const char *slash = strchr(text, '/');
	const unsigned int most = strchr(text, ':') ? 128 : 32;
	char address[INET6_ADDRSTRLEN];
	unsigned int length = 0;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!slash[1] || strlen(slash + 1) > 3)
		return false;
	for (const char *digit = slash + 1; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		length = length * 10 + (unsigned int)(*digit - '0');
	}
	return length <= most && is_address(address);
}

static bool is_key(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";

	return strlen(text) == KEY_LEN && strspn(text, letters) == KEY_LEN - 1 &&
	       text[KEY_LEN - 1] == '=';
}

static bool is_proto(const char *text)
{
	return strcmp(text, "udp") == 0 || strcmp(text, "tcp") == 0;
}

static bool is_role(const char *text)
{
	return strcmp(text, "server") == 0 || strcmp(text, "client") == 0 ||
	       strcmp(text, "p2p") == 0;
}

static bool is_wireguard(const char *text)
{
	return strcmp(text, "wireguard") == 0 || strcmp(text, "amneziawg") == 0;
}

static bool is_ppp(const char *text)
{
	return strcmp(text, "pppoe") == 0 || strcmp(text, "pptp") == 0 ||
	       strcmp(text, "l2tp") == 0 || strcmp(text, "ppp") == 0;
}

static const struct record_field question_fields[] = {
	{ FIELD(facts_question, tun, RECORD_TEXTS), .fits = facts_is_ifname },
	{ FIELD(facts_question, dco, RECORD_TEXTS), .fits = facts_is_ifname },
	{ FIELD(facts_question, status_files, RECORD_TEXTS), .fits = facts_is_path },
	{ FIELD(facts_question, wireguard, RECORD_TEXTS), .fits = facts_is_ifname },
	{ FIELD(facts_question, ppp, RECORD_TEXTS), .fits = facts_is_ifname },
};
SHAPE(facts_question, question_fields);

static const struct record_field client_fields[] = {
	{ FIELD(facts_client, name, RECORD_TEXT), .required = true, .fits = is_short },
	{ FIELD(facts_client, endpoint, RECORD_TEXT), .fits = is_address },
	{ FIELD(facts_client, port, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_client, proto, RECORD_TEXT), .fits = is_proto },
	{ FIELD(facts_client, peer_id, RECORD_NUMBER), .max = FACTS_PEER_ID_NONE },
	{ FIELD(facts_client, has_peer_id, RECORD_FLAG) },
	{ FIELD(facts_client, cipher, RECORD_TEXT), .fits = is_short },
	{ FIELD(facts_client, addresses, RECORD_TEXTS), .fits = is_prefix },
	{ FIELD(facts_client, seen, RECORD_NUMBER), .quiet = true, .max = SECONDS_MAX },
};
static SHAPE(facts_client, client_fields);

static const struct record_field status_fields[] = {
	{ FIELD(facts_status, file, RECORD_TEXT), .required = true, .fits = facts_is_path },
	{ FIELD(facts_status, version, RECORD_TEXT), .fits = is_short },
	{ FIELD(facts_status, dco, RECORD_FLAG) },
	{ FIELD(facts_status, cipherless, RECORD_FLAG) },
	{ FIELD(facts_status, problem, RECORD_TEXT), .fits = is_short },
	{ FIELD(facts_status, clients, RECORD_RECORDS), .shape = &facts_client_shape,
	  .max = ELEMENTS_MAX },
};
SHAPE(facts_status, status_fields);

static const struct record_field remote_fields[] = {
	{ FIELD(facts_remote, address, RECORD_TEXT), .required = true, .fits = is_address },
	{ FIELD(facts_remote, port, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_remote, proto, RECORD_TEXT), .fits = is_proto },
};
static SHAPE(facts_remote, remote_fields);

static const struct record_field openvpn_fields[] = {
	{ FIELD(facts_openvpn, role, RECORD_TEXT), .required = true, .fits = is_role },
	{ FIELD(facts_openvpn, proto, RECORD_TEXT), .required = true, .fits = is_proto },
	{ FIELD(facts_openvpn, family, RECORD_NUMBER), .max = 6 },
	{ FIELD(facts_openvpn, local, RECORD_TEXT), .fits = is_address },
	{ FIELD(facts_openvpn, local_port, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_openvpn, remotes, RECORD_RECORDS), .shape = &facts_remote_shape,
	  .max = ELEMENTS_MAX },
	{ FIELD(facts_openvpn, ciphers, RECORD_TEXTS), .fits = is_short },
	{ FIELD(facts_openvpn, auth, RECORD_TEXT), .fits = is_short },
	{ FIELD(facts_openvpn, tap, RECORD_FLAG) },
	{ FIELD(facts_openvpn, comp, RECORD_FLAG) },
	{ FIELD(facts_openvpn, fragment, RECORD_FLAG) },
	{ FIELD(facts_openvpn, socks, RECORD_FLAG) },
	{ FIELD(facts_openvpn, static_key, RECORD_FLAG) },
	{ FIELD(facts_openvpn, dco_off, RECORD_FLAG) },
	{ FIELD(facts_openvpn, tun_mtu, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_openvpn, mssfix, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_openvpn, mark, RECORD_NUMBER), .max = UINT32_MAX },
	{ FIELD(facts_openvpn, version, RECORD_TEXT), .fits = is_short },
	{ FIELD(facts_openvpn, unread, RECORD_FLAG) },
	{ FIELD(facts_openvpn, status, RECORD_RECORDS), .shape = &facts_status_shape, .max = 1 },
};
SHAPE(facts_openvpn, openvpn_fields);

static const struct record_field tunnel_fields[] = {
	{ FIELD(facts_tunnel, ifname, RECORD_TEXT), .required = true, .fits = facts_is_ifname },
	{ FIELD(facts_tunnel, program, RECORD_TEXT), .required = true, .fits = is_short },
	{ FIELD(facts_tunnel, pid, RECORD_NUMBER), .required = true, .min = 1, .max = INT32_MAX },
	{ FIELD(facts_tunnel, uid, RECORD_NUMBER), .max = UINT32_MAX },
	{ FIELD(facts_tunnel, openvpn, RECORD_RECORDS), .shape = &facts_openvpn_shape, .max = 1 },
};
SHAPE(facts_tunnel, tunnel_fields);

static const struct record_field wg_peer_fields[] = {
	{ FIELD(facts_wg_peer, key, RECORD_TEXT), .required = true, .fits = is_key },
	{ FIELD(facts_wg_peer, endpoint, RECORD_TEXT), .fits = is_address },
	{ FIELD(facts_wg_peer, port, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_wg_peer, allowed, RECORD_TEXTS), .fits = is_prefix },
	{ FIELD(facts_wg_peer, handshake, RECORD_NUMBER), .quiet = true, .max = SECONDS_MAX },
};
static SHAPE(facts_wg_peer, wg_peer_fields);

static const struct record_field wireguard_fields[] = {
	{ FIELD(facts_wireguard, ifname, RECORD_TEXT), .required = true, .fits = facts_is_ifname },
	{ FIELD(facts_wireguard, kind, RECORD_TEXT), .required = true, .fits = is_wireguard },
	{ FIELD(facts_wireguard, listen_port, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_wireguard, fwmark, RECORD_NUMBER), .max = UINT32_MAX },
	{ FIELD(facts_wireguard, s4, RECORD_NUMBER), .max = UINT16_MAX },
	{ FIELD(facts_wireguard, peers, RECORD_RECORDS), .shape = &facts_wg_peer_shape,
	  .max = ELEMENTS_MAX },
};
SHAPE(facts_wireguard, wireguard_fields);

static const struct record_field ppp_fields[] = {
	{ FIELD(facts_ppp, ifname, RECORD_TEXT), .required = true, .fits = facts_is_ifname },
	{ FIELD(facts_ppp, kind, RECORD_TEXT), .required = true, .fits = is_ppp },
	{ FIELD(facts_ppp, pid, RECORD_NUMBER), .required = true, .min = 1, .max = INT32_MAX },
	{ FIELD(facts_ppp, uid, RECORD_NUMBER), .max = UINT32_MAX },
	{ FIELD(facts_ppp, device, RECORD_TEXT), .fits = facts_is_ifname },
	{ FIELD(facts_ppp, remote, RECORD_TEXT), .fits = is_address },
	{ FIELD(facts_ppp, mppe, RECORD_FLAG) },
};
SHAPE(facts_ppp, ppp_fields);

static const struct record_field name_fields[] = {
	{ FIELD(facts_name, key, RECORD_TEXT), .required = true, .fits = is_key },
	{ FIELD(facts_name, name, RECORD_TEXT), .required = true, .fits = is_short },
};
SHAPE(facts_name, name_fields);

static const struct record_field facts_fields[] = {
	{ FIELD(facts, tunnels, RECORD_RECORDS), .shape = &facts_tunnel_shape,
	  .max = ELEMENTS_MAX },
	{ FIELD(facts, status, RECORD_RECORDS), .shape = &facts_status_shape,
	  .max = ELEMENTS_MAX },
	{ FIELD(facts, wireguard, RECORD_RECORDS), .shape = &facts_wireguard_shape,
	  .max = ELEMENTS_MAX },
	{ FIELD(facts, ppp, RECORD_RECORDS), .shape = &facts_ppp_shape, .max = ELEMENTS_MAX },
	{ FIELD(facts, names, RECORD_RECORDS), .shape = &facts_name_shape, .max = ELEMENTS_MAX },
	{ FIELD(facts, warnings, RECORD_TEXTS), .fits = is_short },
};
SHAPE(facts, facts_fields);

unsigned int facts_version_number(const char *version)
{
	char *rest;
	unsigned long major, minor;

	if (!version)
		return 0;
	major = strtoul(version, &rest, 10);
	minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
	return major > 99 || minor > 99 ? 0 : (unsigned int)(major * 100 + minor);
}
