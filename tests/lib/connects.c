/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connects: real TCP connects at a steady rate, and what became of each.
 *
 *   connects -l ADDRESS PORT LIMIT       takes them, until stdin ends
 *   connects RATE ADDRESS PORT LIMIT     makes them, until stdin ends
 *
 * Prints one line: connections, failed, retried (a SYN or SYN-ACK was sent again), unclamped (this end
 * may send more than LIMIT bytes a segment), and the longest connect in microseconds. With more than
 * one a second each comes from a port of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL
#define OPEN_MAX_ 4096          /* connects under way: four seconds of silence at 1,000 a second */
#define HELD 8192               /* connections that the taker leaves open: the newest */
#define PATIENCE_NS (30 * NS)   /* then a connect has failed */

struct one {
	int fd;
	int64_t begin_ns;
};

static struct {
	uint64_t all, failed, retried, unclamped, longest_us;
} total;
static int limit;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Sends a reset instead of leaving the port in TIME_WAIT. */
static void shut(int fd)
{
	const struct linger reset = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void count_segment(int fd)
{
	int mss = 0;
	socklen_t len = sizeof(mss);

	if (getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &mss, &len) == 0 && mss > limit)
		total.unclamped++;
}

/* Whether that one is over. */
static bool settle(struct one *one)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int64_t now = now_ns();
	uint64_t took_us = (uint64_t)(now - one->begin_ns) / 1000;

	if (getsockopt(one->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		die("TCP_INFO");
	if (info.tcpi_state == TCP_SYN_SENT && now - one->begin_ns < PATIENCE_NS)
		return false;
	if (info.tcpi_state != TCP_ESTABLISHED)
		total.failed++;
	else
		count_segment(one->fd);
	total.retried += info.tcpi_total_retrans > 0;
	if (took_us > total.longest_us)
		total.longest_us = took_us;
	shut(one->fd);
	return true;
}

static void begin(struct one *one, const struct sockaddr_storage *to, socklen_t len)
{
	one->fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	one->begin_ns = now_ns();
	if (one->fd < 0)
		die("socket");
	if (connect(one->fd, (const struct sockaddr *)to, len) < 0 && errno != EINPROGRESS)
		die("connect");
	total.all++;
}

static bool is_over(int timeout_ms)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };

	return poll(&in, 1, timeout_ms) > 0;
}

static void make_them(double rate, const struct sockaddr_storage *to, socklen_t len)
{
	static struct one list[OPEN_MAX_];
	int64_t start = now_ns();
	size_t open = 0;
	bool over = false;

	while (!over || open > 0) {
		over = over || is_over(0);
		while (!over && open < OPEN_MAX_ &&
		       (double)total.all < (double)(now_ns() - start) * rate / NS)
			begin(&list[open++], to, len);
		for (size_t i = 0; i < open;) {
			if (settle(&list[i]))
				list[i] = list[--open];
			else
				i++;
		}
		usleep(rate > 100 ? 200 : 2000);
	}
}

static void take_them(const struct sockaddr_storage *at, socklen_t len)
{
	static int held[HELD]; /* the other end shall see each of them stand */
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)at, len) < 0 || listen(fd, 4096) < 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	while (!is_over(5)) {
		int client;

		while ((client = accept(fd, NULL, NULL)) >= 0) {
			int *place = &held[total.all++ % HELD];

			count_segment(client);
			if (*place)
				shut(*place);
			*place = client;
		}
	}
}

static socklen_t parse(const char *address, const char *port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
		exit(2);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)atoi(port));
	return sizeof(*v6);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage end;
	struct rlimit files;
	socklen_t len;

	if (argc != 5)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	len = parse(argv[2], argv[3], &end);
	limit = atoi(argv[4]);
	if (strcmp(argv[1], "-l") == 0)
		take_them(&end, len);
	else
		make_them(atof(argv[1]), &end, len);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", total.all,
	       total.failed, total.retried, total.unclamped, total.longest_us);
	return 0;
}
