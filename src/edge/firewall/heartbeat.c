/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/heartbeat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/heartbeat_text.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/nft_kept.h"
#include "edge/firewall/nft_netlink.h"

#define FAMILIES 2
#define OBJECTS_MAX (2 + (size_t)HEARTBEAT_HOOKS)
#define WRITE_EVERY_NS (4 * NS_PER_SECOND) /* of HEARTBEAT_WRITTEN_SECONDS: three may fail */

static const struct {
	int domain;
	uint8_t nfproto;
} families[FAMILIES] = {
	{ AF_INET, NFPROTO_IPV4 },
	{ AF_INET6, NFPROTO_IPV6 },
};

struct heartbeat {
	unsigned int hooks;          /* of the last plan that was put in force */
	struct nft_kept kept;
	int fd[FAMILIES];            /* -1: could not be opened so far */
	bool is_absent[FAMILIES];    /* the kernel does not know the family */
	bool was_written[FAMILIES];  /* by the last transaction */
	uint64_t written_ns;         /* when it was made, CLOCK_BOOTTIME */
};

int heartbeat_open(struct heartbeat **ret_heartbeat, char **ret_error)
{
	struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));
	int r;

	if (!heartbeat)
		return text_fail(ret_error, -ENOMEM, "nftables: out of memory");
	for (size_t i = 0; i < FAMILIES; i++)
		heartbeat->fd[i] = -1;
	r = nft_script_try(heartbeat_text_try, ret_error);
	if (r < 0) {
		heartbeat_close(heartbeat);
		return r;
	}
	*ret_heartbeat = heartbeat;
	return 0;
}

void heartbeat_close(struct heartbeat *heartbeat)
{
	if (!heartbeat)
		return;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (heartbeat->fd[i] >= 0)
			close(heartbeat->fd[i]);
	}
	nft_kept_done(&heartbeat->kept);
	free(heartbeat);
}

/* Returns how many there are. */
static size_t objects_of(const struct heartbeat *heartbeat, struct nft_object objects[OBJECTS_MAX])
{
	size_t count = 0;

	objects[count++] = (struct nft_object){ "set", HEARTBEAT_SET, NFT_TERSE };
	objects[count++] = (struct nft_object){ "chain", HEARTBEAT_CHAIN, NFT_TERSE };
	for (size_t i = 0; i < HEARTBEAT_HOOKS; i++) {
		const struct heartbeat_hook *row = &heartbeat_hook_rows[i];

		if (heartbeat->hooks & row->hook)
			objects[count++] = (struct nft_object){ "chain", row->chain, NFT_TERSE };
	}
	return count;
}

static void write_plan(const void *plan, bool anew, FILE *out)
{
	const unsigned int *hooks = plan;

	if (anew) {
		fputs("add table inet " NFT_TABLE "\n", out);
		nft_write_chain_end(HEARTBEAT_CHAIN, out);
	}
	for (size_t i = 0; i < HEARTBEAT_HOOKS; i++) {
		const struct heartbeat_hook *row = &heartbeat_hook_rows[i];

		if (anew)
			nft_write_chain_end(row->chain, out);
		else if (!(*hooks & row->hook))
			(void)nft_write_chain_empty(row->chain, out, NULL);
	}
	heartbeat_print(*hooks, out);
}

/* Whether what the command lists has that text; not where the object is not there. */
static int lists(const char *command, unsigned int flags, const char *wanted, bool *ret_found)
{
	char *text = NULL, *error = NULL;
	int r = nft_run(command, NFT_PLAIN | flags, &text, &error);

	*ret_found = r == 0 && text && strstr(text, wanted);
	free(text);
	free(error);
	return r == -ENOENT ? 0 : r;
}

int heartbeat_left(enum heartbeat_left *ret_left)
{
	bool stands, lives = false;
	int r = lists("list table inet " NFT_TABLE, NFT_TERSE, "@" HEARTBEAT_SET " return",
		      &stands);

	if (r == 0 && stands)
		r = lists("list set inet " NFT_TABLE " " HEARTBEAT_SET, 0, "elements", &lives);
	if (r == 0)
		*ret_left = !stands ? HEARTBEAT_NONE : lives ? HEARTBEAT_LIVES : HEARTBEAT_ACTS;
	return r;
}

int heartbeat_apply(struct heartbeat *heartbeat, unsigned int hooks, char **ret_error)
{
	struct nft_object objects[OBJECTS_MAX];
	size_t count;

	heartbeat->hooks = heartbeat_hooks(hooks);
	count = objects_of(heartbeat, objects);
	return nft_kept_apply(&heartbeat->kept, "heartbeat or fallback_*", write_plan,
			      &heartbeat->hooks, objects, count, ret_error);
}

int heartbeat_check(struct heartbeat *heartbeat, bool *ret_ok, FILE *diff, char **ret_error)
{
	struct nft_object objects[OBJECTS_MAX];
	size_t count = objects_of(heartbeat, objects);

	return nft_kept_check(&heartbeat->kept, "the fallback", objects, count, ret_ok, diff,
			      ret_error);
}

int heartbeat_stop(struct heartbeat *heartbeat)
{
	_Alignas(struct nlmsghdr) char batch[HEARTBEAT_MSG_MAX];
	int r = nft_send(batch, heartbeat_msg_stop(batch));

	if (heartbeat)
		heartbeat->written_ns = 0;
	return r;
}

static int open_socket(struct heartbeat *heartbeat, size_t i)
{
	const uint32_t mark = HEARTBEAT_MARK;
	int fd = socket(families[i].domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0) {
		heartbeat->is_absent[i] = errno == EAFNOSUPPORT;
		return -errno;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	heartbeat->fd[i] = fd;
	return 0;
}

static int send_from(int fd, size_t i)
{
	const struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT,
					  .sin6_port = htons(HEARTBEAT_PORT) };
	const struct sockaddr_in to4 = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					 .sin_port = htons(HEARTBEAT_PORT) };
	bool is_ipv6 = families[i].domain == AF_INET6;
	const void *to = is_ipv6 ? (const void *)&to6 : (const void *)&to4;
	ssize_t n = sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, to,
			   is_ipv6 ? sizeof(to6) : sizeof(to4));

	return n < 0 ? -errno : 0;
}

enum beat {
	BEAT_TAKEN,  /* the rule has dropped the datagram, which the sender learns */
	BEAT_PASSED, /* there was no rule */
	BEAT_UNSENT, /* it came to no rule */
};

static enum beat beat_by_packet(struct heartbeat *heartbeat, size_t i)
{
	int r = heartbeat->fd[i] < 0 ? open_socket(heartbeat, i) : 0;

	if (heartbeat->is_absent[i])
		return BEAT_TAKEN; /* there are no such packets */
	if (r == 0)
		r = send_from(heartbeat->fd[i], i);
	return r == 0 ? BEAT_PASSED : r == -EPERM && heartbeat->fd[i] >= 0 ? BEAT_TAKEN :
									     BEAT_UNSENT;
}

/* Writes those families' elements, unless that was done a moment ago. */
static int write_beats(struct heartbeat *heartbeat, const bool wanted[FAMILIES])
{
	_Alignas(struct nlmsghdr) char batch[HEARTBEAT_MSG_MAX];
	uint64_t now_ns = clock_boottime_ns();
	uint8_t protocols[FAMILIES];
	bool is_due = !heartbeat->written_ns || now_ns - heartbeat->written_ns >= WRITE_EVERY_NS;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < FAMILIES; i++) {
		if (wanted[i])
			protocols[count++] = families[i].nfproto;
		is_due |= wanted[i] && !heartbeat->was_written[i];
	}
	if (!is_due)
		return 0;
	r = nft_send(batch, heartbeat_msg_refresh(batch, protocols, count));
	if (r < 0)
		return r;
	heartbeat->written_ns = now_ns;
	for (size_t i = 0; i < FAMILIES; i++)
		heartbeat->was_written[i] = wanted[i];
	return 0;
}

int heartbeat_beat(struct heartbeat *heartbeat)
{
	bool unsent[FAMILIES] = { 0 }, any_unsent = false, passed = false;

	for (size_t i = 0; i < FAMILIES; i++) {
		enum beat beat = beat_by_packet(heartbeat, i);

		passed |= beat == BEAT_PASSED;
		unsent[i] = beat == BEAT_UNSENT;
		any_unsent |= unsent[i];
	}
	if (passed)
		return -ENOENT;
	if (any_unsent)
		return write_beats(heartbeat, unsent);
	heartbeat->written_ns = 0;
	return 0;
}

static int write_clearing(FILE *out, char **ret_error)
{
	int r = nft_write_chain_empty(HEARTBEAT_CHAIN, out, ret_error);

	for (size_t i = 0; i < HEARTBEAT_HOOKS && r == 0; i++)
		r = nft_write_chain_empty(heartbeat_hook_rows[i].chain, out, ret_error);
	return r;
}

int heartbeat_clear(char **ret_error)
{
	return nft_clear(write_clearing, ret_error);
}
