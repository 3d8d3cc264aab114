/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_source.h"
#include "daemon/config_walk.h"

static const char *syntax_advice(const char *error)
{
	static const struct { const char *error, *advice; } list[] = {
		{ "duplicate setting name", "it stands further up in the same group, keep one" },
		{ "mismatched element type in array", "all elements of [ ] must be of one type" },
		{ "memory exhausted", "groups and lists are nested too deep" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
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

/* What libconfig had read before an error is checked too: one run shows all there is to mend. cut:
 * the scan has reported a syntax error already, and text ends there. */
static void apply_text(struct config_build *build, const char *text, bool cut)
{
	config_t parsed;
	bool partial;

	config_init(&parsed);
	partial = !config_read_string(&parsed, text);
	if (partial && !cut)
		note_syntax(build, text, &parsed);
	config_walk(build, config_root_setting(&parsed), partial);
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

void config_files_read(struct config_build *build, const char *file, bool required)
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
