/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox/places.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config/config_files.h"

char *places_folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return strdup(".");
	return slash == file ? strdup("/") : strndup(file, (size_t)(slash - file));
}

/* Takes text, NULL too. */
static int append(char ***list, size_t *count, char *text)
{
	char **more = text ? reallocarray(*list, *count + 1, sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		return -ENOMEM;
	}
	more[(*count)++] = text;
	*list = more;
	return 0;
}

/* Takes folder, NULL too. */
static int add_folder(struct places *places, char *folder)
{
	for (size_t i = 0; folder && i < places->folder_count; i++) {
		if (strcmp(places->folders[i], folder) == 0) {
			free(folder);
			return 0;
		}
	}
	return append(&places->folders, &places->folder_count, folder);
}

/* Where it is by its name, and where it really is, which is what Landlock looks at. A link that
 * leads nowhere, or where we may not follow, adds nothing. */
static int add(struct places *places, const char *path, bool is_folder)
{
	char real[PATH_MAX];
	int r = append(&places->files, &places->file_count, strdup(path));

	if (r == 0 && !is_folder)
		r = add_folder(places, places_folder_of(path));
	if (r == 0 && realpath(path, real))
		r = add_folder(places, is_folder ? strdup(real) : places_folder_of(real));
	return r;
}

static int find(const char *config_file, const char *folder, struct places *places)
{
	char **drop_ins = NULL;
	size_t count = 0;
	int r = config_files_scan(folder, &drop_ins, &count);

	if (r != -ENOMEM) /* else there are none that we might read */
		r = add(places, config_file, false);
	if (r == 0)
		r = add(places, folder, true);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add(places, drop_ins[i], false);
	config_files_free(drop_ins, count);
	return r;
}

int places_find(const char *config_file, struct places *ret_places)
{
	struct places places = { 0 };
	char *folder;
	int r;

	if (asprintf(&folder, "%s.d", config_file) < 0)
		return -ENOMEM;
	r = find(config_file, folder, &places);
	free(folder);
	if (r < 0)
		places_done(&places);
	else
		*ret_places = places;
	return r;
}

void places_done(struct places *places)
{
	for (size_t i = 0; i < places->file_count; i++)
		free(places->files[i]);
	for (size_t i = 0; i < places->folder_count; i++)
		free(places->folders[i]);
	free(places->files);
	free(places->folders);
	*places = (struct places){ 0 };
}
