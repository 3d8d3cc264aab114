/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words under the picture: what was found, what it means, what follows, what to do. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "ctl/field.h"
#include "ctl/format.h"
#include "ctl/mode.h"
#include "ctl/output.h"
#include "ctl/probe_path.h"
#include "ctl/probe_screen.h"

/* A paragraph: the word that carries it, painted, then the rest. */
static void __attribute__((format(printf, 4, 5)))
say(const struct ctl *ctl, enum paint paint, const char *head, const char *format, ...)
{
	char *text;
	va_list list;
	int r;

	va_start(list, format);
	r = vasprintf(&text, format, list);
	va_end(list);
	printf("%s%s%s ", output_paint(ctl, paint), head, output_paint(ctl, PAINT_END));
	output_wrapped(ctl, format_columns(head) + 1, 2, r < 0 ? "out of memory" : text);
	if (r >= 0)
		free(text);
}

static struct format_text bytes_of(const json_t *reply, const char *key)
{
	return format_json_bytes(json_object_get(reply, key));
}

/* "1380/1360"; "-" where neither is known. */
static struct format_text mss_pair(const json_t *reply, const char *key4, const char *key6)
{
	struct format_text pair;

	snprintf(pair.s, sizeof(pair.s), "%.20s/%.20s", bytes_of(reply, key4).s,
		 bytes_of(reply, key6).s);
	if (strcmp(pair.s, "-/-") == 0)
		strcpy(pair.s, "-");
	return pair;
}

/* "; next check in 10 min". */
static struct format_text next_check(const json_t *reply)
{
	struct format_text age = format_json_age(json_object_get(reply, "interval_seconds"));
	struct format_text text = { "" };

	if (strcmp(age.s, "-") != 0)
		snprintf(text.s, sizeof(text.s), "; next check in %.24s", age.s);
	return text;
}

/* What mssclampd does about it. */
static void say_mss(const struct ctl *ctl, const json_t *reply)
{
	struct format_text now = mss_pair(reply, "mss4_bytes", "mss6_bytes");
	struct format_text old = mss_pair(reply, "old_mss4_bytes", "old_mss6_bytes");
	struct format_text next = next_check(reply);

	if (!field_string(reply, "tunnel", NULL))
		say(ctl, PAINT_BOLD, "MSS", "unchanged: no peer is behind this address");
	else if (strcmp(now.s, "-") == 0)
		say(ctl, PAINT_BOLD, "MSS", "unknown%s", next.s);
	else if (strcmp(now.s, old.s) == 0 || strcmp(old.s, "-") == 0)
		say(ctl, PAINT_BOLD, "MSS", "%s (IPv4/IPv6), %s%s", now.s,
		    strcmp(now.s, old.s) == 0 ? "unchanged" : "in force now", next.s);
	else
		say(ctl, PAINT_BOLD, "MSS", "%s -> %s (IPv4/IPv6), in force now%s", old.s, now.s,
		    next.s);
	if (mode_is_audit(ctl))
		puts("Audit mode: nothing is changed; this is what would be clamped to.");
}

/* A line to be copied: never broken. */
static void __attribute__((format(printf, 2, 3)))
say_recipe(const struct ctl *ctl, const char *format, ...)
{
	char *text;
	va_list list;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	fputs("    ", stdout);
	output_text(ctl, text ? text : "out of memory");
	putchar('\n');
	free(text);
}

/* Whether TCP may send more than arrives inside: a rule says so, or the measure is not in force. */
static bool tcp_exceeds(const json_t *reply)
{
	uint64_t inner = field_count(reply, "inner_mtu_bytes");

	return inner && (field_count(reply, "mss4_bytes") + MSS_HEADERS_IPV4 > inner ||
			 field_count(reply, "mss6_bytes") + MSS_HEADERS_IPV6 > inner);
}

/* What to do for those whom no MSS helps. Policy-based IPsec has no interface that could be set. */
static void say_to_do(const struct ctl *ctl, const json_t *reply, const char *fate)
{
	const char *tunnel = field_string(reply, "tunnel", NULL);
	struct format_text inner = bytes_of(reply, "inner_mtu_bytes");

	if (!tunnel) {
		say(ctl, PAINT_BOLD, "To do:", "where a tunnel goes this way, tell mssclampd:");
		say_recipe(ctl, "tunnels = ( { match = \"...\"; path_mtu = %s; } );",
			   bytes_of(reply, "path_mtu_bytes").s);
		return;
	}
	if (tcp_exceeds(reply)) {
		say(ctl, PAINT_BOLD, "To do:",
		    "the MSS in force is too large for this path. Where no rule says so, this "
		    "lowers it:");
		say_recipe(ctl, "tunnels = ( { match = \"%s\"; path_mtu = %s; } );", tunnel,
			   bytes_of(reply, "path_mtu_bytes").s);
		return;
	}
	say(ctl, PAINT_BOLD, "To do:",
	    "nothing for TCP. Larger packets of UDP and QUIC %s; this tells their senders:", fate);
	say_recipe(ctl, "path = { set_route_mtu = true; };");
	if (strncmp(tunnel, "ipsec:", 6) == 0 || strcmp(inner.s, "-") == 0)
		return;
	puts("  or, for all peers and at both ends:");
	say_recipe(ctl, "ip link set %s mtu %s", tunnel, inner.s);
}

static void say_pieces(const struct ctl *ctl, const json_t *reply)
{
	if (!json_is_true(json_object_get(reply, "fragmented_outside")))
		return;
	say(ctl, PAINT_WARN, "!",
	    "Larger packets outside arrive in pieces: that works until somebody on the way drops "
	    "fragments, and it costs. The MSS keeps TCP whole.");
}

/* The router that told the MTU; NULL where none did. */
static const char *find_router(const json_t *reply, const struct probe_path *path)
{
	const char *router = field_string(reply, "router", NULL);

	for (size_t i = path->count; !router && i > 0; i--)
		if (path->stops[i].said_bytes)
			router = path->stops[i].address;
	return router;
}

static int say_ok(const struct ctl *ctl, const json_t *reply, const struct probe_path *path)
{
	struct format_text found = bytes_of(reply, "path_mtu_bytes");
	const char *router = find_router(reply, path);
	bool pieces = json_is_true(json_object_get(reply, "fragmented_outside"));

	if (router)
		say(ctl, PAINT_GOOD, "OK:",
		    "outer path MTU %s, and %s says so: larger packets are refused with a word, as "
		    "it should be.",
		    found.s, router);
	else if (pieces)
		say(ctl, PAINT_GOOD, "OK:", "outer path MTU %s: so much arrives whole.", found.s);
	else
		say(ctl, PAINT_GOOD, "OK:",
		    "outer path MTU %s: the path carries what links and routes promise.", found.s);
	say_pieces(ctl, reply);
	say_mss(ctl, reply);
	if (pieces)
		say_to_do(ctl, reply, "are cut");
	else
		say(ctl, PAINT_BOLD, "To do:", "nothing.");
	return CTL_OK;
}

static int say_black_hole(const struct ctl *ctl, const json_t *reply, const struct probe_path *path)
{
	char *place = probe_path_place(path);

	say(ctl, PAINT_BAD, "BLACK HOLE:",
	    "outer path MTU %s, and no router said so: larger packets vanish%s%s.",
	    bytes_of(reply, "path_mtu_bytes").s, place ? " " : ", where cannot be told",
	    place ? place : "");
	free(place);
	say_pieces(ctl, reply);
	say_mss(ctl, reply);
	say_to_do(ctl, reply, "still vanish");
	return CTL_FOUND;
}

static int say_no_answer(const struct ctl *ctl, const json_t *reply, const struct probe_path *path)
{
	const char *tunnel = field_string(reply, "tunnel", NULL);

	(void)path;
	say(ctl, PAINT_WARN, "CANNOT TELL:",
	    "nobody answers even small packets, so silence at larger ones proves nothing. Nothing "
	    "was changed.");
	say_mss(ctl, reply);
	say(ctl, PAINT_BOLD, "Why:",
	    "the far end is down, or a filter there drops both ping and UDP to closed ports (usual "
	    "for phones, and behind carrier NAT).");
	say(ctl, PAINT_BOLD, "To do:",
	    "allow ICMP echo from this server on the peer and probe again, or write down what you "
	    "know:");
	say_recipe(ctl, "tunnels = ( { match = \"%s\"; path_mtu = N; } );",
		   tunnel ? tunnel : "...");
	return CTL_UNKNOWN;
}

static int say_limited(const struct ctl *ctl, const json_t *reply, const struct probe_path *path)
{
	const char *router = find_router(reply, path);

	say(ctl, PAINT_WARN, "LIMITED:",
	    "nobody answers, but %s, which had seen the packets, says that %s bytes fit.",
	    router ? router : "a router", bytes_of(reply, "path_mtu_bytes").s);
	say_pieces(ctl, reply);
	say_mss(ctl, reply);
	say(ctl, PAINT_BOLD, "To do:",
	    "nothing. Whether more is lost behind it can be told once the peer answers ICMP echo "
	    "from this server.");
	return CTL_OK;
}

int probe_verdict_print(const struct ctl *ctl, const json_t *reply)
{
	static const struct {
		const char *result;
		int (*say)(const struct ctl *ctl, const json_t *reply,
			   const struct probe_path *path);
	} rows[] = {
		{ "ok", say_ok },
		{ "black_hole", say_black_hole },
		{ "no_answer", say_no_answer },
		{ "limited_by_icmp", say_limited },
	};
	struct probe_path path;

	probe_path_read(reply, &path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (field_is(reply, "result", rows[i].result))
			return rows[i].say(ctl, reply, &path);
	say(ctl, PAINT_WARN, "CANNOT TELL:",
	    "mssclampd gave no result that this mssclampctl knows: install both of the same "
	    "version.");
	return CTL_UNKNOWN;
}
