/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of mssclamp-exporter that sends anything: each answer is one of the few there are, and
 * the connection ends. layer: exporter */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/server.h"

#define TURNS_MAX 64
#define REPLY_MAX 65536
#define REQUEST_MAX 32768 /* what a socket takes at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int right)
{
	if (!right)
		abort();
}

static char *ask(void *userdata)
{
	int *asked = userdata;

	return ++*asked % 2 ? strdup("mssclamp_up 1\n") : NULL;
}

static struct server *open_server(void)
{
	static int asked;
	const struct server_config config = { .listen_fd = -1, .ask = ask, .userdata = &asked };
	struct server *server = NULL;

	check(server_open(&config, &server) == 0);
	return server;
}

/* What came so far; false behind the last byte. */
static bool take_reply(int fd, char *reply, size_t *len)
{
	ssize_t n = recv(fd, reply + *len, REPLY_MAX - *len, MSG_DONTWAIT);

	if (n > 0)
		*len += (size_t)n;
	return n > 0 || (n < 0 && *len < REPLY_MAX);
}

/* Status lines of all answers on the connection. */
static void check_reply(const char *reply, size_t len)
{
	static const char *const statuses[] = {
		"100", "200", "400", "404", "405", "408", "411", "413", "414", "417", "431", "500",
		"501", "505",
	};
	bool known = false;

	if (len == 0)
		return;
	check(len > 13 && memcmp(reply, "HTTP/1.", 7) == 0);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		known |= memcmp(reply + 9, statuses[i], 3) == 0;
	check(known);
	if (memcmp(reply + 9, "200", 3) == 0)
		check(memmem(reply, len, "nosniff", 7) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNIX };
	static char reply[REPLY_MAX];
	static struct server *server;
	size_t len = 0;
	int ends[2];

	if (size > REQUEST_MAX)
		return 0;
	if (!server)
		server = open_server();
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	check(send(ends[0], data, size, MSG_NOSIGNAL) == (ssize_t)size);
	shutdown(ends[0], SHUT_WR);
	check(server_add(server, ends[1], &nobody, sizeof(nobody)) == 0);
	for (int turn = 0; turn < TURNS_MAX && take_reply(ends[0], reply, &len); turn++)
		server_run(server, 0);
	check_reply(reply, len);
	close(ends[0]);
	server_run(server, 0);
	return 0;
}
