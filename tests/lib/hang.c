/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into mssclampd: while the first byte of the file MSSCLAMP_HANG, which the test maps too, is
 * 1, transactions of nftables do not end, whether libnftables makes them or we do, and no socket of
 * netfilter is closed: as in the kernel behind a transaction of somebody else, where other questions
 * have their answers. While it is 2, libnftables aborts. While it is 3, who has become another user does
 * not go on. */
#include <dlfcn.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef int (*run_fn)(struct nft_ctx *ctx, const char *commands);
typedef int (*close_fn)(struct mnl_socket *socket);
typedef int (*become_fn)(uid_t real, uid_t effective, uid_t saved);
typedef ssize_t (*send_fn)(const struct mnl_socket *socket, const void *bytes, size_t len);

static const volatile unsigned char *hangs;

static __attribute__((constructor)) void map_switch(void)
{
	const char *path = getenv("MSSCLAMP_HANG");
	int fd = path ? open(path, O_RDONLY) : -1;
	void *memory;

	if (fd < 0)
		return;
	memory = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		hangs = memory;
}

static void hang_while(unsigned char number)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	while (hangs && *hangs == number)
		nanosleep(&pause, NULL);
}

static void hang(void)
{
	hang_while(1);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *bytes, size_t len)
{
	send_fn real = (send_fn)(void *)dlsym(RTLD_NEXT, "mnl_socket_sendto");
	const struct nlmsghdr *message = bytes;

	if (len >= sizeof(*message) && message->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
		hang();
	return real ? real(socket, bytes, len) : -1;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	close_fn real = (close_fn)(void *)dlsym(RTLD_NEXT, "mnl_socket_close");
	int protocol = -1;
	socklen_t len = sizeof(protocol);

	getsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	if (protocol == NETLINK_NETFILTER)
		hang();
	return real ? real(socket) : -1;
}

int nft_run_cmd_from_buffer(struct nft_ctx *ctx, const char *commands)
{
	run_fn real = (run_fn)(void *)dlsym(RTLD_NEXT, "nft_run_cmd_from_buffer");

	hang();
	if (hangs && *hangs == 2)
		abort();
	return real ? real(ctx, commands) : -1;
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
	become_fn become = (become_fn)(void *)dlsym(RTLD_NEXT, "setresuid");
	int r = become ? become(real, effective, saved) : -1;

	hang_while(3);
	return r;
}
