/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines and configuration files of OpenVPN, and what they come to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "facts/openvpn/openvpn_config.h"
#include "failing_memory.h"

#define ARGV(text) text, sizeof(text)

static const struct {
	const char *name, *argv;
	size_t len;
	const char *file; /* what any named file holds, NULL: none can be read */
	const char *version;
	const char *told; /* role proto family local lport remotes ciphers auth flags */
} cases[] = {
	{ "a server as its manual has it", ARGV("openvpn\0--config\0server.conf"),
	  "# a comment\nport 1194\nproto udp\ndev tun\nca ca.crt\nserver 10.8.0.0 255.255.255.0\n"
	  "data-ciphers AES-256-GCM:AES-256-CBC\nauth SHA256\n", "2.6",
	  "server udp 0 - 1194 [] [AES-256-GCM AES-256-CBC] SHA256" },
	{ "one argument is a file", ARGV("openvpn\0/etc/openvpn/x.conf"), "server 10.8.0.0 /8\n",
	  "2.6", "server udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
	{ "a client", ARGV("openvpn\0--config\0c.ovpn"),
	  "client\nproto tcp4\nremote 192.0.2.1 443\nnobind\ncipher AES-256-CBC\n", "2.6",
	  "client tcp 4 - 0 [192.0.2.1:443] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
	{ "a cipher counts for versions before 2.6", ARGV("openvpn\0--config\0c.ovpn"),
	  "client\nremote 192.0.2.1\ncipher AES-256-CBC\n", "2.5",
	  "client udp 0 - 0 [192.0.2.1:1194] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305 "
	  "AES-256-CBC] -" },
	{ "and where the version is not known", ARGV("openvpn\0--cipher\0AES-128-CBC"), NULL, NULL,
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305 AES-128-CBC] -" },
	{ "compat-mode makes it count too",
	  ARGV("openvpn\0--cipher\0BF-CBC\0--compat-mode\0" "2.3.0"), NULL, "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305 BF-CBC] -" },
	{ "a fallback may be in use",
	  ARGV("openvpn\0--data-ciphers\0AES-128-GCM\0--data-ciphers-fallback\0AES-128-CBC"), NULL,
	  "2.6", "p2p udp 0 - 1194 [] [AES-128-GCM AES-128-CBC] -" },
	{ "without negotiation the cipher alone",
	  ARGV("openvpn\0--ncp-disable\0--cipher\0AES-128-CBC"), NULL, "2.5",
	  "p2p udp 0 - 1194 [] [AES-128-CBC] -" },
	{ "versions without negotiation", ARGV("openvpn\0--dev\0tun"), NULL, "2.3",
	  "p2p udp 0 - 1194 [] [BF-CBC] -" },
	{ "optional ciphers and OpenVPN's own list",
	  ARGV("openvpn\0--data-ciphers\0?AES-192-CBC:DEFAULT:aes-256-gcm"), NULL, "2.6",
	  "p2p udp 0 - 1194 [] [AES-192-CBC AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
	{ "a static key", ARGV("openvpn\0--dev\0tap3\0--secret\0k\0--cipher\0AES-256-CBC\0"
			       "--remote\0" "2001:db8::1\0" "5000\0--comp-lzo\0--fragment\0" "1300"),
	  NULL, "2.6",
	  "p2p udp 0 - 1194 [2001:db8::1:5000] [AES-256-CBC] - tap comp fragment static" },
	{ "a static key inside the file", ARGV("openvpn\0--config\0x"),
	  "dev tun\n<secret>\n-----BEGIN OpenVPN Static key V1-----\ncipher none\n</secret>\n"
	  "cipher AES-128-CBC\n", "2.5", "p2p udp 0 - 1194 [] [AES-128-CBC] - static" },
	{ "what is inside inline files is no directive", ARGV("openvpn\0--config\0x"),
	  "<ca>\nproto tcp\nfragment 5\n  </ca>\nauth SHA512\n", "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] SHA512" },
	{ "an inline file that does not end", ARGV("openvpn\0--config\0x"),
	  "auth SHA512\n<ca>\nproto tcp\n", "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] SHA512" },
	{ "remotes with their own protocol", ARGV("openvpn\0--config\0x"),
	  "client\nproto udp\n<connection>\nremote 192.0.2.1 1\nproto tcp-client\n</connection>\n"
	  "<connection>\nremote 192.0.2.2\nport 7\n</connection>\nremote vpn.example.com\n"
	  "data-ciphers AES-128-GCM\n", "2.6",
	  "client udp 0 - 0 [192.0.2.1:1/tcp 192.0.2.2:7/udp] [AES-128-GCM] -" },
	{ "a name that may be reached without a stream", ARGV("openvpn\0--config\0x"),
	  "client\nproto tcp\nremote vpn.example.com 1194 udp\nremote 192.0.2.1 443\n"
	  "data-ciphers AES-128-GCM\n", "2.6",
	  "client udp 0 - 0 [192.0.2.1:443/tcp] [AES-128-GCM] -" },
	{ "nothing but streams", ARGV("openvpn\0--config\0x"),
	  "client\nremote 192.0.2.1 443 tcp\nremote vpn.example.com 443 tcp\n"
	  "data-ciphers AES-128-GCM\n", "2.6",
	  "client tcp 0 - 0 [192.0.2.1:443/tcp] [AES-128-GCM] -" },
	{ "quotes, backslashes, dashes", ARGV("openvpn\0--config\0x"),
	  "--proto \"tcp-server\"\nauth 'SHA\\1'\ndata-ciphers AES\\-128-GCM ; x\n\"local\" 192.0.2.9\n",
	  "2.6", "p2p tcp 0 192.0.2.9 1194 [] [AES-128-GCM] SHA\\1" },
	{ "a line with an open quote is none", ARGV("openvpn\0--config\0x"),
	  "auth \"SHA512\nproto tcp\ndata-ciphers AES-128-GCM", "2.6",
	  "p2p tcp 0 - 1194 [] [AES-128-GCM] -" },
	{ "through a proxy the packets go to the proxy",
	  ARGV("openvpn\0--client\0--remote\0" "192.0.2.1\0--socks-proxy\0" "198.51.100.1\0" "1080\0"
	       "--data-ciphers\0AES-128-GCM"), NULL, "2.6",
	  "client udp 0 - 0 [198.51.100.1:0] [AES-128-GCM] - socks" },
	{ "ports", ARGV("openvpn\0--lport\0" "5\0--rport\0" "6\0--remote\0" "192.0.2.1\0"
			"--data-ciphers\0AES-128-GCM"), NULL, "2.6",
	  "p2p udp 0 - 5 [192.0.2.1:6] [AES-128-GCM] -" },
	{ "compression without a byte", ARGV("openvpn\0--compress\0lz4-v2\0--comp-lzo\0"
					     "--data-ciphers\0AES-128-GCM"), NULL, "2.6",
	  "p2p udp 0 - 1194 [] [AES-128-GCM] -" },
	{ "compression with one", ARGV("openvpn\0--compress\0--data-ciphers\0AES-128-GCM"), NULL,
	  "2.6", "p2p udp 0 - 1194 [] [AES-128-GCM] - comp" },
	{ "no data channel in the kernel",
	  ARGV("openvpn\0--disable-dco\0--data-ciphers\0AES-128-GCM\0--proto\0udp6"), NULL, "2.6",
	  "p2p udp 6 - 1194 [] [AES-128-GCM] - dco-off" },
	{ "a server's udp6 takes IPv4 too",
	  ARGV("openvpn\0--server\0" "10.0.0.0\0" "255.0.0.0\0--proto\0udp6\0--data-ciphers\0"
	       "AES-128-GCM"), NULL, "2.6", "server udp 0 - 1194 [] [AES-128-GCM] -" },
	{ "a file that cannot be read", ARGV("openvpn\0--config\0x\0--data-ciphers\0AES-128-GCM"),
	  NULL, "2.6", "p2p udp 0 - 1194 [] [AES-128-GCM] - unread" },
	{ "a file that reads itself", ARGV("openvpn\0--config\0x"),
	  "config x\ndata-ciphers AES-128-GCM\n", "2.6",
	  "p2p udp 0 - 1194 [] [AES-128-GCM] - unread" },
	{ "what OpenVPN would refuse", ARGV("openvpn\0--config\0x"),
	  "remote\nproto\nport\nmode\ncipher\ndata-ciphers AES-128-GCM \\", "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
	{ "a mode that is the server's", ARGV("openvpn\0--mode\0server\0--data-ciphers\0AES-128-GCM"),
	  NULL, "2.6", "server udp 0 - 1194 [] [AES-128-GCM] -" },
	{ "no arguments at all", ARGV("openvpn"), NULL, "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
	{ "nothing", "", 0, NULL, "2.6",
	  "p2p udp 0 - 1194 [] [AES-256-GCM AES-128-GCM CHACHA20-POLY1305] -" },
};

static int give_file(void *userdata, const char *cd, const char *path, char **ret_text,
		     size_t *ret_len)
{
	const char *text = userdata;

	(void)cd;
	(void)path;
	if (!text)
		return -ENOENT;
	*ret_text = strdup(text);
	*ret_len = strlen(text);
	return *ret_text ? 0 : -ENOMEM;
}

static void describe(const struct facts_openvpn *facts, char *text, size_t size)
{
	const struct { const char *name; bool set; } flags[] = {
		{ "tap", facts->tap }, { "comp", facts->comp }, { "fragment", facts->fragment },
		{ "socks", facts->socks }, { "static", facts->static_key },
		{ "dco-off", facts->dco_off }, { "unread", facts->unread },
	};
	FILE *file = fmemopen(text, size, "w");

	assert_non_null(file);
	fprintf(file, "%s %s %lld %s %lld [", facts->role, facts->proto, (long long)facts->family,
		facts->local ? facts->local : "-", (long long)facts->local_port);
	for (size_t i = 0; i < facts->remotes.count; i++) {
		const struct facts_remote *remote = &facts->remotes.list[i];

		fprintf(file, "%s%s:%lld%s%s", i ? " " : "", remote->address,
			(long long)remote->port, remote->proto ? "/" : "",
			remote->proto ? remote->proto : "");
	}
	fputs("] [", file);
	for (size_t i = 0; i < facts->ciphers.count; i++)
		fprintf(file, "%s%s", i ? " " : "", facts->ciphers.list[i]);
	fprintf(file, "] %s", facts->auth ? facts->auth : "-");
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (flags[i].set)
			fprintf(file, " %s", flags[i].name);
	}
	fclose(file);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		void *file = (void *)(uintptr_t)cases[i].file;
		struct openvpn_config config;
		struct facts_openvpn facts;
		char text[1024];

		print_message("  %s\n", cases[i].name);
		assert_int_equal(openvpn_config_parse(cases[i].argv, cases[i].len, give_file, file,
						      &config), 0);
		assert_int_equal(openvpn_config_conclude(&config, cases[i].version, &facts), 0);
		describe(&facts, text, sizeof(text));
		assert_string_equal(text, cases[i].told);
		record_done(&facts_openvpn_shape, &facts);
		openvpn_config_done(&config);
	}
}

static void test_what_is_kept_beside(void **state)
{
	static const char argv[] = "openvpn\0--cd\0/etc/openvpn\0--status\0/run/s.log\0" "10\0"
				   "--dev\0tun7\0--tun-mtu\0" "1400\0--mssfix\0" "0\0--mark\0" "7";
	struct openvpn_config config;

	(void)state;
	assert_int_equal(openvpn_config_parse(argv, sizeof(argv), NULL, NULL, &config), 0);
	assert_string_equal(config.cd, "/etc/openvpn");
	assert_string_equal(config.status_file, "/run/s.log");
	assert_string_equal(config.dev, "tun7");
	assert_int_equal(config.tun_mtu, 1400);
	assert_int_equal(config.mark, 7);
	openvpn_config_done(&config);
}

static int parse_one(void *userdata)
{
	static const char argv[] = "openvpn\0--config\0x\0--status\0/run/s";
	struct openvpn_config config;
	struct facts_openvpn facts;
	int r = openvpn_config_parse(argv, sizeof(argv), give_file, userdata, &config);

	if (r < 0)
		return r;
	r = openvpn_config_conclude(&config, "2.5", &facts);
	openvpn_config_done(&config);
	if (r == 0)
		record_done(&facts_openvpn_shape, &facts);
	return r;
}

/* A file for which there is no memory is one that cannot be read: then it says less. */
static void test_no_memory(void **state)
{
	char text[] = "client\ncd /etc\ndev tun7\nlocal 192.0.2.1\nauth SHA512\ncipher BF-CBC\n"
		      "proto tcp\n<connection>\nremote 192.0.2.2 443 udp\n</connection>\n"
		      "remote 2001:db8::1\ndata-ciphers AES-128-GCM:DEFAULT\n"
		      "data-ciphers-fallback AES-128-CBC\nstatus /run/t\nport 7\n";

	(void)state;
	memory_fail_each(parse_one, text, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_what_is_kept_beside),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
