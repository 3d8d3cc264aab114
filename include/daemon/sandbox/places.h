/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload will want to read: the files of the configuration, and the folders in which they
 * lie, by their names and where their links lead. */
#pragma once

#include <stddef.h>

struct places {
	char **files;   /* those that exist as names, FILE first; then the folder of drop-ins */
	size_t file_count;
	char **folders; /* each once; a file that is replaced there may be read again */
	size_t folder_count;
};

/* The folder of a file: owned, or NULL without memory. */
char *places_folder_of(const char *file);

/* As the disk is now. Returns 0 and what places_done frees, or -ENOMEM. */
int places_find(const char *config_file, struct places *ret_places);
void places_done(struct places *places);
