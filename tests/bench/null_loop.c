/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor a clamping daemon is measured against: reads up to 64 packets, answers them by one send,
 * and looks at nothing.  null_loop QUEUE packed|accept
 * packed   64 verdicts with their payload, as a daemon must that has changed them all
 * accept   one verdict for all: the least that is possible
 * What finds no room in the queue is lost, so that whoever counts at the far end sees it. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT = 2112 };

static unsigned char slots[BATCH][SLOT], out[BATCH * (SLOT + 64)];

struct config {
	struct nlmsghdr header;
	struct nfgenmsg general;
	struct nlattr command_attr;
	struct nfqnl_msg_config_cmd command;
	struct nlattr params_attr;
	struct nfqnl_msg_config_params params;
	uint8_t padding[3];
	struct nlattr length_attr;
	uint32_t length;
} __attribute__((packed));

static int open_queue(uint16_t number)
{
	struct config config = {
		.header = { sizeof(config), NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG, NLM_F_REQUEST, 0, 0 },
		.general = { AF_UNSPEC, NFNETLINK_V0, htons(number) },
		.command_attr = { 8, NFQA_CFG_CMD },
		.command = { .command = NFQNL_CFG_CMD_BIND },
		.params_attr = { 9, NFQA_CFG_PARAMS },
		.params = { htonl(0xffff), NFQNL_COPY_PACKET },
		.length_attr = { 8, NFQA_CFG_QUEUE_MAXLEN },
		.length = htonl(65536),
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), buffer = 16384 * 832, on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
	    connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0 ||
	    send(fd, &config, sizeof(config), 0) < 0) {
		perror("null_loop");
		exit(1);
	}
	return fd;
}

/* The packet header comes first and the payload last in each message. */
static size_t echo(const unsigned char *message, size_t len, uint16_t number, unsigned char *at)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	struct nlmsghdr header = { 0, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT, NLM_F_REQUEST, 0, 0 };
	struct nfgenmsg general = { AF_UNSPEC, NFNETLINK_V0, htons(number) };
	struct nlattr verdict_attr = { 12, NFQA_VERDICT_HDR }, attr;
	size_t offset = sizeof(header) + sizeof(general);

	memcpy(&verdict.id, message + offset + sizeof(attr), 4);
	for (;;) {
		memcpy(&attr, message + offset, sizeof(attr));
		if (attr.nla_type == NFQA_PAYLOAD)
			break;
		offset += (attr.nla_len + 3u) & ~3u;
		if (attr.nla_len < 4 || offset + sizeof(attr) > len)
			exit(1);
	}
	header.nlmsg_len = (uint32_t)(32 + ((attr.nla_len + 3u) & ~3u));
	memcpy(at, &header, 16);
	memcpy(at + 16, &general, 4);
	memcpy(at + 20, &verdict_attr, 4);
	memcpy(at + 24, &verdict, 8);
	memcpy(at + 32, message + offset, attr.nla_len);
	return header.nlmsg_len;
}

/* All packets up to that of the message. */
static size_t accept_up_to(const unsigned char *message, uint16_t number, unsigned char *at)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	struct nlmsghdr header = { 32, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH, NLM_F_REQUEST,
				   0, 0 };
	struct nfgenmsg general = { AF_UNSPEC, NFNETLINK_V0, htons(number) };
	struct nlattr verdict_attr = { 12, NFQA_VERDICT_HDR };

	memcpy(&verdict.id, message + sizeof(header) + sizeof(general) + sizeof(verdict_attr), 4);
	memcpy(at, &header, 16);
	memcpy(at + 16, &general, 4);
	memcpy(at + 20, &verdict_attr, 4);
	memcpy(at + 24, &verdict, 8);
	return header.nlmsg_len;
}

int main(int argc, char **argv)
{
	uint16_t number = (uint16_t)(argc == 3 ? atoi(argv[1]) : 0);
	bool packed = argc == 3 && strcmp(argv[2], "packed") == 0;
	int fd = open_queue(number);
	struct mmsghdr headers[BATCH] = { 0 };
	struct iovec vectors[BATCH];

	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ slots[i], SLOT };
		headers[i].msg_hdr.msg_iov = &vectors[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
		size_t len = 0;

		for (int i = 0; packed && i < n; i++)
			len += echo(slots[i], headers[i].msg_len, number, out + len);
		if (!packed && n > 0)
			len = accept_up_to(slots[n - 1], number, out);
		if (n > 0 && send(fd, out, len, 0) < 0)
			perror("send");
	}
}
