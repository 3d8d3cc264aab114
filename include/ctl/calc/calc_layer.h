/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One layer of a stack: from JSON to what overhead_apply takes, by the rows of the table. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "ctl/calc/calc_error.h"
#include "policy/overhead/encap.h"

struct calc_layer {
	size_t number;            /* from 1, for errors */
	json_t *input, *notes;    /* borrowed: what was given is added to them */
	struct calc_error *error; /* borrowed */
	struct encap encap;       /* filled */
	const char *cipher, *auth; /* borrowed from the object that is read */
};

/* Reads {"type":"wireguard","outer":6}. Returns 0, -EINVAL with error, or -ENOMEM. */
int calc_layer_read(struct calc_layer *layer, const json_t *object);
