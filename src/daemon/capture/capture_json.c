/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/capture/capture_json.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "core/wire.h"
#include "daemon/words/decided_text.h"
#include "daemon/words/flow_text.h"
#include "policy/tunnel/tunnel_set.h"
#include "proto/varlink.h"

#define TIME_MAX 48 /* bytes; "2026-11-25T18:04:55.123456789Z" */
#define TCP_FLAGS_AT 13
#define TCP_ACK 0x10

/* RFC 3339, UTC, to the nanosecond. */
static json_t *time_json(uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	char text[TIME_MAX];
	struct tm parts;
	size_t len;

	gmtime_r(&seconds, &parts);
	len = strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, TIME_MAX - len, ".%09uZ", (unsigned int)(time_ns % NS_PER_SECOND));
	return json_string(text);
}

static json_t *address_json(const struct capture_facts *facts, const uint8_t *bytes)
{
	char text[PREFIX_TEXT_MAX];
	struct address address;

	if (!facts->has_addresses)
		return json_null();
	address = address_from_bytes(facts->family, bytes);
	return json_string(address_format(&address, text));
}

static json_t *port_json(const struct capture_facts *facts, size_t i)
{
	return facts->has_ports ? json_integer(facts->ports[i]) : json_null();
}

static const char *kind_name(const struct capture_view *view)
{
	const struct tap_event *event = view->event;

	if (!view->facts.has_ports)
		return NULL;
	return event->before[event->tcp_at + TCP_FLAGS_AT] & TCP_ACK ? "syn_ack" : "syn";
}

static json_t *mss_before_json(const struct clamp_outcome *outcome)
{
	return outcome->has_mss ? json_integer(outcome->mss_before) : json_null();
}

static json_t *mss_after_json(const struct clamp_outcome *outcome)
{
	if (outcome->drop || (!outcome->has_mss && outcome->result != SYN_INSERTED))
		return json_null();
	return json_integer(outcome->mss_after);
}

static json_t *decided_by_json(struct capture_view *view)
{
	enum flow_side side = view->event->limit.decided;

	return capture_view_holds(view) ?
		       decided_text_json(view->snapshot, &view->sides[side],
					 view->facts.tunnels[side], true) : json_null();
}

/* The bytes that are here, as hexadecimal digits. */
static json_t *bytes_json(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * TAP_BYTES + 1];
	size_t count = len < TAP_BYTES ? len : TAP_BYTES;

	for (size_t i = 0; i < count; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return json_stringn(text, 2 * count);
}

static json_t *packet_json(bool wanted, const uint8_t *bytes, size_t len)
{
	return wanted ? json_pack("{s:I, s:o}", "length_bytes", (json_int_t)len, "bytes",
				  bytes_json(bytes, len)) : json_null();
}

json_t *capture_json(struct capture_view *view, bool packets)
{
	const struct tap_event *event = view->event;
	const struct capture_facts *facts = &view->facts;
	const struct peer *peer = capture_view_peer(view);

	return json_pack(
		"{s:o, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:s, s:o, s:b, s:f, s:o, s:o}",
		"time", time_json(event->time_ns), "kind", kind_name(view), "family",
		facts->family == FAMILY_COUNT ? NULL : flow_text_family(facts->family), "source",
		address_json(facts, facts->source), "source_port", port_json(facts, 0),
		"destination", address_json(facts, facts->destination), "destination_port",
		port_json(facts, 1),
		"in_interface", varlink_string_or_null(facts->tunnels[SIDE_IN]),
		"out_interface", varlink_string_or_null(facts->tunnels[SIDE_OUT]),
		"mark", (json_int_t)event->mark,
		"tunnel", varlink_string_or_null(facts->tunnels[2]),
		"peer", varlink_string_or_null(peer ? peer->id : NULL),
		"name", varlink_string_or_null(peer ? peer->name : NULL),
		"mss_before_bytes", mss_before_json(&event->outcome), "mss_after_bytes",
		mss_after_json(&event->outcome), "limit_bytes",
		event->limit.mss != MSS_NONE ? json_integer(event->limit.mss) : json_null(),
		"reason", syn_result_name(event->outcome.result), "decided_by",
		decided_by_json(view), "audit", event->audit, "took_seconds",
		clock_seconds(event->took_ns), "before",
		packet_json(packets, event->before, event->before_len), "after",
		packet_json(packets && event->changed, event->after, event->after_len));
}
