/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/commands.h"

#include <string.h>

#include "base/text.h"
#include "ctl/calc.h"
#include "ctl/calc_stack.h"

#define NAMES_MAX 32 /* commands looked at for "did you mean" */

static const struct option_row none[] = { { 0 } };

static const struct option_row explain_options[] = {
	{ "--iif", 0, "IF", "interface the SYN comes in by; default: by route" },
	{ "--oif", 0, "IF", "interface it leaves by; default: by route" },
	{ "--mark", 0, "M", "its packet mark, such as 0x1; default: 0" },
	{ 0 },
};

static const struct option_row rules_options[] = {
	{ "--print", 0, "nft|iptables", "the queue's rules, for nft -f or iptables-restore" },
	{ "--diff", 0, NULL, "what differs: - expected, + live" },
	{ "--apply", 0, NULL, "make the live rules equal to the expected ones (admin)" },
	{ "--remove", 0, NULL, "remove them all; refused while mssclampd runs (admin)" },
	{ 0 },
};

static const struct option_row probe_options[] = {
	{ "--max", 0, "N", "no larger packet outside: 68 to 65535; default: by links" },
	{ "--tries", 0, "N", "lost packets that make a size too large: 1 to 20" },
	{ 0 },
};

static const struct option_row try_options[] = {
	{ "--interface", 0, "IF", "the interface that gets it" },
	{ "--peer", 0, "P", "or the peer, by name or id" },
	{ "--for", 0, "TIME", "how long: 90s, 10m, 2h, at most a day; default: 10m" },
	{ 0 },
};

static const struct option_row wait_options[] = {
	{ "--tunnel", 0, "IF", "until this tunnel has an MSS as well" },
	{ "--for", 0, "SEC", "how long at most; default: 30" },
	{ 0 },
};

static const struct option_row rewrite_options[] = {
	{ "--mss4", 0, "N", "largest MSS to leave in IPv4 SYNs; without it they stay" },
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
		.details = "Counters run since the start of mssclampd; reading resets nothing. "
			   "With --every there\nis a rate a second too.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = none,
		.run = command_stats,
	},
	{
		.name = "tunnels",
		.arguments = "",
		.summary = "tunnels found, their MTU and the MSS that follows",
		.details = "PATH is the largest packet outside, SOURCE where that is known from,\n"
			   "INNER the largest inside; where peers differ, the smallest MSS.\n"
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
		.details = "PEER is the name where there is one, else the id, shortened.\n"
			   "SOURCE is where PATH is known from; \"silent\": the peer answers no\n"
			   "probe. LAST SEEN is the time since the last handshake.\n"
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
		.details = "FLOW is \"SRC DST[:PORT]\", \"SRC -> DST[:PORT]\", one address, or\n"
			   "the name or id of a peer, or the head of an id, from 6 characters\n"
			   "on; [ADDR]:PORT for IPv6.\n"
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
			   "give an object a line; the first, \"subscribed\", says that from now\n"
			   "on nothing is missed.\n"
			   "Exit code 0: Ctrl-C, 3: mssclampd is not reachable or went away.",
		.daemon = DAEMON_YES,
		.streams = true,
		.options = none,
		.run = command_events,
	},
	{
		.name = "probe",
		.arguments = "PEER|ADDR",
		.summary = "search a path MTU, see where packets vanish",
		.details = "Sends packets that may not be cut: to the endpoint of a peer, around\n"
			   "the tunnel, and to an address behind it, inside. The MSS follows\n"
			   "what is found. Ctrl-C ends it. An address that is no peer's endpoint\n"
			   "is searched too, and nothing changes.\n"
			   "SIZE is the packet sent, OUTER the one outside that it makes. In the\n"
			   "picture [?] is a hop that says nothing; (1433, silent): this link\n"
			   "takes 1433 bytes and larger packets vanish without a word.\n"
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
		.name = "try",
		.arguments = "MSS|off",
		.summary = "a limit to test a guess, which undoes itself",
		.details = "MSS is 88 to 65495 bytes, for --interface or --peer, one of both.\n"
			   "Connections that begin from now on get it; it ends with its time,\n"
			   "with \"off\", and with mssclampd.\n"
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
		.details = "In mode offload SYNs take other rules of ours first, which\n"
			   "mssclampctl offload tells of; here \"-\" stands then.\n"
			   "Exit code 1: rules are missing or different.\n"
			   "--print writes the rules that send SYNs to the queues, in either\n"
			   "language; of iptables the part for iptables-restore --noflush, then\n"
			   "that for ip6tables-restore --noflush. It works without mssclampd too:\n"
			   "then with the default settings.\n"
			   "--remove needs no mssclampd: stop it first.",
		.daemon = DAEMON_PARTLY,
		.repeats = true,
		.options = rules_options,
		.run = command_rules,
	},
	{
		.name = "offload",
		.arguments = "",
		.summary = "what the kernel clamps itself, and what is queued",
		.details = "MSS is that of addresses beside HOSTS and NETS, which have limits of\n"
			   "their own; \"-\" is no limit. WAY queue: its SYNs go through\n"
			   "mssclampd, as those of other than the usual options do on all.\n"
			   "Counters run since the start of mssclampd, --json has each rule's.\n"
			   "Exit code 1: the kernel's tables cannot be used, the queue does all.",
		.daemon = DAEMON_YES,
		.repeats = true,
		.options = none,
		.run = command_offload,
	},
	{
		.name = "reload",
		.arguments = "",
		.summary = "read the configuration anew",
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
		.details = "For PostUp lines and scripts. When the time is over, the message names "
			   "what is missing.\nExit code 3: mssclampd is not reachable, 5: no such "
			   "tunnel, 1: something else.",
		.daemon = DAEMON_YES,
		.options = wait_options,
		.run = command_wait,
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
			   "Keys that are not given add nothing, unless their line says so. Exit "
			   "code 1: a layer\ndoes not fit, 2: there is no such layer or key.",
		.daemon = DAEMON_NO,
		.words_max = CALC_LAYERS_MAX,
		.options = calc_options,
		.more = calc_help,
		.run = command_calc,
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

const struct command *commands_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

const char *commands_suggest(const char *name)
{
	const char *names[NAMES_MAX + 1];
	size_t count = 0;

	for (const struct command *command = commands; command->name; command++)
		if (count < NAMES_MAX)
			names[count++] = command->name;
	names[count] = NULL;
	return text_suggest(name, names);
}

const struct option_row *commands_options(const char *name)
{
	const struct command *command = commands_find(name);

	return command ? command->options : NULL;
}
