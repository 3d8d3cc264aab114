/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the controller of generic netlink, and the shape that all families share. */
#include <errno.h>
#include <string.h>

#include "edge/netlink/genl.h"

int genl_command(const struct nlmsghdr *message)
{
	struct genlmsghdr header;
	int r = nl_attr_get_header(message, &header, sizeof(header));

	return r < 0 ? r : header.cmd;
}

int genl_walk(const struct nlmsghdr *message, nl_attr_fn take, void *userdata)
{
	return nl_attr_walk_message(message, sizeof(struct genlmsghdr), take, userdata);
}

/* What one message says of a family. */
struct family_message {
	char name[GENL_NAMSIZ];
	uint16_t id;
	struct nl_attr groups; /* data is NULL without */
};

static int take_family(const struct nl_attr *attr, void *userdata)
{
	struct family_message *whole = userdata;

	switch (attr->type) {
	case CTRL_ATTR_FAMILY_NAME:
		return nl_attr_get_text(attr, whole->name, sizeof(whole->name));
	case CTRL_ATTR_FAMILY_ID:
		return nl_attr_get_bytes(attr, &whole->id, sizeof(whole->id));
	case CTRL_ATTR_MCAST_GROUPS:
		whole->groups = *attr;
		return 0;
	default:
		return 0;
	}
}

/* The group that is looked for, and the one at hand. */
struct group_search {
	const char *wanted;
	uint32_t found; /* 0: not yet */
	char name[GENL_NAMSIZ];
	uint32_t id;
};

static int take_group(const struct nl_attr *attr, void *userdata)
{
	struct group_search *search = userdata;

	switch (attr->type) {
	case CTRL_ATTR_MCAST_GRP_NAME:
		return nl_attr_get_text(attr, search->name, sizeof(search->name));
	case CTRL_ATTR_MCAST_GRP_ID:
		return nl_attr_get_u32(attr, &search->id);
	default:
		return 0;
	}
}

static int take_groups(const struct nl_attr *attr, void *userdata)
{
	struct group_search *search = userdata;
	int r;

	search->name[0] = '\0';
	search->id = 0;
	r = nl_attr_walk_nest(attr, take_group, search);
	if (r == 0 && search->wanted && strcmp(search->name, search->wanted) == 0)
		search->found = search->id;
	return r;
}

static struct genl_family *find_family(struct genl_family *families, size_t count,
				       const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(families[i].name, name) == 0)
			return &families[i];
	}
	return NULL;
}

int genl_parse_family(const struct nlmsghdr *message, struct genl_family *families, size_t count)
{
	struct family_message whole = { 0 };
	struct group_search search = { 0 };
	struct genl_family *family;
	int r = genl_command(message);

	if (r < 0)
		return r;
	if (message->nlmsg_type != GENL_ID_CTRL || r != CTRL_CMD_NEWFAMILY)
		return 0;
	r = genl_walk(message, take_family, &whole);
	if (r < 0)
		return r;
	family = find_family(families, count, whole.name);
	search.wanted = family ? family->group : NULL;
	if (whole.groups.data)
		r = nl_attr_walk_nest(&whole.groups, take_groups, &search);
	if (r < 0 || !family)
		return r;
	if (whole.id < NLMSG_MIN_TYPE)
		return -EBADMSG;
	family->id = whole.id;
	family->group_id = search.found;
	return 0;
}

bool genl_is_family_event(const struct nlmsghdr *message)
{
	int command = genl_command(message);

	return message->nlmsg_type == GENL_ID_CTRL &&
	       (command == CTRL_CMD_NEWFAMILY || command == CTRL_CMD_DELFAMILY);
}
