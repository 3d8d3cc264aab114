/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every check of doctor: one fault at a time on a host that is well otherwise, and what is found. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/check.h"
#include "edge/probe/snmp.h"

static json_t *loads(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

static void set_probes(struct doctor_facts *facts, int answered, int black_holes)
{
	json_object_set_new(facts->stats, "probes",
			    json_pack("{s:i, s:i}", "answered_total", answered,
				      "black_hole_paths", black_holes));
}

static json_t *status(const char *state, const char *mode, const char *rules, const char *queues,
		      const char *fallback)
{
	return json_pack("{s:s, s:s, s:s, s:f, s:{s:s, s:s, s:b, s:s}, s:[], s:[], s:{s:s, s:b}}",
			 "state", state, "mode", mode, "version", "0.1.0", "uptime_seconds", 7.0, "checks", "rules",
			 rules, "queues", queues, "sees_syns", 1, "fallback", fallback, "problems",
			 "warnings", "state_file", "path", "/a/paths", "ok", 1);
}

static void set_status(struct doctor_facts *facts, const char *state, const char *mode,
		       const char *rules, const char *queues, const char *fallback)
{
	json_decref(facts->status);
	facts->status = status(state, mode, rules, queues, fallback);
}

static struct link *add_link(struct doctor_facts *facts, const char *name, const char *kind,
			     uint32_t mtu)
{
	struct link link = { .ifindex = (uint32_t)facts->links.count + 1, .mtu = mtu, .mtu6 = mtu,
			     .up = true };

	snprintf(link.name, sizeof(link.name), "%s", name);
	snprintf(link.kind, sizeof(link.kind), "%s", kind);
	facts->links.list = realloc(facts->links.list,
				    (facts->links.count + 1) * sizeof(*facts->links.list));
	assert_non_null(facts->links.list);
	facts->links.list[facts->links.count] = link;
	return &facts->links.list[facts->links.count++];
}

static struct doctor_tunnel *add_tunnel(struct doctor_facts *facts, const char *name,
					const char *kind, uint32_t interface_mtu, uint32_t inner)
{
	struct doctor_tunnel *tunnel;

	facts->tunnels = realloc(facts->tunnels,
				 (facts->tunnel_count + 1) * sizeof(*facts->tunnels));
	assert_non_null(facts->tunnels);
	tunnel = &facts->tunnels[facts->tunnel_count++];
	*tunnel = (struct doctor_tunnel){ .ifindex = 9, .interface_mtu = interface_mtu,
					  .inner_mtu = inner };
	snprintf(tunnel->name, sizeof(tunnel->name), "%s", name);
	snprintf(tunnel->kind, sizeof(tunnel->kind), "%s", kind);
	return tunnel;
}

static void add_hint(struct doctor_facts *facts, const char *address, uint32_t mtu, bool locked)
{
	struct path_hint hint = { .mtu = mtu, .locked = locked };

	assert_int_equal(address_parse(address, &hint.destination), 0);
	facts->hints.list = realloc(facts->hints.list,
				    (facts->hints.count + 1) * sizeof(*facts->hints.list));
	assert_non_null(facts->hints.list);
	facts->hints.list[facts->hints.count++] = hint;
}

static void set_rules(struct doctor_facts *facts, const char *hook, const char *rules)
{
	char *text;

	assert_true(asprintf(&text, "table inet t {\n\tchain c {\n\t\ttype filter hook %s priority "
			     "filter; policy accept;\n\t\t%s\n\t}\n}\n", hook, rules) >= 0);
	assert_int_equal(ruleset_read_nft(&facts->ruleset, text, 0), 0);
	assert_int_equal(ruleset_finish(&facts->ruleset), 0);
}

/* A host where nothing is wrong. */
static void be_well(struct doctor_facts *facts)
{
	static const int64_t sysctls[SYSCTLS] = {
		[SYSCTL_BASE_MSS] = 1024, [SYSCTL_TIMESTAMPS] = 1, [SYSCTL_WINDOW_SCALING] = 1,
		[SYSCTL_SACK] = 1, [SYSCTL_MIN_PMTU] = 552,
	};

	*facts = (struct doctor_facts){
		.net_admin = true, .has_ruleset = true, .has_links = true, .has_hints = true,
		.has_tunnels = true, .has_routing_rules = true, .takes_changes = true,
		.syn = { DOCTOR_SYN_REACHED, DOCTOR_SYN_REACHED }, .seconds = 1,
		.hooks_known = true, .syn_expected = SEEN_OUTPUT | SEEN_INPUT,
		.syn_exact = { true, true },
		.syn_seen = { SEEN_OUTPUT | SEEN_INPUT, SEEN_OUTPUT | SEEN_INPUT },
		.release = "6.12.57+deb13-amd64",
	};
	memcpy(facts->sysctl, sysctls, sizeof(sysctls));
	facts->status = status("running", "queue", "ok", "ok", "standby");
	facts->rules = loads("{\"counters\": {\"forward\": 1, \"output\": 2, \"input\": 3}}");
	facts->tunnel_list = loads("{}");
	facts->stats = loads("{\"queues\": [{\"dropped_total\": 0}, {\"dropped_total\": 0}]}");
	set_probes(facts, 9, 0);
	add_link(facts, "eth0", "", 1500);
	add_link(facts, "wg0", "wireguard", 1420);
	add_tunnel(facts, "wg0", "wireguard", 1420, 1420)->peers = 1;
	facts->tunnels[0].measured = true;
}

static void is_absent(struct doctor_facts *facts)
{
	json_decref(facts->status);
	json_decref(facts->stats);
	json_decref(facts->rules);
	json_decref(facts->tunnel_list);
	facts->status = facts->stats = facts->rules = facts->tunnel_list = NULL;
	facts->daemon = DOCTOR_DAEMON_ABSENT;
}

static void absent_with_clamper(struct doctor_facts *facts)
{
	is_absent(facts);
	set_rules(facts, "forward", "tcp flags syn tcp option maxseg size set rt mtu");
}

static void absent_one_way(struct doctor_facts *facts)
{
	is_absent(facts);
	set_rules(facts, "forward", "oifname \"a\" tcp flags syn tcp option maxseg size set 1300");
}

static void is_denied(struct doctor_facts *facts)
{
	is_absent(facts);
	facts->daemon = DOCTOR_DAEMON_DENIED;
}

static void is_silent(struct doctor_facts *facts)
{
	is_absent(facts);
	facts->daemon = DOCTOR_DAEMON_SILENT;
}

static void is_degraded(struct doctor_facts *facts)
{
	set_status(facts, "degraded", "queue", "ok", "ok", "standby");
}

static void is_audit(struct doctor_facts *facts)
{
	set_status(facts, "running", "audit", "ok", "ok", "standby");
}

static void rules_missing(struct doctor_facts *facts)
{
	set_status(facts, "running", "queue", "missing", "ok", "standby");
}

static void rules_left(struct doctor_facts *facts)
{
	set_status(facts, "running", "queue", "none", "ok", "standby");
	json_object_set_new(json_object_get(facts->status, "checks"), "sees_syns", json_false());
}

static void syn4_unseen(struct doctor_facts *facts)
{
	facts->syn[FAMILY_IPV4] = DOCTOR_SYN_UNSEEN;
}

static void syn4_at_output_alone(struct doctor_facts *facts)
{
	facts->syn_seen[FAMILY_IPV4] = SEEN_OUTPUT;
}

static void syn_ack6_missing(struct doctor_facts *facts)
{
	facts->syn_seen[FAMILY_IPV6] = SEEN_SYN_OUTPUT | SEEN_SYN_INPUT;
}

static void no_hook_of_input(struct doctor_facts *facts)
{
	facts->syn_expected = SEEN_OUTPUT;
	syn4_at_output_alone(facts);
}

static void syns_crowded(struct doctor_facts *facts)
{
	facts->syn[FAMILY_IPV4] = DOCTOR_SYN_CROWDED;
}

static void counters_alone(struct doctor_facts *facts)
{
	facts->syn_exact[FAMILY_IPV4] = false;
	facts->syn_seen[FAMILY_IPV4] = 0;
}

/* Of IPv4 that was seen, of IPv6 all at one hook. */
static void rules_are_the_users(struct doctor_facts *facts, unsigned int seen4)
{
	set_status(facts, "running", "queue", "none", "ok", "standby");
	facts->hooks_known = false;
	facts->syn_expected = 0;
	facts->syn_seen[FAMILY_IPV4] = seen4;
	facts->syn_seen[FAMILY_IPV6] = SEEN_OUTPUT;
	if (!seen4)
		facts->syn[FAMILY_IPV4] = DOCTOR_SYN_UNSEEN;
}

static void user_covers_output(struct doctor_facts *facts)
{
	rules_are_the_users(facts, SEEN_OUTPUT);
}

static void user_forgot_syn_acks(struct doctor_facts *facts)
{
	rules_are_the_users(facts, SEEN_SYN);
}

static void user_forwards_alone(struct doctor_facts *facts)
{
	rules_are_the_users(facts, 0);
}

static void syn6_unseen(struct doctor_facts *facts)
{
	facts->syn[FAMILY_IPV6] = DOCTOR_SYN_UNSEEN;
}

static void no_ipv6(struct doctor_facts *facts)
{
	facts->syn[FAMILY_IPV6] = DOCTOR_SYN_NO_FAMILY;
}

static void forward_alone(struct doctor_facts *facts)
{
	syn4_unseen(facts);
	facts->syn_expected = 0;
}

static void no_forward(struct doctor_facts *facts)
{
	json_decref(facts->rules);
	facts->rules = loads("{\"counters\": {\"forward\": null, \"output\": 2, \"input\": 3}}");
}

static void set_stats(struct doctor_facts *facts, const char *before, const char *after)
{
	json_decref(facts->stats);
	facts->stats = loads(before);
	facts->stats_later = loads(after);
	set_probes(facts, 9, 0);
}

static void one_black_hole(struct doctor_facts *facts)
{
	set_probes(facts, 9, 1);
}

static void black_holes_in_audit(struct doctor_facts *facts)
{
	set_status(facts, "running", "audit", "ok", "ok", "standby");
	set_probes(facts, 9, 2);
}

static void probes_untold(struct doctor_facts *facts)
{
	json_object_del(facts->stats, "probes");
}

static void queue_is_full(struct doctor_facts *facts)
{
	set_stats(facts, "{\"queues\": [{\"fail_open_total\": 3}]}",
		  "{\"queues\": [{\"fail_open_total\": 4}]}");
}

static void queue_was_full(struct doctor_facts *facts)
{
	set_stats(facts, "{\"syn\": {\"seen_total\": 2000}, \"queues\": [{\"fail_open_total\": 19}]}",
		  "{\"queues\": [{\"fail_open_total\": 19}]}");
}

static void queue_was_full_of_few(struct doctor_facts *facts)
{
	set_stats(facts, "{\"syn\": {\"seen_total\": 900}, \"queues\": [{\"dropped_total\": 10}]}",
		  "{\"queues\": [{\"dropped_total\": 10}]}");
}

static void started_between(struct doctor_facts *facts)
{
	set_stats(facts, "{\"syn\": {\"seen_total\": 9}, \"queues\": [{\"dropped_total\": 3}]}",
		  "{\"queues\": [{\"dropped_total\": 0}]}");
}

static json_t *way(const char *family, const char *direction, int seen)
{
	return json_pack("{s:s, s:s, s:i}", "family", family, "direction", direction, "seen_total",
			 seen);
}

static void one_way(struct doctor_facts *facts)
{
	json_object_set_new(facts->stats, "tunnels", json_pack(
		"[{s:s, s:i, s:[o, o, o]}]", "name", "wg0", "seen_total", 500, "directions",
		way("ipv4", "to_tunnel", 200), way("ipv4", "from_tunnel", 200),
		way("ipv6", "to_tunnel", 100)));
	json_object_set_new(facts->stats, "no_tunnel", json_pack(
		"{s:[o]}", "directions", way("ipv4", "to_tunnel", 1)));
}

/* What its peers open to each other leaves by the tunnel that it came by, both times. */
static void one_way_of_a_hub(struct doctor_facts *facts)
{
	one_way(facts);
	facts->tunnels[0].peers = 2;
}

static void one_way_of_peers_unknown(struct doctor_facts *facts)
{
	one_way(facts);
	facts->tunnels[0].peers = 0;
}

static void one_way_of_one_far_end(struct doctor_facts *facts)
{
	one_way_of_peers_unknown(facts);
	facts->links.list[1].has_remote = true;
}

/* A LAN of the tunnel's MSS: what comes out of the tunnel leaves by no tunnel, which decides. */
static void one_way_beside_a_lan(struct doctor_facts *facts)
{
	one_way(facts);
	json_object_set_new(facts->stats, "no_tunnel", json_pack(
		"{s:[o]}", "directions", way("ipv6", "to_tunnel", 100)));
}

static void one_way_out(struct doctor_facts *facts)
{
	one_way_beside_a_lan(facts);
	json_object_set_new(facts->stats, "tunnels", json_pack(
		"[{s:s, s:i, s:[o]}]", "name", "wg0", "seen_total", 100, "directions",
		way("ipv6", "from_tunnel", 100)));
}

/* What a server on this host answers goes out by no hook of ours. */
static void one_way_without_output(struct doctor_facts *facts)
{
	one_way_out(facts);
	json_decref(facts->rules);
	facts->rules = loads("{\"counters\": {\"forward\": 1, \"output\": null, "
			     "\"input\": 3}}");
}

static void one_way_offloaded(struct doctor_facts *facts)
{
	one_way_out(facts);
	set_status(facts, "running", "offload", "ok", "ok", "standby");
}

/* Nobody could read the counters: nothing says which hooks there are. */
static void hooks_unknown(struct doctor_facts *facts)
{
	json_decref(facts->rules);
	facts->rules = loads("{\"counters\": {\"forward\": null, \"output\": null, "
			     "\"input\": null}}");
}

static void one_way_of_few(struct doctor_facts *facts)
{
	json_object_set_new(facts->stats, "tunnels", json_pack(
		"[{s:s, s:i, s:[o]}]", "name", "wg0", "seen_total", 99, "directions",
		way("ipv4", "to_tunnel", 99)));
}

/* Between two of one MSS the side that a SYN leaves by has it, both times. */
static void one_way_of_two(struct doctor_facts *facts)
{
	json_object_set_new(facts->stats, "tunnels", json_pack(
		"[{s:s, s:i, s:[o]}, {s:s, s:i, s:[o]}]", "name", "wg0", "seen_total", 500,
		"directions", way("ipv4", "to_tunnel", 500), "name", "wg1", "seen_total", 500,
		"directions", way("ipv4", "to_tunnel", 500)));
}

static void queue_stalled(struct doctor_facts *facts)
{
	set_status(facts, "running", "queue", "ok", "stalled", "standby");
}

static void fallback_active(struct doctor_facts *facts)
{
	set_status(facts, "running", "queue", "ok", "ok", "active");
}

static void dead_queue(struct doctor_facts *facts)
{
	set_rules(facts, "input", "tcp dport 9 queue num 77");
	facts->dead[0] = (struct doctor_dead_queue){ 0, 77 };
	facts->dead_count = 1;
}

static void daemon_warns(struct doctor_facts *facts)
{
	json_array_append_new(json_object_get(facts->status, "warnings"), json_string("hm"));
}

static void set_state_file(struct doctor_facts *facts, json_t *ok)
{
	json_object_set_new(facts->status, "state_file",
			    json_pack("{s:s, s:o, s:s, s:[s]}", "path", "/a/paths", "ok", ok, "error",
				      "Read-only file system", "fix", "mount"));
}

/* The warning is not told twice. */
static void state_fails(struct doctor_facts *facts)
{
	set_state_file(facts, json_false());
	json_array_append_new(json_object_get(facts->status, "warnings"),
			      json_string("/a/paths: hm"));
}

static void state_unused(struct doctor_facts *facts)
{
	set_state_file(facts, json_null());
}

static void state_untold(struct doctor_facts *facts)
{
	json_object_del(facts->status, "state_file");
}

static void interface_large(struct doctor_facts *facts)
{
	facts->tunnels[0].inner_mtu = 1408;
}

static void interface_down(struct doctor_facts *facts)
{
	facts->links.list[1].up = false;
	facts->tunnels[0].ifindex = facts->links.list[1].ifindex;
}

static void interface_down_of_a_program(struct doctor_facts *facts)
{
	interface_down(facts);
	strcpy(facts->links.list[1].kind, "tun");
}

static void interface_unsure(struct doctor_facts *facts)
{
	facts->tunnels[0].inner_mtu = 1280;
	facts->tunnels[0].unsure = true;
}

/* What openconnect has, beside one whose path is known. */
static void interfaces_unknown(struct doctor_facts *facts)
{
	for (int i = 0; i < 5; i++)
		add_tunnel(facts, "gre1", "gre", 1400, 0);
}

static void interface_large_in_audit(struct doctor_facts *facts)
{
	is_audit(facts);
	interface_large(facts);
}

static void interface_large_degraded(struct doctor_facts *facts)
{
	is_degraded(facts);
	interface_large(facts);
}

static void interface_large_with_routes(struct doctor_facts *facts)
{
	interface_large(facts);
	facts->tunnels[0].routed = true;
}

static void path_unmeasured(struct doctor_facts *facts)
{
	add_tunnel(facts, "wg1", "wireguard", 1420, 1420);
}

static void no_endpoint(struct doctor_facts *facts)
{
	facts->tunnels[0].inner_mtu = 0;
}

static void interfaces_unknown_alone(struct doctor_facts *facts)
{
	is_absent(facts);
	interfaces_unknown(facts);
}

static void interface_large_alone(struct doctor_facts *facts)
{
	is_absent(facts);
	interface_large(facts);
}

static void tun_unknown(struct doctor_facts *facts)
{
	add_tunnel(facts, "tun0", "openvpn", 1400, 1448);
	add_tunnel(facts, "tun1", "tun", 1500, 0);
}

static void dco_clamped(struct doctor_facts *facts)
{
	add_link(facts, "tun0", "ovpn-dco", 1500);
}

static void dco_in_audit(struct doctor_facts *facts)
{
	is_audit(facts);
	dco_clamped(facts);
}

static void dco_alone(struct doctor_facts *facts)
{
	is_absent(facts);
	add_link(facts, "tun0", "ovpn", 1500);
}

static void tun_large(struct doctor_facts *facts)
{
	add_tunnel(facts, "tun0", "openvpn", 1500, 1448);
}

static void vti_large(struct doctor_facts *facts)
{
	add_link(facts, "vti1", "vti", 1480);
}

static void vti_told(struct doctor_facts *facts)
{
	add_link(facts, "vti1", "vti", 1450);
	add_tunnel(facts, "vti1", "vti", 1450, 1438);
}

static void vti_fits(struct doctor_facts *facts)
{
	add_link(facts, "vti1", "vti", 1400);
}

/* The kernel takes IPv6 off such a link, with all its addresses and routes. */
static void ipv4_alone(struct doctor_facts *facts)
{
	add_link(facts, "gre1", "gre", 1200)->mtu6 = 0;
}

static void ipv6_no_room(struct doctor_facts *facts)
{
	facts->links.list[1].mtu = 1200;
	facts->links.list[1].mtu6 = 0;
	facts->ipv6_behind = calloc(2, sizeof(*facts->ipv6_behind));
	assert_non_null(facts->ipv6_behind);
	facts->ipv6_behind[1] = true;
}

static void sit_no_room(struct doctor_facts *facts)
{
	add_link(facts, "sit1", "sit", 1200)->mtu6 = 0;
}

static void ipv6_never_fits(struct doctor_facts *facts)
{
	facts->links.list[1].mtu = 1240;
	facts->tunnels[0].ifindex = 2;
	facts->tunnels[0].interface_mtu = facts->tunnels[0].inner_mtu = 1240;
	facts->tunnels[0].room = 1240;
}

static void ipv6_kept(struct doctor_facts *facts)
{
	facts->links.list[1].mtu = facts->links.list[1].mtu6 = 1280;
	facts->tunnels[0].ifindex = 2;
	facts->tunnels[0].interface_mtu = 1280;
	facts->tunnels[0].inner_mtu = 1240;
}

static void ipv6_or_fit(struct doctor_facts *facts)
{
	facts->tunnels[0].ifindex = 2;
	facts->tunnels[0].inner_mtu = 1240;
}

static void tunnel_warns(struct doctor_facts *facts)
{
	facts->tunnels[0].warnings = json_object_get(facts->status, "problems");
	json_array_append_new(facts->tunnels[0].warnings, json_string("the ends differ: ..."));
}

static void tunnel_warns_of_mtu(struct doctor_facts *facts)
{
	facts->tunnels[0].warnings = json_object_get(facts->status, "problems");
	json_array_append_new(facts->tunnels[0].warnings, json_string("interface MTU 1420, but"));
}

static void hint_low(struct doctor_facts *facts)
{
	add_hint(facts, "192.0.2.7", 600, false);
}

static void hint_locked(struct doctor_facts *facts)
{
	add_hint(facts, "192.0.2.7", 552, true);
}

static void hint_honest(struct doctor_facts *facts)
{
	add_hint(facts, "192.0.2.7", 1400, false);
	add_hint(facts, "2001:db8::7", 1280, false);
}

static void too_big4(struct doctor_facts *facts)
{
	set_rules(facts, "input", "icmp type 3 counter packets 0 bytes 0 drop");
}

static void too_big6(struct doctor_facts *facts)
{
	set_rules(facts, "forward", "icmpv6 type packet-too-big counter packets 0 bytes 0 drop");
}

#define BEHIND_RELATED "ct state related accept\n\t\ticmp type 3 "

static void icmp_counted(struct doctor_facts *facts)
{
	set_rules(facts, "input", BEHIND_RELATED "counter packets 9 bytes 0 drop");
}

static void icmp_counts(struct doctor_facts *facts)
{
	set_rules(facts, "input", BEHIND_RELATED "counter packets 0 bytes 0 drop");
	facts->later = calloc(4, sizeof(*facts->later));
	facts->later[1] = 5;
}

static void icmp_uncounted(struct doctor_facts *facts)
{
	set_rules(facts, "input", BEHIND_RELATED "drop");
}

/* Each ping moves the counter; the errors never come so far. */
static void all_icmp_counted(struct doctor_facts *facts)
{
	set_rules(facts, "input", "ct state established,related accept\n\t\tmeta l4proto "
		  "{ icmp, ipv6-icmp } counter packets 9 bytes 0 drop");
	facts->later = calloc(4, sizeof(*facts->later));
	facts->later[1] = 12;
}

static void all_icmp_counted_by_iptables(struct doctor_facts *facts)
{
	char *text = strdup("*filter\n:INPUT ACCEPT [0:0]\n"
		"[7:420] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		"[9:540] -A INPUT -p icmp -j DROP\nCOMMIT\n");

	assert_non_null(text);
	assert_int_equal(ruleset_read_iptables(&facts->ruleset, text, FAMILY_IPV4), 0);
	assert_int_equal(ruleset_finish(&facts->ruleset), 0);
}

static void fragments_dropped(struct doctor_facts *facts)
{
	set_rules(facts, "prerouting", "ip frag-off & 0x1fff != 0 drop");
}

static void fragments_made(struct doctor_facts *facts)
{
	facts->after[COUNTER_FRAGMENTS6] = 5;
}

static void few_fragments(struct doctor_facts *facts)
{
	facts->after[COUNTER_FRAGMENTS4] = 4;
}

static void reassembly_fails(struct doctor_facts *facts)
{
	facts->after[COUNTER_REASSEMBLY4] = 2;
}

static void set_segments(struct doctor_facts *facts, uint64_t sent, uint64_t again, uint64_t syns)
{
	facts->after[COUNTER_SEGMENTS] = sent;
	facts->after[COUNTER_RETRANSMITTED] = again;
	facts->after[COUNTER_SYNS_RETRANSMITTED] = syns;
}

static void sent_again(struct doctor_facts *facts)
{
	set_segments(facts, 1000, 50, 10);
}

static void syns_untold(struct doctor_facts *facts)
{
	set_segments(facts, 1000, 50, SNMP_UNKNOWN);
}

static void scanned(struct doctor_facts *facts)
{
	set_segments(facts, 1000, 50, 25);
}

static void sent_again_less(struct doctor_facts *facts)
{
	set_segments(facts, 1000, 30, 0); /* 2.9 % of all that was sent */
}

static void few_segments(struct doctor_facts *facts)
{
	set_segments(facts, 900, 90, 0);
}

static void no_counters(struct doctor_facts *facts)
{
	facts->after[COUNTER_FRAGMENTS4] = SNMP_UNKNOWN;
}

static void other_clamper(struct doctor_facts *facts)
{
	set_rules(facts, "forward", "tcp flags syn tcp option maxseg size set 1300");
}

static void shadowed(struct doctor_facts *facts)
{
	is_absent(facts);
	set_rules(facts, "forward",
		  "accept\n\t\ttcp flags syn tcp option maxseg size set 1300");
}

static void offloaded(struct doctor_facts *facts)
{
	set_rules(facts, "forward", "ip protocol tcp flow add @f");
}

static void no_discovery(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_NO_PMTU_DISC] = 1;
}

static void probing_always(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_MTU_PROBING] = 2;
}

static void unreadable_sysctl(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_MTU_PROBING] = -1;
}

static void strict(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_RP_FILTER_ALL] = 1;
}

static void strict_with_rules(struct doctor_facts *facts)
{
	strict(facts);
	facts->routing_rules = 1;
}

/* Packets that came in by each link meanwhile: eth0, wg0. */
static void receive(struct doctor_facts *facts, uint64_t eth0, uint64_t wg0)
{
	facts->received = calloc(2, sizeof(*facts->received));
	assert_non_null(facts->received);
	facts->received[0] = eth0;
	facts->received[1] = wg0;
}

static void drops_at_a_tunnel(struct doctor_facts *facts)
{
	strict(facts);
	receive(facts, 0, 7);
	facts->after[COUNTER_REVERSE_PATH] = 1;
}

/* Forged noise at eth0, a busy tunnel, and everything strict as it should be. */
static void drops_at_either(struct doctor_facts *facts)
{
	strict(facts);
	receive(facts, 7, 7);
	facts->after[COUNTER_REVERSE_PATH] = 1;
}

static void drops_and_rules(struct doctor_facts *facts)
{
	strict_with_rules(facts);
	receive(facts, 7, 0);
	facts->after[COUNTER_REVERSE_PATH] = 1;
}

static void drops_of_forged(struct doctor_facts *facts)
{
	strict(facts);
	receive(facts, 7, 0);
	facts->after[COUNTER_REVERSE_PATH] = 1;
}

static void drops_long_ago(struct doctor_facts *facts)
{
	strict_with_rules(facts);
	facts->before[COUNTER_REVERSE_PATH] = facts->after[COUNTER_REVERSE_PATH] = 99;
}

static void drops_while_loose(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_RP_FILTER_ALL] = 2;
	facts->after[COUNTER_REVERSE_PATH] = 1;
}

static void drops_unknown(struct doctor_facts *facts)
{
	strict(facts);
	facts->after[COUNTER_REVERSE_PATH] = SNMP_UNKNOWN;
}

static void no_window_scaling(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_WINDOW_SCALING] = 0;
}

static void trusts(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_FORWARD_USE_PMTU] = 1;
}

static void low_min_pmtu(struct doctor_facts *facts)
{
	facts->sysctl[SYSCTL_MIN_PMTU] = 68;
}

static void kernel_crashes(struct doctor_facts *facts)
{
	strcpy(facts->release, "6.18.20-generic");
}

static void kernel_crashes_not(struct doctor_facts *facts)
{
	strcpy(facts->release, "6.18.25");
}

static void kernel_nameless(struct doctor_facts *facts)
{
	strcpy(facts->release, "unknown");
}

static void own_userns(struct doctor_facts *facts)
{
	facts->takes_changes = false;
}

static void own_userns_new(struct doctor_facts *facts)
{
	facts->takes_changes = false;
	strcpy(facts->release, "7.1.0");
}

static void own_userns_mark(struct doctor_facts *facts)
{
	own_userns_new(facts);
	set_status(facts, "running", "mark", "ok", "ok", "standby");
}

static void bridged(struct doctor_facts *facts)
{
	uint32_t bridge = add_link(facts, "br0", "bridge", 1500)->ifindex;

	add_link(facts, "vx0", "vxlan", 1450)->master_ifindex = bridge;
	add_link(facts, "eth1", "", 1500)->master_ifindex = bridge;
}

static void bridged_filtered(struct doctor_facts *facts)
{
	bridged(facts);
	facts->sysctl[SYSCTL_BRIDGE_CALL4] = facts->sysctl[SYSCTL_BRIDGE_CALL6] = 1;
}

static void bridged_alone(struct doctor_facts *facts)
{
	bridged(facts);
	facts->links.list[facts->links.count - 1].master_ifindex = 0;
}

static void bridged_tap(struct doctor_facts *facts)
{
	uint32_t bridge = add_link(facts, "br0", "bridge", 1500)->ifindex;
	struct link *tap = add_link(facts, "vnet0", "tun", 1500);

	tap->master_ifindex = bridge;
	tap->tap = true;
	add_tunnel(facts, "vnet0", "tap", 1500, 0)->ifindex = tap->ifindex;
	add_link(facts, "eth1", "", 1500)->master_ifindex = bridge;
}

static void bridged_tap_alone(struct doctor_facts *facts)
{
	bridged_tap(facts);
	facts->tunnel_count--;
}

static void bridged_openvpn(struct doctor_facts *facts)
{
	bridged_tap(facts);
	strcpy(facts->tunnels[1].kind, "openvpn");
	facts->tunnels[1].inner_mtu = 1500;
}

static void no_ruleset(struct doctor_facts *facts)
{
	facts->has_ruleset = false;
}

static void well(struct doctor_facts *facts)
{
	(void)facts;
}

/* What is done, which checks are then neither ok nor skipped, and how. */
static const struct {
	const char *name;
	void (*fault)(struct doctor_facts *facts);
	const char *found;
} cases[] = {
	{ "nothing wrong", well, "" },
	{ "no daemon", is_absent, "MSS001 fail, MSS010 unknown" },
	{ "no daemon, somebody clamps", absent_with_clamper, "MSS001 warn, MSS010 unknown" },
	{ "no daemon, one way alone", absent_one_way,
	  "MSS001 warn, MSS005 warn, MSS010 unknown" },
	{ "may not ask", is_denied, "MSS001 unknown, MSS002 unknown, MSS003 unknown, MSS004 unknown, "
	  "MSS006 unknown, MSS007 unknown, MSS009 unknown, MSS010 unknown, MSS015 unknown, "
	  "MSS028 unknown, MSS029 unknown" },
	{ "no answer", is_silent, "MSS001 fail, MSS002 unknown, MSS003 unknown, MSS004 unknown, "
	  "MSS006 unknown, MSS007 unknown, MSS009 unknown, MSS010 unknown, MSS015 unknown, "
	  "MSS028 unknown, MSS029 unknown" },
	{ "degraded", is_degraded, "MSS001 fail" },
	{ "audit", is_audit, "MSS001 warn" },
	{ "rules missing", rules_missing, "MSS002 fail" },
	{ "rules left to others, who forgot", rules_left, "MSS002 fail" },
	{ "IPv4 SYN unseen", syn4_unseen, "MSS003 fail" },
	{ "IPv6 SYN unseen", syn6_unseen, "MSS004 fail" },
	{ "of IPv4 nothing at input", syn4_at_output_alone, "MSS003 fail" },
	{ "no SYN-ACK of IPv6", syn_ack6_missing, "MSS004 fail" },
	{ "which has no hook", no_hook_of_input, "" },
	{ "more than can be shown", syns_crowded, "MSS003 unknown" },
	{ "counters moved", counters_alone, "" },
	{ "IPv6 goes into the tunnel alone", one_way, "MSS005 warn" },
	{ "between peers of a hub", one_way_of_a_hub, "" },
	{ "or what may be one", one_way_of_peers_unknown, "" },
	{ "to one far end", one_way_of_one_far_end, "MSS005 warn" },
	{ "beside a LAN of the same MSS", one_way_beside_a_lan, "" },
	{ "IPv6 comes out of the tunnel alone", one_way_out, "MSS005 warn" },
	{ "as this host's own answers have no hook", one_way_without_output, "" },
	{ "as the kernel takes the others", one_way_offloaded, "" },
	{ "hooks that nobody tells", hooks_unknown, "" },
	{ "a few that nobody answers", one_way_of_few, "" },
	{ "between two tunnels", one_way_of_two, "" },
	{ "rules of the user's, at output", user_covers_output, "" },
	{ "rules of the user's, without SYN-ACKs", user_forgot_syn_acks, "MSS003 fail" },
	{ "rules of the user's, for what is forwarded", user_forwards_alone, "" },
	{ "no IPv6", no_ipv6, "" },
	{ "hooks of forwarding alone", forward_alone, "" },
	{ "no hook of forwarding", no_forward, "MSS005 warn" },
	{ "a queue is full", queue_is_full, "MSS006 warn" },
	{ "one burst among many", queue_was_full, "" },
	{ "one in a hundred", queue_was_full_of_few, "MSS006 warn" },
	{ "the daemon was started between the looks", started_between, "" },
	{ "queue stalled", queue_stalled, "MSS006 fail" },
	{ "fallback active", fallback_active, "MSS007 warn" },
	{ "a queue nobody reads", dead_queue, "MSS008 fail" },
	{ "the daemon warns", daemon_warns, "MSS009 warn" },
	{ "interface MTU too large", interface_large, "MSS010 warn" },
	{ "an interface that is down", interface_down, "MSS010 warn" },
	{ "of a program that has not begun", interface_down_of_a_program, "" },
	{ "unconfirmed", interface_unsure, "MSS010 unknown" },
	{ "one known, five not", interfaces_unknown, "" },
	{ "a tun device, and nobody knows whose", tun_unknown, "" },
	{ "DCO, clamped", dco_clamped, "" },
	{ "DCO in mode audit", dco_in_audit, "MSS001 warn, MSS011 fail" },
	{ "DCO, nobody clamps", dco_alone, "MSS001 fail, MSS010 unknown, MSS011 fail" },
	{ "tun-mtu too large", tun_large, "MSS012 warn" },
	{ "VTI as the kernel makes it", vti_large, "MSS013 warn" },
	{ "VTI as the daemon reckons", vti_told, "MSS013 warn" },
	{ "VTI with room", vti_fits, "" },
	{ "too small for IPv6", ipv4_alone, "" },
	{ "too small for IPv6 of its peers", ipv6_no_room, "MSS014 warn" },
	{ "too small for what is for IPv6", sit_no_room, "MSS014 warn" },
	{ "too small for IPv6, and no more fits", ipv6_never_fits, "" },
	{ "as small as IPv6 lets it be", ipv6_kept, "" },
	{ "what fits would take IPv6 off", ipv6_or_fit, "MSS010 warn" },
	{ "the daemon warns of a tunnel", tunnel_warns, "MSS015 warn" },
	{ "of its MTU: told elsewhere", tunnel_warns_of_mtu, "" },
	{ "a low path MTU", hint_low, "MSS020 warn" },
	{ "a locked path MTU", hint_locked, "MSS020 warn" },
	{ "honest path MTUs", hint_honest, "" },
	{ "ICMP dropped", too_big4, "MSS021 fail" },
	{ "ICMPv6 dropped", too_big6, "MSS022 fail" },
	{ "ICMP was dropped", icmp_counted, "MSS023 warn" },
	{ "ICMP is being dropped", icmp_counts, "MSS023 fail" },
	{ "pings are being dropped", all_icmp_counted, "" },
	{ "pings were dropped", all_icmp_counted_by_iptables, "" },
	{ "a counter is missing", icmp_uncounted, "MSS023 unknown" },
	{ "fragments dropped", fragments_dropped, "MSS024 warn" },
	{ "fragments made", fragments_made, "MSS025 warn" },
	{ "a few fragments", few_fragments, "" },
	{ "no counters", no_counters, "MSS025 unknown" },
	{ "reassembly fails", reassembly_fails, "MSS026 warn" },
	{ "sent again", sent_again, "MSS027 warn" },
	{ "and nobody counts SYNs apart", syns_untold, "MSS027 warn" },
	{ "SYN-ACKs to scanners", scanned, "" },
	{ "sent again, and less of all", sent_again_less, "" },
	{ "too few to tell", few_segments, "" },
	{ "a black hole, which is measured", one_black_hole, "" },
	{ "black holes, and nobody clamps", black_holes_in_audit, "MSS001 warn, MSS028 warn" },
	{ "nobody tells of probes", probes_untold, "MSS028 unknown" },
	{ "the state file cannot be written", state_fails, "MSS029 warn" },
	{ "nothing had to be", state_unused, "" },
	{ "nobody tells of it", state_untold, "MSS029 unknown" },
	{ "another clamper", other_clamper, "MSS030 warn" },
	{ "a clamper that never runs", shadowed, "MSS001 warn, MSS010 unknown, MSS031 fail" },
	{ "flow table", offloaded, "MSS032 warn" },
	{ "no path MTU discovery", no_discovery, "MSS040 warn" },
	{ "probes always", probing_always, "MSS041 warn" },
	{ "a setting nobody can read", unreadable_sysctl, "MSS041 unknown" },
	{ "strict reverse path", strict, "" },
	{ "and routing rules, as wg-quick leaves it", strict_with_rules, "" },
	{ "reverse path drops at a tunnel", drops_at_a_tunnel, "MSS042 warn" },
	{ "drops at a tunnel or beside it", drops_at_either, "" },
	{ "drops and routing rules", drops_and_rules, "MSS042 warn" },
	{ "drops that no tunnel explains", drops_of_forged, "" },
	{ "drops of long ago", drops_long_ago, "" },
	{ "drops while it is loose", drops_while_loose, "" },
	{ "drops that nobody counts", drops_unknown, "MSS042 unknown" },
	{ "no window scaling", no_window_scaling, "MSS043 warn" },
	{ "trusts ICMP", trusts, "MSS044 warn" },
	{ "low min_pmtu", low_min_pmtu, "MSS044 warn" },
	{ "a kernel that crashes", kernel_crashes, "MSS050 warn" },
	{ "a mended kernel", kernel_crashes_not, "" },
	{ "a kernel without a number", kernel_nameless, "MSS050 unknown" },
	{ "a user namespace", own_userns, "MSS051 warn" },
	{ "where it matters", own_userns_new, "MSS051 fail" },
	{ "mode mark there", own_userns_mark, "" },
	{ "a bridged tunnel", bridged, "MSS052 warn" },
	{ "with br_netfilter", bridged_filtered, "" },
	{ "a bridge with one port", bridged_alone, "" },
	{ "a virtual machine's tap in a bridge", bridged_tap, "" },
	{ "of which nobody tells", bridged_tap_alone, "" },
	{ "OpenVPN's tap in a bridge", bridged_openvpn, "MSS052 warn" },
	{ "not root", no_ruleset, "MSS008 unknown, MSS021 unknown, MSS022 unknown, MSS023 unknown, "
	  "MSS024 unknown, MSS030 unknown, MSS031 unknown, MSS032 unknown" },
};

/* Commands that change nothing mend nothing. */
static bool only_shows(const char *command)
{
	static const char *const begins[] = {
		"journalctl", "mssclampctl c", "mssclampctl p", "mssclampctl rules --diff",
		"mssclampctl rules --print", "mssclampctl s", "mssclampctl t", "nft -a list",
		"nft list", "nstat", "ss ",
	};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(command, begins[i], strlen(begins[i])) == 0)
			return true;
	return strstr(command, " -vnL ") != NULL;
}

/* What is wrong has what mends it, or shows it: commands as they are typed. */
static void check_told(const struct doctor_told *told)
{
	static const char *const programs[] = {
		"echo", "ip", "ip6tables", "iptables", "journalctl", "modprobe", "mount", "mssclampctl",
		"nft", "nstat", "ss", "sudo", "sysctl", "systemctl",
	};

	assert_non_null(told->detail);
	if (told->result == DOCTOR_FAIL || told->result == DOCTOR_WARN)
		assert_true(told->fix_count > 0);
	for (size_t i = 0; i < told->fix_count; i++)
		assert_int_equal(told->shows[i], only_shows(told->fix[i]));
	for (size_t i = 0; i < told->fix_count; i++) {
		size_t len = strcspn(told->fix[i], " ");
		bool known = false;

		print_message("\t%s\n", told->fix[i]);
		for (size_t j = 0; j < sizeof(programs) / sizeof(programs[0]); j++)
			known |= strlen(programs[j]) == len &&
				 strncmp(programs[j], told->fix[i], len) == 0;
		assert_true(known);
		assert_true(strchr(told->fix[i], '\'') || !strstr(told->fix[i], ", "));
		assert_null(strstr(told->fix[i], " N"));
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct doctor_facts facts;
		char found[1024] = "";

		print_message("%s\n", cases[i].name);
		be_well(&facts);
		cases[i].fault(&facts);
		for (const struct doctor_check *check = doctor_checks; check->id; check++) {
			struct doctor_finding finding;

			doctor_run(check, &facts, SYMPTOM_ALL, &finding);
			assert_int_not_equal(finding.count, 0);
			if (finding.result >= DOCTOR_UNKNOWN)
				snprintf(found + strlen(found), sizeof(found) - strlen(found),
					 "%s%s %s", *found ? ", " : "", check->id,
					 doctor_result_name(finding.result));
			for (size_t j = 0; j < finding.count; j++)
				check_told(&finding.told[j]);
			doctor_finding_done(&finding);
		}
		assert_string_equal(found, cases[i].found);
		doctor_facts_done(&facts);
	}
}

/* Ids are in order, each once; each has a fault above that finds it. */
static void test_table(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct doctor_check *check = doctor_checks; check->id; check++, count++) {
		bool covered = false;

		print_message("%s\n", check->id);
		assert_int_equal(strlen(check->id), 6);
		assert_true(check == doctor_checks || strcmp(check[-1].id, check->id) < 0);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			const char *at = strstr(cases[i].found, check->id);

			covered |= at && (strncmp(at + 7, "warn", 4) == 0 ||
					  strncmp(at + 7, "fail", 4) == 0);
		}
		assert_true(covered);
		assert_true(check->symptoms);
	}
	assert_true(count <= DOCTOR_CHECKS_MAX);
}

static void test_symptom_skips(void **state)
{
	struct doctor_facts facts;
	struct doctor_finding finding;

	(void)state;
	be_well(&facts);
	no_window_scaling(&facts);
	for (const struct doctor_check *check = doctor_checks; check->id; check++) {
		doctor_run(check, &facts, SYMPTOM_VOIP, &finding);
		if (strcmp(check->id, "MSS043") == 0)
			assert_int_equal(finding.result, DOCTOR_SKIPPED);
		doctor_finding_done(&finding);
	}
	doctor_facts_done(&facts);
}

static void queue_is_full_there(struct doctor_facts *facts)
{
	kernel_crashes(facts);
	queue_is_full(facts);
}

static void queue_is_full_of_eight(struct doctor_facts *facts)
{
	set_stats(facts, "{\"queues\": [{}, {}, {}, {}, {}, {}, {}, {\"dropped_total\": 3}]}",
		  "{\"queues\": [{}, {}, {}, {}, {}, {}, {}, {\"dropped_total\": 4}]}");
}

#define SETTING(id, text) "echo '" text "' >/etc/mssclamp.conf.d/zz-doctor-" id ".conf"

/* Which command comes first where another would undo it, or do harm, and how many there are. */
static const struct {
	const char *name;
	void (*fault)(struct doctor_facts *facts);
	void (*check)(const struct doctor_facts *facts, struct doctor_finding *finding);
	const char *fix;
	size_t count;
} fixes[] = {
	{ "IPv6 stays", ipv6_or_fit, doctor_check_interface_mtu, "ip link set wg0 mtu 1280", 1 },
	{ "up with it", interface_down, doctor_check_interface_mtu, "ip link set wg0 up", 1 },
	{ "what fits", interface_large, doctor_check_interface_mtu, "ip link set wg0 mtu 1408", 1 },
	{ "ESP of unknown algorithms", vti_large, doctor_check_ipsec_mtu,
	  "mssclampctl calc --path 1500 esp:cipher=AES-GCM-16", 1 },
	{ "more queues", queue_is_full, doctor_check_queues,
	  SETTING("MSS006", "queues = { count = 4; max_packets = 16384; };"), 2 },
	{ "not where they crash", queue_is_full_there, doctor_check_queues,
	  SETTING("MSS006", "queues = { max_packets = 16384; };"), 2 },
	{ "not fewer", queue_is_full_of_eight, doctor_check_queues,
	  SETTING("MSS006", "queues = { count = 8; max_packets = 16384; };"), 2 },
	{ "one queue", kernel_crashes, doctor_check_kernel,
	  SETTING("MSS050", "queues = { count = 1; };"), 2 },
	{ "no audit", is_audit, doctor_check_daemon, SETTING("MSS001", "mode = \"queue\";"), 2 },
	{ "no audit under DCO", dco_in_audit, doctor_check_dco,
	  SETTING("MSS011", "mode = \"queue\";"), 2 },
	{ "mode mark", own_userns, doctor_check_namespaces,
	  SETTING("MSS051", "mode = \"mark\";"), 2 },
};

static void test_fixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++) {
		struct doctor_facts facts;
		struct doctor_finding finding = { 0 };

		print_message("%s\n", fixes[i].name);
		be_well(&facts);
		fixes[i].fault(&facts);
		fixes[i].check(&facts, &finding);
		assert_int_equal(finding.told[0].fix_count, fixes[i].count);
		assert_string_equal(finding.told[0].fix[0], fixes[i].fix);
		doctor_finding_done(&finding);
		doctor_facts_done(&facts);
	}
}

static void unclear_rules(struct doctor_facts *facts)
{
	char *text = strdup("table inet filter {\n\tchain input {\n\t\ttype filter hook input priority "
			    "filter; policy drop;\n\t\tudp dport 51820 accept\n\t\tip saddr 192.0.2.7 "
			    "accept\n\t}\n}\n");

	assert_int_equal(ruleset_read_nft(&facts->ruleset, text, 0), 0);
	assert_int_equal(ruleset_finish(&facts->ruleset), 0);
}

#define LARGE "wg0: interface MTU 1420, but 1408 bytes fit; "

/* What the first thing that is told says. */
static const struct {
	const char *name;
	void (*fault)(struct doctor_facts *facts);
	void (*check)(const struct doctor_facts *facts, struct doctor_finding *finding);
	enum doctor_result result;
	const char *detail;
} details[] = {
	{ "an MTU too large", interface_large, doctor_check_interface_mtu, DOCTOR_WARN,
	  LARGE "TCP is clamped, UDP and QUIC are not" },
	{ "in mode audit", interface_large_in_audit, doctor_check_interface_mtu, DOCTOR_WARN,
	  LARGE "mode audit clamps nothing: TCP, UDP and QUIC are too large" },
	{ "where it is degraded", interface_large_degraded, doctor_check_interface_mtu, DOCTOR_WARN,
	  LARGE "mssclampd is degraded, so TCP may be too large; UDP and QUIC are" },
	{ "where it does not run", interface_large_alone, doctor_check_interface_mtu, DOCTOR_WARN,
	  LARGE "mssclampd clamps nothing here: TCP, UDP and QUIC are too large" },
	{ "a rule that nobody here understands", unclear_rules, doctor_check_too_big4, DOCTOR_UNKNOWN,
	  "at input it depends on a rule that is not understood here: ip saddr 192.0.2.7 accept "
	  "(nft: table inet filter, chain input)" },
	{ "where routes tell UDP", interface_large_with_routes, doctor_check_interface_mtu,
	  DOCTOR_OK, LARGE "TCP is clamped, and routes tell UDP and QUIC (path.set_route_mtu)" },
	{ "measured", well, doctor_check_interface_mtu, DOCTOR_OK,
	  "1 tunnel, none takes more than fits" },
	{ "one measured, one not", path_unmeasured, doctor_check_interface_mtu, DOCTOR_OK,
	  "2 tunnels, none takes more than fits; by links and routes alone for 1, where no path is "
	  "measured" },
	{ "no peer has an endpoint", no_endpoint, doctor_check_interface_mtu, DOCTOR_OK,
	  "not judged: 1 of which nobody knows the path" },
	{ "one known, five not", interfaces_unknown, doctor_check_interface_mtu, DOCTOR_OK,
	  "1 tunnel, none takes more than fits; not judged: 5 of which nobody knows the path" },
	{ "without the daemon", is_absent, doctor_check_interface_mtu, DOCTOR_UNKNOWN,
	  "1 tunnel, none takes more than links and routes promise; mssclampd measures paths, and "
	  "does not answer" },
	{ "without it, five unknown", interfaces_unknown_alone, doctor_check_interface_mtu,
	  DOCTOR_UNKNOWN, "what fits in 5 tunnels cannot be told without mssclampd; of 1 that is "
	  "known none takes more" },
};

static void test_details(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		struct doctor_facts facts;
		struct doctor_finding finding = { 0 };

		print_message("%s\n", details[i].name);
		be_well(&facts);
		details[i].fault(&facts);
		details[i].check(&facts, &finding);
		assert_int_equal(finding.told[0].result, details[i].result);
		assert_string_equal(finding.told[0].detail, details[i].detail);
		doctor_finding_done(&finding);
		doctor_facts_done(&facts);
	}
}

/* A dot of an interface's name is none of sysctl's. */
static void test_fix_of_a_vlan(void **state)
{
	struct doctor_facts facts;
	struct doctor_finding finding = { 0 };

	(void)state;
	be_well(&facts);
	drops_at_a_tunnel(&facts);
	strcpy(facts.links.list[1].name, "wg0.100");
	doctor_check_reverse_path(&facts, &finding);
	assert_int_equal(finding.told[0].fix_count, 1);
	assert_string_equal(finding.told[0].fix[0], "sysctl -w net/ipv4/conf/wg0.100/rp_filter=2");
	doctor_finding_done(&finding);
	doctor_facts_done(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fix_of_a_vlan),
		cmocka_unit_test(test_fixes),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_symptom_skips),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
