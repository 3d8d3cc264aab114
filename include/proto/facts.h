/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd and mssclamp-facts say to each other: JSON objects, each ended by a NUL byte
 * (proto/varlink splits the stream), over a Unix stream socket.
 *
 * mssclampd sends a question. mssclamp-facts answers at once with all that it knows, and again
 * whenever that changes: each answer is complete and replaces the one before. No answer holds a
 * private or shared key. Addresses are literals, never names. */
#pragma once

#include <jansson.h>

#include "proto/record.h"

#define FACTS_QUESTION_MAX (1u << 20) /* bytes of a question, its NUL included */
#define FACTS_MESSAGE_MAX (16u << 20) /* bytes of an answer, likewise */
#define FACTS_PEER_ID_NONE 0xffffff   /* OpenVPN's MAX_PEER_ID: this client has none */

/* What mssclampd wants to know about. */
struct facts_question {
	RECORD_LIST(char *) tun;          /* tun and tap devices: who holds them */
	RECORD_LIST(char *) dco;          /* devices of OpenVPN in the kernel: likewise */
	RECORD_LIST(char *) status_files; /* OpenVPN's, as the configuration names them */
	RECORD_LIST(char *) wireguard;    /* devices that may be WireGuard in user space */
	RECORD_LIST(char *) ppp;          /* ppp devices */
};

struct facts_client {    /* of an OpenVPN server, out of its status file */
	char *name;      /* common name */
	char *endpoint;  /* address, or NULL */
	int64_t port;    /* of the endpoint, 0 unknown */
	char *proto;     /* "udp", "tcp", or NULL where the file does not tell */
	int64_t peer_id; /* 0 to FACTS_PEER_ID_NONE; valid with has_peer_id */
	bool has_peer_id;
	char *cipher;    /* of the data channel, or NULL */
	RECORD_LIST(char *) addresses; /* behind it: "10.8.0.6/32" */
	int64_t seen;    /* last sign of life, seconds since 1970, 0 unknown */
};

struct facts_status {
	char *file;
	char *version;   /* of OpenVPN: "2.6", or NULL */
	bool dco;        /* the kernel carries the data */
	bool cipherless; /* status-version 1 has no column for ciphers */
	char *problem;   /* why clients are unknown or old: "is empty", or NULL */
	RECORD_LIST(struct facts_client) clients;
};

struct facts_remote {
	char *address;
	int64_t port;  /* 0 unknown */
	char *proto;   /* "udp", "tcp", or NULL: that of the tunnel */
};

struct facts_openvpn {
	char *role;       /* "server", "client" or "p2p" */
	char *proto;      /* "udp", "tcp" */
	int64_t family;   /* of the outer packets: 4, 6, or 0 either */
	char *local;      /* own address, or NULL */
	int64_t local_port; /* 0: the kernel chose one */
	RECORD_LIST(struct facts_remote) remotes;
	RECORD_LIST(char *) ciphers; /* each may be in use */
	char *auth;       /* digest, or NULL: OpenVPN's default */
	bool tap, comp, fragment, socks;
	bool static_key;  /* `secret`: neither TLS nor peer id */
	bool dco_off;     /* `disable-dco` */
	int64_t tun_mtu, mssfix, mark; /* 0 not set */
	char *version;    /* of the program: "2.6", or NULL */
	bool unread;      /* its configuration could not be read: all of it is a guess */
	RECORD_LIST(struct facts_status) status; /* none or one */
};

struct facts_tunnel {     /* who holds a tun or tap device */
	char *ifname;
	char *program;    /* "openvpn", "wireguard-go", "tailscaled" */
	int64_t pid, uid; /* effective uid */
	RECORD_LIST(struct facts_openvpn) openvpn; /* none or one */
};

struct facts_wg_peer {
	char *key;        /* base64 */
	char *endpoint;   /* address, or NULL */
	int64_t port;
	RECORD_LIST(char *) allowed;
	int64_t handshake; /* seconds since 1970, 0 never */
};

struct facts_wireguard {
	char *ifname;
	char *kind;       /* "wireguard" or "amneziawg" */
	int64_t listen_port, fwmark;
	int64_t s4;       /* bytes of junk before each packet of data (AmneziaWG) */
	RECORD_LIST(struct facts_wg_peer) peers;
};

struct facts_ppp {
	char *ifname;
	char *kind;       /* "pppoe", "pptp", "l2tp", "ppp" */
	int64_t pid, uid;
	char *device;     /* the link below (pppoe), or NULL */
	char *remote;     /* address of the far end (pptp, l2tp), or NULL */
	bool mppe;
};

struct facts_name {
	char *key;  /* WireGuard public key, base64 */
	char *name; /* for people */
};

struct facts {
	RECORD_LIST(struct facts_tunnel) tunnels;
	RECORD_LIST(struct facts_status) status; /* of the question's status_files */
	RECORD_LIST(struct facts_wireguard) wireguard;
	RECORD_LIST(struct facts_ppp) ppp;
	RECORD_LIST(struct facts_name) names; /* by key (strcmp), each once */
	RECORD_LIST(char *) warnings;
};

/* Whether the kernel would take it for the name of a link (net/core/dev.c dev_valid_name). */
bool facts_is_ifname(const char *text);
/* Whether it may be asked for as a file: a whole path of a length that the kernel takes. */
bool facts_is_path(const char *text);

extern const struct record_shape facts_question_shape, facts_shape, facts_status_shape,
	facts_openvpn_shape, facts_wireguard_shape, facts_ppp_shape, facts_tunnel_shape,
	facts_name_shape;

/* A version of OpenVPN as a number: "2.6" is 206; NULL, and what is none, 0. */
unsigned int facts_version_number(const char *version);
