/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading replies: what is missing or of another type is unknown, never a crash. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A string field, borrowed; fallback where it is no string. */
const char *field_string(const json_t *object, const char *key, const char *fallback);
/* Whether the string field is that word. */
bool field_is(const json_t *object, const char *key, const char *word);
/* The first object of an array whose string field is that word; borrowed, NULL: none. */
const json_t *field_find(const json_t *array, const char *key, const char *word);
/* A non-negative integer; 0 where there is none. */
uint64_t field_count(const json_t *object, const char *key);
/* A number, integer or real; fallback where there is none. */
double field_real(const json_t *object, const char *key, double fallback);
