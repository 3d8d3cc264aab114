/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs into JSON objects and back, by a table with a row for each field. Pure.
 *
 * A field holds a text (char *, NULL without), a number (int64_t), a flag (bool), texts or records
 * (RECORD_LIST). What a record holds it owns. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_WHY_MAX 160 /* bytes a ret_why must have room for, its NUL included */

/* A growing list inside a record; texts are RECORD_LIST(char *). */
#define RECORD_LIST(type)               \
	struct {                        \
		type *list;             \
		size_t count, capacity; \
	}

enum record_type { RECORD_TEXT, RECORD_NUMBER, RECORD_FLAG, RECORD_TEXTS, RECORD_RECORDS };

struct record_shape;

struct record_field {
	const char *key;
	enum record_type type;
	bool required; /* a record without it is refused; else absent is NULL, 0, false, empty */
	bool quiet;    /* a difference here alone is none, see record_equal */
	size_t offset; /* of the field in the struct */
	int64_t min, max;               /* of a number; max: most elements of records, 0 any */
	bool (*fits)(const char *text); /* whether a text may stand here; NULL: any */
	const struct record_shape *shape; /* of records */
};

struct record_shape {
	size_t size; /* of the struct */
	const struct record_field *fields;
	size_t count;
};

/* Borrows the record. A field that is NULL, 0, false or empty is left out. Text that is no UTF-8
 * has '?' for each byte that is wrong. Returns owned, or NULL (out of memory). */
json_t *record_format(const struct record_shape *shape, const void *record);

/* Returns 0 and an owned record, -EBADMSG with ret_why (RECORD_WHY_MAX bytes of printable ASCII)
 * where anything is missing, of the wrong type or out of range, or -ENOMEM; then *ret_record is
 * all 0. Keys that the table does not know are stepped over, null counts as absent. */
int record_parse(const struct record_shape *shape, const json_t *object, void *ret_record,
		 char *ret_why);

/* Returns 0 and an owned copy, -EBADMSG where the table would refuse what the record holds, or
 * -ENOMEM; then *ret_copy is all 0. */
int record_copy(const struct record_shape *shape, const void *record, void *ret_copy);

/* Frees what the record owns and zeroes it. */
void record_done(const struct record_shape *shape, void *record);

/* Whether both hold the same; with quiet_too false, fields marked quiet do not count. */
bool record_equal(const struct record_shape *shape, const void *a, const void *b, bool quiet_too);

/* Appends zeroes to a list of elements of this size; list points to a RECORD_LIST. Returns the new
 * element, borrowed until the next append, or NULL (out of memory). */
void *record_append(void *list, size_t size);

/* Appends a copy of a text. Returns 0 or -ENOMEM. */
int record_append_text(void *texts, const char *text);
