/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <libconfig.h>
#include <seccomp.h>
#include <string.h>

#include "daemon/config/config_row.h"
#include "daemon/version.h"
#include "policy/overhead/encap.h"

#define INDENT 11
#define COLUMNS 80

/* Words behind a heading, and below it where the line is full. */
struct line {
	FILE *out;
	size_t used; /* columns of the line so far */
};

static struct line line_begin(FILE *out, const char *heading)
{
	fprintf(out, "%-*s", INDENT, heading);
	return (struct line){ .out = out, .used = INDENT };
}

static void line_add(struct line *line, const char *word)
{
	size_t len = strlen(word);

	if (line->used > INDENT && line->used + 1 + len > COLUMNS) {
		fprintf(line->out, "\n%*s", INDENT, "");
		line->used = INDENT;
	}
	if (line->used > INDENT)
		line->used += (size_t)fprintf(line->out, " ");
	fputs(word, line->out);
	line->used += len;
}

static void line_end(struct line *line)
{
	fputc('\n', line->out);
}

/* The words that a setting takes. */
static void print_words(FILE *out, const char *heading, const char *setting)
{
	const struct config_row *row = config_row_find(NULL, setting);
	struct line line = line_begin(out, heading);

	for (const char *const *word = row->words; *word; word++)
		line_add(&line, *word);
	line_end(&line);
}

static void print_tunnels(FILE *out)
{
	struct line line = line_begin(out, "tunnels");

	for (enum encap_kind kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		line_add(&line, encap_kind_name(kind));
	line_end(&line);
}

/* Those that tell their version. */
static void print_libraries(FILE *out)
{
	const struct scmp_version *seccomp = seccomp_version();

	fprintf(out, "%-*sjansson %s, libconfig %d.%d, libseccomp %u.%u.%u\n", INDENT, "libraries",
		jansson_version_str(), LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, seccomp->major,
		seccomp->minor, seccomp->micro);
}

void version_print(FILE *out)
{
	fprintf(out, "mssclampd %s\n", VERSION);
	print_words(out, "modes", "mode");
	print_words(out, "firewalls", "firewall");
	print_words(out, "hooks", "hooks");
	print_tunnels(out);
	print_libraries(out);
}
