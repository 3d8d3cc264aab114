/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/genl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY_VERSION 1
/* The controller's own group "notify" has the controller's number
 * (genl_validate_assign_mc_groups). */
#define CTRL_GROUP GENL_ID_CTRL

int genl_open(struct nl **ret_nl)
{
	int r = nl_open(NETLINK_GENERIC, 0, ret_nl);

	if (r == 0)
		nl_wipe(*ret_nl);
	return r;
}

struct nlmsghdr *genl_request_init(struct genl_request *request, uint16_t family, uint8_t command)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = family;
	header->cmd = command;
	header->version = FAMILY_VERSION;
	return message;
}

/* The families as a dump fills them in. */
struct search {
	struct genl_family *families;
	size_t count;
};

static int take_family(const struct nlmsghdr *message, void *userdata)
{
	struct search *search = userdata;

	return genl_parse_family(message, search->families, search->count);
}

static void forget_families(void *userdata)
{
	struct search *search = userdata;

	for (size_t i = 0; i < search->count; i++) {
		search->families[i].id = 0;
		search->families[i].group_id = 0;
	}
}

int genl_find(struct nl *nl, struct genl_family *families, size_t count)
{
	struct search search = { calloc(count, sizeof(*families)), count };
	struct genl_request request;
	int r;

	if (!search.families)
		return -ENOMEM;
	memcpy(search.families, families, count * sizeof(*families));
	forget_families(&search);
	r = nl_dump(nl, genl_request_init(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY), take_family,
		    forget_families, &search);
	if (r == 0)
		memcpy(families, search.families, count * sizeof(*families));
	free(search.families);
	return r;
}

int genl_join(struct nl *events, const struct genl_family *family)
{
	return family->group_id ? nl_join(events, family->group_id) : 0;
}

int genl_open_events(const struct genl_family *families, size_t count, struct nl **ret_nl)
{
	struct nl *nl;
	int r = nl_open(NETLINK_GENERIC, 0, &nl);

	if (r < 0)
		return r;
	r = nl_join(nl, CTRL_GROUP);
	for (size_t i = 0; i < count && r == 0; i++)
		r = genl_join(nl, &families[i]);
	if (r < 0) {
		nl_close(nl);
		return r;
	}
	*ret_nl = nl;
	return 0;
}

void genl_forget_peers(struct peer_list *peers, size_t count)
{
	while (peers->count > count)
		peer_done(&peers->list[--peers->count]);
}
