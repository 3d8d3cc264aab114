/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/nl_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"

#define EVENT_QUEUE (4 * 1024 * 1024) /* bytes of events that may wait while we are busy */
#define ANSWER_SECONDS 5              /* a kernel that is silent longer has not understood */
#define DUMP_RETRIES 5
#define EVENT_READS 64                /* datagrams in one go; the caller's poll brings the rest */
#define EVENT_READS_LOST 65536        /* more than fit: all that waits behind an overflow */
#define EVENT_ERRORS 64               /* overflows in one go */

static int set_option(struct nl *nl, int level, int option, const void *value, socklen_t len)
{
	return setsockopt(nl_fd(nl), level, option, value, len) < 0 ? -errno : 0;
}

static int prepare_questions(struct nl *nl)
{
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	int on = 1;

	/* Dumps then leave out what was not asked for: cached routes. Kernels before 4.20 cannot,
	 * and the parsers skip those messages. */
	(void)set_option(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return set_option(nl, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void prepare_events(struct nl *nl)
{
	int size = EVENT_QUEUE;

	/* Without CAP_NET_ADMIN we get what the host allows; less only means more full dumps. */
	if (set_option(nl, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)set_option(nl, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int nl_open(int protocol, uint32_t groups, struct nl **ret_nl)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int r;

	if (!nl)
		return -ENOMEM;
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->socket) {
		r = -errno;
		goto fail;
	}
	r = prepare_questions(nl);
	if (r < 0)
		goto fail;
	if (groups)
		prepare_events(nl);
	if (mnl_socket_bind(nl->socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		goto fail;
	}
	*ret_nl = nl;
	return 0;
fail:
	nl_close(nl);
	return r;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

void nl_wipe(struct nl *nl)
{
	nl->wipe = true;
	explicit_bzero(nl->buffer, sizeof(nl->buffer));
}

void nl_forget_received(struct nl *nl)
{
	if (nl->wipe)
		explicit_bzero(nl->buffer, sizeof(nl->buffer));
}

int nl_join(struct nl *nl, unsigned int group)
{
	prepare_events(nl);
	return set_option(nl, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

int nl_ignore(struct nl *nl, const struct nl *other)
{
	/* A filter loads numbers in network order; those of netlink are in the host's. */
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(mnl_socket_get_portid(other->socket)), 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { COUNT(steps), steps };

	return set_option(nl, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

uint64_t nl_malformed_total(const struct nl *nl)
{
	return nl->malformed;
}

/* One datagram from the kernel into the buffer; what other processes send is dropped.
 * Returns its length, or -errno: -EAGAIN none came in time, -ENOBUFS some were lost. */
static ssize_t receive(struct nl *nl, int flags)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec iov = { nl->buffer, sizeof(nl->buffer) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;

	do {
		header.msg_name = &sender;
		header.msg_namelen = sizeof(sender);
		len = recvmsg(nl_fd(nl), &header, flags);
		if (len < 0 && errno != EINTR)
			return -errno;
	} while (len < 0 || header.msg_namelen != sizeof(sender) || sender.nl_pid != 0);
	/* What did not fit is gone, as after an overflow of the queue. */
	return header.msg_flags & MSG_TRUNC ? -ENOBUFS : len;
}

/* Silence is an error of its own: -EAGAIN would invite a blocking retry. */
ssize_t nl_receive_answer(struct nl *nl)
{
	ssize_t len = receive(nl, 0);

	return len == -EAGAIN ? -ETIMEDOUT : len;
}

const struct nlmsghdr *nl_next_message(struct nl *nl, const uint8_t **pos, size_t *left)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)*pos;
	size_t step;

	if (*left == 0)
		return NULL;
	/* Not mnl_nlmsg_ok: it takes lengths for signed, and 2^31 bytes and more for whole. */
	if (*left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > *left) {
		nl->malformed++;
		return NULL;
	}
	step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	if (step > *left)
		step = *left;
	*pos += step;
	*left -= step;
	return message;
}

int nl_message_error(const struct nlmsghdr *message)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(message) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	else if (message->nlmsg_type == NLMSG_ERROR)
		error = -EBADMSG;
	return error > 0 ? -error : error;
}

/* What one question has brought so far. After the first error nothing more is handed over, but the
 * answer is still read to its end: what stayed in the socket would disturb the next question. */
struct answer {
	nl_message_fn message;
	void *userdata;
	int result;
	bool done, interrupted;
};

static void take_message(struct answer *answer, const struct nlmsghdr *message)
{
	int error = 0;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
		error = nl_message_error(message);
		answer->done = true;
	} else if (message->nlmsg_type >= NLMSG_MIN_TYPE && answer->result == 0 &&
		   !answer->interrupted && answer->message) {
		error = answer->message(message, answer->userdata);
	}
	if (answer->result == 0)
		answer->result = error;
}

/* Sends the request and reads its answer to the end. Returns 0 or -errno of the socket. */
static int converse(struct nl *nl, struct nlmsghdr *request, struct answer *answer)
{
	uint32_t port = mnl_socket_get_portid(nl->socket);

	request->nlmsg_seq = ++nl->sequence;
	request->nlmsg_pid = port;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (!answer->done) {
		const struct nlmsghdr *message;
		const uint8_t *pos = nl->buffer;
		ssize_t len = nl_receive_answer(nl);
		size_t left;

		if (len < 0)
			return (int)len;
		left = (size_t)len;
		while (!answer->done && (message = nl_next_message(nl, &pos, &left))) {
			if (message->nlmsg_seq == nl->sequence && message->nlmsg_pid == port)
				take_message(answer, message);
		}
	}
	return 0;
}

static int exchange(struct nl *nl, struct nlmsghdr *request, struct answer *answer)
{
	int r = converse(nl, request, answer);

	nl_forget_received(nl);
	return r;
}

int nl_dump(struct nl *nl, struct nlmsghdr *request, nl_message_fn message,
	    void (*restart)(void *userdata), void *userdata)
{
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	for (int round = 0; round <= DUMP_RETRIES; round++) {
		struct answer answer = { .message = message, .userdata = userdata };
		int r;

		if (round > 0 && restart)
			restart(userdata);
		r = exchange(nl, request, &answer);
		if (r < 0)
			return r;
		if (answer.result < 0 || !answer.interrupted)
			return answer.result;
	}
	return -EINTR;
}

int nl_ask(struct nl *nl, struct nlmsghdr *request, nl_message_fn message, void *userdata)
{
	struct answer answer = { .message = message, .userdata = userdata };
	int r;

	/* With an acknowledgement behind it every answer has the same end. */
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	r = exchange(nl, request, &answer);
	return r < 0 ? r : answer.result;
}

/* An overflow is told once, and from then on the kernel drops what comes, without a word, until
 * the queue has been empty (NETLINK_S_CONGESTED in net/netlink/af_netlink.c). Who asked anew before
 * that would miss what changes meanwhile: so all is read first, which is bounded, for nothing is
 * added. */
static int read_events(struct nl *nl, nl_message_fn message, void *userdata)
{
	int lost = 0;

	for (int i = 0; i < (lost ? EVENT_READS_LOST : EVENT_READS); i++) {
		const struct nlmsghdr *event;
		const uint8_t *pos = nl->buffer;
		ssize_t len = receive(nl, MSG_DONTWAIT);
		size_t left;
		int r;

		if (len == -EAGAIN)
			break;
		if (len == -ENOBUFS && ++lost <= EVENT_ERRORS)
			continue;
		if (len < 0)
			return (int)len;
		left = (size_t)len;
		while ((event = nl_next_message(nl, &pos, &left))) {
			/* An error here answers nobody's question: it is no event. */
			if (event->nlmsg_type < NLMSG_MIN_TYPE)
				continue;
			r = message(event, userdata);
			if (r < 0)
				return r;
		}
	}
	return lost ? -ENOBUFS : 0;
}

int nl_read_events(struct nl *nl, nl_message_fn message, void *userdata)
{
	int r = read_events(nl, message, userdata);

	nl_forget_received(nl);
	return r;
}
