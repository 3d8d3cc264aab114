/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/options/command_options.h"

const struct option_row explain_options[] = {
	{ "--iif", 0, "IF", "interface the SYN comes in by; default: by route" },
	{ "--oif", 0, "IF", "interface it leaves by; default: by route" },
	{ "--mark", 0, "M", "its packet mark, such as 0x1; default: 0" },
	{ 0 },
};

const struct option_row rules_options[] = {
	{ "--print", 0, "nft|iptables", "the queue's rules, for nft -f or iptables-restore" },
	{ "--diff", 0, NULL, "what differs: - expected, + live" },
	{ "--apply", 0, NULL, "make the live rules equal to the expected ones (admin)" },
	{ "--remove", 0, NULL, "remove them all; refused while mssclampd runs (admin)" },
	{ 0 },
};

const struct option_row probe_options[] = {
	{ "--max", 0, "N", "largest packet outside: 68 to 65535; default: by links" },
	{ "--tries", 0, "N", "lost packets that make a size too large: 1 to 20" },
	{ 0 },
};

const struct option_row capture_options[] = {
	{ "--count", 'n', "N", "end after N SYNs" },
	{ "--seconds", 0, "SEC", "end after SEC seconds" },
	{ "--write", 'w', "FILE|-", "write a pcapng file instead; - is standard output" },
	{ 0 },
};

const struct option_row events_options[] = {
	{ "--last", 'n', "N", "show the last N that mssclampd remembers, and end" },
	{ "--tunnel", 0, "TUNNEL", "only those of this tunnel and its peers" },
	{ 0 },
};

const struct option_row top_options[] = {
	{ "--batch", 'b', NULL, "plain frames, for a pipe or a log" },
	{ "--count", 'n', "N", "end after N frames" },
	{ "--tunnel", 0, "TUNNEL", "begin with the peers of this tunnel" },
	{ "--sort", 0, "KEY", "syn (default), clamped, name, path, mss or peers" },
	{ 0 },
};

const struct option_row pcap_options[] = {
	{ "--limit", 0, "N", "bytes of IP that the path carries; what is larger is counted" },
	{ "--html", 0, "FILE|-", "also a page to look at and to attach to tickets" },
	{ "--addresses", 0, NULL, "full addresses on that page, not shortened" },
	{ 0 },
};

const struct option_row tune_options[] = {
	{ "--port", 0, "P", "the server's; default: 5201" },
	{ "--bind", 0, "ADDR", "send from this address" },
	{ "--via", 0, "IF", "send through this interface, the tunnel" },
	{ "--compare", 0, "IF", "again through this interface, beside the tunnel" },
	{ "--seconds", 0, "N", "length of each run: 1 to 60; default: 2" },
	{ "--rate", 0, "N[KMG]", "at most so many bits per second" },
	{ "--html", 0, "FILE|-", "also a page to look at and to attach to tickets" },
	{ "--addresses", 0, NULL, "full addresses on that page, not shortened" },
	{ 0 },
};
