/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_stream.h"

#include <assert.h>
#include <stdarg.h>

#include "daemon/control/control_call.h"
#include "daemon/control/control_connection.h"
#include "proto/varlink.h"

void control_stream_reply(struct control_stream *stream, json_t *parameters)
{
	assert(stream->open);
	if (stream->more)
		control_connection_say(stream->connection, varlink_make_reply(parameters, true));
	else
		json_decref(parameters);
}

int control_stream_descriptor(const struct control_stream *stream)
{
	return control_connection_descriptor(stream->connection);
}

size_t control_stream_waiting(const struct control_stream *stream)
{
	return control_connection_waiting(stream->connection);
}

void control_stream_be_patient(struct control_stream *stream)
{
	stream->patient = true;
}

bool control_stream_has_more(const struct control_stream *stream)
{
	return control_connection_has_more(stream->connection);
}

static void end(struct control_stream *stream, json_t *message)
{
	assert(stream->open);
	stream->open = false;
	control_connection_say_last(stream->connection, message);
}

void control_stream_end(struct control_stream *stream, json_t *parameters)
{
	end(stream, varlink_make_reply(parameters, false));
}

void control_stream_fail(struct control_stream *stream, enum control_error error, const char *hint,
			 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end(stream, control_call_make_error_v(error, hint, format, arguments));
	va_end(arguments);
}

void control_stream_drop(struct control_stream *stream)
{
	if (!stream->open)
		return;
	stream->open = false;
	stream->gone(stream->userdata);
}
