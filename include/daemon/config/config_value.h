/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value of one setting: read from libconfig, checked against its row, kept. */
#pragma once

#include <jansson.h>
#include <libconfig.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/config/config_table.h"
#include "policy/prefix/prefix.h"

struct config_value {
	uint64_t number;      /* integer, 0 or 1, nanoseconds, place of word, bits of words, mark */
	uint32_t mask;        /* of a mark */
	double real;
	const char *text;     /* borrowed from libconfig or the table; texts, files and words */
	struct prefix prefix;
	json_t *json;         /* owned; equal values have equal JSON: "60s", 60 and "1m" are one */
};

/* What reads one kind: fills what that needs of *value, which is zeroed before, and its JSON (NULL:
 * out of memory). Returns 0, or -EINVAL with the reason printed into problem. */
typedef int config_value_reader(const struct config_row *row, const config_setting_t *setting,
				struct config_value *value, FILE *problem);

/* Print what was found and what the row wants instead; both return -EINVAL. */
int config_value_wrong_type(const struct config_row *row, const config_setting_t *setting,
			    FILE *problem);
int config_value_out_of_range(const struct config_row *row, const config_setting_t *setting,
			      FILE *problem);
/* Whether it was written as an integer, of 32 or 64 bits. */
bool config_value_is_integer(const config_setting_t *setting);

/* Checks the setting's type and range. On -EINVAL, `problem` has "70000 is out of range, must be 88
 * to 65495 bytes" and nothing else is written. Returns 0, -EINVAL or -ENOMEM. */
int config_value_read(const struct config_row *row, const config_setting_t *setting,
		      struct config_value *ret_value, FILE *problem);
void config_value_done(struct config_value *value);

/* Writes the value into the row's field of the struct at base; a text is copied, the one it
 * replaces freed. Returns 0 or -ENOMEM with the field as it was. */
int config_value_store(const struct config_row *row, const struct config_value *value, void *base);

/* Frees the field's text, if it is one. */
void config_value_drop(const struct config_row *row, void *base);
