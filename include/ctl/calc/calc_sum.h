/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of a stack: the sum of its layers, the MSS, and what was taken for granted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "core/packet.h"
#include "ctl/calc/calc_stack.h"

struct calc_sum_layer {
	const struct encap *encap; /* borrowed from the stack */
	uint32_t before;           /* bytes that come in */
	struct overhead overhead;
	struct overhead_steps steps;
};

struct calc_sum {
	struct calc_sum_layer layers[CALC_LAYERS_MAX];
	size_t count;
	uint32_t path_mtu, overhead, inner_mtu; /* bytes */
	bool carries[FAMILY_COUNT];   /* whether packets of the family get through */
	int mss[FAMILY_COUNT];        /* bytes; 0: that family cannot be carried, or hardly */
	json_t *assumes;              /* owned: texts */
	char *broken;                 /* owned: why no packet gets through, or NULL */
};

/* Borrows the stack, which must outlive the sum. Returns 0, -EMSGSIZE where a layer does not fit
 * into what is left of the path (error says which), or -ENOMEM; calc_sum_free in any case, NULL is
 * fine. */
int calc_sum_make(const struct calc_stack *stack, struct calc_sum **ret_sum,
		  struct calc_error *error);
void calc_sum_free(struct calc_sum *sum);

/* {"schema":1,"inputs":{},"steps":[],...} of share/schema/calc.json. Returns owned, or NULL. */
json_t *calc_sum_to_json(const struct calc_sum *sum, const struct calc_stack *stack);
