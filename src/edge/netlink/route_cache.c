/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/route_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/netlink/rtnl_request.h"

#define FLUSH "/proc/sys/net/ipv4/route/flush"

static int flush4(void)
{
	int fd = open(FLUSH, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1\n", 2) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int delete6(struct nl *nl, const struct address *destination, uint32_t ifindex)
{
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_DELROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	int r;

	message->nlmsg_flags |= NLM_F_ACK;
	header->rtm_family = AF_INET6;
	header->rtm_dst_len = 128;
	header->rtm_flags = RTM_F_CLONED;
	header->rtm_table = RT_TABLE_MAIN;
	mnl_attr_put(message, RTA_DST, ADDRESS_MAX, destination->bytes);
	if (ifindex)
		mnl_attr_put_u32(message, RTA_OIF, ifindex);
	r = nl_ask(nl, message, NULL, NULL);
	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

int route_cache_forget(struct nl *nl, const struct address *destination, uint32_t ifindex)
{
	return destination->family == FAMILY_IPV4 ? flush4() : delete6(nl, destination, ifindex);
}
