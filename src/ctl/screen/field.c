/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/field.h"

#include <string.h>

const char *field_string(const json_t *object, const char *key, const char *fallback)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : fallback;
}

bool field_is(const json_t *object, const char *key, const char *word)
{
	return strcmp(field_string(object, key, ""), word) == 0;
}

const json_t *field_find(const json_t *array, const char *key, const char *word)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (field_is(json_array_get(array, i), key, word))
			return json_array_get(array, i);
	return NULL;
}

uint64_t field_count(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

double field_real(const json_t *object, const char *key, double fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : fallback;
}
