/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own and a file in it, not there yet: setup and teardown of cmocka. */
#pragma once

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/mssclamp-unit-XXXXXX", file[PATH_MAX];

static inline int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/paths", folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : -1;
}
