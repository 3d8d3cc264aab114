/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "proto/varlink.h"

/* Any RECORD_LIST, seen without its type. Copied in and out: the struct itself has another one. */
struct any_list {
	void *list;
	size_t count, capacity;
};

static struct any_list load_list(const void *field)
{
	struct any_list list;

	memcpy(&list, field, sizeof(list));
	return list;
}

static char *load_text(const void *field)
{
	char *text;

	memcpy(&text, field, sizeof(text));
	return text;
}

static int64_t load_number(const void *field)
{
	int64_t number;

	memcpy(&number, field, sizeof(number));
	return number;
}

static const void *at(const void *record, size_t offset)
{
	return (const char *)record + offset;
}

void *record_append(void *field, size_t size)
{
	struct any_list list = load_list(field);
	char *element;

	if (array_reserve(&list.list, &list.capacity, list.count + 1, size) < 0)
		return NULL;
	element = (char *)list.list + list.count++ * size;
	memset(element, 0, size);
	memcpy(field, &list, sizeof(list));
	return element;
}

int record_append_text(void *texts, const char *text)
{
	char *copy = strdup(text), **element = copy ? record_append(texts, sizeof(copy)) : NULL;

	if (!element) {
		free(copy);
		return -ENOMEM;
	}
	*element = copy;
	return 0;
}

static void field_done(const struct record_field *field, void *place)
{
	struct any_list list;

	switch (field->type) {
	case RECORD_TEXT:
		free(load_text(place));
		break;
	case RECORD_NUMBER:
	case RECORD_FLAG:
		break;
	case RECORD_TEXTS:
		list = load_list(place);
		for (size_t i = 0; i < list.count; i++)
			free(((char **)list.list)[i]);
		free(list.list);
		break;
	case RECORD_RECORDS:
		list = load_list(place);
		for (size_t i = 0; i < list.count; i++)
			record_done(field->shape, (char *)list.list + i * field->shape->size);
		free(list.list);
		break;
	}
}

void record_done(const struct record_shape *shape, void *record)
{
	for (size_t i = 0; i < shape->count; i++)
		field_done(&shape->fields[i], (char *)record + shape->fields[i].offset);
	memset(record, 0, shape->size);
}

static json_t *format_list(const struct record_field *field, const void *place)
{
	const struct any_list list = load_list(place);
	json_t *array = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < list.count; i++) {
		json_t *element = field->type == RECORD_TEXTS
					  ? varlink_string(((char **)list.list)[i])
					  : record_format(field->shape,
							  at(list.list, i * field->shape->size));

		r = json_array_append_new(array, element);
	}
	if (r == 0)
		return array;
	json_decref(array);
	return NULL;
}

/* Returns whether the field has to be told; then its value, NULL for out of memory. */
static bool format_field(const struct record_field *field, const void *place, json_t **ret_value)
{
	switch (field->type) {
	case RECORD_TEXT:
		if (!load_text(place))
			return false;
		*ret_value = varlink_string(load_text(place));
		return true;
	case RECORD_NUMBER:
		*ret_value = json_integer(load_number(place));
		return load_number(place) != 0;
	case RECORD_FLAG:
		*ret_value = json_true();
		return *(const bool *)place;
	case RECORD_TEXTS:
	case RECORD_RECORDS:
		if (load_list(place).count == 0)
			return false;
		*ret_value = format_list(field, place);
		return true;
	}
	return false;
}

json_t *record_format(const struct record_shape *shape, const void *record)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < shape->count; i++) {
		const struct record_field *field = &shape->fields[i];
		json_t *value = NULL;

		if (!format_field(field, at(record, field->offset), &value)) {
			json_decref(value);
		} else if (json_object_set_new(object, field->key, value) < 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

static int refuse(const struct record_field *field, const char *what, char *ret_why)
{
	snprintf(ret_why, RECORD_WHY_MAX, "\"%s\" %s", field->key, what);
	return -EBADMSG;
}

static int parse_text(const struct record_field *field, const json_t *value, char **ret_text,
		      char *ret_why)
{
	const char *text = json_string_value(value);

	if (!text)
		return refuse(field, "is no text", ret_why);
	if (field->fits && !field->fits(text))
		return refuse(field, "holds a text that may not stand there", ret_why);
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int parse_element(const struct record_field *field, const json_t *value, void *place,
			 char *ret_why)
{
	void *element;
	char *text;
	int r;

	if (field->type == RECORD_RECORDS) {
		element = record_append(place, field->shape->size);
		return element ? record_parse(field->shape, value, element, ret_why) : -ENOMEM;
	}
	r = parse_text(field, value, &text, ret_why);
	if (r < 0)
		return r;
	r = record_append_text(place, text);
	free(text);
	return r;
}

static int parse_list(const struct record_field *field, const json_t *value, void *place,
		      char *ret_why)
{
	const json_t *element;
	size_t i;
	int r;

	if (!json_is_array(value))
		return refuse(field, "is no array", ret_why);
	if (field->max > 0 && json_array_size(value) > (size_t)field->max)
		return refuse(field, "has too many elements", ret_why);
	json_array_foreach (value, i, element) {
		r = parse_element(field, element, place, ret_why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_number(const struct record_field *field, const json_t *value, void *place,
			char *ret_why)
{
	const int64_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return refuse(field, "is no whole number", ret_why);
	if (number < field->min || number > field->max)
		return refuse(field, "is out of range", ret_why);
	memcpy(place, &number, sizeof(number));
	return 0;
}

static int parse_field(const struct record_field *field, const json_t *value, void *place,
		       char *ret_why)
{
	switch (field->type) {
	case RECORD_TEXT:
		return parse_text(field, value, place, ret_why);
	case RECORD_NUMBER:
		return parse_number(field, value, place, ret_why);
	case RECORD_FLAG:
		if (!json_is_boolean(value))
			return refuse(field, "is neither true nor false", ret_why);
		*(bool *)place = json_is_true(value);
		return 0;
	case RECORD_TEXTS:
	case RECORD_RECORDS:
		return parse_list(field, value, place, ret_why);
	}
	return -EBADMSG;
}

int record_parse(const struct record_shape *shape, const json_t *object, void *ret_record,
		 char *ret_why)
{
	int r = 0;

	memset(ret_record, 0, shape->size);
	if (!json_is_object(object)) {
		snprintf(ret_why, RECORD_WHY_MAX, "an element is no object");
		return -EBADMSG;
	}
	for (size_t i = 0; r == 0 && i < shape->count; i++) {
		const struct record_field *field = &shape->fields[i];
		const json_t *value = json_object_get(object, field->key);

		if (value && !json_is_null(value))
			r = parse_field(field, value, (char *)ret_record + field->offset, ret_why);
		else if (field->required)
			r = refuse(field, "is missing", ret_why);
	}
	if (r < 0)
		record_done(shape, ret_record);
	return r;
}

int record_copy(const struct record_shape *shape, const void *record, void *ret_copy)
{
	json_t *object = record_format(shape, record);
	char why[RECORD_WHY_MAX];
	int r = object ? record_parse(shape, object, ret_copy, why) : -ENOMEM;

	json_decref(object);
	return r;
}

static bool list_equal(const struct record_field *field, const void *a, const void *b,
		       bool quiet_too)
{
	const struct any_list x = load_list(a), y = load_list(b);

	if (x.count != y.count)
		return false;
	for (size_t i = 0; i < x.count; i++) {
		const size_t step = field->type == RECORD_TEXTS ? sizeof(char *)
								: field->shape->size;
		const void *left = at(x.list, i * step), *right = at(y.list, i * step);

		if (field->type == RECORD_TEXTS
			    ? !text_equal(load_text(left), load_text(right))
			    : !record_equal(field->shape, left, right, quiet_too))
			return false;
	}
	return true;
}

static bool field_equal(const struct record_field *field, const void *a, const void *b,
			bool quiet_too)
{
	switch (field->type) {
	case RECORD_TEXT:
		return text_equal(load_text(a), load_text(b));
	case RECORD_NUMBER:
		return load_number(a) == load_number(b);
	case RECORD_FLAG:
		return *(const bool *)a == *(const bool *)b;
	case RECORD_TEXTS:
	case RECORD_RECORDS:
		return list_equal(field, a, b, quiet_too);
	}
	return false;
}

bool record_equal(const struct record_shape *shape, const void *a, const void *b, bool quiet_too)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct record_field *field = &shape->fields[i];

		if (field->quiet && !quiet_too)
			continue;
		if (!field_equal(field, at(a, field->offset), at(b, field->offset), quiet_too))
			return false;
	}
	return true;
}
