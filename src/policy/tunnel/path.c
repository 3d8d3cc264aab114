/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/path.h"

#include <stddef.h>

static bool source_equal(const struct path_question *a, const struct path_question *b)
{
	if (!a->has_source || !b->has_source)
		return a->has_source == b->has_source;
	return address_equal(&a->source, &b->source);
}

bool path_question_equal(const struct path_question *a, const struct path_question *b)
{
	return address_equal(&a->destination, &b->destination) && source_equal(a, b) &&
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
