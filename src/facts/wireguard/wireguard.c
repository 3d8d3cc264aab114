/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/wireguard/wireguard.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "facts/file.h"
#include "facts/wireguard/uapi.h"

#define ANSWER_MAX (16u << 20) /* bytes; a peer has some 400 */
#define PAUSE_MIN_NS (2 * NS_PER_SECOND)
#define PAUSE_MAX_NS (32 * NS_PER_SECOND)
#define BROKEN_NS (3600 * NS_PER_SECOND)

static const char *const kinds[] = { "wireguard", "amneziawg" };

/* A device that did not answer in time, once or several times without an answer in between. */
struct wireguard_pause {
	char ifname[IF_NAMESIZE];
	uint64_t until_ns;
	uint64_t next_ns; /* how long it will be left alone when it fails once more */
};

/* A growing answer. It holds a key, so nothing of it is left behind where it moves. */
struct answer {
	char *text;
	size_t len, capacity;
};

static int grow(struct answer *answer)
{
	const size_t capacity = answer->capacity ? 2 * answer->capacity : 16384;
	char *text;

	if (capacity > ANSWER_MAX)
		return -EMSGSIZE;
	text = malloc(capacity);
	if (!text)
		return -ENOMEM;
	if (answer->len > 0)
		memcpy(text, answer->text, answer->len);
	file_wipe(answer->text, answer->len);
	answer->text = text;
	answer->capacity = capacity;
	return 0;
}

/* Returns 0, -ETIME or -errno. */
static int wait_until(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	const uint64_t now_ns = clock_boottime_ns();
	int r;

	if (now_ns >= deadline_ns)
		return -ETIME;
	r = poll(&poll_fd, 1, (int)((deadline_ns - now_ns) / NS_PER_MS) + 1);
	return r < 0 && errno != EINTR ? -errno : 0;
}

/* The end is told by an empty line; what hangs up before it is not whole. */
static bool is_whole(const struct answer *answer)
{
	return answer->len >= 2 && memcmp(answer->text + answer->len - 2, "\n\n", 2) == 0;
}

static int receive(int fd, struct answer *answer, uint64_t deadline_ns)
{
	while (!is_whole(answer)) {
		ssize_t n;
		int r;

		if (answer->len == answer->capacity) {
			r = grow(answer);
			if (r < 0)
				return r;
		}
		n = recv(fd, answer->text + answer->len, answer->capacity - answer->len, 0);
		if (n > 0) {
			answer->len += (size_t)n;
			continue;
		}
		if (n == 0)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_until(fd, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns a descriptor, -ENOENT where nobody is there, or -errno. */
static int connect_to(const char *folder, const char *kind, const char *ifname)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, len, r = 0;

	len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s/%s.sock", folder, kind,
		       ifname);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = errno == EAGAIN ? -ETIME : -errno; /* a full backlog: it takes nobody */
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int ask(const char *folder, const char *kind, const char *ifname,
	       struct facts_wireguard *ret_device)
{
	const uint64_t deadline_ns = clock_boottime_ns() + WIREGUARD_ANSWER_MS * NS_PER_MS;
	const size_t len = strlen(UAPI_QUESTION);
	struct answer answer = { 0 };
	int fd = connect_to(folder, kind, ifname), r;

	if (fd < 0)
		return fd;
	/* So few bytes fit into an empty socket, or it is broken. */
	r = send(fd, UAPI_QUESTION, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EPIPE;
	if (r == 0)
		r = receive(fd, &answer, deadline_ns);
	if (r == 0)
		r = uapi_parse(answer.text, answer.len, ret_device);
	file_wipe(answer.text, answer.len);
	close(fd);
	return r;
}

static struct wireguard_pause *find_pause(struct wireguard *wireguard, const char *ifname)
{
	for (size_t i = 0; i < wireguard->pauses.count; i++) {
		if (strcmp(wireguard->pauses.list[i].ifname, ifname) == 0)
			return &wireguard->pauses.list[i];
	}
	return NULL;
}

/* Each time for twice as long: a host that was busy for a moment is not blind for half a minute,
 * and a device that hangs costs the other sources three percent of the time. */
static int pause_device(struct wireguard *wireguard, const char *ifname, uint64_t now_ns)
{
	struct wireguard_pause *pause = find_pause(wireguard, ifname);

	if (!pause) {
		pause = record_append(&wireguard->pauses, sizeof(*pause));
		if (!pause)
			return -ENOMEM;
		snprintf(pause->ifname, sizeof(pause->ifname), "%s", ifname);
		pause->next_ns = PAUSE_MIN_NS;
	}
	pause->until_ns = now_ns + pause->next_ns;
	pause->next_ns = pause->next_ns < PAUSE_MAX_NS ? 2 * pause->next_ns : PAUSE_MAX_NS;
	return 0;
}

/* Returns 0, -ENOMEM, -ETIME, -ENOENT or -ECONNREFUSED where the device has no socket of this kind,
 * or another -errno where that gives no answer that can be used. */
static int add_device(const char *folder, const char *kind, const char *ifname,
		      struct facts *fresh)
{
	struct facts_wireguard device, *place;
	int r = ask(folder, kind, ifname, &device);

	if (r < 0)
		return r;
	device.ifname = strdup(ifname);
	device.kind = strdup(kind);
	place = device.ifname && device.kind ? record_append(&fresh->wireguard, sizeof(*place))
					     : NULL;
	if (!place) {
		record_done(&facts_wireguard_shape, &device);
		return -ENOMEM;
	}
	*place = device;
	return 0;
}

/* What is known of a device that gives no answer stays. */
static int keep_known(const struct wireguard *wireguard, const char *ifname, struct facts *fresh)
{
	for (size_t i = 0; i < wireguard->facts.wireguard.count; i++) {
		const struct facts_wireguard *known = &wireguard->facts.wireguard.list[i];
		struct facts_wireguard *kept;

		if (strcmp(known->ifname, ifname) != 0)
			continue;
		kept = record_append(&fresh->wireguard, sizeof(*kept));
		return kept ? record_copy(&facts_wireguard_shape, known, kept) : -ENOMEM;
	}
	return 0;
}

static void say_broken(struct wireguard *wireguard, const char *ifname, int r, uint64_t now_ns)
{
	const char *why = r == -EMSGSIZE ? "more than 16 MiB" :
			  r == -ETIME	 ? "not whole within a second" : strerror(-r);
	uint64_t suppressed;

	if (log_may_speak(&wireguard->broken, now_ns, BROKEN_NS, &suppressed))
		log_warning("facts: %s: WireGuard's socket does not answer as it should (%s); what "
			    "was known of its peers stays",
			    ifname, why);
}

static bool has_socket(int r)
{
	return r != -ENOENT && r != -ECONNREFUSED;
}

static int look_at(struct wireguard *wireguard, const char *folder, const char *ifname,
		   uint64_t now_ns, struct facts *fresh)
{
	struct wireguard_pause *pause = find_pause(wireguard, ifname);
	int broken = 0;

	if (pause && now_ns < pause->until_ns)
		return keep_known(wireguard, ifname, fresh);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		int r = add_device(folder, kinds[i], ifname, fresh);

		if (r == -ETIME) {
			say_broken(wireguard, ifname, r, now_ns);
			r = pause_device(wireguard, ifname, now_ns);
			return r < 0 ? r : keep_known(wireguard, ifname, fresh);
		}
		if (r == 0 && pause)
			pause->next_ns = PAUSE_MIN_NS;
		if (r == 0 || r == -ENOMEM)
			return r;
		if (has_socket(r))
			broken = r;
	}
	if (broken == 0)
		return 0;
	say_broken(wireguard, ifname, broken, now_ns);
	return keep_known(wireguard, ifname, fresh);
}

int wireguard_refresh(struct wireguard *wireguard, const struct facts_question *question,
		      const char *folder, uint64_t now_ns)
{
	struct facts fresh = { 0 };
	bool loud, quiet;
	int r = 0;

	for (size_t i = 0; r == 0 && i < question->wireguard.count; i++)
		r = look_at(wireguard, folder, question->wireguard.list[i], now_ns, &fresh);
	if (r < 0) {
		record_done(&facts_shape, &fresh);
		return r;
	}
	loud = !record_equal(&facts_shape, &wireguard->facts, &fresh, false);
	quiet = !record_equal(&facts_shape, &wireguard->facts, &fresh, true);
	record_done(&facts_shape, &wireguard->facts);
	wireguard->facts = fresh;
	return loud ? CHANGE_LOUD : quiet ? CHANGE_QUIET : CHANGE_NONE;
}

void wireguard_done(struct wireguard *wireguard)
{
	record_done(&facts_shape, &wireguard->facts);
	free(wireguard->pauses.list);
	*wireguard = (struct wireguard){ 0 };
}
