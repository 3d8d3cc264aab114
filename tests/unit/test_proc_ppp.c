/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/peers/proc_ppp.h"

#define PPPOE_HEAD "Id       Address              Device\n"

/* Linux 6.1: sessions 1 and 4660, on a host that is little-endian. */
static const char pppoe_recorded[] = PPPOE_HEAD
	"00000100 02:00:00:00:00:01       v0\n"
	"00003412 02:00:00:00:0f:a1 a-long-link-nam\n";

/* Linux 6.1: tunnel 12 as a daemon makes it. Session 0 holds it, 36 has no ppp link yet. */
static const char pppol2tp_recorded[] =
	"PPPoL2TP driver info, V2.0\n"
	"TUNNEL name, user-data-ok session-count\n"
	" debug tx-pkts/bytes/errs rx-pkts/bytes/errs\n"
	"  SESSION name, addr/port src-tid/sid dest-tid/sid state user-data-ok\n"
	"   mtu/mru/rcvseq/sendseq/lns debug reorderto\n"
	"   nr/ns tx-pkts/bytes/errs rx-pkts/bytes/errs\n"
	"\n"
	"TUNNEL 'tunl 12', Y 5\n"
	" 00000000 0/0/0 0/0/0\n"
	"  SESSION 'sess 12/0' C0000201/1701 000C/0000 -> 000D/0000 1 Y\n"
	"   0/0/-/-/LAC 00000000 0\n"
	"   0/0 0/0/0 0/0/0\n"
	"   interface (null)\n"
	"  SESSION 'sess 12/35' C0000201/1701 000C/0023 -> 000D/0087 3 Y\n"
	"   0/0/-/S/LAC 00000000 0\n"
	"   0/0 0/0/0 0/0/0\n"
	"   interface ppp1\n"
	"  SESSION 'sess 12/36' C0000201/1701 000C/0024 -> 000D/0088 1 Y\n"
	"   0/0/-/-/LAC 00000000 0\n"
	"   0/0 0/0/0 0/0/0\n"
	"   interface (null)\n"
	"  SESSION 'sess 12/34' C0000201/1701 000C/0022 -> 000D/0086 3 Y\n"
	"   0/0/-/-/LAC 00000000 0\n"
	"   0/0 0/0/0 0/0/0\n"
	"   interface ppp0\n";

/* The sessions as text. A copy of exactly its length is parsed: a sanitizer sees what reads on. */
static int parse_pppoe(const char *text, size_t len, char *told, size_t size)
{
	struct pppoe_list list = { 0 };
	char *copy = malloc(len + !len);
	int r;

	memcpy(copy, text, len);
	r = proc_ppp_parse_pppoe(copy, len, &list);
	told[0] = '\0';
	for (size_t i = 0; i < list.count; i++) {
		const struct pppoe_session *session = &list.list[i];

		snprintf(told + strlen(told), size - strlen(told),
			 "%s %u %02x:%02x:%02x:%02x:%02x:%02x;", session->device, session->id,
			 session->peer[0], session->peer[1], session->peer[2], session->peer[3],
			 session->peer[4], session->peer[5]);
	}
	pppoe_list_done(&list);
	free(copy);
	return r;
}

static int parse_pppol2tp(const char *text, size_t len, char *told, size_t size)
{
	struct pppol2tp_list list = { 0 };
	char *copy = malloc(len + !len);
	int r;

	memcpy(copy, text, len);
	r = proc_ppp_parse_pppol2tp(copy, len, &list);
	told[0] = '\0';
	for (size_t i = 0; i < list.count; i++)
		snprintf(told + strlen(told), size - strlen(told), "%u/%u %s;",
			 list.list[i].tunnel, list.list[i].session, list.list[i].interface);
	pppol2tp_list_done(&list);
	free(copy);
	return r;
}

static const struct {
	const char *name, *text;
	int result;
	const char *told;
} pppoe_rows[] = {
	{ "none",            PPPOE_HEAD, 0, "" },
	{ "end of the file", PPPOE_HEAD "00000000 02:00:00:00:00:01     eth0", 0,
	  "eth0 0 02:00:00:00:00:01;" },
	{ "empty",           "", -EBADMSG, "" },
	{ "another file",    "Inter-|   Receive\n", -EBADMSG, "" },
	{ "no head",         "00000100 02:00:00:00:00:01       v0\n", -EBADMSG, "" },
	{ "id too large",    PPPOE_HEAD "00010000 02:00:00:00:00:01       v0\n", -EBADMSG, "" },
	{ "no device",       PPPOE_HEAD "00000100 02:00:00:00:00:01\n", -EBADMSG, "" },
	{ "address short",   PPPOE_HEAD "00000100 02:00:00:00:00 v0\n", -EBADMSG, "" },
	{ "name too long",   PPPOE_HEAD "00000100 02:00:00:00:00:01 sixteen-letters-\n", -EBADMSG,
	  "" },
	{ "something behind", PPPOE_HEAD "00000100 02:00:00:00:00:01 v0 x\n", -EBADMSG, "" },
	{ "bad after good",  PPPOE_HEAD "00000100 02:00:00:00:00:01 v0\nx\n", -EBADMSG, "" },
};

static void test_pppoe(void **state)
{
	char told[256], expected[256];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "v0 %u 02:00:00:00:00:01;a-long-link-nam %u 02:00:00:00:0f:a1;", ntohs(0x0100),
		 ntohs(0x3412));
	assert_int_equal(parse_pppoe(pppoe_recorded, strlen(pppoe_recorded), told, sizeof(told)),
			 0);
	assert_string_equal(told, expected);
	for (size_t i = 0; i < COUNT(pppoe_rows); i++) {
		const char *text = pppoe_rows[i].text;
		int r = parse_pppoe(text, strlen(text), told, sizeof(told));

		if (r != pppoe_rows[i].result || strcmp(told, pppoe_rows[i].told) != 0)
			fail_msg("%s: %d, %s", pppoe_rows[i].name, r, told);
	}
}

#define L2TP_HEAD "PPPoL2TP driver info, V2.0\n"
#define SESSION "  SESSION 'sess 1/2' C0000201/1701 0001/0002 -> 0003/0004 3 Y\n"

static const struct {
	const char *name, *text;
	int result;
	const char *told;
} pppol2tp_rows[] = {
	{ "recorded",        pppol2tp_recorded, 0, "12/35 ppp1;12/34 ppp0;" },
	{ "none",            L2TP_HEAD, 0, "" },
	{ "empty",           "", -EBADMSG, "" },
	{ "another file",    "Id       Address              Device\n", -EBADMSG, "" },
	/* a socket that closes while the file is read: the next session has no link either */
	{ "no link told",    L2TP_HEAD SESSION SESSION "   interface ppp7\n", 0, "1/2 ppp7;" },
	{ "link alone",      L2TP_HEAD "   interface ppp7\n", -EBADMSG, "" },
	{ "two links",       L2TP_HEAD SESSION "   interface ppp7\n   interface ppp8\n", -EBADMSG,
	  "" },
	{ "link without a name", L2TP_HEAD SESSION "   interface \n", -EBADMSG, "" },
	{ "large numbers",   L2TP_HEAD "  SESSION 'it's' 0/0 FFFFFFFF/FFFFFFFE -> 1/2 1 N\n"
	  "   interface p\n", 0, "4294967295/4294967294 p;" },
	{ "no numbers",      L2TP_HEAD "  SESSION 'sess 1/2' C0000201/1701 -> 0003/0004\n",
	  -EBADMSG, "" },
	{ "bad after good",  L2TP_HEAD SESSION "   interface ppp7\n  SESSION 'x\n", -EBADMSG, "" },
};

static void test_pppol2tp(void **state)
{
	char told[256];

	(void)state;
	for (size_t i = 0; i < COUNT(pppol2tp_rows); i++) {
		const char *text = pppol2tp_rows[i].text;
		int r = parse_pppol2tp(text, strlen(text), told, sizeof(told));

		if (r != pppol2tp_rows[i].result || strcmp(told, pppol2tp_rows[i].told) != 0)
			fail_msg("%s: %d, %s", pppol2tp_rows[i].name, r, told);
	}
}

/* A list that has something keeps it, also where the text is bad. */
static void test_append(void **state)
{
	struct pppoe_list list = { 0 };

	(void)state;
	assert_int_equal(proc_ppp_parse_pppoe(pppoe_recorded, strlen(pppoe_recorded), &list), 0);
	assert_int_equal(proc_ppp_parse_pppoe(pppoe_recorded, strlen(pppoe_recorded) - 18, &list),
			 -EBADMSG);
	assert_int_equal(list.count, 2);
	assert_int_equal(proc_ppp_parse_pppoe(pppoe_recorded, strlen(pppoe_recorded), &list), 0);
	assert_int_equal(list.count, 4);
	pppoe_list_done(&list);
}

/* On any host: with or without the modules. */
static void test_read(void **state)
{
	struct pppoe_list pppoe = { .count = 77 };
	struct pppol2tp_list pppol2tp = { .count = 77 };

	(void)state;
	assert_int_equal(proc_ppp_read_pppoe(&pppoe), 0);
	assert_int_equal(proc_ppp_read_pppol2tp(&pppol2tp), 0);
	assert_true(pppoe.count != 77 && pppol2tp.count != 77);
	pppoe_list_done(&pppoe);
	pppol2tp_list_done(&pppol2tp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_pppol2tp),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("proc_ppp", tests, NULL, NULL);
}
