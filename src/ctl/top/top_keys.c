/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_keys.h"

#include <string.h>

#include "base/array.h"

#define ESCAPE '\033'

static const struct { const char *bytes; enum top_key key; } keys[] = {
	{ "q", TOP_KEY_QUIT },         { "Q", TOP_KEY_QUIT },
	{ "s", TOP_KEY_SORT },         { "r", TOP_KEY_REVERSE },
	{ "k", TOP_KEY_UP },           { "\033[A", TOP_KEY_UP },
	{ "j", TOP_KEY_DOWN },         { "\033[B", TOP_KEY_DOWN },
	{ "\033OA", TOP_KEY_UP },      { "\033OB", TOP_KEY_DOWN },
	{ "\033[5~", TOP_KEY_PAGE_UP }, { "\033[6~", TOP_KEY_PAGE_DOWN },
	{ "g", TOP_KEY_HOME },         { "G", TOP_KEY_END },
	{ "\033[H", TOP_KEY_HOME },    { "\033[F", TOP_KEY_END },
	{ "\033[1~", TOP_KEY_HOME },   { "\033[4~", TOP_KEY_END },
	{ "\n", TOP_KEY_ENTER },       { "\r", TOP_KEY_ENTER },
	{ "\177", TOP_KEY_BACK },      { "\b", TOP_KEY_BACK },
	{ "\033", TOP_KEY_BACK },      { "p", TOP_KEY_PEERS },
	{ "t", TOP_KEY_TUNNELS },      { "h", TOP_KEY_HELP },
	{ "?", TOP_KEY_HELP },         { " ", TOP_KEY_NOW },
};

/* Of "ESC [ digits letter" and "ESC O letter" the whole, so that no part of one is taken for a
 * key. */
static size_t sequence_length(const char *bytes, size_t len)
{
	size_t at = 2;

	if (len < 2 || bytes[0] != ESCAPE || (bytes[1] != '[' && bytes[1] != 'O'))
		return 1;
	while (at < len && bytes[at] >= 0x20 && bytes[at] <= 0x3f)
		at++;
	return at < len ? at + 1 : len;
}

size_t top_keys_read(const char *bytes, size_t len, enum top_key *ret_key)
{
	size_t used = sequence_length(bytes, len);

	*ret_key = TOP_KEY_NONE;
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (strlen(keys[i].bytes) == used && memcmp(keys[i].bytes, bytes, used) == 0)
			*ret_key = keys[i].key;
	}
	return used;
}
