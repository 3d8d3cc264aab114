/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "facts/ppp/ppp_options.h"

#define ARGV(text) text, sizeof(text)

static const struct {
	const char *name, *argv;
	size_t len;
	const char *path, *file; /* the one options file there is */
	const char *kind, *device, *remote;
	bool mppe;
} cases[] = {
	{ "pppoe by call", ARGV("pppd\0call\0dsl"), "/etc/ppp/peers/dsl",
	  "plugin rp-pppoe.so eth1\nuser \"x\"\npassword secret\n", "pppoe", "eth1", NULL, false },
	{ "pppoe, its link as nic-", ARGV("pppd\0plugin\0pppoe.so\0nic-wan\0noauth"), NULL, NULL,
	  "pppoe", "wan", NULL, false },
	{ "pppoe by the program of that name", ARGV("pppd\0pty\0/usr/sbin/pppoe -I eth1"), NULL,
	  NULL, "pppoe", NULL, NULL, false },
	{ "a pptp client", ARGV("/usr/sbin/pppd\0call\0work"), "/etc/ppp/peers/work",
	  "pty \"pptp 192.0.2.1 --nolaunchpppd\"\nrequire-mppe-128\nfile /etc/ppp/options.pptp\n",
	  "pptp", NULL, "192.0.2.1", true },
	{ "a pptp client by plugin",
	  ARGV("pppd\0plugin\0pptp.so\0pptp_server\0" "192.0.2.1\0nodetach"), NULL, NULL, "pptp",
	  NULL, "192.0.2.1", false },
	{ "a pptp server",
	  ARGV("/usr/sbin/pppd\0local\0file\0/etc/ppp/pptpd-options\0" "115200\0"
	       "10.0.0.1:10.0.0.2\0ipparam\0" "192.0.2.9\0plugin\0/usr/lib/pptpd/pptpd-logwtmp.so\0"
	       "pptpd-original-ip\0" "192.0.2.9\0remotenumber\0" "192.0.2.9"),
	  "/etc/ppp/pptpd-options", "require-mppe\n", "pptp", NULL, "192.0.2.9", true },
	{ "l2tp of xl2tpd",
	  ARGV("/usr/sbin/pppd\0plugin\0pppol2tp.so\0pppol2tp\0" "8\0passive\0nodetach"), NULL, NULL,
	  "l2tp", NULL, NULL, false },
	{ "a serial line", ARGV("pppd\0/dev/ttyS0\0" "115200"), NULL, NULL, "ppp", NULL, NULL, false },
	{ "options of all links", ARGV("pppd\0/dev/ttyS0"), "/etc/ppp/options", "+mppe\n", "ppp",
	  NULL, NULL, true },
	{ "a password is no option", ARGV("pppd\0password\0require-mppe"), NULL, NULL, "ppp", NULL,
	  NULL, false },
	{ "a call may not leave its folder", ARGV("pppd\0call\0../../shadow"),
	  "/etc/ppp/peers/../../shadow", "plugin pppoe.so\n", "ppp", NULL, NULL, false },
	{ "a file that reads itself", ARGV("pppd\0call\0x"), "/etc/ppp/peers/x",
	  "call x\nplugin pppoe.so\n", "pppoe", NULL, NULL, false },
	{ "a name instead of an address", ARGV("pppd\0pty\0pptp vpn.example.com"), NULL, NULL,
	  "pptp", NULL, NULL, false },
	{ "nothing", "", 0, NULL, NULL, "ppp", NULL, NULL, false },
	{ "a last option without its word", ARGV("pppd\0plugin"), NULL, NULL, "ppp", NULL, NULL,
	  false },
};

static int give_file(void *userdata, const char *path, char **ret_text, size_t *ret_len)
{
	const size_t *row = userdata;

	if (!cases[*row].path || strcmp(path, cases[*row].path) != 0)
		return -ENOENT;
	*ret_text = strdup(cases[*row].file);
	*ret_len = strlen(cases[*row].file);
	return *ret_text ? 0 : -ENOMEM;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts_ppp ppp;

		print_message("  %s\n", cases[i].name);
		assert_int_equal(ppp_options_parse(cases[i].argv, cases[i].len, give_file, &i, &ppp),
				 0);
		assert_string_equal(ppp.kind, cases[i].kind);
		assert_string_equal(ppp.device ? ppp.device : "-",
				    cases[i].device ? cases[i].device : "-");
		assert_string_equal(ppp.remote ? ppp.remote : "-",
				    cases[i].remote ? cases[i].remote : "-");
		assert_int_equal(ppp.mppe, cases[i].mppe);
		record_done(&facts_ppp_shape, &ppp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
