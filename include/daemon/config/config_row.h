/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a row of the table and saying what it wants. */
#pragma once

#include <stdio.h>

#include "daemon/config/config_table.h"

/* The row of `name` inside `group` (NULL: outside all groups), or NULL. */
const struct config_row *config_row_find(const char *group, const char *name);
const struct config_row *config_key_find(const struct config_list *list, const char *name);
const struct config_list *config_list_find(const char *name);
bool config_group_exists(const char *name);
/* The length of the group's name in a row's path, 0 where it stands outside all groups. */
size_t config_row_group_len(const struct config_row *row);
/* The row's name without its group. */
const char *config_row_name(const struct config_row *row);

/* Prints what stands closest to `name` among the names valid at that place, as an error says it:
 * "unknown name, did you mean 'first'?", or all of them where none is near. */
void config_row_print_unknown(FILE *out, const char *group, const char *name);
void config_row_print_unknown_key(FILE *out, const struct config_list *list, const char *name);

/* Prints the range: "88 to 65495 bytes", "true or false", "one of "queue", "audit"". */
void config_row_print_range(FILE *out, const struct config_row *row);
/* Prints its words, each in quotes. */
void config_row_print_words(FILE *out, const struct config_row *row);
/* Prints what the row wants, with its type: "an integer, 88 to 65495 bytes". */
void config_row_print_wanted(FILE *out, const struct config_row *row);
