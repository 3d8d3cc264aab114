/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration's `tunnels` say of one tunnel: of each part the first entry that does. */
#include <fnmatch.h>
#include <string.h>

#include "policy/tunnel/tunnel_resolve.h"

static bool says(const struct tunnel_override *override, enum override_part part)
{
	switch (part) {
	case OVERRIDE_PATH_MTU:
		return override->path_mtu != 0;
	case OVERRIDE_EXTRA:
		return override->extra != 0;
	case OVERRIDE_OVER:
		return override->over != NULL;
	case OVERRIDE_ENCAP:
		return override->has_encap;
	case OVERRIDE_PARTS:
		break;
	}
	return false;
}

static struct tunnel_matches match(const struct tunnel_set *set, const char *tunnel)
{
	struct tunnel_matches matches = { .tunnel = tunnel };

	for (size_t i = 0; i < set->private->override_count; i++) {
		const struct tunnel_override *override = &set->private->overrides[i];

		if (fnmatch(override->match, tunnel, 0) != 0)
			continue;
		for (enum override_part part = 0; part < OVERRIDE_PARTS; part++) {
			if (!matches.found[part] && says(override, part))
				matches.found[part] = override;
		}
	}
	return matches;
}

const struct tunnel_override *tunnel_find_override(struct tunnel_set *set, const char *tunnel,
						   enum override_part part)
{
	struct tunnel_matches *matches = &set->private->matches;

	if (matches->tunnel != tunnel)
		*matches = match(set, tunnel);
	return matches->found[part];
}

bool tunnel_set_is_overridden(const struct tunnel_set *set, const char *tunnel)
{
	const struct tunnel_matches matches = match(set, tunnel);

	return matches.found[OVERRIDE_PATH_MTU] || matches.found[OVERRIDE_EXTRA] ||
	       matches.found[OVERRIDE_OVER];
}

const char *tunnel_set_lost_over(const struct tunnel_set *set, const char *tunnel)
{
	const struct tunnel_override *override = match(set, tunnel).found[OVERRIDE_OVER];

	if (!override)
		return NULL;
	for (size_t i = 0; i < set->link_count; i++) {
		if (strcmp(set->links[i].name, override->over) == 0 &&
		    strcmp(override->over, tunnel) != 0)
			return NULL;
	}
	return override->over;
}
