/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/tcp_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "edge/netlink/endpoint.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/nl_attr.h"
#include "edge/netlink/rtnl_request.h"

#define STATE_ESTABLISHED 1 /* TCP_ESTABLISHED, include/net/tcp_states.h */

struct reading {
	struct tcp_diag *list;
	size_t count;
};

static bool read_address(const struct inet_diag_msg *head, struct address *ret_address)
{
	if (head->idiag_family != AF_INET && head->idiag_family != AF_INET6)
		return false;
	*ret_address = endpoint_address(head->idiag_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6,
					(const uint8_t *)head->id.idiag_dst);
	return true;
}

struct parsing {
	struct tcp_diag connection;
	bool told;
};

static int take(const struct nl_attr *attr, void *userdata)
{
	uint8_t info[offsetof(struct tcp_info, tcpi_options) + 1];
	struct parsing *parsing = userdata;
	int r;

	if (attr->type != INET_DIAG_INFO)
		return 0;
	r = nl_attr_get_bytes(attr, info, sizeof(info));
	if (r < 0)
		return r;
	parsing->connection.timestamps = (info[sizeof(info) - 1] & TCPI_OPT_TIMESTAMPS) != 0;
	parsing->told = true;
	return 0;
}

bool tcp_diag_parse(const struct nlmsghdr *message, struct tcp_diag *ret_connection)
{
	struct parsing parsing = { .told = false };
	struct inet_diag_msg head;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    nl_attr_get_header(message, &head, sizeof(head)) < 0 ||
	    !read_address(&head, &parsing.connection.remote) ||
	    nl_attr_walk_message(message, sizeof(head), take, &parsing) < 0 || !parsing.told)
		return false;
	*ret_connection = parsing.connection;
	return true;
}

static int on_message(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;

	if (reading->count < TCP_DIAG_MAX &&
	    tcp_diag_parse(message, &reading->list[reading->count]))
		reading->count++;
	return 0;
}

static int ask_family(struct nl *nl, uint8_t family, uint16_t remote_port, struct reading *reading)
{
	struct request request;
	struct nlmsghdr *message = request_init(&request, SOCK_DIAG_BY_FAMILY);
	struct inet_diag_req_v2 *asked = mnl_nlmsg_put_extra_header(message, sizeof(*asked));

	asked->sdiag_family = family;
	asked->sdiag_protocol = IPPROTO_TCP;
	asked->idiag_ext = 1 << (INET_DIAG_INFO - 1);
	asked->idiag_states = 1 << STATE_ESTABLISHED;
	asked->id.idiag_dport = htons(remote_port);
	return nl_dump(nl, message, on_message, NULL, reading);
}

int tcp_diag_read(uint16_t remote_port, struct tcp_diag ret_list[TCP_DIAG_MAX], size_t *ret_count)
{
	struct reading reading = { .list = ret_list };
	struct nl *nl;
	int r = nl_open(NETLINK_SOCK_DIAG, 0, &nl);

	if (r < 0)
		return r;
	r = ask_family(nl, AF_INET, remote_port, &reading);
	if (r == 0)
		r = ask_family(nl, AF_INET6, remote_port, &reading);
	nl_close(nl);
	if (r == 0)
		*ret_count = reading.count;
	return r;
}
