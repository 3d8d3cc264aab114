/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words under the picture: what was found, what it means, what follows, what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/probe/probe_screen.h"
#include "ctl/probe/probe_to_do.h"
#include "ctl/probe/probed_path.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

/* All that the words are made of. */
struct verdict {
	const struct ctl *ctl;
	const json_t *reply;
	const struct probe_around *around;
	struct probed_path path;
	uint64_t most; /* --max: bytes, 0 without */
};

/* "1380/1360"; "-" where neither is known. */
static struct format_text mss_pair(const json_t *reply, const char *key4, const char *key6)
{
	struct format_text pair;

	snprintf(pair.s, sizeof(pair.s), "%.20s/%.20s", format_field_bytes(reply, key4).s,
		 format_field_bytes(reply, key6).s);
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
static void say_mss(const struct verdict *verdict)
{
	const struct ctl *ctl = verdict->ctl;
	const json_t *reply = verdict->reply;
	struct format_text now = mss_pair(reply, "mss4_bytes", "mss6_bytes");
	struct format_text old = mss_pair(reply, "old_mss4_bytes", "old_mss6_bytes");
	struct format_text next = next_check(reply);
	const char *in_force = verdict->around->audit ? "not in force" : "in force now";

	if (!field_string(reply, "tunnel", NULL))
		probe_say(ctl, PAINT_BOLD, "MSS", "unchanged: it is no peer's endpoint");
	else if (strcmp(now.s, "-") == 0)
		probe_say(ctl, PAINT_BOLD, "MSS", "unknown%s", next.s);
	else if (strcmp(now.s, old.s) == 0)
		probe_say(ctl, PAINT_BOLD, "MSS", "%s (IPv4/IPv6), unchanged%s", now.s, next.s);
	else if (strcmp(old.s, "-") == 0)
		probe_say(ctl, PAINT_BOLD, "MSS", "%s (IPv4/IPv6), %s%s", now.s, in_force, next.s);
	else
		probe_say(ctl, PAINT_BOLD, "MSS", "%s -> %s (IPv4/IPv6), %s%s", old.s, now.s,
			  in_force, next.s);
	if (verdict->around->audit)
		puts("Audit mode: nothing is changed; this is what would be clamped to.");
}

static void say_pieces(const struct verdict *verdict)
{
	if (!json_is_true(json_object_get(verdict->reply, "fragmented_outside")))
		return;
	probe_say(verdict->ctl, PAINT_WARN, "!",
		  "Larger packets outside arrive in pieces: that works until somebody on the way "
		  "drops fragments, and it costs. %s", verdict->around->audit ?
		  "In mode audit TCP's are among them." : "The MSS keeps TCP whole.");
}

/* The router that told the MTU; NULL where none did. */
static const char *find_router(const struct verdict *verdict)
{
	const struct probed_path *path = &verdict->path;
	const char *router = field_string(verdict->reply, "router", NULL);

	for (size_t i = path->count; !router && i > 0; i--)
		if (path->stops[i].said_bytes)
			router = path->stops[i].address;
	return router;
}

/* "outer path MTU 1400": of what was asked about the way outside of the tunnel, or by it. */
static const char *which_path(const struct verdict *verdict)
{
	return verdict->around->through ? "inner path MTU" : "outer path MTU";
}

/* A tunnel leads there, and carries less than has arrived. */
static bool came_in_pieces(const struct verdict *verdict)
{
	return verdict->around->through && verdict->around->fate == PROBE_FATE_CUT;
}

static void say_told(const struct verdict *verdict, const char *router)
{
	enum probe_fate fate = verdict->around->fate;
	bool cut = *verdict->around->tunnel && !verdict->around->through &&
		   (fate == PROBE_FATE_CUT || fate == PROBE_FATE_CUTTABLE);

	probe_say(verdict->ctl, PAINT_GOOD, "OK:", "%s %s, and %s says so%s", which_path(verdict),
		  format_field_bytes(verdict->reply, "path_mtu_bytes").s, router, cut ?
		  ". The tunnel's own packets may be cut, so that nobody inside hears of it." :
		  ": larger packets are refused with a word, as it should be.");
}

static int say_ok(const struct verdict *verdict)
{
	const struct ctl *ctl = verdict->ctl;
	struct format_text found = format_field_bytes(verdict->reply, "path_mtu_bytes");
	const char *router = find_router(verdict);

	if (router)
		say_told(verdict, router);
	else if (came_in_pieces(verdict))
		probe_say(ctl, PAINT_GOOD, "OK:",
			  "inner path MTU %llu: so much fits in tunnel %s. Larger packets, up to "
			  "%s bytes, arrive too: outside they are cut.",
			  (unsigned long long)verdict->around->inner_mtu, verdict->around->tunnel,
			  found.s);
	else if (json_is_true(json_object_get(verdict->reply, "fragmented_outside")))
		probe_say(ctl, PAINT_GOOD, "OK:", "%s %s: so much arrives whole.",
			  which_path(verdict), found.s);
	else
		probe_say(ctl, PAINT_GOOD, "OK:",
			  "%s %s: the path carries what links and routes promise.",
			  which_path(verdict), found.s);
	say_pieces(verdict);
	say_mss(verdict);
	probe_say_to_do(ctl, verdict->reply, verdict->around);
	return CTL_OK;
}

/* --max: whether more passes nobody has asked, and what was known of it stays. */
static int say_capped(const struct verdict *verdict)
{
	const json_t *reply = verdict->reply;
	struct format_text known = format_field_bytes(reply, "path_mtu_bytes");
	uint64_t arrived = probed_path_largest(json_object_get(reply, "sizes"), "answered");
	bool stays = field_count(reply, "path_mtu_bytes") > arrived;

	probe_say(verdict->ctl, PAINT_GOOD, "OK:",
		  "%s of %llu bytes arrive%s%s. Nothing above %llu was tried (--max)%s%s%s.",
		  verdict->around->through ? "packets" : "outer packets",
		  (unsigned long long)arrived,
		  verdict->around->through ? " through tunnel " : "",
		  verdict->around->through ? verdict->around->tunnel : "",
		  (unsigned long long)verdict->most,
		  stays ? ": the path MTU known before, " : "", stays ? known.s : "",
		  stays ? ", stays in force" : "");
	say_pieces(verdict);
	say_mss(verdict);
	probe_say(verdict->ctl, PAINT_BOLD, "To do:",
		  "as before; a probe without --max tells whether larger packets vanish.");
	return CTL_OK;
}

static int say_black_hole(const struct verdict *verdict)
{
	enum probe_fate fate = verdict->around->fate;
	bool whole = !verdict->around->through &&
		     (fate == PROBE_FATE_CUT || fate == PROBE_FATE_CUTTABLE);
	char *place = probed_path_place(&verdict->path);

	probe_say(verdict->ctl, PAINT_BAD, "BLACK HOLE:",
		  "%s %s, and no router said so: larger packets%s vanish%s%s.", which_path(verdict),
		  format_field_bytes(verdict->reply, "path_mtu_bytes").s,
		  whole ? " that may not be cut" : "",
		  place ? " " : ", where cannot be told", place ? place : "");
	free(place);
	say_pieces(verdict);
	say_mss(verdict);
	probe_say_to_do(verdict->ctl, verdict->reply, verdict->around);
	return CTL_FOUND;
}

static bool was_answered(const json_t *reply)
{
	const json_t *answers = json_object_get(reply, "answers");

	return json_is_true(json_object_get(answers, "outside")) ||
	       json_is_true(json_object_get(answers, "inside"));
}

/* What this host did not send nobody can have answered. */
static int say_not_sent(const struct verdict *verdict)
{
	const struct ctl *ctl = verdict->ctl;
	const json_t *reply = verdict->reply;
	uint64_t refused = field_count(reply, "refused_total");
	uint64_t all = refused + probed_path_sent(json_object_get(reply, "sizes"));

	probe_say(ctl, PAINT_WARN, "CANNOT TELL:",
		  "%llu of %llu packets could not be sent: %s. That says nothing of the path. "
		  "Nothing was changed.", (unsigned long long)refused, (unsigned long long)all,
		  field_string(reply, "refused_error", "mssclampd does not say why"));
	say_mss(verdict);
	probe_say(ctl, PAINT_BOLD, "To do:", "%s.",
		  field_string(reply, "refused_hint", "look at mssclampd's log, and probe again"));
	return CTL_UNKNOWN;
}

static int say_no_answer(const struct verdict *verdict)
{
	const struct ctl *ctl = verdict->ctl;
	const char *tunnel = field_string(verdict->reply, "tunnel", NULL);

	if (field_count(verdict->reply, "refused_total"))
		return say_not_sent(verdict);
	probe_say(ctl, PAINT_WARN, "CANNOT TELL:",
		  "%s, so silence at larger ones proves nothing. Nothing was changed.",
		  was_answered(verdict->reply) ? "small packets were answered, then nobody did" :
						 "nobody answers even small packets");
	say_mss(verdict);
	probe_say(ctl, PAINT_BOLD, "Why:",
		  "the far end is down, or a filter there drops both ping and UDP to closed ports "
		  "(usual for phones, and behind carrier NAT).");
	probe_say(ctl, PAINT_BOLD, "To do:",
		  "allow ICMP echo from this server on the peer and probe again, or write down "
		  "what you know:");
	if (tunnel)
		probe_say_recipe(ctl, "tunnels = ( { match = \"%s\"; path_mtu = N; } );", tunnel);
	else
		probe_say_rule(ctl, verdict->reply, "N");
	return CTL_UNKNOWN;
}

static int say_limited(const struct verdict *verdict)
{
	const char *router = find_router(verdict);

	probe_say(verdict->ctl, PAINT_WARN, "LIMITED:",
		  "nobody answers, but %s, which had seen the packets, says that %s bytes fit.",
		  router ? router : "a router",
		  format_field_bytes(verdict->reply, "path_mtu_bytes").s);
	say_pieces(verdict);
	say_mss(verdict);
	probe_say(verdict->ctl, PAINT_BOLD, "To do:",
		  "nothing. Whether more is lost behind it can be told once the peer answers ICMP "
		  "echo from this server.");
	return CTL_OK;
}

int probe_verdict_print(const struct ctl *ctl, const json_t *reply,
			const struct probe_around *around, uint64_t most)
{
	static const struct {
		const char *result;
		int (*say)(const struct verdict *verdict);
	} rows[] = {
		{ "ok", say_ok },
		{ "black_hole", say_black_hole },
		{ "no_answer", say_no_answer },
		{ "limited_by_icmp", say_limited },
	};
	struct verdict verdict = { .ctl = ctl, .reply = reply, .around = around, .most = most };

	probed_path_read(reply, &verdict.path);
	if (most && field_is(reply, "result", "ok") &&
	    field_count(reply, "path_mtu_bytes") >= most)
		return say_capped(&verdict);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (field_is(reply, "result", rows[i].result))
			return rows[i].say(&verdict);
	probe_say(ctl, PAINT_WARN, "CANNOT TELL:",
		  "mssclampd gave no result that this mssclampctl knows: install both of the same "
		  "version.");
	return CTL_UNKNOWN;
}
