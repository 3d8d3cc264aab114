/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/varlink_idl.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Where we read: `at` is the next byte; `text` is the whole description, for named types. */
struct reader {
	const char *text, *at;
};

struct word {
	const char *start;
	size_t len;
};

static bool check_type(struct reader *reader, json_t *value);
static void skip_type(struct reader *reader);

/* Steps over space and comments. */
static void skip_space(struct reader *reader)
{
	for (;;) {
		reader->at += strspn(reader->at, " \t\r\n");
		if (*reader->at != '#')
			return;
		reader->at += strcspn(reader->at, "\n");
	}
}

static bool take_char(struct reader *reader, char wanted)
{
	skip_space(reader);
	if (*reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

static struct word take_word(struct reader *reader)
{
	struct word word;

	skip_space(reader);
	word.start = reader->at;
	while (isalnum((unsigned char)*reader->at) || *reader->at == '_')
		reader->at++;
	word.len = (size_t)(reader->at - word.start);
	return word;
}

static bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.len && memcmp(word.start, text, word.len) == 0;
}

/* Puts the reader behind "keyword name", at the type that follows. */
static bool find_member(struct reader *reader, const char *text, const char *keyword,
			struct word name)
{
	*reader = (struct reader){ .text = text, .at = text };
	for (;;) {
		struct word word = take_word(reader);

		if (word.len == 0 && !*reader->at)
			return false;
		if (word.len == 0) {
			reader->at++;
			continue;
		}
		if (!word_is(word, keyword))
			continue;
		word = take_word(reader);
		if (word.len > 0 && word.len == name.len &&
		    memcmp(word.start, name.start, name.len) == 0)
			return true;
	}
}

/* Whether the parenthesis at hand opens a list of bare words: an enum. "()" is a struct without
 * fields. */
static bool is_enum(struct reader reader)
{
	return take_char(&reader, '(') && take_word(&reader).len > 0 && !take_char(&reader, ':');
}

static bool check_enum(struct reader *reader, json_t *value)
{
	bool known = false;

	take_char(reader, '(');
	do {
		struct word word = take_word(reader);

		if (json_is_string(value) && word_is(word, json_string_value(value)))
			known = true;
	} while (take_char(reader, ','));
	take_char(reader, ')');
	return known;
}

static void skip_fields(struct reader *reader)
{
	take_char(reader, '(');
	do {
		take_word(reader);
		if (take_char(reader, ':'))
			skip_type(reader);
	} while (take_char(reader, ','));
	take_char(reader, ')');
}

/* Steps over "[]" or "[string]" and says which. */
static bool take_brackets(struct reader *reader, bool *ret_map)
{
	if (!take_char(reader, '['))
		return false;
	*ret_map = take_word(reader).len > 0;
	take_char(reader, ']');
	return true;
}

static void skip_type(struct reader *reader)
{
	bool map;

	while (take_char(reader, '?') || take_brackets(reader, &map))
		;
	skip_space(reader);
	if (*reader->at == '(')
		skip_fields(reader);
	else
		take_word(reader);
}

/* Copies a name, whole characters only: a name that came by the wire goes back as a JSON string. */
static void copy_name(char *ret_field, const char *name, size_t len)
{
	len = text_utf8_cut(name, len, VARLINK_FIELD_MAX - 1);
	memcpy(ret_field, name, len);
	ret_field[len] = '\0';
}

/* Steps over the fields of a struct. Returns whether one of them has this name. */
static bool has_field(struct reader reader, const char *name)
{
	bool found = false;

	take_char(&reader, '(');
	do {
		found = word_is(take_word(&reader), name) && *name;
		if (take_char(&reader, ':'))
			skip_type(&reader);
	} while (!found && take_char(&reader, ','));
	return found;
}

/* Compares the value with the fields in parentheses at hand and steps over them. On false,
 * ret_field (may be NULL) holds the name of the first wrong one. */
static bool check_fields(struct reader *reader, json_t *value, char *ret_field)
{
	struct reader start = *reader;
	const char *name = "";
	json_t *member;

	skip_fields(reader);
	if (!json_is_object(value))
		return false;
	json_object_foreach(value, name, member)
		if (!has_field(start, name)) {
			if (ret_field)
				copy_name(ret_field, name, strlen(name));
			return false;
		}
	take_char(&start, '(');
	do {
		struct word word = take_word(&start);
		char field[VARLINK_FIELD_MAX];

		if (word.len == 0)
			break;
		copy_name(field, word.start, word.len);
		take_char(&start, ':');
		if (!check_type(&start, json_object_get(value, field))) {
			if (ret_field)
				strcpy(ret_field, field);
			return false;
		}
	} while (take_char(&start, ','));
	return true;
}

/* Every element of an array or of a map has the type at hand. Steps over it. */
static bool check_elements(struct reader *reader, json_t *value, bool map)
{
	struct reader element = *reader;
	const char *name;
	json_t *member;
	size_t i;

	skip_type(reader);
	if (map ? !json_is_object(value) : !json_is_array(value))
		return false;
	json_array_foreach(value, i, member) {
		struct reader again = element;

		if (!check_type(&again, member))
			return false;
	}
	json_object_foreach(value, name, member) {
		struct reader again = element;

		if (!check_type(&again, member))
			return false;
	}
	return true;
}

static bool check_named(struct reader *reader, json_t *value)
{
	struct word word = take_word(reader);
	struct reader alias;

	if (word_is(word, "bool"))
		return json_is_boolean(value);
	if (word_is(word, "int"))
		return json_is_integer(value);
	if (word_is(word, "float"))
		return json_is_number(value);
	if (word_is(word, "string"))
		return json_is_string(value);
	if (word_is(word, "object"))
		return json_is_object(value);
	return find_member(&alias, reader->text, "type", word) && check_type(&alias, value);
}

/* Compares a value (NULL: absent) with the type at hand and steps over the type. */
static bool check_type(struct reader *reader, json_t *value)
{
	bool map;

	if (take_char(reader, '?') && (!value || json_is_null(value))) {
		skip_type(reader);
		return true;
	}
	if (take_brackets(reader, &map))
		return check_elements(reader, value, map);
	if (is_enum(*reader))
		return check_enum(reader, value);
	skip_space(reader);
	if (*reader->at == '(')
		return check_fields(reader, value, NULL);
	return check_named(reader, value);
}

bool varlink_idl_has_method(const char *description, const char *method)
{
	struct reader reader;

	return find_member(&reader, description, "method",
			   (struct word){ method, strlen(method) });
}

int varlink_idl_check(const char *description, const char *method, enum varlink_side side,
		      json_t *object, char *ret_field)
{
	struct reader reader;

	ret_field[0] = '\0';
	if (!find_member(&reader, description, "method", (struct word){ method, strlen(method) }))
		return -ENOENT;
	if (side == VARLINK_REPLY) {
		skip_type(&reader);
		take_char(&reader, '-');
		take_char(&reader, '>');
	}
	return check_fields(&reader, object, ret_field) ? 0 : -EINVAL;
}
