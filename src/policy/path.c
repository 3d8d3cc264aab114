/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/path.h"

#include <stddef.h>
#include <string.h>

static bool address_equal(bool has_a, const struct address *a, bool has_b, const struct address *b)
{
	if (has_a != has_b)
		return false;
	return !has_a || (a->family == b->family && memcmp(a->bytes, b->bytes, ADDRESS_MAX) == 0);
}

bool path_question_equal(const struct path_question *a, const struct path_question *b)
{
	return address_equal(true, &a->destination, true, &b->destination) &&
	       address_equal(a->has_source, &a->source, b->has_source, &b->source) &&
	       a->iif == b->iif && a->oif == b->oif && a->mark == b->mark &&
	       a->has_uid == b->has_uid && a->uid == b->uid && a->protocol == b->protocol &&
	       a->sport == b->sport && a->dport == b->dport;
}

const char *path_source_name(enum path_source source)
{
	static const char *const names[] = {
		[PATH_UNKNOWN] = NULL,
		[PATH_ROUTE] = "route",
		[PATH_LINK] = "link",
		[PATH_HINT] = "kernel_hint",
		[PATH_PROBE] = "probe",
		[PATH_CONFIG] = "config",
		[PATH_OVERRIDE] = "override",
	};

	return names[source];
}
