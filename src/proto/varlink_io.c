/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The byte stream side of proto/varlink.h: messages out of received bytes, bytes out of
 * messages. */
#include "proto/varlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "proto/json_memory.h"

#define OUTPUT_KEPT 65536 /* bytes of an emptied output that stay allocated for the next reply */

void varlink_input_init(struct varlink_input *input, size_t max)
{
	*input = (struct varlink_input){ .max = max };
}

void varlink_input_done(struct varlink_input *input)
{
	free(input->data);
	varlink_input_init(input, input->max);
}

/* Where the NUL of the next message stands, or NULL. Remembers how far it has looked. */
static char *find_end(struct varlink_input *input)
{
	char *end;

	if (input->scanned == input->len)
		return NULL;
	end = memchr(input->data + input->scanned, 0, input->len - input->scanned);
	input->scanned = end ? (size_t)(end - input->data) : input->len;
	return end;
}

/* Whether the next message, whole or not yet, is more than the limit allows. Without its NUL it
 * still has at least one byte to come. */
static bool is_too_long(struct varlink_input *input)
{
	char *end = find_end(input);
	size_t whole = end ? (size_t)(end - input->data) : input->len;

	return whole - input->start >= input->max;
}

int varlink_input_add(struct varlink_input *input, const void *data, size_t len)
{
	int r;

	if (len == 0)
		return 0;
	if (input->start > 0) {
		memmove(input->data, input->data + input->start, input->len - input->start);
		input->len -= input->start;
		input->scanned -= input->start;
		input->start = 0;
	}
	r = array_reserve((void **)&input->data, &input->capacity, input->len + len, 1);
	if (r < 0)
		return r;
	memcpy(input->data + input->len, data, len);
	input->len += len;
	return is_too_long(input) ? -EMSGSIZE : 0;
}

/* The parser recurses once a level, so the depth is known before it runs. Brackets in strings don't
 * count; where the text is no JSON, the parser stops no deeper than we counted up to there.
 * Returns the offset of the first bracket that is too deep, or -1. */
static ptrdiff_t find_too_deep(const char *text, size_t len)
{
	bool in_string = false;
	unsigned int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((text[i] == '{' || text[i] == '[') && ++depth > VARLINK_DEPTH_MAX)
			return (ptrdiff_t)i;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return -1;
}

/* Returns 1 and the owned object, -EBADMSG with ret_why, or -ENOMEM. */
static int parse_message(const char *text, size_t len, json_t **ret_message, char *ret_why)
{
	unsigned long failures = json_memory_failures();
	ptrdiff_t deep = find_too_deep(text, len);
	json_error_t error;
	json_t *message;

	if (deep >= 0) {
		snprintf(ret_why, VARLINK_WHY_MAX, "byte %td: nested deeper than %d levels", deep,
			 VARLINK_DEPTH_MAX);
		return -EBADMSG;
	}
	if (len == 0) {
		snprintf(ret_why, VARLINK_WHY_MAX, "a message is a JSON object, this one is empty");
		return -EBADMSG;
	}
	message = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (json_memory_failures() != failures) {
		json_decref(message);
		return -ENOMEM;
	}
	if (!message && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!message) {
		snprintf(ret_why, VARLINK_WHY_MAX, "byte %d: %.120s", error.position,
			 error.text);
		varlink_make_printable(ret_why);
		return -EBADMSG;
	}
	if (!json_is_object(message)) {
		json_decref(message);
		snprintf(ret_why, VARLINK_WHY_MAX, "a message is a JSON object, not an array");
		return -EBADMSG;
	}
	*ret_message = message;
	return 1;
}

int varlink_input_next(struct varlink_input *input, json_t **ret_message, char *ret_why)
{
	char *end;
	int r;

	if (is_too_long(input))
		return -EMSGSIZE;
	end = find_end(input);
	if (!end)
		return 0;
	r = parse_message(input->data + input->start, (size_t)(end - input->data) - input->start,
			  ret_message, ret_why);
	input->start = (size_t)(end - input->data) + 1;
	input->scanned = input->start;
	return r;
}

void varlink_output_done(struct varlink_output *output)
{
	free(output->data);
	*output = (struct varlink_output){ 0 };
}

static int append(const char *bytes, size_t len, void *userdata)
{
	struct varlink_output *output = userdata;

	if (array_reserve((void **)&output->data, &output->capacity, output->len + len, 1) < 0)
		return -1;
	memcpy(output->data + output->len, bytes, len);
	output->len += len;
	return 0;
}

struct dump {
	struct varlink_output *output;
	bool failed;
};

/* jansson goes on behind a name of a member that found no room, and says that all is well. */
static int dump_part(const char *bytes, size_t len, void *userdata)
{
	struct dump *dump = userdata;

	if (!dump->failed && append(bytes, len, dump->output) < 0)
		dump->failed = true;
	return dump->failed ? -1 : 0;
}

int varlink_output_add(struct varlink_output *output, const json_t *message)
{
	struct dump dump = { .output = output };
	size_t before = output->len;

	if (json_dump_callback(message, dump_part, &dump, JSON_COMPACT) < 0 || dump.failed ||
	    append("", 1, output) < 0) {
		output->len = before;
		return -ENOMEM;
	}
	return 0;
}

int varlink_output_copy(struct varlink_output *output, const struct varlink_output *from)
{
	size_t waiting = varlink_output_waiting(output), more = varlink_output_waiting(from);

	if (more == 0)
		return 0;
	/* Moving fewer bytes than are gone costs less than sending them did. */
	if (waiting > 0 && output->sent >= waiting) {
		memcpy(output->data, output->data + output->sent, waiting);
		output->len = waiting;
		output->sent = 0;
	}
	return append(from->data + from->sent, more, output) < 0 ? -ENOMEM : 0;
}

size_t varlink_output_waiting(const struct varlink_output *output)
{
	return output->len - output->sent;
}

void varlink_output_consume(struct varlink_output *output, size_t len)
{
	output->sent += len;
	if (output->sent < output->len)
		return;
	output->sent = output->len = 0;
	if (output->capacity > OUTPUT_KEPT)
		varlink_output_done(output);
}
