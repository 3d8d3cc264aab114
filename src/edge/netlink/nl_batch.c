/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many requests in one datagram: netlink_rcv_skb in net/netlink/af_netlink.c takes them one behind
 * the other, and each of them has its answer or its refusal. */
#include <errno.h>
#include <string.h>

#include "edge/netlink/nl_socket.h"

/* A batch and which of its requests have had their answer. */
struct batch {
	nl_reply_fn reply;
	void *userdata;
	uint32_t first, port; /* sequence number of the first, and ours */
	size_t count, answered;
	bool done[NL_BATCH_MAX];
};

/* Numbers the requests. Returns 0, or -EINVAL where they are too many or not whole. */
static int number_requests(struct nl *nl, uint8_t *requests, size_t len, struct batch *batch)
{
	for (size_t at = 0; at < len; batch->count++) {
		struct nlmsghdr *request = (struct nlmsghdr *)(void *)(requests + at);

		if (batch->count == NL_BATCH_MAX || !mnl_nlmsg_ok(request, (int)(len - at)))
			return -EINVAL;
		request->nlmsg_flags |= NLM_F_REQUEST;
		request->nlmsg_seq = batch->first + (uint32_t)batch->count;
		request->nlmsg_pid = batch->port;
		at += NLMSG_ALIGN((size_t)request->nlmsg_len);
	}
	nl->sequence += (uint32_t)batch->count;
	return 0;
}

static void take_reply(struct batch *batch, const struct nlmsghdr *message)
{
	size_t place = message->nlmsg_seq - batch->first;
	bool refused = message->nlmsg_type < NLMSG_MIN_TYPE;

	if (message->nlmsg_pid != batch->port || place >= batch->count || batch->done[place])
		return;
	batch->done[place] = true;
	batch->answered++;
	batch->reply(place, refused ? NULL : message, refused ? nl_message_error(message) : 0,
		     batch->userdata);
}

static int converse_batch(struct nl *nl, void *requests, size_t len, struct batch *batch)
{
	int r = number_requests(nl, requests, len, batch);

	if (r < 0)
		return r;
	if (batch->count > 0 && mnl_socket_sendto(nl->socket, requests, len) < 0)
		return -errno;
	while (batch->answered < batch->count) {
		const struct nlmsghdr *message;
		const uint8_t *pos = nl->buffer;
		ssize_t received = nl_receive_answer(nl);
		size_t left;

		if (received < 0)
			return (int)received;
		left = (size_t)received;
		while ((message = nl_next_message(nl, &pos, &left)))
			take_reply(batch, message);
	}
	return 0;
}

int nl_ask_batch(struct nl *nl, void *requests, size_t len, nl_reply_fn reply, void *userdata)
{
	struct batch batch = {
		.reply = reply,
		.userdata = userdata,
		.first = nl->sequence + 1,
		.port = mnl_socket_get_portid(nl->socket),
	};
	int r = converse_batch(nl, requests, len, &batch);

	nl_forget_received(nl);
	return r;
}
