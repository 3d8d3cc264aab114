/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main file and its drop-ins. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_build.h"

/* Returns whether the file exists. */
static bool apply_file(struct config_build *build, const char *file)
{
	struct config_source source;
	int r = config_source_read(&source, file, build->report);

	if (r == 0) {
		build->source = &source;
		config_build_source(build);
		build->source = NULL;
		build->config->file_count++;
	} else if (r == -ENOMEM) {
		build->failed = r;
	}
	config_source_done(&source);
	return r != -ENOENT;
}

static int is_drop_in(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

/* Not alphasort(3): its order depends on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void note_file(struct config_build *build, enum config_severity severity, const char *file,
		      const char *text, const char *reason)
{
	if (config_report_add(build->report, severity, (struct config_where){ file, 1 }, "file",
			      "%s%s", text, reason) < 0)
		build->failed = -ENOMEM;
}

static void apply_drop_ins(struct config_build *build, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_drop_in, compare_names);

	if (count < 0) {
		if (errno == ENOMEM)
			build->failed = -ENOMEM;
		else if (errno != ENOENT)
			note_file(build, CONFIG_ERROR, folder, "cannot be read: ",
				  strerrordesc_np(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		char *file;

		if (asprintf(&file, "%s/%s", folder, entries[i]->d_name) < 0) {
			build->failed = -ENOMEM;
		} else {
			if (!apply_file(build, file))
				note_file(build, CONFIG_ERROR, file, "cannot be read: ",
					  strerrordesc_np(ENOENT));
			free(file);
		}
		free(entries[i]);
	}
	free(entries);
}

void config_build_files(struct config_build *build, const char *file, bool required)
{
	char *folder;

	if (asprintf(&folder, "%s.d", file) < 0) {
		build->failed = -ENOMEM;
		return;
	}
	if (!apply_file(build, file) && required)
		note_file(build, CONFIG_WARNING, file, "does not exist, the defaults hold", "");
	apply_drop_ins(build, folder);
	free(folder);
}
