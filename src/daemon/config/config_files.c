/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "daemon/config/config_source.h"
#include "daemon/config/config_walk.h"

static const char *syntax_advice(const char *error)
{
	static const struct { const char *error, *advice; } list[] = {
		{ "duplicate setting name", "it stands further up in the same group, keep one" },
		{ "mismatched element type in array", "all elements of [ ] must be of one type" },
		{ "memory exhausted", "groups and lists are nested too deep" },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		if (strcmp(list[i].error, error) == 0)
			return list[i].advice;
	}
	return "look here and one line up for a missing ; \" ) ] or }, or a text without quotes";
}

static void print_line(FILE *out, const char *text, unsigned int line)
{
	char *copy;

	while (--line > 0 && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	text += strspn(text, " \t");
	copy = strndup(text, strcspn(text, "\r\n"));
	config_print_quoted(out, copy ? copy : "");
	free(copy);
}

/* The last line that is not blank, from 1. */
static unsigned int last_line(const char *text)
{
	unsigned int line = 1;
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		line += text[i] == '\n';
	return line;
}

/* Where the text stops too early, libconfig's line is the end of the file: the last line that says
 * something is more to the point. */
static void note_syntax(struct config_build *build, const char *text, const config_t *parsed)
{
	unsigned int line = (unsigned int)config_error_line(parsed);
	unsigned int last = last_line(text);
	const char *error = config_error_text(parsed);
	struct config_where where = { .file = build->file };
	char *shown = NULL;
	size_t len;
	FILE *out = open_memstream(&shown, &len);

	if (!out) {
		build->failed = -ENOMEM;
		return;
	}
	where.line = line < last ? line : last;
	print_line(out, text, where.line);
	if (fclose(out) != 0 ||
	    config_report_add(build->report, CONFIG_ERROR, where, error, "in %s, %s", shown,
			      syntax_advice(error)) < 0)
		build->failed = -ENOMEM;
	free(shown);
}

#define LIBCONFIG_STACK (256 * 1024) /* bytes: what its parser, its scanner and malloc begin with */
#define LIBCONFIG_FACTOR 64          /* bytes a byte of text: "a=1;" is a setting of its own */

int config_files_parse(config_t *parsed, const char *text)
{
	void *volatile room = malloc(LIBCONFIG_STACK + strlen(text) * LIBCONFIG_FACTOR);

	if (!room)
		return -ENOMEM;
	free(room);
	config_init(parsed);
	return config_read_string(parsed, text) ? 0 : -EBADMSG;
}

/* What libconfig had read before an error is checked too: one run shows all there is to mend. cut:
 * the scan has reported a syntax error already, and text ends there. */
static void apply_text(struct config_build *build, const char *text, bool cut)
{
	config_t parsed;
	int r = config_files_parse(&parsed, text);

	if (r == -ENOMEM) {
		build->failed = r;
		return;
	}
	if (r < 0 && !cut)
		note_syntax(build, text, &parsed);
	config_walk(build, config_root_setting(&parsed), r < 0);
	config_destroy(&parsed);
}

/* Returns whether the file exists. */
static bool apply_file(struct config_build *build, const char *file)
{
	char *text;
	int r = config_source_read(file, build->report, &text);

	if (r >= 0) {
		build->file = file;
		apply_text(build, text, r > 0);
		build->file = NULL;
		build->config->file_count++;
		free(text);
	} else if (r == -ENOMEM) {
		build->failed = r;
	}
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
	if (config_report_add(build->report, severity, (struct config_where){ file, 0 }, NULL,
			      "%s%s", text, reason) < 0)
		build->failed = -ENOMEM;
}

void config_files_free(char **files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i]);
	free(files);
}

/* Frees the entries. Returns the list of their paths, or NULL. */
static char **take_paths(const char *folder, struct dirent **entries, size_t count)
{
	char **files = calloc(count + 1, sizeof(*files));
	size_t named = 0;

	for (size_t i = 0; i < count; i++) {
		if (files && asprintf(&files[i], "%s/%s", folder, entries[i]->d_name) < 0)
			files[i] = NULL;
		named += files && files[i];
		free(entries[i]);
	}
	free(entries);
	if (files && named < count) {
		config_files_free(files, count);
		files = NULL;
	}
	return files;
}

int config_files_scan(const char *folder, char ***ret_files, size_t *ret_count)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_drop_in, compare_names);
	char **files;

	if (count < 0)
		return -errno;
	files = take_paths(folder, entries, (size_t)count);
	if (!files)
		return -ENOMEM;
	*ret_files = files;
	*ret_count = (size_t)count;
	return 0;
}

static void apply_drop_ins(struct config_build *build, const char *folder)
{
	size_t count = 0;
	char **files = NULL;
	int r = config_files_scan(folder, &files, &count);

	if (r == -ENOMEM)
		build->failed = -ENOMEM;
	else if (r != 0 && r != -ENOENT)
		note_file(build, CONFIG_ERROR, folder, "cannot be read: ",
			  config_source_why(folder, R_OK | X_OK, r));
	if (r != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!apply_file(build, files[i]))
			note_file(build, CONFIG_ERROR, files[i], "cannot be read: ",
				  strerrordesc_np(ENOENT));
	}
	config_files_free(files, count);
}

void config_files_read(struct config_build *build, const char *file,
		       enum config_absent absent)
{
	char *folder;

	if (asprintf(&folder, "%s.d", file) < 0) {
		build->failed = -ENOMEM;
		return;
	}
	build->config->has_main_file = apply_file(build, file);
	if (!build->config->has_main_file && absent != CONFIG_ABSENT_IS_FINE)
		note_file(build, absent == CONFIG_ABSENT_FAILS ? CONFIG_ERROR : CONFIG_WARNING,
			  file, "does not exist",
			  absent != CONFIG_ABSENT_FAILS ? ", the defaults hold" :
				  "; look at its name, or make it: an empty file stands for the "
				  "defaults");
	apply_drop_ins(build, folder);
	free(folder);
}
