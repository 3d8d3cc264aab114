/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events/event_text.h"

#define ALICE                                                                                \
	"'tunnel':'wg0','peer':'KEY=','name':'alice','endpoint':'192.0.2.7:51820',"          \
	"'allowed_ips':['10.8.0.7/32'],'path_mtu_bytes':1500,'path_source':'route',"         \
	"'confidence':'assumed','inner_mtu_bytes':1420,'mss4_bytes':1380,'mss6_bytes':1360," \
	"'handshake_age_seconds':3,'warnings':[]"
#define NOBODY                                                                           \
	"{'tunnel':'wg0','peer':'KEY=','name':null,'endpoint':null,'allowed_ips':[],"     \
	"'path_mtu_bytes':null,'path_source':null,'confidence':null,"                     \
	"'inner_mtu_bytes':null,'mss4_bytes':null,'mss6_bytes':null,"                     \
	"'handshake_age_seconds':null,'warnings':[]}"
#define WG0                                                                                     \
	"{'name':'wg0','ifindex':7,'kind':'wireguard','outer_family':'ipv4',"                    \
	"'outer_path_mtu_bytes':1500,'overhead_bytes':60,'inner_mtu_bytes':1420,"                \
	"'mss4_bytes':1380,'mss6_bytes':1360,'interface_mtu_bytes':1420,'source':'route',"       \
	"'age_seconds':null,'peers':1,'warnings':[]}"

/* What follows a "=" replaces the same of ALICE; NULL: no row. */
static const struct {
	const char *name, *tunnel, *peer, *old, *new, *why, *text;
} cases[] = {
	/* clang-format off */
	{ "tunnel_added", "wg0", NULL, NULL, WG0, NULL,
	  "wg0: new tunnel, kind wireguard, outer family ipv4, path MTU 1500 bytes, "
	  "path source route, overhead 60 bytes, interface MTU 1420 bytes, inner MTU 1420 bytes, "
	  "MSS4 1380, MSS6 1360" },
	{ "tunnel_removed", "wg0", NULL, WG0, NULL, NULL, "wg0: tunnel gone" },
	{ "peer_added", "wg0", "KEY=", NULL, "{" ALICE "}", NULL,
	  "wg0: peer alice: new, endpoint 192.0.2.7:51820, path MTU 1500 bytes, path source route, "
	  "inner MTU 1420 bytes, MSS4 1380, MSS6 1360, allowed IPs 10.8.0.7/32" },
	{ "peer_added", "wg0", "KEY=", NULL, NOBODY, NULL, "wg0: peer KEY=: new" },
	{ "peer_removed", "wg0", "KEY=", "{" ALICE "}", NULL, "the interface went",
	  "wg0: peer alice: gone (the interface went)" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", "='endpoint':'[2001:db8::7]:51820'", NULL,
	  "wg0: peer alice: endpoint 192.0.2.7:51820 -> [2001:db8::7]:51820" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}",
	  "='path_mtu_bytes':1480,'path_source':'probe','mss4_bytes':1360,'mss6_bytes':1340,"
	  "'inner_mtu_bytes':1400,'handshake_age_seconds':99", "1500 lost 3 times",
	  "wg0: peer alice: path MTU 1500 -> 1480 bytes (probe), "
	  "inner MTU 1420 -> 1400 bytes, MSS4 1380 -> 1360, MSS6 1360 -> 1340 (1500 lost 3 times)" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", "='path_mtu_bytes':1433", NULL,
	  "wg0: peer alice: path MTU 1500 -> 1433 bytes (route)" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", "='path_source':'probe'", NULL,
	  "wg0: peer alice: path source route -> probe" },
	{ "tunnel_changed", "wg0", NULL, "{'outer_path_mtu_bytes':1500,'source':'link'}",
	  "{'outer_path_mtu_bytes':1433,'source':'probe'}", NULL,
	  "wg0: path MTU 1500 -> 1433 bytes (probe)" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", NOBODY, NULL,
	  "wg0: peer alice: name alice -> unknown, endpoint 192.0.2.7:51820 -> unknown, "
	  "path MTU 1500 -> unknown, path source route -> unknown, "
	  "inner MTU 1420 -> unknown, MSS4 1380 -> unknown, MSS6 1360 -> unknown, allowed IPs 10.8.0.7/32 -> none" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}",
	  "='allowed_ips':['10.8.0.7/32','a','b','c','d'],'warnings':['odd']", NULL,
	  "wg0: peer alice: allowed IPs 10.8.0.7/32 -> 10.8.0.7/32 a b and 2 more, "
	  "warnings none -> odd" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", "='name':'bob'", NULL,
	  "wg0: peer bob: name alice -> bob" },
	{ "peer_changed", "wg0", "KEY=", "{" ALICE "}", "='handshake_age_seconds':4", NULL,
	  "wg0: peer alice: changed" },
	{ "tunnel_changed", "wg0", NULL, NULL, NULL, "no rows", "wg0: changed (no rows)" },
	{ "peer_changed", "wg0", "KEY=", "{'name':7,'endpoint':[1,null]}", "{'endpoint':{}}", NULL,
	  "wg0: peer KEY=: name 7 -> unknown, endpoint ? ? -> unknown" },
	{ "odd", NULL, NULL, NULL, NULL, NULL, "changed" },
	/* clang-format on */
};

static json_t *load(const char *quoted)
{
	char *text = strdup(quoted);
	json_t *value;

	assert_non_null(text);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	value = json_loads(text, 0, NULL);
	assert_non_null(value);
	free(text);
	return value;
}

static json_t *load_row(const char *quoted)
{
	char text[512];
	json_t *row, *changes;

	if (!quoted || *quoted != '=')
		return quoted ? load(quoted) : NULL;
	snprintf(text, sizeof(text), "{%s}", quoted + 1);
	row = load("{" ALICE "}");
	changes = load(text);
	json_object_update(row, changes);
	json_decref(changes);
	return row;
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event event = {
			.name = cases[i].name,
			.tunnel = cases[i].tunnel,
			.peer = cases[i].peer,
			.why = cases[i].why,
			.old = load_row(cases[i].old),
			.new = load_row(cases[i].new),
		};
		char *text = event_text(&event);

		assert_string_equal(text, cases[i].text);
		free(text);
		json_decref(event.old);
		json_decref(event.new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests_name("event_text", tests, NULL, NULL);
}
