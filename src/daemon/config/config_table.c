/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_table.h"

#include <net/if.h>
#include <sys/un.h>

#include "base/array.h"
#include "core/mss.h"
#include "daemon/config/config.h"
#include "policy/overhead/encap.h"

#define FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define IN(member) FIELD(struct config, member)
#define WORDS(...) .words = (const char *const[]){ __VA_ARGS__, NULL }
#define RESTART .needs_restart = true

#define MINUTE 60
#define DAY (24 * 60 * MINUTE)
#define TEXT_MAX 255   /* names of tunnels, ciphers and peers */
#define FILE_MAX 4095  /* PATH_MAX without its end */
#define GROUP_MAX 32   /* useradd(8): names of users and groups */
#define SOCKET_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define MSS_MOST 65495 /* 65535 less IPv4 20 and TCP 20 */
#define MTU_LEAST (MSS_MIN + MSS_HEADERS_IPV4) /* 128 */
#define MTU_MOST 65535 /* the IPv4 length field */

/* The words of mode, firewall, hooks and low_mss.action stand in the order of their enums. */
const struct config_row config_rows[] = {
	{ "mode", KIND_WORD, WORDS("queue", "offload", "mark", "audit"), IN(mode),
	  .preset = "\"queue\"",
	  .help = "how SYNs are treated; audit changes no SYN and counts what it would do" },
	{ "firewall", KIND_WORD, WORDS("auto", "nftables", "iptables", "none"), IN(firewall),
	  .preset = "\"auto\"", RESTART,
	  .help = "who sends SYNs to the queues; none: your own rules do" },
	{ "hooks", KIND_WORDS, WORDS("forward", "output", "input"), IN(hooks),
	  .preset = "[ \"forward\", \"output\", \"input\" ]",
	  .help = "which SYNs: passing through, sent by this host, arriving at this host" },
	{ "fallback", KIND_BOOL, IN(fallback), .preset = "true",
	  .help = "the kernel clamps by route MTU while the daemon is gone, where nft works" },

	{ "queues.first", KIND_UINT, 0, 65535, "", IN(queue_first), .preset = "5000", RESTART,
	  .help = "number of the first netfilter queue; first + count must stay within 65536" },
	{ "queues.count", KIND_UINT, 0, 64, "queues", IN(queue_count), .preset = "0", RESTART,
	  .help = "queues, one worker thread each; 0: one a CPU, at most 4" },
	{ "queues.max_packets", KIND_UINT, 16, 65535, "packets", IN(queue_max_packets),
	  .preset = "8192",
	  .help = "SYNs that may wait in one queue before more pass unchanged" },
	{ "queues.per_source", KIND_UINT, 0, 1000000, "SYNs a second", IN(per_source),
	  .preset = "0",
	  .help = "SYNs of one address that are sent to the queues, more pass unchanged; 0: all" },

	{ "path.probe", KIND_BOOL, IN(path.probe), .preset = "true",
	  .help = "measure the path MTU to the far ends of tunnels" },
	{ "path.interval", KIND_DURATION, 10, 7 * DAY, "", IN(path.interval_ns),
	  .preset = "\"10m\"", .help = "time between two measurements of one path" },
	{ "path.rate_pps", KIND_UINT, 1, 1000, "packets a second", IN(path.rate_pps),
	  .preset = "10", .help = "most probe packets, all paths together" },
	{ "path.floor4", KIND_UINT, 68, MTU_MOST, "bytes", IN(path.floor4), .preset = "576",
	  .help = "least IPv4 path MTU that is believed" },
	{ "path.floor6", KIND_UINT, 1280, MTU_MOST, "bytes", IN(path.floor6), .preset = "1280",
	  .help = "least IPv6 path MTU that is believed" },
	{ "path.set_route_mtu", KIND_BOOL, IN(path.set_route_mtu), .preset = "false",
	  .help = "routes with the MTU of each peer, so that UDP and QUIC fit too" },
	{ "path.state", KIND_FILE, 1, FILE_MAX, "", IN(path.state),
	  .preset = "\"/var/lib/mssclamp/paths\"",
	  .help = "file that keeps what was measured over a restart" },

	{ "mark.bits", KIND_BITS, 1, UINT32_MAX, "", IN(mark_bits), .preset = "0x00ff0000",
	  RESTART, .help = "bits of the packet mark that mode mark may use; nobody else's" },

	{ "offload.backend", KIND_WORD, WORDS("nft", "bpf"), IN(offload_backend),
	  .preset = "\"nft\"", .inactive = 1 << 1, .instead = "runs as 'nft'",
	  .help = "what clamps inside the kernel in mode offload" },

	{ "insert_missing", KIND_BOOL, IN(insert_missing), .preset = "false",
	  .help = "add the MSS option to SYNs that have none" },
	{ "tcp_ao", KIND_WORD, WORDS("leave", "clamp"), IN(clamp_tcp_ao), .preset = "\"leave\"",
	  .help = "SYNs signed with TCP-AO; clamp suits receivers without keys and no others" },

	{ "low_mss.below4", KIND_UINT, 0, MSS_MOST, "bytes", IN(low_mss.below4), .preset = "0",
	  .help = "an IPv4 SYN whose MSS is below this is suspicious; 0: none is" },
	{ "low_mss.below6", KIND_UINT, 0, MSS_MOST, "bytes", IN(low_mss.below6), .preset = "0",
	  .help = "the same for IPv6" },
	{ "low_mss.action", KIND_WORD, WORDS("pass", "raise", "drop"), IN(low_mss.action),
	  .preset = "\"pass\"", .help = "what becomes of a suspicious SYN; raise: to that value" },

	{ "alerts.for", KIND_DURATION, 0, DAY, "", IN(alerts.for_ns), .preset = "\"1m\"",
	  .help = "how long a threshold is passed before the alert fires, or kept before it ends" },
	{ "alerts.fragments_per_second", KIND_REAL, 0, 1000000000, "a second",
	  IN(alerts.fragments_per_second), .preset = "5.0",
	  .help = "fragments made by this host, each family by itself; 0: never fires" },
	{ "alerts.reassembly_failures_per_second", KIND_REAL, 0, 1000000000, "a second",
	  IN(alerts.reassembly_failures_per_second), .preset = "1.0",
	  .help = "packets of which a piece never came, each family by itself; 0: never fires" },
	{ "alerts.retransmit_percent", KIND_REAL, 0, 100, "percent", IN(alerts.retransmit_percent),
	  .preset = "3.0",
	  .help = "TCP segments of this host that were sent again; 0: never fires" },
	{ "alerts.syns_retried_percent", KIND_REAL, 0, 100, "percent",
	  IN(alerts.syns_retried_percent), .preset = "10.0",
	  .help = "SYNs in the queues that had been there before; 0: never fires" },
	{ "alerts.fail_open_per_second", KIND_REAL, 0, 1000000000, "a second",
	  IN(alerts.fail_open_per_second), .preset = "1.0",
	  .help = "SYNs that passed unchanged because a queue was full; 0: never fires" },
	{ "alerts.drops_per_second", KIND_REAL, 0, 1000000000, "a second",
	  IN(alerts.drops_per_second), .preset = "0.1",
	  .help = "SYNs that the kernel dropped from a queue; 0: never fires" },
	{ "alerts.path_mtu_falls_per_hour", KIND_REAL, 0, 1000000000, "an hour",
	  IN(alerts.path_mtu_falls_per_hour), .preset = "20.0",
	  .help = "times that the path MTU of a peer or tunnel became smaller; 0: never fires" },
	{ "alerts.rules_reinstalled_per_hour", KIND_REAL, 0, 1000000000, "an hour",
	  IN(alerts.rules_reinstalled_per_hour), .preset = "10.0",
	  .help = "times that the firewall rules had to be put back; 0: never fires" },
	{ "alerts.command", KIND_TEXT, 0, FILE_MAX, "", IN(alerts.command), .preset = "\"\"",
	  .help = "what mssclamp-notify runs when an alert fires or ends; empty: nothing" },
	{ "alerts.mail", KIND_TEXT, 0, TEXT_MAX, "", IN(alerts.mail), .preset = "\"\"",
	  .help = "address that mssclamp-notify then writes to; empty: none" },

	{ "control.socket", KIND_FILE, 1, SOCKET_MAX, "", IN(control.socket),
	  .preset = "\"/run/mssclamp/control\"",
	  .help = "where mssclampctl finds the daemon; a socket passed by systemd comes first" },
	{ "control.group", KIND_TEXT, 1, GROUP_MAX, "", IN(control.group),
	  .preset = "\"mssclamp\"", .help = "members may read" },
	{ "control.admin_group", KIND_TEXT, 1, GROUP_MAX, "", IN(control.admin_group),
	  .preset = "\"mssclamp-admin\"", .help = "members may change too" },

	{ "metrics.per_peer", KIND_BOOL, IN(metrics.per_peer), .preset = "true",
	  .help = "metrics for each peer, not only for each tunnel" },
	{ "metrics.max_peers", KIND_UINT, 0, 1000000, "peers", IN(metrics.max_peers),
	  .preset = "1000", .help = "peers with labels of their own; the rest is _other" },
};
const size_t config_row_count = COUNT(config_rows);

static const struct config_row rule_keys[] = {
	[RULE_KEY_INTERFACE] = { "interface", KIND_TEXT, 1, TEXT_MAX,
		.help = "name or glob of the interface on this side" },
	[RULE_KEY_PREFIX] = { "prefix", KIND_PREFIX, .help = "addresses beyond this side" },
	[RULE_KEY_PEER] = { "peer", KIND_TEXT, 1, TEXT_MAX,
		.help = "peer of a tunnel, by its id or name" },
	[RULE_KEY_MARK] = { "mark", KIND_MARK, .help = "the SYN's packet mark" },
	[RULE_KEY_FAMILY] = { "family", KIND_WORD, WORDS("ipv4", "ipv6"),
		.help = "only this family" },
	[RULE_KEY_MSS] = { "mss", KIND_UINT, MSS_MIN, MSS_MOST, "bytes", .help = "fixed limit" },
	[RULE_KEY_MTU] = { "mtu", KIND_UINT, MTU_LEAST, MTU_MOST, "bytes",
		.help = "IP packet size: the limit is 40 (IPv4) or 60 (IPv6) less" },
	[RULE_KEY_IGNORE] = { "ignore", KIND_BOOL, .help = "this side sets no limit" },
};
_Static_assert(COUNT(rule_keys) == RULE_KEY_COUNT, "a row for each key");
_Static_assert(COUNT(rule_keys) <= CONFIG_KEYS_MAX, "room for each key");

const struct config_list config_rules = {
	.name = "rules", .keys = rule_keys, .key_count = COUNT(rule_keys),
	.help =
		"A flow has two sides: the interface it comes from with its source, and the "
		"interface it leaves by with its destination. The smaller limit of the two holds. "
		"A rule replaces what was discovered for one side; all its keys must match, the "
		"first rule that matches wins. Each rule has exactly one of mss, mtu and "
		"ignore = true. Rules of several files add up.",
	.example = (const char *const[]){
		"{ interface = \"wan6\"; mss = 1360; }",
		"{ prefix = \"10.9.0.0/16\"; mtu = 1400; }",
		"{ interface = \"wg*\"; family = \"ipv6\"; mss = 1340; }",
		"{ peer = \"alice\"; mtu = 1380; }",
		"{ mark = \"0x1/0xff\"; prefix = \"2001:db8::/32\"; mtu = 1380; }",
		"{ interface = \"docker0\"; ignore = true; }", NULL },
};

#define OF(member) FIELD(struct config_tunnel, member)
static const struct config_row tunnel_keys[] = {
	[TUNNEL_KEY_MATCH] = { "match", KIND_TEXT, 1, TEXT_MAX, OF(match),
	  .help = "name or glob of an interface, or ipsec:NAME; needed" },
	[TUNNEL_KEY_KIND] = { "kind", KIND_WORD, OF(kind),
#define KIND_NAME(name, word) #word,
	  .words = (const char *const[]){ ENCAP_KINDS(KIND_NAME) NULL },
#undef KIND_NAME
	  .help = "what encapsulates" },
	[TUNNEL_KEY_CIPHER] = { "cipher", KIND_TEXT, 1, TEXT_MAX, OF(cipher),
	  .help = "cipher, in OpenVPN's or, for IPsec, ESP's words" },
	[TUNNEL_KEY_AUTH] = { "auth", KIND_TEXT, 1, TEXT_MAX, OF(auth),
	  .help = "digest, in OpenVPN's or, for IPsec, ESP's words" },
	{ "status_file", KIND_FILE, 1, FILE_MAX, OF(status_file),
	  .help = "where OpenVPN writes its status" },
	{ "path_mtu", KIND_UINT, MTU_LEAST, MTU_MOST, "bytes", OF(path_mtu),
	  .help = "MTU of the path outside, instead of measuring it" },
	{ "extra", KIND_UINT, 0, 1500, "bytes", OF(extra),
	  .help = "what obfuscation adds to a packet" },
	{ "over", KIND_TEXT, 1, TEXT_MAX, OF(over),
	  .help = "interface of the tunnel that carries it" },
};
_Static_assert(COUNT(tunnel_keys) <= CONFIG_KEYS_MAX, "room for each key");

const struct config_list config_tunnels = {
	.name = "tunnels", .keys = tunnel_keys, .key_count = COUNT(tunnel_keys),
	.help =
		"Facts about tunnels that discovery cannot see. Entries of several files add up.",
	.example = (const char *const[]){
		"{ match = \"wg0\"; extra = 12; }",
		"{ match = \"tun*\"; kind = \"openvpn\"; cipher = \"AES-256-GCM\"; }",
		"{ match = \"tun1\"; status_file = \"/run/openvpn/server.status\"; }", NULL },
};
