/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs with libnetfilter_queue usually do, without its slow parts: one packet read, one
 * verdict sent, the MSS lowered in the buffer that was read.  usual_loop QUEUE MSS4 MSS6 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_PACKETS = 65536, BUFFER = 16384 * 832 };

struct loop {
	struct mnl_socket *nl;
	uint16_t queue;
	uint16_t limit[2];
	char answer[4096];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Lowers the MSS option that stands at `at`, and mends the checksum (RFC 1624). */
static int lower(uint8_t *tcp, uint8_t *at, uint16_t limit)
{
	uint16_t mss = (uint16_t)(at[0] << 8 | at[1]);
	uint32_t sum = (uint32_t)(tcp[16] << 8 | tcp[17]) ^ 0xffff;

	if (mss <= limit)
		return 0;
	sum += (uint32_t)(mss ^ 0xffff) + limit;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	at[0] = (uint8_t)(limit >> 8);
	at[1] = (uint8_t)limit;
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	return 1;
}

/* Whether the packet was changed. */
static int clamp(const struct loop *loop, uint8_t *ip, size_t len)
{
	int six = ip[0] >> 4 == 6;
	uint8_t *tcp = ip + (six ? 40 : (ip[0] & 15) * 4);
	uint8_t *end, *at;

	if ((size_t)(tcp - ip) + 20 > len || ip[six ? 6 : 9] != IPPROTO_TCP || !(tcp[13] & 2))
		return 0;
	end = tcp + (tcp[12] >> 4) * 4;
	if (end > ip + len)
		return 0;
	for (at = tcp + 20; at + 3 < end && *at != 0; at += *at == 1 || at[1] < 2 ? 1 : at[1])
		if (at[0] == 2 && at[1] == 4)
			return lower(tcp, at + 2, loop->limit[six]);
	return 0;
}

static int take(const struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[NFQA_MAX + 1] = { 0 };
	struct loop *loop = data;
	struct nfqnl_msg_packet_hdr *header;
	struct nlmsghdr *answer;
	uint8_t *payload;
	uint16_t len;

	if (nfq_nlmsg_parse(message, attributes) < 0 || !attributes[NFQA_PACKET_HDR])
		return MNL_CB_ERROR;
	header = mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]);
	payload = mnl_attr_get_payload(attributes[NFQA_PAYLOAD]);
	len = mnl_attr_get_payload_len(attributes[NFQA_PAYLOAD]);
	answer = nfq_nlmsg_put(loop->answer, NFQNL_MSG_VERDICT, loop->queue);
	nfq_nlmsg_verdict_put(answer, (int)ntohl(header->packet_id), NF_ACCEPT);
	if (clamp(loop, payload, len))
		nfq_nlmsg_verdict_put_pkt(answer, payload, len);
	if (mnl_socket_sendto(loop->nl, answer, answer->nlmsg_len) < 0)
		fail("verdict");
	return MNL_CB_OK;
}

static void configure(struct loop *loop)
{
	int buffer = BUFFER, on = 1;
	struct nlmsghdr *message;

	message = nfq_nlmsg_put(loop->answer, NFQNL_MSG_CONFIG, loop->queue);
	nfq_nlmsg_cfg_put_cmd(message, AF_INET, NFQNL_CFG_CMD_BIND);
	if (mnl_socket_sendto(loop->nl, message, message->nlmsg_len) < 0)
		fail("bind");
	message = nfq_nlmsg_put(loop->answer, NFQNL_MSG_CONFIG, loop->queue);
	nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, 0xffff);
	nfq_nlmsg_cfg_put_qmaxlen(message, MAX_PACKETS);
	if (mnl_socket_sendto(loop->nl, message, message->nlmsg_len) < 0 ||
	    setsockopt(mnl_socket_get_fd(loop->nl), SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
		       sizeof(buffer)) < 0 ||
	    mnl_socket_setsockopt(loop->nl, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0)
		fail("configure");
}

int main(int argc, char **argv)
{
	static struct loop loop;
	static char packet[0xffff + 4096];

	if (argc != 4) {
		fprintf(stderr, "usage: usual_loop QUEUE MSS4 MSS6\n");
		return 2;
	}
	loop.queue = (uint16_t)atoi(argv[1]);
	loop.limit[0] = (uint16_t)atoi(argv[2]);
	loop.limit[1] = (uint16_t)atoi(argv[3]);
	loop.nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!loop.nl || mnl_socket_bind(loop.nl, 0, MNL_SOCKET_AUTOPID) < 0)
		fail("netlink");
	configure(&loop);
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(loop.nl, packet, sizeof(packet));

		if (len < 0 || mnl_cb_run(packet, (size_t)len, 0, mnl_socket_get_portid(loop.nl), take,
					  &loop) < 0)
			perror("packet");
	}
}
