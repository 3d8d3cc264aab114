/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/overhead/encap.h"

#include <string.h>

static const char *const kind_names[ENCAP_KIND_COUNT] = {
	[ENCAP_NONE] = "none",
#define NAME(name, word) [ENCAP_##name] = #word,
	ENCAP_KINDS(NAME)
#undef NAME
};

const char *encap_kind_name(enum encap_kind kind)
{
	return kind_names[kind];
}

enum encap_kind encap_kind_find(const char *name)
{
	for (size_t kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		if (strcmp(kind_names[kind], name) == 0)
			return (enum encap_kind)kind;
	return ENCAP_NONE;
}

bool encap_stacks_equal(const struct encap *a, size_t a_count, const struct encap *b,
			size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (a[i].kind != b[i].kind || a[i].given != b[i].given ||
		    memcmp(a[i].value, b[i].value, sizeof(a[i].value)) != 0)
			return false;
	}
	return true;
}
