/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exporter/listen_on.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define BACKLOG 16

/* Splits "[::1]:80" and "127.0.0.1:80". */
static int split(const char *where, char host[64], char port[8])
{
	const char *colon = strrchr(where, ':');
	size_t len = colon ? (size_t)(colon - where) : 0;
	uint64_t number;

	if (len >= 2 && where[0] == '[' && where[len - 1] == ']') {
		where++;
		len -= 2;
	}
	if (len == 0 || len >= 64 || strlen(colon + 1) >= 8)
		return -EINVAL;
	if (text_parse_u64(colon + 1, 1, UINT16_MAX, &number) < 0)
		return -EINVAL;
	memcpy(host, where, len);
	host[len] = 0;
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

static int open_socket(const struct addrinfo *address, int *ret_fd)
{
	const int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* Returns whether there is such a place; then *ret_address is owned (freeaddrinfo). */
static bool find_place(const char *where, struct addrinfo **ret_address)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	char host[64], port[8];

	return split(where, host, port) == 0 && getaddrinfo(host, port, &hints, ret_address) == 0;
}

bool listen_on_is_place(const char *where)
{
	struct addrinfo *address;
	bool is = find_place(where, &address);

	if (is)
		freeaddrinfo(address);
	return is;
}

int listen_on(const char *where, int *ret_fd)
{
	struct addrinfo *address;
	int r;

	if (!find_place(where, &address))
		return log_error(-EINVAL, "%s is no ADDRESS:PORT", where);
	r = open_socket(address, ret_fd);
	freeaddrinfo(address);
	return r < 0 ? log_error(r, "cannot listen on %s", where) : 0;
}
