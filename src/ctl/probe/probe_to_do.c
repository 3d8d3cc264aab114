/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/probe/probe_to_do.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

void probe_say(const struct ctl *ctl, enum paint paint, const char *head, const char *format, ...)
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

void probe_say_recipe(const struct ctl *ctl, const char *format, ...)
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

/* The address may stand with a port. */
void probe_say_rule(const struct ctl *ctl, const json_t *reply, const char *mtu)
{
	const char *target = field_string(reply, "target", "...");
	const char *host = *target == '[' ? target + 1 : target;
	size_t len = strcspn(host, "]");
	bool ipv6 = strchr(host, ':') != strrchr(host, ':');

	if (!ipv6)
		len = strcspn(host, ":");
	probe_say_recipe(ctl, "rules = ( { prefix = \"%.*s/%d\"; mtu = %s; } );", (int)len, host,
			 ipv6 ? 128 : 32, mtu);
}

static uint64_t inner_of(const json_t *reply, const struct probe_around *around)
{
	return around->through ? around->inner_mtu : field_count(reply, "inner_mtu_bytes");
}

/* Whether the interface lets larger packets into the tunnel than fit, and nobody tells who sends
 * them. Policy-based IPsec has no interface: there the route decides, and nobody knows. */
static bool lets_larger_in(const json_t *reply, const struct probe_around *around)
{
	uint64_t inner = inner_of(reply, around);

	if (around->routed || around->fate == PROBE_FATE_TOLD)
		return false;
	if (!around->interface_mtu)
		return field_is(reply, "result", "black_hole") ||
		       json_is_true(json_object_get(reply, "fragmented_outside"));
	return !inner || around->interface_mtu > inner;
}

/* Whether less gets through than somebody is let send: TCP, or others by the interface's MTU. */
static bool needs_something(const json_t *reply, const struct probe_around *around)
{
	return tcp_exceeds(reply) || lets_larger_in(reply, around);
}

/* For those whom no MSS helps. Policy-based IPsec has no interface that could be set. */
static void say_for_udp(const struct ctl *ctl, const json_t *reply,
			const struct probe_around *around)
{
	uint64_t inner = inner_of(reply, around);

	probe_say_recipe(ctl, "path = { set_route_mtu = true; };");
	if (strncmp(around->tunnel, "ipsec:", 6) == 0 || !inner)
		return;
	puts("  or, for all peers and at both ends:");
	probe_say_recipe(ctl, "ip link set %s mtu %llu", around->tunnel,
			 (unsigned long long)inner);
	if (inner < MTU_LEAST_IPV6)
		puts("  Below 1280 the kernel takes IPv6 off it: where IPv6 goes by it, 1280.");
}

/* Nothing limits TCP, or it is let send more than arrives. */
static void say_limit_it(const struct ctl *ctl, const json_t *reply,
			 const struct probe_around *around)
{
	if (around->allowed)
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "it leaves by tunnel %s, where TCP may send packets of %llu bytes: too "
			  "large. For connections to that host, tell mssclampd:", around->tunnel,
			  (unsigned long long)around->allowed);
	else
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "it leaves by tunnel %s, where nothing limits TCP. For connections to "
			  "that host, tell mssclampd:", around->tunnel);
	probe_say_rule(ctl, reply, format_field_bytes(reply, "path_mtu_bytes").s);
}

/* In mode audit what would be done for TCP is not. */
static void say_audit(const struct ctl *ctl, const struct probe_around *around)
{
	probe_say(ctl, PAINT_BOLD, "To do:",
		  "mode audit clamps nothing, so that TCP sends larger packets too, and they %s. "
		  "This clamps it:", probe_fate_words(around->fate));
	probe_say_recipe(ctl, "mode = \"queue\";");
}

/* An address that is nobody's endpoint, to which a tunnel leads. */
static void say_through(const struct ctl *ctl, const json_t *reply,
			const struct probe_around *around)
{
	bool larger = around->inner_mtu && lets_larger_in(reply, around) &&
		      (field_is(reply, "result", "black_hole") || around->fate == PROBE_FATE_CUT);

	if (!around->allowed || around->allowed > field_count(reply, "path_mtu_bytes")) {
		say_limit_it(ctl, reply, around);
		return;
	}
	if (around->audit && larger)
		say_audit(ctl, around);
	else
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "nothing for TCP: it leaves by tunnel %s and %s send packets of %llu "
			  "bytes there, which arrive.", around->tunnel,
			  around->audit ? "would be let" : "may",
			  (unsigned long long)around->allowed);
	if (!larger)
		return;
	printf("  Larger packets of UDP and QUIC %s; this tells their senders:\n",
	       probe_fate_words(around->fate));
	say_for_udp(ctl, reply, around);
}

/* An address to which no tunnel leads, or nobody can tell. */
static void say_beside(const struct ctl *ctl, const json_t *reply)
{
	struct format_text mtu = format_field_bytes(reply, "path_mtu_bytes");

	probe_say(ctl, PAINT_BOLD, "To do:",
		  "no tunnel leads there, so nothing goes by this. For connections to that host, "
		  "tell mssclampd:");
	probe_say_rule(ctl, reply, mtu.s);
	puts("  or, where a tunnel goes this way:");
	probe_say_recipe(ctl, "tunnels = ( { match = \"...\"; path_mtu = %s; } );", mtu.s);
}

/* Where it is in order: why. */
static void say_nothing(const struct ctl *ctl, const struct probe_around *around)
{
	if (around->routed)
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "nothing: TCP is clamped, and routes tell senders of UDP and QUIC what "
			  "fits (path.set_route_mtu).");
	else
		probe_say(ctl, PAINT_BOLD, "To do:", "nothing.");
}

void probe_say_to_do(const struct ctl *ctl, const json_t *reply, const struct probe_around *around)
{
	bool hole = field_is(reply, "result", "black_hole");

	if (around->through) {
		say_through(ctl, reply, around);
	} else if (!*around->tunnel) {
		if (hole)
			say_beside(ctl, reply);
		else
			probe_say(ctl, PAINT_BOLD, "To do:", "nothing.");
	} else if (!needs_something(reply, around)) {
		say_nothing(ctl, around);
	} else if (around->audit) {
		say_audit(ctl, around);
		printf("  and this tells senders of UDP and QUIC:\n");
		say_for_udp(ctl, reply, around);
	} else if (tcp_exceeds(reply)) {
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "the MSS in force is too large for this path. Where no rule says so, "
			  "this lowers it:");
		probe_say_recipe(ctl, "tunnels = ( { match = \"%s\"; path_mtu = %s; } );",
				 around->tunnel, format_field_bytes(reply, "path_mtu_bytes").s);
	} else {
		probe_say(ctl, PAINT_BOLD, "To do:",
			  "nothing for TCP. Larger packets of UDP and QUIC %s; this tells their "
			  "senders:", probe_fate_words(around->fate));
		say_for_udp(ctl, reply, around);
	}
}
