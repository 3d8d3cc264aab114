/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/path_remedy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define RESTART "systemctl restart mssclampd" /* the sandbox knows the folder that it began with */
#define DROP_IN "/etc/systemd/system/mssclampd.service.d"

struct row {
	int error; /* errno */
	bool shows;
	const char *commands[PATH_REMEDY_MAX]; /* @F: the file, @D: its folder, @O: its owner */
};

static const struct row rows[] = {
	{ ENOENT, false, { "mkdir -p @D", "chown @O @D", "chmod 750 @D", RESTART } },
	{ EACCES, false, { "chown @O @D", "chmod u+rwx @D", RESTART } },
	{ EPERM, false, { "chown @O @F" } },
	{ EROFS, false, { "mount -o remount,rw \"$(findmnt -n -o TARGET -T @D)\"" } },
	{ EISDIR, false, { "mv -T @F @F.away" } },
	{ ELOOP, false, { "mv -T @F @F.away" } },
	{ ENOSPC, true, { "df -h @D", "df -i @D" } },
	{ EDQUOT, true, { "df -h @D", "quota -vs" } },
	{ EIO, true, { "journalctl -k -n 50" } },
	{ 0, true, { "ls -ld @D @F" } },
};

/* Of another folder than systemd gives. */
static const struct row not_given = {
	EROFS, false,
	{ "mkdir -p " DROP_IN,
	  "printf '[Service]\\nReadWritePaths=%s\\n' @D >" DROP_IN "/state.conf",
	  "systemctl daemon-reload", RESTART },
};

struct path_writer path_writer_self(void)
{
	const char *given = getenv("STATE_DIRECTORY");

	return (struct path_writer){
		.uid = geteuid(),
		.gid = getegid(),
		.given = given ? given : getenv("INVOCATION_ID") ? "" : NULL,
	};
}

/* Whether a list has that folder, or one that it lies in. */
static bool has_folder(const char *list, const char *folder)
{
	while (*list) {
		size_t len = strcspn(list, ":");

		if (len > 0 && strncmp(list, folder, len) == 0 &&
		    (folder[len] == '\0' || folder[len] == '/'))
			return true;
		list += len + (list[len] == ':');
	}
	return false;
}

static const struct row *find(int error, const char *folder, const struct path_writer *writer)
{
	const struct row *row = rows;

	if (error == EROFS && writer->given && !has_folder(writer->given, folder))
		return &not_given;
	while (row->error && row->error != error)
		row++;
	return row;
}

/* Owned, or NULL (out of memory). */
static char *fill(const char *command, const char *file, const char *folder, const char *owner)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (; *command; command++) {
		if (*command != '@') {
			fputc(*command, out);
			continue;
		}
		command++;
		fputs(*command == 'F' ? file : *command == 'D' ? folder : owner, out);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return !slash ? strdup(".") : strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

struct path_remedy path_remedy_make(const char *file, int error, const struct path_writer *writer)
{
	char *folder = folder_of(file), *file_word = text_quote_shell(file);
	char *folder_word = folder ? text_quote_shell(folder) : NULL;
	const struct row *row = find(-error, folder ? folder : "", writer);
	struct path_remedy remedy = { .shows = row->shows };
	char owner[32];

	snprintf(owner, sizeof(owner), "%u:%u", writer->uid, writer->gid);
	for (size_t i = 0, count = 0; i < PATH_REMEDY_MAX && row->commands[i]; i++) {
		if (file_word && folder_word)
			remedy.commands[count] = fill(row->commands[i], file_word, folder_word,
						      owner);
		count += remedy.commands[count] != NULL;
	}
	free(folder_word);
	free(file_word);
	free(folder);
	return remedy;
}

void path_remedy_done(struct path_remedy *remedy)
{
	for (size_t i = 0; i < PATH_REMEDY_MAX; i++)
		free(remedy->commands[i]);
	*remedy = (struct path_remedy){ .shows = false };
}

char *path_remedy_text(const struct path_remedy *remedy)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs(remedy->shows ? "; see: " : "; to mend it: ", out);
	for (size_t i = 0; remedy->commands[i]; i++)
		fprintf(out, "%s%s", i ? " && " : "", remedy->commands[i]);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
