/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack of tunnels as somebody described it: layers from the wire inwards, as words or JSON. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/calc/calc_error.h"
#include "policy/overhead/overhead.h"

#define CALC_LAYERS_MAX 32
#define CALC_PATH_MIN 68 /* RFC 791: every link takes that */
#define CALC_PATH_MAX 65535
#define CALC_PATH_DEFAULT 1500 /* Ethernet */

struct calc_stack {
	uint32_t path_mtu; /* bytes */
	struct encap layers[CALC_LAYERS_MAX];
	size_t count;
	json_t *inputs;    /* owned: what was given, as --stack takes it, without nulls */
	json_t *notes;     /* owned: texts about keys that change nothing */
};

/* Reads {"path_mtu":1500,"layers":[{"type":"pppoe"},...]}. Borrows object. Returns 0, -EINVAL with
 * error, or -ENOMEM; calc_stack_done and calc_error_done in any case. */
int calc_stack_from_json(const json_t *object, struct calc_stack *ret, struct calc_error *error);

/* Turns layers as words ("wireguard:outer=6,ifmtu=1420") into that object. Returns owned; NULL with
 * error, whose message is NULL where memory ran out. */
json_t *calc_stack_from_words(char *const *words, size_t count, struct calc_error *error);

void calc_stack_done(struct calc_stack *stack);
