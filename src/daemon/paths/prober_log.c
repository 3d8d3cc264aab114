/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/events/journal.h"
#include "daemon/events/message_id.h"
#include "daemon/paths/prober_refusal.h"

#define SAME_THING_NS (60 * NS_PER_SECOND)

static const char *target_name(const struct probe_target *target)
{
	if (target->name)
		return target->name;
	return *target->peer ? target->peer : "its far end";
}

/* Why larger packets do not pass, as far as it is known. */
static const char *describe(const struct probe_report *report, char *text, size_t size)
{
	char router[PREFIX_TEXT_MAX];

	if (report->icmp_seen)
		snprintf(text, size, "%s says so", address_format(&report->router, router));
	else if (report->fragmented == 1)
		snprintf(text, size, "larger ones come in pieces");
	else
		snprintf(text, size, "larger ones vanish, no router says why");
	return text;
}

static void log_silence(struct prober_log *log, const struct probe_report *report)
{
	const char *tunnel = report->target->tunnel, *name = target_name(report->target);
	char before[LOG_BEFORE_MAX];
	uint64_t suppressed;

	if (report->refused_total > 0) {
		log_debug("%s: %u of %u probes to %s could not be sent: its path MTU stays %u "
			  "bytes", tunnel, report->refused_total,
			  report->refused_total + report->sent_total, name, report->mtu);
		return;
	}
	if (!log_may_speak(&log->silent, report->end_ns, SAME_THING_NS, &suppressed)) {
		log_debug("%s: peer %s answers no probe", tunnel, name);
		return;
	}
	log_info("%s: peer %s answers no probe, neither ping nor UDP: its path MTU stays %u bytes"
		 "%s", tunnel, name, report->mtu, log_before(suppressed, before));
}

void prober_log_report(struct prober_log *log, const struct probe_report *report, bool in_force)
{
	const struct probe_target *target = report->target;
	char endpoint[ENDPOINT_TEXT_MAX], why[128];
	double seconds = clock_seconds(report->end_ns - report->begin_ns);

	endpoint_format(&target->way.destination, target->endpoint_port, endpoint);
	in_force &= *target->tunnel != '\0'; /* of nobody's address only who asked hears */
	if (report->result == PROBE_NO_ANSWER && in_force)
		log_silence(log, report);
	else if (report->mtu != report->old_mtu && in_force && report->mtu < target->assumed)
		journal_print(&(struct journal_entry){
				      .priority = LOG_NOTICE,
				      .message_id = message_id(MESSAGE_PATH_MTU_LOWERED),
				      .tunnel = target->tunnel,
				      .peer = *target->peer ? target->peer : NULL,
				      .path_mtu = report->mtu,
			      },
			      "%s: path MTU %u -> %u bytes (probes to %s at %s: %s)",
			      target->tunnel, report->old_mtu, report->mtu, target_name(target),
			      endpoint, describe(report, why, sizeof(why)));
	else if (report->mtu != report->old_mtu && in_force)
		log_notice("%s: path MTU %u -> %u bytes (probes to %s at %s were answered)",
			   target->tunnel, report->old_mtu, report->mtu, target_name(target),
			   endpoint);
	log_debug("%s: probes to %s at %s: %s, path MTU %u bytes, %u packets in %.1f s",
		  *target->tunnel ? target->tunnel : "no tunnel", target_name(target), endpoint,
		  probe_result_name(report->result), report->mtu, report->sent_total, seconds);
}

void prober_log_refusal(struct prober_log *log, const struct probe_packet *packet, int error)
{
	char destination[PREFIX_TEXT_MAX], before[LOG_BEFORE_MAX];
	uint64_t suppressed;

	if (log_may_speak(&log->refused, clock_boottime_ns(), SAME_THING_NS, &suppressed))
		log_warning("probes: cannot send to %s: %s; %s%s",
			    address_format(&packet->destination, destination), strerror(-error),
			    prober_refusal_hint(error), log_before(suppressed, before));
}

void prober_log_ping(struct prober_log *log, const int errors[FAMILY_COUNT])
{
	static const char *const names[] = { [FAMILY_IPV4] = "IPv4", [FAMILY_IPV6] = "IPv6" };
	bool forbidden = false;

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		int error = errors[family];

		if (log->ping[family] == error)
			continue;
		log->ping[family] = error;
		if (error == -EACCES && !forbidden)
			log_notice("probes: ping sockets are not allowed here "
				   "(net.ipv4.ping_group_range): far ends get UDP to closed ports "
				   "instead");
		else if (error < 0 && error != -EACCES && error != -EAFNOSUPPORT)
			log_notice("probes: no %s ping socket: %s; UDP to closed ports instead",
				   names[family], strerror(-error));
		else if (error == 0)
			log_notice("probes: %s ping sockets are allowed now", names[family]);
		forbidden |= error == -EACCES;
	}
}
