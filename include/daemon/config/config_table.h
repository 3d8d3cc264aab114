/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of settings. Reading, checks, defaults, error texts and the shipped file
 * conf/mssclamp.conf are made from these rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	unsigned int inactive; /* bits of the words that come in a later version */
	bool needs_restart;
	const char *instead;  /* what happens instead */
	size_t offset, size;  /* of the field: in struct config, or what the list fills */
	const char *help;     /* one line without full stop */
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/* Lists whose entries are groups; entries of several files add up. */
struct config_list {
	const char *name;
	const struct config_row *keys;
	size_t key_count;
	const char *help;          /* sentences for the shipped file */
	const char *const *example; /* entries, NULL-terminated */
};

/* Places in the keys of config_rules, and those of config_tunnels that are looked at together. */
enum {
	RULE_KEY_INTERFACE, RULE_KEY_PREFIX, RULE_KEY_PEER, RULE_KEY_MARK, RULE_KEY_FAMILY,
	RULE_KEY_MSS, RULE_KEY_MTU, RULE_KEY_IGNORE, RULE_KEY_COUNT
};
enum { TUNNEL_KEY_MATCH, TUNNEL_KEY_KIND, TUNNEL_KEY_CIPHER, TUNNEL_KEY_AUTH };

#define CONFIG_KEYS_MAX 8 /* no list has more keys */

extern const struct config_list config_rules, config_tunnels;
