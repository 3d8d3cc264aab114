/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fnv.h"
#include "facts/file.h"
#include "facts/wireguard/wg_conf.h"

#define CONF_BYTES_MAX (8u << 20)
#define PATH_BYTES_MAX 4096

static bool is_conf(const char *name)
{
	const size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* Calls visit for each configuration file. Returns 0, or what visit returned where negative. */
static int walk(const char *const *folders, int (*visit)(void *userdata, const char *path),
		void *userdata)
{
	int r = 0;

	for (; r == 0 && *folders; folders++) {
		DIR *folder = opendir(*folders);
		const struct dirent *entry;

		if (!folder)
			continue;
		while (r == 0 && (entry = readdir(folder))) {
			char path[PATH_BYTES_MAX];

			if (!is_conf(entry->d_name))
				continue;
			snprintf(path, sizeof(path), "%s/%s", *folders, entry->d_name);
			r = visit(userdata, path);
		}
		closedir(folder);
	}
	return r;
}

static int look_at(void *userdata, const char *path)
{
	uint64_t *fingerprint = userdata;
	struct stat found;

	if (stat(path, &found) < 0)
		return 0;
	fnv_add(fingerprint, path, strlen(path));
	fnv_add(fingerprint, &found.st_ino, sizeof(found.st_ino));
	fnv_add(fingerprint, &found.st_size, sizeof(found.st_size));
	fnv_add(fingerprint, &found.st_mtim, sizeof(found.st_mtim));
	return 0;
}

static int read_names(void *userdata, const char *path)
{
	size_t len;
	char *text;
	int r = file_read(-1, path, CONF_BYTES_MAX, &text, &len, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = wg_conf_parse(text, len, userdata);
	file_wipe(text, len);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct facts_name *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : strcmp(x->name, y->name);
}

/* By key, each once: of several names the first by the alphabet. */
static void sort(struct facts *facts)
{
	size_t kept = 0;

	if (facts->names.count == 0)
		return;
	qsort(facts->names.list, facts->names.count, sizeof(facts->names.list[0]), compare);
	for (size_t i = 1; i < facts->names.count; i++) {
		if (strcmp(facts->names.list[i].key, facts->names.list[kept].key) == 0)
			record_done(&facts_name_shape, &facts->names.list[i]);
		else
			facts->names.list[++kept] = facts->names.list[i];
	}
	facts->names.count = kept + 1;
}

int names_refresh(struct names *names, const char *const *folders)
{
	uint64_t fingerprint = FNV_OFFSET;
	struct facts fresh = { 0 };
	bool same;
	int r;

	walk(folders, look_at, &fingerprint);
	if (fingerprint == names->fingerprint)
		return CHANGE_NONE;
	r = walk(folders, read_names, &fresh.names);
	if (r < 0) {
		record_done(&facts_shape, &fresh);
		return r;
	}
	sort(&fresh);
	same = record_equal(&facts_shape, &names->facts, &fresh, true);
	record_done(&facts_shape, &names->facts);
	*names = (struct names){ .facts = fresh, .fingerprint = fingerprint };
	return same ? CHANGE_NONE : CHANGE_LOUD;
}

void names_done(struct names *names)
{
	record_done(&facts_shape, &names->facts);
	*names = (struct names){ 0 };
}
