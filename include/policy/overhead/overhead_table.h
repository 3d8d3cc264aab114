/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the overhead table: what calc and the configuration may say of each kind, and the
 * sum of its headers. overhead_apply, the errors and help of calc and the manual page read them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/overhead/overhead.h"

enum overhead_type {
	OVERHEAD_FLAG,   /* true or false; where max is over 1, any number up to it is true */
	OVERHEAD_BYTES,
	OVERHEAD_NUMBER,
	OVERHEAD_WORD,   /* one of the words of its use; the value is its place */
	OVERHEAD_NAME,   /* an algorithm: see encap_set_openvpn_cipher and encap_set_esp_cipher */
};

/* A key, whatever the kind. */
struct overhead_key {
	const char *name;
	enum overhead_type type;
	uint16_t min, max;
	uint16_t bare; /* value of the key alone or of true; 0: it needs a value */
};
const struct overhead_key *overhead_key(enum encap_key key);
/* Returns ENCAP_KEY_COUNT where there is no such key. */
enum encap_key overhead_key_find(const char *name);

/* A key at one kind. A list of them ends with a row without help. */
struct overhead_use {
	enum encap_key key;
	const char *help;         /* one line: what it is, what holds without it */
	const char *const *words; /* ended by NULL; only for OVERHEAD_WORD */
};

#define TERM_ALWAYS ENCAP_KEY_COUNT

/* One header, trailer or part of it, from the wire inwards. A list of them ends with a row without
 * what and size. */
struct overhead_term {
	const char *what;   /* NULL: the outer IP header */
	uint16_t bytes;     /* each */
	enum encap_key key; /* times its value (a flag is 1), or TERM_ALWAYS */
	uint32_t (*size)(const struct encap *encap); /* instead of both; NULL without */
};

/* The IP header that a kind puts in front, and the key that says which. */
#define TERM_OUTER { NULL, 0, TERM_ALWAYS, overhead_ip_bytes }
#define USE_OUTER { ENCAP_KEY_OUTER, "IP version of the outer header: 4 or 6; default: 4", NULL }

/* What was taken for granted: where `absent` was not given or is 0 (TERM_ALWAYS: whatever) and
 * `when` holds (NULL: always). A list of them ends with a row without text. */
struct overhead_assumption {
	enum encap_key absent;
	bool (*when)(const struct encap *encap);
	const char *text;
};

/* How far a sum has got. */
struct overhead_sum {
	uint32_t outer, left, fixed;
	struct overhead_steps *steps; /* NULL: nobody asks */
};

struct overhead_row {
	const char *title;   /* "WireGuard" */
	const char *summary; /* one line: the sum */
	const char *source;  /* where it stands: kernel file, RFC */
	const struct overhead_use *uses;
	uint64_t ignored;    /* bits of keys that are taken and change nothing at this kind */
	const struct overhead_term *terms;
	/* Padding and limits, behind the terms; NULL without. */
	void (*finish)(const struct encap *encap, struct overhead_sum *sum);
	bool has_outer;      /* puts an IP header of its own in front */
	uint8_t outer_fixed; /* 4 or 6 where the kind leaves no choice, else 0 */
	bool only[FAMILY_COUNT]; /* carries that family alone */
	const struct overhead_assumption *assumes; /* NULL: nothing */
};

/* The row of a kind, never NULL; ENCAP_NONE has one without terms. */
const struct overhead_row *overhead_row(enum encap_kind kind);
/* How the kind uses a key, or NULL. */
const struct overhead_use *overhead_use(enum encap_kind kind, enum encap_key key);

extern const struct overhead_row overhead_none;
#define OVERHEAD_ROW(name, word) extern const struct overhead_row overhead_##word;
ENCAP_KINDS(OVERHEAD_ROW)
#undef OVERHEAD_ROW

/* A value, 0 where it was not given. */
static inline uint32_t overhead_value(const struct encap *encap, enum encap_key key)
{
	return encap_has(encap, key) ? encap->value[key] : 0;
}

/* A flag that is on unless it was given as 0. */
static inline bool overhead_unless_off(const struct encap *encap, enum encap_key key)
{
	return !encap_has(encap, key) || encap->value[key];
}

/* Takes bytes off and notes the step, unless they are 0. Never below 0. */
void overhead_take(struct overhead_sum *sum, uint32_t bytes, const char *what, ...)
	__attribute__((format(printf, 3, 4)));
/* 20 or 40 by the IP version of the outer header. */
uint32_t overhead_ip_bytes(const struct encap *encap);
