/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client/client_wire.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/remedy.h"

#define START_HINT                                                           \
	"The daemon is not running. Start it: systemctl start " REMEDY_UNITS \
	" (a socket elsewhere: -s PATH)"
#define HINT_MAX 160
#define BACKLOG_WAIT_MS 20 /* between two tries to connect where the daemon's backlog is full */

/* Whose group the file has: control.group may be any. Where it is root's the one that is configured
 * does not exist. Returns text. */
static const char *how_to_be_let_in(const char *path, char text[HINT_MAX])
{
	const struct group *group;
	struct stat found;

	if (stat(path, &found) < 0)
		return "Use sudo, or join the group of its configuration (control.group, mssclamp "
		       "without one).";
	if (found.st_gid == 0)
		return "Use sudo: the socket belongs to no group but root's (control.group).";
	group = getgrgid(found.st_gid);
	if (group)
		snprintf(text, HINT_MAX, "Use sudo, or join the group that the socket belongs to "
			 "(%.64s) and log in again.", group->gr_name);
	else
		snprintf(text, HINT_MAX, "Use sudo, or join the group that the socket belongs to "
			 "(number %u) and log in again.", found.st_gid);
	return text;
}

static int refuse_connect(const struct client *client, int error)
{
	const char *path = client->ctl->socket;
	char hint[HINT_MAX];

	switch (error) {
	case EACCES:
	case EPERM:
		return client_error_set(client->error, CTL_DENIED, how_to_be_let_in(path, hint),
					"cannot reach mssclampd at %s: %s (you are uid %u)", path,
					strerror(error), (unsigned int)geteuid());
	case ENAMETOOLONG:
		return client_error_set(client->error, CTL_USAGE,
					"A socket path has at most 107 bytes: make it shorter.",
					"cannot reach mssclampd at %s: the path is too long", path);
	default:
		return client_error_set(client->error, CTL_NOT_RUNNING, START_HINT,
					"cannot reach mssclampd at %s: %s", path, strerror(error));
	}
}

/* Waits until the connection is ready for events, or most_ms are over (below 0: no such end).
 * Returns 0, -ETIME past the deadline, -EINTR once SIGINT came, -EPIPE where nobody reads our
 * output any more (only looked at in a stream, which may be silent for long). */
static int wait_ready(const struct client *client, short events, int most_ms)
{
	struct pollfd fds[3] = {
		{ .fd = events ? client->fd : -1, .events = events },
		{ .fd = client->ctl->interrupt_fd, .events = POLLIN },
		{ .fd = client->streams ? STDOUT_FILENO : -1 },
	};
	uint64_t now_ns = clock_boottime_ns();
	uint64_t left_ms;

	if (now_ns >= client->deadline_ns)
		return -ETIME;
	left_ms = (client->deadline_ns - now_ns) / NS_PER_MS + 1;
	if (most_ms >= 0 && left_ms > (uint64_t)most_ms)
		left_ms = (uint64_t)most_ms;
	if (left_ms > INT_MAX)
		left_ms = INT_MAX;
	if (poll(fds, 3, (int)left_ms) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents)
		return -EINTR;
	return fds[2].revents & (POLLERR | POLLHUP) ? -EPIPE : 0;
}

static int socket_address(const char *path, struct sockaddr_un *ret_address)
{
	size_t len = strlen(path);

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret_address->sun_path, path, len + 1);
	return 0;
}

/* A Unix socket connects at once or not at all: only a full backlog is worth waiting for. */
int client_connect(struct client *client)
{
	struct sockaddr_un address;
	int r = socket_address(client->ctl->socket, &address);

	if (r < 0)
		return refuse_connect(client, -r);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (client->fd < 0)
		return client_error_set(client->error, CTL_FAILED, NULL, "cannot make a socket: %s",
					strerror(errno));
	while (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return refuse_connect(client, errno);
		r = wait_ready(client, 0, BACKLOG_WAIT_MS);
		if (r < 0)
			return r;
	}
	return 0;
}

int client_send(struct client *client)
{
	struct varlink_output *output = &client->output;

	while (output->sent < output->len) {
		ssize_t n = send(client->fd, output->data + output->sent,
				 output->len - output->sent, MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			output->sent += (size_t)n;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return 0; /* it may have said why before it hung up */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_ready(client, POLLOUT, -1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_closed(const struct client *client, int error)
{
	if (client->streams && client->answered)
		return client_error_set(client->error, CTL_NOT_RUNNING,
					"It was stopped, or this program did not keep up with it.",
					"mssclampd at %s ended the connection",
					client->ctl->socket);
	return client_error_set(client->error, CTL_FAILED,
				"It may be stopping, or serve too many clients: try again, and "
				"see its log (journalctl -u mssclampd).",
				"mssclampd at %s closed the connection without an answer%s%s",
				client->ctl->socket, error ? ": " : "",
				error ? strerror(error) : "");
}

int client_receive(struct client *client, json_t **ret_message)
{
	char buffer[16384], why[VARLINK_WHY_MAX];

	for (;;) {
		ssize_t n;
		int r = varlink_input_next(&client->input, ret_message, why);

		if (r == 1)
			return 0;
		if (r == -EBADMSG)
			return client_error_set(client->error, CTL_FAILED,
						"Is that socket mssclampd's? -s PATH names "
						"another.",
						"the answer from %s is no Varlink message: %s",
						client->ctl->socket, why);
		if (r < 0)
			return r;
		n = recv(client->fd, buffer, sizeof(buffer), 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return refuse_closed(client, n ? errno : 0);
		if (n > 0)
			r = varlink_input_add(&client->input, buffer, (size_t)n);
		else if (errno == EAGAIN || errno == EINTR)
			r = wait_ready(client, POLLIN, -1);
		else
			r = -errno;
		if (r < 0)
			return r;
	}
}
