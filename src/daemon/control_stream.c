/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control_stream.h"

#include <assert.h>
#include <stdarg.h>

#include "daemon/control_call.h"
#include "daemon/control_connection.h"
#include "proto/varlink.h"

void control_stream_reply(struct control_stream *stream, json_t *parameters)
{
	assert(stream->open);
	if (stream->more)
		control_connection_say(stream->connection, varlink_make_reply(parameters, true));
	else
		json_decref(parameters);
}

int control_stream_attach(struct control_stream *stream, const int *descriptors, size_t count)
{
	assert(stream->open);
	return control_connection_attach(stream->connection, descriptors, count);
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
