/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/guard_others.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/firewall/fallback.h"
#include "daemon/firewall/marker.h"

int guard_others_check(const struct guard_others *others, bool *ret_ok, FILE *diff,
		       char **ret_error)
{
	bool marks_ok = true, fallback_ok = true;
	int r = others->marker ? marker_check(others->marker, &marks_ok, diff, ret_error) : 0;

	if (r == 0 && others->fallback)
		r = fallback_check(others->fallback, &fallback_ok, diff, ret_error);
	if (r == 0)
		*ret_ok = marks_ok && fallback_ok;
	return r;
}

int guard_others_mend(const struct guard_others *others, char **ret_error)
{
	bool ok = true;
	int r = others->marker ? marker_check(others->marker, &ok, NULL, ret_error) : 0;

	if (r == 0 && !ok)
		r = marker_mend(others->marker, ret_error);
	ok = true;
	if (r == 0 && others->fallback)
		r = fallback_check(others->fallback, &ok, NULL, ret_error);
	if (r == 0 && !ok)
		r = fallback_mend(others->fallback, ret_error);
	return r;
}

void guard_others_print(const struct guard_others *others, FILE *out)
{
	if (others->marker)
		marker_print(others->marker, out);
	if (others->fallback)
		fallback_print(others->fallback, out);
}

bool guard_others_bridge(const struct guard_others *others)
{
	return others->fallback && fallback_bridge(others->fallback);
}

uint64_t guard_others_bridged_ns(const struct guard_others *others)
{
	return others->fallback ? fallback_bridged_ns(others->fallback) : 0;
}

void guard_others_bridge_end(const struct guard_others *others)
{
	if (others->fallback)
		fallback_bridge_end(others->fallback);
}

void guard_others_retire(struct firewall *firewall)
{
	char *error = NULL;

	if (firewall_retire_others(firewall, &error) < 0)
		log_warning("firewall: cannot remove what another backend may have left: %s",
			    error ? error : "no reason given");
	free(error);
}
