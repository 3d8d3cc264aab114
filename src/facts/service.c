/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/service.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "facts/collector.h"
#include "facts/sandbox.h"
#include "proto/facts.h"
#include "proto/varlink.h"

#define IDLE_NS (30 * NS_PER_SECOND)
#define RECEIVE_BYTES 16384
#define TOO_LONG_NS (3600 * NS_PER_SECOND)

_Static_assert(RECORD_WHY_MAX <= VARLINK_WHY_MAX, "one room for both reasons");

struct client {
	int fd;
	struct varlink_input input;
	struct varlink_output output;
	struct collector collector;
	struct log_ratelimit too_long;
};

static void client_init(struct client *client, int fd, pid_t pid)
{
	struct netns netns = { 0 };

	*client = (struct client){ .fd = fd };
	if (pid <= 0 || process_netns(pid, &netns) < 0)
		log_warning("facts: cannot tell the network namespace of process %d: who holds its "
			    "tun devices stays unknown",
			    pid);
	varlink_input_init(&client->input, FACTS_QUESTION_MAX);
	collector_init(&client->collector, &netns);
}

static void client_done(struct client *client)
{
	varlink_input_done(&client->input);
	varlink_output_done(&client->output);
	collector_done(&client->collector);
	close(client->fd);
}

static int refuse_question(const char *why)
{
	log_warning("facts: no question: %s; the client is cut off", why);
	return -EBADMSG;
}

static int take_questions(struct client *client)
{
	char why[VARLINK_WHY_MAX];
	struct facts_question question;
	json_t *message;
	int r;

	while ((r = varlink_input_next(&client->input, &message, why)) != 0) {
		if (r == -EBADMSG || r == -EMSGSIZE)
			return refuse_question(r == -EBADMSG ? why : "it is too long");
		if (r < 0)
			return r;
		r = record_parse(&facts_question_shape, message, &question, why);
		json_decref(message);
		if (r == -EBADMSG)
			return refuse_question(why);
		if (r == 0)
			r = collector_ask(&client->collector, &question);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns 0, -EPIPE when the client has gone, or another -errno. */
static int client_receive(struct client *client)
{
	char bytes[RECEIVE_BYTES];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
	if (n == 0)
		return -EPIPE;
	r = varlink_input_add(&client->input, bytes, (size_t)n);
	if (r == -EMSGSIZE)
		return refuse_question("it is too long");
	return r < 0 ? r : take_questions(client);
}

static int client_send(struct client *client)
{
	struct varlink_output *output = &client->output;

	while (output->sent < output->len) {
		ssize_t n = send(client->fd, output->data + output->sent,
				 output->len - output->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
		varlink_output_consume(output, (size_t)n);
	}
	return 0;
}

/* News wait while the last ones are on their way: a slow client gets fewer of them. */
static int client_tell(struct client *client, uint64_t now_ns)
{
	uint64_t suppressed;
	json_t *message;
	int r;

	if (client->output.len > 0 || !collector_has_news(&client->collector, now_ns))
		return 0;
	message = collector_tell(&client->collector);
	r = message ? varlink_output_add(&client->output, message) : -ENOMEM;
	json_decref(message);
	if (r == 0 && client->output.len > FACTS_MESSAGE_MAX) {
		if (log_may_speak(&client->too_long, now_ns, TOO_LONG_NS, &suppressed))
			log_warning("facts: %zu bytes are more than a message may have (%u); "
				    "nothing new is told",
				    client->output.len, FACTS_MESSAGE_MAX);
		varlink_output_done(&client->output);
	}
	return r < 0 ? r : client_send(client);
}

static int time_left_ms(uint64_t due_ns, uint64_t now_ns)
{
	if (due_ns == UINT64_MAX)
		return -1;
	return due_ns <= now_ns ? 0 : (int)((due_ns - now_ns) / NS_PER_MS) + 1;
}

/* Until the client goes. Returns 0 or -errno. */
static int client_serve(struct client *client)
{
	int r = 0;

	while (r == 0) {
		struct pollfd fd = { .fd = client->fd, .events = POLLIN };
		uint64_t now_ns = clock_boottime_ns();

		if (client->output.len > 0)
			fd.events |= POLLOUT;
		r = poll(&fd, 1, time_left_ms(collector_due(&client->collector), now_ns));
		if (r < 0 && errno != EINTR)
			return -errno;
		r = r > 0 && fd.revents & (POLLIN | POLLHUP | POLLERR) ? client_receive(client) : 0;
		now_ns = clock_boottime_ns();
		facts_sandbox_report(now_ns);
		if (r == 0)
			r = client_send(client);
		if (r == 0)
			r = collector_refresh(&client->collector, now_ns);
		if (r == 0)
			r = client_tell(client, now_ns);
	}
	return r == -EPIPE ? 0 : r;
}

static int read_credentials(int fd, struct ucred *ret_credentials)
{
	socklen_t size = sizeof(*ret_credentials);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_credentials, &size) < 0 ? -errno : 0;
}

static int serve(int fd, pid_t pid)
{
	struct client client;
	int r;

	client_init(&client, fd, pid);
	r = client_serve(&client);
	client_done(&client);
	if (r < 0 && r != -EBADMSG)
		log_error(r, "facts: a client is cut off");
	return r;
}

int service_run_connected(int fd)
{
	struct ucred credentials;
	int r = read_credentials(fd, &credentials);

	if (r < 0) {
		close(fd);
		return log_error(r, "facts: descriptor %d is no connected Unix socket", fd);
	}
	return serve(fd, credentials.pid);
}

/* Who owns the file of the listening socket; root where that cannot be told. */
static uid_t find_owner(int fd)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address) - 1;
	struct stat found;

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || !address.sun_path[0] ||
	    lstat(address.sun_path, &found) < 0 || !S_ISSOCK(found.st_mode))
		return 0;
	return found.st_uid;
}

/* Returns 0, -ETIME when nobody has come, or -errno. */
static int serve_next(int listening, uid_t owner)
{
	struct pollfd poll_fd = { .fd = listening, .events = POLLIN };
	struct ucred credentials;
	int fd, r = poll(&poll_fd, 1, (int)(IDLE_NS / NS_PER_MS));

	if (r <= 0)
		return r == 0 ? -ETIME : errno == EINTR ? 0 : -errno;
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	r = read_credentials(fd, &credentials);
	if (r == 0 && (credentials.uid == 0 || credentials.uid == owner)) {
		serve(fd, credentials.pid);
		return 0;
	}
	if (r == 0)
		log_warning("facts: user %u (process %d) is refused: only root and user %u, who "
			    "owns the socket, are told",
			    credentials.uid, credentials.pid, owner);
	close(fd);
	return 0;
}

int service_run_listening(int fd)
{
	const uid_t owner = find_owner(fd);
	int r;

	do
		r = serve_next(fd, owner);
	while (r == 0);
	close(fd);
	return r == -ETIME ? 0 : log_error(r, "facts: cannot wait for clients");
}
