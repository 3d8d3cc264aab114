/* SPDX-License-Identifier: GPL-2.0-or-later */
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
#include "facts/openvpn/openvpn_status.h"
#include "failing_memory.h"
#include "openvpn_status_files.h"

/* One client as text: "name endpoint port proto peer-id cipher seen address,address". */
static void describe(const struct facts_client *client, char *text, size_t size)
{
	size_t len;

	snprintf(text, size, "%s|%s|%lld|%s|%s|%lld|", client->name,
		 client->endpoint ? client->endpoint : "-", (long long)client->port,
		 client->proto ? client->proto : "-", client->cipher ? client->cipher : "-",
		 client->has_peer_id ? (long long)client->peer_id : -1);
	for (size_t i = 0; i < client->addresses.count; i++) {
		len = strlen(text);
		snprintf(text + len, size - len, "%s%s", i ? "," : "", client->addresses.list[i]);
	}
}

#define V2_HEADER                                                                                \
	"TITLE,OpenVPN 2.6.14 x\nTIME,x,1\n"                                                     \
	"HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,"      \
	"Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t),Username,Client ID," \
	"Peer ID,Data Channel Cipher\n"
#define V2_ROUTES "HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)\n"
#define V1_HEADER                                                 \
	"OpenVPN CLIENT LIST\nUpdated,2026-11-25 18:07:42\n"      \
	"Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n"
#define V1_ROUTES "ROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n"
#define V1_END "GLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n"

static const struct {
	const char *name, *text;
	int result;
	const char *version;
	bool dco;
	const char *clients[4];
} cases[] = {
	{ "version 1, recorded", status_1_tun, 0, NULL, false,
	  { "bob o'hara|2001:db8::2|0|-|-|-1|fd00:8::1000/128,10.8.0.2/32",
	    "alice|192.0.2.2|50338|-|-|-1|10.8.0.4/32,fd00:8::1002/128,2001:db8:1::/48,"
	    "10.1.2.0/24",
	    "carol|192.0.2.2|45615|-|-|-1|10.8.0.3/32,fd00:8::1001/128" } },
	{ "version 2, recorded", status_2_tun, 0, "2.6", false,
	  { "carol|192.0.2.2|41523|-|AES-256-GCM|2|10.8.0.3/32,fd00:8::1001/128",
	    "bob o'hara|2001:db8::2|0|-|AES-256-CBC|1|10.8.0.4/32,fd00:8::1002/128",
	    "alice|192.0.2.2|51700|-|AES-256-GCM|0|10.8.0.2/32,fd00:8::1000/128,10.1.2.0/24,"
	    "2001:db8:1::/48" } },
	{ "version 3, recorded", status_3_tun, 0, "2.6", false,
	  { "bob o'hara|2001:db8::2|0|-|AES-256-CBC|0|10.8.0.2/32,fd00:8::1000/128",
	    "carol|192.0.2.2|53328|-|AES-256-GCM|1|10.8.0.3/32,fd00:8::1001/128",
	    "alice|192.0.2.2|41090|-|AES-256-GCM|2|10.8.0.4/32,fd00:8::1002/128,10.1.2.0/24,"
	    "2001:db8:1::/48" } },
	{ "tap: hardware addresses are none of ours", status_2_tap, 0, "2.6", false,
	  { "alice|192.0.2.2|50710|-|AES-256-GCM|2|10.8.0.3/32",
	    "carol|192.0.2.2|50700|-|AES-256-GCM|1|10.8.0.4/32",
	    "bob o'hara|2001:db8::2|0|-|AES-256-CBC|0|10.8.0.2/32" } },
	{ "a client's own statistics", status_of_client, 0, NULL, false, { NULL } },
	{ "no client", V2_HEADER V2_ROUTES "GLOBAL_STATS,dco_enabled,0\nEND\n", 0, "2.6", false,
	  { NULL } },
	{ "the kernel carries the data", V2_HEADER "GLOBAL_STATS,dco_enabled,1\nEND\n", 0, "2.6",
	  true, { NULL } },
	{ "2.7 tells protocol and port",
	  V2_HEADER "CLIENT_LIST,a,udp4:192.0.2.7:1194,10.8.0.2,,1,2,d,3,UNDEF,0,0,AES-128-GCM\n"
		    "CLIENT_LIST,b,tcp6-server:[2001:db8::7]:443,10.8.0.3,,1,2,d,3,UNDEF,1,1,"
		    "AES-128-GCM\nEND\n",
	  0, "2.6", false,
	  { "a|192.0.2.7|1194|udp|AES-128-GCM|0|10.8.0.2/32",
	    "b|2001:db8::7|443|tcp|AES-128-GCM|1|10.8.0.3/32" } },
	{ "a handshake that is not over",
	  V2_HEADER "CLIENT_LIST,UNDEF,192.0.2.7:1,,,1,2,d,3,UNDEF,0,0,BF-CBC\nEND\n", 0, "2.6",
	  false, { NULL } },
	{ "learned addresses and ARP are stepped over",
	  V2_HEADER "CLIENT_LIST,a,192.0.2.7:1,10.8.0.2,,1,2,d,3,UNDEF,0,0,AES-128-GCM\n" V2_ROUTES
		    "ROUTING_TABLE,10.1.2.9C,a,192.0.2.7:1,d,5\n"
		    "ROUTING_TABLE,ARP/10.1.2.9,a,192.0.2.7:1,d,5\n"
		    "ROUTING_TABLE,10.1.2.0/24,a,192.0.2.7:1,d,5\n"
		    "ROUTING_TABLE,10.1.3.0/24,nobody,192.0.2.7:1,d,5\nEND\n",
	  0, "2.6", false, { "a|192.0.2.7|1|-|AES-128-GCM|0|10.8.0.2/32,10.1.2.0/24" } },
	{ "a name with the separator",
	  V2_HEADER "CLIENT_LIST,Foo, Inc,192.0.2.7:1,10.8.0.2,,1,2,d,3,UNDEF,0,4,AES-128-GCM\n"
		    V2_ROUTES "ROUTING_TABLE,10.1.2.0/24,Foo, Inc,192.0.2.7:1,d,5\nEND\n",
	  0, "2.6", false, { "Foo, Inc|192.0.2.7|1|-|AES-128-GCM|4|10.8.0.2/32,10.1.2.0/24" } },
	{ "a user name with the separator",
	  V2_HEADER "CLIENT_LIST,a,192.0.2.7:1,10.8.0.2,,1,2,d,3,x,y,z,0,4,AES-128-GCM\nEND\n", 0,
	  "2.6", false, { "a|192.0.2.7|1|-|AES-128-GCM|4|10.8.0.2/32" } },
	{ "a line that is too short is left out",
	  V2_HEADER "CLIENT_LIST,a,192.0.2.7:1,10.8.0.2\n"
		    "CLIENT_LIST,b,192.0.2.8:1,10.8.0.3,,1,2,d,3,UNDEF,0,4,AES-128-GCM\nEND\n",
	  0, "2.6", false, { "b|192.0.2.8|1|-|AES-128-GCM|4|10.8.0.3/32" } },
	{ "rows of a table without a header",
	  "TITLE,OpenVPN 2.6.14 x\nCLIENT_LIST,a,192.0.2.7:1,10.8.0.2\n"
	  "ROUTING_TABLE,10.1.2.0/24,a,192.0.2.7:1,d,5\nEND\n",
	  0, "2.6", false, { NULL } },
	{ "columns of 2.3",
	  "TITLE,OpenVPN 2.3.18 x\nHEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,"
	  "Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t),Username\n"
	  "CLIENT_LIST,a,192.0.2.7:1,10.8.0.6,1,2,d,3,UNDEF\nEND\n",
	  0, "2.3", false, { "a|192.0.2.7|1|-|-|-1|10.8.0.6/32" } },
	{ "an IPv4 address inside IPv6 is an IPv4 one",
	  V1_HEADER "a,[::ffff:192.0.2.7]:9,1,2,d\n" V1_ROUTES V1_END, 0, NULL, false,
	  { "a|192.0.2.7|9|-|-|-1|" } },
	{ "DOS line ends", "OpenVPN CLIENT LIST\r\nGLOBAL STATS\r\nEND\r\n", 0, NULL, false,
	  { NULL } },
	{ "END is missing", V2_HEADER "CLIENT_LIST,a,192.0.2.7:1,10.8", -EAGAIN, NULL, false,
	  { NULL } },
	{ "END is part of a name", V1_HEADER "END,192.0.2.7:1,1,2,d\n", -EAGAIN, NULL, false,
	  { NULL } },
	{ "empty: just truncated", "", -EAGAIN, NULL, false, { NULL } },
	{ "another file", "root:x:0:0:root:/root:/bin/sh\nEND\n", -EBADMSG, NULL, false, { NULL } },
	{ "only END", "END\n", -EBADMSG, NULL, false, { NULL } },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts_status status = { 0 };
		size_t wanted = 0;
		int r = openvpn_status_parse(cases[i].text, strlen(cases[i].text), &status);

		print_message("  %s\n", cases[i].name);
		assert_int_equal(r, cases[i].result);
		if (r < 0)
			continue;
		assert_string_equal(status.version ? status.version : "-",
				    cases[i].version ? cases[i].version : "-");
		assert_int_equal(status.dco, cases[i].dco);
		assert_int_equal(status.cipherless,
				 strncmp(cases[i].text, "OpenVPN CLIENT LIST", 19) == 0);
		while (wanted < COUNT(cases[i].clients) && cases[i].clients[wanted])
			wanted++;
		assert_int_equal(status.clients.count, wanted);
		for (size_t c = 0; c < wanted; c++) {
			char text[512];

			describe(&status.clients.list[c], text, sizeof(text));
			assert_string_equal(text, cases[i].clients[c]);
		}
		record_done(&facts_status_shape, &status);
	}
}

/* A file that is being written is cut anywhere, and never half used. */
static void test_cut_anywhere(void **state)
{
	const size_t whole = strlen(status_3_tun);

	(void)state;
	for (size_t len = 0; len < whole - 1; len++) {
		struct facts_status status = { 0 };
		char *text = malloc(len + 1);

		assert_non_null(text);
		memcpy(text, status_3_tun, len);
		assert_int_not_equal(openvpn_status_parse(text, len, &status), 0);
		assert_int_equal(status.clients.count, 0);
		free(text);
	}
}

/* "Connected Since" or a later use of a route. */
static void test_last_sign_of_life(void **state)
{
	static const char text[] =
		V2_HEADER "CLIENT_LIST,a,192.0.2.7:1,10.8.0.2,,1,2,d,300,UNDEF,0,4,AES-128-GCM\n"
		"CLIENT_LIST,b,192.0.2.8:1,10.8.0.3,,1,2,d,300,UNDEF,0,5,AES-128-GCM\n" V2_ROUTES
		"ROUTING_TABLE,10.8.0.2,a,192.0.2.7:1,d,500\n"
		"ROUTING_TABLE,10.8.0.3,b,192.0.2.8:1,d,200\nEND\n";
	struct facts_status status;

	(void)state;
	assert_int_equal(openvpn_status_parse(text, strlen(text), &status), 0);
	assert_int_equal(status.clients.list[0].seen, 500);
	assert_int_equal(status.clients.list[1].seen, 300);
	record_done(&facts_status_shape, &status);
}

/* Routes find their client among many: not by looking at each. */
static void test_many_clients(void **state)
{
	const unsigned int count = 10000;
	char *text = NULL;
	size_t size, last;
	FILE *file = open_memstream(&text, &size);
	struct facts_status status;

	(void)state;
	assert_non_null(file);
	fputs(V2_HEADER, file);
	for (unsigned int i = 0; i < count; i++)
		fprintf(file, "CLIENT_LIST,c%u,192.0.2.7:%u,10.%u.%u.1,,1,2,d,3,UNDEF,0,%u,"
			      "AES-128-GCM\n", i, i % 60000 + 1, i / 256, i % 256, i);
	fputs(V2_ROUTES, file);
	for (unsigned int i = 0; i < count; i++)
		fprintf(file, "ROUTING_TABLE,172.%u.%u.0/24,c%u,192.0.2.7:%u,d,5\n", i / 256,
			i % 256, i, i % 60000 + 1);
	fputs("END\n", file);
	fclose(file);
	assert_int_equal(openvpn_status_parse(text, size, &status), 0);
	assert_int_equal(status.clients.count, count);
	last = count - 1;
	assert_string_equal(status.clients.list[last].addresses.list[1], "172.39.15.0/24");
	record_done(&facts_status_shape, &status);
	free(text);
}

static int parse_one(void *userdata)
{
	struct facts_status status;
	int r = openvpn_status_parse(userdata, strlen(userdata), &status);

	if (r == 0)
		record_done(&facts_status_shape, &status);
	return r;
}

static void test_no_memory(void **state)
{
	(void)state;
	memory_fail_each(parse_one, (void *)(uintptr_t)status_2_tun, -ENOMEM);
	memory_fail_each(parse_one, (void *)(uintptr_t)status_1_tun, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_last_sign_of_life),
		cmocka_unit_test(test_many_clients),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
