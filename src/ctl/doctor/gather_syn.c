/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether mssclampd sees SYNs of our own: a connection over lo of each family. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/client/client.h"
#include "ctl/doctor/facts.h"
#include "ctl/screen/field.h"

#define CONNECT_MS 1000
#define SEEN_NS (3 * NS_PER_SECOND) /* until what a worker has seen stands in its counters */
#define WATCH_SECONDS 4             /* until both families were shown, as they pass */
#define WATCH_SHORT_SECONDS 1       /* where no hook of ours should see it */
#define PAUSE_MS 20

/* A port of ours on lo that can be connected to. */
struct loopback {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address;
	socklen_t len;
	int listener; /* -1: none */
};

static struct loopback loopback_of(enum family family)
{
	struct loopback to = { .len = sizeof(to.address.four), .listener = -1 };

	if (family == FAMILY_IPV4) {
		to.address.four.sin_family = AF_INET;
		to.address.four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		to.len = sizeof(to.address.six);
		to.address.six.sin6_family = AF_INET6;
		to.address.six.sin6_addr = in6addr_loopback;
	}
	return to;
}

/* The caller closes to->listener. Returns 0, -EAFNOSUPPORT (there is no such address), or
 * -errno. */
static int open_loopback(enum family family, struct loopback *to)
{
	*to = loopback_of(family);
	to->listener = socket(to->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to->listener < 0 || bind(to->listener, &to->address.any, to->len) < 0)
		return -EAFNOSUPPORT;
	if (listen(to->listener, 8) < 0 ||
	    getsockname(to->listener, &to->address.any, &to->len) < 0)
		return -errno;
	return 0;
}

static uint16_t port_of(const struct loopback *to)
{
	return ntohs(to->address.any.sa_family == AF_INET ? to->address.four.sin_port :
							    to->address.six.sin6_port);
}

static int finish_connecting(int client)
{
	struct pollfd done = { .fd = client, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&done, 1, CONNECT_MS) <= 0)
		return -ETIMEDOUT;
	if (getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

/* A connection to ourselves that is given up at once. Returns 0 where it came about, or -errno. */
static int connect_to(const struct loopback *to)
{
	int client = socket(to->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    0);
	int r = 0;

	if (client < 0)
		return -errno;
	if (connect(client, &to->address.any, to->len) < 0)
		r = finish_connecting(client);
	close(client);
	return r;
}

/* While mssclampd shows what passes by our ports. */
struct watch {
	struct doctor_facts *facts;
	const struct loopback *to; /* by family */
	bool begun, crowded;
	int error[FAMILY_COUNT]; /* of listening and of the connection */
};

static unsigned int place_of(const json_t *syn)
{
	bool output = json_is_string(json_object_get(syn, "out_interface"));

	if (field_is(syn, "kind", "syn"))
		return output ? SEEN_SYN_OUTPUT : SEEN_SYN_INPUT;
	if (field_is(syn, "kind", "syn_ack"))
		return output ? SEEN_SYN_ACK_OUTPUT : SEEN_SYN_ACK_INPUT;
	return 0;
}

/* Whether all that there is to see of a family was seen, or will not be. */
static bool is_done(const struct watch *watch, enum family family)
{
	const struct doctor_facts *facts = watch->facts;

	return watch->error[family] < 0 || ((!facts->hooks_known || facts->syn_expected) &&
					    !doctor_syn_missing(facts, family));
}

/* CTL_FOUND: that is so of both. */
static int on_reply(const struct ctl *ctl, const json_t *reply, void *userdata)
{
	const json_t *syns = json_object_get(reply, "syns"), *syn;
	struct watch *watch = userdata;
	bool begins = !watch->begun;
	size_t i;

	(void)ctl;
	json_array_foreach(syns, i, syn)
		watch->facts->syn_seen[field_is(syn, "family", "ipv6") ? FAMILY_IPV6 :
					FAMILY_IPV4] |= place_of(syn);
	watch->crowded |= field_count(reply, "unseen_total") > 0;
	watch->begun = true;
	for (enum family family = FAMILY_IPV4; begins && family < FAMILY_COUNT; family++)
		if (watch->error[family] == 0)
			watch->error[family] = connect_to(&watch->to[family]);
	if (json_is_true(json_object_get(reply, "finished")))
		return CTL_FOUND;
	return is_done(watch, FAMILY_IPV4) && is_done(watch, FAMILY_IPV6) ? CTL_FOUND : CTL_OK;
}

/* Our connections alone: what is forwarded may have one of our ports too. */
static void write_filter(const struct watch *watch, char *text, size_t size)
{
	static const char *const loopbacks[FAMILY_COUNT] = { "127.0.0.1", "::1" };
	size_t len = 0;

	text[0] = '\0';
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		if (watch->error[family] == 0)
			len += (size_t)snprintf(text + len, size - len, "%shost %s and port %u",
						len ? " or " : "", loopbacks[family],
						port_of(&watch->to[family]));
}

/* Returns whether mssclampd let us watch. */
static bool watch_all(const struct ctl *ctl, struct watch *watch)
{
	/* It ends the watch by itself: later than that it does not go on. */
	const struct client_listener listener = {
		.on_reply = on_reply, .userdata = watch, .mute = true,
		.silence_ns = WATCH_SECONDS * NS_PER_SECOND + ctl->timeout_ns,
	};
	bool waits = !watch->facts->hooks_known || watch->facts->syn_expected;
	char filter[96];

	if (field_is(watch->facts->status, "mode", "offload"))
		return false;
	write_filter(watch, filter, sizeof(filter));
	return *filter && client_stream(ctl, "Capture",
					json_pack("{s:s, s:i}", "filter", filter, "seconds", waits ?
						  WATCH_SECONDS : WATCH_SHORT_SECONDS),
					&listener) == CTL_FOUND;
}

static enum doctor_syn judge_watch(const struct watch *watch, enum family family)
{
	if (watch->error[family] == -EAFNOSUPPORT)
		return DOCTOR_SYN_NO_FAMILY;
	if (watch->error[family] < 0)
		return DOCTOR_SYN_NO_LOOPBACK;
	if (watch->crowded && !is_done(watch, family))
		return DOCTOR_SYN_CROWDED;
	return watch->facts->syn_seen[family] ? DOCTOR_SYN_REACHED : DOCTOR_SYN_UNSEEN;
}

/* SYNs of the family that were seen so far, by workers or in mode offload by the kernel's tables
 * (there of both families). Returns false where nobody says. */
static bool count_seen(const struct ctl *ctl, const struct doctor_facts *facts, enum family family,
		       uint64_t *ret_seen)
{
	json_t *stats = client_get(ctl, "GetStats", NULL), *offload;
	bool known = stats != NULL;

	*ret_seen = field_count(json_object_get(stats, family == FAMILY_IPV4 ? "ipv4" : "ipv6"),
				"seen_total");
	json_decref(stats);
	if (known && field_is(facts->status, "mode", "offload")) {
		offload = client_get(ctl, "GetOffload", NULL);
		known = offload != NULL;
		*ret_seen += field_count(offload, "taken_total");
		json_decref(offload);
	}
	return known;
}

/* By counters, which others move too: where nobody lets us watch, or the kernel takes SYNs. */
static enum doctor_syn count_family(const struct ctl *ctl, const struct doctor_facts *facts,
				    enum family family, const struct loopback *to)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * (long)NS_PER_MS };
	uint64_t before, now, deadline_ns;

	if (!count_seen(ctl, facts, family, &before))
		return DOCTOR_SYN_UNKNOWN;
	if (connect_to(to) < 0)
		return DOCTOR_SYN_NO_LOOPBACK;
	deadline_ns = clock_monotonic_ns() + SEEN_NS;
	do {
		if (!count_seen(ctl, facts, family, &now))
			return DOCTOR_SYN_UNKNOWN;
		if (now > before)
			return DOCTOR_SYN_REACHED;
		nanosleep(&pause, NULL);
	} while (clock_monotonic_ns() < deadline_ns);
	return DOCTOR_SYN_UNSEEN;
}

/* By the counters of our rules: a hook without has none. */
static void expect(struct doctor_facts *facts)
{
	const json_t *counters = json_object_get(facts->rules, "counters");
	bool output = json_is_integer(json_object_get(counters, "output"));
	bool input = json_is_integer(json_object_get(counters, "input"));

	facts->hooks_known = output || input ||
			     json_is_integer(json_object_get(counters, "forward"));
	facts->syn_expected = (output ? SEEN_OUTPUT : 0u) | (input ? SEEN_INPUT : 0u);
}

void doctor_gather_syns(const struct ctl *ctl, struct doctor_facts *facts)
{
	struct loopback to[FAMILY_COUNT];
	struct watch watch = { .facts = facts, .to = to };
	bool exact;

	expect(facts);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		watch.error[family] = open_loopback(family, &to[family]);
	exact = watch_all(ctl, &watch);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		facts->syn_exact[family] = exact;
		facts->syn[family] = exact || watch.error[family] < 0 ?
			judge_watch(&watch, family) :
			count_family(ctl, facts, family, &to[family]);
		if (to[family].listener >= 0)
			close(to[family].listener);
	}
}
