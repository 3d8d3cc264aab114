/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/netfilter/nfnetlink_queue and, behind a NUL byte, /proc/net/netlink, which say who has a
 * queue.
 * layer: edge
 * The target's fopen and opendir take the place of the C library's for what begins with /proc. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/queue/queue_proc.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	char *text; /* of queues, of sockets */
	size_t len;
} files[2];

static FILE *open_text(const char *path)
{
	size_t which = strstr(path, "nfnetlink_queue") ? 0 : 1;

	if (files[which].len == 0) {
		errno = ENOENT;
		return NULL;
	}
	return fmemopen(files[which].text, files[which].len, "r");
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);

	if (strncmp(path, "/proc/", 6) == 0)
		return open_text(path);
	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	return real(path, mode);
}

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *);

	/* The processes of this machine are no part of the input. */
	*(void **)&real = dlsym(RTLD_NEXT, "opendir");
	return strncmp(path, "/proc", 5) == 0 ? NULL : real(path);
}

static void split(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < 2; i++) {
		size_t len = size > 0 ? strnlen((const char *)data, size) : 0;

		files[i].text = malloc(len + 1);
		CHECK(files[i].text);
		memcpy(files[i].text, data, len);
		files[i].len = len;
		data += len;
		size -= len;
		if (size > 0) {
			data++;
			size--;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[QUEUE_OWNER_MAX];
	struct queue_proc proc = { .portid = 4711 };
	uint16_t queue = 7;
	int pid = 0, r;

	split(data, size);
	r = queue_read_proc(5000, &proc);
	CHECK(r <= 0 && (r == 0 || proc.portid == 4711));
	if (r == 0)
		CHECK(strlen(queue_owner(proc.portid, text)) < QUEUE_OWNER_MAX);
	r = queue_find_process("mssclampd", &queue, &pid);
	CHECK(r <= 1 && (r == 1 || queue == 7));
	for (size_t i = 0; i < 2; i++)
		free(files[i].text);
	return 0;
}
