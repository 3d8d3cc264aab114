/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/ipsec/ipsec_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"

static uint32_t if_id_of(const struct link *link)
{
	return link->if_id;
}

static uint32_t out_key_of(const struct link *link)
{
	return link->out_key;
}

static int compare_if_ids(const void *a, const void *b)
{
	return array_order((*(const struct link *const *)a)->if_id,
			   (*(const struct link *const *)b)->if_id);
}

static int compare_out_keys(const void *a, const void *b)
{
	return array_order((*(const struct link *const *)a)->out_key,
			   (*(const struct link *const *)b)->out_key);
}

int ipsec_links_build(const struct link *links, size_t count, struct ipsec_links *ret_links)
{
	/* One more, for an allocation of 0 is nothing one can tell from a failure. */
	struct ipsec_links found = {
		.xfrm = calloc(count + 1, sizeof(struct link *)),
		.vti = calloc(count + 1, sizeof(struct link *)),
	};

	if (!found.xfrm || !found.vti) {
		ipsec_links_done(&found);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct link *link = &links[i];

		if (link_is_kind(link, "vti") || link_is_kind(link, "vti6"))
			found.vti[found.vti_count++] = link;
		else if (link_is_kind(link, "xfrm") && link->if_id)
			found.xfrm[found.xfrm_count++] = link;
		else if (link_is_kind(link, "xfrm") && link->per_flow)
			found.external = link;
	}
	qsort(found.xfrm, found.xfrm_count, sizeof(struct link *), compare_if_ids);
	qsort(found.vti, found.vti_count, sizeof(struct link *), compare_out_keys);
	*ret_links = found;
	return 0;
}

void ipsec_links_done(struct ipsec_links *links)
{
	free(links->xfrm);
	free(links->vti);
	*links = (struct ipsec_links){ 0 };
}

/* The first of the sorted links whose number is not smaller. */
static size_t find_place(const struct link *const *links, size_t count,
			 uint32_t (*number_of)(const struct link *link), uint32_t number)
{
	size_t low;

	SEARCH_FIRST(low, count, i, number_of(links[i]) < number);
	return low;
}

static bool address_fits(bool has, const struct address *mine, const struct address *wanted)
{
	return !has || (mine->family == wanted->family &&
			memcmp(mine->bytes, wanted->bytes, ADDRESS_MAX) == 0);
}

/* A vti drops what would not be wrapped first in a tunnel between its own addresses. */
static bool is_vti_of(const struct link *link, const struct ipsec_policy *policy)
{
	const struct ipsec_template *first = &policy->templates[0];

	return (link->has_local || link->has_remote) &&
	       (link->out_key & policy->mark.mask) == policy->mark.value &&
	       policy->template_count > 0 && first->mode == IPSEC_TUNNEL &&
	       address_fits(link->has_local, &link->local, &first->source) &&
	       address_fits(link->has_remote, &link->remote, &first->destination);
}

static const struct link *find_vti(const struct ipsec_links *links,
				   const struct ipsec_policy *policy)
{
	bool whole = policy->mark.mask == UINT32_MAX;
	size_t i = 0;

	if (policy->mark.mask == 0)
		return NULL;
	if (whole)
		i = find_place(links->vti, links->vti_count, out_key_of, policy->mark.value);
	for (; i < links->vti_count; i++) {
		if (is_vti_of(links->vti[i], policy))
			return links->vti[i];
		if (whole && links->vti[i]->out_key != policy->mark.value)
			break;
	}
	return NULL;
}

enum ipsec_owner ipsec_links_find(const struct ipsec_links *links,
				  const struct ipsec_policy *policy, uint32_t *ret_ifindex)
{
	const struct link *link;
	size_t place;

	if (policy->if_id == 0) {
		link = find_vti(links, policy);
		if (!link)
			return IPSEC_NO_LINK;
		*ret_ifindex = link->ifindex;
		return IPSEC_OWN_LINK;
	}
	place = find_place(links->xfrm, links->xfrm_count, if_id_of, policy->if_id);
	link = place < links->xfrm_count && links->xfrm[place]->if_id == policy->if_id ?
	       links->xfrm[place] : links->external;
	if (!link)
		return IPSEC_LINK_GONE;
	*ret_ifindex = link->ifindex;
	return IPSEC_OWN_LINK;
}
