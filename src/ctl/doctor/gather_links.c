/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces, the kernel's cached path MTUs, routing rules. */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/doctor/facts.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/rtnl_request.h"

#define USUAL_RULES 3 /* local, main, default */

static int8_t read_rp_filter(const char *name)
{
	char path[96];
	int value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%3d", &value) != 1)
		value = -1;
	fclose(file);
	return (int8_t)value;
}

/* Of a line of /proc/net/dev, "eth0: bytes packets ...": its link, or the number of links. */
static size_t read_line(const struct link_list *links, const char *line, uint64_t *ret_packets)
{
	const char *colon = strrchr(line, ':');
	unsigned long long packets;
	size_t place = 0, len;

	line += strspn(line, " ");
	len = colon ? (size_t)(colon - line) : 0;
	if (!colon || sscanf(colon + 1, "%*u %20llu", &packets) != 1)
		return links->count;
	while (place < links->count && (strncmp(links->list[place].name, line, len) != 0 ||
					links->list[place].name[len] != '\0'))
		place++;
	*ret_packets = packets;
	return place;
}

void doctor_gather_received(struct doctor_facts *facts)
{
	FILE *file = facts->has_links ? fopen("/proc/net/dev", "re") : NULL;
	char line[512];

	if (file && !facts->received)
		facts->received = calloc(facts->links.count + 1, sizeof(*facts->received));
	while (file && facts->received && fgets(line, sizeof(line), file)) {
		uint64_t packets = 0;
		size_t place = read_line(&facts->links, line, &packets);

		if (place < facts->links.count)
			facts->received[place] = packets - facts->received[place];
	}
	if (file)
		fclose(file);
}

static int count_rule(const struct nlmsghdr *message, void *userdata)
{
	size_t *count = userdata;

	*count += message->nlmsg_type == RTM_NEWRULE;
	return 0;
}

static void forget_rules(void *userdata)
{
	size_t *count = userdata;

	*count = 0;
}

static void count_routing_rules(struct nl *nl, struct doctor_facts *facts)
{
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETRULE);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	size_t count = 0;

	header->family = AF_INET;
	if (nl_dump(nl, message, count_rule, forget_rules, &count) < 0)
		return;
	facts->has_routing_rules = true;
	facts->routing_rules = count > USUAL_RULES ? count - USUAL_RULES : 0;
}

void doctor_gather_links(struct doctor_facts *facts)
{
	struct nl *nl;

	if (nl_open(NETLINK_ROUTE, 0, &nl) < 0)
		return;
	facts->has_links = rtnl_dump_links(nl, &facts->links) == 0;
	if (facts->has_links)
		facts->rp_filter = malloc(facts->links.count + 1);
	for (size_t i = 0; facts->rp_filter && i < facts->links.count; i++)
		facts->rp_filter[i] = read_rp_filter(facts->links.list[i].name);
	facts->has_hints = rtnl_dump_hints(nl, &facts->hints) == 0;
	count_routing_rules(nl, facts);
	nl_close(nl);
}
