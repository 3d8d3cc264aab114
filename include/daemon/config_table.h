/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of settings. Reading, checks, defaults, the example file and the manual page are
 * made from these rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_kind {
	KIND_BOOL,
	KIND_UINT,     /* min to max, in `unit` */
	KIND_REAL,     /* the same, with a fraction */
	KIND_BITS,     /* bits of a packet mark */
	KIND_DURATION, /* "10m" or seconds; min and max in seconds, kept in nanoseconds */
	KIND_TEXT,     /* min to max bytes of UTF-8 without control characters */
	KIND_FILE,     /* the same, an absolute path */
	KIND_WORD,     /* one of `words`; kept as its place in the list, or as text */
	KIND_WORDS,    /* an array of `words`; kept as bits by their places */
	KIND_MARK,     /* value or "value/mask" */
	KIND_PREFIX,   /* address or prefix of either family */
};

struct config_row {
	const char *path;     /* "queues.first"; inside a list entry the bare key */
	enum config_kind kind;
	uint64_t min, max;
	const char *unit;     /* behind the range, "" without */
	const char *preset;   /* the default as one would write it; NULL in list entries */
	const char *const *words;
	unsigned int inactive; /* ROW_INACTIVE, or bits of the words that come in a later version */
	bool needs_restart;
	const char *instead;  /* what happens instead; may be NULL for a whole setting */
	size_t offset, size;  /* of the field: in struct config, or what the list fills */
	const char *help;     /* one line without full stop */
};

#define ROW_INACTIVE UINT32_MAX /* the whole setting */

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/* Lists whose entries are groups; entries of several files add up. */
struct config_list {
	const char *name;
	const struct config_row *keys;
	size_t key_count;
	bool inactive;
	const char *help;          /* sentences for the example file */
	const char *const *example; /* entries, NULL-terminated */
};

/* Places in the keys of config_rules, and of the one key that config_tunnels cannot do without. */
enum {
	RULE_KEY_INTERFACE, RULE_KEY_PREFIX, RULE_KEY_PEER, RULE_KEY_MARK, RULE_KEY_FAMILY,
	RULE_KEY_MSS, RULE_KEY_MTU, RULE_KEY_IGNORE, RULE_KEY_COUNT
};
enum { TUNNEL_KEY_MATCH };

#define CONFIG_KEYS_MAX 8 /* no list has more keys */

extern const struct config_list config_rules, config_tunnels;

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
void config_print_unknown(FILE *out, const char *group, const char *name);
void config_print_unknown_key(FILE *out, const struct config_list *list, const char *name);

/* Prints the range: "88 to 65495 bytes", "true or false", "one of "queue", "audit"". */
void config_row_print_range(FILE *out, const struct config_row *row);
/* Prints its words, each in quotes. */
void config_row_print_words(FILE *out, const struct config_row *row);
/* Prints what the row wants, with its type: "an integer, 88 to 65495 bytes". */
void config_row_print_wanted(FILE *out, const struct config_row *row);
