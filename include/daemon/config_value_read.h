/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readers behind config_value_read whose values are text, and what readers share. */
#pragma once

#include "daemon/config_value.h"

/* Fills what its kind needs of *value, which is zeroed before, and its JSON (NULL: out of memory).
 * Returns 0, or -EINVAL with the reason printed into problem. */
typedef int value_reader(const struct config_row *row, const config_setting_t *setting,
			 struct config_value *value, FILE *problem);

value_reader value_read_text;
value_reader value_read_words;
value_reader value_read_word;
value_reader value_read_mark;
value_reader value_read_prefix;

/* Print what was found and what the row wants; both return -EINVAL. */
int value_wrong_type(const struct config_row *row, const config_setting_t *setting, FILE *problem);
int value_out_of_range(const struct config_row *row, const config_setting_t *setting,
		       FILE *problem);

static inline bool value_is_integer(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_INT ||
	       config_setting_type(setting) == CONFIG_TYPE_INT64;
}
