/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/payload_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define CHECK_MSS 600 /* nothing on lo announces less, and no stack finds it too small */
#define STEP_MS 20
#define ANSWER_NS (400 * NS_PER_MS) /* for a worker to answer a SYN */
#define ARRIVE_NS (100 * NS_PER_MS) /* from the answer to the handshake's end: on lo, at once */

enum { LISTENER, LEFT, LOWERED, SOCKETS };

/* A socket at 127.0.0.1 with a port of its own. It goes without lingering: no connection of ours is
 * left waiting. Returns the owned descriptor, or -errno. */
static int open_bound(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger at_once = { .l_onoff = 1 };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static bool is_ready(int fd, short what)
{
	struct pollfd wait = { .fd = fd, .events = what };

	return poll(&wait, 1, STEP_MS) > 0 && wait.revents & what;
}

/* Connects; *ret_answered tells whether a worker has seen it, *ret_mss what the listener took.
 * Returns whether it has arrived. */
static bool try_one(const struct payload_check_ops *ops, const int fds[SOCKETS], int from,
		    uint16_t port, bool *ret_answered, uint32_t *ret_mss)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint64_t before = ops->answered(ops->userdata), end_ns = clock_boottime_ns() + ANSWER_NS;
	int accepted, mss = 0;
	socklen_t len = sizeof(mss);

	*ret_answered = false;
	if (connect(fds[from], (const struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		return false;
	while (!is_ready(fds[LISTENER], POLLIN) && clock_boottime_ns() < end_ns) {
		if (*ret_answered || ops->answered(ops->userdata) == before)
			continue;
		*ret_answered = true;
		end_ns = clock_boottime_ns() + ARRIVE_NS;
	}
	*ret_answered = ops->answered(ops->userdata) != before;
	accepted = accept4(fds[LISTENER], NULL, NULL, SOCK_CLOEXEC);
	if (accepted < 0)
		return false;
	if (getsockopt(accepted, IPPROTO_TCP, TCP_MAXSEG, &mss, &len) == 0)
		*ret_mss = (uint32_t)mss;
	close(accepted);
	return true;
}

enum payload_check_result payload_check_judge(const struct snapshot_check *check,
					      const struct payload_check_seen *seen)
{
	if (!seen->left_answered || !seen->left_arrived || !seen->lowered_answered)
		return PAYLOAD_UNKNOWN;
	if (!seen->lowered_arrived)
		return PAYLOAD_REFUSED;
	return seen->arrived_mss <= check->mss ? PAYLOAD_TAKEN : PAYLOAD_UNKNOWN;
}

static enum payload_check_result run(const struct payload_check_ops *ops, const int fds[SOCKETS],
				     const uint16_t ports[SOCKETS])
{
	const struct snapshot_check check = { .port = ports[LISTENER], .changed = ports[LOWERED],
					      .mss = CHECK_MSS };
	struct payload_check_seen seen = { 0 };
	uint32_t mss;

	if (listen(fds[LISTENER], 2) < 0 || ops->begin(ops->userdata, &check) < 0)
		return PAYLOAD_UNKNOWN;
	seen.left_arrived = try_one(ops, fds, LEFT, check.port, &seen.left_answered, &mss);
	if (seen.left_arrived && seen.left_answered)
		seen.lowered_arrived = try_one(ops, fds, LOWERED, check.port,
					       &seen.lowered_answered, &seen.arrived_mss);
	return payload_check_judge(&check, &seen);
}

enum payload_check_result payload_check_run(const struct payload_check_ops *ops)
{
	enum payload_check_result result = PAYLOAD_UNKNOWN;
	int fds[SOCKETS] = { -1, -1, -1 };
	uint16_t ports[SOCKETS];
	int opened = 0;

	while (opened < SOCKETS && (fds[opened] = open_bound(&ports[opened])) >= 0)
		opened++;
	if (opened == SOCKETS)
		result = run(ops, fds, ports);
	for (int i = 0; i < opened; i++)
		close(fds[i]);
	return result;
}
