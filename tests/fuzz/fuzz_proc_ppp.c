/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A text that is read as /proc/net/pppoe and as /proc/net/pppol2tp, as it is and as a file: the
 * target's fopen takes the place of the C library's for these. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/peers/proc_ppp.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *content;
static size_t content_len;

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);

	if (strncmp(path, "/proc/net/pppo", 14) == 0) {
		errno = ENOENT;
		return content_len > 0 ? fmemopen((void *)(uintptr_t)content, content_len, "r") :
					 NULL;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	return real(path, mode);
}

/* A file says what its text says, and none says nothing. */
static void check_files(size_t pppoe_count, size_t pppol2tp_count, const bool good[2])
{
	struct pppoe_list pppoe = { 0 };
	struct pppol2tp_list pppol2tp = { 0 };

	CHECK((proc_ppp_read_pppoe(&pppoe) == 0) == good[0] && pppoe.count == pppoe_count);
	CHECK((proc_ppp_read_pppol2tp(&pppol2tp) == 0) == good[1] &&
	      pppol2tp.count == pppol2tp_count);
	pppoe_list_done(&pppoe);
	pppol2tp_list_done(&pppol2tp);
}

static void check_name(const char name[IF_NAMESIZE])
{
	CHECK(name[0] != '\0' && memchr(name, '\0', IF_NAMESIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pppoe_list pppoe = { 0 };
	struct pppol2tp_list pppol2tp = { 0 };
	bool good[2];
	int r = proc_ppp_parse_pppoe((const char *)data, size, &pppoe);

	good[0] = r == 0 || size == 0;
	CHECK(r == 0 || (r == -EBADMSG && pppoe.count == 0));
	for (size_t i = 0; i < pppoe.count; i++)
		check_name(pppoe.list[i].device);
	r = proc_ppp_parse_pppol2tp((const char *)data, size, &pppol2tp);
	good[1] = r == 0 || size == 0;
	CHECK(r == 0 || (r == -EBADMSG && pppol2tp.count == 0));
	for (size_t i = 0; i < pppol2tp.count; i++) {
		check_name(pppol2tp.list[i].interface);
		CHECK(strcmp(pppol2tp.list[i].interface, "(null)") != 0);
	}
	content = data;
	content_len = size;
	check_files(pppoe.count, pppol2tp.count, good);
	pppoe_list_done(&pppoe);
	pppol2tp_list_done(&pppol2tp);
	return 0;
}
