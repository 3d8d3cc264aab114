/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a netlink socket of ours may receive, as a dump, an answer, a batch of answers or events.
 * layer: edge
 * The first byte chooses the conversation and whether keys may come; the rest is the kernel's. */
#include "fuzz_kernel.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "edge/netlink/nl_socket.h"
#include "edge/netlink/rtnl.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())
#define REQUESTS 5 /* of a batch */
#define WIPES 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	const struct nl *nl;
	size_t messages, restarts;
	bool answered[REQUESTS];
	uint32_t sum; /* of all bytes, so that all are read */
};

static void check_message(struct seen *seen, const struct nlmsghdr *message)
{
	const uint8_t *bytes = (const uint8_t *)message, *buffer = seen->nl->buffer;

	CHECK(message->nlmsg_len >= sizeof(*message) && message->nlmsg_type >= NLMSG_MIN_TYPE);
	CHECK(bytes >= buffer && message->nlmsg_len <= NL_BUFFER_SIZE - (size_t)(bytes - buffer));
	for (size_t i = 0; i < message->nlmsg_len; i++)
		seen->sum += bytes[i];
}

/* A message of type 999 is one that its reader refuses. */
static int take(const struct nlmsghdr *message, void *userdata)
{
	struct seen *seen = userdata;

	check_message(seen, message);
	seen->messages++;
	return message->nlmsg_type == 999 ? -ENOMEM : 0;
}

static int take_answer(const struct nlmsghdr *message, void *userdata)
{
	const struct seen *seen = userdata;

	CHECK(message->nlmsg_seq == seen->nl->sequence);
	return take(message, userdata);
}

static void restart(void *userdata)
{
	struct seen *seen = userdata;

	seen->restarts++;
	seen->messages = 0;
}

static void reply(size_t place, const struct nlmsghdr *message, int error, void *userdata)
{
	struct seen *seen = userdata;

	CHECK(place < REQUESTS && !seen->answered[place]);
	CHECK(error <= 0 && (!message || error == 0));
	seen->answered[place] = true;
	if (message)
		check_message(seen, message);
}

static int dump(struct nl *nl, struct nlmsghdr *requests, struct seen *seen)
{
	int r = nl_dump(nl, requests, take_answer, restart, seen);

	CHECK(seen->restarts <= 5);
	return r;
}

static int ask(struct nl *nl, struct nlmsghdr *requests, struct seen *seen)
{
	return nl_ask(nl, requests, take_answer, seen);
}

static int ask_batch(struct nl *nl, struct nlmsghdr *requests, struct seen *seen)
{
	size_t answered = 0;
	int r = nl_ask_batch(nl, requests, REQUESTS * sizeof(*requests), reply, seen);

	for (size_t i = 0; i < REQUESTS; i++)
		answered += seen->answered[i];
	CHECK((r == 0) == (answered == REQUESTS));
	return r;
}

static int read_events(struct nl *nl, struct nlmsghdr *requests, struct seen *seen)
{
	(void)requests;
	return nl_read_events(nl, take, seen);
}

/* A dump of which the kernel may have told too much: the parsers have targets of their own. */
static int dump_fdb(struct nl *nl, struct nlmsghdr *requests, struct seen *seen)
{
	struct fdb_list entries = { .count = SIZE_MAX };
	int r = rtnl_dump_fdb(nl, 3, &entries);

	(void)requests, (void)seen;
	CHECK(r == 0 || entries.count == SIZE_MAX);
	for (size_t i = 0; r == 0 && i < entries.count; i++)
		CHECK(entries.list[i].ifindex == 3);
	if (r == 0)
		fdb_list_done(&entries);
	return r;
}

static int (*const conversations[])(struct nl *nl, struct nlmsghdr *requests,
				    struct seen *seen) = { dump, ask, ask_batch, read_events,
						       dump_fdb };

static void check_wiped(const struct nl *nl)
{
	for (size_t i = 0; i < NL_BUFFER_SIZE; i++)
		CHECK(nl->buffer[i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t count = sizeof(conversations) / sizeof(conversations[0]);
	struct nlmsghdr requests[REQUESTS];
	struct seen seen = { 0 };
	struct nl *nl;

	if (size < 1)
		return 0;
	for (size_t i = 0; i < REQUESTS; i++)
		requests[i] = (struct nlmsghdr){ .nlmsg_len = sizeof(requests[i]),
						 .nlmsg_type = RTM_GETLINK };
	CHECK(nl_open(NETLINK_ROUTE, 0, &nl) == 0);
	seen.nl = nl;
	fuzz_kernel_begin(data + 1, size - 1);
	fuzz_kernel.keeps = data[0] & WIPES;
	if (data[0] & WIPES)
		nl_wipe(nl);
	CHECK(conversations[(data[0] & 0x7f) % count](nl, requests, &seen) <= 0);
	if (data[0] & WIPES)
		check_wiped(nl);
	ASAN_UNPOISON_MEMORY_REGION(nl->buffer, NL_BUFFER_SIZE);
	nl_close(nl);
	return 0;
}
