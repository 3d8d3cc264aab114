/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_call.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proto/json_memory.h"

#define INTERFACE "org.mssclamp"

static const char idl[] =
#include "idl.h"
	;

static const struct varlink_interface interface = { INTERFACE, idl };
static const struct varlink_service service = {
	.vendor = "mssclamp",
	.product = "mssclampd",
	.version = VERSION,
	.url = "file:/usr/share/doc/mssclampd/README.md",
	.interfaces = &interface,
	.interface_count = 1,
};

static const char *const error_names[] = {
	[CONTROL_FAILED] = INTERFACE ".Failed",
	[CONTROL_INVALID_ARGUMENT] = INTERFACE ".InvalidArgument",
	[CONTROL_PERMISSION_DENIED] = INTERFACE ".PermissionDenied",
	[CONTROL_NOT_FOUND] = INTERFACE ".NotFound",
	[CONTROL_INVALID_CONFIGURATION] = INTERFACE ".InvalidConfiguration",
	[CONTROL_UNKNOWN] = INTERFACE ".Unknown",
};

/* A call while its command runs. */
struct control_call {
	json_t *error;                 /* owned; NULL: nothing failed, or out of memory */
	bool failed;
	struct control_stream *stream; /* to be opened */
	bool opened;                   /* it was, whether it still is or not */
	bool more, oneway;             /* what the client asked for */
	uid_t uid;                     /* whose it is */
};

json_t *control_call_make_error_v(enum control_error error, const char *hint, const char *format,
				  va_list arguments)
{
	json_t *parameters;
	char *message;
	int r;

	if (vasprintf(&message, format, arguments) < 0)
		return NULL;
	parameters = json_object();
	r = json_object_set_new(parameters, "message", varlink_string(message));
	free(message);
	if (r < 0 || json_object_set_new(parameters, "hint",
					 varlink_string_or_null(hint)) < 0) {
		json_decref(parameters);
		return NULL;
	}
	return varlink_make_error(error_names[error], parameters);
}

json_t *control_call_make_error(enum control_error error, const char *hint, const char *format, ...)
{
	va_list arguments;
	json_t *message;

	va_start(arguments, format);
	message = control_call_make_error_v(error, hint, format, arguments);
	va_end(arguments);
	return message;
}

json_t *control_fail(struct control_call *call, enum control_error error, const char *hint,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	json_decref(call->error);
	call->failed = true;
	call->error = control_call_make_error_v(error, hint, format, arguments);
	va_end(arguments);
	return NULL;
}

struct control_stream *control_stream_open(struct control_call *call, void (*gone)(void *userdata),
					   void *userdata)
{
	struct control_stream *stream = call->stream;

	assert(!call->opened);
	if (call->oneway)
		return NULL;
	stream->gone = gone;
	stream->userdata = userdata;
	stream->more = call->more;
	stream->patient = false;
	stream->open = call->opened = true;
	return stream;
}

uid_t control_call_uid(const struct control_call *call)
{
	return call->uid;
}

static const struct control_method *find_method(const struct control_commands *commands,
						const char *name)
{
	for (const struct control_method *m = commands->methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* Said once a second for each user and command, as good as: two of them may share a line. */
static json_t *deny(struct control_commands *commands, const struct control_peer *peer,
		    const struct control_method *method)
{
	size_t place = (peer->uid + 5 * (size_t)(method - commands->methods)) % CONTROL_REFUSALS;
	const char *name = method->name;
	char before[LOG_BEFORE_MAX];
	uint64_t suppressed;

	if (log_may_speak(&commands->refused[place], clock_boottime_ns(), NS_PER_SECOND,
			  &suppressed))
		log_warning("control: %s refused to uid %u, pid %d: neither uid 0 nor in group "
			    "\"%s\"%s", name, peer->uid, peer->pid, commands->admin_group,
			    log_before(suppressed, before));
	return control_call_make_error(
		CONTROL_PERMISSION_DENIED,
		"run it with sudo, or join the group and log in again",
		"%s is for uid 0 and members of group \"%s\", you are uid %u", name,
		commands->admin_group, peer->uid);
}

json_t *control_call_reject(struct control_commands *commands, const struct control_peer *peer,
			    const char *why)
{
	char before[LOG_BEFORE_MAX];
	uint64_t suppressed;

	if (log_may_speak(&commands->rejected, clock_boottime_ns(), NS_PER_SECOND, &suppressed))
		log_notice("control: uid %u, pid %d sent what is no Varlink call and is cut off: "
			   "%s%s", peer->uid, peer->pid, why, log_before(suppressed, before));
	return control_call_make_error(CONTROL_INVALID_ARGUMENT,
				       "a message is one JSON object and a NUL byte: "
				       "{\"method\":\"org.mssclamp.GetStatus\"}",
				       "not a Varlink call: %s", why);
}

/* Described in the IDL, but without a row in the table. */
static json_t *make_not_implemented(const char *method)
{
	json_t *parameters = json_object();

	if (json_object_set_new(parameters, "method", json_string(method)) < 0) {
		json_decref(parameters);
		return NULL;
	}
	return varlink_make_error("org.varlink.service.MethodNotImplemented", parameters);
}

/* A command that has opened its stream has said all there, but for what it has just returned: one
 * reply among others, or the error that is the last one. As control_call_answer. */
static int finish_stream(struct control_call *call, json_t *said, json_t **ret_reply)
{
	if (!said && call->failed) {
		call->stream->open = false;
		*ret_reply = call->error;
		return call->error ? 0 : -ENOMEM;
	}
	json_decref(call->error);
	if (said)
		control_stream_reply(call->stream, said);
	*ret_reply = NULL;
	return 0;
}

/* Half an answer is none. A command that has changed something keeps what it said: that it was
 * done. */
static json_t *ask(const struct control_method *method, struct control_call *call,
		   json_t *parameters, void *userdata)
{
	unsigned long failures = json_memory_failures();
	json_t *said = method->run(call, parameters, userdata);

	if (said && !method->admin && !call->opened && json_memory_failures() != failures) {
		json_decref(said);
		said = control_fail(call, CONTROL_FAILED, "try again",
				    "%s: memory is short, the answer would not be whole",
				    method->name);
	}
	return said;
}

/* As control_call_answer. */
static int run(struct control_commands *commands, const struct control_method *method,
	       uid_t uid, const struct varlink_call *asked, struct control_stream *stream,
	       json_t **ret_reply, const struct control_method **ret_open)
{
	struct control_call call = {
		.uid = uid,
		.stream = stream,
		.more = asked->more,
		.oneway = asked->oneway,
	};
	json_t *said = ask(method, &call, asked->parameters, commands->userdata), *reply;
	bool open = method->streams && (said || !call.failed);
	int r;

	if (call.opened) {
		r = finish_stream(&call, said, ret_reply);
		*ret_open = stream->open ? method : NULL;
		return r;
	}
	if (!said && !call.failed && !open)
		control_fail(&call, CONTROL_FAILED, "see the daemon's log",
			     "%s gave no answer: most likely memory is short", method->name);
	if (said)
		json_decref(call.error);
	reply = said ? varlink_make_reply(said, open) : call.error;
	if (!reply && (said || !open))
		return -ENOMEM;
	*ret_reply = reply;
	*ret_open = open ? method : NULL;
	return 0;
}

int control_call_answer(struct control_commands *commands, const struct control_peer *peer,
			const struct varlink_call *call, struct control_stream *stream,
			json_t **ret_reply, const struct control_method **ret_open)
{
	int r = varlink_service_answer(&service, call, ret_reply);
	const struct control_method *method;
	const char *name;
	json_t *reply;

	*ret_open = NULL;
	if (r != 0)
		return r < 0 ? r : 0;
	name = strrchr(call->method, '.') + 1;
	method = find_method(commands, name);
	if (!method)
		reply = make_not_implemented(call->method);
	else if (method->admin && !peer->admin)
		reply = deny(commands, peer, method);
	else if (method->streams && !call->more)
		reply = varlink_make_expected_more();
	else
		return run(commands, method, peer->uid, call, stream, ret_reply, ret_open);
	if (!reply)
		return -ENOMEM;
	*ret_reply = reply;
	return 0;
}
