/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/commands.h"

#include "ctl/calc/calc.h"
#include "ctl/capture/capture_words.h"
#include "ctl/calc/calc_stack.h"
#include "ctl/options/command_options.h"

static const struct option_row none[] = { { 0 } };

static const struct option_row try_options[] = {
	{ "--interface", 0, "IF", "the interface that gets it" },
	{ "--peer", 0, "P", "or the peer, by name or id" },
	{ "--for", 0, "TIME", "how long: 90s, 10m, 2h, at most a day; default: 10m" },
	{ 0 },
};

static const struct option_row stats_options[] = {
	{ "--tunnel", 0, "IF", "only this tunnel" },
	{ 0 },
};

static const struct option_row metrics_options[] = {
	{ "--output", 'o', "FILE", "written whole or not at all; without a daemon: mssclamp_up 0" },
	{ 0 },
};

static const struct option_row wait_options[] = {
	{ "--tunnel", 0, "IF", "wait until this tunnel has an MSS, too" },
	{ "--for", 0, "SEC", "how long at most; default: 30" },
	{ 0 },
};

static const struct option_row doctor_options[] = {
	{ "--nagios", 0, NULL, "one line for Nagios and Icinga; exit code 0 to 3" },
	{ "--html", 0, "FILE", "also a page to attach to a ticket" },
	{ "--addresses", 0, NULL, "full addresses on that page, not shortened" },
	{ "--symptom", 0, "KIND", "only what matters for web, files, video, voip or ssh" },
	{ 0 },
};

static const struct option_row rewrite_options[] = {
	{ "--mss4", 0, "N", "largest MSS to leave in IPv4 SYNs; default: unchanged" },
	{ "--mss6", 0, "N", "the same for IPv6" },
	{ "--insert", 0, NULL, "add an MSS option to SYNs that have none" },
	{ 0 },
};

static const struct option_row calc_options[] = {
	{ "--path", 0, "N", "largest IP packet outside: 68 to 65535; default: 1500" },
	{ "--stack", 0, "FILE|-", "the layers as JSON" },
	{ "--table", 0, NULL, "what the usual VPNs leave, for that path" },
	{ 0 },
};

const struct command commands[] = {
	{
		.name = "status",
		.arguments = "",
		.summary = "one screen: running, degraded and why",
		.details = "Exit code 0: running, 1: degraded, 3: mssclampd is not reachable.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = none,
		.run = command_status,
	},
	{
		.name = "stats",
		.arguments = "",
		.summary = "counters, reasons, queues, latency, the MSS before and after",
		.details = "Counters run since the start of mssclampd; reading resets nothing.\n"
			   "With --every there is a rate per second too. The MSS of a SYN counts\n"
			   "for the tunnel whose side decided. In mode offload see offload, too.\n"
			   "--tunnel shows what is counted of one: its SYNs by family and\n"
			   "direction and their MSS; queues, latency and probes are of all.\n"
			   "In --json it narrows only tunnels; the sums are of all.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = stats_options,
		.run = command_stats,
	},
	{
		.name = "top",
		.arguments = "",
		.summary = "tunnels and peers with their SYNs, redrawn each second",
		.details = "Keys: arrows or j, k choose a tunnel, Enter shows its peers, p all\n"
			   "peers, t or Esc the tunnels; s sorts by the next of SYN/s, clamped,\n"
			   "name, path, MSS and peers, r reverses the order; PgUp, PgDn;\n"
			   "Space updates at once; h explains, any key returns; q ends.\n"
			   "SYN/s and CLAMP% are of the last interval, MSS IN -> OUT the most\n"
			   "frequent values in it (or so far), the bar what is left of the\n"
			   "first. Peers have SYN/s of the last second, the busiest first, and\n"
			   "the MSS of their last SYN; they are counted while somebody looks.\n"
			   "--every SEC sets the interval. --batch prints frames one below the\n"
			   "other; --json does so too, one object per line.\n"
			   "A narrow screen shows fewer columns. For mode offload see offload.\n"
			   "Exit code 3: mssclampd not reachable, 5: no such tunnel, 7: no answer.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.own_turns = true,
		.streams = true,
		.options = top_options,
		.run = command_top,
	},
	{
		.name = "tunnels",
		.arguments = "",
		.summary = "tunnels found, their MTU and the MSS that follows",
		.details = "PATH is the largest packet outside, SOURCE how that is known, INNER\n"
			   "what fits inside. MSS is what is in force, rules included; where\n"
			   "peers differ, the smallest.\n"
			   "\"!\" at IF-MTU: the interface takes more than the tunnel carries.\n"
			   "\"-\" is unknown. A narrow screen shows fewer columns, --json all.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = none,
		.run = command_tunnels,
	},
	{
		.name = "peers",
		.arguments = "[TUNNEL]",
		.summary = "peers found, their paths and the MSS that follows",
		.details = "PEER is the name if there is one, else the id, shortened.\n"
			   "SOURCE is how PATH is known; \"silent\": the peer answers no\n"
			   "probe. LAST SEEN is the time since the last handshake, for IPsec\n"
			   "since the SA was made.\n"
			   "\"-\" is unknown. A narrow screen shows fewer columns, --json all,\n"
			   "and the addresses behind each peer.\n"
			   "Exit code 5: no such tunnel.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.words_max = 1,
		.options = none,
		.run = command_peers,
	},
	{
		.name = "explain",
		.arguments = "FLOW",
		.summary = "every step from a flow to its MSS",
		.details = "FLOW is \"SRC DST[:PORT]\", \"SRC -> DST[:PORT]\" (or >), one\n"
			   "address, the name or id of a peer, or at least the first 6\n"
			   "characters of an id; [ADDR]:PORT for IPv6.\n"
			   "  mssclampctl explain 192.168.1.10 10.8.0.7:443 --iif eth1\n"
			   "  mssclampctl explain alice",
		.daemon = DAEMON_YES,
		.repeats = true,
		.words_min = 1,
		.words_max = 3,
		.options = explain_options,
		.run = command_explain,
	},
	{
		.name = "events",
		.arguments = "",
		.summary = "what changes, as it changes",
		.details = "Tunnels and peers that come, go, roam or get another MSS, reloads,\n"
			   "repaired rules: a line each, until Ctrl-C. --json and --json-lines\n"
			   "give one object per line; the first, \"subscribed\", says that from\n"
			   "now on nothing is missed.\n"
			   "--last 20 shows what has happened: mssclampd keeps 100 in memory;\n"
			   "what is older, or before its start, is in the journal:\n"
			   "  journalctl -u mssclampd MSSCLAMP_TUNNEL=wg0\n"
			   "Exit code 0: Ctrl-C, 3: mssclampd is not reachable or went away.",
		.daemon = DAEMON_YES,
		.streams = true,
		.options = events_options,
		.run = command_events,
	},
	{
		.name = "probe",
		.arguments = "PEER|ADDR",
		.summary = "search a path MTU, see where packets vanish",
		.details = "Sends packets that must not be fragmented: to the endpoint of a peer,\n"
			   "around the tunnel, and to an address behind it, inside. The MSS\n"
			   "follows what is found. Ctrl-C ends it. PEER is its name or id, or a\n"
			   "tunnel with one far end. The path to an address that is no peer's\n"
			   "endpoint is measured too, and nothing changes.\n"
			   "SIZE is the packet sent, OUTER the one outside that it makes. In the\n"
			   "picture [?] is a hop that does not answer; (1433, silent): this link\n"
			   "takes 1433 bytes and larger packets vanish silently.\n"
			   "--json gives the last reply, --json-lines those before it too.\n"
			   "Exit code 0: ok, or limited by what a router says; 1: a black hole,\n"
			   "or cancelled; 5: no such peer; 7: cannot tell, nobody answers.",
		.daemon = DAEMON_YES,
		.admin = true,
		.streams = true,
		.words_min = 1,
		.words_max = 1,
		.options = probe_options,
		.run = command_probe,
	},
	{
		.name = "capture",
		.arguments = "[FILTER]",
		.summary = "each SYN as it passes: before, after, why",
		.details = "FILTER: tunnel NAME (or another interface), peer NAME, host or net\n"
			   "ADDRESS[/LENGTH], port N, reason RESULT (clamped, left_alone, ...;\n"
			   "the help of capture lists all); between them: and, or, not, ( ).\n"
			   "  mssclampctl capture peer alice and port 443\n"
			   "  mssclampctl capture -w - -n 0 | wireshark -k -i -\n"
			   "Ends after 20 SYNs (10,000 with -w) or 60 s. If -n or --seconds is\n"
			   "given alone, only that ends it; 0: no end. 10,000 end --json anyway.\n"
			   "The file is pcapng: each packet as it came and as it left, with what\n"
			   "was done as its comment.\n"
			   "No packet waits for it: what comes too fast is only counted.\n"
			   "Exit code 3: mssclampd is not reachable or went away.",
		.daemon = DAEMON_YES,
		.admin = true,
		.streams = true,
		.words_max = 64,
		.options = capture_options,
		.more = capture_help,
		.run = command_capture,
	},
	{
		.name = "try",
		.arguments = "MSS|off",
		.summary = "a limit to test a guess, which undoes itself",
		.details = "MSS is 88 to 65495 bytes, for --interface or --peer (give one). It\n"
			   "replaces what was found, even by a larger MSS: then you are warned.\n"
			   "Connections that begin from now on get it; it ends with its time,\n"
			   "with \"off\", or with mssclampd.\n"
			   "  mssclampctl try 1320 --peer carol --for 10m\n"
			   "  mssclampctl try off --peer carol\n"
			   "Exit code 5: no such interface or peer, or nothing to end there.",
		.daemon = DAEMON_YES,
		.admin = true,
		.words_min = 1,
		.words_max = 1,
		.options = try_options,
		.run = command_try,
	},
	{
		.name = "rules",
		.arguments = "",
		.summary = "the firewall rules, live against expected",
		.details = "In mode offload SYNs take other rules of ours first: see\n"
			   "mssclampctl offload. The count here is then \"-\".\n"
			   "Exit code 1: rules are missing or different.\n"
			   "--print writes the rules that send SYNs to the queues, for nft or\n"
			   "iptables; for iptables the part for iptables-restore --noflush, then\n"
			   "that for ip6tables-restore --noflush. It works without mssclampd too,\n"
			   "then with the default settings.\n"
			   "--remove needs no mssclampd: stop it first. iptables' tables stay.",
		.daemon = DAEMON_PARTLY,
		.repeats = true,
		.options = rules_options,
		.run = command_rules,
	},
	{
		.name = "offload",
		.arguments = "",
		.summary = "what the kernel clamps itself, and what is queued",
		.details = "MSS is for addresses not in HOSTS and NETS, which have limits of\n"
			   "their own; \"-\" is no limit. WAY queue: its SYNs go through\n"
			   "mssclampd, as SYNs with unusual options do on all interfaces.\n"
			   "Counters run since the start of mssclampd, --json has each rule's.\n"
			   "Exit code 1: the kernel's tables cannot be used, the queue does all.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = none,
		.run = command_offload,
	},
	{
		.name = "metrics",
		.arguments = "",
		.summary = "all metrics as text for Prometheus",
		.details = "mssclamp-exporter serves the same text by HTTP, and\n"
			   "mssclamp-metrics.timer puts it into a file for node_exporter.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = metrics_options,
		.run = command_metrics,
	},
	{
		.name = "reload",
		.arguments = "",
		.summary = "read the configuration again",
		.details = "Exit code 6: it has errors, and the old one stays in force.",
		.daemon = DAEMON_YES,
		.admin = true,
		.options = none,
		.run = command_reload,
	},
	{
		.name = "log",
		.arguments = "LEVEL",
		.summary = "how much mssclampd logs from now on",
		.details = "LEVEL is error, warning, notice, info or debug.",
		.daemon = DAEMON_YES,
		.admin = true,
		.words_min = 1,
		.words_max = 1,
		.options = none,
		.run = command_log,
	},
	{
		.name = "wait",
		.arguments = "",
		.summary = "block until clamping works",
		.details = "For PostUp lines and scripts. If time runs out, the message\n"
			   "names what is missing.\n"
			   "Exit code 3: mssclampd is not reachable, 5: no such tunnel,\n"
			   "1: anything else.",
		.daemon = DAEMON_YES,
		.options = wait_options,
		.run = command_wait,
	},
	{
		.name = "doctor",
		.arguments = "",
		.summary = "what is wrong on this host, and how to mend it",
		.details = "Looks at mssclampd, tunnels, firewall rules and the kernel, some of\n"
			   "it twice within a second, and changes nothing. Works without\n"
			   "mssclampd, and without root as far as possible: what it cannot see\n"
			   "is \"??\", never a guess. Large rulesets may take each tool three\n"
			   "times --timeout.\n"
			   "doc/doctor.md explains each check by its id.\n"
			   "Exit code 1: something was found, 7: nothing, but not all could\n"
			   "be checked; with --nagios 0 ok, 1 warning, 2 critical, 3 unknown.",
		.daemon = DAEMON_PARTLY,
		.repeats = true,
		.options = doctor_options,
		.run = command_doctor,
	},
	{
		.name = "calc",
		.arguments = "LAYER...",
		.summary = "what a stack of tunnels leaves of a packet, step by step",
		.details = "A LAYER is kind[:key=value,...], from the wire inwards; a flag may "
			   "stand alone.\n"
			   "  mssclampctl calc --path 1500 pppoe wireguard:outer=6,ifmtu=1420\n"
			   "  {\"path_mtu\":1500,\"layers\":[{\"type\":\"pppoe\"},{\"type\":"
			   "\"gre\",\"key\":true}]}\n"
			   "Keys that are not given add nothing, unless their line says so.\n"
			   "Exit code 1: a layer does not fit, 2: no such layer or key.",
		.daemon = DAEMON_NO,
		.words_max = CALC_LAYERS_MAX,
		.options = calc_options,
		.more = calc_help,
		.run = command_calc,
	},
	{
		.name = "pcap",
		.arguments = "FILE|-",
		.summary = "report on a capture: MSS, sizes, black holes",
		.details = "FILE is pcap or pcapng, of any size; headers are enough.\n"
			   "Per connection: the MSS of both ends, what was sent again, and\n"
			   "whether small segments pass and large ones do not: \"suspected PMTU\n"
			   "black hole\". Best captured on the host that sends.\n"
			   "  tcpdump -ni any -s 128 -w FILE tcp or icmp or icmp6\n"
			   "Exit code 1: a black hole, packets or SYNs above --limit, or a file\n"
			   "that could not be read to its end: the report is about what could.\n"
			   "7: there are no packets, or none in which IP can be found.",
		.daemon = DAEMON_NO,
		.words_min = 1,
		.words_max = 1,
		.options = pcap_options,
		.run = command_pcap,
	},
	{
		.name = "tune",
		.arguments = "HOST",
		.summary = "the largest MSS that passes, by real transfers",
		.details = "Runs iperf3 to HOST, where \"iperf3 -s\" has to run, up and down:\n"
			   "first as the system does it; if that stalls, loses or fragments, then\n"
			   "with one MSS after the other until the largest clean one is known.\n"
			   "That loads the path; --rate limits it, Ctrl-C ends it.\n"
			   "  mssclampctl tune 198.51.100.7 --via wg0 --compare eth0\n"
			   "Exit code 0: nothing to do, 1: a smaller MSS is needed, or it failed,\n"
			   "7: iperf3 did not finish.",
		.daemon = DAEMON_NO,
		.streams = true,
		.words_min = 1,
		.words_max = 1,
		.options = tune_options,
		.run = command_tune,
	},
	{
		.name = "rewrite",
		.arguments = "IN OUT",
		.summary = "clamp the SYNs of a capture file",
		.details = "OUT is classic pcap: the same records at the same times.",
		.daemon = DAEMON_NO,
		.words_min = 2,
		.words_max = 2,
		.options = rewrite_options,
		.run = command_rewrite,
	},
	{
		.name = "help",
		.arguments = "[COMMAND]",
		.summary = "this list, or all about one command",
		.daemon = DAEMON_NO,
		.words_max = 1,
		.options = none,
		.run = command_help,
	},
	{ 0 },
};
