/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/nft_netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <sys/socket.h>

#include "edge/child.h"
#include "edge/namespace.h"
#include "edge/netlink/nl.h"

int nft_questions(struct nl **ret_nl)
{
	static _Thread_local struct nl *questions;
	static _Thread_local uint64_t asked_cookie;
	uint64_t cookie = namespace_cookie();
	struct nl *nl;
	int r;

	if (!questions || (cookie && cookie != asked_cookie)) {
		r = nl_open(NETLINK_NETFILTER, 0, &nl);
		if (r < 0)
			return r;
		nl_close(questions);
		questions = nl;
		asked_cookie = cookie;
	}
	*ret_nl = questions;
	return 0;
}

struct batch {
	const void *bytes;
	size_t len;
};

/* Returns 0 or the errno, as an exit code. */
static int send_batch(void *userdata)
{
	const struct batch *batch = userdata;
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	char answer[1024]; /* an error has the message that it is about behind it */
	ssize_t n;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, batch->bytes, batch->len) < 0)
		return errno;
	n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	if (n <= 0)
		return n < 0 ? errno : EIO;
	errno = EIO;
	return mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) < 0 ? errno : 0;
}

int nft_send(const void *batch, size_t len)
{
	struct batch work = { batch, len };
	struct child_result result;
	int r = child_call(send_batch, &work, NFT_SEND_MS, &result);

	if (r < 0)
		return r;
	r = result.status;
	child_result_done(&result);
	return r == CHILD_GAVE_UP || r > CHILD_SIGNAL ? -EIO : -r;
}
