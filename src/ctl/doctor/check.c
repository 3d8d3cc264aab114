/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/check.h"

#include <stddef.h>

const struct doctor_check doctor_checks[] = {
	{ "MSS001", "mssclampd", 0, SYMPTOM_ALL, doctor_check_daemon },
	{ "MSS002", "its rules in the firewall", 0, SYMPTOM_TCP, doctor_check_rules },
	{ "MSS003", "a test SYN, IPv4", DOCTOR_NEEDS_DAEMON, SYMPTOM_TCP, doctor_check_syn4 },
	{ "MSS004", "a test SYN, IPv6", DOCTOR_NEEDS_DAEMON, SYMPTOM_TCP, doctor_check_syn6 },
	{ "MSS005", "both directions", 0, SYMPTOM_TCP, doctor_check_directions },
	{ "MSS006", "queues", DOCTOR_NEEDS_DAEMON, SYMPTOM_TCP, doctor_check_queues },
	{ "MSS007", "the kernel's fallback", DOCTOR_NEEDS_DAEMON, SYMPTOM_TCP,
	  doctor_check_fallback },
	{ "MSS008", "other programs' queues", DOCTOR_NEEDS_RULESET, SYMPTOM_ALL,
	  doctor_check_other_queues },
	{ "MSS009", "warnings of mssclampd", DOCTOR_NEEDS_DAEMON, SYMPTOM_TCP,
	  doctor_check_daemon_warnings },

	{ "MSS010", "interface MTU of tunnels", DOCTOR_NEEDS_TUNNELS, SYMPTOM_ALL,
	  doctor_check_interface_mtu },
	{ "MSS011", "mssfix under OpenVPN's DCO", DOCTOR_NEEDS_LINKS, SYMPTOM_TCP,
	  doctor_check_dco },
	{ "MSS012", "tun-mtu of OpenVPN", DOCTOR_NEEDS_TUNNELS, SYMPTOM_ALL, doctor_check_tun_mtu },
	{ "MSS013", "MTU of VTI and XFRM interfaces", DOCTOR_NEEDS_LINKS, SYMPTOM_ALL,
	  doctor_check_ipsec_mtu },
	{ "MSS014", "room for IPv6 in tunnels", DOCTOR_NEEDS_LINKS, SYMPTOM_ALL,
	  doctor_check_ipv6_minimum },
	{ "MSS015", "warnings about tunnels", DOCTOR_NEEDS_DAEMON, SYMPTOM_ALL,
	  doctor_check_tunnel_warnings },

	{ "MSS020", "path MTUs in the kernel's cache", 0, SYMPTOM_ALL, doctor_check_exceptions },
	{ "MSS021", "ICMP \"fragmentation needed\" and rules", DOCTOR_NEEDS_RULESET, SYMPTOM_ALL,
	  doctor_check_too_big4 },
	{ "MSS022", "ICMPv6 \"packet too big\" and rules", DOCTOR_NEEDS_RULESET, SYMPTOM_ALL,
	  doctor_check_too_big6 },
	{ "MSS023", "ICMP errors that rules dropped", DOCTOR_NEEDS_RULESET, SYMPTOM_ALL,
	  doctor_check_icmp_counters },
	{ "MSS024", "rules against fragments", DOCTOR_NEEDS_RULESET, SYMPTOM_ALL,
	  doctor_check_fragment_rules },
	{ "MSS025", "packets sent in fragments", 0, SYMPTOM_ALL, doctor_check_fragments },
	{ "MSS026", "fragments that make no packet", 0, SYMPTOM_ALL, doctor_check_reassembly },
	{ "MSS027", "TCP segments sent again", 0, SYMPTOM_TCP, doctor_check_retransmissions },
	{ "MSS028", "black holes outside", DOCTOR_NEEDS_DAEMON, SYMPTOM_ALL,
	  doctor_check_black_holes },
	{ "MSS029", "memory of path MTUs", DOCTOR_NEEDS_DAEMON, SYMPTOM_ALL,
	  doctor_check_state_file },

	{ "MSS030", "other rules that set the MSS", DOCTOR_NEEDS_RULESET, SYMPTOM_TCP,
	  doctor_check_clampers },
	{ "MSS031", "reach of rules that clamp", DOCTOR_NEEDS_RULESET, SYMPTOM_TCP,
	  doctor_check_shadowed },
	{ "MSS032", "flows past the rules", DOCTOR_NEEDS_RULESET, SYMPTOM_TCP,
	  doctor_check_offloaded },

	{ "MSS040", "path MTU discovery", 0, SYMPTOM_ALL, doctor_check_pmtu_discovery },
	{ "MSS041", "tcp_mtu_probing", 0, SYMPTOM_TCP, doctor_check_mtu_probing },
	{ "MSS042", "rp_filter", DOCTOR_NEEDS_LINKS, SYMPTOM_ALL, doctor_check_reverse_path },
	{ "MSS043", "TCP options", 0, SYMPTOM_TCP, doctor_check_tcp_options },
	{ "MSS044", "trust in ICMP when forwarding", 0, SYMPTOM_ALL, doctor_check_pmtu_trust },

	{ "MSS050", "this kernel and NFQUEUE", 0, SYMPTOM_ALL, doctor_check_kernel },
	{ "MSS051", "user namespace", 0, SYMPTOM_TCP, doctor_check_namespaces },
	{ "MSS052", "bridged tunnels", DOCTOR_NEEDS_LINKS, SYMPTOM_TCP, doctor_check_bridges },
	{ 0 },
};

/* Whether everything is there; says what is not. */
static bool can_run(const struct doctor_check *check, const struct doctor_facts *facts,
		    struct doctor_finding *finding)
{
	if (check->needs & DOCTOR_NEEDS_DAEMON && !facts->status) {
		bool absent = facts->daemon == DOCTOR_DAEMON_ABSENT;

		doctor_say(finding, absent ? DOCTOR_SKIPPED : DOCTOR_UNKNOWN, "%s",
			   absent ? "mssclampd does not run" :
			   facts->daemon_why ? facts->daemon_why : "mssclampd gives no answer");
		return false;
	}
	if (check->needs & DOCTOR_NEEDS_RULESET && !facts->has_ruleset) {
		doctor_say(finding, DOCTOR_UNKNOWN, "%s", facts->ruleset_why ? facts->ruleset_why :
			   "the rules of this host cannot be read");
		return false;
	}
	if (check->needs & DOCTOR_NEEDS_LINKS && !facts->has_links) {
		doctor_say(finding, DOCTOR_UNKNOWN, "the interfaces cannot be read");
		return false;
	}
	if (check->needs & DOCTOR_NEEDS_TUNNELS && !facts->has_tunnels) {
		doctor_say(finding, DOCTOR_UNKNOWN, "%s", facts->tunnels_why ? facts->tunnels_why :
			   "the tunnels cannot be read");
		return false;
	}
	return true;
}

void doctor_run(const struct doctor_check *check, const struct doctor_facts *facts,
		unsigned int symptoms, struct doctor_finding *finding)
{
	*finding = (struct doctor_finding){ 0 };
	if (!(check->symptoms & symptoms))
		doctor_say(finding, DOCTOR_SKIPPED, "does not matter for that");
	else if (can_run(check, facts, finding))
		check->run(facts, finding);
}
