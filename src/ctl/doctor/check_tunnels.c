/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS010 to MSS015: MTUs of tunnels. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "core/mss.h"
#include "ctl/doctor/check.h"
#include "ctl/doctor/doctor_words.h"
#include "ctl/screen/field.h"

/* The least that ESP takes in tunnel mode with any algorithm: SPI and sequence 8, pad length and
 * next header 2, ICV 8 (AES-GCM-8); and the outer header. */
#define ESP_LEAST 18
#define ESP_LEAST_V4 (20 + ESP_LEAST)
#define ESP_LEAST_V6 (40 + ESP_LEAST)

enum tunnel_group { GROUP_OTHER, GROUP_OPENVPN, GROUP_IPSEC };

static bool is_ipsec_link(const char *kind)
{
	return strcmp(kind, "vti") == 0 || strcmp(kind, "vti6") == 0 || strcmp(kind, "xfrm") == 0;
}

static enum tunnel_group group_of(const struct doctor_tunnel *tunnel)
{
	if (is_ipsec_link(tunnel->kind))
		return GROUP_IPSEC;
	if (strncmp(tunnel->kind, "openvpn", 7) == 0 || strncmp(tunnel->kind, "ovpn", 4) == 0 ||
	    strcmp(tunnel->kind, "tun") == 0)
		return GROUP_OPENVPN;
	return GROUP_OTHER;
}

static bool is_too_large(const struct doctor_tunnel *tunnel)
{
	return tunnel->ifindex && tunnel->interface_mtu && tunnel->inner_mtu &&
	       tunnel->interface_mtu > tunnel->inner_mtu;
}

static const struct link *link_of(const struct doctor_facts *facts, uint32_t ifindex)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (facts->links.list[i].ifindex == ifindex)
			return &facts->links.list[i];
	return NULL;
}

/* Whether the MTU that fits would take IPv6 off an interface that has it. */
static bool costs_ipv6(const struct doctor_facts *facts, const struct doctor_tunnel *tunnel)
{
	const struct link *link = link_of(facts, tunnel->ifindex);

	return link && link->mtu6 && tunnel->interface_mtu >= MTU_LEAST_IPV6 &&
	       tunnel->inner_mtu < MTU_LEAST_IPV6;
}

static bool clamps(const struct doctor_facts *facts)
{
	return field_is(facts->status, "state", "running") &&
	       !field_is(facts->status, "mode", "audit");
}

/* What becomes of packets that do not fit. */
static const char *what_is_clamped(const struct doctor_facts *facts)
{
	if (clamps(facts))
		return "TCP is clamped, UDP and QUIC are not";
	if (field_is(facts->status, "mode", "audit"))
		return "mode audit clamps nothing: TCP, UDP and QUIC are too large";
	if (facts->status)
		return "mssclampd is degraded, so TCP may be too large; UDP and QUIC are";
	return "mssclampd clamps nothing here: TCP, UDP and QUIC are too large";
}

/* MSS014 has the other half of it: neither asks for what the other warns of, and no command takes
 * IPv6 off. */
static void say_too_large(const struct doctor_facts *facts, const struct doctor_tunnel *tunnel,
			  struct doctor_finding *finding)
{
	bool six = costs_ipv6(facts, tunnel);
	char choice[128] = "";

	if (tunnel->unsure) {
		doctor_tell(finding, DOCTOR_UNKNOWN, "%s: interface MTU %u, but an ICMP message "
			    "nobody has confirmed says %u", tunnel->name, tunnel->interface_mtu,
			    tunnel->inner_mtu);
		return;
	}
	if (tunnel->routed && clamps(facts)) {
		doctor_tell(finding, DOCTOR_OK, "%s: interface MTU %u, but %u bytes fit; TCP is "
			    "clamped, and routes tell UDP and QUIC (path.set_route_mtu)",
			    tunnel->name, tunnel->interface_mtu, tunnel->inner_mtu);
		return;
	}
	if (six && tunnel->interface_mtu == MTU_LEAST_IPV6) {
		doctor_tell(finding, DOCTOR_OK, "%s: interface MTU 1280, the least that IPv6 "
			    "takes, but %u bytes fit: %s", tunnel->name, tunnel->inner_mtu,
			    clamps(facts) ? "UDP and QUIC above are cut outside, or lost" :
			    what_is_clamped(facts));
		return;
	}
	if (six)
		snprintf(choice, sizeof(choice), ". Below 1280 it carries no IPv6: so 1280, and %u "
			 "only where it is for IPv4 alone", tunnel->inner_mtu);
	doctor_tell(finding, DOCTOR_WARN, "%s: interface MTU %u, but %u bytes fit; %s%s%s",
		    tunnel->name, tunnel->interface_mtu, tunnel->inner_mtu, what_is_clamped(facts),
		    choice, group_of(tunnel) != GROUP_OPENVPN ? "" :
		    ". What stays is tun-mtu in OpenVPN's configuration, the same at both ends");
	doctor_fix(finding, "ip link set %s mtu %u", tunnel->name,
		   six ? MTU_LEAST_IPV6 : tunnel->inner_mtu);
}

/* A port of a bridge is most often a virtual machine's. */
static bool is_no_vpn(const struct doctor_facts *facts, const struct doctor_tunnel *tunnel)
{
	const struct link *link = link_of(facts, tunnel->ifindex);

	return strcmp(tunnel->kind, "tap") == 0 && !tunnel->inner_mtu && link &&
	       link->master_ifindex;
}

static void check_up(const struct doctor_facts *facts, const struct doctor_tunnel *tunnel,
		     struct doctor_finding *finding)
{
	const struct link *link = link_of(facts, tunnel->ifindex);

	if (!link || !link_is_left_down(link))
		return;
	doctor_tell(finding, DOCTOR_WARN, "%s: the interface is down, nothing passes",
		    tunnel->name);
	doctor_fix(finding, "ip link set %s up", tunnel->name);
}

/* What is known of the tunnels of one group. */
struct group_count {
	size_t all, unknown; /* of so many nobody knows what fits */
	size_t assumed;      /* by links and routes alone: no path was measured */
};

/* Without mssclampd no path is measured: that none was found is no news. */
static void say_unmeasured(const struct group_count *count, struct doctor_finding *finding)
{
	char others[64] = "";

	if (count->unknown < count->all && !finding->count)
		snprintf(others, sizeof(others), "; of %zu that %s known none takes more",
			 count->all - count->unknown,
			 count->all - count->unknown == 1 ? "is" : "are");
	if (count->unknown)
		doctor_tell(finding, DOCTOR_UNKNOWN, "what fits in %zu tunnel%s cannot be told "
			    "without mssclampd%s", count->unknown,
			    text_plural(count->unknown), others);
	else if (finding->result < DOCTOR_UNKNOWN)
		doctor_tell(finding, DOCTOR_UNKNOWN, "%zu tunnel%s, none takes more than links and "
			    "routes promise; mssclampd measures paths, and does not answer",
			    count->all, text_plural(count->all));
}

/* Nothing is wrong: what was looked at, and what nobody could look at. A path that nobody knows,
 * as WireGuard's before a peer has an endpoint, is no fault. */
static void say_well(const struct group_count *count, struct doctor_finding *finding)
{
	size_t known = count->all - count->unknown;
	char text[64] = "", assumed[96] = "", unknown[80] = "";

	if (known)
		snprintf(text, sizeof(text), "%zu tunnel%s, none takes more than fits", known,
			 text_plural(known));
	if (count->assumed)
		snprintf(assumed, sizeof(assumed), "; by links and routes alone for %zu, where no "
			 "path is measured", count->assumed);
	if (count->unknown)
		snprintf(unknown, sizeof(unknown), "%snot judged: %zu of which nobody knows the "
			 "path", known ? "; " : "", count->unknown);
	doctor_say(finding, DOCTOR_OK, "%s%s%s", text, assumed, unknown);
}

/* The tunnels of one group whose interface takes more than the path carries. Returns how many
 * there are of the group. */
static size_t check_group(const struct doctor_facts *facts, enum tunnel_group group,
			  struct doctor_finding *finding)
{
	struct group_count count = { 0 };

	for (size_t i = 0; i < facts->tunnel_count; i++) {
		const struct doctor_tunnel *tunnel = &facts->tunnels[i];

		if (group_of(tunnel) != group || !tunnel->ifindex || is_no_vpn(facts, tunnel))
			continue;
		count.all++;
		count.unknown += !tunnel->inner_mtu;
		count.assumed += tunnel->inner_mtu && !tunnel->measured;
		if (is_too_large(tunnel))
			say_too_large(facts, tunnel, finding);
		check_up(facts, tunnel, finding);
	}
	if (count.all && !facts->tunnel_list)
		say_unmeasured(&count, finding);
	else if (count.all && !finding->count)
		say_well(&count, finding);
	return count.all;
}

void doctor_check_interface_mtu(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	if (!check_group(facts, GROUP_OTHER, finding))
		doctor_say(finding, DOCTOR_SKIPPED, "no such tunnel");
}

void doctor_check_tun_mtu(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	if (!check_group(facts, GROUP_OPENVPN, finding))
		doctor_say(finding, DOCTOR_SKIPPED, "no OpenVPN here");
}

static bool is_dco(const struct link *link)
{
	return strncmp(link->kind, "ovpn", 4) == 0;
}

/* The remedy is another where mssclampd runs and changes nothing. */
static void say_dco_alone(const struct link *link, bool audit, struct doctor_finding *finding)
{
	doctor_tell(finding, DOCTOR_FAIL, "%s: the kernel carries OpenVPN's data, so its mssfix "
		    "does nothing, and mssclampd %s. With disable-dco in OpenVPN's configuration "
		    "mssfix works, at a cost in speed", link->name,
		    audit ? "in mode audit changes nothing" : "does not clamp");
	if (audit)
		doctor_fix_setting(finding, "MSS011", "mode = \"queue\";");
	doctor_fix(finding, audit ? "mssclampctl reload" : DOCTOR_START);
}

void doctor_check_dco(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	bool audit = field_is(facts->status, "mode", "audit");

	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];

		if (!is_dco(link))
			continue;
		if (!facts->status && facts->daemon != DOCTOR_DAEMON_ABSENT)
			doctor_tell(finding, DOCTOR_UNKNOWN, "%s: the kernel carries OpenVPN's "
				    "data, so its mssfix does nothing; whether mssclampd clamps "
				    "instead it does not say", link->name);
		else if (!clamps(facts))
			say_dco_alone(link, audit, finding);
		else
			doctor_tell(finding, DOCTOR_OK, "%s: the kernel carries the data, "
				    "mssfix does nothing; mssclampd clamps instead",
				    link->name);
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_SKIPPED, "no OpenVPN in the kernel here");
}

/* The most that any link outside could carry: an upper bound of every path. */
static uint32_t largest_outside(const struct doctor_facts *facts)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];

		if (link->up && !link->loopback && !link_tunnel_kind(link) && link->mtu > largest)
			largest = link->mtu;
	}
	return largest;
}

/* Without knowing the algorithms: more than any of them leaves is too large for sure. Nobody knows
 * what is right then, so that no command sets it. */
static void check_ipsec_link(const struct link *link, uint32_t outside,
			     struct doctor_finding *finding)
{
	uint32_t least = link_is_kind(link, "vti6") ? ESP_LEAST_V6 : ESP_LEAST_V4;

	if (outside > least && link->mtu > outside - least) {
		doctor_tell(finding, DOCTOR_WARN, "%s: MTU %u does not count ESP, which leaves at "
			    "most %u of %u, and usually less; what calc says of your cipher and "
			    "auth fits", link->name, link->mtu, outside - least, outside);
		doctor_see(finding, "mssclampctl calc --path %u esp:%scipher=AES-GCM-16", outside,
			   least == ESP_LEAST_V6 ? "outer=6," : "");
		return;
	}
	doctor_tell(finding, DOCTOR_OK, "%s: MTU %u, no more than some ESP leaves", link->name,
		    link->mtu);
}

void doctor_check_ipsec_mtu(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	uint32_t outside = largest_outside(facts);

	if (facts->has_tunnels)
		(void)check_group(facts, GROUP_IPSEC, finding);
	if (finding->result >= DOCTOR_WARN)
		return;
	for (size_t i = 0; i < facts->links.count; i++)
		if (is_ipsec_link(facts->links.list[i].kind) &&
		    link_tunnel_kind(&facts->links.list[i]))
			check_ipsec_link(&facts->links.list[i], outside, finding);
	if (!finding->count)
		doctor_say(finding, DOCTOR_SKIPPED, "no such interface");
}

static bool has_ipv6(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (!facts->links.list[i].loopback && facts->links.list[i].mtu6)
			return true;
	return false;
}

/* Whether a tunnel below 1280 is for IPv6 too, as far as anybody can tell. */
static bool wants_ipv6(const struct doctor_facts *facts, size_t place)
{
	const struct link *link = &facts->links.list[place];

	return has_ipv6(facts) && (link->mtu6 || link_is_kind(link, "sit") ||
				   (facts->ipv6_behind && facts->ipv6_behind[place]));
}

/* What would fit in the tunnel of a link: bytes, 0 unknown, or not for sure. */
static uint32_t room_in(const struct doctor_facts *facts, const struct link *link)
{
	for (size_t i = 0; i < facts->tunnel_count; i++)
		if (facts->tunnels[i].ifindex == link->ifindex)
			return facts->tunnels[i].unsure ? 0 : facts->tunnels[i].room;
	return 0;
}

void doctor_check_ipv6_minimum(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t tunnels = 0;

	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];

		if (!link->up || !link_tunnel_kind(link))
			continue;
		tunnels++;
		if (link->mtu >= MTU_LEAST_IPV6)
			continue;
		if (room_in(facts, link) && room_in(facts, link) < MTU_LEAST_IPV6) {
			doctor_tell(finding, DOCTOR_OK, "%s carries no IPv6: %u bytes fit, "
				    "and it takes %u", link->name, room_in(facts, link),
				    MTU_LEAST_IPV6);
			continue;
		}
		if (!wants_ipv6(facts, i)) {
			doctor_tell(finding, DOCTOR_OK, "%s has an MTU of %u and carries IPv4 "
				    "alone; IPv6 takes %u", link->name, link->mtu, MTU_LEAST_IPV6);
			continue;
		}
		doctor_tell(finding, DOCTOR_WARN, "%s: with an MTU of %u it carries no IPv6",
			    link->name, link->mtu);
		doctor_fix(finding, "ip link set %s mtu %u", link->name, MTU_LEAST_IPV6);
	}
	if (!finding->count)
		doctor_say(finding, tunnels ? DOCTOR_OK : DOCTOR_SKIPPED, tunnels ?
			   "%zu tunnel%s" : "no tunnel here", tunnels, text_plural(tunnels));
}

/* What is about an interface and its MTU stands at MSS010 to MSS013 already. */
static bool is_told_elsewhere(const char *warning)
{
	static const char *const begins[] = { "interface MTU", "the interface is down" };

	for (size_t i = 0; i < COUNT(begins); i++)
		if (strncmp(warning, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

void doctor_check_tunnel_warnings(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	for (size_t i = 0; i < facts->tunnel_count; i++) {
		const struct doctor_tunnel *tunnel = &facts->tunnels[i];

		for (size_t j = 0; j < json_array_size(tunnel->warnings); j++) {
			const char *text = json_string_value(json_array_get(tunnel->warnings, j));

			if (!text || is_told_elsewhere(text))
				continue;
			doctor_tell(finding, DOCTOR_WARN, "%s: %s", tunnel->name, text);
			doctor_see(finding, "mssclampctl peers %s", tunnel->name);
		}
	}
	if (!finding->count)
		doctor_say(finding, facts->tunnel_count ? DOCTOR_OK : DOCTOR_SKIPPED, "%s",
			   facts->tunnel_count ? "nothing" : "no tunnel here");
}
