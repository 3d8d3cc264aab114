/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of an OpenVPN command line and its configuration files decides how packets are wrapped and
 * where they go (OpenVPN src/openvpn/options.c, options_parse.c). Pure: files come from the caller.
 *
 * Contents of inline files (<key> ... </key>) are stepped over; nothing of them is kept. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/facts.h"

#define OPENVPN_INCLUDE_MAX 10 /* files inside files; OpenVPN's own limit */

struct openvpn_remote {
	char *host;
	int64_t port; /* 0: that of the tunnel */
	char *proto;  /* as written, or NULL */
};

/* What was said, the last of it where it was said twice; NULL and 0 where it was not. */
struct openvpn_config {
	char *dev, *dev_type, *proto, *local, *cd, *status_file;
	char *cipher, *data_ciphers, *fallback, *auth, *compress, *proxy;
	int64_t port, lport, rport, tun_mtu, mssfix, mark;
	bool server, client, tls, static_key, nobind, ncp_off, compat, dco_off;
	bool comp_lzo, has_compress, fragment, socks;
	RECORD_LIST(struct openvpn_remote) remotes;
	bool unread; /* a file could not be read */
};

/* Gives the text of a file that the configuration names; cd is its `cd`, or NULL. Returns 0 and an
 * owned text, which is wiped and freed by who asked, or -errno. */
typedef int (*openvpn_file_reader)(void *userdata, const char *cd, const char *path,
				   char **ret_text, size_t *ret_len);

/* argv as /proc/PID/cmdline has it: each argument ended by a NUL byte; [0] is the program. read may
 * be NULL: then files are unread. Returns 0 and an owned config, or -ENOMEM. What OpenVPN would
 * refuse is stepped over: it runs, so it was not there when it began. */
int openvpn_config_parse(const char *argv, size_t len, openvpn_file_reader read, void *userdata,
			 struct openvpn_config *ret_config);
void openvpn_config_done(struct openvpn_config *config);

/* What follows from it for that version of OpenVPN ("2.6", NULL: unknown): defaults filled in, and
 * every cipher that may have been agreed on. Returns 0 and owned facts, or -ENOMEM. */
int openvpn_config_conclude(const struct openvpn_config *config, const char *version,
			    struct facts_openvpn *ret_facts);
