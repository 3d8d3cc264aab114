/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A text that is read as /proc/net/pppoe and as /proc/net/pppol2tp. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/proc_ppp.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char name[IF_NAMESIZE])
{
	CHECK(name[0] != '\0' && memchr(name, '\0', IF_NAMESIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pppoe_list pppoe = { 0 };
	struct pppol2tp_list pppol2tp = { 0 };
	int r = proc_ppp_parse_pppoe((const char *)data, size, &pppoe);

	CHECK(r == 0 || (r == -EBADMSG && pppoe.count == 0));
	for (size_t i = 0; i < pppoe.count; i++)
		check_name(pppoe.list[i].device);
	r = proc_ppp_parse_pppol2tp((const char *)data, size, &pppol2tp);
	CHECK(r == 0 || (r == -EBADMSG && pppol2tp.count == 0));
	for (size_t i = 0; i < pppol2tp.count; i++) {
		check_name(pppol2tp.list[i].interface);
		CHECK(strcmp(pppol2tp.list[i].interface, "(null)") != 0);
	}
	pppoe_list_done(&pppoe);
	pppol2tp_list_done(&pppol2tp);
	return 0;
}
