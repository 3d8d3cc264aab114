/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/field.h"
#include "ctl/output.h"
#include "proto/varlink.h"

#define INTERFACE "org.mssclamp."
#define START_HINT                                                          \
	"The daemon is not running. Start it: systemctl start mssclampd "   \
	"(a socket elsewhere: -s PATH)"
#define BACKLOG_WAIT_MS 20 /* between two tries to connect where the daemon's backlog is full */

/* One conversation with the daemon. */
struct client {
	const struct ctl *ctl;
	struct client_error *error;
	uint64_t deadline_ns;
	int fd;
	struct varlink_output output;
	struct varlink_input input;
};

static int refuse_late(const struct client *client)
{
	return client_error_set(client->error, CTL_UNKNOWN,
				"It may be busy or stuck: systemctl status mssclampd; "
				"--timeout SEC waits longer.",
				"mssclampd at %s gave no answer within %.3g s", client->ctl->socket,
				(double)client->ctl->timeout_ns / (double)NS_PER_SECOND);
}

static int refuse_connect(const struct client *client, int error)
{
	const char *path = client->ctl->socket;

	switch (error) {
	case EACCES:
	case EPERM:
		return client_error_set(client->error, CTL_DENIED,
					"Use sudo, or join the group that the socket belongs to "
					"(mssclamp).",
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
 * Returns 0, -ETIME past the deadline, -EINTR once SIGINT came. */
static int wait_ready(const struct client *client, short events, int most_ms)
{
	struct pollfd fds[2] = {
		{ .fd = events ? client->fd : -1, .events = events },
		{ .fd = client->ctl->interrupt_fd, .events = POLLIN },
	};
	uint64_t now_ns = clock_boottime_ns();
	uint64_t left_ms;

	if (now_ns >= client->deadline_ns)
		return -ETIME;
	left_ms = (client->deadline_ns - now_ns) / NS_PER_MS + 1;
	if (most_ms >= 0 && left_ms > (uint64_t)most_ms)
		left_ms = (uint64_t)most_ms;
	if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
		return -errno;
	return fds[1].revents ? -EINTR : 0;
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
static int client_connect(struct client *client)
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

static int client_send(struct client *client)
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
	return client_error_set(client->error, CTL_FAILED,
				"It may be stopping, or serve too many clients: try again, and "
				"see its log (journalctl -u mssclampd).",
				"mssclampd at %s closed the connection without an answer%s%s",
				client->ctl->socket, error ? ": " : "",
				error ? strerror(error) : "");
}

static int client_receive(struct client *client, json_t **ret_message)
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

static enum ctl_exit error_code(const char *name)
{
	static const struct {
		const char *name;
		enum ctl_exit code;
	} codes[] = {
		{ INTERFACE "Failed", CTL_FAILED },
		{ INTERFACE "InvalidArgument", CTL_USAGE },
		{ "org.varlink.service.InvalidParameter", CTL_USAGE },
		{ INTERFACE "PermissionDenied", CTL_DENIED },
		{ INTERFACE "NotFound", CTL_NOT_FOUND },
		{ INTERFACE "InvalidConfiguration", CTL_BAD_CONFIG },
		{ INTERFACE "Unknown", CTL_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(name, codes[i].name) == 0)
			return codes[i].code;
	return CTL_FAILED;
}

/* The daemon said no. */
static int refuse_answer(const struct client *client, const char *method, const json_t *reply)
{
	const json_t *parameters = json_object_get(reply, "parameters");
	const char *name = field_string(reply, "error", "");
	const char *message = field_string(parameters, "message", NULL);
	const char *hint = field_string(parameters, "hint", NULL);

	client->error->answered = true;
	if (strncmp(name, "org.varlink.service.", 20) == 0 && !message)
		hint = "mssclampctl and mssclampd may be of different versions: compare "
		       "mssclampctl -V with mssclampctl status.";
	if (message)
		return client_error_set(client->error, error_code(name), hint, "%s", message);
	return client_error_set(client->error, error_code(name), hint,
				"mssclampd refused %s: %s %s", method, name,
				field_string(parameters, "parameter", ""));
}

/* Takes the parameters out of a reply. */
static int client_judge(const struct client *client, const char *method, json_t *reply,
			json_t **ret_reply)
{
	json_t *parameters = json_object_get(reply, "parameters");
	const json_t *schema = json_object_get(parameters, "schema");

	if (json_object_get(reply, "error"))
		return refuse_answer(client, method, reply);
	if (!json_is_integer(schema) || json_integer_value(schema) != CTL_SCHEMA)
		return client_error_set(client->error, CTL_FAILED,
					"Install mssclampctl and mssclampd of the same version.",
					"mssclampd answered %s in a layout this mssclampctl does "
					"not know (schema is not %d)",
					method, CTL_SCHEMA);
	*ret_reply = json_incref(parameters);
	return 0;
}

static int client_converse(struct client *client, const char *method, const json_t *call,
			   json_t **ret_reply)
{
	json_t *reply = NULL;
	int r;

	r = call ? varlink_output_add(&client->output, call) : -ENOMEM;
	if (r == 0)
		r = client_connect(client);
	if (r == 0)
		r = client_send(client);
	if (r == 0)
		r = client_receive(client, &reply);
	if (r == 0)
		r = client_judge(client, method, reply, ret_reply);
	json_decref(reply);
	return r;
}

/* What has no text yet gets one. Returns r as client_try promises it. */
static int refuse_rest(const struct client *client, int r)
{
	if (r == 0 || r == -EINTR || r == -EIO)
		return r;
	return client_error_set(client->error, CTL_FAILED, NULL,
				"cannot talk to mssclampd at %s: %s", client->ctl->socket,
				strerror(-r));
}

static struct client client_make(const struct ctl *ctl, struct client_error *error)
{
	*error = (struct client_error){ .code = CTL_FAILED };
	return (struct client){
		.ctl = ctl,
		.error = error,
		.deadline_ns = clock_boottime_ns() + ctl->timeout_ns,
		.fd = -1,
	};
}

int client_try(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply,
	       struct client_error *error)
{
	struct client client = client_make(ctl, error);
	char name[64];
	json_t *call;
	int r;

	snprintf(name, sizeof(name), INTERFACE "%s", method);
	call = varlink_make_call(name, parameters ? parameters : json_object(), false);
	varlink_input_init(&client.input, CLIENT_REPLY_MAX);
	r = client_converse(&client, method, call, ret_reply);
	json_decref(call);
	varlink_input_done(&client.input);
	varlink_output_done(&client.output);
	if (client.fd >= 0)
		close(client.fd);
	return r == -ETIME ? refuse_late(&client) : refuse_rest(&client, r);
}

int client_call(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply)
{
	struct client_error error;
	int r = client_try(ctl, method, parameters, ret_reply, &error);
	int code = CTL_OK;

	if (r < 0)
		*ret_reply = NULL;
	if (r < 0 && r != -EINTR)
		code = output_fail(ctl, error.code, error.hint, "%s", client_error_text(&error));
	client_error_done(&error);
	return code;
}

int client_probe(const struct ctl *ctl, struct client_error *error)
{
	struct client client = client_make(ctl, error);
	int r = client_connect(&client);

	if (client.fd >= 0)
		close(client.fd);
	if (r == 0 || r == -ETIME) /* a full backlog is somebody's too */
		return 1;
	if (r == -EIO && error->code == CTL_NOT_RUNNING)
		return 0;
	return refuse_rest(&client, r);
}
