/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclamp-facts tells: tunnels in user space, who they belong to, names for people. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/peers/facts.h"
#include "edge/peers/facts_peers.h"

/* How long a start waits for mssclamp-facts at most; it answers in some milliseconds. */
#define FIRST_ANSWER_NS (500 * NS_PER_MS)

/* The entries of `tunnels` as facts read them. Owned, or NULL. */
static struct facts_source *make_sources(const struct config *config)
{
	struct facts_source *sources = calloc(config->tunnel_count + 1, sizeof(*sources));

	for (size_t i = 0; sources && i < config->tunnel_count; i++) {
		const struct config_tunnel *from = &config->tunnels[i];

		sources[i] = (struct facts_source){
			.match = from->match,
			.kind = from->kind,
			.status_file = from->status_file,
			.cipher = from->cipher,
			.auth = from->auth,
		};
	}
	return sources;
}

/* Kernel peers have names from there too. */
static void mark_all(struct discovery *discovery)
{
	discovery_mark(discovery, SOURCE_WIREGUARD);
	discovery_mark(discovery, SOURCE_OVPN);
	discovery_mark(discovery, SOURCE_PPP);
	discovery_mark(discovery, SOURCE_FACTS);
}

static int on_facts(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct discovery *discovery = userdata;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	r = facts_read(discovery->facts);
	if (r == 1)
		mark_all(discovery);
	if (r < 0) {
		discovery->facts_source = sd_event_source_disable_unref(discovery->facts_source);
		discovery_mark(discovery, SOURCE_FACTS); /* which tries again */
	}
	return 0;
}

/* What came while nobody looked (a host that slept) is no silence. */
static void check_now(struct discovery *discovery)
{
	int r = facts_fd(discovery->facts) < 0 ? 0 : facts_read(discovery->facts);

	if (r == 1)
		mark_all(discovery);
	if (r >= 0)
		r = facts_check(discovery->facts, clock_boottime_ns());
	if (r < 0)
		discovery->facts_source = sd_event_source_disable_unref(discovery->facts_source);
}

static int connect_now(struct discovery *discovery)
{
	if (facts_connect(discovery->facts, clock_boottime_ns()))
		discovery->facts_source = sd_event_source_disable_unref(discovery->facts_source);
	if (discovery->facts_source || facts_fd(discovery->facts) < 0)
		return 0;
	return sd_event_add_io(discovery->event, &discovery->facts_source,
			       facts_fd(discovery->facts), EPOLLIN, on_facts, discovery);
}

int source_facts_open(struct discovery *discovery)
{
	int r;

	if (!discovery->facts)
		discovery->facts = facts_new(FACTS_SOCKET, &discovery->facts_starter);
	if (!discovery->facts)
		return -ENOMEM;
	r = connect_now(discovery);
	return r < 0 ? r : 0;
}

void source_facts_close(struct discovery *discovery)
{
	sd_event_source_disable_unref(discovery->facts_source);
	facts_free(discovery->facts);
}

/* The first snapshot shall know what there is to know: SYNs come as soon as it is published. */
static void await_first_answer(struct discovery *discovery)
{
	uint64_t until_ns = clock_boottime_ns() + FIRST_ANSWER_NS, now_ns;
	struct pollfd fd = { .fd = facts_fd(discovery->facts), .events = POLLIN };
	int r;

	if (discovery->facts_awaited || fd.fd < 0)
		return;
	discovery->facts_awaited = true;
	while (facts_is_waiting(discovery->facts) && (now_ns = clock_boottime_ns()) < until_ns) {
		if (poll(&fd, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1) < 0 && errno != EINTR)
			return;
		r = facts_read(discovery->facts);
		if (r < 0) {
			discovery->facts_source =
				sd_event_source_disable_unref(discovery->facts_source);
			return;
		}
	}
}

/* Until the reader is due, which is not now: what was due is done. 0: never. */
static uint64_t time_left(const struct facts_reader *facts)
{
	uint64_t due_ns = facts_due(facts), now_ns = clock_boottime_ns();

	if (due_ns == UINT64_MAX)
		return 0;
	return due_ns > now_ns ? due_ns - now_ns : NS_PER_MS;
}

int source_facts_read(struct discovery *discovery, const struct source_look *look,
		      struct peer_list *peers, uint64_t *ret_poll_ns)
{
	struct facts_source *sources = make_sources(look->config);
	size_t count = look->config->tunnel_count;
	int r;

	if (!sources)
		return -ENOMEM;
	check_now(discovery);
	r = connect_now(discovery);
	if (r >= 0)
		r = facts_ask(discovery->facts, look->links, look->link_count, sources, count);
	await_first_answer(discovery);
	if (r >= 0)
		r = facts_peers(facts_current(discovery->facts), look->links, look->link_count,
				sources, count, peers);
	if (r >= 0) /* names of WireGuard in user space */
		r = source_facts_complete(discovery, look, peers);
	free(sources);
	*ret_poll_ns = time_left(discovery->facts);
	return r < 0 ? r : 0;
}

bool discovery_is_looking(const struct discovery *discovery)
{
	return discovery->facts && facts_is_looking(discovery->facts, clock_boottime_ns());
}

const char *discovery_warning(const struct discovery *discovery)
{
	return discovery->facts ? facts_absence(discovery->facts) : NULL;
}

int source_facts_complete(const struct discovery *discovery, const struct source_look *look,
			  struct peer_list *peers)
{
	if (!discovery->facts)
		return 0;
	return facts_complete(facts_current(discovery->facts), look->links, look->link_count,
			      peers);
}

const struct facts_ppp *source_facts_find_ppp(const struct discovery *discovery,
					     const char *ifname)
{
	const struct facts *facts = discovery->facts ? facts_current(discovery->facts) : NULL;

	return facts ? facts_find_ppp(facts, ifname) : NULL;
}
