/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "ctl/client/client_absent.h"
#include "ctl/client/client_wire.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"
#include "proto/varlink.h"

#define INTERFACE "org.mssclamp."

/* wait_ns: how long it was waited for. */
static int refuse_late(const struct client *client, uint64_t wait_ns)
{
	const char *hint = client->answered ?
				   "It may be busy or stuck: systemctl status mssclampd." :
				   "It may be busy or stuck: systemctl status mssclampd; "
				   "--timeout SEC waits longer.";

	return client_error_set(client->error, CTL_UNKNOWN, hint,
				"mssclampd at %s gave no answer within %.3g s", client->ctl->socket,
				clock_seconds(wait_ns));
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

	for (size_t i = 0; i < COUNT(codes); i++)
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

/* Connects and asks. Takes parameters (NULL: none). */
static int client_ask(struct client *client, const char *method, json_t *parameters)
{
	char name[64];
	json_t *call;
	int r;

	snprintf(name, sizeof(name), INTERFACE "%s", method);
	call = varlink_make_call(name, parameters ? parameters : json_object(), client->streams);
	r = call ? varlink_output_add(&client->output, call) : -ENOMEM;
	json_decref(call);
	if (r == 0)
		r = client_connect(client);
	return r == 0 ? client_send(client) : r;
}

/* The parameters of the next reply, owned. */
static int client_next(struct client *client, const char *method, json_t **ret_reply,
		       bool *ret_continues)
{
	json_t *message = NULL;
	int r;

	r = client_receive(client, &message);
	if (r == 0)
		r = client_judge(client, method, message, ret_reply);
	*ret_continues = json_is_true(json_object_get(message, "continues"));
	json_decref(message);
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
		.input.max = CLIENT_REPLY_MAX,
	};
}

static void client_done(struct client *client)
{
	varlink_input_done(&client->input);
	varlink_output_done(&client->output);
	if (client->fd >= 0)
		close(client->fd);
}

int client_try(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply,
	       struct client_error *error)
{
	struct client client = client_make(ctl, error);
	bool continues;
	int r;

	r = client_ask(&client, method, parameters);
	if (r == 0)
		r = client_next(&client, method, ret_reply, &continues);
	client_done(&client);
	return r == -ETIME ? refuse_late(&client, ctl->timeout_ns) : refuse_rest(&client, r);
}

/* One reply after the other. Returns a code of on_reply or CTL_OK, or as client_try. */
static int client_listen(struct client *client, const char *method,
			 const struct client_listener *listener)
{
	bool continues = true;
	int r = CTL_OK;

	while (r == CTL_OK && continues) {
		json_t *reply = NULL;

		r = client_next(client, method, &reply, &continues);
		if (r == -ETIME && client->answered && listener->on_silence) {
			continues = true;
			r = listener->on_silence(client->ctl, listener->userdata);
		} else if (r < 0) {
			return r;
		} else {
			client->answered = true;
			r = listener->on_reply(client->ctl, reply, listener->userdata);
		}
		client->deadline_ns = UINT64_MAX;
		if (listener->silence_ns != UINT64_MAX)
			client->deadline_ns = clock_boottime_ns() + listener->silence_ns;
		json_decref(reply);
	}
	return r;
}

/* What has no connection yet is worth a look at who runs. */
static int say(const struct ctl *ctl, struct client_error *error, bool connected)
{
	if (error->code == CTL_NOT_RUNNING && !connected)
		client_explain_absence(ctl, error);
	return output_fail(ctl, error->code, error->hint, "%s", client_error_text(error));
}

int client_stream(const struct ctl *ctl, const char *method, json_t *parameters,
		  const struct client_listener *listener)
{
	struct client_error error;
	struct client client = client_make(ctl, &error);
	int r;

	client.streams = true;
	r = client_ask(&client, method, parameters);
	if (r == 0)
		r = client_listen(&client, method, listener);
	if (listener->on_end)
		listener->on_end(listener->userdata);
	if (r == -ETIME)
		r = refuse_late(&client, client.answered ? listener->silence_ns : ctl->timeout_ns);
	else if (r == -EPIPE)
		r = CTL_FAILED;
	else if (r < 0)
		r = refuse_rest(&client, r);
	if (r == -EINTR)
		r = CTL_OK;
	else if (r < 0 && listener->mute_hang_up && client.answered &&
		 error.code == CTL_NOT_RUNNING)
		r = CTL_NOT_RUNNING;
	else if (r < 0 && listener->mute)
		r = (int)error.code;
	else if (r < 0)
		r = say(ctl, &error, client.answered);
	client_error_done(&error);
	client_done(&client);
	return r;
}

json_t *client_get(const struct ctl *ctl, const char *method, json_t *parameters)
{
	struct client_error error;
	json_t *reply = NULL;

	if (client_try(ctl, method, parameters, &reply, &error) < 0)
		reply = NULL;
	client_error_done(&error);
	return reply;
}

int client_call(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply)
{
	struct client_error error;
	int r = client_try(ctl, method, parameters, ret_reply, &error);
	int code = CTL_OK;

	if (r < 0)
		*ret_reply = NULL;
	if (r < 0 && r != -EINTR)
		code = say(ctl, &error, false);
	client_error_done(&error);
	return code;
}

int client_probe(const struct ctl *ctl, struct client_error *error)
{
	struct client client = client_make(ctl, error);
	int r = client_connect(&client);

	client_done(&client);
	if (r == 0 || r == -ETIME) /* a full backlog is somebody's too */
		return 1;
	if (r == -EIO && error->code == CTL_NOT_RUNNING)
		return 0;
	return refuse_rest(&client, r);
}
