/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS040 to MSS052 but for MSS042: settings of the kernel, and what this kernel is known for. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/doctor/check.h"
#include "ctl/screen/field.h"

#define MIN_PMTU 552 /* net.ipv4.route.min_pmtu, as the kernel has it */

void doctor_check_pmtu_discovery(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	int64_t off = facts->sysctl[SYSCTL_NO_PMTU_DISC];

	if (off < 0)
		doctor_say(finding, DOCTOR_UNKNOWN, "net.ipv4.ip_no_pmtu_disc cannot be read");
	else if (off == 0)
		doctor_say(finding, DOCTOR_OK, "net.ipv4.ip_no_pmtu_disc = 0");
	else
		doctor_say(finding, DOCTOR_WARN, "net.ipv4.ip_no_pmtu_disc = %d: this host sends "
			   "without the don't-fragment bit, and its packets are cut on the way",
			   (int)off);
	if (off > 0)
		doctor_fix(finding, "sysctl -w net.ipv4.ip_no_pmtu_disc=0");
}

void doctor_check_mtu_probing(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	int64_t probing = facts->sysctl[SYSCTL_MTU_PROBING], base = facts->sysctl[SYSCTL_BASE_MSS];

	if (probing < 0) {
		doctor_say(finding, DOCTOR_UNKNOWN, "net.ipv4.tcp_mtu_probing cannot be read");
	} else if (probing == 2) {
		doctor_say(finding, DOCTOR_WARN, "net.ipv4.tcp_mtu_probing = 2: each connection of "
			   "this host begins with segments of %d bytes, whatever fits", (int)base);
		doctor_fix(finding, "sysctl -w net.ipv4.tcp_mtu_probing=1");
	} else {
		doctor_say(finding, DOCTOR_OK, probing ?
			   "net.ipv4.tcp_mtu_probing = 1: after losses" :
			   "net.ipv4.tcp_mtu_probing = 0: 1 would help this host's own connections "
			   "through black holes");
	}
}

void doctor_check_tcp_options(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	static const struct {
		enum doctor_sysctl sysctl;
		const char *name, *without;
	} options[] = {
		{ SYSCTL_WINDOW_SCALING, "tcp_window_scaling",
		  "no more than 64 KiB are on the way at a time" },
		{ SYSCTL_SACK, "tcp_sack", "one loss sends everything after it again" },
		{ SYSCTL_TIMESTAMPS, "tcp_timestamps", "round trips are measured badly" },
	};

	for (size_t i = 0; i < COUNT(options); i++) {
		int64_t value = facts->sysctl[options[i].sysctl];

		if (value < 0)
			doctor_tell(finding, DOCTOR_UNKNOWN, "net.ipv4.%s cannot be read",
				    options[i].name);
		if (value != 0)
			continue;
		doctor_tell(finding, DOCTOR_WARN, "net.ipv4.%s = 0: %s", options[i].name,
			    options[i].without);
		doctor_fix(finding, "sysctl -w net.ipv4.%s=1", options[i].name);
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK,
			   "window scaling, SACK and timestamps are on (this host's own TCP)");
}

void doctor_check_pmtu_trust(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	int64_t least = facts->sysctl[SYSCTL_MIN_PMTU];

	if (facts->sysctl[SYSCTL_FORWARD_USE_PMTU] > 0) {
		doctor_tell(finding, DOCTOR_WARN, "net.ipv4.ip_forward_use_pmtu = 1: one "
			    "forged ICMP message lowers what is forwarded");
		doctor_fix(finding, "sysctl -w net.ipv4.ip_forward_use_pmtu=0");
	}
	if (least >= 0 && least < MIN_PMTU) {
		doctor_tell(finding, DOCTOR_WARN, "net.ipv4.route.min_pmtu = %d: ICMP may ask "
			    "for packets that small", (int)least);
		doctor_fix(finding, "sysctl -w net.ipv4.route.min_pmtu=%d", MIN_PMTU);
	}
	if (finding->count)
		return;
	if (facts->sysctl[SYSCTL_FORWARD_USE_PMTU] < 0)
		doctor_say(finding, DOCTOR_UNKNOWN,
			   "net.ipv4.ip_forward_use_pmtu cannot be read");
	else
		doctor_say(finding, DOCTOR_OK, "net.ipv4.ip_forward_use_pmtu = 0");
}

struct release {
	unsigned int major, minor, patch;
};

static bool read_release(const char *text, struct release *ret_release)
{
	struct release release = { 0 };

	if (sscanf(text, "%3u.%3u.%3u", &release.major, &release.minor, &release.patch) < 2)
		return false;
	*ret_release = release;
	return true;
}

static int compare_releases(const struct release *a, const struct release *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->patch < b->patch ? -1 : a->patch > b->patch;
}

/* Stable releases between the fault and its remedy, as their reviews were posted; a distribution
 * may have mended its own. */
static const struct known_fault {
	struct release first, last;
	const char *what, *reference;
} known_faults[] = {
	{ { 6, 18, 14 }, { 6, 18, 24 }, "crashes when several queues are answered at once",
	  "e19079adcd26, mended by 936206e3f6ff" },
	{ { 6, 19, 4 }, { 6, 19, 13 }, "crashes when several queues are answered at once",
	  "e19079adcd26, mended by 936206e3f6ff" },
};

/* NULL: this kernel is known for none. */
static const struct known_fault *find_fault(const struct release *release)
{
	for (size_t i = 0; i < COUNT(known_faults); i++)
		if (compare_releases(release, &known_faults[i].first) >= 0 &&
		    compare_releases(release, &known_faults[i].last) <= 0)
			return &known_faults[i];
	return NULL;
}

bool doctor_kernel_fears_queues(const char *text)
{
	struct release release;

	return read_release(text, &release) && find_fault(&release);
}

void doctor_check_kernel(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t queues = json_array_size(json_object_get(facts->stats, "queues"));
	const struct known_fault *fault;
	struct release release;

	if (!read_release(facts->release, &release)) {
		doctor_say(finding, DOCTOR_UNKNOWN, "the kernel's release is not known");
		return;
	}
	fault = find_fault(&release);
	if (!fault) {
		doctor_say(finding, DOCTOR_OK, "Linux %s", facts->release);
		return;
	}
	doctor_say(finding, queues == 1 ? DOCTOR_OK : DOCTOR_WARN, "Linux %s %s (%s)%s",
		   facts->release, fault->what, fault->reference, queues == 1 ?
		   "; one queue is in use" : ": a newer one, or one queue alone");
	if (queues == 1)
		return;
	doctor_fix_setting(finding, "MSS050", "queues = { count = 1; };");
	doctor_fix(finding, "systemctl restart mssclampd");
}

void doctor_check_namespaces(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	static const struct release refuses = { 7, 1, 0 };
	struct release release;
	bool known = read_release(facts->release, &release);

	if (facts->takes_changes) {
		doctor_say(finding, DOCTOR_OK, "this network namespace belongs to the initial one");
	} else if (field_is(facts->status, "mode", "mark") ||
		   field_is(facts->status, "mode", "offload")) {
		doctor_say(finding, DOCTOR_OK, "this network namespace has one of its own; mode "
			   "%s changes no packet there", field_string(facts->status, "mode", "-"));
	} else {
		bool now = known && compare_releases(&release, &refuses) >= 0;

		doctor_say(finding, now ? DOCTOR_FAIL : DOCTOR_WARN, now ?
			   "this network namespace has one of its own: this kernel drops SYNs that "
			   "were changed" :
			   "this network namespace has one of its own: from Linux 7.1 on the "
			   "kernel drops SYNs that were changed");
		doctor_fix_setting(finding, "MSS051", "mode = \"mark\";");
		doctor_fix(finding, "mssclampctl reload");
	}
}

static bool is_bridge(const struct doctor_facts *facts, uint32_t ifindex)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (facts->links.list[i].ifindex == ifindex)
			return strcmp(facts->links.list[i].kind, "bridge") == 0;
	return false;
}

static size_t ports_of(const struct doctor_facts *facts, uint32_t ifindex)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->links.count; i++)
		count += facts->links.list[i].master_ifindex == ifindex;
	return count;
}

/* A tun device is a tunnel of ours where it is known which program has it: a tap in a bridge is a
 * virtual machine's, as a rule, and its host is better off without br_netfilter. */
static bool is_tunnel(const struct doctor_facts *facts, const struct link *link)
{
	if (!link_is_kind(link, "tun"))
		return link_tunnel_kind(link) != NULL;
	for (size_t i = 0; i < facts->tunnel_count; i++)
		if (facts->tunnels[i].ifindex == link->ifindex)
			return strcmp(facts->tunnels[i].kind, link_tunnel_kind(link)) != 0;
	return false;
}

void doctor_check_bridges(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	bool filtered = facts->sysctl[SYSCTL_BRIDGE_CALL4] > 0 &&
			facts->sysctl[SYSCTL_BRIDGE_CALL6] > 0;

	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];
		uint32_t master = link->master_ifindex;

		if (!is_tunnel(facts, link) || !master || !is_bridge(facts, master) ||
		    ports_of(facts, master) < 2)
			continue;
		if (filtered) {
			doctor_tell(finding, DOCTOR_OK, "%s is a port of a bridge whose "
				    "frames pass the rules", link->name);
			continue;
		}
		doctor_tell(finding, DOCTOR_WARN, "%s is a port of a bridge: what goes from "
			    "port to port passes no rule for IP and is not clamped",
			    link->name);
		doctor_fix(finding, "modprobe br_netfilter");
		doctor_fix(finding, "sysctl -w net.bridge.bridge-nf-call-iptables=1 "
				    "net.bridge.bridge-nf-call-ip6tables=1");
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "none");
}
