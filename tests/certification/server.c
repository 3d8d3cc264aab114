/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server SOCKET IDL STEPS: serves org.varlink.certification over proto/varlink, one client after
 * the other, until it is ended. A client's id is the number of its connection; a step out of
 * order, with another flag or with other values than STEPS says is a CertificationError. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/varlink.h"
#include "proto/varlink_idl.h"

#define INTERFACE "org.varlink.certification"

struct server {
	struct varlink_interface interface;
	struct varlink_service service;
	json_t *steps;
};

struct client {
	int fd;
	char id[16];
	size_t step; /* the next one */
	struct varlink_input input;
	struct varlink_output output;
};

static bool same(json_t *left, json_t *right);

static bool covers(json_t *left, json_t *right)
{
	const char *name;
	json_t *member;

	json_object_foreach(left, name, member)
		if (!json_is_null(member) && !same(member, json_object_get(right, name)))
			return false;
	return true;
}

/* As Varlink compares: 1 is the float 1.0, a null field is an absent one. */
static bool same(json_t *left, json_t *right)
{
	json_t *element;
	size_t i;

	if (json_is_number(left) && json_is_number(right))
		return json_number_value(left) == json_number_value(right);
	if (json_is_object(left) && json_is_object(right))
		return covers(left, right) && covers(right, left);
	if (!json_is_array(left) || !json_is_array(right))
		return json_equal(left, right);
	if (json_array_size(left) != json_array_size(right))
		return false;
	json_array_foreach(left, i, element)
		if (!same(element, json_array_get(right, i)))
			return false;
	return true;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void queue(struct client *client, json_t *message)
{
	if (!message || varlink_output_add(&client->output, message) < 0)
		die("reply");
	json_decref(message);
}

static const char *flag_of(const struct varlink_call *call)
{
	return call->more ? "more" : call->oneway ? "oneway" : NULL;
}

/* What the call carried as the steps write it: without the id. */
static json_t *carried(const struct varlink_call *call)
{
	json_t *got = json_deep_copy(call->parameters);

	json_object_del(got, "client_id");
	return got;
}

static void answer_step(const struct server *server, struct client *client, json_t *step)
{
	json_t *replies = json_object_get(step, "replies"), *reply;
	const char *method = json_string_value(json_object_get(step, "method"));
	char field[VARLINK_FIELD_MAX];
	size_t i;

	client->step++;
	json_array_foreach(replies, i, reply) {
		if (client->step == 1)
			json_object_set_new(reply, "client_id", json_string(client->id));
		if (varlink_idl_check(server->interface.description, method, VARLINK_REPLY, reply,
				      field) < 0) {
			fprintf(stderr, "steps: reply of %s is wrong in '%s'\n", method, field);
			exit(1);
		}
		queue(client, varlink_make_reply(json_deep_copy(reply),
						 i + 1 < json_array_size(replies)));
	}
}

static void answer_call(const struct server *server, struct client *client,
			const struct varlink_call *call)
{
	const char *id = json_string_value(json_object_get(call->parameters, "client_id"));
	json_t *step = json_array_get(server->steps, client->step);
	const char *method = json_string_value(json_object_get(step, "method"));
	const char *flag = json_string_value(json_object_get(step, "flag"));
	const char *got_flag = flag_of(call);
	json_t *wants = json_object_get(step, "wants"), *got = carried(call);
	bool known = client->step == 0 || (id && strcmp(id, client->id) == 0);

	if (known && method && strcmp(strrchr(call->method, '.') + 1, method) == 0 &&
	    strcmp(flag ? flag : "", got_flag ? got_flag : "") == 0 && same(wants, got))
		answer_step(server, client, step);
	else if (!call->oneway && !known)
		queue(client, varlink_make_error(INTERFACE ".ClientIdError", json_object()));
	else if (!call->oneway)
		queue(client, varlink_make_error(INTERFACE ".CertificationError",
						 json_pack("{s:O?,s:O}", "wants", wants, "got",
							   got)));
	json_decref(got);
}

/* Returns false where the client's bytes make no sense. */
static bool take_calls(const struct server *server, struct client *client)
{
	char why[VARLINK_WHY_MAX] = "too long";
	struct varlink_call call;
	json_t *message, *reply;
	int r;

	while ((r = varlink_input_next(&client->input, &message, why)) == 1) {
		r = varlink_call_parse(message, &call, why);
		if (r < 0)
			break;
		r = varlink_service_answer(&server->service, &call, &reply);
		if (r == 1 && !call.oneway)
			queue(client, reply);
		else if (r == 1)
			json_decref(reply);
		else if (r == 0)
			answer_call(server, client, &call);
		varlink_call_done(&call);
	}
	if (r < 0)
		fprintf(stderr, "client %s: %s\n", client->id, why);
	return r == 0;
}

static bool flush(struct client *client)
{
	while (client->output.len > client->output.sent) {
		ssize_t n = send(client->fd, client->output.data + client->output.sent,
				 client->output.len - client->output.sent, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		varlink_output_consume(&client->output, (size_t)n);
	}
	return true;
}

static void serve(const struct server *server, int fd, unsigned int number)
{
	struct client client = { .fd = fd };
	char bytes[4096];
	ssize_t n;

	snprintf(client.id, sizeof(client.id), "client-%u", number % 10000);
	varlink_input_init(&client.input, VARLINK_MESSAGE_MAX);
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		if (varlink_input_add(&client.input, bytes, (size_t)n) < 0 ||
		    !take_calls(server, &client) || !flush(&client))
			break;
	varlink_input_done(&client.input);
	varlink_output_done(&client.output);
	close(fd);
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, 0, file) < 0)
		die(path);
	fclose(file);
	return text;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "%s: too long for a socket\n", path);
		exit(1);
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 8) < 0)
		die(path);
	return fd;
}

int main(int argc, char **argv)
{
	struct server server = { .interface = { .name = INTERFACE } };
	int listener, fd;

	if (argc != 4) {
		fprintf(stderr, "usage: %s SOCKET IDL STEPS\n", argv[0]);
		return 2;
	}
	server.interface.description = read_text(argv[2]);
	server.steps = json_load_file(argv[3], JSON_REJECT_DUPLICATES, NULL);
	server.service = (struct varlink_service){
		.vendor = "mssclamp",
		.product = "certification server",
		.version = VERSION,
		.url = "https://varlink.org",
		.interfaces = &server.interface,
		.interface_count = 1,
	};
	if (!server.steps) {
		fprintf(stderr, "%s: cannot be read as JSON\n", argv[3]);
		return 1;
	}
	listener = listen_at(argv[1]);
	for (unsigned int number = 1; (fd = accept(listener, NULL, NULL)) >= 0; number++)
		serve(&server, fd, number);
	die("accept");
}
