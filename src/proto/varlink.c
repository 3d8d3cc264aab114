/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/varlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* One field of a call: its name, its type, and which of our flags it sets. */
static const struct call_field {
	const char *name;
	json_type type; /* JSON_TRUE stands for both truth values */
	size_t flag;    /* offset of the bool in struct varlink_call */
} call_fields[] = {
	{ "method",     JSON_STRING, 0                                       },
	{ "parameters", JSON_OBJECT, 0                                       },
	{ "more",       JSON_TRUE,   offsetof(struct varlink_call, more)     },
	{ "oneway",     JSON_TRUE,   offsetof(struct varlink_call, oneway)   },
	{ "upgrade",    JSON_TRUE,   offsetof(struct varlink_call, upgrade)  },
};

void varlink_make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

json_t *varlink_string(const char *text)
{
	json_t *string = json_string(text);
	char *valid;
	size_t len;

	if (string)
		return string;
	valid = strdup(text);
	if (!valid)
		return NULL;
	for (char *at = valid; *at; at += len) {
		len = text_utf8_decode(at, NULL);
		if (len)
			continue;
		*at = '?';
		len = 1;
	}
	string = json_string(valid);
	free(valid);
	return string;
}

json_t *varlink_string_or_null(const char *text)
{
	return text ? varlink_string(text) : json_null();
}

json_t *varlink_string_unless_empty(const char *text)
{
	return varlink_string_or_null(text && *text ? text : NULL);
}

json_t *varlink_count(bool known, uint64_t count)
{
	return known ? json_integer((json_int_t)count) : json_null();
}

static const struct call_field *find_field(const char *name)
{
	for (size_t i = 0; i < COUNT(call_fields); i++)
		if (strcmp(call_fields[i].name, name) == 0)
			return &call_fields[i];
	return NULL;
}

/* Takes one field into the call. Returns 0 or -EBADMSG with ret_why. */
static int take_field(struct varlink_call *call, const char *name, json_t *value, char *ret_why)
{
	const struct call_field *field = find_field(name);

	if (!field) {
		if (strchr(name, '.') && json_is_object(value))
			return 0;
		snprintf(ret_why, VARLINK_WHY_MAX, "a call has no field '%.64s'", name);
		return -EBADMSG;
	}
	if (json_is_null(value))
		return 0;
	if (field->type == JSON_TRUE && json_is_boolean(value)) {
		*(bool *)((char *)call + field->flag) = json_is_true(value);
		return 0;
	}
	if (json_typeof(value) != field->type || field->type == JSON_TRUE) {
		snprintf(ret_why, VARLINK_WHY_MAX, "field '%s' must be %s", name,
			 field->type == JSON_STRING   ? "a string"
			 : field->type == JSON_OBJECT ? "an object"
						      : "true or false");
		return -EBADMSG;
	}
	if (field->type == JSON_STRING)
		call->method = json_string_value(value);
	else
		call->parameters = value;
	return 0;
}

static int take_fields(struct varlink_call *call, char *ret_why)
{
	const char *name;
	json_t *value;

	json_object_foreach(call->message, name, value)
		if (take_field(call, name, value, ret_why) < 0)
			return -EBADMSG;
	if (!call->method || !*call->method) {
		snprintf(ret_why, VARLINK_WHY_MAX, "field 'method' is missing or empty");
		return -EBADMSG;
	}
	if (call->more + call->oneway + call->upgrade > 1) {
		snprintf(ret_why, VARLINK_WHY_MAX,
			 "'more', 'oneway' and 'upgrade' exclude each other");
		return -EBADMSG;
	}
	return 0;
}

int varlink_call_parse(json_t *message, struct varlink_call *ret_call, char *ret_why)
{
	struct varlink_call call = { .message = message };
	int r;

	if (!json_is_object(message)) {
		snprintf(ret_why, VARLINK_WHY_MAX, "a call is a JSON object");
		json_decref(message);
		return -EBADMSG;
	}
	r = take_fields(&call, ret_why);
	if (r < 0) {
		varlink_make_printable(ret_why);
		goto fail;
	}
	if (!call.parameters) {
		call.parameters = json_object();
		r = -ENOMEM;
		if (json_object_set_new(message, "parameters", call.parameters) < 0)
			goto fail;
	}
	*ret_call = call;
	return 0;
fail:
	json_decref(message);
	return r;
}

void varlink_call_done(struct varlink_call *call)
{
	json_decref(call->message);
	*call = (struct varlink_call){ 0 };
}

/* One message: a name under `key` (none where name is NULL), the parameters, and a flag that is
 * set. Takes parameters. */
static json_t *make_message(const char *key, const char *name, json_t *parameters, const char *flag)
{
	json_t *message = json_object();

	if (name && json_object_set_new(message, key, json_string(name)) < 0)
		goto fail;
	if (json_object_set(message, "parameters", parameters) < 0)
		goto fail;
	if (flag && json_object_set_new(message, flag, json_true()) < 0)
		goto fail;
	json_decref(parameters);
	return message;
fail:
	json_decref(parameters);
	json_decref(message);
	return NULL;
}

json_t *varlink_make_call(const char *method, json_t *parameters, bool more)
{
	return make_message("method", method, parameters, more ? "more" : NULL);
}

json_t *varlink_make_reply(json_t *parameters, bool continues)
{
	return make_message(NULL, NULL, parameters, continues ? "continues" : NULL);
}

json_t *varlink_make_error(const char *error, json_t *parameters)
{
	return make_message("error", error, parameters, NULL);
}
