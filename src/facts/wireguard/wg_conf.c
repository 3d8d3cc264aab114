/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/wireguard/wg_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "facts/wireguard/wg_key.h"

#define NAME_MAX_BYTES 128

/* A piece of the text: nothing is copied before it is known to be harmless. */
struct piece {
	const char *at;
	size_t len;
};

struct peer_section {
	bool open;
	char key[WG_KEY_TEXT];
	char name[NAME_MAX_BYTES + 1];
};

static struct piece trim(struct piece piece)
{
	while (piece.len > 0 && isspace((unsigned char)*piece.at)) {
		piece.at++;
		piece.len--;
	}
	while (piece.len > 0 && isspace((unsigned char)piece.at[piece.len - 1]))
		piece.len--;
	return piece;
}

static bool is_word(struct piece piece, const char *word)
{
	return piece.len == strlen(word) && strncasecmp(piece.at, word, piece.len) == 0;
}

/* "key = value" into its halves, trimmed. */
static bool cut(struct piece line, struct piece *ret_key, struct piece *ret_value)
{
	const char *equals = memchr(line.at, '=', line.len);

	if (!equals)
		return false;
	*ret_key = trim((struct piece){ line.at, (size_t)(equals - line.at) });
	*ret_value = trim((struct piece){ equals + 1,
					  line.len - (size_t)(equals - line.at) - 1 });
	return true;
}

static int close_section(struct peer_section *section, void *names)
{
	const bool whole = section->open && *section->name && wg_key_valid(section->key);
	struct facts_name *name = whole ? record_append(names, sizeof(*name)) : NULL;
	int r = 0;

	if (whole && name) {
		name->key = strdup(section->key);
		name->name = strdup(section->name);
	}
	if (whole && (!name || !name->key || !name->name))
		r = -ENOMEM;
	*section = (struct peer_section){ 0 };
	return r;
}

static void take_comment(struct peer_section *section, struct piece line)
{
	struct piece key, value;

	while (line.len > 0 && *line.at == '#') {
		line.at++;
		line.len--;
	}
	if (!cut(line, &key, &value) || !is_word(key, "friendly_name"))
		return;
	value.len = text_utf8_cut(value.at, value.len, NAME_MAX_BYTES);
	memcpy(section->name, value.at, value.len);
	section->name[value.len] = '\0';
}

static void take_setting(struct peer_section *section, struct piece line)
{
	struct piece key, value;
	size_t len = 0;

	if (!cut(line, &key, &value) || !is_word(key, "PublicKey"))
		return;
	while (len < value.len && value.at[len] != '#' && !isspace((unsigned char)value.at[len]))
		len++;
	if (len >= sizeof(section->key))
		return;
	memcpy(section->key, value.at, len);
	section->key[len] = '\0';
}

static int take_line(struct peer_section *section, struct piece line, void *names)
{
	int r;

	if (line.len == 0)
		return 0;
	if (*line.at == '[') {
		r = close_section(section, names);
		section->open = is_word(line, "[Peer]");
		return r;
	}
	if (section->open && *line.at == '#')
		take_comment(section, line);
	else if (section->open)
		take_setting(section, line);
	return 0;
}

int wg_conf_parse(const char *text, size_t len, void *names)
{
	const char *at = text, *end = text + len;
	struct peer_section section = { 0 };
	int r = 0;

	while (r == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct piece line = { at, (size_t)((stop ? stop : end) - at) };

		r = take_line(&section, trim(line), names);
		at = stop ? stop + 1 : end;
	}
	return r == 0 ? close_section(&section, names) : r;
}
