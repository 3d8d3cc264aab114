/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serves metrics by HTTP, to few clients at a time and to nobody for long. One thread. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#define SERVER_CLIENTS_MAX 16
#define SERVER_SECONDS_MAX 5       /* that a client may be silent */
#define SERVER_REQUEST_MAX 8192    /* bytes of a request and its answer's head */
#define SERVER_FRESH_NS 500000000  /* what was asked for so lately is told again */

/* The metrics of this moment: owned by the caller, or NULL where mssclampd does not answer. */
typedef char *server_ask(void *userdata);

struct server_config {
	int listen_fd; /* that listens; taken on success. -1: clients come by server_add alone */
	server_ask *ask;
	void *userdata;
};

struct server;

/* Returns 0 and the owned server, or -errno. */
int server_open(const struct server_config *config, struct server **ret_server);
void server_close(struct server *server);

/* For who accepts by himself: fuzzers. Takes the connection in any case. Returns 0 or -errno. */
int server_add(struct server *server, int fd, const struct sockaddr *address, socklen_t len);

/* Waits for something to do, at most so long, and does it. Returns 0 or -errno. */
int server_run(struct server *server, int timeout_ms);
