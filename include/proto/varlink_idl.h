/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Varlink interface description (varlink.org/Interface-Definition) says of a method. The
 * text is read where it is needed: it is the one source of names and types. It is ours and
 * trusted: text that is no description gives answers without meaning, but no access outside of
 * it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum varlink_side {
	VARLINK_PARAMETERS, /* what a call carries: left of -> */
	VARLINK_REPLY,      /* what comes back: right of -> */
};

#define VARLINK_FIELD_MAX 64 /* bytes of a field name, its NUL included; longer ones are cut */

/* Whether the description has this method. */
bool varlink_idl_has_method(const char *description, const char *method);

/* Compares an object with the named side of a method: no field of another name, none of another
 * type, none missing unless its type has a `?`; null is absent. Nested types too, to any depth
 * of object. Returns 0, -ENOENT (no such method) or -EINVAL with the outermost field that is
 * wrong in ret_field (VARLINK_FIELD_MAX bytes). */
int varlink_idl_check(const char *description, const char *method, enum varlink_side side,
		      json_t *object, char *ret_field);
