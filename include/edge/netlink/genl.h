/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic netlink: families by name, and what their readers share (include/uapi/linux/genetlink.h,
 * net/netlink/genetlink.c).
 *
 * Families come and go with kernel modules, and their numbers change then. One that is not there is
 * no error: its reader has nothing to tell. Nothing here makes the kernel load a module: asking for
 * one family by its name would (ctrl_getfamily), so all are listed instead. */
#pragma once

#include <linux/genetlink.h>

#include "edge/netlink/nl.h"
#include "edge/netlink/nl_attr.h"
#include "policy/tunnel/peer.h"

struct genl_family {
	const char *name;  /* what to look for: "wireguard" */
	const char *group; /* its multicast group of events, NULL for none */
	uint16_t id;       /* the type of its messages; 0: it is not there */
	uint32_t group_id; /* of the multicast group; 0: there is none */
};

/* A socket for questions that keeps nothing of what it read (nl_wipe). Returns 0 and it, owned, or
 * -errno. */
int genl_open(struct nl **ret_nl);

/* Looks for each of the families: one dump. On success alone id and group_id of each are written.
 * Returns 0 or -errno. */
int genl_find(struct nl *nl, struct genl_family *families, size_t count);

/* A socket that hears of families that come and go, and of the events of those that are there.
 * Returns 0 and it, owned, or -errno. */
int genl_open_events(const struct genl_family *families, size_t count, struct nl **ret_nl);
/* Joins the group of a family that came later; joining twice is fine. Returns 0 (also where the
 * family or the group is not there) or -errno. */
int genl_join(struct nl *events, const struct genl_family *family);

/* Pure. Whether an event tells that a family came or went: find and join anew. */
bool genl_is_family_event(const struct nlmsghdr *message);

/* Pure. What one CTRL_CMD_NEWFAMILY says of any of the families: writes id and group_id of that
 * one; other messages and other families change nothing. Returns 0, or -EBADMSG with nothing
 * written. */
int genl_parse_family(const struct nlmsghdr *message, struct genl_family *families, size_t count);

/* The command of a message. Returns it, or -EBADMSG where the message is too short to have one. */
int genl_command(const struct nlmsghdr *message);
/* Hands over each attribute of a message: as nl_attr_walk_message. */
int genl_walk(const struct nlmsghdr *message, nl_attr_fn take, void *userdata);

#define GENL_REQUEST_SIZE 128 /* bytes; the largest of ours has one attribute: 28 */

struct genl_request {
	_Alignas(struct nlmsghdr) uint8_t bytes[GENL_REQUEST_SIZE];
};
/* Begins a request; all families of ours have version 1 or do not look at it. Returns the message
 * inside request. */
struct nlmsghdr *genl_request_init(struct genl_request *request, uint16_t family, uint8_t command);

/* Frees the peers from place count on: what an interrupted dump has told. */
void genl_forget_peers(struct peer_list *peers, size_t count);
